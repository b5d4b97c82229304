package population_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

func expr(source string) pack.Expr {
	return pack.Expr{Source: source, Pos: pack.Pos{File: "test.yaml", Line: 1}}
}

func say(id string) pack.Text { return pack.Text{Zh: id, En: id} }

func columns(all ...string) []*pack.Column {
	var list []*pack.Column
	for _, s := range all {
		name, typ, _ := strings.Cut(s, ":")
		c := &pack.Column{Name: strings.TrimSuffix(name, "!"), Key: strings.HasSuffix(name, "!"), Type: typ}
		if codes, ok := strings.CutPrefix(typ, "code="); ok {
			c.Type, c.Codes = "code", codes
		}
		c.Label = say(c.Name)
		if c.Name == "name" {
			c.Label.Zh = "姓名"
		}
		list = append(list, c)
	}
	return list
}

// cityPack is a pack with feeds of every role, small enough to see whole.
func cityPack() *pack.Pack {
	fact := func(unit pack.Unit, name string, typ pack.Type, codes string, trust ...string) *pack.Fact {
		return &pack.Fact{Unit: unit, Name: name, Type: typ, Codes: codes, Trust: trust}
	}
	gives := func(path, value string, more pack.FeedFact) *pack.FeedFact {
		more.Fact, more.Value = path, expr(value)
		return &more
	}
	return &pack.Pack{
		Residence: "household.residence",
		Codes: map[string]*pack.CodeList{
			"residence": codes("residence", "urban", "rural"),
			"relation":  codes("relation", "head", "spouse", "child", "parent", "other"),
			"state":     codes("state", "married", "divorced"),
			"insurance": codes("insurance", "none", "resident"),
			"diagnosis": codes("diagnosis", "leukaemia", "uraemia", "other"),
			"benefit":   codes("benefit", "dibao", "tekun"),
			"relief":    codes("relief", "tekun"),
			"kind":      codes("kind", "fire", "flood", "hotline"),
			"alarm":     codes("alarm", "noise", "flood", "fire"),
		},
		Facts: []*pack.Fact{
			fact(pack.Person, "birth", pack.Date, ""),
			fact(pack.Person, "relation", pack.CodeOf, "relation"),
			fact(pack.Person, "married", pack.Bool, ""),
			fact(pack.Person, "alive", pack.Bool, ""),
			fact(pack.Person, "insured", pack.CodeOf, "insurance"),
			fact(pack.Person, "spent", pack.Decimal, ""),
			fact(pack.Person, "diagnoses", pack.CodesOf, "diagnosis"),
			fact(pack.Person, "wage", pack.Decimal, "", "feed:tax", "visit", "feed:jobs"),
			fact(pack.Person, "student", pack.Bool, ""),
			fact(pack.Household, "residence", pack.CodeOf, "residence"),
		},
		Events: []*pack.EventType{
			{Unit: pack.Person, Kinds: "kind", Fields: []*pack.EventField{{Name: "amount", Type: pack.Decimal}}},
			{Unit: pack.Household, Kinds: "kind", Fields: []*pack.EventField{{Name: "amount", Type: pack.Decimal}}},
		},
		Variables: []*pack.Variable{{Unit: pack.Person, Name: "age", Type: pack.Int,
			Versions: []*pack.VariableVersion{{Span: calendar.Always(), Value: expr("years(person.birth, on)")}}}},
		Programmes: []*pack.Programme{{ID: "dibao", Unit: pack.Household}, {ID: "med-aid", Unit: pack.Person}, {ID: "tekun", Unit: pack.Person}},
		Feeds: []*pack.Feed{
			{ID: "population", Role: feed.RolePersons, IDNo: "id_no", MaxAge: 40,
				Columns: columns("id_no!:id_no", "name:text", "birth:date", "hukou_no:text", "collective:bool", "relation:code=relation",
					"kind:code=residence", "village:area", "father_id:id_no", "mother_id:id_no", "on:date"),
				Facts: []*pack.FeedFact{
					gives("person.birth", "row.birth", pack.FeedFact{Latest: "on"}),
					gives("person.relation", "row.relation", pack.FeedFact{Latest: "on"}),
					gives("household.residence", "row.kind", pack.FeedFact{Latest: "on"}),
				}},
			{ID: "marriages", Role: feed.RoleMarriages, IDNo: "husband_id", MaxAge: 40,
				Columns: columns("no!:text", "husband_id:id_no", "wife_id:id_no", "status:code=state"),
				Facts:   []*pack.FeedFact{gives("person.married", "rows.exists(r, r.status == 'married')", pack.FeedFact{Absent: "false"})}},
			{ID: "deaths", IDNo: "id_no", MaxAge: 40, Columns: columns("no!:text", "id_no:id_no"),
				Facts: []*pack.FeedFact{gives("person.alive", "!rows.exists(r, true)", pack.FeedFact{Absent: "true"})}},
			{ID: "medical", IDNo: "id_no", MaxAge: 40, MaxRejects: money.Must("0.2"), Covers: expr("person.insured != 'none'"),
				Columns: columns("no!:text", "id_no:id_no", "name:text", "day:date", "own:decimal", "diagnosis:code=diagnosis"),
				Facts: []*pack.FeedFact{
					gives("person.spent", "rows.sum(r, r.own)", pack.FeedFact{Window: 12, By: "day", Absent: "0.00"}),
					gives("person.diagnoses", "row.diagnosis", pack.FeedFact{Absent: "[]"}),
				}},
			{ID: "enrolment", IDNo: "id_no", MaxAge: 40, Columns: columns("id_no!:id_no", "kind!:code=insurance", "day:date"),
				Facts: []*pack.FeedFact{gives("person.insured", "row.kind", pack.FeedFact{Latest: "day", Absent: "none"})}},
			{ID: "jobs", IDNo: "id_no", MaxAge: 40, Columns: columns("no!:text", "id_no:id_no", "wage:decimal"),
				Facts: []*pack.FeedFact{gives("person.wage", "rows.sum(r, r.wage)", pack.FeedFact{Absent: "0.00"})}},
			{ID: "tax", IDNo: "id_no", MaxAge: 40, Columns: columns("no!:text", "id_no:id_no", "wage:decimal"),
				Facts: []*pack.FeedFact{gives("person.wage", "rows.max(r, r.wage)", pack.FeedFact{})}},
			{ID: "schools", IDNo: "id_no", MaxAge: 40, Columns: columns("id_no!:id_no", "day:date"),
				Facts: []*pack.FeedFact{gives("person.student", "known(row.day)", pack.FeedFact{Latest: "day", Absent: "false"})}},
			{ID: "holdings", Role: feed.RoleHoldings, IDNo: "id_no", MaxAge: 40,
				Columns: columns("no!:text", "id_no:id_no", "programme:code=benefit", "granted_on:date", "ended_on:date")},
			{ID: "relief", Role: feed.RoleHoldings, IDNo: "id_no", MaxAge: 40, Columns: columns("no!:text", "id_no:id_no", "programme:code=relief", "granted_on:date")},
			{ID: "disasters", IDNo: "id_no", MaxAge: 40, Columns: columns("no!:text", "id_no:id_no", "kind:code=kind", "day:date", "loss:decimal"),
				Events: []*pack.FeedEvent{{Unit: pack.Household, KindOf: "kind", Kinds: []string{"fire", "flood"}, From: "day", Fields: map[string]string{"amount": "loss"}}}},
			{ID: "alarms", IDNo: "id_no", MaxAge: 40, Columns: columns("no!:text", "id_no:id_no", "what:code=alarm", "day:date"),
				Events: []*pack.FeedEvent{{Unit: pack.Household, KindOf: "what", From: "day"}}},
			{ID: "hotline", IDNo: "id_no", MaxAge: 40, Columns: columns("no!:text", "id_no:id_no", "day:date"),
				Events: []*pack.FeedEvent{{Unit: pack.Person, Kind: "hotline", From: "day"}}},
		},
		Household: &pack.Composition{
			Joins: []*pack.Link{
				{ID: "spouse", Via: "spouse", Say: say("spouses")},
				{ID: "minor", Via: "child", When: expr("person.age < 18"), Say: say("minor")},
				{ID: "student", Via: "child", When: expr("person.age >= 18 && person.student && !person.married"), Say: say("student")},
				{ID: "at-home", Via: "booklet", When: expr("person.relation == 'child' && person.age >= 18 && !person.married"), Say: say("at home")},
				{ID: "others", Via: "booklet", Doubt: true, When: expr("person.relation in ['parent', 'other']"), Say: say("others in the booklet")},
			},
			Counts:     expr("person.alive"),
			Supporters: []*pack.Link{{ID: "adult-child", Via: "parent", When: expr("person.age >= 18"), Say: say("adult child")}},
		},
	}
}

