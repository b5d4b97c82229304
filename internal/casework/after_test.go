package casework_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// decided takes a dibao item through its decision, on 16 November.
func (w *world) decided(how casework.Doing) (item int64, decision int64) {
	w.Helper()
	item = w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	w.walk(item, act{decider, "confirm", how, at(time.November, 16, 9), ""})
	return item, w.itemFile(item, at(time.November, 16, 9)).Decisions[0].ID
}

func TestARefusalIsAppealedAgainst(t *testing.T) {
	w := newWorld(t)
	item, decision := w.decided(casework.Doing{Result: "refused", Reason: "核对后财产超标"})
	w.walk(item, act{officer, "publish", casework.Doing{}, at(time.November, 18, 9), "casework.not-now"}, act{officer, "refuse", casework.Doing{Reason: "财产超标"}, at(time.November, 18, 9), ""})
	if f := w.itemFile(item, at(time.November, 18, 9)); f.State != "ended" || f.Decision != "refused" || len(f.Awards) != 0 {
		t.Errorf("the item is %+v", f.Queued)
	}
	appeal := func(kind string, on calendar.Date) (id int64, err error) {
		err = w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
			id, err = w.Appeal(ctx, tx, casework.Appeal{Decision: decision, Kind: kind, Who: "国志强", Said: "车是借来的", Filed: on})
			return err
		})
		return id, err
	}
	// The letter told of it on 18 November: 60 days are until 17 January.
	for _, c := range []struct {
		kind string
		on   calendar.Date
		late bool
	}{
		{"reconsideration", calendar.Must(2027, time.January, 17), false},
		{"reconsideration", calendar.Must(2027, time.January, 18), true},
		{"suit", calendar.Must(2027, time.May, 18), false},
		{"suit", calendar.Must(2027, time.May, 19), true},
	} {
		id, err := appeal(c.kind, c.on)
		w.want(c.kind, err, "done")
		var late bool
		if err := w.db.Own().QueryRow(t.Context(), "select late from appeal where id = $1", id).Scan(&late); err != nil || late != c.late {
			t.Errorf("a %s on %s is late: %v (%v), want %v", c.kind, c.on, late, err, c.late)
		}
	}
	id, err := appeal("complaint", calendar.Must(2026, time.December, 1))
	w.want("a complaint", err, "done")
	anew := func() (household int64, want casework.Want, cause string, err error) {
		err = w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
			household, want, cause, err = w.Anew(ctx, tx, id)
			return err
		})
		return household, want, cause, err
	}
	_, _, _, err = anew()
	w.want("anew while nobody was heard", err, "casework.stands")
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		return w.AppealResult(ctx, tx, id, "revoked", "车辆确系借用", calendar.Must(2026, time.December, 10))
	})
	household, want, cause, err := anew()
	if err != nil || household != 1 || want.Programme != dibao.Programme {
		t.Errorf("anew is %d %+v (%v)", household, want, err)
	}
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		filed, err := w.File(ctx, tx, casework.Filing{Household: household, Applicant: 1, Occasion: casework.FromAppeal, Cause: cause, Channel: "system", Items: []casework.Want{want}},
			at(time.December, 10, 9))
		if err == nil && len(filed.Items) != 1 {
			t.Errorf("filed anew %+v", filed)
		}
		return err
	})
	_, err = appeal("complaint", calendar.Must(2026, time.December, 11))
	w.want("a way that is used up", err, "casework.not-now")
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		all, err := w.Appeals(ctx, tx, item)
		if err == nil && (len(all) != 5 || all[4].Result != "revoked") {
			t.Errorf("appeals %+v", all)
		}
		return err
	})
}

