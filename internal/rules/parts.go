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

// EvaluateParts computes some parts for a batch, and of a programme only the lanes of its unit that are wanted; nil is
// all. What is not computed is without meaning. With no part it only makes
// the batch ready for Value and Column.
func (e *Evaluator) EvaluateParts(b *Batch, parts Parts, lanes func(programme int) Bits) *Results {
	e.m.load(b)
	return e.parts(parts, lanes)
}

// parts computes some parts for the batch that was loaded.
func (e *Evaluator) parts(parts Parts, lanes func(programme int) Bits) *Results {
	m, r := e.m, &e.results
	r.Warnings = r.Warnings[:0]
	for i, p := range m.plan.programmes {
		if len(r.Programmes) <= i {
			r.Programmes = append(r.Programmes, ProgrammeResult{})
		}
		if i < len(parts.Programmes) && parts.Programmes[i] {
			want := m.all[p.rel]
			if lanes != nil {
				want = lanes(i)
			}
			m.decide(p, want)
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
