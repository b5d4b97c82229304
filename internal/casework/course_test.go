package casework_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/warning"
)

// item reads an item as the supervisor.
func (w *world) itemFile(id int64, now time.Time) (f *casework.ItemFile) {
	w.Helper()
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) (err error) { f, err = w.Item(ctx, tx, id, now); return err })
	return f
}

// supervisions are the kinds of what the county looks at, the latest first.
func (w *world) supervisions() string {
	w.Helper()
	var all []string
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		found, err := w.Supervisions(ctx, tx, casework.SupervisionFilter{})
		for _, s := range found {
			all = append(all, fmt.Sprintf("%s %s %s %d", s.Kind, s.About, s.State, s.Item.ID))
		}
		return err
	})
	return strings.Join(all, "; ")
}

// acts are the kinds of acts in the ledger on a subject.
func (w *world) acts(subject string) string {
	w.Helper()
	var all string
	if err := w.db.Own().QueryRow(w.Context(), "select coalesce(string_agg(kind, ' ' order by id), '') from act where subject = $1", subject).Scan(&all); err != nil {
		w.Fatal(err)
	}
	return all
}

func TestLimitsSkipHolidays(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		what       string
		authorised time.Time
		want       string // last day on which the check, three working days later, is in time
	}{
		{"over a plain week-end", at(time.November, 5, 16), "2026-11-10"},
		{"over the mid-autumn days", at(time.September, 24, 9), "2026-09-30"},
		{"over the national days, of which the Saturday after works", at(time.September, 30, 23), "2026-10-10"},
		{"from a Sunday that works", at(time.September, 20, 9), "2026-09-23"},
		{"into a year without a calendar", at(time.December, 30, 9), "unknown"},
	} {
		item := w.file(c.authorised, dibao)[0]
		w.walk(item, act{assistant, "apply", casework.Doing{}, c.authorised, ""}, act{assistant, "authorise", signed, c.authorised, ""})
		f := w.itemFile(item, c.authorised)
		got := f.Due.AddDate(0, 0, -1).Format(time.DateOnly)
		if f.DueUnknown {
			got = "unknown"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
		w.must(assistant, func(ctx context.Context, tx pgx.Tx) error {
			return w.Withdraw(ctx, tx, item, casework.Happening{Reason: "不办了", Signer: "国志强", Signature: "撤回书"}, c.authorised)
		})
	}
}

func TestANoticeCountsFromItsEnd(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	f := w.itemFile(item, at(time.November, 6, 10))
	// Posted on Friday 6 November it stands until the 13th; ten working days later it is the 27th. The whole ends thirty working days after the 2nd.
	if got := fmt.Sprint(f.Notice.Format(time.DateTime), " ", f.Due.Format(time.DateTime), " ", f.Limit.Format(time.DateTime)); got != "2026-11-14 00:00:00 2026-11-28 00:00:00 2026-12-15 00:00:00" {
		t.Errorf("the limits are %s", got)
	}
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Extend(ctx, tx, item, "人户分离，须异地核实", at(time.November, 9, 9))
	})
	f = w.itemFile(item, at(time.November, 9, 10))
	if got := f.Limit.Format(time.DateTime); got != "2027-01-01 00:00:00" && !f.DueUnknown {
		t.Errorf("extended it ends at %s", got)
	}
	w.want("extending again", w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Extend(ctx, tx, item, "再延长", at(time.November, 9, 9))
	}), "casework.not-now")
}

func TestAnObjectionInTheNotice(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	object := func(now time.Time) (id int64, err error) {
		err = w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
			id, err = w.Object(ctx, tx, item, "notice", "邻居（不具名）", "他家有车", now)
			return err
		})
		return id, err
	}
	w.surveyed(item)
	_, err := object(at(time.November, 5, 10))
	w.want("before a notice", err, "casework.not-now")
	w.walk(item, act{colleague, "opinion", casework.Doing{}, at(time.November, 6, 9), ""}, act{officer, "notice", casework.Doing{}, at(time.November, 6, 10), ""})
	id, err := object(at(time.November, 10, 9))
	w.want("in the notice", err, "done")
	if got := w.next(officer, item, at(time.November, 10, 9)); got != "+objection" {
		t.Errorf("next is %s", got)
	}
	w.want("a decision over an objection", w.do(decider, item, "confirm", granted, at(time.November, 16, 9)), "casework.not-now")
	answer := func(p postgres.Principal, a casework.Answer, now time.Time) error {
		return w.as(p, func(ctx context.Context, tx pgx.Tx) error { return w.Answer(ctx, tx, id, a, now) })
	}
	w.want("by no such answer", answer(officer, casework.Answer{Kind: "new-check", Found: "x"}, at(time.November, 16, 10)), "casework.no-such-answer")
	w.want("a review of nobody", answer(officer, casework.Answer{Kind: "community-review", Found: "属实"}, at(time.November, 16, 10)), "casework.too-few")
	w.want("surveyed again", answer(officer, casework.Answer{Kind: "re-survey", Found: "重新调查"}, at(time.November, 16, 10)), "done")
	if got := w.next(third, item, at(time.November, 16, 11)); got != "+survey" {
		t.Errorf("next is %s", got)
	}
	w.want("by the same", w.do(officer, item, "survey", survey, at(time.November, 17, 9)), "casework.kept-from")
	again := casework.Doing{With: []int64{deciderProcesses.Account}, Signer: "国志强", Signature: "调查表2"}
	w.walk(item,
		act{third, "survey", again, at(time.November, 17, 9), ""},
		act{colleague, "opinion", casework.Doing{}, at(time.November, 17, 10), ""},
		act{officer, "notice", casework.Doing{}, at(time.November, 17, 11), ""},
		act{decider, "confirm", granted, at(time.November, 26, 9), "casework.kept-from"}, // took part in the second survey
		act{another, "confirm", granted, at(time.November, 26, 9), ""})
	f := w.itemFile(item, at(time.November, 26, 9))
	if len(f.Objections) != 1 || f.Objections[0].Answer != "re-survey" || f.Objections[0].Who != "邻居（不具名）" || f.Objections[0].Due.Format(time.DateOnly) != "2026-12-02" {
		t.Errorf("the objections are %+v", f.Objections)
	}
	counts := ""
	for _, s := range f.Steps {
		if s.Counts {
			counts += s.StepID + " "
		}
	}
	if counts != "apply authorise accept check objection survey opinion notice confirm " {
		t.Errorf("what counts is %s", counts)
	}
}

