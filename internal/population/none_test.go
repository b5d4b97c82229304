package population_test

import (
	"strings"
	"testing"

	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// Silence is none only where whoever is silent could have told, and nobody who is trusted more has something that cannot be
// read.
func TestSilenceOfOneFeedBesideAnother(t *testing.T) {
	for _, test := range []struct {
		name  string
		world func(w *world)
		want  string
	}{
		{"the one that closes the world is silent, and so is the other", func(w *world) {}, "0"},
		{"the more trusted has a row that was set aside", func(w *world) {
			w.deliver("tax", delivery{}, "no=1 id_no="+anna+" wage=x")
		}, "?"},
		{"the more trusted has a row whose amount is not known", func(w *world) {
			w.deliver("tax", delivery{}, "no=1 id_no="+anna)
		}, "?"},
		{"the more trusted was not delivered, and the other could tell", func(w *world) { w.without("tax") }, "0"},
		{"the other was not delivered", func(w *world) { w.without("jobs") }, "?"},
		{"the more trusted cannot be read and the other has a row", func(w *world) {
			w.deliver("tax", delivery{}, "no=1 id_no="+anna+" wage=x").deliver("jobs", delivery{}, "no=1 id_no="+anna+" wage=700")
		}, "700"},
		{"the less trusted has a row that was set aside: what is trusted more stands", func(w *world) {
			w.deliver("tax", delivery{}, "no=1 id_no="+anna+" wage=900").deliver("jobs", delivery{}, "no=1 id_no="+anna+" wage=x")
		}, "900"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := neighbours(newWorld(t))
			test.world(w)
			p, _ := w.build()
			if got := value(t, p, anna, "person.wage"); got != test.want {
				t.Errorf("wage %s, want %s", got, test.want)
			}
		})
	}
}

func TestSpentNothingByPlaceAndTime(t *testing.T) {
	for _, test := range []struct {
		name  string
		world func(w *world)
		want  string
	}{
		{"the delivery is of the whole city", func(w *world) { w.deliver("medical", delivery{areas: []string{"3714"}}) }, "0"},
		{"the delivery begins after the date", func(w *world) {
			w.deliver("medical", delivery{from: "2026-11-02", to: "2026-12-01", on: "2026-12-02"})
		}, "?"},
		{"a later delivery that does not balance stands beside the first, and replaces nothing", func(w *world) {
			w.deliver("medical", delivery{on: "2026-10-30"}).deliver("medical", delivery{rows: 1}, "no=9 id_no="+bert+" day=2026-10-01 own=1")
		}, "0"},
		{"a later delivery replaces one that had her", func(w *world) {
			w.deliver("medical", delivery{on: "2026-10-30"}, "no=1 id_no="+anna+" day=2026-10-01 own=5").deliver("medical", delivery{})
		}, "0"},
		{"a later delivery of fewer months does not replace it", func(w *world) {
			w.deliver("medical", delivery{on: "2026-10-30"}, "no=1 id_no="+anna+" day=2026-10-01 own=5").deliver("medical", delivery{from: "2026-10-01"})
		}, "5"},
		{"she has a row of another village's delivery", func(w *world) {
			w.deliver("medical", delivery{}).deliver("medical", delivery{areas: []string{other}}, "no=1 id_no="+anna+" day=2026-10-01 own=5")
		}, "5"},
		{"a later version of her row was set aside, for which the first is no substitute", func(w *world) {
			w.deliver("medical", delivery{on: "2026-10-30"}, "no=1 id_no="+anna+" day=2026-10-01 own=5").
				deliver("medical", delivery{from: "2026-10-01"}, "no=1 id_no="+anna+" day=2026-10-01 own=x")
		}, "?"},
		{"a later version of the row is about somebody else", func(w *world) {
			w.deliver("medical", delivery{on: "2026-10-30"}, "no=1 id_no="+anna+" day=2026-10-01 own=5").
				deliver("medical", delivery{from: "2026-10-01"}, "no=1 id_no="+bert+" day=2026-10-01 own=5")
		}, "0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := neighbours(newWorld(t))
			test.world(w)
			p, _ := w.build()
			if got := value(t, p, anna, "person.spent"); got != test.want {
				t.Errorf("spent %s, want %s", got, test.want)
			}
		})
	}
}

// Where somebody lives is not known, no delivery is known to be of the place.
func TestSpentNothingWithoutAPlace(t *testing.T) {
	p, _ := newWorld(t).deliver("population", delivery{}, "id_no="+anna+" name=安娜 birth=1960-05-01 hukou_no=H1 relation=head kind=rural on=2020-01-01").
		deliver("enrolment", delivery{areas: []string{"3714"}}, "id_no="+anna+" kind=resident day=2026-01-01").deliver("medical", delivery{areas: []string{"3714"}}).build()
	if got := value(t, p, anna, "person.spent"); got != "?" {
		t.Errorf("spent %s", got)
	}
}

