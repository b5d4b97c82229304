package access_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/access/accesstest"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

// residents of two villages: a family of two adults and a child, somebody dead, and a man of another county.
var registered = []struct {
	name, number, birth, died string
	household                 int
}{
	1: {"国志强", "371424198001010010", "1980-01-01", "", 1},
	2: {"李春燕", "371424198203040023", "1982-03-04", "", 1},
	3: {"国雨桐", "371424201506070013", "2015-06-07", "", 1},
	4: {"国守田", "371424195001010017", "1950-01-01", "2026-01-05", 1},
	5: {"远方人", "371422198001010018", "1980-01-01", "", 2},
	6: {"没有家", "371424197001010016", "1970-01-01", "", 0},
}

func (h *house) register() {
	h.t.Helper()
	own := func(statement string, args ...any) {
		h.t.Helper()
		_, err := h.db.Own().Exec(h.t.Context(), statement, args...)
		h.must(err)
	}
	own("insert into household (key, area, from_date) values ('a', $1, '2020-01-01'), ('b', $2, '2020-01-01')", int64(village), int64(elsewhere+201))
	for id, p := range registered {
		if id == 0 {
			continue
		}
		own("insert into person (name, birth, died_on, area, number_digest, number_sealed) values ($1, $2::text::date, nullif($3, '')::date, $4, $5, $6)",
			p.name, p.birth, p.died, int64(village), h.keys.Digest(sealed.PersonNumber, p.number), h.keys.Seal(sealed.In(sealed.PersonNumber, int64(id)), p.number))
		if p.household != 0 {
			own("insert into membership (household, person, head, role, counted, source, from_date) values ($1, $2, $3, '', true, 'composed', '2020-01-01')", p.household, id, id == 1)
		}
	}
}

// acting is an account that has just signed in.
func (h *house) acting(login string, p access.Posting) access.Session {
	h.t.Helper()
	h.account(login, p)
	_, s := h.signIn(login)
	return s
}

func (h *house) tied(s access.Session, person int64) error {
	_, _, err := h.TieResident(h.t.Context(), s, access.Tie{Person: person, Proof: "当面核对了身份证原件"})
	return err
}

func TestAnAccountIsTiedAtTheWindow(t *testing.T) {
	h := newHouse(t)
	h.register()
	assistant := h.acting("xiaowu", access.Posting{Role: access.Assistant, Area: village})
	officer := h.acting("xiaoli", access.Posting{Role: access.Officer, Area: township})
	far := h.acting("xiaoyuan", access.Posting{Role: access.Officer, Area: elsewhere})
	hotline := h.acting("rexian", access.Posting{Role: access.Hotline, Area: county})

	h.wants("out of the area", h.tied(far, 1), "access.resident-not-here")
	h.wants("of another county", h.tied(officer, 5), "access.resident-not-here")
	h.wants("of no household", h.tied(officer, 6), "access.resident-not-here")
	h.wants("nobody", h.tied(officer, 99), "access.resident-not-here")
	h.wants("a child", h.tied(assistant, 3), "access.resident-child")
	h.wants("the dead", h.tied(assistant, 4), "access.resident-dead")
	h.wants("by the hotline", h.tied(hotline, 1), "access.may-not")
	_, _, err := h.TieResident(t.Context(), assistant, access.Tie{Person: 1, Proof: ""})
	h.wants("without having seen a paper", err, "access.resident-proof")
	stale := assistant
	stale.Fresh = false
	h.wants("long after signing in", h.tied(stale, 1), "access.confirm-first")

	_, _, err = h.TieResident(t.Context(), assistant, access.Tie{Person: 1, Proof: "身份证", Login: "371424198001010010"})
	h.wants("with the number for a login", err, "access.bad-login")
	_, _, err = h.TieResident(t.Context(), assistant, access.Tie{Person: 1, Proof: "身份证", Login: "xiaoli"})
	h.wants("with a login that is taken", err, "access.login-taken")
	login, first, err := h.TieResident(t.Context(), assistant, access.Tie{Person: 1, Proof: "身份证"})
	h.must(err)
	h.wants("twice", h.tied(officer, 1), "access.resident-tied")
	token, s, err := h.SignIn(t.Context(), login, first.Plain(), h.from)
	h.must(err)
	if s.Due != access.ChangePassword || s.Name != "国志强" || s.Staff {
		t.Errorf("with the first password the session is %+v", s)
	}
	_, s, err = h.ChangePassword(t.Context(), token, first.Plain(), password)
	h.must(err)
	if !s.May(access.ApplyOwn) || s.May(access.FileFor) {
		t.Errorf("the session is %+v", s)
	}
	acts := list[string](t, h.db, "select kind || ' ' || detail::text from act where kind = 'resident.tie'")
	if len(acts) != 1 || acts[0] != `resident.tie {"how":"window","person":1,"proof":"身份证","purpose":"filing"}` {
		t.Errorf("the ledger has %q", acts)
	}
	family := h.family(s)
	if len(family.Members) != 3 || family.Household != 1 || family.Self() == nil || family.Self().Person != 1 {
		t.Errorf("the family is %+v", family)
	}

	h.wants("ended without a reason", h.UntieResident(t.Context(), officer, 1, ""), "access.resident-why")
	h.must(h.UntieResident(t.Context(), officer, 1, "本人要求"))
	if _, _, err := h.SignIn(t.Context(), login, password, h.from); err == nil {
		t.Error("an account that was ended signs in")
	}
	if got := h.family(s); len(got.Members) != 0 {
		t.Errorf("an account that was ended sees %+v", got)
	}
	h.must(h.tied(officer, 1))
}

