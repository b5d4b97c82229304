package casework_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/postgres"
)

// act is one step of a journey: who does it, what comes of it.
type act struct {
	who  postgres.Principal
	step string
	how  casework.Doing
	when time.Time
	want string // "done" or the fault's key
}

func (w *world) walk(item int64, acts ...act) {
	w.Helper()
	for _, a := range acts {
		if a.want == "" {
			a.want = "done"
		}
		w.want(a.who.Role+" "+a.step, w.do(a.who, item, a.step, a.how, a.when), a.want)
	}
}

func TestDibaoFromFilingToAward(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), casework.Want{Programme: "dibao", Outcome: "eligible", Amount: yuan("812.40")})[0]
	w.walk(item,
		act{officer, "check", casework.Doing{}, at(time.November, 2, 10), "casework.not-now"},
		act{officer, "apply", casework.Doing{}, at(time.November, 2, 10), "casework.too-few"},
		act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""},
		act{assistant, "authorise", signed, at(time.November, 2, 10), ""},
		act{decider, "accept", casework.Doing{}, at(time.November, 2, 11), "casework.not-yours"},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), "casework.not-now"},
		act{supervisor, "check", casework.Doing{Result: "无异常"}, at(time.November, 4, 9), ""},
		act{officer, "survey", casework.Doing{Signer: "国志强", Signature: "调查表1"}, at(time.November, 5, 9), "casework.too-few"},
		act{officer, "survey", casework.Doing{With: []int64{colleague.Account}}, at(time.November, 5, 9), "casework.too-few"},
		act{officer, "survey", survey, at(time.November, 5, 9), ""},
		act{colleague, "opinion", casework.Doing{Grants: []casework.Grant{{Component: "difference", Amount: yuan("812.40"), Per: "month"}}}, at(time.November, 6, 9), ""},
		act{officer, "notice", casework.Doing{}, at(time.November, 6, 10), ""},
		act{decider, "confirm", granted, at(time.November, 13, 23), "casework.notice-runs"},
		act{officer, "confirm", granted, at(time.November, 14, 9), "casework.not-yours"},
		act{decider, "confirm", granted, at(time.November, 16, 9), ""},
		act{officer, "letter", casework.Doing{}, at(time.November, 16, 10), ""},
		act{officer, "publish", casework.Doing{}, at(time.November, 16, 11), ""},
		act{supervisor, "pay", casework.Doing{}, at(time.December, 10, 9), ""},
		act{supervisor, "pay", casework.Doing{}, at(time.December, 10, 9), "casework.closed"},
	)
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		var state, why, decision, amount, from string
		err := tx.QueryRow(ctx, `select i.state, i.ended_why, i.decision, a.amount::numeric(14, 2)::text, a.from_date::text
			from item i join award a on a.item = i.id where i.id = $1`, item).Scan(&state, &why, &decision, &amount, &from)
		if got := state + " " + why + " " + decision + " " + amount + " " + from; got != "ended done granted 812.40 2026-12-01" {
			t.Errorf("the item is %s", got)
		}
		return err
	})
}
