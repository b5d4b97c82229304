package rules

import (
	"sync"
	"sync/atomic"

	"cel.dev/cel-go/cel"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// RowFormula derives a value of each person from the rows of a feed about that person: "rows.sum(r, r.own_in_policy)"
// over all of them, or "row.grade" over the one that the caller chose.
type RowFormula struct {
	world  *world
	feed   *pack.Feed
	term   *term
	single bool
	last   atomic.Pointer[datedRows]
}

// datedRows is a formula made ready for a date, with machines that have computed it before.
type datedRows struct {
	on       calendar.Date
	plan     *Plan
	root     int32
	machines sync.Pool
}

// dated makes the formula ready for a date. It keeps the last, since one date is asked for again and again.
func (f *RowFormula) dated(on calendar.Date) *datedRows {
	if d := f.last.Load(); d != nil && d.on == on {
		return d
	}
	g := &grapher{
		plan:  &Plan{policy: &Policy{world: f.world}, on: on, places: &places{fact: -1}},
		world: f.world, cons: map[string]int32{}, built: map[builtKey]int32{},
	}
	d := &datedRows{on: on, plan: g.plan, root: g.root(f.term, f.relation())}
	d.machines.New = func() any { return newMachine(d.plan, true) }
	f.last.Store(d)
	return d
}

// relation is of what the formula has a value: of a row, or of the person whose rows they are.
func (f *RowFormula) relation() relation {
	if f.single {
		return feedRows
	}
	return persons
}

// CompileRows compiles a feed's formula for a value of the given type and list of codes. A latest formula reads row, any
// other folds over rows.
func CompileRows(p *pack.Pack, feed *pack.Feed, e pack.Expr, want pack.Type, codes string, latest bool) (*RowFormula, fault.List) {
	w := newWorld(p)
	fields := map[string]*cel.Type{}
	for _, c := range feed.Columns {
		if t, ok := columnType(c); ok {
			fields[c.Name] = celType(t)
		}
	}
	variables := map[string]*cel.Type{"on": dateType, "rows": cel.ListType(cel.ObjectType(rowObject))}
	names := map[string]binding{}
	if latest {
		variables = map[string]*cel.Type{"on": dateType, "row": cel.ObjectType(rowObject)}
		names["row"] = binding{feedRows}
	}
	l, err := newLanguage(objectTypes{rowObject: fields}, variables, nil)
	if err != nil {
		return nil, fault.List{fault.New(fault.Internal, syntaxError, fault.Args{"detail": err.Error(), "detailZh": err.Error()})}
	}
	f, faults := l.typed(e, want)
	if f == nil || len(faults) > 0 {
		return nil, faults
	}
	list := p.Codes[codes]
	b := &builder{world: w, source: e, info: f.checked.NativeRep().SourceInfo(), types: f.checked.NativeRep(), feed: feed, want: list}
	t := b.build(f.checked.NativeRep().Expr(), names)
	if t != nil && t.list != list {
		b.fail(f.checked.NativeRep().Expr(), otherList, fault.Args{"found": listID(t.list), "expected": listID(list)})
	}
	if len(b.faults) > 0 {
		return nil, b.faults
	}
	return &RowFormula{world: w, feed: feed, term: t, single: latest}, nil
}

// columnType is the language's type of a feed's column; texts, identity numbers and areas have none.
func columnType(c *pack.Column) (pack.Type, bool) {
	switch t := pack.Type(c.Type); t {
	case pack.Bool, pack.Int, pack.Date, pack.Decimal, pack.CodeOf:
		return t, true
	}
	return "", false
}

// Evaluate computes the formula for each of n persons. The rows' columns are in the feed's order, and those of person i
// are rows start[i] to start[i+1]; a latest formula reads the first of them. A person without a value is unknown: it had
// no row, or something was unknown or failed, which the second result counts.
func (f *RowFormula) Evaluate(on calendar.Date, rows Table, start []int32) (Column, int) {
	n := len(start) - 1
	d, rel := f.dated(on), f.relation()
	b := &Batch{
		Person: Table{N: n}, PersonEvent: Events{Table: rows, Start: start},
		MemberStart: []int32{0, int32(n)}, Counted: []int32{int32(n)}, Household: Table{N: 1},
		SupporterStart: make([]int32, 2), HouseholdEvent: Events{Start: make([]int32, 2)},
	}
	m := d.machines.Get().(*machine)
	defer d.machines.Put(m)
	m.load(b)
	all := m.everything(rel)
	v := m.need(d.root, all)
	c, failed := Column{Num: make([]int64, n), Known: NewBits(n)}, 0
	for i := range n {
		lane := i
		if f.single {
			if lane = int(start[i]); start[i] == start[i+1] {
				continue
			}
		}
		switch v.state(lane) {
		case stateKnown:
			c.Set(i, v.number(lane))
		case stateError:
			failed++
		}
	}
	return c, failed
}
