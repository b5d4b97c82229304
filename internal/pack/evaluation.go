package pack

import "dajiuzhu/internal/fault"

// Evaluation says how a screening is held against labels of what is so in truth: which outcome a need should come to, and
// which labels stand behind a warning that is right. It judges nobody and nothing of it is computed when households are
// screened.
type Evaluation struct {
	Needs []*NeedMeasure
	Rules []*RuleMeasure
	Pos   Pos
}

// NeedMeasure says by what the need of a label is answered: by a programme's outcome, or by a variable of the household or
// the person that is yes or no, which Parts open.
type NeedMeasure struct {
	Need      string // as labels name it
	Programme string
	Variable  string
	Parts     []string // paths of yes-or-no values of the household: the first that is no tells why the variable is
	Pos       Pos
}

// RuleMeasure says which labels a warning rule is meant to find, or why no label can tell.
type RuleMeasure struct {
	Warning    string
	Finds      []Aim // any of them makes a warning right
	Unmeasured Text
	Pos        Pos
}

// Aim is labels of a kind: of some programmes and by some causes, of all where none are named.
type Aim struct {
	Label      string // need | missed-need | wrong-receipt | contradiction | shock
	Programmes []string
	Causes     []string // as labels name their mechanism
	Within     int      // days: what began at most so long before the date; 0: whenever it began
}

var (
	aimOrReason = fault.Text{Key: "pack.aim-or-reason",
		Zh: "“finds”和“unmeasured”要写一个，只写一个", En: `write "finds" or "unmeasured", and only one of them`}
	notYesOrNo = fault.Text{Key: "pack.not-yes-or-no",
		Zh: "“{found}”不是“是或否”的值（bool），不能用来回答有没有需要", En: `"{found}" is not a yes or no (bool), and cannot answer a need`}
	programmeOrVariable = fault.Text{Key: "pack.programme-or-variable",
		Zh: "“programme”和“variable”要写一个，只写一个", En: `write "programme" or "variable", and only one of them`}
)

func (l *loader) evaluation(o node) {
	e := &Evaluation{Pos: o.pos()}
	for _, item := range o.objects("needs") {
		e.Needs = append(e.Needs, l.needMeasure(item))
	}
	for _, item := range o.objects("rules") {
		e.Rules = append(e.Rules, l.ruleMeasure(item))
	}
	l.pack.Evaluation = e
}

func (l *loader) needMeasure(o node) *NeedMeasure {
	l.unique(o, "need", "need")
	if o.has("programme") == o.has("variable") {
		l.fail(o.pos(), programmeOrVariable, nil)
	}
	l.refers(o, "programme", toProgrammes)
	l.refersTruths(o, "variable")
	l.refers(o, "parts", toValues)
	return &NeedMeasure{Need: o.string("need"), Programme: o.string("programme"), Variable: o.string("variable"), Parts: o.strings("parts"), Pos: o.pos()}
}

// refersTruths says that a key's text names a value that is yes or no.
func (l *loader) refersTruths(o node, key string) {
	for _, n := range o.scalars(key) {
		l.afterwards(func() {
			if l.referTo(toValues, n.Value, o.f.pos(n)) && l.typeOf(n.Value) != Bool {
				l.fail(o.f.pos(n), notYesOrNo, fault.Args{"found": n.Value})
			}
		})
	}
}

// typeOf is the type of a fact or variable.
func (l *loader) typeOf(path string) Type {
	if f := l.factOf(path); f != nil {
		return f.Type
	}
	for _, v := range l.pack.Variables {
		if v.Path() == path {
			return v.Type
		}
	}
	return ""
}

func (l *loader) ruleMeasure(o node) *RuleMeasure {
	l.unique(o, "warning", "measure")
	if o.has("finds") == o.has("unmeasured") {
		l.fail(o.pos(), aimOrReason, nil)
	}
	l.refers(o, "warning", toWarnings)
	m := &RuleMeasure{Warning: o.string("warning"), Unmeasured: o.text("unmeasured"), Pos: o.pos()}
	for _, aim := range o.objects("finds") {
		m.Finds = append(m.Finds, Aim{Label: aim.string("label"), Programmes: aim.strings("programmes"), Causes: aim.strings("causes"), Within: aim.count("within")})
	}
	return m
}