func TestHoldsNothing(t *testing.T) {
	for _, test := range []struct {
		name         string
		row          string
		dibao, tekun string
	}{
		{"one of her rows names no programme", "no=2 id_no=" + anna + " granted_on=2025-01-01", "yes", "?"},
		{"one of her rows was set aside", "no=2 id_no=" + anna + " programme=tekun granted_on=soon", "yes", "?"},
		{"one has another name", "no=2 id_no=" + bert + " programme=tekun granted_on=2025-01-01", "yes", "no"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, _ := neighbours(newWorld(t)).deliver("holdings", delivery{}, "no=1 id_no="+anna+" programme=dibao granted_on=2025-01-01", test.row).build()
			for programme, want := range map[string]string{"dibao": test.dibao, "tekun": test.tekun} {
				if got := heldBy(t, p, anna, programme); got != want {
					t.Errorf("%s: %s, want %s", programme, got, want)
				}
			}
		})
	}
}

// Two departments may pay the same benefit.
func TestHoldsByTwoFeeds(t *testing.T) {
	row := "no=1 id_no=" + anna + " programme=tekun granted_on=2025-01-01"
	for _, test := range []struct {
		name  string
		world func(w *world)
		want  string
	}{
		{"neither", func(w *world) {}, "no"},
		{"the first", func(w *world) { w.deliver("holdings", delivery{}, row) }, "yes"},
		{"the second", func(w *world) { w.deliver("relief", delivery{}, row) }, "yes"},
		{"the first, and the second is not there", func(w *world) { w.deliver("holdings", delivery{}, row).without("relief") }, "yes"},
		{"not the first, and the second is not there", func(w *world) { w.without("relief") }, "?"},
		{"not the second, and the first is not there", func(w *world) { w.without("holdings") }, "?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := neighbours(newWorld(t))
			test.world(w)
			p, _ := w.build()
			if got := heldBy(t, p, anna, "tekun"); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func heldBy(t *testing.T, p *population.Population, number, programme string) string {
	t.Helper()
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

// Events of a kind are all known only where every row could be put to its kind.
func TestEventsOfUnknownKind(t *testing.T) {
	p, _ := neighbours(newWorld(t)).deliver("disasters", delivery{}, "no=1 id_no="+anna+" day=2026-10-01 loss=500").build()
	f, _ := person(t, p, anna)
	for kind, name := range []string{"fire", "flood"} {
		if f.Batch.Household.Complete[kind].Has(0) {
			t.Errorf("one of her rows has no kind, and may be a %s", name)
		}
	}
	f, _ = person(t, p, bert)
	if !f.Batch.Household.Complete[0].Has(0) {
		t.Error("his silence is known to be silence")
	}
}

// Nobody is lost where a booklet's number looks like that of another's second household.
func TestKeysAreUnique(t *testing.T) {
	p := newPeople(t).add("Ann", "1995-01-01", "9", "other", "collective=true").add("Ben", "1996-01-01", "9", "other", "collective=true").
		add("Eve", "1980-01-01", "9-2", "head").add("Tom", "1950-01-01", "", "head").add("Tim", "1951-01-01", "", "head").add("Uwe", "1952-01-01", "-2", "head")
	built := p.build()
	seen := map[string]bool{}
	for i := range built.Chunks() {
		b := built.Batch(i, &rules.Batch{})
		for lane := range b.Household.N {
			h := built.At(i, lane)
			if seen[h.Key] {
				t.Errorf("two households have the key %q", h.Key)
			}
			seen[h.Key] = true
		}
	}
	for name, number := range p.ids {
		n, err := idno.Parse(number)
		if err != nil {
			t.Fatal(err)
		}
		key, _ := built.Find(n)
		f, ok := built.Household(key)
		if !ok || !strings.Contains(strings.Join(f.Subject().Persons, " "), name) {
			t.Errorf("%s is not in the household %q", name, key)
		}
	}
}

// Events may come from columns with lists of codes of their own: a kind is the same by its code, not by its place.
func TestKindsByCode(t *testing.T) {
	p, _ := neighbours(newWorld(t)).deliver("alarms", delivery{}, "no=1 id_no="+anna+" what=fire day=2026-10-01",
		"no=2 id_no="+anna+" what=noise day=2026-10-02", "no=3 id_no="+anna+" what=flood day=2026-10-03").build()
	f, _ := person(t, p, anna)
	events := f.Batch.HouseholdEvent
	if events.N != 2 || events.Facts[0].Num[0] != 0 || events.Facts[0].Num[1] != 1 {
		t.Errorf("kinds %v: a fire and a flood, and a noise is no kind of event", events.Facts[0].Num)
	}
}