func TestHelpIsReviewedAndEndsGradually(t *testing.T) {
	w := newWorld(t)
	item, _ := w.decided(granted)
	due := func(upTo calendar.Date) (n int) {
		t.Helper()
		if err := w.db.Work(t.Context(), func(tx pgx.Tx) error {
			opened, err := w.ReviewsDue(t.Context(), tx, upTo)
			n = len(opened)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// Paid from December on, it is looked at again every six months.
	if got := fmt.Sprint(due(calendar.Must(2027, time.May, 31)), due(calendar.Must(2027, time.June, 1)), due(calendar.Must(2027, time.June, 2))); got != "0 1 0" {
		t.Errorf("reviews opened: %s", got)
	}
	var review int64
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		all, err := w.Reviews(ctx, tx, 0, 0, 10)
		if err != nil || len(all) != 1 || all[0].Item != item || all[0].Due.String() != "2027-06-01" || all[0].Called != "国志强" {
			t.Errorf("reviews %+v, %v", all, err)
		}
		review = all[0].ID
		return err
	})
	june := time.Date(2027, time.June, 3, 9, 0, 0, 0, time.UTC)
	w.want("by a decider", w.as(decider, func(ctx context.Context, tx pgx.Tx) error { return w.Reviewed(ctx, tx, review, "end", "x", june) }), "casework.not-yours")
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Reviewed(ctx, tx, review, "exit", "就业后收入超过标准", june)
	})
	end := casework.Ending{On: calendar.Must(2027, time.December, 3), Why: "exit", Reason: "渐退期满", Review: review}
	ends := func(p int, e casework.Ending) (int, error) {
		who := []int64{officer.Account, decider.Account}[p]
		principal := officerDecides
		if who == decider.Account {
			principal = decider
		}
		var n int
		err := w.as(principal, func(ctx context.Context, tx pgx.Tx) (err error) {
			n, err = w.EndAwards(ctx, tx, item, e)
			return err
		})
		return n, err
	}
	_, err := ends(0, end)
	w.want("by who reviewed", err, "casework.kept-from")
	early := end
	early.On = calendar.Must(2027, time.July, 1)
	_, err = ends(1, early)
	w.want("before the gradual exit is through", err, "casework.not-so")
	n, err := ends(1, end)
	w.want("by another", err, "done")
	if n != 1 {
		t.Errorf("%d awards ended", n)
	}
	for _, c := range []struct {
		on   calendar.Date
		want int
	}{{calendar.Must(2026, time.November, 30), 0}, {calendar.Must(2026, time.December, 1), 1}, {calendar.Must(2027, time.December, 2), 1}, {calendar.Must(2027, time.December, 3), 0}} {
		w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
			all, err := w.Register(ctx, tx, dibao, 0, c.on, 0, 10)
			if len(all) != c.want {
				t.Errorf("on %s the register has %d lines, want %d", c.on, len(all), c.want)
			}
			if len(all) == 1 && (all[0].Members != 3 || all[0].Amount.String() != "812.4" || all[0].Called != "国志强") {
				t.Errorf("the register has %+v", all[0])
			}
			return err
		})
	}
	if n := due(calendar.Must(2028, time.June, 1)); n != 0 {
		t.Errorf("%d reviews of help that has ended", n)
	}
}

func TestAStatusLastsAsLongAsTheWorkflowSays(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), casework.Want{Programme: "rigid", Recognises: true})[0]
	w.surveyed(item)
	w.walk(item, act{third, "opinion", casework.Doing{}, at(time.November, 6, 9), ""}, act{decider, "confirm", granted, at(time.November, 9, 9), ""})
	f := w.itemFile(item, at(time.November, 9, 9))
	if f.State != "ended" || f.Awards[0].Component != "status" || f.Awards[0].Amount != nil || f.Awards[0].From.String() != "2026-11-09" || f.Awards[0].To.String() != "2027-11-09" {
		t.Errorf("the status is %+v", f.Awards)
	}
	if f.Name.Zh != "刚性支出困难" {
		t.Errorf("it is called %s", f.Name.Zh)
	}
}

func TestPostingsShowWhatTheRegimeSays(t *testing.T) {
	w := newWorld(t)
	item, _ := w.decided(granted)
	w.walk(item, act{officer, "letter", casework.Doing{}, at(time.November, 16, 10), ""}, act{officer, "publish", casework.Doing{Place: "村务公开栏"}, at(time.November, 16, 10), ""})
	var child int64
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) error {
		filed, err := w.File(ctx, tx, casework.Filing{Household: 1, Applicant: 3, Occasion: casework.Application, Channel: "village", Proxy: "委托书2", Items: []casework.Want{{Programme: "temp-expenditure", Amount: yuan("2400")}}},
			at(time.November, 2, 9))
		child = filed.Items[0]
		return err
	})
	w.walk(child,
		act{assistant, "apply", casework.Doing{}, at(time.November, 2, 9), ""}, act{assistant, "authorise", signed, at(time.November, 2, 9), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 10), ""}, act{officer, "check", casework.Doing{}, at(time.November, 3, 9), ""},
		act{officer, "survey", survey, at(time.November, 3, 10), ""}, act{third, "opinion", casework.Doing{}, at(time.November, 4, 9), ""},
		act{officer, "notice", casework.Doing{Detail: map[string]any{"contact": "0534-1234567"}}, at(time.November, 4, 10), ""})
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		all, err := w.Postings(ctx, tx, item)
		if err != nil {
			return err
		}
		if got := fmt.Sprint(all[1].Shows, " ", all[1].Place, " ", all[1].Until.IsZero(), " ", all[0].Until.Format(time.DateOnly)); got != "map[amount:812.40 applicant:国志强 member-count:3] 村务公开栏 true 2026-11-14" {
			t.Errorf("published %s", got)
		}
		if err := w.Photograph(ctx, tx, all[1].ID, "照片7", at(time.November, 16, 11)); err != nil {
			return err
		}
		if all, err = w.Postings(ctx, tx, child); err == nil && (all[0].Shows["applicant"] != "国志强" || all[0].Shows["contact"] != "0534-1234567" || len(all[0].Shows) != 5) {
			t.Errorf("a child's notice shows %v", all[0].Shows)
		}
		return err
	})
}

