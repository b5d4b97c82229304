package casework_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/postgres"
)

// sql runs a hand-written statement as somebody, under the role of pages, and gives the code by which the database refuses it.
func (w *world) sql(p postgres.Principal, statement string, args ...any) string {
	w.Helper()
	err := w.as(p, func(ctx context.Context, tx pgx.Tx) error { _, err := tx.Exec(ctx, statement, args...); return err })
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &refused):
		return refused.Code
	}
	return err.Error()
}

// Whatever SQL a query under the pages' role makes, the workflow holds.
func TestHandWrittenSQLDoesNotGetAroundTheWorkflow(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	closed := w.file(at(time.November, 2, 9), casework.Want{Programme: "special-family"})[0]
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Withdraw(ctx, tx, closed, casework.Happening{Reason: "不办了", Signer: "国志强", Signature: "撤回书"}, at(time.November, 2, 10))
	})
	step := func(item int64, step, when, people, rest string) string {
		return fmt.Sprintf("insert into item_step (item, step, at, people, result, reason, signer, signature, amount) values (%d, '%s', '%s+08', '{%s}', 'granted', '理由', 'x', 'x', %s)",
			item, step, when, people, rest)
	}
	const after, early = "2026-11-16 09:00", "2026-11-10 09:00"
	for _, c := range []struct {
		what      string
		who       postgres.Principal
		statement string
		want      string
	}{
		{"a step that is not next", decider, step(item, "publish", after, "4", "null"), "DZ432"},
		{"a step of another procedure", decider, step(item, "joint", after, "4", "null"), "DZ432"},
		{"a decision by an officer", officer, step(item, "confirm", after, "2", "812.40"), "DZ433"},
		{"by a decider who surveyed", officerDecides, step(item, "confirm", after, "2", "812.40"), "DZ434"},
		{"together with who surveyed", decider, step(item, "confirm", after, "4,3", "812.40"), "DZ434"},
		{"in another's name", decider, step(item, "confirm", after, "10", "812.40"), "DZ435"},
		{"twice the same person", decider, step(item, "confirm", after, "4,4", "812.40"), "DZ435"},
		{"with somebody who is not there", decider, step(item, "confirm", after, "4,999", "812.40"), "DZ435"},
		{"while the notice runs", decider, step(item, "confirm", early, "4", "812.40"), "DZ438"},
		{"before what was done last", decider, step(item, "confirm", "2026-11-01 09:00", "4", "812.40"), "DZ432"},
		{"a decision that says nothing of what it rests on", decider, step(item, "confirm", after, "4", "812.40"), "DZ439"},
		{"behind a closed item", officer, step(closed, "apply", after, "2", "null"), "DZ430"},
		{"an event behind it", officer, fmt.Sprintf("insert into item_event (item, kind, at, reason) values (%d, 'moved', '2026-11-16 09:00+08', 'x')", closed), "DZ430"},
		{"an objection behind it", officer, fmt.Sprintf("insert into objection (item, against, who, said, at) values (%d, 'notice', 'x', 'x', '2026-11-16 09:00+08')", closed), "DZ430"},
		{"a change of a step", officer, "update item_step set result = 'x'", "42501"},
		{"a change of an item", decider, "update item set decision = 'granted', state = 'ended'", "42501"},
		{"a removal", officer, "delete from item_step", "42501"},
		{"an award without a decision", decider, "insert into award (decision, component, amount, per, from_date) values (1, 'difference', 99999, 'month', '2026-12-01')", "DZ439"},
		{"a change of the workflow", supervisor, "update workflow_step set not_by = '{}'", "42501"},
		{"in another county", postgres.Principal{Account: 12, Role: "decider", Area: far}, step(item, "confirm", after, "12", "812.40"), "DZ435|42501"},
		{"to another resident", postgres.Principal{Account: 99, Role: "resident", Area: village},
			fmt.Sprintf("insert into item_event (item, kind, at, reason) values (%d, 'withdraw', '2026-11-16 09:00+08', 'x')", item), "42501"},
		{"by an inspector", postgres.Principal{Account: 13, Role: "inspector", Area: county}, step(item, "confirm", after, "13", "812.40"), "DZ433"},
		{"by nobody", postgres.Principal{}, step(item, "confirm", after, "0", "812.40"), "DZ433"},
		{"a filing in another county", assistant, "insert into filing (household, area, occasion, channel, filed_at) values (2, 371424100281, 'application', 'village', now())", "42501"},
		{"a filing by a department of who was not called to its window", health, "insert into filing (household, applicant, area, occasion, channel, filed_at) values (1, 1, 371424100281, 'application', 'window', now())", "42501"},
		{"a call that is written by hand", health, "insert into window_call (person, household, area, called) values (1, 1, 371424100281, 'x')", "42501"},
		{"a filing by a resident of another household", postgres.Principal{Account: 99, Role: "resident", Area: village},
			"insert into filing (household, applicant, area, occasion, channel, resident, filed_at) values (1, 1, 371424100281, 'application', 'web', 99, now())", "DZ439"},
		{"by a resident for somebody else of the household", resident,
			"insert into filing (household, applicant, area, occasion, channel, resident, filed_at) values (1, 2, 371424100281, 'application', 'web', 8, now())", "42501"},
		{"of another household", resident,
			"insert into filing (household, applicant, area, occasion, channel, resident, filed_at) values (2, null, 371422100201, 'application', 'web', null, now())", "42501"},
		{"with a paper by which somebody else acts", resident,
			"insert into filing (household, applicant, area, occasion, channel, resident, proxy, filed_at) values (1, 1, 371424100281, 'application', 'web', 8, 'x', now())", "42501"},
		{"an authorisation for another", resident, "insert into authorisation (person, signed_by, paper, pledge, from_date, to_date) values (2, 'x', 'x', 'x', '2026-11-02', '2027-11-02')", "42501"},
		{"an item by another version", assistant, fmt.Sprintf(`insert into item (filing, programme, recognises, version, outcome)
			values ((select filing from item where id = %d), 'tekun', false, (select version from item where id = %[1]d), '')`, item), "DZ439"},
		{"an item that begins in the middle", assistant, fmt.Sprintf(`insert into item (filing, programme, recognises, version, outcome, position)
			values ((select filing from item where id = %d), 'tekun', false, (select version from item where id = %[1]d), '', 12)`, item), "42501"},
		{"a supervision that is closed by the township", officer, "insert into supervision_act (supervision, kind, said, at) select id, 'close', 'x', now() from supervision", "done"}, // there is none
	} {
		got := w.sql(c.who, c.statement)
		if got != c.want && c.want != got+"|42501" && c.want != "DZ435|"+got {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	for _, table := range []string{"filing", "item_step", "item_event", "decision", "award", "paper", "objection", "meeting", "posted", "archive", "appeal"} {
		if _, err := w.db.Own().Exec(t.Context(), "delete from "+table); err == nil {
			t.Errorf("the owner removed rows of %s", table)
		}
	}
	w.walk(item, act{decider, "confirm", granted, at(time.November, 16, 9), ""})
	award := "insert into award (decision, component, amount, per, from_date) select id, 'difference', %s, 'month', '2026-12-01' from decision"
	if got := w.sql(decider, fmt.Sprintf(award, "812.40")); got != "23505" {
		t.Errorf("what was granted is awarded twice: %s", got)
	}
	if got := w.sql(decider, fmt.Sprintf(award, "9000")); got != "DZ439" {
		t.Errorf("more is awarded than was granted: %s", got)
	}
}

// A programme is asked for once at a time, and a step is done once.
func TestNothingIsUnderWayTwice(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.want("applied", w.do(assistant, item, "apply", casework.Doing{}, at(time.November, 2, 10)), "done")
	w.want("applied again", w.do(assistant, item, "apply", casework.Doing{}, at(time.November, 2, 10)), "casework.not-now")
	w.want("another filing of the same", w.as(assistant, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.File(ctx, tx, casework.Filing{Household: 1, Occasion: casework.Application, Channel: "village", Items: []casework.Want{dibao}}, at(time.November, 2, 9))
		return err
	}), "casework.already-open")
	if got := w.acts(fmt.Sprintf("item:%d", item)); got != "casework.application" {
		t.Errorf("the ledger has %s", got)
	}
}

