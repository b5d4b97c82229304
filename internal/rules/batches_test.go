package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// The households of these tests are drawn with a plain generator: they are many, and a failure names its seed.

// drawn is a batch of random households of which much is unknown.
func drawnBatch(w *world, on calendar.Date, r *rand.Rand, households int) *Batch {
	persons, supporters := make([]int, households), make([]int, households)
	for h := range households {
		persons[h], supporters[h] = r.IntN(5), r.IntN(3)
	}
	b := w.layout.NewBatch(households, total(persons), total(supporters), 0, 0)
	for h := range households {
		b.MemberStart[h+1] = b.MemberStart[h] + int32(persons[h])
		b.SupporterStart[h+1] = b.SupporterStart[h] + int32(supporters[h])
		b.Counted[h] = int32(r.IntN(persons[h] + 1))
		b.Area[h] = []area.Code{0, mustArea("3714"), mustArea("371402"), mustArea("371402001001"), mustArea("371424"),
			mustArea("371424100281"), mustArea("371424101001"), mustArea("371471"), mustArea("370102")}[r.IntN(9)]
		for _, bits := range []Bits{b.Doubtful, b.Collective} {
			if r.IntN(6) == 0 {
				bits.Set(h)
			}
		}
		if r.IntN(3) > 0 {
			b.AllSupporters.Set(h)
		}
	}
	drawnTable(w, on, r, pack.Household, &b.Household)
	drawnTable(w, on, r, pack.Person, &b.Person)
	drawnTable(w, on, r, pack.Person, &b.Supporter)
	b.HouseholdEvent = drawnEvents(w, on, r, pack.Household, households)
	b.PersonEvent = drawnEvents(w, on, r, pack.Person, b.Person.N)
	return b
}

func total(all []int) int {
	sum := 0
	for _, n := range all {
		sum += n
	}
	return sum
}

func drawnTable(w *world, on calendar.Date, r *rand.Rand, u pack.Unit, t *Table) {
	for lane := range t.N {
		for slot, f := range w.layout.Facts(u) {
			if r.IntN(4) > 0 {
				t.Facts[slot].Set(lane, drawnValue(on, r, f.Type, w.pack.Codes[f.Codes]))
			}
		}
		for i := range t.Held {
			if r.IntN(8) > 0 {
				t.Held[i].Set(lane, boolNum(r.IntN(3) == 0))
			}
		}
		for _, complete := range t.Complete {
			if r.IntN(3) > 0 {
				complete.Set(lane)
			}
		}
	}
}

func drawnEvents(w *world, on calendar.Date, r *rand.Rand, u pack.Unit, parents int) Events {
	start := make([]int32, parents+1)
	for i := range parents {
		start[i+1] = start[i] + int32(r.IntN(3))
	}
	e := w.layout.events(u, parents, int(start[parents]))
	e.Start = start
	for row := range e.N {
		e.Facts[EventKind].Set(row, drawnValue(on, r, pack.CodeOf, w.layout.EventKinds(u)))
		e.Facts[EventFrom].Set(row, drawnValue(on, r, pack.Date, nil))
		if r.IntN(2) > 0 {
			e.Facts[EventTo].Set(row, drawnValue(on, r, pack.Date, nil))
		}
		for i, f := range w.eventType(u).Fields {
			if r.IntN(4) > 0 {
				e.Facts[eventFields+i].Set(row, drawnValue(on, r, f.Type, w.pack.Codes[f.Codes]))
			}
		}
	}
	return e
}

// drawnValue is small, so that values meet thresholds and each other, and now and then so large that sums overflow.
func drawnValue(on calendar.Date, r *rand.Rand, t pack.Type, list *pack.CodeList) int64 {
	switch t {
	case pack.Bool:
		return r.Int64N(2)
	case pack.Int:
		return []int64{0, 1, 2, 3, 5, -1, 1 << 62}[r.IntN(7)]
	case pack.Date:
		return int64(on) - []int64{0, 1, 31, 365, 366, 6573, 21915, -1}[r.IntN(8)]
	case pack.CodeOf:
		return r.Int64N(int64(len(list.Codes)))
	case pack.CodesOf:
		return r.Int64() & (1<<len(list.Codes) - 1)
	}
	return []int64{0, 1_000_000, 2_500_000, 10_000_000, 924_000_000, 5_000_000_000, -1_000_000, 9_000_000_000_000_000_000}[r.IntN(8)]
}