func (h *house) family(s access.Session) (f *access.Family) {
	h.t.Helper()
	h.must(h.db.As(h.t.Context(), s.Principal(""), func(tx pgx.Tx) (err error) {
		f, err = access.OwnFamily(h.t.Context(), tx, calendar.Must(2026, 11, 2))
		return err
	}))
	return f
}

func TestAForgottenPasswordIsGivenAnewAtTheWindow(t *testing.T) {
	h := newHouse(t)
	h.register()
	officer := h.acting("xiaoli", access.Posting{Role: access.Officer, Area: township})
	far := h.acting("xiaoyuan", access.Posting{Role: access.Officer, Area: elsewhere})
	_, _, err := h.ResetResident(t.Context(), officer, 1, "身份证")
	h.wants("of who has no account", err, "access.resident-not-tied")
	login, first, err := h.TieResident(t.Context(), officer, access.Tie{Person: 1, Proof: "身份证"})
	h.must(err)
	_, _, err = h.ResetResident(t.Context(), far, 1, "身份证")
	h.wants("by somebody of elsewhere", err, "access.resident-not-here")
	same, second, err := h.ResetResident(t.Context(), officer, 1, "户口簿")
	h.must(err)
	if same != login || second.Plain() == first.Plain() {
		t.Errorf("given anew: %s for %s", same, login)
	}
	if _, _, err := h.SignIn(t.Context(), login, first.Plain(), h.from); err == nil {
		t.Error("the password before it is still taken")
	}
}

// Whoever ties an account declared the person as a near relative: somebody else does it.
func TestNobodyTiesARelative(t *testing.T) {
	h := newHouse(t)
	h.register()
	officer := h.acting("xiaoli", access.Posting{Role: access.Officer, Area: township})
	token, _ := h.signIn("xiaoli")
	number, err := idno.Parse(registered[2].number)
	h.must(err)
	_, err = h.DeclareRelative(t.Context(), token, number, "spouse", calendar.Since(calendar.Must(2026, 1, 1)))
	h.must(err)
	h.wants("a relative", h.tied(officer, 2), "access.resident-relative")
	h.must(h.tied(officer, 1))
}

// The database holds what the program asks: whoever acts, a worker's statement ties nobody out of the area, and nobody twice.
func TestTheDatabaseHoldsTies(t *testing.T) {
	h := newHouse(t)
	h.register()
	for i := range 3 {
		_, err := h.db.Own().Exec(t.Context(), fmt.Sprintf("insert into account (login, name, staff, area, created_at) values ('res-%dx', 'x', %v, 1, now())", i, i == 2))
		h.must(err)
	}
	try := func(p postgres.Principal, account, person int) error {
		return h.db.WorkAs(t.Context(), p, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), "insert into account_person (account, person, how, proof, tied_at) values ($1, $2, 'window', 'x', '2026-11-02')", account, person)
			return err
		})
	}
	assistant := postgres.Principal{Account: 7, Role: "assistant", Area: village, Purpose: "filing"}
	for _, c := range []struct {
		what            string
		who             postgres.Principal
		account, person int
		done            bool
	}{
		{"out of the area", postgres.Principal{Account: 7, Role: "officer", Area: elsewhere, Purpose: "filing"}, 1, 1, false},
		{"without a purpose", postgres.Principal{Account: 7, Role: "assistant", Area: village}, 1, 1, false},
		{"by a decider", postgres.Principal{Account: 7, Role: "decider", Area: township, Purpose: "filing"}, 1, 1, false},
		{"of the administration", assistant, 3, 1, false},
		{"as it should be", assistant, 1, 1, true},
		{"the account again", assistant, 1, 2, false},
		{"the person again", assistant, 2, 1, false},
	} {
		if err := try(c.who, c.account, c.person); (err == nil) != c.done {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if err := h.db.As(t.Context(), assistant, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "insert into account_person (account, person, how, proof, tied_at) values (2, 2, 'window', 'x', now())")
		return err
	}); err == nil {
		t.Error("a page ties an account by itself")
	}
	if _, err := h.db.Own().Exec(t.Context(), "update account_person set person = 2"); err == nil {
		t.Error("a tie was changed")
	}
}

