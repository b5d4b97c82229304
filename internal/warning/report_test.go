package warning_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/warning"
)

func (w *world) report(p postgres.Principal, r warning.Report) (got warning.Received, err error) {
	w.Helper()
	r.On = today
	if r.What == "" {
		r.What = "家里着火了"
	}
	err = w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) { got, err = w.Receive(ctx, tx, r); return err })
	return got, err
}

func (w *world) reported(p postgres.Principal, r warning.Report) warning.Received {
	w.Helper()
	got, err := w.report(p, r)
	if err != nil {
		w.Fatal(err)
	}
	return got
}

func TestReportsBecomeWork(t *testing.T) {
	w := newWorld(t)
	found := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "国1", Contact: "13800001234"})
	unknown := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "没有这个人"})
	wide := w.reported(hotline, warning.Report{Source: warning.ByHotline, Area: county, Name: "国1"})
	given := w.reported(hotline, warning.Report{Source: warning.ByHotline, Area: county, Household: 5})
	partner := w.reported(postgres.Principal{Account: 20, Role: "organisation", Area: township}, warning.Report{Source: warning.ByOrganisation, Area: near, Organisation: "爱心协会"})
	for _, c := range []struct {
		name      string
		got       warning.Received
		household int64
		area      area.Code
		rule      string
		route     string
		due       calendar.Date
	}{
		{"by the whole name in its village", found, 1, village, "people-report", "village-assistant", calendar.Must(2026, 11, 9)},
		{"of nobody who is known", unknown, 0, village, "people-report", "village-assistant", calendar.Must(2026, 11, 9)},
		{"of a name in a whole county", wide, 0, county, "hotline-request", "county", calendar.Must(2026, 11, 5)},
		{"of a household that the operator found", given, 5, far, "hotline-request", "village-assistant", calendar.Must(2026, 11, 5)},
		{"by an organisation", partner, 0, near, "partner-lead", "village-assistant", calendar.Must(2026, 11, 9)},
	} {
		r := w.round(supervisor, c.got.Round)
		if r.Household != c.household || r.Area != c.area || r.Rule != c.rule || r.Route != c.route || r.Due != c.due || r.Reports != 1 || len(r.Item.Level) == 0 {
			t.Errorf("%s: %+v", c.name, r.Item)
		}
	}
	if got := ids(w.inbox(assistant, warning.Filter{Nobody: true})); !slices.Equal(got, []int64{unknown.Round}) {
		t.Errorf("nobody found yet: %v", got)
	}
	r := w.round(assistant, found.Round)
	if len(r.Said) != 1 || r.Said[0].Contact.Plain() != "13800001234" || strings.Contains(fmt.Sprint(r.Said), "13800001234") {
		t.Errorf("as whoever works on it reads it: %v", r.Said)
	}
	if n := w.count("select count(*) from act where kind = 'report.receive'"); n != 5 {
		t.Errorf("%d acts in the ledger", n)
	}
}

// TestReportsOfOneHousehold are worked on together, with what the engine warns of as the same.
func TestReportsOfOneHousehold(t *testing.T) {
	w := newWorld(t)
	first := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "国1"})
	second := w.reported(hotline, warning.Report{Source: warning.ByHotline, Area: village, Household: 1})
	if !second.Joined || second.Round != first.Round {
		t.Errorf("%+v beside %+v", second, first)
	}
	w.raise(raised{rule: "people-report", household: 2})
	third := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "国3"})
	if r := w.round(officer, third.Round); !third.Joined || r.Warning == 0 || r.Reports != 1 {
		t.Errorf("%+v", r)
	}
	if byDecider := w.reported(decider, warning.Report{Source: warning.ByCode, Area: village, Name: "国1"}); !byDecider.Joined {
		t.Errorf("somebody of the township reports as anybody may: %+v", byDecider)
	}
	w.must(officer, "no", first.Round)
	again := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "国1"})
	if r := w.round(officer, again.Round); again.Joined || r.State != warning.Waiting || !r.Again {
		t.Errorf("somebody reports it again after a no: %+v", r)
	}
}

func TestMatching(t *testing.T) {
	w := newWorld(t)
	match := func(p postgres.Principal, id, household int64) (round int64, err error) {
		err = w.as(p, func(ctx context.Context, tx pgx.Tx) (err error) {
			round, err = w.Match(ctx, tx, id, household)
			return err
		})
		return round, err
	}
	alone := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "老国"})
	other := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "国家老大"})
	for _, c := range []struct {
		by        postgres.Principal
		household int64
		want      string
	}{
		{assistant, 5, "invalid"}, {neighbour, 4, "not found"}, {inspector, 1, "forbidden"}, {hotline, 1, "not found"}, {public, 1, "invalid"},
		{assistant, 99, "invalid"}, {assistant, 1, "done"}, {assistant, 1, "done"}, {assistant, 2, "conflict"},
	} {
		if _, err := match(c.by, alone.Round, c.household); kindOf(err) != c.want {
			t.Errorf("household %d by %s: %v", c.household, c.by.Role, err)
		}
	}
	into, err := match(officer, other.Round, 1)
	if err != nil || into != alone.Round {
		t.Fatalf("%d, %v", into, err)
	}
	if r := w.round(officer, into); r.Reports != 2 || len(r.Steps) != 3 {
		t.Errorf("%+v", r)
	}
	if r := w.round(officer, other.Round); r.State != warning.Joined || r.JoinedTo != into {
		t.Errorf("%+v", r)
	}
	if got := ids(w.inbox(officer, warning.Filter{})); !slices.Equal(got, []int64{into}) {
		t.Errorf("%v", got)
	}
	county := w.reported(hotline, warning.Report{Source: warning.ByHotline, Area: county})
	if _, err := match(supervisor, county.Round, 4); err != nil {
		t.Fatal(err)
	}
	if r := w.round(neighbour, county.Round); r.Route != "village-assistant" {
		t.Errorf("once it is known where, it goes there: %+v", r.Item)
	}
	w.must(officer, "confirm", into)
	if p := w.progress(other.Receipt); p.State != "working" {
		t.Errorf("what was joined is %+v to its reporter", p)
	}
}

