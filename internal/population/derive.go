package population

import (
	"cmp"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

var badAbsent = fault.Text{Key: "population.bad-absent",
	Zh: "absent 的值“{found}”不能作为 {fact}", En: `the absent value "{found}" does not suit {fact}`}

// derivation is one fact of one feed, compiled.
type derivation struct {
	feed    int // in the pack
	decl    *pack.FeedFact
	fact    *pack.Fact
	formula *rules.RowFormula
	by      int  // the column that dates the rows, absent for none
	perRow  bool // the formula reads one row: the latest, or of a set of codes each
	none    int64
	silent  bool // silence means none
}

// union reports whether the values of all rows together make a set.
func (d *derivation) union() bool { return d.fact.Type == pack.CodesOf && d.decl.Latest == "" }

// compileFeeds compiles every feed's facts, in the pack's order.
func compileFeeds(p *pack.Pack) ([]*derivation, fault.List) {
	facts := map[string]*pack.Fact{}
	for _, f := range p.Facts {
		facts[f.Path()] = f
	}
	var all []*derivation
	var faults fault.List
	for i, f := range p.Feeds {
		for _, decl := range f.Facts {
			fact := facts[decl.Fact]
			if fact == nil {
				continue // the pack was refused for it
			}
			d, wrong := compileFact(p, f, decl, fact)
			faults = append(faults, wrong...)
			if d != nil {
				d.feed = i
				all = append(all, d)
			}
		}
	}
	return all, faults
}

func compileFact(p *pack.Pack, f *pack.Feed, decl *pack.FeedFact, fact *pack.Fact) (*derivation, fault.List) {
	d := &derivation{decl: decl, fact: fact, by: absent, perRow: decl.Latest != "" || fact.Type == pack.CodesOf}
	want := fact.Type
	if want == pack.CodesOf {
		want = pack.CodeOf
	}
	formula, faults := rules.CompileRows(p, f, decl.Value, want, fact.Codes, d.perRow)
	if formula == nil {
		return nil, faults
	}
	d.formula = formula
	if column := cmp.Or(decl.Latest, decl.By); column != "" {
		d.by = slices.IndexFunc(f.Columns, func(c *pack.Column) bool { return c.Name == column })
	}
	if decl.Absent == "" {
		return d, nil
	}
	none, err := factShape(p, fact).read(asWritten(fact, decl.Absent))
	if err != nil {
		return nil, fault.List{fault.New(fault.Invalid, badAbsent, fault.Args{"found": decl.Absent, "fact": fact.Path()}).In(decl.Pos.At()).Because(err)}
	}
	d.none, d.silent = none, true
	return d, nil
}

// asWritten is a value as it is written: of a set its codes with commas, "" or "[]" for the empty one.
func asWritten(f *pack.Fact, written string) any {
	if f.Type != pack.CodesOf {
		return written
	}
	if written == "[]" || written == "" {
		return []string{}
	}
	return strings.Split(written, ",")
}

// column is a value of every person.
type column struct {
	num   []int64
	known rules.Bits
}

func newColumn(n int) column { return column{num: make([]int64, n), known: rules.NewBits(n)} }

func (c *column) set(i int, v int64) {
	c.num[i] = v
	c.known.Set(i)
}

// candidate is what one voice says of a fact.
type candidate struct {
	column
	voice
	none rules.Bits // known by silence
	open rules.Bits // the feed has something about the person that gave no value
}

// merged is what all together say of a fact, by the fact's order of trust.
type merged struct {
	kept
	candidates []voice    // in the order of trust
	from       kept       // which of them gave the value
	none       rules.Bits // it is known by silence
}

// derive computes every fact of every person, feed after feed: those that a feed's covers reads come before it. Facts of households wait
// until these are composed.
func (b *builder) derive(all []*derivation, order []int) {
	left := map[string]int{} // feeds that have still to speak of a fact
	for _, d := range all {
		left[d.decl.Fact]++
	}
	b.hearPersons(left)
	candidates := map[string][]*candidate{}
	for _, i := range order {
		covers := b.judge(b.pack.Feeds[i].Covers)
		b.covered[i] = covers.yes
		for _, d := range all {
			if d.feed != i {
				continue
			}
			path := d.decl.Fact
			candidates[path] = append(candidates[path], b.candidate(d))
			if left[path]--; left[path] > 0 {
				continue
			}
			if d.fact.Unit == pack.Household {
				b.ofHouseholds[path] = candidates[path]
			} else {
				b.facts[path] = b.merge(d.fact, append(candidates[path], b.voices(d.fact, oneself)...))
			}
			delete(candidates, path)
		}
	}
}

// rowLanes is rows chosen for a formula: lane i is about one person and reads rows[start[i]:start[i+1]].
type rowLanes struct {
	person []int32
	start  []int32
	rows   []int32
}

// rowsAtOnce bounds the rows that a formula is evaluated over at a time.
const rowsAtOnce = 1 << 16

// candidate computes what a feed says of a fact. A person one of whose rows was set aside is unknown. A person without
// rows has none if the feed was delivered for the place and the months and covers the person.
func (b *builder) candidate(d *derivation) *candidate {
	n := b.register.len()
	c := &candidate{column: newColumn(n), voice: voice{source: "feed:" + b.pack.Feeds[d.feed].ID, of: d}, none: rules.NewBits(n), open: rules.NewBits(n)}
	m, covered, coverage := b.feeds[d.feed], b.covered[d.feed], b.coverage[d.feed]
	lanes := &rowLanes{start: []int32{0}}
	for person := range n {
		if m.aside.Has(person) {
			c.open.Set(person)
			continue
		}
		rows, dated := b.choose(d, m.table, m.of(person))
		switch {
		case !dated:
			c.open.Set(person)
		case len(rows) > 0:
			c.open.Set(person) // until they give a value
			lanes.add(int32(person), rows, d.perRow)
		case d.silent && covered.Has(person) && coverage.closed(b.register.place(person), d.decl.Window):
			c.set(person, d.none)
			c.none.Set(person)
		}
		if len(lanes.rows) >= rowsAtOnce {
			b.evaluate(c, m.table, lanes)
			lanes = &rowLanes{start: []int32{0}}
		}
	}
	b.evaluate(c, m.table, lanes)
	return c
}

func (l *rowLanes) add(person int32, rows []int32, perRow bool) {
	if !perRow {
		l.person = append(l.person, person)
		l.rows = append(l.rows, rows...)
		l.start = append(l.start, int32(len(l.rows)))
		return
	}
	for _, row := range rows {
		l.person = append(l.person, person)
		l.rows = append(l.rows, row)
		l.start = append(l.start, int32(len(l.rows)))
	}
}

// choose is the rows of a person that a fact is about: those of its window, those up to the date, or the latest of them
// (several if they have one date). False if a row is there whose date is not known.
func (b *builder) choose(d *derivation, t *feed.Table, rows []int32) ([]int32, bool) {
	if d.by < 0 {
		return rows, true
	}
	span := calendar.Span{From: calendar.Beginning, To: b.on + 1}
	if d.decl.Window > 0 {
		span = calendar.Span{From: b.on.AddMonths(-d.decl.Window), To: b.on}
	}
	var chosen []int32
	newest := calendar.Beginning
	for _, row := range rows {
		n, known := t.Num(d.by, int(row))
		if !known {
			return nil, false
		}
		day := calendar.Date(n)
		switch {
		case !span.Contains(day):
			continue
		case d.decl.Latest != "" && day < newest:
			continue
		case d.decl.Latest != "" && day > newest:
			chosen, newest = chosen[:0], day
		}
		chosen = append(chosen, row)
	}
	return chosen, true
}

// evaluate runs a fact's formula over chosen rows. Rows that count together for one person must agree, but for a set of
// codes, which they make up together.
func (b *builder) evaluate(c *candidate, t *feed.Table, lanes *rowLanes) {
	if len(lanes.person) == 0 {
		return
	}
	values, failed := c.of.formula.Evaluate(b.on, gather(t, lanes.rows), lanes.start)
	b.failed += failed
	for from := 0; from < len(lanes.person); {
		to := from + 1
		for to < len(lanes.person) && lanes.person[to] == lanes.person[from] {
			to++
		}
		if v, ok := b.together(c.of, &values, from, to); ok {
			c.set(int(lanes.person[from]), v)
			c.open.Clear(int(lanes.person[from]))
		}
		from = to
	}
}

// together is the value of lanes that are about one person.
func (b *builder) together(d *derivation, values *rules.Column, from, to int) (int64, bool) {
	set := int64(0)
	for i := from; i < to; i++ {
		if !values.Known.Has(i) || !d.union() && values.Num[i] != values.Num[from] {
			return 0, false
		}
		set |= 1 << (values.Num[i] & 63)
	}
	if d.fact.Type == pack.CodesOf {
		return set, true
	}
	return values.Num[from], true
}

// gather copies rows of a feed into the shape of package rules. Columns that the language cannot read stay unknown.
func gather(t *feed.Table, rows []int32) rules.Table {
	g := rules.Table{N: len(rows), Facts: make([]rules.Column, len(t.Feed.Columns))}
	for i := range g.Facts {
		c := rules.Column{Num: make([]int64, len(rows)), Known: rules.NewBits(len(rows))}
		for lane, row := range rows {
			if n, ok := t.Num(i, int(row)); ok {
				c.Set(lane, n)
			}
		}
		g.Facts[i] = c
	}
	return g
}

// merge takes each person's value from the most trusted voice that knows one. A feed's silence is none only if no feed that
// is trusted more has something that gave no value. Where a less trusted one says otherwise, that is a disagreement.
func (b *builder) merge(f *pack.Fact, candidates []*candidate) *merged {
	slices.SortStableFunc(candidates, func(x, y *candidate) int { return cmp.Compare(trust(f, x.source), trust(f, y.source)) })
	n := b.register.len()
	m := &merged{none: rules.NewBits(n)}
	for _, c := range candidates {
		m.candidates = append(m.candidates, c.voice)
	}
	value, from := newColumn(n), newColumn(n)
	for person := range n {
		open := false
		for i, c := range candidates {
			switch {
			case !c.known.Has(person):
				open = open || c.open.Has(person)
			case open && c.none.Has(person):
			case !value.known.Has(person):
				value.set(person, c.num[person])
				from.set(person, int64(i))
				if c.none.Has(person) {
					m.none.Set(person)
				}
			case c.num[person] != value.num[person]:
				b.disagree(f, person, value.num[person], candidates[from.num[person]], c)
			}
		}
	}
	m.kept, m.from = value.keep(), from.keep()
	return m
}

// trust is a source's place in a fact's order of trust; those that it does not name come last.
func trust(f *pack.Fact, source string) int {
	if i := slices.Index(f.Trust, source); i >= 0 {
		return i
	}
	return len(f.Trust)
}

func (b *builder) disagree(f *pack.Fact, person int, taken int64, from, beside *candidate) {
	b.disagreements = append(b.disagreements, Disagreement{
		Person: b.register.number(person), Fact: f,
		Taken: taken, From: from.source,
		Other: beside.num[person], Beside: beside.source,
	})
}

// judgement is the answer to a question about every person.
type judgement struct{ yes, unknown rules.Bits }

// judge evaluates one of the pack's expressions over every person, alone.
func (b *builder) judge(e pack.Expr) judgement { return b.judgeAll([]pack.Expr{e})[0] }

// alone is how many persons are judged at a time; whole words of bitmaps.
const alone = 1024

func (b *builder) judgeAll(all []pack.Expr) []judgement {
	n := b.register.len()
	judgements := make([]judgement, len(all))
	asked := false
	for i, e := range all {
		judgements[i] = judgement{rules.NewBits(n), rules.NewBits(n)}
		asked = asked || e.Source != ""
		for person := 0; e.Source == "" && person < n; person++ {
			judgements[i].yes.Set(person) // what is not asked is true of everybody
		}
	}
	evaluator := b.judges.Get().(*rules.Evaluator)
	defer b.judges.Put(evaluator)
	batch := &rules.Batch{}
	for from := 0; asked && from < n; from += alone {
		if size := min(alone, n-from); batch.Person.N != size {
			batch = b.singles(size)
		}
		b.standing(batch, from)
		for i, e := range all {
			if e.Source != "" {
				judgements[i].note(evaluator.Persons(e, batch), from, batch.Person.N)
			}
		}
	}
	return judgements
}

// note takes the answers about n persons.
func (j *judgement) note(answers rules.Column, from, n int) {
	for lane := range n {
		switch {
		case !answers.Known.Has(lane):
			j.unknown.Set(from + lane)
		case answers.Num[lane] == 1:
			j.yes.Set(from + lane)
		}
	}
}

// singles is a batch of persons each of whom stands alone, with nothing known of them.
func (b *builder) singles(n int) *rules.Batch {
	batch := b.layout.NewBatch(n, n, 0, 0, 0)
	for i := range n {
		batch.MemberStart[i+1] = int32(i + 1)
		batch.Counted[i] = 1
	}
	return batch
}

// standing gives a batch of single persons those from one on, with the facts known so far.
func (b *builder) standing(batch *rules.Batch, from int) {
	for i := range batch.Area {
		batch.Area[i] = b.register.place(from + i)
	}
	for path, m := range b.facts {
		if slot, ok := b.layout.Slot(path); ok && strings.HasPrefix(path, string(pack.Person)+".") {
			m.copyTo(&batch.Person.Facts[slot], from/alone)
		}
	}
	for programme := range b.held {
		b.held[programme].copyTo(&batch.Person.Held[programme], from/alone)
	}
}

// slotted is a fact that some feed tells, with its place in batches.
type slotted struct {
	slot int
	fact *merged
}

// place finds the slots of the facts that feeds tell.
func (b *builder) place() {
	b.slots = map[pack.Unit][]slotted{}
	for _, unit := range []pack.Unit{pack.Person, pack.Household} {
		for slot, f := range b.layout.Facts(unit) {
			if m := b.facts[f.Path()]; m != nil {
				b.slots[unit] = append(b.slots[unit], slotted{slot, m})
			}
		}
	}
}