// An objection stops the decision also where the procedure has no step for it: nobody may decide, the database refuses it, and the item is with
// whoever answers.
func TestAnObjectionHoldsADecisionWithoutAStepForIt(t *testing.T) {
	w := newWorld(t)
	aid := casework.Want{Programme: "temp-expenditure", Amount: yuan("1800")}
	item := w.file(at(time.November, 2, 9), aid)[0]
	w.walk(item,
		act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""},
		act{assistant, "authorise", signed, at(time.November, 2, 10), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), ""},
		act{officer, "check", checked, at(time.November, 2, 12), ""},
		act{officer, "survey", survey, at(time.November, 3, 9), ""},
		act{colleague, "opinion", casework.Doing{Grants: []casework.Grant{{Component: "aid", Amount: yuan("1800"), Per: "once"}}}, at(time.November, 3, 10), ""},
		act{officer, "notice", casework.Doing{}, at(time.November, 3, 11), ""})
	// The notice stands until 10 November.
	in, over := at(time.November, 5, 9), at(time.November, 12, 9)
	decide := fmt.Sprintf(`insert into item_step (item, step, at, people, result, reason, amount) values (%d, 'confirm', '2026-11-12 09:00+08', '{4}', 'granted', '理由', 1800)`, item)
	stands := func(when string, now time.Time, decides, awaits, mineOfOfficer, mineOfDecider string) {
		t.Helper()
		var why string
		w.must(decider, func(ctx context.Context, tx pgx.Tx) error {
			all, err := w.Next(ctx, tx, item, decider, now)
			if len(all) > 0 {
				why = all[0].Awaits
			}
			return err
		})
		got := fmt.Sprint(w.next(decider, item, now), "; ", why, "; ", w.queue(officer, casework.Filter{View: casework.Mine}), "; ", w.queue(decider, casework.Filter{View: casework.Mine}))
		if want := fmt.Sprint(decides, "; ", awaits, "; ", mineOfOfficer, "; ", mineOfDecider); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	mine := fmt.Sprint(item)
	stands("in the notice", in, "-confirmtownship", "notice", "", mine)
	object := func(against string, now time.Time) (id int64) {
		t.Helper()
		w.must(officer, func(ctx context.Context, tx pgx.Tx) (err error) {
			id, err = w.Object(ctx, tx, item, against, "邻居", "他家有车", now)
			return err
		})
		return id
	}
	first := object("notice", in)
	stands("objected to in the notice", in, "-confirmtownship", "objection", mine, "")
	stands("and after it", over, "-confirmtownship", "objection", mine, "")
	second := object("survey", at(time.November, 6, 9))
	for n, id := range []int64{first, second} {
		w.want("a decision over an objection", w.do(decider, item, "confirm", granted, over), "casework.notice-runs")
		if got := w.sql(decider, decide); got != "DZ438" {
			t.Errorf("written by hand over an objection: %s", got)
		}
		a := casework.Answer{Kind: "community-review", Upheld: new(bool), Found: "确有困难", Present: []string{"王一", "李二"}}
		if n > 0 {
			a = casework.Answer{Kind: "not-taken", Found: "车辆已查明不在名下"}
		}
		w.must(officer, func(ctx context.Context, tx pgx.Tx) error { return w.Answer(ctx, tx, id, a, at(time.November, 11, 9)) })
		if n == 0 {
			stands("one of two answered", over, "-confirmtownship", "objection", mine, "")
		}
	}
	stands("all answered", over, "+confirmtownship", "", "", mine)
	w.walk(item, act{decider, "confirm", granted, over, ""})
}

