package rules

import (
	"strings"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Decided is the lines that say what decided an outcome, as the text has them: of a refusal the conditions that failed and by how
// much, of an open outcome what is not known, of others the conditions that were met, and how each amount was reached. None if the
// household has no such outcome.
func (d *Determination) Decided(p *pack.Pack, lang fault.Lang, programme string, unit UnitReference) []string {
	w := newWriter(d, p, lang, false)
	for i := range d.Outcomes {
		o := &d.Outcomes[i]
		if o.Programme != programme || o.Unit != unit {
			continue
		}
		text := w.aside(func() { w.decided(&block{outcomes: []*OutcomeReport{o}}) })
		var lines []string
		for line := range strings.Lines(text) {
			lines = append(lines, strings.TrimSpace(line))
		}
		return lines
	}
	return nil
}

func (w *writer) decided(b *block) {
	switch b.first().Outcome {
	case Ineligible.String():
		w.conditions(b, "false")
	case Failed.String():
		w.conditions(b, "error")
	case Eligible.String():
		w.conditions(b, "true")
		w.amounts(b)
	default:
		w.conditions(b, "unknown")
		w.amounts(b)
	}
}