// alone is one household of a batch as a batch of its own.
func (w *world) alone(b *Batch, h int) *Batch {
	members, supporters := [2]int32{b.MemberStart[h], b.MemberStart[h+1]}, [2]int32{b.SupporterStart[h], b.SupporterStart[h+1]}
	rows, ownRows := [2]int32{b.HouseholdEvent.Start[h], b.HouseholdEvent.Start[h+1]}, [2]int32{b.PersonEvent.Start[members[0]], b.PersonEvent.Start[members[1]]}
	one := w.layout.NewBatch(1, int(members[1]-members[0]), int(supporters[1]-supporters[0]), int(rows[1]-rows[0]), int(ownRows[1]-ownRows[0]))
	one.MemberStart[1], one.Counted[0], one.SupporterStart[1] = members[1]-members[0], b.Counted[h], supporters[1]-supporters[0]
	one.Area[0] = b.Area[h]
	for _, bits := range [][2]Bits{{one.Doubtful, b.Doubtful}, {one.Collective, b.Collective}, {one.AllSupporters, b.AllSupporters}} {
		if bits[1].Has(h) {
			bits[0].Set(0)
		}
	}
	copyRows(&one.Household, &b.Household, h)
	copyRows(&one.Person, &b.Person, int(members[0]))
	copyRows(&one.Supporter, &b.Supporter, int(supporters[0]))
	copyRows(&one.HouseholdEvent.Table, &b.HouseholdEvent.Table, int(rows[0]))
	copyRows(&one.PersonEvent.Table, &b.PersonEvent.Table, int(ownRows[0]))
	one.HouseholdEvent.Start[1] = rows[1] - rows[0]
	for i := range one.PersonEvent.Start {
		one.PersonEvent.Start[i] = b.PersonEvent.Start[int(members[0])+i] - ownRows[0]
	}
	return one
}

func copyRows(to, from *Table, first int) {
	for i := range to.N {
		for k, columns := range [][]Column{from.Facts, from.Held} {
			for slot := range columns {
				if c := &columns[slot]; c.Known.Has(first + i) {
					[][]Column{to.Facts, to.Held}[k][slot].Set(i, c.Num[first+i])
				}
			}
		}
		for kind, complete := range from.Complete {
			if complete.Has(first + i) {
				to.Complete[kind].Set(i)
			}
		}
	}
}

// sizes of batches that grow and shrink over the words of bitmaps.
var batchSizes = []int{3, 64, 1, 65, 63, 0, 128, 2, 129}

// TestBatchesAreHouseholds evaluates batches of many sizes one after the other in one evaluator, and every household of
// them alone in a fresh one: the same outcomes, witnesses, amounts, scores, warnings and values, whoever is beside whom and
// whoever was evaluated before.
func TestBatchesAreHouseholds(t *testing.T) {
	t.Parallel()
	policy := mustCompile(t, dezhou(t))
	on := mustDate("2026-11-01")
	plan := policy.On(on, nil)
	e := plan.NewEvaluator()
	r := rand.New(rand.NewPCG(20, 26))
	for _, n := range batchSizes {
		b := drawnBatch(policy.world, on, r, n)
		together := e.told(b)
		for h := range n {
			one := policy.world.alone(b, h)
			apart := plan.NewEvaluator().told(one)
			for i, line := range apart.of(one, 0) {
				if got := together.of(b, h)[i]; got != line {
					t.Fatalf("household %d of %d: %s together, %s alone", h, n, got, line)
				}
			}
		}
	}
}

// told is everything that an evaluation says, unit by unit.
type told struct{ household, person [][]string }

// of is all that is told of a household and its persons.
func (s *told) of(b *Batch, h int) []string {
	all := append([]string{}, s.household[h]...)
	for p := b.MemberStart[h]; p < b.MemberStart[h+1]; p++ {
		all = append(all, s.person[p]...)
	}
	return all
}