func TestDecidingOtherwiseThanTheEngineGoesToTheCounty(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		what    string
		outcome string
		how     casework.Doing
		want    string
		against bool
	}{
		{"granted as computed", "eligible", granted, "done", false},
		{"granted what the engine refuses", "ineligible", casework.Doing{Result: "granted", Grants: []casework.Grant{{Component: "difference", Amount: yuan("300"), Per: "month"}}}, "casework.no-reason", false},
		{"with a reason", "ineligible", casework.Doing{Result: "granted", Reason: "登记有误，存款是代管", Grants: []casework.Grant{{Component: "difference", Amount: yuan("812.40"), Per: "month"}}}, "done", true},
		{"another amount", "eligible", casework.Doing{Result: "granted", Grants: []casework.Grant{{Component: "difference", Amount: yuan("812.41"), Per: "month"}}}, "casework.no-reason", false},
		{"another amount with a reason", "eligible", casework.Doing{Result: "granted", Reason: "分类施保另算", Grants: []casework.Grant{{Component: "difference", Amount: yuan("900"), Per: "month"}}}, "done", true},
		{"refused what is likely", "likely", casework.Doing{Result: "refused", Reason: "拒绝核对"}, "done", true},
		{"refused what is possible", "possible", casework.Doing{Result: "refused", Reason: "收入超标"}, "done", false},
		{"granted nothing", "possible", casework.Doing{Result: "granted", Grants: []casework.Grant{}}, "casework.not-so", false},
	} {
		w.engine.outcomes = []casework.Outcome{{Programme: "dibao", Outcome: c.outcome, Grants: []casework.Grant{{Component: "difference", Amount: yuan("812.40"), Per: "month"}}}}
		item := w.file(at(time.November, 2, 9), dibao)[0]
		w.noticed(item)
		w.want(c.what, w.do(decider, item, "confirm", c.how, at(time.November, 16, 9)), c.want)
		if is := strings.HasPrefix(w.supervisions(), "overridden "); is != c.against {
			t.Errorf("%s: the county is told: %v, want %v", c.what, is, c.against)
		}
		w.own("update supervision set state = 'closed'")
		w.own(fmt.Sprintf("update item set state = 'ended', ended_why = 'withdrawn', ended_at = now() where id = %d and state <> 'ended'", item))
	}
}

func TestTheCountyLooksAsksAndStops(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.surveyed(item)
	w.must(decider, func(ctx context.Context, tx pgx.Tx) error { return nil })
	w.want("returned by who does not handle it", w.as(decider, func(ctx context.Context, tx pgx.Tx) error {
		return w.Return(ctx, tx, item, "survey", "照片不清", at(time.November, 6, 9))
	}), "casework.not-yours")
	w.want("returned", w.as(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		return w.Return(ctx, tx, item, "survey", "照片不清", at(time.November, 6, 9))
	}), "done")
	if got := w.supervisions(); !strings.HasPrefix(got, "returned event:") {
		t.Errorf("the county has %s", got)
	}
	if f := w.itemFile(item, at(time.November, 6, 9)); f.State != "returned" || f.Next.ID != "survey" {
		t.Errorf("it is %s, next %s", f.State, f.Next.ID)
	}
	w.want("stopped by the township", w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Suspend(ctx, tx, item, "停", at(time.November, 6, 9))
	}), "casework.not-yours")
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		return w.Suspend(ctx, tx, item, "有举报，先核实", at(time.November, 6, 9))
	})
	w.want("a step while it is stopped", w.do(officer, item, "survey", survey, at(time.November, 9, 9)), "casework.suspended")
	before := w.itemFile(item, at(time.November, 6, 9)).Limit
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		return w.Resume(ctx, tx, item, "举报不实", at(time.November, 16, 9))
	})
	if after := w.itemFile(item, at(time.November, 16, 9)).Limit; after.Sub(before) != 10*24*time.Hour {
		t.Errorf("after ten days of standing still the whole ends at %s instead of %s", after, before)
	}
	w.walk(item, act{officer, "survey", survey, at(time.November, 16, 10), ""})
	if after := w.itemFile(item, at(time.November, 16, 10)).Limit; after.Sub(before) != 10*24*time.Hour {
		t.Errorf("after another step it ends at %s instead of %s", after, before)
	}
	var look int64
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) (err error) {
		look, err = w.Look(ctx, tx, item, "complaint", at(time.November, 16, 11))
		return err
	})
	say := func(p postgres.Principal, do func(context.Context, pgx.Tx, int64, string, time.Time) error, said string) error {
		return w.as(p, func(ctx context.Context, tx pgx.Tx) error {
			return do(ctx, tx, look, said, at(time.November, 16, 12))
		})
	}
	w.want("an answer to nothing", say(officer, w.AnswerAsked, "已查"), "casework.not-now")
	w.want("asked by the township", say(officer, w.Ask, "为什么"), "casework.not-yours")
	w.want("asked", say(supervisor, w.Ask, "请说明车辆情况"), "done")
	w.want("answered", say(officer, w.AnswerAsked, "已于2019年报废"), "done")
	w.want("closed", say(supervisor, w.CloseSupervision, "属实"), "done")
	w.want("asked behind it", say(supervisor, w.Ask, "再问"), "casework.closed")
	if got := w.acts(fmt.Sprintf("supervision:%d", look)); got != "supervision.ask supervision.answer supervision.close" {
		t.Errorf("the ledger has %s", got)
	}
}

