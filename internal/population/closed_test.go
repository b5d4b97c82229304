package population_test

import (
	"strings"
	"testing"

	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
)

var (
	anna  = id("1960-05-01", 1)
	bert  = id("1962-05-01", 2)
	carla = id("1970-05-01", 3)
)

// three insured neighbours.
func neighbours(w *world) *world {
	return w.
		deliver("population", delivery{},
			"id_no="+anna+" name=安娜 birth=1960-05-01 hukou_no=H1 relation=head kind=rural village="+village+" on=2020-01-01",
			"id_no="+bert+" name=伯特 birth=1962-05-01 hukou_no=H2 relation=head kind=rural village="+village+" on=2020-01-01",
			"id_no="+carla+" name=卡拉 birth=1970-05-01 hukou_no=H3 relation=head kind=urban village="+other+" on=2020-01-01").
		deliver("enrolment", delivery{}, "id_no="+anna+" kind=resident day=2026-01-01", "id_no="+bert+" kind=resident day=2026-01-01")
}

// Nobody is known to have spent nothing unless the feed could have told.
func TestSpentNothing(t *testing.T) {
	good := "no=1 id_no=" + bert + " day=2026-10-01 own=10.5"
	wrong := anna[:17] + map[bool]string{true: "1", false: "0"}[anna[17] == '0']
	many := func(rows ...string) []string {
		for _, n := range []string{"90", "91", "92", "93", "94"} {
			rows = append(rows, "no="+n+" id_no="+bert+" day=2026-09-01 own=1")
		}
		return rows
	}
	for _, test := range []struct {
		name  string
		world func(w *world)
		want  string
	}{
		{"delivered whole, fresh, for the place and the period, and covering her",
			func(w *world) { w.deliver("medical", delivery{}, good) }, "0"},
		{"the feed was not delivered",
			func(w *world) { w.without("medical") }, "?"},
		{"the delivery is stale",
			func(w *world) { w.deliver("medical", delivery{on: "2026-09-21"}, good) }, "?"},
		{"the delivery is as old as it may be",
			func(w *world) { w.deliver("medical", delivery{on: "2026-09-22"}, good) }, "0"},
		{"delivered now, of days long past",
			func(w *world) { w.deliver("medical", delivery{to: "2026-09-21"}, good) }, "?"},
		{"the delivery begins within the twelve months",
			func(w *world) { w.deliver("medical", delivery{from: "2025-11-02"}, good) }, "?"},
		{"the delivery begins with the twelve months",
			func(w *world) { w.deliver("medical", delivery{from: "2025-11-01"}, good) }, "0"},
		{"two deliveries that meet",
			func(w *world) {
				w.deliver("medical", delivery{to: "2026-03-01"}, good).deliver("medical", delivery{from: "2026-03-01"})
			}, "0"},
		{"two deliveries with a day between them",
			func(w *world) {
				w.deliver("medical", delivery{to: "2026-02-28"}, good).deliver("medical", delivery{from: "2026-03-01"})
			}, "?"},
		{"the delivery is of another place",
			func(w *world) { w.deliver("medical", delivery{areas: []string{other}}, good) }, "?"},
		{"the delivery does not balance",
			func(w *world) { w.deliver("medical", delivery{rows: 1}, good) }, "?"},
		{"the file has no manifest",
			func(w *world) {
				w.without("medical").file("medical.csv", "no,id_no,name,day,own,diagnosis\n1,"+bert+",,2026-10-01,1,\n")
			}, "?"},
		{"her own row was rejected",
			func(w *world) { w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2026-13-01 own=99") }, "?"},
		{"her own row was rejected in a file without a manifest",
			func(w *world) {
				w.deliver("medical", delivery{}, good).file("medical-late.csv", "no,id_no,name,day,own,diagnosis\n2,"+anna+",,soon,99,\n")
			}, "?"},
		{"her own row matched her by number and not by name",
			func(w *world) {
				w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" name=艾达 day=2026-10-01 own=99")
			}, "?"},
		{"her two rows contradict each other",
			func(w *world) {
				w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2026-10-01 own=99", "no=2 id_no="+anna+" day=2026-10-01 own=98")
			}, "?"},
		{"too many rows could not be read at all",
			func(w *world) { w.deliver("medical", delivery{}, good, "no=2 id_no="+wrong+" day=2026-10-01 own=99") }, "?"},
		{"few rows could not be read",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no=unknown day=2026-10-01 own=99")...)
			}, "0"},
		{"few could not, but one of them is a slip of the pen away from her number",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no="+wrong+" day=2026-10-01 own=99")...)
			}, "?"},
		{"or has a digit of her number too few",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no="+anna[:9]+anna[10:]+" day=2026-10-01 own=99")...)
			}, "?"},
		{"or one too many",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no="+anna[:9]+"7"+anna[9:]+" day=2026-10-01 own=99")...)
			}, "?"},
		{"or two exchanged",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no="+anna[:16]+anna[17:]+anna[16:17]+" day=2026-10-01 own=99")...)
			}, "?"},
		{"or has her name and no number",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 name=安娜 day=2026-10-01 own=99")...)
			}, "?"},
		{"or her name and birth under another number",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no="+id("1960-05-01", 99)+" name=安娜 day=2026-10-01 own=99")...)
			}, "?"},
		{"a namesake of another birth is another person",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no="+id("1961-05-01", 99)+" name=安娜 day=2026-10-01 own=99")...)
			}, "0"},
		{"too many rows are about nobody registered",
			func(w *world) {
				w.deliver("medical", delivery{}, good, "no=2 id_no="+id("1960-05-01", 99)+" day=2026-10-01 own=99")
			}, "?"},
		{"few rows are about nobody registered",
			func(w *world) {
				w.deliver("medical", delivery{}, many("no=2 id_no="+id("1960-05-01", 99)+" day=2026-10-01 own=99")...)
			}, "0"},
		{"she had a row before the window",
			func(w *world) { w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2025-10-31 own=99") }, "0"},
		{"she had one on the first day of the window",
			func(w *world) { w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2025-11-01 own=99") }, "99"},
		{"she has one on the day of evaluation, which is after the window",
			func(w *world) { w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2026-11-01 own=99") }, "0"},
		{"she has a row without a date",
			func(w *world) { w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" own=99") }, "?"},
		{"one of her amounts is empty",
			func(w *world) {
				w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2026-10-01 own=99", "no=3 id_no="+anna+" day=2026-10-01")
			}, "?"},
		{"what she did spend is known from a stale delivery too",
			func(w *world) {
				w.deliver("medical", delivery{on: "2026-01-01"}, good, "no=2 id_no="+anna+" day=2025-12-01 own=99")
			}, "99"},
		{"nor from one of her rows while another was rejected",
			func(w *world) {
				w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2026-10-01 own=99", "no=3 id_no="+anna+" day=x own=1")
			}, "?"},
		{"the same row again is no rejected row",
			func(w *world) {
				w.deliver("medical", delivery{}, good, "no=2 id_no="+anna+" day=2026-10-01 own=99", "no=2 id_no="+anna+" day=2026-10-01 own=99")
			}, "99"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := neighbours(newWorld(t))
			test.world(w)
			p, set := w.build()
			if got := value(t, p, anna, "person.spent"); got != test.want {
				t.Errorf("spent %s, want %s; rejects %v, faults %v", got, test.want, messages(set.Rejects), set.Faults)
			}
		})
	}
}

// Whom a feed covers is itself a fact from a feed.
func TestUncoveredPerson(t *testing.T) {
	w := neighbours(newWorld(t)).deliver("medical", delivery{})
	p, _ := w.build()
	if got := value(t, p, carla, "person.insured"); got != "none" {
		t.Errorf("insured %s", got)
	}
	if got := value(t, p, carla, "person.spent"); got != "?" {
		t.Errorf("who is not insured spent %s: settlements cannot tell", got)
	}
	p, _ = neighbours(newWorld(t)).deliver("medical", delivery{}).deliver("enrolment", delivery{rows: 1}).build()
	if got := value(t, p, carla, "person.spent"); got != "?" {
		t.Errorf("whose insurance is unknown spent %s", got)
	}
	if got := value(t, p, anna, "person.spent"); got != "0" {
		t.Errorf("who is known to be insured spent %s", got)
	}
}

func TestOldNumberMatches(t *testing.T) {
	old := anna[:6] + anna[8:17]
	p, _ := neighbours(newWorld(t)).deliver("medical", delivery{}, "no=1 id_no="+old+" day=2026-10-01 own=7").build()
	if got := value(t, p, anna, "person.spent"); got != "7" {
		t.Errorf("spent %s", got)
	}
}

func TestNamesAreComparedAsWritten(t *testing.T) {
	p, set := neighbours(newWorld(t)).deliver("medical", delivery{},
		"no=1 id_no="+anna+" name=安　娜 day=2026-10-01 own=7", "no=2 id_no="+bert+" day=2026-10-01 own=8").build()
	if value(t, p, anna, "person.spent") != "7" || value(t, p, bert, "person.spent") != "8" {
		t.Error(messages(set.Rejects))
	}
}

func TestUnmatchedRowsAreCounted(t *testing.T) {
	p, set := neighbours(newWorld(t)).deliver("medical", delivery{},
		"no=1 id_no="+id("1960-05-01", 99)+" day=2026-10-01 own=7", "no=2 id_no="+anna+" name=艾达 day=2026-10-01 own=8", "no=3 id_no=x day=2026-10-01 own=8").build()
	state := p.Feeds[3]
	if state.Feed.ID != "medical" || state.Rows != 3 || state.Used != 0 || state.Rejected != 3 || state.Unmatched != 2 {
		t.Errorf("%+v", state)
	}
	all := strings.Join(messages(set.Rejects), "\n")
	for _, want := range []string{"row 1 field id_no: nobody with this identity number is registered", "row 2 field name: the register has another name"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in\n%s", want, all)
		}
	}
}

func TestSetsOfCodes(t *testing.T) {
	p, _ := neighbours(newWorld(t)).deliver("medical", delivery{},
		"no=1 id_no="+anna+" day=2026-10-01 own=1 diagnosis=uraemia", "no=2 id_no="+anna+" day=2020-10-01 own=1 diagnosis=leukaemia",
		"no=3 id_no="+anna+" day=2026-10-02 own=1 diagnosis=uraemia").build()
	if got := value(t, p, anna, "person.diagnoses"); got != "leukaemia,uraemia" && got != "leukaemia, uraemia" {
		t.Errorf("got %s", got)
	}
	if got := value(t, p, bert, "person.diagnoses"); got != "" {
		t.Errorf("an empty set is %q", got)
	}
	if got := value(t, p, carla, "person.diagnoses"); got != "?" {
		t.Errorf("got %s", got)
	}
}

func TestLatestRow(t *testing.T) {
	for _, test := range []struct {
		name, want string
		rows       []string
	}{
		{"the latest up to the date", "resident", []string{"id_no=" + anna + " kind=resident day=2026-01-01"}},
		{"the later of two", "none", []string{"id_no=" + anna + " kind=resident day=2026-01-01", "id_no=" + anna + " kind=none day=2026-01-02"}},
		{"two of one day that differ", "?", []string{"id_no=" + anna + " kind=resident day=2026-01-01", "id_no=" + anna + " kind=none day=2026-01-01"}},
		{"a later one does not count yet", "none", []string{"id_no=" + anna + " kind=resident day=2026-11-02"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t).deliver("population", delivery{}, "id_no="+anna+" birth=1960-05-01 hukou_no=H1 village="+village+" on=2020-01-01")
			p, _ := w.deliver("enrolment", delivery{}, test.rows...).build()
			if got := value(t, p, anna, "person.insured"); got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestTrustAndDisagreement(t *testing.T) {
	p, _ := neighbours(newWorld(t)).
		deliver("jobs", delivery{}, "no=1 id_no="+anna+" wage=1000", "no=2 id_no="+bert+" wage=2000").
		deliver("tax", delivery{}, "no=1 id_no="+anna+" wage=1500", "no=2 id_no="+anna+" wage=900").build()
	if got := value(t, p, anna, "person.wage"); got != "1500" {
		t.Errorf("the more trusted feed says 1500, got %s", got)
	}
	if got := value(t, p, bert, "person.wage"); got != "2000" {
		t.Errorf("where the more trusted is silent the other speaks, got %s", got)
	}
	if len(p.Disagreements) != 1 {
		t.Fatalf("%v", p.Disagreements)
	}
	d := p.Disagreements[0]
	if d.Fact.Name != "wage" || d.From != "feed:tax" || d.Beside != "feed:jobs" || d.Taken != 1_500_000_000 || d.Other != 1_000_000_000 {
		t.Errorf("%+v", d)
	}
	f, lane := person(t, p, anna)
	told := 0
	for _, fact := range f.Told(cityPolicy.Layout()) {
		if fact.Fact.Path() != "person.wage" || fact.Lane != lane {
			continue
		}
		told++
		if fact.Value != d.Taken || fact.Source.Feed.ID != "tax" || len(fact.Others) != 1 || fact.Others[0] != d {
			t.Errorf("%+v", fact)
		}
	}
	if told != 1 {
		t.Errorf("the wage is told %d times", told)
	}
	rows := map[string]int{}
	for _, r := range f.Rows() {
		if r.Lane == lane {
			rows[r.Feed.ID]++
		}
	}
	if rows["population"] != 1 || rows["jobs"] != 1 || rows["tax"] != 2 {
		t.Errorf("rows of feeds: %v", rows)
	}
}

func TestSources(t *testing.T) {
	p, _ := neighbours(newWorld(t)).deliver("medical", delivery{on: "2026-10-20"},
		"no=1 id_no="+anna+" day=2026-10-01 own=1", "no=2 id_no="+anna+" day=2026-02-01 own=1").build()
	slot, _ := cityPolicy.Layout().Slot("person.spent")
	source := func(number string) (population.Source, bool) {
		f, lane := person(t, p, number)
		return f.Source(pack.Person, false, lane, slot)
	}
	s, ok := source(anna)
	if !ok || s.Feed.ID != "medical" || s.None || s.Rows != 2 || s.Delivered != day("2026-10-20") || s.Latest != day("2026-10-01") {
		t.Errorf("%+v", s)
	}
	s, ok = source(bert)
	if !ok || s.Feed.ID != "medical" || !s.None || s.Delivered != day("2026-10-20") || s.Dated {
		t.Errorf("%+v", s)
	}
	if s, ok = source(carla); ok {
		t.Errorf("an unknown value has a source: %+v", s)
	}
	f, lane := person(t, p, anna)
	if o := f.Subject().Origin(pack.Person, false, lane, slot); o.Source != "feed:medical" || o.Date != day("2026-10-01") || !o.Dated {
		t.Errorf("%+v", o)
	}
}

func TestHeld(t *testing.T) {
	rows := []string{
		"no=1 id_no=" + anna + " programme=dibao granted_on=2025-01-01",
		"no=2 id_no=" + anna + " programme=tekun granted_on=2024-01-01 ended_on=2026-11-01",
		"no=3 id_no=" + bert + " programme=dibao granted_on=2026-11-02",
		"no=4 id_no=" + carla + " programme=tekun granted_on=2024-01-01 ended_on=2026-11-02",
	}
	held := func(p *population.Population, number, programme string) string {
		f, lane := person(t, p, number)
		i, _ := cityPolicy.Layout().Programme(programme)
		c := f.Batch.Person.Held[i]
		switch {
		case !c.Known.Has(lane):
			return "?"
		case c.Num[lane] == 1:
			return "yes"
		}
		return "no"
	}
	p, _ := neighbours(newWorld(t)).deliver("holdings", delivery{}, rows...).build()
	stale, _ := neighbours(newWorld(t)).deliver("holdings", delivery{on: "2026-01-01"}, rows...).build()
	for _, test := range []struct{ name, number, programme, want, stale string }{
		{"held", anna, "dibao", "yes", "yes"},
		{"ended on the day", anna, "tekun", "no", "?"},
		{"not begun", bert, "dibao", "no", "?"},
		{"ends tomorrow", carla, "tekun", "yes", "yes"},
		{"not there", carla, "dibao", "no", "?"},
		{"a programme of which the feed tells nothing", anna, "med-aid", "?", "?"},
	} {
		if got := held(p, test.number, test.programme); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		if got := held(stale, test.number, test.programme); got != test.stale {
			t.Errorf("%s, stale: %s, want %s", test.name, got, test.stale)
		}
	}
}

func TestEvents(t *testing.T) {
	w := neighbours(newWorld(t)).deliver("disasters", delivery{},
		"no=1 id_no="+anna+" kind=fire day=2026-10-01 loss=500", "no=2 id_no="+anna+" kind=flood day=2026-09-01", "no=3 id_no="+anna+" kind=fire day=2026-12-01 loss=9",
		"no=4 id_no="+anna+" kind=hotline day=2026-09-15").
		deliver("hotline", delivery{from: "2026-01-01"}, "no=1 id_no="+anna+" day=2026-10-05")
	p, _ := w.build()
	f, _ := person(t, p, anna)
	b := f.Batch
	if b.HouseholdEvent.N != 3 || b.PersonEvent.N != 1 {
		t.Fatalf("%d of the household, %d of the person", b.HouseholdEvent.N, b.PersonEvent.N)
	}
	if got := b.HouseholdEvent.Facts[0].Num; got[0] != 1 || got[1] != 2 || got[2] != 0 {
		t.Errorf("kinds %v are not in the order of days", got)
	}
	amount := b.HouseholdEvent.Facts[3]
	if amount.Known.Has(0) || amount.Num[2] != 500_000_000 {
		t.Errorf("amounts %v", amount)
	}
	for kind, want := range []bool{true, true, false} { // hotline requests are no business of the feed of disasters
		if got := b.Household.Complete[kind].Has(0); got != want {
			t.Errorf("household events of kind %d complete: %v", kind, got)
		}
	}
	for kind := range 3 {
		if b.Person.Complete[kind].Has(0) {
			t.Errorf("kind %d of the person: the hotline's delivery reaches back ten months only, the others come from no feed", kind)
		}
	}
	p, _ = neighbours(newWorld(t)).deliver("hotline", delivery{}, "no=1 id_no="+anna+" day=x").build()
	f, _ = person(t, p, anna)
	if f.Batch.Person.Complete[2].Has(0) {
		t.Error("one of her rows was rejected")
	}
	f, _ = person(t, p, bert)
	if !f.Batch.Person.Complete[2].Has(0) {
		t.Error("his silence is known to be silence")
	}
}
