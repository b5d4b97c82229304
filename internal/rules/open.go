package rules

// AmountOpen reports whether a component of a programme may be due to a lane of the batch evaluated last while its amount is not
// known: not where the component's own condition is false, its rule is not in force, or it is no money.
func (e *Evaluator) AmountOpen(programme, component, lane int) bool {
	a := &e.m.results[programme].amounts[component]
	return a.money && !a.known.Has(lane) && !a.none.Has(lane) && !a.lapsed.Has(lane)
}