func TestWhatIsOverdueGoesToTheCountyOnce(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.walk(item, act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""}, act{assistant, "authorise", signed, at(time.November, 2, 10), ""})
	overdue := func(now time.Time) (n int) {
		t.Helper()
		if err := w.db.Work(t.Context(), func(tx pgx.Tx) (err error) { n, err = w.Overdue(t.Context(), tx, now); return err }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := fmt.Sprint(overdue(at(time.November, 5, 23)), overdue(at(time.November, 6, 0)), overdue(at(time.November, 6, 1))); got != "0 1 0" {
		t.Errorf("overdue: %s", got)
	}
	if got := w.supervisions(); got != fmt.Sprintf("overdue check open %d", item) {
		t.Errorf("the county has %s", got)
	}
}

func TestNearRelatives(t *testing.T) {
	w := newWorld(t)
	w.own(fmt.Sprintf(`update person set number_digest = decode('%032x', 'hex'), number_sealed = 'x' where id = 2;
		insert into relative (account, area, relation, number_digest, number_sealed, from_date, to_date, declared_at)
			values (%d, %d, 'sibling', decode('%032x', 'hex'), 'x', '2020-01-01', 'infinity', now())`, 7, officer.Account, township, 7))
	item := w.file(at(time.November, 2, 9), dibao)[0]
	if f := w.itemFile(item, at(time.November, 2, 9)); !f.NearKin {
		t.Error("the item is not registered apart")
	}
	w.walk(item,
		act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""},
		act{assistant, "authorise", signed, at(time.November, 2, 10), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), "casework.near-relative"},
		act{third, "accept", casework.Doing{}, at(time.November, 2, 11), ""},
		act{supervisor, "check", checked, at(time.November, 4, 9), ""},
		act{third, "survey", casework.Doing{With: []int64{officer.Account}, Signer: "国志强", Signature: "调查表"}, at(time.November, 5, 9), "casework.near-relative"},
		act{third, "survey", survey, at(time.November, 5, 9), ""},
		act{colleague, "opinion", casework.Doing{}, at(time.November, 6, 9), ""},
		act{third, "notice", casework.Doing{}, at(time.November, 6, 10), ""},
		act{decider, "confirm", granted, at(time.November, 16, 9), "casework.not-now"},
		act{supervisor, "kin-visit", casework.Doing{Result: "情况属实"}, at(time.November, 16, 10), ""},
		act{officerDecides, "confirm", granted, at(time.November, 16, 11), "casework.near-relative"},
		act{decider, "confirm", granted, at(time.November, 16, 11), ""})
	if got := w.supervisions(); got != fmt.Sprintf("near-kin  open %d", item) {
		t.Errorf("the county has %s", got)
	}
}

func TestAnEmergencyIsHelpedWithinADayAndWithoutAHousehold(t *testing.T) {
	w := newWorld(t)
	reported := at(time.November, 7, 21) // a Saturday
	var filed casework.Filed
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) (err error) {
		filed, err = w.File(ctx, tx, casework.Filing{About: "外地来德务工人员张某，国寨村租房失火", Area: village, Occasion: casework.Emergency, Channel: "phone",
			Items: []casework.Want{{Programme: "temp-emergency"}}}, reported)
		return err
	})
	item := filed.Items[0]
	help := casework.Doing{Result: "granted", Reason: "失火无处住", Grants: []casework.Grant{{Component: "light", Amount: yuan("1000"), Per: "once"}}}
	w.walk(item, act{assistant, "report", casework.Doing{}, reported, ""})
	if f := w.itemFile(item, reported); f.Due.Sub(reported) != 24*time.Hour || f.DueStep.ID != "pay" || f.Called != "外地来德务工人员张某，国寨村租房失火" {
		t.Errorf("help is due at %s (%s) for %s", f.Due, f.DueStep.ID, f.Called)
	}
	if got := w.queue(officer, casework.Filter{View: casework.Emergencies, Now: reported}); got != fmt.Sprint(item) {
		t.Errorf("the emergencies are %s", got)
	}
	w.walk(item,
		act{officer, "survey", casework.Doing{With: []int64{colleague.Account}, Signer: "张某", Signature: "现场记录"}, reported.Add(time.Hour), ""},
		act{officerDecides, "confirm", help, reported.Add(2 * time.Hour), "casework.kept-from"},
		act{decider, "confirm", help, reported.Add(2 * time.Hour), ""},
		act{third, "pay", casework.Doing{}, reported.Add(3 * time.Hour), ""})
	if f := w.itemFile(item, reported); f.DueStep.ID != "papers" || f.Due.Format(time.DateTime) != "2026-11-14 00:00:00" {
		t.Errorf("papers are due at %s", f.Due)
	}
	w.walk(item, act{officer, "papers", casework.Doing{Papers: []casework.Paper{{Kind: "application", Name: "补办申请", Pages: 2, Kept: "柜3"}}}, at(time.November, 10, 9), ""},
		act{officer, "publish", casework.Doing{Place: "村务公开栏"}, at(time.November, 10, 10), ""})
	if f := w.itemFile(item, reported); f.State != "ended" || f.Awards[0].Amount.String() != "1000" || f.Decisions[0].Facts != nil {
		t.Errorf("in the end it is %+v, awarded %+v", f.Queued, f.Awards)
	}
}