func (e *Evaluator) told(b *Batch) *told {
	results := e.Evaluate(b)
	s := &told{make([][]string, b.Household.N), make([][]string, b.Person.N)}
	units := map[pack.Unit][][]string{pack.Household: s.household, pack.Person: s.person}
	policy := e.m.plan.policy
	for i, decl := range policy.world.pack.Programmes {
		r := &results.Programmes[i]
		for lane, of := range units[decl.Unit] {
			line := fmt.Sprintf("%s %s assumed %v", decl.ID, r.Outcome(lane), r.Assumed.Has(lane))
			if r.Outcome(lane) == Ineligible {
				first, _ := r.Witness(lane)
				line += fmt.Sprintf(" by %d", first)
			}
			for _, a := range r.Amounts {
				amount, ok := a.At(lane)
				if !ok {
					amount = 0
				}
				line += fmt.Sprintf(" %s %v", amount, ok)
			}
			units[decl.Unit][lane] = append(of, line)
		}
	}
	for h := range s.household {
		x := &results.Index
		if len(x.Score) == 0 {
			continue
		}
		line := fmt.Sprintf("index %s %s %s", x.Score[h], x.Before[h], x.Coverage[h])
		for i := range x.Parts {
			line += fmt.Sprintf(" %s %v", x.Parts[i][h], x.Known[i].Has(h))
		}
		s.household[h] = append(s.household[h], line)
	}
	for i, rule := range policy.Warnings() {
		for lane, of := range units[rule.Unit] {
			units[rule.Unit][lane] = append(of, fmt.Sprintf("%s %v", rule.ID, results.Warnings[i].Has(lane)))
		}
	}
	for _, v := range policy.world.pack.Variables {
		id := e.m.plan.variables[v.Path()]
		all := e.m.everything(relationOf(v.Unit))
		value := e.m.need(id, all)
		e.m.release(relationOf(v.Unit), all)
		for lane, of := range units[v.Unit] {
			line := v.Path() + " " + value.state(lane).String()
			if value.known.Has(lane) {
				line += fmt.Sprint(" ", value.number(lane))
			}
			for t := range taints {
				line += fmt.Sprint(" ", value.tainted(t, lane>>6)>>(lane&63)&1)
			}
			units[v.Unit][lane] = append(of, line)
		}
	}
	return s
}

// author writes random formulas over the facts of the tiny pack. What it writes later may read what it wrote before.
type author struct {
	r          *rand.Rand
	variables  map[string][]string // "person bool" to names
	programmes map[pack.Unit][]string
	names      int
}

// sight is what a formula sees: the household, a person, and inside a fold the person or event folded over.
type sight struct {
	person    string // variable of a person, "" for none
	supporter bool   // who is no member
	event     string
	household bool
	inside    bool // a fold over members, in which there is no other
}

func (w *author) pick(all ...string) string { return all[w.r.IntN(len(all))] }

// owner is whose fact is read: of what is in sight.
func (w *author) owner(s sight) (name string, unit pack.Unit) {
	if s.person != "" && (!s.household || w.r.IntN(3) > 0) {
		return s.person, pack.Person
	}
	return "household", pack.Household
}

func (w *author) name() string {
	w.names++
	return fmt.Sprintf("v%d", w.names)
}

// read is a fact of a type, or a variable written before.
func (w *author) read(s sight, typ string, facts ...string) string {
	name, unit := w.owner(s)
	known := w.variables[string(unit)+" "+typ]
	if len(known) > 0 && !(s.supporter && unit == pack.Person) && w.r.IntN(3) == 0 {
		return name + "." + w.pick(known...)
	}
	return name + "." + w.pick(facts...)
}

func (w *author) bool(s sight, depth int) string {
	if depth <= 0 {
		return w.read(s, "bool", "a", "b", "c")
	}
	d := depth - 1
	switch w.r.IntN(16) {
	case 14:
		return "(" + w.bool(s, d) + " " + w.pick("==", "!=") + " " + w.bool(s, d) + ")"
	case 15:
		return "(" + w.code(s, d) + " " + w.pick("==", "!=") + " " + w.code(s, d) + ")"
	case 0:
		return "!(" + w.bool(s, d) + ")"
	case 1, 2:
		return "(" + w.bool(s, d) + " && " + w.bool(s, d) + ")"
	case 3, 4:
		return "(" + w.bool(s, d) + " || " + w.bool(s, d) + " || " + w.bool(s, d-1) + ")"
	case 5:
		return "(" + w.bool(s, d) + " ? " + w.bool(s, d) + " : " + w.bool(s, d) + ")"
	case 6:
		return "(" + w.bool(s, d) + ").or(" + w.bool(s, d) + ")"
	case 7:
		return "known(" + w.pick(w.decimal(s, d), w.bool(s, d), w.date(s, d)) + ")"
	case 8:
		return "(" + w.code(s, d) + " " + w.pick("== 'red'", "!= 'blue'", "in ['red', 'green']") + ")"
	case 9:
		return "(" + w.pick("'green'", w.code(s, d)) + " in " + w.read(s, "codes", "s") + ")"
	case 10:
		return w.fold(s, d, "exists", "all")
	case 11:
		return w.programme(s, d)
	case 12:
		return "(" + w.date(s, d) + " " + w.pick("<", "<=", "==", "!=", ">") + " " + w.date(s, d) + ")"
	}
	operator := w.pick("<", "<=", ">", ">=", "==", "!=")
	return "(" + w.pick(w.decimal(s, d), w.int(s, d)) + " " + operator + " " + w.pick(w.decimal(s, d), w.int(s, d)) + ")"
}

