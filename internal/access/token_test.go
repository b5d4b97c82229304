package access_test

import (
	"testing"
	"time"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
)

// A token delivers in the posting in which it was made, until it ends or is revoked, the posting ends, or the account does; and only its holder has it.
func TestTokens(t *testing.T) {
	h := newHouse(t)
	health := access.Posting{Role: access.Department, Area: county, Department: "health", Span: calendar.Since(calendar.Must(2026, 11, 1))}
	account := h.account("wang", health)
	_, s := h.signIn("wang")
	plain, err := h.NewToken(t.Context(), s, "卫生平台", 30)
	h.must(err)
	got, err := h.Delivering(t.Context(), plain)
	h.must(err)
	if !got.May(access.Deliver) || got.Account != account || got.Posting.Department != "health" || got.Principal("").Area != county {
		t.Errorf("the token's session is %+v", got)
	}
	if n := h.count("delivery_token t where position(convert_to($1, 'UTF8') in t.digest) > 0 or t.name = $1", plain); n != 0 {
		t.Error("the token itself is kept")
	}
	for _, wrong := range []string{"", "djz_", plain + "x", plain[4:]} {
		_, err := h.Delivering(t.Context(), wrong)
		h.wants("a wrong token", err, "access.bad-token")
	}
	h.account("zhang", access.Posting{Role: access.Officer, Area: township, Span: calendar.Since(calendar.Must(2026, 11, 1))})
	_, other := h.signIn("zhang")
	_, err = h.NewToken(t.Context(), other, "x", 30)
	h.wants("an officer's token", err, "access.no-such-posting")
	for name, days := range map[string]int{"": 30, "x": 0, "y": 1000} {
		_, err = h.NewToken(t.Context(), s, name, days)
		h.wants("a token without an end or a name", err, "access.token-name")
	}
	all, err := h.Tokens(t.Context(), s)
	h.must(err)
	if len(all) != 1 || all[0].Name != "卫生平台" || all[0].UsedAt.IsZero() {
		t.Errorf("the tokens are %+v", all)
	}
	h.wants("revoking another's", h.RevokeToken(t.Context(), other, all[0].ID), "access.no-token")
	h.must(h.RevokeToken(t.Context(), s, all[0].ID))
	_, err = h.Delivering(t.Context(), plain)
	h.wants("a revoked token", err, "access.bad-token")
	short, err := h.NewToken(t.Context(), s, "卫生平台", 1)
	h.must(err)
	h.wait(25 * time.Hour)
	_, err = h.Delivering(t.Context(), short)
	h.wants("a token that has ended", err, "access.bad-token")
}