func TestAboveTheLimitTheCountyDecidesAfterAMeeting(t *testing.T) {
	w := newWorld(t)
	much := casework.Doing{Result: "granted", Reason: "一事一议", Grants: []casework.Grant{{Component: "aid", Amount: yuan("3000.01"), Per: "once"}}}
	item := w.file(at(time.November, 2, 9), casework.Want{Programme: "temp-expenditure", Amount: yuan("2400")})[0]
	w.walk(item,
		act{assistant, "apply", casework.Doing{}, at(time.November, 2, 9), ""},
		act{assistant, "authorise", signed, at(time.November, 2, 9), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 10), ""},
		act{officer, "check", casework.Doing{}, at(time.November, 3, 9), ""},
		act{officer, "survey", survey, at(time.November, 3, 10), ""},
		act{third, "opinion", casework.Doing{Grants: much.Grants}, at(time.November, 4, 9), ""},
		act{officer, "notice", casework.Doing{}, at(time.November, 4, 10), ""},
		act{supervisor, "confirm", much, at(time.November, 13, 9), "casework.not-now"},
		act{supervisor, "joint", casework.Doing{}, at(time.November, 13, 9), "casework.not-so"})
	var meeting int64
	w.want("convened by the township", w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.Convene(ctx, tx, casework.Meeting{Area: township, At: at(time.November, 13, 10), Agenda: "x", Quorum: 1})
		return err
	}), "casework.no-right")
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) (err error) {
		meeting, err = w.Convene(ctx, tx, casework.Meeting{Area: county, At: at(time.November, 13, 10), Place: "县民政局", Agenda: "重大困难临时救助", Quorum: 2,
			Departments: []string{"civil-affairs", "health", "medical-insurance"}, Items: []int64{item}})
		return err
	})
	hold := func(voices ...casework.Voice) error {
		return w.as(supervisor, func(ctx context.Context, tx pgx.Tx) error {
			return w.Hold(ctx, tx, meeting, "同意救助", "会议纪要1号", voices, at(time.November, 13, 11))
		})
	}
	one := casework.Voice{Item: item, Department: "health", Name: "王某", Agreed: true, Said: "病情属实"}
	two := casework.Voice{Item: item, Department: "medical-insurance", Name: "李某", Said: "先走再救助"}
	w.want("with a voice of who was not called", hold(one, casework.Voice{Item: item, Department: "education", Name: "某", Said: "x"}), "casework.incomplete")
	w.want("with one where two are needed", hold(one), "casework.no-quorum")
	w.want("with nobody", hold(), "casework.no-quorum")
	w.want("held", hold(one, two), "done")
	w.want("held again", hold(), "casework.done-before")
	w.walk(item,
		act{supervisor, "joint", casework.Doing{Meeting: meeting, Result: "同意"}, at(time.November, 13, 10), "casework.not-so"}, // before it was held
		act{supervisor, "joint", casework.Doing{Meeting: meeting, Result: "同意"}, at(time.November, 13, 12), ""},
		act{decider, "confirm", much, at(time.November, 13, 13), "casework.not-yours"},
		act{second, "confirm", much, at(time.November, 13, 13), ""})
	f := w.itemFile(item, at(time.November, 13, 13))
	if f.Decisions[0].Authority.ID != "county-civil-affairs" || f.Decisions[0].Authority.Rank != "county" {
		t.Errorf("decided by %+v", f.Decisions[0].Authority)
	}
	w.must(health, func(ctx context.Context, tx pgx.Tx) error {
		m, err := w.Meeting(ctx, tx, meeting)
		if err == nil && (m.Quorum != 2 || len(m.Items) != 0 || m.Minutes != "同意救助") {
			t.Errorf("a department sees %+v", m)
		}
		return err
	})
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		m, err := w.Meeting(ctx, tx, meeting)
		if err == nil && (len(m.Voices) != 2 || m.Voices[1].Agreed || len(m.Departments) != 3) {
			t.Errorf("the meeting is %+v", m)
		}
		return err
	})
}