func newNumberedHouse(t *testing.T) (*house, *accesstest.Issuer) {
	var h *house
	i := accesstest.NewIssuer(t, func() time.Time { return h.clock() }, siteOrigin+"/outside")
	h = newHouse(t, func(c *access.Config) {
		c.Outside = &access.Provider{Issuer: i.URL, ClientID: "dajiuzhu", Secret: sealed.NewSecret(sealed.Other, "client-secret"), Redirect: siteOrigin + "/outside", Number: "id_card"}
	})
	h.register()
	return h, i
}

func TestAResidentComesByTheProvidersNumber(t *testing.T) {
	h, i := newNumberedHouse(t)
	number := ""
	i.Change = func(c map[string]any) {
		if number != "" {
			c["id_card"] = number
		}
	}
	come := func(subject, n string) (access.Session, error) {
		i.Subject, number = subject, n
		_, s, err := h.comeBack(i)
		return s, err
	}
	_, err := come("a", "")
	h.wants("without a number", err, "access.outside-unknown")
	_, err = come("a", "371424198001010011")
	h.wants("with something that is no number", err, "access.outside-refused")
	_, err = come("a", "371424199001010015")
	h.wants("of somebody who is not in the record", err, "access.outside-not-in-record")
	_, err = come("a", registered[6].number)
	h.wants("of no household", err, "access.outside-not-in-record")
	_, err = come("a", registered[3].number)
	h.wants("a child", err, "access.resident-child")

	s, err := come("b", registered[2].number)
	h.must(err)
	if s.Due != access.Ready || s.Name != "李春燕" || s.Posting.Role != access.Resident || s.Posting.Area != village || s.Staff {
		t.Errorf("the session is %+v", s)
	}
	if f := h.family(s); f.Household != 1 || f.Self() == nil || f.Self().Person != 2 {
		t.Errorf("the family is %+v", f)
	}
	again, err := come("b", registered[2].number)
	h.must(err)
	other, err := come("b2", registered[2].number) // another subject that has proved to be the same person
	h.must(err)
	if again.Account != s.Account || other.Account != s.Account {
		t.Errorf("accounts %d, %d and %d of one person", s.Account, again.Account, other.Account)
	}

	officer := h.acting("xiaoli", access.Posting{Role: access.Officer, Area: township})
	h.wants("at the window beside it", h.tied(officer, 2), "access.resident-tied")
	login, _, err := h.TieResident(t.Context(), officer, access.Tie{Person: 1, Proof: "身份证"})
	h.must(err)
	s, err = come("c", registered[1].number)
	h.must(err)
	if s.Login != login {
		t.Errorf("who was tied at the window came in as %s and not as %s", s.Login, login)
	}
	h.must(h.UntieResident(t.Context(), officer, 1, "本人要求"))
	s, err = come("c", registered[1].number)
	h.must(err)
	if s.Login == login {
		t.Error("an account that was ended is signed in to")
	}
}

// Somebody who is linked is let in as that, whatever number is told.
func TestALinkGoesBeforeTheNumber(t *testing.T) {
	h, i := newNumberedHouse(t)
	id := h.account("wang", officer)
	token, _ := h.signIn("wang")
	h.must(h.link(i, token, "u-1"))
	i.Change = func(c map[string]any) { c["id_card"] = registered[1].number }
	_, s, err := h.comeBack(i)
	h.must(err)
	if s.Account != id {
		t.Errorf("the session is %+v", s)
	}
	if n := list[int](t, h.db, "select count(*)::int from account_person")[0]; n != 0 {
		t.Errorf("%d accounts were tied", n)
	}
}
