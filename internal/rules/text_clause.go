package rules

import (
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// mostClauses is how many values a condition shows. The whole tree is in the JSON and in FullText.
const mostClauses = 3

// clause is one value that decided: what it is, of whom, and what it was held against.
type clause struct {
	label   string
	of      []holding
	rest    string  // what it was held against
	far     string  // by how much money it missed that
	against *Reason // whose figures are relied on
	word    bool    // the value is a word, not a number
	negated bool    // it stands behind a not
}

// holding is a value with those who have it; nobody is named of the household.
type holding struct {
	who   []string
	value string
}

// clauses are the values that decided a condition: its tree, opened as long as it stays within a few of them. A variable
// that would show more than that stands for itself. Of what is true less is opened: that it holds is enough.
func (w *writer) clauses(r *Reason, depth, most int) []clause {
	at := clausesAt{r, min(depth, 2), most} // a greater depth changes nothing
	all, known := w.decisive[at]
	if !known {
		all = w.findClauses(r, depth, most)
		if w.decisive == nil {
			w.decisive = map[clausesAt][]clause{}
		}
		w.decisive[at] = all
	}
	return slices.Clone(all)
}

// clausesAt is what clauses were asked of. The same value stands in a condition in many places, each of which is asked with several limits.
type clausesAt struct {
	reason      *Reason
	depth, most int
}

func (w *writer) findClauses(r *Reason, depth, most int) []clause {
	switch r.Kind {
	case "constant":
		return nil
	case "and", "or":
		return w.several(r.Parts, depth, most)
	case "not":
		return negate(w.several(r.Parts, depth+1, most))
	case "fold":
		if r.Type == string(pack.Bool) {
			return w.several(r.Parts, depth, most)
		}
	case "choice":
		if r.Type == string(pack.Bool) && len(r.Parts) > 0 {
			return w.clauses(r.Parts[len(r.Parts)-1], depth, most)
		}
	case "variable":
		if inner := w.openClauses(r, depth, most); inner != nil {
			return inner
		}
	case "compare":
		return []clause{w.comparison(r)}
	}
	return []clause{w.plainClause(r)}
}

func negate(all []clause) []clause {
	for i := range all {
		all[i].negated = !all[i].negated
	}
	return all
}

// openClauses are the clauses inside a variable, nil where it had better stand for itself.
func (w *writer) openClauses(r *Reason, depth, most int) []clause {
	open := w.open(r)
	if open == nil || r.Type != string(pack.Bool) {
		return nil
	}
	if r.Value == "true" && depth > 0 {
		most = 1
		if depth > 1 {
			return nil
		}
	}
	inner := w.clauses(open, depth+1, most)
	if len(inner) == 0 || len(inner) > most {
		return nil
	}
	return inner
}

// several are the clauses of some operands together; where they are too many, each operand is held to one.
func (w *writer) several(parts []*Reason, depth, most int) []clause {
	all := w.gather(parts, depth, most)
	if len(all) > most && len(parts) > 1 {
		all = w.gather(parts, depth, 1)
	}
	return all
}

func (w *writer) gather(parts []*Reason, depth, most int) []clause {
	var all []clause
	for _, p := range parts {
		inner := w.clauses(p, depth, most)
		if len(inner) > most && p.Label != nil {
			inner = []clause{w.plainClause(p)}
		}
		all = append(all, inner...)
	}
	return mergeClauses(all)
}

// plainClause is a value with its name.
func (w *writer) plainClause(r *Reason) clause {
	return clause{label: w.label(r), of: []holding{{w.who(r), w.value(r) + w.origin(r)}}, word: !isNumber(r)}
}

func (w *writer) who(r *Reason) []string {
	if r.Of == "" {
		return nil
	}
	return []string{r.Of}
}

func isNumber(r *Reason) bool {
	return r.State == "known" && (r.Type == string(pack.Decimal) || r.Type == string(pack.Int) || r.Type == string(pack.Date))
}

// label names a value; of a calculation what it was made of.
func (w *writer) label(r *Reason) string {
	switch {
	case r.Kind == "holds":
		return w.say("正在享受", "has ") + w.in(*r.Label)
	case r.Kind == "parameter" && !w.full:
		return short(w.in(*r.Label))
	case r.Label != nil:
		return w.in(*r.Label)
	case r.Kind == "arithmetic" && len(r.Parts) == 2 && signs[r.Operator] != "":
		return w.label(r.Parts[0]) + " " + signs[r.Operator] + " " + w.label(r.Parts[1])
	case r.Kind == "constant":
		return w.value(r)
	case len(r.Parts) > 0:
		return w.label(r.Parts[len(r.Parts)-1])
	}
	return ""
}

// short is a name without what stands behind it in brackets.
func short(name string) string {
	for _, open := range []string{"（", " ("} {
		if head, _, ok := strings.Cut(name, open); ok && head != "" {
			return head
		}
	}
	return name
}

var signs = map[string]string{"+": "+", "-": "−", "*": "×", "/": "÷"}

// comparison is a value and what it was held against. A test against a word or a flag shows only the value: the test
// stands in the condition's own sentence.
func (w *writer) comparison(r *Reason) clause {
	if len(r.Parts) != 2 {
		return w.plainClause(r)
	}
	left, right, operator := r.Parts[0], r.Parts[1], r.Operator
	if left.Kind == "constant" && right.Kind != "constant" {
		left, right, operator = right, left, mirrored[operator]
	}
	c := w.plainClause(left)
	if c.word || right.Kind == "constant" && !isNumber(right) {
		return c
	}
	measure := left.Measure
	if measure == "" {
		measure = right.Measure
	}
	c.of[0].value = w.valueIn(left, measure) + w.origin(left)
	if r.Value == "false" {
		operator = inverse[operator]
	}
	if right.Kind == "constant" && (operator == "=" || isZero(right)) {
		return c
	}
	c.rest = w.say("，", ", ") + w.against(operator, measure) + w.side(right, measure)
	c.against = right
	if r.Value == "false" && !w.hides(left) && !w.hides(right) {
		c.far = w.distanceText(left, right, operator)
	}
	return c
}

var (
	mirrored = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "in": "in"}
	inverse  = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "≠", "in": "in"}
)