func TestAnAmountAboveTheLimitCannotSlipPastTheMeeting(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), casework.Want{Programme: "temp-expenditure", Amount: yuan("2400")})[0]
	w.walk(item,
		act{assistant, "apply", casework.Doing{}, at(time.November, 2, 9), ""}, act{assistant, "authorise", signed, at(time.November, 2, 9), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 10), ""}, act{officer, "check", casework.Doing{}, at(time.November, 3, 9), ""},
		act{officer, "survey", survey, at(time.November, 3, 10), ""}, act{third, "opinion", casework.Doing{}, at(time.November, 4, 9), ""},
		act{officer, "notice", casework.Doing{}, at(time.November, 4, 10), ""})
	much := casework.Doing{Result: "granted", Reason: "多给", Grants: []casework.Grant{{Component: "aid", Amount: yuan("9000"), Per: "once"}}}
	w.want("by the township", w.do(decider, item, "confirm", much, at(time.November, 13, 9)), "casework.not-now")
	w.want("by the county", w.do(supervisor, item, "confirm", much, at(time.November, 13, 9)), "casework.not-now")
	w.want("within the limit", w.do(decider, item, "confirm", granted, at(time.November, 13, 9)), "done")
}

func TestADeathOrAMoveEndsTheItem(t *testing.T) {
	w := newWorld(t)
	items := w.file(at(time.November, 2, 9), dibao, casework.Want{Programme: "temp-expenditure", Amount: yuan("2400")})
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) error {
		return w.Died(ctx, tx, items[0], "11月3日去世，火化证明", at(time.November, 3, 9))
	})
	w.want("moved, says the assistant", w.as(assistant, func(ctx context.Context, tx pgx.Tx) error {
		return w.Moved(ctx, tx, items[1], "迁往夏津", at(time.November, 3, 9))
	}), "casework.not-yours")
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Moved(ctx, tx, items[1], "迁往夏津", at(time.November, 3, 9))
	})
	for n, why := range []string{"died", "moved"} {
		if f := w.itemFile(items[n], at(time.November, 3, 9)); f.State != "ended" || f.EndedWhy != why || !f.Deadline.IsZero() {
			t.Errorf("the item is %s %s", f.State, f.EndedWhy)
		}
		w.want("a step behind it", w.do(assistant, items[n], "apply", casework.Doing{}, at(time.November, 3, 9)), "casework.closed")
	}
}

func TestWithdrawingAndNotWishing(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	withdraw := func(p postgres.Principal, h casework.Happening) error {
		return w.as(p, func(ctx context.Context, tx pgx.Tx) error {
			return w.Withdraw(ctx, tx, item, h, at(time.November, 3, 9))
		})
	}
	w.want("without a signature", withdraw(officer, casework.Happening{Reason: "不办了"}), "casework.too-few")
	w.want("by the resident", withdraw(resident, casework.Happening{Reason: "不办了"}), "done")
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) error {
		return w.NotWished(ctx, tx, 1, casework.Want{Programme: "dibao"}, "国志强", "不申请声明", at(time.November, 3, 9))
	})
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		d, err := w.Draft(ctx, tx, 1, calendar.Must(2026, time.November, 4))
		if err != nil {
			return err
		}
		wants := ""
		for _, v := range d.Wanted() {
			wants += v.Programme + " "
		}
		if wants != "temp-expenditure temp-emergency " {
			t.Errorf("a draft wants %s", wants)
		}
		return nil
	})
}

func TestASurveyWritesDownAVisit(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.walk(item, act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""}, act{assistant, "authorise", signed, at(time.November, 2, 10), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), ""}, act{supervisor, "check", checked, at(time.November, 4, 9), ""})
	var visit int64
	plan := func(visitors ...int64) error {
		return w.as(officer, func(ctx context.Context, tx pgx.Tx) (err error) {
			visit, err = w.PlanSurvey(ctx, tx, item, visitors, "看住房", at(time.November, 4, 10))
			return err
		})
	}
	w.want("one alone", plan(third.Account), "visit.few-visitors")
	w.want("two", plan(third.Account, deciderProcesses.Account), "done")
	var due string
	if err := w.db.Own().QueryRow(t.Context(), "select due::text from visit where id = $1", visit).Scan(&due); err != nil || due != "2026-11-09" {
		t.Errorf("the visit is due on %s, %v", due, err)
	}
	how := casework.Doing{Result: "属实", Visit: visit}
	w.want("before anybody went", w.do(third, item, "survey", how, at(time.November, 5, 9)), "casework.no-such-survey")
	w.ends(visit, third.Account)
	w.want("unsigned", w.do(third, item, "survey", how, at(time.November, 5, 9)), "casework.too-few")
	w.signs(visit, "family", "国志强", 0)
	w.signs(visit, "visitor", "某9", third.Account)
	w.want("signed by one visitor", w.do(third, item, "survey", how, at(time.November, 5, 9)), "casework.too-few")
	w.signs(visit, "visitor", "某4", deciderProcesses.Account)
	w.want("by who did not go", w.do(colleague, item, "survey", how, at(time.November, 5, 9)), "casework.rests-on-nothing")
	// Written down by others who say nothing of the visit, it still keeps who went from deciding.
	w.want("written down by others", w.do(officer, item, "survey", survey, at(time.November, 5, 9)), "done")
	w.walk(item, act{third, "opinion", casework.Doing{}, at(time.November, 6, 9), ""}, act{officer, "notice", casework.Doing{}, at(time.November, 6, 10), ""},
		act{decider, "confirm", granted, at(time.November, 16, 9), "casework.kept-from"},
		act{another, "confirm", granted, at(time.November, 16, 9), ""})
}