func (w *author) int(s sight, depth int) string {
	if depth <= 0 {
		return w.pick("0", "2", w.read(s, "int", "i", "j"))
	}
	d := depth - 1
	switch w.r.IntN(6) {
	case 0:
		return "(" + w.int(s, d) + " " + w.pick("+", "-", "*") + " " + w.int(s, d) + ")"
	case 1:
		return w.pick("years", "months", "days") + "(" + w.date(s, d) + ", " + w.date(s, d) + ")"
	case 2:
		return "(" + w.int(s, d) + ").or(" + w.int(s, d) + ")"
	case 3:
		return "(" + w.bool(s, d) + " ? " + w.int(s, d) + " : " + w.int(s, d) + ")"
	case 4:
		return w.fold(s, d, "count")
	}
	return w.read(s, "int", "i", "j")
}

func (w *author) decimal(s sight, depth int) string {
	if depth <= 0 {
		return w.pick("0.0", "-2.5", "1000.0", "param.standard", "param.late", "param.step", w.read(s, "decimal", "x", "y"))
	}
	d := depth - 1
	switch w.r.IntN(10) {
	case 0, 1:
		return "(" + w.decimal(s, d) + " " + w.pick("+", "-", "*", "/") + " " + w.decimal(s, d) + ")"
	case 2:
		return w.pick("least", "greatest") + "(" + w.decimal(s, d) + ", " + w.int(s, d) + ")"
	case 3:
		return w.pick("floor(", "ceil(", "-(") + w.decimal(s, d) + ")"
	case 4:
		return "(" + w.decimal(s, d) + ").or(" + w.decimal(s, d) + ")"
	case 5:
		return "(" + w.bool(s, d) + " ? " + w.decimal(s, d) + " : " + w.decimal(s, d) + ")"
	case 6:
		return w.fold(s, d, "sum", "max", "min")
	case 7:
		return w.pick("param.table", "param.late_table") + "[" + w.pick(w.code(s, d), "'red'") + "]"
	case 8:
		return w.pick("param.bands", "param.late_bands") + ".band(" + w.pick(w.decimal(s, d), w.int(s, d)) + ")"
	}
	return "round(" + w.decimal(s, d) + ", " + w.pick("0", "2", "6") + ")"
}

func (w *author) date(s sight, depth int) string {
	fact := w.read(s, "date", "d", "e")
	if s.event != "" {
		fact = s.event + "." + w.pick("from", "to")
	}
	if depth > 0 && w.r.IntN(3) == 0 {
		return "(" + w.bool(s, depth-1) + " ? " + fact + " : " + w.pick("on", "date('2026-01-31')") + ")"
	}
	return w.pick("on", fact, fact)
}

func (w *author) code(s sight, depth int) string {
	fact := w.read(s, "code", "k")
	if depth > 0 && w.r.IntN(3) == 0 {
		return "(" + w.bool(s, depth-1) + " ? " + fact + " : 'red')"
	}
	if depth > 0 && w.r.IntN(3) == 0 {
		return fact + ".or('blue')"
	}
	return fact
}

// fold folds over whatever is in sight.
func (w *author) fold(s sight, depth int, functions ...string) string {
	function, v := w.pick(functions...), w.name()
	body := func(inner sight) string {
		switch function {
		case "exists", "all", "count":
			return w.bool(inner, depth)
		}
		return w.decimal(inner, depth)
	}
	switch over := w.r.IntN(4); {
	case (s.event != "" || s.supporter) && function == "count":
		return w.int(s, 0)
	case s.event != "" || s.supporter:
		return body(s)
	case over == 0 && s.household && !s.inside:
		return fmt.Sprintf("household.supporters.%s(%s, %s)", function, v, body(sight{person: v, supporter: true, household: true, inside: true}))
	case over == 1 && s.household && !s.inside:
		return fmt.Sprintf("household.members.%s(%s, %s)", function, v, body(sight{person: v, household: true, inside: true}))
	}
	name, unit := w.owner(s)
	inner := s
	inner.event = v
	if unit == pack.Household {
		inner.person = "" // a fold over the household's events sees nobody
	}
	switch function {
	case "exists", "all", "count":
		kinds := w.pick(".kind == 'fire'", ".kind in ['fire', 'flood']")
		return fmt.Sprintf("%s.events.%s(%s, %s%s %s)", name, function, v, v, kinds, w.pick("&& "+body(inner), "? "+body(inner)+" : "+w.pick("true", "false")))
	}
	amount := w.pick(v+".amount", body(inner))
	return fmt.Sprintf("%s.events.%s(%s, %s.kind == '%s' ? %s : %s)", name, function, v, v, w.pick("fire", "flood"), amount, w.pick("0.0", "1.0", amount))
}

