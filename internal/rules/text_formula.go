package rules

import (
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// amountText tells how a component's amount was reached: "70% × 自付 86,000.00 元 = 60,200.00 元，以年度限额 30,000.00 元为限".
func (w *writer) amountText(c ComponentReport) string {
	r := w.calculation(c.Reason.by(w.reasoner))
	w.rely(r)
	text := w.formula(r, 0)
	amount := w.money(*c.Amount, c.Per)
	switch {
	case r.Kind == "constant":
		return amount
	case r.Kind == "parameter" && r.Value == c.Amount.String():
		return text
	case r.Kind == "arithmetic" && signs[r.Operator] != "":
		return text + " = " + amount
	}
	return text + w.say("，即", ", that is ") + amount
}

// calculation is the formula behind an amount: the variable that holds it, and the arm that was taken, opened.
func (w *writer) calculation(r *Reason) *Reason {
	for {
		var inner *Reason
		switch r.Kind {
		case "variable":
			inner = w.open(r)
		case "choice":
			if len(r.Parts) == 2 {
				inner = r.Parts[1]
			}
		case "arithmetic":
			inner = withinLimit(r)
		}
		if inner == nil || inner.Kind == "fold" || inner.Kind == "fact" {
			return r
		}
		r = inner
	}
}

// withinLimit is what was computed, where a limit on it did not decide; else nil.
func withinLimit(r *Reason) *Reason {
	if len(r.Parts) != 2 || r.Operator != "least" && r.Operator != "greatest" {
		return nil
	}
	for i, p := range r.Parts {
		if !isLimit(p) && isLimit(r.Parts[1-i]) && p.Value == r.Value {
			return p
		}
	}
	return nil
}

// deepestFormula is how far a formula is written out.
const deepestFormula = 3

func (w *writer) formula(r *Reason, depth int) string {
	if r.Kind == "choice" && len(r.Parts) == 2 {
		return w.formula(r.Parts[1], depth)
	}
	if r.Kind != "arithmetic" || depth > deepestFormula {
		return w.term(r)
	}
	switch {
	case r.Operator == "least" || r.Operator == "greatest":
		return w.bounded(r, depth)
	case len(r.Parts) == 2 && signs[r.Operator] != "":
		left, right := w.operand(r, r.Parts[0], depth), w.operand(r, r.Parts[1], depth)
		return left + " " + signs[r.Operator] + " " + right
	case len(r.Parts) > 0 && (r.Operator == "round" || r.Operator == "floor" || r.Operator == "ceil"):
		return w.formula(r.Parts[0], depth)
	}
	return w.term(r)
}

// operand is a formula inside another, in brackets where it needs them.
func (w *writer) operand(outer, r *Reason, depth int) string {
	text := w.formula(r, depth+1)
	if r.Kind != "arithmetic" {
		return text
	}
	sum := r.Operator == "+" || r.Operator == "-"
	if r.Operator == "greatest" || r.Operator == "least" {
		sum = true
	}
	if sum && outer.Operator != "+" {
		return "(" + text + ")"
	}
	return text
}

// term is one value of a formula with its name.
func (w *writer) term(r *Reason) string {
	value := w.value(r) + w.sure(r) + w.origin(r)
	if r.Label == nil {
		return value
	}
	return w.label(r) + " " + value
}

// bounded is a formula with a limit: what was computed, and the limit only where it decided.
func (w *writer) bounded(r *Reason, depth int) string {
	if len(r.Parts) != 2 {
		return w.term(r)
	}
	inner, limit := r.Parts[0], r.Parts[1]
	if isLimit(inner) {
		inner, limit = limit, inner
	}
	if !isLimit(limit) || r.Value == "" {
		which := w.say("中较小的", ", the lesser")
		if r.Operator == "greatest" {
			which = w.say("中较大的", ", the greater")
		}
		return w.formula(inner, depth+1) + w.say("与", " and ") + w.formula(limit, depth+1) + which
	}
	text := w.formula(inner, depth)
	if r.Value == inner.Value {
		return text
	}
	if inner.Kind == "arithmetic" {
		text += " = " + w.value(inner)
	}
	switch {
	case isZero(limit):
		return text + w.say("，不足的按 0 计", ", nothing at least")
	case r.Operator == "least":
		return text + w.say("，以", ", at most ") + w.term(limit) + w.say("为限", "")
	}
	return text + w.say("，不低于", ", at least ") + w.term(limit)
}

// isLimit reports whether a value is a figure by itself.
func isLimit(r *Reason) bool { return r.Kind == "parameter" || r.Kind == "constant" }

func isZero(r *Reason) bool {
	a, err := money.Parse(r.Value)
	return r.Kind == "constant" && err == nil && a == 0 && r.Type != string(pack.CodeOf)
}