// ends ends a visit at which the family was met.
func (w *world) ends(visit, by int64) {
	w.Helper()
	w.own(fmt.Sprintf("update visit set state = 'done', result = 'met', ended_at = '2026-11-05', ended_by = %d where id = %d", by, visit))
}

// signs has somebody's signature kept with a visit.
func (w *world) signs(visit int64, kind, who string, account int64) {
	w.Helper()
	w.own(fmt.Sprintf(`insert into visit_file (id, visit, area, account, kind, signer, signer_id, media, size, digest, received, taken_at, state, kept_size, kept_digest)
		values (gen_random_uuid(), %d, %d, 9, '%s', '%s', nullif(%d, 0), 'image/png', 9, sha256('x'), 9, '2026-11-05', 'kept', 9, sha256('%s%s'))`,
		visit, village, kind, who, account, kind, who))
}

// TestAVisitOnAPhoneIsTheSurvey: whatever a visit was planned for, once both sides signed it can be the survey; it is theirs who went, none of whom
// decides, and what they brought back is among the papers.
func TestAVisitOnAPhoneIsTheSurvey(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.walk(item, act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""}, act{assistant, "authorise", signed, at(time.November, 2, 10), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), ""}, act{supervisor, "check", checked, at(time.November, 4, 9), ""})
	planned := func(household int64, ended string, visitors ...int64) (id int64) {
		t.Helper()
		err := w.db.Own().QueryRow(t.Context(), `insert into visit (household, purpose, people, both_sign, visitors, due, state, result, ended_at, account, area)
			values ($1, 'warning', 1, false, $2, '2026-11-05', 'done', 'met', $3::timestamptz, 9, 0) returning id`, household, visitors, ended).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		w.signs(id, "family", "国志强", 0)
		for _, v := range visitors {
			w.signs(id, "visitor", fmt.Sprint("某", v), v)
		}
		return id
	}
	before := planned(1, "2026-11-01", third.Account, deciderProcesses.Account)
	elsewhere := planned(2, "2026-11-05", third.Account, deciderProcesses.Account)
	alone := planned(1, "2026-11-05", third.Account)
	visit := planned(1, "2026-11-05", third.Account, deciderProcesses.Account)
	w.must(third, func(ctx context.Context, tx pgx.Tx) error {
		f, err := w.Item(ctx, tx, item, at(time.November, 5, 12))
		if err != nil {
			return err
		}
		offered, err := w.Surveys(ctx, tx, f, f.Next)
		if len(offered) != 1 || offered[0].ID != visit {
			t.Errorf("%+v are offered, want visit %d", offered, visit)
		}
		return err
	})
	for _, test := range []struct {
		what  string
		visit int64
		want  string
	}{{"before the filing", before, "casework.rests-on-nothing"}, {"to others", elsewhere, "casework.no-such-survey"}, {"by one", alone, "casework.too-few"}} {
		w.want(test.what, w.do(third, item, "survey", casework.Doing{Result: "属实", Visit: test.visit}, at(time.November, 5, 13)), test.want)
	}
	w.want("the visit", w.do(third, item, "survey", casework.Doing{Result: "属实", Visit: visit}, at(time.November, 5, 13)), "done")
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		f, err := w.Item(ctx, tx, item, at(time.November, 6, 8))
		if err != nil {
			return err
		}
		last := f.Steps[len(f.Steps)-1]
		if got := fmt.Sprintln(last.People, last.Signer, last.Signature, last.Visit); got != fmt.Sprintf("[9 4] 国志强 visit:%d %d\n", visit, visit) {
			t.Errorf("the survey is %s", got)
		}
		filing, err := w.Filing(ctx, tx, f.Filing)
		if err == nil && len(filing.Papers) != 3 {
			t.Errorf("%d papers came of the visit, want the three signatures", len(filing.Papers))
		}
		for _, p := range filing.Papers {
			if p.Digest == "" || p.VisitFile == "" || p.Item != item {
				t.Errorf("a paper is %+v", p)
			}
		}
		return err
	})
	w.walk(item, act{third, "opinion", casework.Doing{}, at(time.November, 6, 9), ""}, act{officer, "notice", casework.Doing{}, at(time.November, 6, 10), ""},
		act{decider, "confirm", granted, at(time.November, 16, 9), "casework.kept-from"},
		act{another, "confirm", granted, at(time.November, 16, 9), ""})
}

func TestHelpIsToldToWhatWaitsForIt(t *testing.T) {
	w := newWorld(t)
	told := &listener{}
	w.Casework = w.Telling(told)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	w.walk(item, act{decider, "confirm", granted, at(time.November, 16, 9), ""})
	if got := fmt.Sprint(told.all); got != fmt.Sprintf("[%d 2026-11-16]", item) {
		t.Errorf("told %s", got)
	}
}