// A connection that dies in the middle of a decision leaves nothing of it: neither step nor decision, award nor act.
func TestADyingConnectionLeavesNothingHalf(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	err := w.as(decider, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := w.Do(ctx, tx, item, "confirm", granted, at(time.November, 16, 9)); err != nil {
			return err
		}
		var pid int
		if err := tx.QueryRow(ctx, "select pg_backend_pid()").Scan(&pid); err != nil {
			return err
		}
		w.own(fmt.Sprintf("select pg_terminate_backend(%d)", pid))
		return nil
	})
	if err == nil {
		t.Fatal("the transaction survived its connection")
	}
	var left int
	if err := w.db.Own().QueryRow(t.Context(), `select (select count(*) from decision) + (select count(*) from award) + (select count(*) from item_step where step = 'confirm')
		+ (select count(*) from act where kind = 'casework.confirmation') + (select count(*) from item where decision is not null)`).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("%d rows are left", left)
	}
	w.must(decider, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.Do(ctx, tx, item, "confirm", granted, at(time.November, 16, 9))
		return err
	})
}

// TestWhatTheDatabaseSaysIsSaidInChinese: nobody is shown the words by which the database refuses.
func TestWhatTheDatabaseSaysIsSaidInChinese(t *testing.T) {
	files, err := filepath.Glob("../postgres/migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`raise exception '([^']+)' using errcode = 'DZ439'`)
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllSubmatch(text, -1) {
			if n++; casework.NotSoZh[string(m[1])] == "" {
				t.Errorf("%s: %q is not said in Chinese", filepath.Base(file), m[1])
			}
		}
	}
	if n < 12 {
		t.Errorf("only %d refusals were found", n)
	}
}