var cityPolicy = func() *rules.Policy {
	policy, faults := rules.Compile(cityPack())
	if len(faults) > 0 {
		panic(faults)
	}
	return policy
}()

const (
	village = "371424100281"
	other   = "371424100282"
)

var on = day("2026-11-01")

// id makes the identity number of an invented person.
func id(birth string, n int) string {
	number, ok := idno.Make("371499", day(birth), n)
	if !ok {
		panic("no such number")
	}
	return number.Plain()
}

// world is deliveries in the making: those that a test does not mention are whole, of the day before, and empty.
type world struct {
	t     *testing.T
	files fstest.MapFS
	told  map[string]bool
}

// delivery is how a feed is delivered; zero fields are as they should be.
type delivery struct {
	on, from, to string
	areas        []string
	rows         int // more than there are
}

func newWorld(t *testing.T) *world { return &world{t, fstest.MapFS{}, map[string]bool{}} }

// deliver delivers rows of a feed, written as "column=value …"; columns are separated by spaces.
func (w *world) deliver(id string, how delivery, rows ...string) *world {
	w.t.Helper()
	table := cityPack().Feeds
	var f *pack.Feed
	for _, f = range table {
		if f.ID == id {
			break
		}
	}
	var b strings.Builder
	for i, c := range f.Columns {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(c.Name)
	}
	b.WriteByte('\n')
	for _, row := range rows {
		cells := map[string]string{}
		for _, part := range strings.Split(row, " ") {
			name, value, _ := strings.Cut(part, "=")
			cells[name] = value
		}
		for i, c := range f.Columns {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(cells[c.Name])
			delete(cells, c.Name)
		}
		b.WriteByte('\n')
		if len(cells) > 0 {
			w.t.Fatalf("%s has no columns %v", id, cells)
		}
	}
	name := fmt.Sprintf("%s-%d.csv", id, len(w.files))
	w.files[name] = &fstest.MapFile{Data: []byte(b.String())}
	w.told[id] = true
	if how.on == "" {
		how.on = "2026-10-31"
	}
	if how.from == "" {
		how.from = "2020-01-01"
	}
	if how.to == "" {
		how.to = "2026-11-01"
	}
	if how.areas == nil {
		how.areas = []string{"371424"}
	}
	manifest, err := json.Marshal(map[string]any{"feed": id, "delivered": how.on, "from": how.from, "to": how.to, "areas": how.areas,
		"files": []any{map[string]any{"name": name, "rows": len(rows) + how.rows}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.files[strings.TrimSuffix(name, ".csv")+".manifest.json"] = &fstest.MapFile{Data: manifest}
	return w
}

// without leaves a feed undelivered.
func (w *world) without(id string) *world {
	w.told[id] = true
	return w
}

// file adds a file without a manifest.
func (w *world) file(name, content string) *world {
	w.files[name] = &fstest.MapFile{Data: []byte(content)}
	return w
}

func (w *world) build() (*population.Population, *feed.Set) {
	w.t.Helper()
	for _, f := range cityPack().Feeds {
		if !w.told[f.ID] {
			w.deliver(f.ID, delivery{})
		}
	}
	set, err := feed.Read(w.t.Context(), cityPolicy.Pack(), w.files, feed.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := population.Build(cityPolicy, set, on)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		w.t.Fatal(err)
	}
	return p, set
}

// value is a person's fact as text, "?" for unknown.
func value(t *testing.T, p *population.Population, number, path string) string {
	t.Helper()
	f, lane := person(t, p, number)
	slot, ok := cityPolicy.Layout().Slot(path)
	if !ok {
		t.Fatal(path)
	}
	column, unit := f.Batch.Person.Facts[slot], pack.Person
	if strings.HasPrefix(path, "household.") {
		column, lane, unit = f.Batch.Household.Facts[slot], 0, pack.Household
	}
	if !column.Known.Has(lane) {
		return "?"
	}
	fact := cityPolicy.Layout().Facts(unit)[slot]
	text, _ := rules.Canonical(fact.Type, cityPolicy.Pack().Codes[fact.Codes], column.Num[lane])
	return text
}

func person(t *testing.T, p *population.Population, number string) (*population.Family, int) {
	t.Helper()
	n, err := idno.Parse(number)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := p.Find(n)
	if !ok {
		t.Fatalf("%s is not registered", n)
	}
	f, ok := p.Household(key)
	if !ok {
		t.Fatalf("no household %s", key)
	}
	for lane, m := range f.Members {
		if m.ID == n {
			return f, lane
		}
	}
	t.Fatalf("%s is not in %s", n, key)
	return nil, 0
}

func messages(rejects []*feed.Reject) []string {
	var all []string
	for _, r := range rejects {
		all = append(all, r.Message(fault.En))
	}
	return all
}

func readSet(t *testing.T, w *world) *feed.Set {
	t.Helper()
	set, err := feed.Read(t.Context(), cityPolicy.Pack(), w.files, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}