// programme reads a programme written before. Persons may receive the household's too, supporters have no results.
func (w *author) programme(s sight, depth int) string {
	name, unit := w.owner(s)
	if unit == pack.Person && (s.supporter || len(w.programmes[unit]) == 0 || w.r.IntN(4) == 0) {
		return name + ".holds('" + w.pick("p0", "p1") + "')"
	}
	all := w.programmes[unit]
	if len(all) == 0 {
		return name + ".a"
	}
	id := w.pick(all...)
	return w.pick(name+".holds('"+id+"')", name+".eligible('"+id+"')", "("+name+".amount('"+id+"') > "+w.decimal(s, depth)+")",
		"("+name+".outcome('"+id+"') in ['eligible', 'possible', 'not-assessed'])")
}

// drawnPack is a pack of random formulas: variables and programmes in turn, each of which may read those before.
func drawnPack(r *rand.Rand) *pack.Pack {
	p := placePack()
	w := &author{r: r, variables: map[string][]string{}, programmes: map[pack.Unit][]string{}}
	for i := range 8 {
		unit, s := pack.Household, sight{household: true}
		if r.IntN(2) == 0 {
			unit, s.person = pack.Person, "person"
		}
		for _, typ := range []string{"bool", "int", "decimal", "date"} {
			v := w.variable(unit, fmt.Sprintf("%s%d", typ, i), typ, s)
			p.Variables = append(p.Variables, v)
			key := string(unit) + " " + typ
			w.variables[key] = append(w.variables[key], v.Name)
		}
		rounding := w.pick("fen-half-up", "fen-up", "yuan-up", "yuan-half-up", "")
		q := rule(fmt.Sprintf("p%d", i), unit, []*pack.Component{
			{ID: "cash", Amount: pack.Expr{Source: w.decimal(s, 2)}, Per: "month", Rounding: rounding},
			{ID: "care", When: pack.Expr{Source: w.bool(s, 1)}},
			{ID: "more", When: pack.Expr{Source: w.bool(s, 2)}, Amount: pack.Expr{Source: w.decimal(s, 1)}, Per: "month", Rounding: rounding}},
			w.bool(s, 1), w.bool(s, 2), w.bool(s, 1))
		q.Versions[0].Conditions[r.IntN(3)].OnConsent = true
		if r.IntN(6) == 0 {
			q.Versions[0].Span = calendar.Since(mustDate("2027-01-01"))
		}
		p.Programmes = append(p.Programmes, q)
		w.programmes[unit] = append(w.programmes[unit], q.ID)
	}
	return p
}

func (w *author) variable(unit pack.Unit, name, typ string, s sight) *pack.Variable {
	write := map[string]func(sight, int) string{"bool": w.bool, "int": w.int, "decimal": w.decimal, "date": w.date}[typ]
	v := always(unit, name, pack.Type(typ), write(s, 1+w.r.IntN(3)))
	if w.r.IntN(8) == 0 {
		v.Versions[0].Span = calendar.Since(mustDate("2027-01-01"))
	}
	return v
}

// TestFormulasMeanWhatTheySay holds the engine, with narrowing and without, to the second writing of the language's
// meaning, over random formulas and random batches of which much is unknown, failing or not in force.
func TestFormulasMeanWhatTheySay(t *testing.T) {
	t.Parallel()
	on := mustDate("2026-11-01")
	for seed := range uint64(packsDrawn) {
		r := rand.New(rand.NewPCG(seed, 1))
		p := drawnPack(r)
		policy, faults := Compile(p)
		if len(faults) > 0 {
			t.Fatalf("seed %d: %v\n%s", seed, faults, formulas(p))
		}
		plan := policy.On(on, nil)
		machines := []*Evaluator{plan.NewEvaluator(), {m: newMachine(plan, false)}}
		for _, n := range []int{2, 65, 1, 20} {
			b := drawnBatch(policy.world, on, r, n)
			narrow, full := machines[0].told(b), machines[1].told(b)
			x := &reference{w: policy.world, on: on, b: b}
			for h := range n {
				for i, want := range x.told(h) {
					if got := narrow.of(b, h)[i]; got != want {
						t.Fatalf("seed %d, household %d of %d:\n in a batch %s\n it should %s\n%s", seed, h, n, got, want, formulas(p))
					}
					if got := full.of(b, h)[i]; got != want {
						t.Fatalf("seed %d, household %d of %d:\n explained %s\n it should %s\n%s", seed, h, n, got, want, formulas(p))
					}
				}
			}
		}
	}
}

