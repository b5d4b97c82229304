package casework_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/postgres"
)

var dibao = casework.Want{Programme: "dibao", Outcome: "eligible", Amount: yuan("812.40")}

// next is the steps that may be done next, each with who may do it: "+" marks what the principal may.
func (w *world) next(p postgres.Principal, item int64, now time.Time) string {
	w.Helper()
	var all []string
	w.must(p, func(ctx context.Context, tx pgx.Tx) error {
		steps, err := w.Next(ctx, tx, item, p, now)
		for _, s := range steps {
			mark := "-"
			if s.May {
				mark = "+"
			}
			if s.Optional {
				mark += "?"
			}
			all = append(all, mark+s.ID+s.Rank)
		}
		return err
	})
	return strings.Join(all, " ")
}

// queue is the ids of a page of a queue, of which a whole one is also counted.
func (w *world) queue(p postgres.Principal, f casework.Filter) string {
	w.Helper()
	var ids []string
	w.must(p, func(ctx context.Context, tx pgx.Tx) error {
		all, err := w.Queue(ctx, tx, f)
		for _, q := range all {
			ids = append(ids, fmt.Sprint(q.ID))
		}
		if err != nil || f.Most > 0 {
			return err
		}
		n, err := w.Count(ctx, tx, f, 100)
		if err != nil || f.View == casework.Ended {
			return err
		}
		emergencies := casework.Filter{View: casework.Emergencies, Area: f.Area}
		urgent, err := w.Queue(ctx, tx, emergencies)
		if err != nil {
			return err
		}
		several, err := w.Counts(ctx, tx, f.Area, []casework.Filter{f, emergencies})
		if err == nil && (n != len(all) || several[0] != n || several[1] != len(urgent)) {
			w.Errorf("%+v has %d items beside %d emergencies, and %d and %v are counted", f, len(all), len(urgent), n, several)
		}
		return err
	})
	return strings.Join(ids, " ")
}

// surveyed takes a dibao item to where a survey was done, on 5 November.
func (w *world) surveyed(item int64) {
	w.Helper()
	w.walk(item,
		act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""},
		act{assistant, "authorise", signed, at(time.November, 2, 10), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), ""},
		act{supervisor, "check", checked, at(time.November, 4, 9), ""},
		act{officer, "survey", survey, at(time.November, 5, 9), ""})
}

// noticed takes a dibao item to where its notice was posted, on 6 November.
func (w *world) noticed(item int64) {
	w.Helper()
	w.surveyed(item)
	w.walk(item,
		act{colleague, "opinion", casework.Doing{Grants: []casework.Grant{{Component: "difference", Amount: yuan("812.40"), Per: "month"}}}, at(time.November, 6, 9), ""},
		act{officer, "notice", casework.Doing{}, at(time.November, 6, 10), ""})
}

func TestWhatMayBeDoneNextAndByWhom(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	now := at(time.November, 2, 10)
	if got := w.next(assistant, item, now); got != "+apply" {
		t.Errorf("at first: %s", got)
	}
	w.walk(item, act{assistant, "apply", casework.Doing{}, now, ""}, act{assistant, "authorise", signed, now, ""})
	if got := w.next(officer, item, now); got != "+?lacking +accept" {
		t.Errorf("when it is to be accepted: %s", got)
	}
	if got := w.next(decider, item, now); got != "-?lacking -accept" {
		t.Errorf("to a decider: %s", got)
	}
	w.walk(item, act{officer, "lacking", casework.Doing{Reason: "缺诊断证明"}, now, ""}, act{officer, "lacking", casework.Doing{}, now, "casework.not-now"})
	if got := w.next(officer, item, now); got != "+accept" {
		t.Errorf("after what lacks was told: %s", got)
	}
}

