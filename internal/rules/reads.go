package rules

import (
	"slices"

	"dajiuzhu/internal/pack"
)

// formulaKey names an expression by its place and its text.
type formulaKey struct {
	pos    pack.Pos
	source string
}

func keyOf(e pack.Expr) formulaKey { return formulaKey{e.Pos, e.Source} }

// Reading is what an expression of the pack names itself, each thing once and in the order of the text. What a variable
// reads in its turn is not in it.
type Reading struct {
	Facts      []*pack.Fact
	Variables  []*pack.Variable
	Parameters []ParameterReading
	Held       []*pack.Programme // asks who receives it
	Determined []*pack.Programme // asks for its outcome or amount
}

// ParameterReading is a parameter that an expression looks up.
type ParameterReading struct {
	Parameter *pack.Parameter
	Codes     []string // of a table by codes those written out; nil where the code is computed
}

// Reads is what an expression of the policy's pack names; nothing of an absent one.
func (p *Policy) Reads(e pack.Expr) Reading {
	var r Reading
	eachTerm(p.world.terms[keyOf(e)], r.visit)
	return r
}

func (r *Reading) visit(t *term) {
	switch t.op {
	case opFact:
		if f := t.fact.fact; f != nil && !slices.Contains(r.Facts, f) {
			r.Facts = append(r.Facts, f)
		}
	case opVariable:
		if v := t.vari.decl; !slices.Contains(r.Variables, v) {
			r.Variables = append(r.Variables, v)
		}
	case opParam, opParamTable, opParamBand:
		r.parameter(t)
	case opHolds:
		if q := t.prog.decl; !slices.Contains(r.Held, q) {
			r.Held = append(r.Held, q)
		}
	case opEligible, opAmount, opOutcome:
		if q := t.prog.decl; !slices.Contains(r.Determined, q) {
			r.Determined = append(r.Determined, q)
		}
	}
}

func (r *Reading) parameter(t *term) {
	var code string
	if t.op == opParamTable && t.args[0].op == opConst {
		code = t.args[0].list.Codes[t.args[0].num].ID
	}
	for i := range r.Parameters {
		q := &r.Parameters[i]
		if q.Parameter != t.param {
			continue
		}
		switch {
		case code == "":
			q.Codes = nil
		case q.Codes != nil && !slices.Contains(q.Codes, code):
			q.Codes = append(q.Codes, code)
		}
		return
	}
	reading := ParameterReading{Parameter: t.param}
	if code != "" {
		reading.Codes = []string{code}
	}
	r.Parameters = append(r.Parameters, reading)
}