func TestAFilingIsClosedToTheArchive(t *testing.T) {
	w := newWorld(t)
	item, _ := w.decided(casework.Doing{Result: "refused", Reason: "财产超标"})
	filing := w.itemFile(item, at(time.November, 16, 9)).Filing
	paper := func(name string, pages int) error {
		return w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
			return w.AddPaper(ctx, tx, filing, item, casework.Paper{Kind: "application", Name: name, Pages: pages, Kept: "柜1"}, at(time.November, 16, 9))
		})
	}
	archive := func() error {
		return w.as(officer, func(ctx context.Context, tx pgx.Tx) error {
			return w.Archive(ctx, tx, filing, at(time.November, 20, 9))
		})
	}
	w.want("a paper", paper("申请书", 2), "done")
	w.want("a paper without pages", paper("空白", 0), "casework.incomplete")
	w.want("while an item is open", archive(), "casework.not-now")
	w.walk(item, act{officer, "refuse", casework.Doing{Papers: []casework.Paper{{Kind: "letter", Name: "不予确认通知书", Pages: 1, Kept: "柜1"}}}, at(time.November, 18, 9), ""})
	w.want("closed", archive(), "done")
	w.want("a paper behind it", paper("补充", 1), "casework.closed")
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		c, err := w.Catalogue(ctx, tx, filing)
		if err == nil && (c.Pages != 3 || len(c.Papers) != 2 || c.Papers[1].From != 3 || c.Papers[1].Number != 2 || c.Keep.String() != "2056-11-20") {
			t.Errorf("the catalogue is %+v, kept until %s", c, c.Keep)
		}
		return err
	})
}

func TestFigures(t *testing.T) {
	w := newWorld(t)
	w.decided(granted)
	w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
		village := area.Code(371424100281)
		all, err := w.Processing(ctx, tx, calendar.Always(), "", []area.Code{village.At(area.County), village, 371424200000})
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%+v", all); got != "[{Place:371424 Decisions:1 Days:14 Median:14 Longest:14 Within:1} {Place:371424100281 Decisions:1 Days:14 Median:14 Longest:14 Within:1} "+
			"{Place:371424200 Decisions:0 Days:0 Median:0 Longest:0 Within:0}]" {
			t.Errorf("processing is %s", got)
		}
		all, err = w.Processing(ctx, tx, calendar.Always(), "tekun", []area.Code{village})
		if err == nil && all[0].Decisions != 0 {
			t.Errorf("of another procedure there are %+v", all)
		}
		months, err := w.Monthly(ctx, tx, calendar.Must(2026, time.November, 20), 0)
		if err == nil && (len(months) != 1 || months[0].Filed != 1 || months[0].Granted != 1 || months[0].Open != 1 || months[0].Granting.String() != "812.4" || months[0].Name.Zh != "最低生活保障") {
			t.Errorf("the month is %+v", months)
		}
		return err
	})
}

func TestAnItemKeepsTheVersionOfItsAcceptance(t *testing.T) {
	w := newWorld(t)
	filed := time.Date(2021, time.June, 28, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		accepted time.Time
		next     string // after the survey's opinion comes
	}{
		{time.Date(2021, time.June, 30, 9, 0, 0, 0, time.UTC), "review"},
		{time.Date(2021, time.July, 1, 9, 0, 0, 0, time.UTC), "opinion"},
	} {
		item := w.file(filed, dibao)[0]
		later := time.Date(2021, time.July, 5, 9, 0, 0, 0, time.UTC)
		w.walk(item,
			act{assistant, "apply", casework.Doing{}, filed, ""}, act{assistant, "authorise", signed, filed, ""}, act{officer, "accept", casework.Doing{}, c.accepted, ""},
			act{supervisor, "check", checked, later, ""}, act{officer, "survey", survey, later, ""})
		if f := w.itemFile(item, later); f.Next.ID != c.next {
			t.Errorf("accepted on %s, %s comes after the survey, want %s", c.accepted, f.Next.ID, c.next)
		}
		w.must(assistant, func(ctx context.Context, tx pgx.Tx) error {
			return w.Withdraw(ctx, tx, item, casework.Happening{Reason: "不办了", Signer: "国志强", Signature: "撤回书"}, later)
		})
	}
}