func (w *world) progress(receipt string) (p warning.Progress) {
	w.Helper()
	if err := w.as(public, func(ctx context.Context, tx pgx.Tx) (err error) { p, err = w.Progress(ctx, tx, receipt); return err }); err != nil {
		w.Fatal(err)
	}
	return p
}

func TestReceipt(t *testing.T) {
	w := newWorld(t)
	r := w.reported(public, warning.Report{Source: warning.ByCode, Area: village, Name: "国1"})
	for _, form := range []string{r.Receipt, strings.ToLower(r.Receipt), " " + strings.ReplaceAll(r.Receipt, "-", "") + "\n", strings.ReplaceAll(r.Receipt, "-", " ")} {
		if p := w.progress(form); p.State != "received" || p.Done != calendar.Forever {
			t.Errorf("%q: %+v", form, p)
		}
	}
	w.must(assistant, "claim", r.Round)
	if p := w.progress(r.Receipt); p.State != "working" {
		t.Errorf("%+v", p)
	}
	w.must(officer, "no", r.Round)
	if p := w.progress(r.Receipt); p.State != "done" || p.Done == calendar.Forever {
		t.Errorf("%+v", p)
	}
	err := w.as(public, func(ctx context.Context, tx pgx.Tx) error {
		_, err := w.Progress(ctx, tx, "2222-2222-2222")
		return err
	})
	if kindOf(err) != "not found" {
		t.Errorf("%v", err)
	}
}

func TestReportsAreBounded(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		by   postgres.Principal
		r    warning.Report
		want string
	}{
		{"no place", public, warning.Report{Source: warning.ByCode}, "invalid"},
		{"a whole city", public, warning.Report{Source: warning.ByCode, Area: 371400000000}, "invalid"},
		{"a place that is not", public, warning.Report{Source: warning.ByCode, Area: 371424100999}, "invalid"},
		{"nothing said", public, warning.Report{Source: warning.ByCode, Area: village, What: " \n 。"}, "invalid"},
		{"a long story", public, warning.Report{Source: warning.ByCode, Area: village, What: strings.Repeat("火", 501)}, "invalid"},
		{"a long name", public, warning.Report{Source: warning.ByCode, Area: village, Name: strings.Repeat("火", 41)}, "invalid"},
		{"as the hotline", public, warning.Report{Source: warning.ByHotline, Area: village}, "forbidden"},
		{"as an organisation", officer, warning.Report{Source: warning.ByOrganisation, Area: village}, "forbidden"},
		{"a household that somebody guesses", public, warning.Report{Source: warning.ByCode, Area: village, Household: 1}, "invalid"},
		{"of another county", hotline, warning.Report{Source: warning.ByHotline, Area: 371422000000}, "forbidden"},
		{"from another planet", public, warning.Report{Source: "mars", Area: village}, "unready"},
		{"a script", public, warning.Report{Source: warning.ByCode, Area: village, What: "<script>alert(1)</script>\x00\x1b[2J", Name: "'; drop table report; --"}, "done"},
		{"broken characters", public, warning.Report{Source: warning.ByCode, Area: village, What: "着火\xff\xfe了"}, "done"},
	} {
		if _, err := w.report(c.by, c.r); kindOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	twice := warning.Report{Source: warning.ByCode, Area: village, Once: "k"}
	a, b := w.reported(public, twice), w.reported(public, twice)
	if !b.Known || a.Receipt != b.Receipt {
		t.Errorf("%+v and %+v", a, b)
	}
	var err error
	for n := 0; err == nil && n < 30; n++ {
		if _, err = w.report(public, warning.Report{Source: warning.ByCode, Area: village, Sender: "10.0.0.1"}); err != nil && (n != 20 || kindOf(err) != "unready") {
			t.Errorf("the %dth: %v", n+1, err)
		}
	}
	if err == nil {
		t.Error("one sender may report without end")
	}
	if _, err := w.report(public, warning.Report{Source: warning.ByCode, Area: village, Sender: "10.0.0.2"}); err != nil {
		t.Errorf("another sender: %v", err)
	}
}

func FuzzReport(f *testing.F) {
	w := warning.New(dezhou(), nil, nil)
	f.Add("着火了", "国1", "村东头", "13800001234")
	f.Add("\x00\xff", strings.Repeat("x", 1000), "‮", "")
	f.Fuzz(func(t *testing.T, what, name, place, contact string) {
		faults := w.CheckReport(warning.Report{Source: warning.ByCode, Area: village, What: what, Name: name, Place: place, Contact: contact})
		for _, fault := range faults {
			if fault.At.Field == "" || fault.Message("zh") == "" {
				t.Errorf("%v", fault)
			}
		}
	})
}