// against is a comparison in words.
func (w *writer) against(operator, measure string) string {
	years := measure == "years"
	switch {
	case operator == "<" && years:
		return w.say("不满", "below ")
	case operator == ">=" && years:
		return w.say("已满", "not below ")
	case operator == "<":
		return w.say("低于", "below ")
	case operator == "<=":
		return w.say("不超过", "not above ")
	case operator == ">":
		return w.say("超过", "above ")
	case operator == ">=":
		return w.say("不低于", "not below ")
	case operator == "=":
		return w.say("等于", "equal to ")
	}
	return w.say("不等于", "not equal to ")
}

// side is what a value is held against: its name and value, or what it comes to.
func (w *writer) side(r *Reason, measure string) string {
	value := w.valueIn(r, measure)
	if r.Kind == "choice" && len(r.Parts) > 0 {
		return w.side(r.Parts[len(r.Parts)-1], measure)
	}
	if r.Label == nil || value == "" {
		if w.lang == "zh" && r.Label == nil {
			return " " + value
		}
		return value
	}
	return lowered(w.label(r)) + " " + value + w.sure(r)
}

// lowered is an English name in the middle of a sentence: without its capital, unless it is a proper name.
func lowered(name string) string {
	first, rest, _ := strings.Cut(name, " ")
	head, tail := first[:min(1, len(first))], first[min(1, len(first)):]
	if strings.ToLower(tail) != tail || rest != "" && strings.ToUpper(rest[:1]) == rest[:1] && strings.ToLower(rest[:1]) != rest[:1] {
		return name
	}
	return strings.ToLower(head) + name[len(head):]
}

// sure marks a figure that was not found.
func (w *writer) sure(r *Reason) string {
	if r.Kind != "parameter" || w.statusName(r.Status) == "" {
		return ""
	}
	return w.say("〔"+w.statusName(r.Status)+"〕", " ["+w.statusName(r.Status)+"]")
}

// distanceText is by how much money a comparison is missed, and how far that is from the standard for one person.
func (w *writer) distanceText(left, right *Reason, operator string) string {
	a, errA := money.Parse(left.Value)
	b, errB := money.Parse(right.Value)
	if errA != nil || errB != nil || !isMoney(left.Measure) || right.Kind == "constant" {
		return ""
	}
	by, _ := a.Sub(b)
	amount := func() string { return w.measured(by, yuan) }
	over, short, head := w.say("，高出 ", ", ")+"%s"+w.say("", " over"), w.say("，还差 ", ", ")+"%s"+w.say("", " short"), w.say("高出 ", "")
	text := over
	switch {
	case by == 0 && operator == ">=":
		return w.say("，须低于才行", " (it has to be below)")
	case by == 0:
		return w.say("，须超过才行", " (it has to be above)")
	case by < 0:
		by, _ = b.Sub(a)
		text, head = short, w.say("差 ", "")
	}
	text = fmt.Sprintf(text, amount())
	d := w.distanceOf(by)
	if d == nil || d.PerHead == nil {
		return text
	}
	each := d.PerHead.Text()
	switch {
	case d.PerHeadMeasure == monthly && d.Persons == 1:
		return text + w.brackets(w.say("每月"+head+each+" 元", each+" yuan a month"))
	case d.PerHeadMeasure == monthly:
		return text + w.brackets(w.say("人均每月"+head+each+" 元", each+" yuan a head a month"))
	}
	return text + w.brackets(w.say("人均"+head+each+" 元", each+" yuan a head"))
}