func TestACheckRestsOnEverybodysConsentAndAReport(t *testing.T) {
	w := newWorld(t)
	keys := sealed.NewKeys()
	checks := means.New(keys, registry.New(keys))
	w.own("alter table authorisation disable trigger user; delete from authorisation where person = 2; alter table authorisation enable trigger user")
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.walk(item, act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""},
		act{assistant, "authorise", signed, at(time.November, 2, 10), "casework.rests-on-nothing"}) // one grown-up has not signed; the child need not
	w.must(assistant, func(ctx context.Context, tx pgx.Tx) error {
		_, err := checks.Authorise(ctx, tx, means.Authorisation{Person: 2, SignedBy: "李春燕", Paper: "授权书2", Holds: calendar.Span{From: calendar.Must(2026, time.November, 2), To: calendar.Must(2027, time.November, 2)}})
		return err
	})
	w.walk(item, act{assistant, "authorise", signed, at(time.November, 2, 10), ""}, act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), ""},
		act{supervisor, "check", casework.Doing{}, at(time.November, 3, 9), "casework.rests-on-nothing"})
	var check int64
	w.must(officer, func(ctx context.Context, tx pgx.Tx) (err error) {
		check, err = w.RequestCheck(ctx, tx, checks, item, at(time.November, 3, 10))
		return err
	})
	w.walk(item, act{supervisor, "check", checked, at(time.November, 4, 9), "casework.rests-on-nothing"}) // it is under way
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		return checks.Report(ctx, tx, dezhou(), check, means.Report{Paper: "核对报告8", From: "核对中心", On: calendar.Must(2026, time.November, 4), Expires: calendar.Must(2027, time.May, 4)})
	})
	w.walk(item, act{supervisor, "check", casework.Doing{}, at(time.November, 4, 10), ""})
	if f := w.itemFile(item, at(time.November, 4, 10)); f.Steps[3].Checked != check {
		t.Errorf("the check rests on %d, want %d", f.Steps[3].Checked, check)
	}
}

// surveyedByThree is the pack with another survey of dibao: by three.
func surveyedByThree() *pack.Pack {
	p := *dezhou()
	workflow := *p.Workflow
	p.Workflow = &workflow
	workflow.Procedures = slices.Clone(workflow.Procedures)
	q := *workflow.Procedures[0]
	workflow.Procedures[0] = &q
	q.Versions = slices.Clone(q.Versions)
	v := *q.Versions[len(q.Versions)-1]
	q.Versions[len(q.Versions)-1] = &v
	v.Steps = slices.Clone(v.Steps)
	for n, s := range v.Steps {
		if s.Gives == "survey" {
			changed := *s
			changed.People = 3
			v.Steps[n] = &changed
		}
	}
	return &p
}

func TestAnAcceptedItemGoesByItsVersionWhenThePackChanges(t *testing.T) {
	w := newWorld(t)
	apply := func(p *pack.Pack) {
		t.Helper()
		if err := pgx.BeginFunc(t.Context(), w.db.Own(), func(tx pgx.Tx) error { return casework.ApplyPack(t.Context(), tx, p) }); err != nil {
			t.Fatal(err)
		}
	}
	versions := func() (all, current int) {
		t.Helper()
		if err := w.db.Own().QueryRow(t.Context(), "select count(*), count(*) filter (where current) from workflow_procedure").Scan(&all, &current); err != nil {
			t.Fatal(err)
		}
		return all, current
	}
	first := w.file(at(time.November, 2, 9), dibao)[0]
	w.walk(first, act{assistant, "apply", casework.Doing{}, at(time.November, 2, 10), ""}, act{assistant, "authorise", signed, at(time.November, 2, 10), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 2, 11), ""}, act{supervisor, "check", checked, at(time.November, 4, 9), ""})
	before, _ := versions()
	apply(dezhou())
	if all, current := versions(); all != before || current != before {
		t.Errorf("applied twice, there are %d versions, %d of them current, instead of %d", all, current, before)
	}
	apply(surveyedByThree())
	if all, current := versions(); all != before+1 || current != before {
		t.Errorf("after a change there are %d versions, %d of them current, and were %d", all, current, before)
	}
	w.want("a survey by two of what was accepted before", w.do(officer, first, "survey", survey, at(time.November, 5, 9)), "done")
	w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
		return w.Withdraw(ctx, tx, first, casework.Happening{Reason: "不办了", Signer: "国志强", Signature: "撤回书"}, at(time.November, 5, 10))
	})
	next := w.file(at(time.November, 6, 9), dibao)[0]
	w.walk(next, act{assistant, "apply", casework.Doing{}, at(time.November, 6, 10), ""}, act{assistant, "authorise", signed, at(time.November, 6, 10), ""},
		act{officer, "accept", casework.Doing{}, at(time.November, 6, 11), ""}, act{supervisor, "check", checked, at(time.November, 6, 12), ""},
		act{officer, "survey", survey, at(time.November, 9, 9), "casework.too-few"})
	three := survey
	three.With = []int64{colleague.Account, third.Account}
	w.want("a survey by three", w.do(officer, next, "survey", three, at(time.November, 9, 9)), "done")
}

