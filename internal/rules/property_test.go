package rules

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"pgregory.net/rapid"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

func dezhou(t testing.TB) *pack.Pack {
	t.Helper()
	p, faults := pack.Load(os.DirFS("../../packs/dezhou"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

// draws is how many households each half of the property test draws.
const draws = "5000"

// TestEngineAgreesWithOracle draws fully known households and compares every elaborated expression of the pack with
// cel-go's interpreter, on dates between which the rules change, with narrowing and without.
func TestEngineAgreesWithOracle(t *testing.T) {
	p := dezhou(t)
	policy, faults := Compile(p)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	setChecks(t, draws)
	for half := range 2 {
		t.Run(fmt.Sprint("half ", half+1), func(t *testing.T) {
			t.Parallel()
			var sides []*side
			for _, on := range []string{"2018-06-01", "2020-03-01", "2022-12-01", "2024-12-31", "2026-11-01"} {
				sides = append(sides, newSide(t, policy, p, mustDate(on)))
			}
			rapid.Check(t, func(r *rapid.T) {
				s := sides[rapid.IntRange(0, len(sides)-1).Draw(r, "date")]
				s.compare(r, drawHousehold(r, policy.world, s.on))
			})
		})
	}
}

func setChecks(t *testing.T, n string) {
	t.Helper()
	before := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", n); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { flag.Set("rapid.checks", before) })
}

// side is the engine and the oracle on one date.
type side struct {
	on       calendar.Date
	oracle   *oracle
	machines []*machine
	formulas []elaborated
	nodes    []int32
}

func newSide(t *testing.T, policy *Policy, p *pack.Pack, on calendar.Date) *side {
	t.Helper()
	o, err := newOracle(p, on)
	if err != nil {
		t.Fatal(err)
	}
	s := &side{on: on, oracle: o}
	g := policy.graph(on, nil)
	for _, f := range policy.world.formulas {
		if f.span.Contains(on) {
			s.formulas = append(s.formulas, f)
			s.nodes = append(s.nodes, g.root(f.term, relationOf(f.unit)))
		}
	}
	s.machines = []*machine{newMachine(g.plan, true), newMachine(g.plan, false)}
	return s
}

func (s *side) compare(r *rapid.T, b *Batch) {
	home := s.oracle.home(b, 0)
	for _, m := range s.machines {
		m.load(b)
		for i, f := range s.formulas {
			rel := relationOf(f.unit)
			all := m.everything(rel)
			v := m.need(s.nodes[i], all)
			m.release(rel, all)
			for lane := range m.lanes[rel] {
				self := home.household
				if rel == persons {
					self = home.person(lane)
				}
				want, err := home.eval(s.oracle.programs[f.name], f.unit, self)
				if got, expected := engineSays(v, f.term, lane), oracleSays(want, err); got != expected {
					r.Fatalf("%s on %s, lane %d, narrowing %v: engine %s, oracle %s (%v)", f.name, s.on, lane, m.narrow, got, expected, err)
				}
			}
		}
	}
}

// engineSays is a value, or "none" for an error and for what is not in force: the oracle cannot tell them apart.
func engineSays(v *vector, t *term, lane int) string {
	switch v.state(lane) {
	case stateUnknown:
		return "unknown"
	case stateError, stateLapsed:
		return "none"
	}
	if t.typ == pack.Bool {
		return v.truth(lane)
	}
	text, _ := Canonical(t.typ, t.list, v.number(lane))
	return text
}

func oracleSays(v ref.Val, err error) string {
	if err != nil || types.IsError(v) {
		return "none"
	}
	if types.IsUnknown(v) {
		return "unknown"
	}
	switch x := v.(type) {
	case types.Bool:
		text, _ := Canonical(pack.Bool, nil, boolNum(bool(x)))
		return text
	case types.Int:
		text, _ := Canonical(pack.Int, nil, int64(x))
		return text
	case decimalValue:
		text, _ := Canonical(pack.Decimal, nil, int64(x))
		return text
	case dateValue:
		return calendar.Date(x).String()
	}
	return string(v.(types.String))
}

// drawHousehold draws one fully known household: members of whom some may not count, supporters, events.
func drawHousehold(r *rapid.T, w *world, on calendar.Date) *Batch {
	members := rapid.IntRange(1, 5).Draw(r, "members")
	supporting := rapid.IntRange(0, 2).Draw(r, "supporters")
	rows := rapid.IntRange(0, 2).Draw(r, "household events")
	ownRows := rapid.IntRange(0, 3).Draw(r, "person events")
	b := w.layout.NewBatch(1, members, supporting, rows, ownRows)
	b.MemberStart[1], b.Counted[0] = int32(members), int32(rapid.IntRange(1, members).Draw(r, "counted"))
	b.SupporterStart[1] = int32(supporting)
	b.AllSupporters.Set(0)
	b.HouseholdEvent.Start[1] = int32(rows)
	for i := range members {
		b.PersonEvent.Start[i+1] = int32(min(ownRows, (i+1)*ownRows/members))
	}
	b.Area[0] = rapid.SampledFrom([]area.Code{mustArea("371424100281"), mustArea("371402001"), mustArea("371403"), mustArea("371471")}).Draw(r, "area")
	drawTable(r, w, on, pack.Household, &b.Household)
	drawTable(r, w, on, pack.Person, &b.Person)
	drawTable(r, w, on, pack.Person, &b.Supporter)
	drawEvents(r, w, on, pack.Household, &b.HouseholdEvent)
	drawEvents(r, w, on, pack.Person, &b.PersonEvent)
	return b
}

func drawTable(r *rapid.T, w *world, on calendar.Date, u pack.Unit, t *Table) {
	for lane := range t.N {
		for slot, f := range w.layout.Facts(u) {
			t.Facts[slot].Set(lane, drawValue(r, on, f.Type, w.pack.Codes[f.Codes], f.Path()))
		}
		for i := range t.Held {
			t.Held[i].Set(lane, boolNum(rapid.IntRange(0, 4).Draw(r, "holds") == 0))
		}
		for _, complete := range t.Complete {
			complete.Set(lane)
		}
	}
}

func drawEvents(r *rapid.T, w *world, on calendar.Date, u pack.Unit, e *Events) {
	for row := range e.N {
		e.Facts[EventKind].Set(row, drawValue(r, on, pack.CodeOf, w.layout.EventKinds(u), "kind"))
		e.Facts[EventFrom].Set(row, drawValue(r, on, pack.Date, nil, "from"))
		e.Facts[EventTo].Set(row, drawValue(r, on, pack.Date, nil, "to"))
		for i, f := range w.eventType(u).Fields {
			e.Facts[eventFields+i].Set(row, drawValue(r, on, f.Type, w.pack.Codes[f.Codes], f.Name))
		}
	}
}

// drawValue favours zeros and round figures: thresholds lie there.
func drawValue(r *rapid.T, on calendar.Date, t pack.Type, list *pack.CodeList, name string) int64 {
	switch t {
	case pack.Bool:
		return boolNum(rapid.Bool().Draw(r, name))
	case pack.Int:
		return rapid.Int64Range(0, 8).Draw(r, name)
	case pack.Date:
		return int64(on) - rapid.Int64Range(0, 36500).Draw(r, name)
	case pack.CodeOf:
		return rapid.Int64Range(0, int64(len(list.Codes)-1)).Draw(r, name)
	case pack.CodesOf:
		return rapid.Int64Range(0, 1<<min(len(list.Codes), 62)-1).Draw(r, name) & rapid.Int64Range(0, 1<<min(len(list.Codes), 62)-1).Draw(r, name)
	}
	return rapid.SampledFrom([]int64{0, 0, 1, 924_00, 1060_00, 5_000_00, 30_000_00}).Draw(r, name)*10_000 + rapid.Int64Range(0, 9_000_00).Draw(r, name)*10_000
}