// distanceOf finds a distance among those of the condition at hand.
func (w *writer) distanceOf(by money.Decimal) *Distance {
	for i := range w.far {
		if d := &w.far[i]; d.By == by {
			return d
		}
	}
	return nil
}

// mergeClauses tells the same thing once: of a floor and the value itself the value, of several persons with the same
// value one clause.
func mergeClauses(all []clause) []clause {
	var out []clause
	for _, c := range all {
		at := slices.IndexFunc(out, func(o clause) bool { return o.says(c) })
		switch {
		case at < 0:
			out = append(out, c)
		case c.rest != "":
			out[at] = c
		}
	}
	return mergeAlike(out)
}

// mergeAlike joins what several persons have of the same thing, and of one value held against several figures keeps the
// first.
func mergeAlike(all []clause) []clause {
	var out []clause
	for _, c := range all {
		at := slices.IndexFunc(out, func(o clause) bool { return o.label == c.label && o.rest == c.rest })
		if at >= 0 {
			o := &out[at]
			if o.far != c.far {
				o.far = "" // each has his own
			}
			o.of = mergeHoldings(slices.Concat(o.of, c.of))
			continue
		}
		out = append(out, c)
	}
	var first []clause
	for _, c := range out {
		if !slices.ContainsFunc(first, func(o clause) bool { return o.label == c.label && sameHoldings(o.of, c.of) }) {
			first = append(first, c)
		}
	}
	return first
}

func sameHoldings(a, b []holding) bool {
	return slices.EqualFunc(a, b, func(a, b holding) bool { return slices.Equal(a.who, b.who) && a.value == b.value })
}

// says reports whether two clauses are of the same value of the same person: one by another name held against the same,
// or one held against nothing more.
func (c clause) says(o clause) bool {
	return sameHoldings(c.of, o.of) && (c.rest == o.rest && c.rest != "" || c.label == o.label && (c.rest == o.rest || o.rest == "" || c.rest == ""))
}

func mergeHoldings(all []holding) []holding {
	var out []holding
	for _, h := range all {
		at := slices.IndexFunc(out, func(o holding) bool { return o.value == h.value })
		if at < 0 {
			out = append(out, holding{slices.Clone(h.who), h.value})
			continue
		}
		for _, name := range h.who {
			if !slices.Contains(out[at].who, name) {
				out[at].who = append(out[at].who, name)
			}
		}
	}
	return out
}

// clauseTexts are clauses as sentences. Of more than a few, those that tell a distance in money come first and the rest is
// left out; what stands behind a not is told only where there is nothing else. The subjects are those of whom the whole block is: what all of them have in common does not name them.
func (w *writer) clauseTexts(all []clause, subjects []string) string {
	more := ""
	if straight := slices.DeleteFunc(slices.Clone(all), func(c clause) bool { return c.negated }); len(straight) > 0 {
		all = straight
	}
	if len(all) > mostClauses {
		slices.SortStableFunc(all, func(a, b clause) int {
			switch {
			case (a.far == "") == (b.far == ""):
				return 0
			case a.far != "":
				return -1
			}
			return 1
		})
		all, more = all[:mostClauses], w.say("等", " and more")
	}
	var texts []string
	for _, c := range all {
		texts = append(texts, w.clauseText(c, subjects))
	}
	return w.statements(texts) + more
}

func (w *writer) clauseText(c clause, subjects []string) string {
	if c.against != nil {
		w.rely(c.against)
	}
	if len(c.of) == 1 {
		who := c.of[0].who
		if sameNames(who, subjects) {
			who = nil
		}
		link := w.say(" ", ": ")
		if c.word {
			link = w.say("：", " – ")
		}
		return w.ownerOf(who, c) + c.label + link + c.of[0].value + c.rest + c.far
	}
	var values []string
	for _, h := range c.of {
		values = append(values, strings.TrimSpace(w.list(h.who)+" "+h.value))
	}
	return c.label + w.say("：", ": ") + w.list(values) + c.rest + c.far
}

func (w *writer) ownerOf(who []string, c clause) string {
	switch {
	case len(who) == 0:
		return ""
	case w.lang == "zh" && len(who) == 1 && !c.word:
		return who[0] + "的"
	}
	return w.list(who) + w.say(" ", ": ")
}

func sameNames(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(name string) bool { return !slices.Contains(b, name) })
}

// rely keeps the parameters that a shown value rests on, for the list of figures.
func (w *writer) rely(r *Reason) {
	switch r.Kind {
	case "parameter":
		same := func(f *Reason) bool { return f.Path == r.Path && f.Value == r.Value && f.InForce == r.InForce }
		if r.State == "known" && !slices.ContainsFunc(w.figures, same) {
			w.figures = append(w.figures, r)
		}
	case "arithmetic", "choice":
		for _, p := range r.Parts {
			w.rely(p)
		}
	case "variable":
		if open := w.open(r); open != nil && r.Type != string(pack.Bool) {
			w.rely(open)
		}
	}
}
