package population_test

import (
	"strings"
	"testing"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

func day(s string) calendar.Date {
	d, err := calendar.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func codes(id string, ids ...string) *pack.CodeList {
	l := &pack.CodeList{ID: id}
	for _, c := range ids {
		l.Codes = append(l.Codes, pack.Code{ID: c, Name: pack.Text{Zh: "中" + c, En: c}})
	}
	return l
}

// dossierPack is a pack small enough to see whole.
func dossierPack() *pack.Pack {
	least := money.Decimal(0)
	return &pack.Pack{
		Codes: map[string]*pack.CodeList{
			"residence": codes("residence", "urban", "rural"),
			"diagnosis": codes("diagnosis", "leukaemia", "uraemia", "haemophilia"),
			"kind":      codes("kind", "fire", "flood"),
		},
		Facts: []*pack.Fact{
			{Unit: pack.Person, Name: "birth", Type: pack.Date},
			{Unit: pack.Person, Name: "wage", Type: pack.Decimal, Min: &least},
			{Unit: pack.Household, Name: "residence", Type: pack.CodeOf, Codes: "residence"},
			{Unit: pack.Person, Name: "alive", Type: pack.Bool},
			{Unit: pack.Person, Name: "vehicles", Type: pack.Int},
			{Unit: pack.Person, Name: "diagnoses", Type: pack.CodesOf, Codes: "diagnosis"},
		},
		Events: []*pack.EventType{
			{Unit: pack.Person, Kinds: "kind", Fields: []*pack.EventField{{Name: "amount", Type: pack.Decimal}}},
			{Unit: pack.Household, Kinds: "kind", Fields: []*pack.EventField{{Name: "amount", Type: pack.Decimal}}},
		},
		Programmes: []*pack.Programme{{ID: "dibao", Unit: pack.Household}, {ID: "tekun", Unit: pack.Person}},
	}
}

func TestDossier(t *testing.T) {
	p := dossierPack()
	l := rules.NewLayout(p)
	d := &pack.Dossier{
		On: day("2026-11-01"), Area: 371424100281, Doubtful: true,
		Household: map[string]any{
			"residence": "rural", "holds": []any{"dibao"},
			"events": []any{map[string]any{"kind": "fire", "from": "2026-10-01", "amount": 3000}},
		},
		Members: []map[string]any{
			{"name": "王五", "counts": false, "alive": true},
			{"name": "张三", "birth": day("1960-01-01"), "wage": "0.1", "vehicles": 2, "diagnoses": []any{"uraemia", "haemophilia"},
				"events": map[string]any{"complete": []any{"flood"}, "rows": []any{map[string]any{"kind": "fire"}}}},
			{"name": "李四", "birth": nil, "alive": "false"},
		},
		Supporters: []map[string]any{{"name": "张小", "wage": money.Must("5000.5"), "holds": []string{}}},
	}
	f, faults := population.FromDossier(p, l, d)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	b := f.Batch
	if got := []string{f.Members[0].Name, f.Members[1].Name, f.Members[2].Name}; strings.Join(got, " ") != "张三 李四 王五" {
		t.Errorf("members are %v: those who count come first, in the order written", got)
	}
	if b.Counted[0] != 2 || b.MemberStart[1] != 3 || !b.Doubtful.Has(0) || b.Area[0] != area.Code(371424100281) {
		t.Errorf("counted %d of %d, doubtful %v, area %d", b.Counted[0], b.MemberStart[1], b.Doubtful.Has(0), b.Area[0])
	}
	column := func(t *rules.Table, path string) rules.Column {
		slot, _ := l.Slot(path)
		return t.Facts[slot]
	}
	for _, want := range []struct {
		name  string
		c     rules.Column
		lane  int
		value int64
		known bool
	}{
		{"a date", column(&b.Person, "person.birth"), 0, int64(day("1960-01-01")), true},
		{"a decimal from text", column(&b.Person, "person.wage"), 0, 100_000, true},
		{"an int", column(&b.Person, "person.vehicles"), 0, 2, true},
		{"a set has a bit for each code", column(&b.Person, "person.diagnoses"), 0, 0b110, true},
		{"a bool as text", column(&b.Person, "person.alive"), 1, 0, true},
		{"null is unknown", column(&b.Person, "person.birth"), 1, 0, false},
		{"unmentioned is unknown", column(&b.Person, "person.wage"), 1, 0, false},
		{"who does not count keeps facts", column(&b.Person, "person.alive"), 2, 1, true},
		{"a code of the household", column(&b.Household, "household.residence"), 0, 1, true},
		{"a supporter's decimal", column(&b.Supporter, "person.wage"), 0, 5_000_500_000, true},
		{"what the household holds", b.Household.Held[0], 0, 1, true},
		{"what it does not hold, the list being whole", b.Household.Held[1], 0, 0, true},
		{"without a list nothing is known", b.Person.Held[0], 0, 0, false},
		{"an empty list is known to be empty", b.Supporter.Held[0], 0, 0, true},
		{"an event's kind", b.PersonEvent.Facts[rules.EventKind], 0, 0, true},
		{"an event's date unmentioned", b.PersonEvent.Facts[rules.EventFrom], 0, 0, false},
		{"an event's amount", b.HouseholdEvent.Facts[3], 0, 3_000_000_000, true},
	} {
		if got := want.c.Known.Has(want.lane); got != want.known || got && want.c.Num[want.lane] != want.value {
			t.Errorf("%s: %d, known %v", want.name, want.c.Num[want.lane], got)
		}
	}
	if b.PersonEvent.Start[1] != 1 || b.PersonEvent.Start[3] != 1 {
		t.Errorf("events start at %v", b.PersonEvent.Start)
	}
	complete := b.Person.Complete
	if complete[0].Has(0) || !complete[1].Has(0) || complete[0].Has(1) || !b.Household.Complete[0].Has(0) || !b.Household.Complete[1].Has(0) {
		t.Error("a plain list is complete for all kinds, a mapping for those it names, no list for none")
	}
}

func TestDossierFaults(t *testing.T) {
	for _, test := range []struct {
		name, path, en string
		member         map[string]any
	}{
		{"a fact that is not there", "members[0].wages", `there is no fact "wages"; the nearest is "wage"`, map[string]any{"wages": 1}},
		{"a date that is a number", "members[0].birth", `"12" is not a date`, map[string]any{"birth": 12}},
		{"born after the date", "members[0].birth", "born on 2027-01-01, after the date of evaluation, 2026-11-01", map[string]any{"birth": "2027-01-01"}},
		{"thousands commas", "members[0].wage", `"1,166.67" is not a number`, map[string]any{"wage": "1,166.67"}},
		{"a float is no amount", "members[0].wage", `"0.1" is not a number`, map[string]any{"wage": 0.1}},
		{"below the least", "members[0].wage", `"-1" is below the least value, 0`, map[string]any{"wage": -1}},
		{"half a vehicle", "members[0].vehicles", `"0.5" is not a whole number`, map[string]any{"vehicles": money.Must("0.5")}},
		{"a bool that is a word", "members[0].alive", `"yes" is neither true nor false`, map[string]any{"alive": "yes"}},
		{"a code outside the list", "members[0].diagnoses", `"uremia" is not in the code list "diagnosis"; the nearest is "uraemia"`, map[string]any{"diagnoses": []any{"uremia"}}},
		{"one code where a list stands", "members[0].diagnoses", `"uraemia" is not a list of codes`, map[string]any{"diagnoses": "uraemia"}},
		{"a wrong check digit", "members[0].id_no", "371499********0010 does not check", map[string]any{"id_no": "371499196001010010"}},
		{"a programme that is not there", "members[0].holds[0]", `there is no programme "dibo"; the nearest is "dibao"`, map[string]any{"holds": []any{"dibo"}}},
		{"an event's kind", "members[0].events[0].kind", `"fier" is not in the code list "kind"; the nearest is "fire"`, map[string]any{"events": []any{map[string]any{"kind": "fier"}}}},
		{"an event's field", "members[0].events[0].amuont", `events have no field "amuont"; the nearest is "amount"`, map[string]any{"events": []any{map[string]any{"kind": "fire", "amuont": 1}}}},
		{"an event without a kind", "members[0].events[0]", "the event has no kind", map[string]any{"events": []any{map[string]any{"from": "2026-01-01"}}}},
		{"events that are a text", "members[0].events", "events is a list of events", map[string]any{"events": "fire"}},
		{"somebody twice", "members[1].name", `"李四" is here twice`, map[string]any{"name": "李四"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := dossierPack()
			d := &pack.Dossier{
				On: day("2026-11-01"), Members: []map[string]any{test.member, {"name": "李四"}},
				Pos: pack.Pos{File: "a.yaml", Line: 1}, Places: map[string]pack.Pos{"members[0]": {File: "a.yaml", Line: 7, Column: 3}},
			}
			f, faults := population.FromDossier(p, rules.NewLayout(p), d)
			if f != nil || len(faults) != 1 {
				t.Fatalf("family %v, faults %v", f, faults)
			}
			message := faults[0].Message(fault.En)
			if !strings.Contains(message, test.en) || faults[0].At.Field != test.path {
				t.Errorf("got %q at %q", message, faults[0].At.Field)
			}
			if strings.HasPrefix(test.path, "members[0]") && faults[0].At.Line != 7 {
				t.Errorf("the fault is at line %d, the member is at 7", faults[0].At.Line)
			}
		})
	}
}

// TestDossierHoldsOfPersons: a person's programme that stands under the household would be received by nobody.
func TestDossierHoldsOfPersons(t *testing.T) {
	p := dossierPack()
	d := &pack.Dossier{On: day("2026-11-01"), Household: map[string]any{"holds": []any{"dibao", "tekun"}}, Members: []map[string]any{{"name": "李四", "holds": []any{"dibao", "tekun"}}}}
	_, faults := population.FromDossier(p, rules.NewLayout(p), d)
	if len(faults) != 1 || faults[0].Text.Key != "population.persons-programme" || faults[0].At.Field != "household.holds[1]" {
		t.Errorf("faults %v", faults)
	}
}

func TestDossierOfNobody(t *testing.T) {
	p := dossierPack()
	_, faults := population.FromDossier(p, rules.NewLayout(p), &pack.Dossier{})
	if len(faults) != 1 || faults[0].Text.Key != "population.no-members" {
		t.Errorf("faults %v", faults)
	}
}