// packsDrawn is how many packs of random formulas the tests write.
const packsDrawn = 40

func formulas(p *pack.Pack) string {
	var all []string
	for _, v := range p.Variables {
		all = append(all, v.Path()+" = "+v.Versions[0].Value.Source)
	}
	for _, q := range p.Programmes {
		for _, c := range q.Versions[0].Conditions {
			all = append(all, q.ID+"."+c.ID+" = "+c.When.Source)
		}
		for _, c := range q.Versions[0].Components {
			all = append(all, q.ID+"."+c.ID+" = "+c.When.Source+" : "+c.Amount.Source)
		}
	}
	return strings.Join(all, "\n")
}

// told is what a household's results should be, in the words of an evaluator.
func (x *reference) told(h int) []string {
	all := x.toldOf(pack.Household, spot{households, h})
	for p := x.b.MemberStart[h]; p < x.b.MemberStart[h+1]; p++ {
		all = append(all, x.toldOf(pack.Person, spot{persons, int(p)})...)
	}
	return all
}

func (x *reference) toldOf(u pack.Unit, s spot) []string {
	var all []string
	for _, decl := range x.w.pack.Programmes {
		if decl.Unit != u {
			continue
		}
		d := x.decide(x.w.programmes[decl.ID], s)
		line := fmt.Sprintf("%s %s assumed %v", decl.ID, d.outcome, d.taints[assumed])
		if d.outcome == Ineligible {
			line += fmt.Sprintf(" by %d", d.witness)
		}
		for i := range decl.Versions[0].Components {
			switch {
			case !decl.Versions[0].Span.Contains(x.on):
			case d.amounts != nil && d.amounts[i].state == stateKnown && d.given[i]:
				line += " " + d.amounts[i].text() + " true"
			default:
				line += " 0 false"
			}
		}
		all = append(all, line)
	}
	if u == pack.Household {
		all = append(all, "index 0 0 0")
	}
	for _, v := range x.w.pack.Variables {
		if v.Unit != u {
			continue
		}
		a := x.of(&term{op: opVariable, rel: s.rel, vari: x.w.variables[v.Path()]}, s)
		line := v.Path() + " " + a.state.String()
		if a.state == stateKnown {
			line += fmt.Sprint(" ", a.num)
		}
		for t := range taints {
			line += fmt.Sprint(" ", boolNum(a.taints[t]))
		}
		all = append(all, line)
	}
	return all
}

// TestOpenOutcomesSayWhy explains random formulas of random households: whatever is possible names something to find out,
// whatever is not in force names what lapsed, and everything can be told.
func TestOpenOutcomesSayWhy(t *testing.T) {
	t.Parallel()
	on := mustDate("2026-11-01")
	for seed := range uint64(packsDrawn) {
		r := rand.New(rand.NewPCG(seed, 2))
		p := drawnPack(r)
		policy := mustCompile(t, p)
		plan := policy.On(on, nil)
		b := drawnBatch(policy.world, on, r, 6)
		for h := range b.Household.N {
			one := policy.world.alone(b, h)
			told := plan.Explain(Subject{Batch: one, Persons: numbered(one.Person.N), Supporters: numbered(one.Supporter.N)})
			for _, lang := range []fault.Lang{fault.Zh, fault.En} {
				told.FullText(p, lang)
			}
			for _, o := range told.Outcomes {
				if o.Outcome == Possible.String() && len(o.Missing.Tell()) == 0 {
					t.Errorf("seed %d, household %d: %s is possible, and nothing is missing\n%s", seed, h, o.Programme, formulas(p))
				}
				if o.Outcome == NotInForce.String() && len(o.NotInForce.Tell()) == 0 {
					t.Errorf("seed %d, household %d: %s is not in force, and nothing lapsed\n%s", seed, h, o.Programme, formulas(p))
				}
			}
		}
	}
}