func TestQueues(t *testing.T) {
	w := newWorld(t)
	items := w.file(at(time.November, 2, 9), dibao, casework.Want{Programme: "special-family", Outcome: "likely"})
	now := at(time.November, 2, 9)
	both := fmt.Sprintf("%d %d", items[0], items[1])
	one, other := fmt.Sprint(items[0]), fmt.Sprint(items[1])
	for _, c := range []struct {
		what string
		who  postgres.Principal
		f    casework.Filter
		want string
	}{
		{"the assistant's next", assistant, casework.Filter{View: casework.Mine, Now: now}, both},
		{"the decider's next", decider, casework.Filter{View: casework.Mine, Now: now}, ""},
		{"all under way", supervisor, casework.Filter{View: casework.Under, Now: now}, both},
		{"of the department", health, casework.Filter{View: casework.Under, Now: now}, other},
		{"of the resident", resident, casework.Filter{View: casework.Under, Now: now}, both},
		{"of another resident", postgres.Principal{Account: 99, Role: "resident", Area: village}, casework.Filter{View: casework.Under, Now: now}, ""},
		{"of another county", postgres.Principal{Account: 12, Role: "supervisor", Area: far}, casework.Filter{View: casework.Under, Now: now}, ""},
		{"of a programme", officer, casework.Filter{View: casework.Under, Now: now, Programme: "dibao"}, one},
		{"of a procedure", officer, casework.Filter{View: casework.Under, Now: now, Procedure: "private-item"}, other},
		{"the first page", officer, casework.Filter{View: casework.Under, Now: now, Most: 1}, one},
		{"the newest first", officer, casework.Filter{View: casework.Under, Now: now, Newest: true}, other + " " + one},
		{"the newest's first page", officer, casework.Filter{View: casework.Under, Now: now, Newest: true, Most: 1}, other},
		{"the page after that", officer, casework.Filter{View: casework.Under, Now: now, Newest: true, Most: 1, After: casework.After{ID: items[1]}}, one},
		{"by a part of the applicant's name", officer, casework.Filter{View: casework.Under, Now: now, Called: "志强"}, both},
		{"by nobody's name", officer, casework.Filter{View: casework.Under, Now: now, Called: "%"}, ""},
		{"the page after it", officer, casework.Filter{View: casework.Under, Now: now, Most: 1, After: casework.After{ID: items[0]}}, other},
	} {
		if got := w.queue(c.who, c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	w.walk(items[1], act{health, "apply", signed, now, ""})
	for _, c := range []struct {
		what string
		f    casework.Filter
		want string
	}{
		{"due tomorrow", casework.Filter{View: casework.Due, Now: now, Soon: 24 * time.Hour}, ""},
		{"due within ten days", casework.Filter{View: casework.Due, Now: now, Soon: 10 * 24 * time.Hour}, other},
		{"overdue on the last day", casework.Filter{View: casework.OverdueView, Now: at(time.November, 9, 23)}, ""},
		{"overdue after it", casework.Filter{View: casework.OverdueView, Now: at(time.November, 10, 0)}, other},
		{"earliest first", casework.Filter{View: casework.Under, Now: now}, other + " " + one},
	} {
		if got := w.queue(officer, c.f); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestAnItemIsReadWhole(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	w.walk(item, act{decider, "confirm", casework.Doing{Result: "refused"}, at(time.November, 16, 9), "casework.no-reason"},
		act{decider, "confirm", casework.Doing{Result: "refused", Reason: "核对后财产超标"}, at(time.November, 16, 9), ""})
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		f, err := w.Item(ctx, tx, item, at(time.November, 16, 9))
		if err != nil {
			return err
		}
		d := f.Decisions[0]
		if len(f.Steps) != 8 || f.Next.ID != "refuse" || !d.Against || d.Result != "refused" || d.Outcome != "eligible" || d.Pack != dezhou().Hash || d.Engine != "1" ||
			d.Explanation != `{"household":1,"on":"2026-11-16"}` || d.On.String() != "2026-11-16" || len(d.Authority.Remedies) != 2 || d.Authority.Refusal.Zh != "不予确认通知书" {
			t.Errorf("the item is %+v, its decision %+v", f, d)
		}
		if got := f.Due.Format(time.DateTime); got != "2026-11-20 00:00:00" {
			t.Errorf("the letter is due at %s", got)
		}
		all, err := w.Filing(ctx, tx, f.Filing)
		if err == nil && (len(all.Items) != 1 || all.Called != "国志强" || all.Proxy != "委托书1") {
			t.Errorf("the filing is %+v", all)
		}
		return err
	})
}