func TestTheCountyTakesADecisionBack(t *testing.T) {
	w := newWorld(t)
	item, _ := w.decided(granted)
	back := func(p postgres.Principal) error {
		return w.as(p, func(ctx context.Context, tx pgx.Tx) error {
			return w.Return(ctx, tx, item, "opinion", "公示漏了一户成员", at(time.November, 18, 9))
		})
	}
	w.want("by the township", back(officer), "casework.not-yours")
	w.want("by the county", back(supervisor), "done")
	register := func(on calendar.Date) (n int) {
		t.Helper()
		w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
			all, err := w.Register(ctx, tx, dibao, 0, on, 0, 10)
			n = len(all)
			return err
		})
		return n
	}
	if n := register(calendar.Must(2026, time.December, 15)); n != 0 {
		t.Errorf("%d awards of a decision that was taken back go on", n)
	}
	w.walk(item, act{colleague, "opinion", casework.Doing{}, at(time.November, 18, 10), ""}, act{officer, "notice", casework.Doing{}, at(time.November, 18, 11), ""},
		act{decider, "confirm", granted, at(time.November, 25, 9), "casework.notice-runs"}, // the new notice counts
		act{decider, "confirm", granted, at(time.November, 26, 9), ""})
	if n := register(calendar.Must(2026, time.December, 15)); n != 1 {
		t.Errorf("%d awards go on after it was decided again", n)
	}
	if f := w.itemFile(item, at(time.November, 26, 9)); len(f.Decisions) != 2 || f.Decision != "granted" {
		t.Errorf("decisions %+v", f.Decisions)
	}
}

func TestOnlyAMemberOfTheHouseholdFollowsAFiling(t *testing.T) {
	w := newWorld(t)
	file := func(account int64) error {
		return w.as(assistant, func(ctx context.Context, tx pgx.Tx) error {
			_, err := w.File(ctx, tx, casework.Filing{Household: 1, Occasion: casework.Application, Channel: "village", Proxy: "委托书", Resident: account, Items: []casework.Want{dibao}}, at(time.November, 2, 9))
			return err
		})
	}
	w.own(`insert into account (id, login, name, staff, area, created_at) overriding system value values (20, 'neighbour', '邻居', false, 1, now());
		insert into person (name, area) values ('邻居', 371424100281); insert into household (key, area, from_date) values ('n', 371424100281, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date) select max(h.id), max(p.id), true, '', true, 'composed', '2026-01-01' from household h, person p;
		insert into account_person (account, person, how, proof, tied_at) select 20, max(id), 'outside', 'x', now() from person`)
	w.want("an officer", file(officer.Account), "casework.not-so")
	w.want("a resident of another household there", file(20), "casework.not-so")
	w.want("a resident", file(resident.Account), "done")
}

// Two who decide at once, or one in two windows: the item is decided once.
func TestTwoWhoDecideAtOnce(t *testing.T) {
	w := newWorld(t)
	item := w.file(at(time.November, 2, 9), dibao)[0]
	w.noticed(item)
	errs := make(chan error)
	for _, p := range []postgres.Principal{decider, another, decider, another} {
		go func() { errs <- w.do(p, item, "confirm", granted, at(time.November, 16, 9)) }()
	}
	done := 0
	for range 4 {
		switch got := kindOf(<-errs); got {
		case "done":
			done++
		case "casework.not-now":
		default:
			t.Errorf("one of them got %s", got)
		}
	}
	if f := w.itemFile(item, at(time.November, 16, 9)); done != 1 || len(f.Decisions) != 1 || len(f.Awards) != 1 {
		t.Errorf("%d decided, there are %d decisions and %d awards", done, len(f.Decisions), len(f.Awards))
	}
}