// listener keeps what it is told of help.
type listener struct{ all []string }

func (l *listener) HelpedBy(_ context.Context, _ pgx.Tx, item int64, on calendar.Date) ([]int64, error) {
	l.all = append(l.all, fmt.Sprint(item, " ", on))
	return nil, nil
}

// A grant answers what says of that very programme that it is not had, at whatever step it is, and what was confirmed; nothing else of the household.
func TestAGrantAnswersWhatWaitedForIt(t *testing.T) {
	w := newWorld(t)
	warnings := warning.New(dezhou(), sealed.NewKeys(), nil)
	w.Casework = w.Telling(warnings)
	if err := pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return warning.ApplyPack(t.Context(), tx, dezhou()) }); err != nil {
		t.Fatal(err)
	}
	raised := []struct {
		rule, person string // of the household where it is null
		confirmed    bool
		household    int64
		becomes      string
	}{
		{"dibao-not-applied", "null", false, 1, "helped"},
		{"tekun-not-applied", "1", false, 1, "new"},
		{"tekun-not-applied", "2", true, 1, "confirmed"}, // another programme than the one that is granted
		{"temporary-aid-not-applied", "null", false, 1, "new"},
		{"medical-shock-settlement", "3", true, 1, "helped"},
		{"village-report", "2", false, 1, "new"},
		{"dibao-not-applied", "null", false, 2, "new"},
	}
	for _, r := range raised {
		w.own(fmt.Sprintf(`insert into warning (rule, mechanism, level, route, household, person, area, evidence, raised_on, due_on, cause)
			values ('%s', 'declaration', 'orange', 'village-assistant', %d, %s, %d, '[]', '2026-11-01', '2026-11-09', 'run:1')`, r.rule, r.household, r.person, village))
		if r.confirmed {
			w.own("update warning_handling set state = 'confirmed' where id = (select max(id) from warning_handling)")
		}
	}
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	w.walk(item, act{decider, "confirm", granted, at(time.November, 16, 9), ""})
	for n, r := range raised {
		var state, word, quiet string
		err := w.db.Own().QueryRow(t.Context(), `select h.state, coalesce((select s.word from warning_step s where s.handling = h.id and s.kind = 'help'), ''), coalesce(h.quiet_until::text, '')
			from warning_handling h where h.id = $1`, n+1).Scan(&state, &word, &quiet)
		if err != nil {
			t.Fatal(err)
		}
		if helped := r.becomes == "helped"; state != r.becomes || helped != (word == fmt.Sprint("item:", item)) || helped != (quiet == calendar.Must(2026, 11, 16).AddDays(warnings.Rule(r.rule).Quiet).String()) {
			t.Errorf("%s of person %s is %s by %q, quiet until %q; want %s", r.rule, r.person, state, word, quiet, r.becomes)
		}
	}
	if n := w.acts("warning-round:1"); n != "warning.help" {
		t.Errorf("recorded: %q", n)
	}
	err := w.as(decider, func(ctx context.Context, tx pgx.Tx) error {
		_, err := warnings.HelpedBy(ctx, tx, 99, calendar.Must(2026, 11, 16))
		return err
	})
	if err == nil {
		t.Error("what was not granted answers warnings")
	}
}

func TestALimitIsCountedOnceTheYearHasACalendar(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.December, 29, 9), dibao)[0]
	w.walk(item, act{assistant, "apply", casework.Doing{}, at(time.December, 29, 9), ""}, act{assistant, "authorise", signed, at(time.December, 30, 9), ""})
	if f := w.itemFile(item, at(time.December, 30, 9)); !f.DueUnknown || !f.Due.IsZero() {
		t.Fatalf("a limit into 2027 is %s", f.Due)
	}
	overdue := func(now time.Time) (n int) {
		t.Helper()
		if err := w.db.Work(t.Context(), func(tx pgx.Tx) (err error) { n, err = w.Overdue(t.Context(), tx, now); return err }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	january := time.Date(2027, time.January, 20, 9, 0, 0, 0, time.UTC)
	if n := overdue(january); n != 0 {
		t.Errorf("%d items are late by a calendar that nobody knows", n)
	}
	known := *dezhou()
	newYear := calendar.Must(2027, time.January, 1)
	known.Calendar = calendar.NewWork(map[int]calendar.Year{2026: {Notice: "2026"}, 2027: {Notice: "2027", Off: []calendar.Date{newYear}}})
	w.Casework = casework.New(&known, w.engine)
	if n := overdue(january); n != 1 {
		t.Errorf("%d items are late once the calendar is known", n)
	}
	// Three working days after Wednesday 30 December, New Year being off: until Tuesday 5 January.
	if f := w.itemFile(item, january); f.DueUnknown || f.Due.Format(time.DateOnly) != "2027-01-06" {
		t.Errorf("the limit is %s", f.Due)
	}
}
