package access_test

import (
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/sealed"
)

// TestNewKeys walks the road of new keys over this package's tables: nothing is lost and nobody has to enrol again.
func TestNewKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	h := newHouse(t)
	h.must(sealed.GenerateKeys(path))
	use := func() {
		t.Helper()
		keys, err := sealed.LoadKeys(path)
		h.must(err)
		h.keys = keys
		h.Access = h.open()
	}
	use()
	h.account("lili", decider)
	token, _ := h.signIn("lili")
	secret, _, token := h.enrol(token)
	son := number(t, "371499196001010012")
	day := calendar.Must(2026, 11, 25)
	_, err := h.DeclareRelative(t.Context(), token, son, "child", calendar.Since(day))
	h.must(err)
	_, _, err = h.Create(t.Context(), access.Machine(), access.NewAccount{Login: "zhou", Name: "周", Staff: true, Area: county,
		Phone: sealed.NewSecret(sealed.Phone, "13800001234")})
	h.must(err)
	s := h.session(token)
	for _, use := range []sealed.Use{sealed.Sealing, sealed.Digesting} {
		_, err := sealed.AddKey(path, use)
		h.must(err)
	}
	use()
	near := func() int {
		t.Helper()
		var all []access.Relation
		h.must(h.db.As(t.Context(), s.Principal(""), func(tx pgx.Tx) (err error) {
			all, err = access.NearRelations(t.Context(), tx, s.Account, h.keys.Digests(sealed.PersonNumber, son.Plain()), day)
			return err
		}))
		return len(all)
	}
	if near() != 1 {
		t.Error("between the keys a relative is not found")
	}
	total := int64(0)
	for range 2 {
		for _, c := range access.SealedColumns() {
			n, err := h.keys.Renew(t.Context(), h.db.Work, c, func(int64) {})
			h.must(err)
			total += n
		}
	}
	if total != 3 {
		t.Errorf("%d rows were sealed anew, want 3, and none a second time", total)
	}
	for _, use := range []sealed.Use{sealed.Sealing, sealed.Digesting} {
		h.must(sealed.DropKey(path, use, 1))
	}
	use()
	if near() != 1 {
		t.Error("after the old keys are gone a relative is not found")
	}
	h.wait(60e9)
	token, _ = h.signIn("lili")
	_, _, err = h.SecondFactor(t.Context(), token, h.code(secret))
	h.must(err)
	_, err = sealed.AddKey(path, sealed.Sealing)
	h.must(err)
	use()
	for _, c := range []struct {
		what, change, key string
		column            int
	}{
		{"a damaged value", "update credential set totp_sealed = set_byte(totp_sealed, 20, 255 - get_byte(totp_sealed, 20)) where totp_on", "sealed.damaged", 1},
		{"a value of another row", `with a as (select phone_sealed from account where phone_sealed is not null)
			update account set phone_sealed = a.phone_sealed from a where login = 'lili'`, "sealed.damaged", 0},
		{"another's digest", "update relative set number_digest = set_byte(number_digest, 0, 255 - get_byte(number_digest, 0))", "sealed.stray-digest", 2},
	} {
		_, err = h.db.Own().Exec(t.Context(), c.change)
		h.must(err)
		_, err = h.keys.Renew(t.Context(), h.db.Work, access.SealedColumns()[c.column], func(int64) {})
		h.wants(c.what, err, c.key)
	}
}
