package rules

// Parts are the parts of a plan: of programmes, the index and warnings, those that somebody wants. The zero value is none.
type Parts struct {
	Programmes []bool // in the pack's order; nil: none
	Index      bool
	Warnings   []bool // in the order of Policy.Warnings; nil: none
}

// Any reports whether there is some part.
func (p Parts) Any() bool {
	for _, parts := range [][]bool{p.Programmes, p.Warnings} {
		for _, wanted := range parts {
			if wanted {
				return true
			}
		}
	}
	return p.Index
}

// Wanted is the lanes of a programme's unit that somebody wants. Refused, if it is there, says by condition which of them the
// condition is likely to refuse, as when it did so before: it is asked first, and where it refuses for good nothing else is. Then
// the first false condition is not known, only that one.
type Wanted struct {
	Lanes   Bits
	Refused []Bits
}

// EvaluateParts computes some parts for a batch, and of a programme only the lanes of its unit that are wanted; nil is
// all. What is not computed is without meaning. With no part it only makes
// the batch ready for Value and Column.
func (e *Evaluator) EvaluateParts(b *Batch, parts Parts, lanes func(programme int) Wanted) *Results {
	m := e.m
	m.load(b)
	r := &e.results
	r.Warnings = r.Warnings[:0]
	for i, p := range m.plan.programmes {
		if len(r.Programmes) <= i {
			r.Programmes = append(r.Programmes, ProgrammeResult{})
		}
		if i < len(parts.Programmes) && parts.Programmes[i] {
			want := Wanted{Lanes: m.all[p.rel]}
			if lanes != nil {
				want = lanes(i)
			}
			for condition, refused := range want.Refused {
				m.refute(p, condition, refused)
			}
			m.decide(p, want.Lanes)
			m.results[i].show(&r.Programmes[i], m.lanes[p.rel])
		}
	}
	if parts.Index {
		m.index(&r.Index)
	}
	for i := range m.plan.warnings {
		r.Warnings = append(r.Warnings, nil)
		if i < len(parts.Warnings) && parts.Warnings[i] {
			r.Warnings[i] = m.fires(i)
		}
	}
	return r
}

// refute makes lanes done that a condition refuses for good: whatever the others say, they are ineligible and rest on nothing.
func (m *machine) refute(p *programmePlan, condition int, want Bits) {
	if want == nil || !want.Any() {
		return
	}
	r := &m.results[p.index]
	if r.batch != m.number {
		r.begin(p, m.number, m.lanes[p.rel])
	}
	sel := m.selection(p.rel)
	defer m.release(p.rel, sel)
	for w := range sel {
		sel[w] = want[w] &^ r.done[w]
	}
	v := m.need(p.conditions[condition], sel)
	for w := range sel {
		sel[w] &= v.states(w).known &^ v.isTrue[w] &^ v.anyTaint(w)
		r.of[Ineligible][w] |= sel[w]
		r.refused[condition][w] |= sel[w]
		r.done[w] |= sel[w]
	}
	m.skip(p, r, sel)
}
