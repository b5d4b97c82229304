package visit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
)

// Explainer finds what is missing to settle what a household may get.
type Explainer interface {
	// Open is what a visit can answer, each once and in the order in which it is asked.
	Open(ctx context.Context, household int64, on calendar.Date) ([]Open, error)
}

// Open is something that has to be known, of the household or of a person.
type Open struct {
	Unit       pack.Unit
	Of         int64  // the household or the person
	Who        string // the person's name
	Fact       string // its path
	Name, Ask  pack.Text
	Programmes []pack.Text // that it can still settle
}

// Explaining finds it by determining the household anew.
func Explaining(d *discovery.Discovery, p *pack.Pack) Explainer { return explaining{d, p} }

type explaining struct {
	discovery *discovery.Discovery
	pack      *pack.Pack
}

func (e explaining) Open(ctx context.Context, household int64, on calendar.Date) ([]Open, error) {
	found, err := e.discovery.Explain(ctx, household, on)
	if err != nil {
		return nil, err
	}
	var all []Open
	for _, w := range found.Wanted(e.pack) {
		if w.Ask == nil {
			continue // awaited from departments, or from a means check
		}
		o := Open{Unit: w.Unit.Kind, Of: found.Person(w.Unit), Who: w.Unit.Name, Fact: w.Fact, Name: w.Name, Ask: *w.Ask}
		if o.Unit == pack.Household {
			o.Of = household
		}
		for _, p := range w.Programmes {
			o.Programmes = append(o.Programmes, p.Name)
		}
		all = append(all, o)
	}
	return all, nil
}

// ofVisit is the unit of a checklist's question: it is about the visit itself.
const ofVisit = "visit"

// shape is how a question is answered.
type shape struct {
	typ      pack.Type // or text
	codes    *pack.CodeList
	measure  string
	min, max *money.Decimal
	fact     *pack.Fact // nil of what is no fact of the pack
	label    pack.Text
	ask      pack.Text
}

// text is the type of an answer in words.
const text pack.Type = "text"

var (
	noSuchQuestion = fault.Text{Key: "visit.no-such-question", Zh: "没有“{fact}”这个问题，可能政策已经调整", En: `there is no question "{fact}"; the policy may have changed`}
	consentNeeded  = fault.Text{Key: "visit.consent-needed", Zh: "“{fact}”只能来自经授权的核对，走访不能填", En: `"{fact}" comes only from an authorised means check, never from a visit`}
	badAnswer      = fault.Text{Key: "visit.bad-answer", Zh: "这个回答读不懂：{detail}", En: "this answer cannot be read: {detail}"}
	longAnswer     = fault.Text{Key: "visit.long-answer", Zh: "回答太长，最多{most}个字", En: "the answer is too long: {most} characters at most"}
	emptyAnswer    = fault.Text{Key: "visit.empty-answer", Zh: "没有填写回答", En: "there is no answer"}
)

const longestAnswer = 1000

// shapeOf is how a field is answered, a fault if nobody asks for it.
func (v *Visits) shapeOf(unit, fact string) (shape, *fault.Error) {
	if unit == ofVisit {
		return v.checklistShape(fact)
	}
	for _, f := range v.pack.Facts {
		switch {
		case f.Path() != fact || string(f.Unit) != unit:
			continue
		case f.Consent:
			return shape{}, fault.New(fault.Forbidden, consentNeeded, fault.Args{"fact": f.Label.Zh})
		}
		return shape{typ: f.Type, codes: v.pack.Codes[f.Codes], measure: f.Measure, min: f.Min, max: f.Max, fact: f, label: f.Label, ask: f.Ask}, nil
	}
	if asked, ok := inWords[fact]; ok && unit == string(pack.Household) {
		return asked, nil
	}
	return shape{}, fault.New(fault.Invalid, noSuchQuestion, fault.Args{"fact": fault.Excerpt(fact)})
}

// inWords is what the engine wants to know of a household and is no fact: an officer acts on the words.
var inWords = map[string]shape{
	"household.area":        {typ: text, label: pack.Text{Zh: "家庭所在的村居", En: "village of the household"}, ask: pack.Text{Zh: "家住哪个村（社区）？", En: "In which village does the household live?"}},
	"household.composition": {typ: text, label: pack.Text{Zh: "共同生活的人", En: "who lives together"}, ask: pack.Text{Zh: "现在哪些人一起吃住？", En: "Who eats and lives together now?"}},
	"household.supporters":  {typ: text, label: pack.Text{Zh: "不在一起生活的赡养人", En: "supporters who live elsewhere"}, ask: pack.Text{Zh: "不在一起生活的父母、子女、配偶还有谁？", En: "Which parents, children or spouse live elsewhere?"}},
}

// checklistShape is that of a question of the pack's checklists, of any date: a device may bring what was asked before they changed.
func (v *Visits) checklistShape(id string) (shape, *fault.Error) {
	if v.pack.Workflow != nil {
		for _, c := range v.pack.Workflow.Checklists {
			for _, version := range c.Versions {
				for _, q := range version.Questions {
					if q.ID == id && q.Fact == "" {
						return shape{typ: q.Type, codes: v.pack.Codes[q.Codes], label: q.Ask, ask: q.Ask}, nil
					}
				}
			}
		}
	}
	return shape{}, fault.New(fault.Invalid, noSuchQuestion, fault.Args{"fact": fault.Excerpt(id)})
}

// read brings a value to the one form in which it is written, so that two devices that say the same are seen to.
func (s shape) read(p *pack.Pack, value any) (any, *fault.Error) {
	if s.typ == text {
		return readText(value)
	}
	f := s.fact
	if f == nil {
		f = &pack.Fact{Type: s.typ, Codes: codesID(s.codes)}
	}
	n, err := population.ReadFact(p, f, plain(value))
	if err != nil {
		return nil, err
	}
	return s.write(n), nil
}

// write is a value as columns hold it in the one form in which it is written.
func (s shape) write(n int64) any {
	switch s.typ {
	case pack.Bool:
		return n == 1
	case pack.Date:
		return calendar.Date(n).String()
	case pack.Decimal:
		return money.Decimal(n).String()
	case pack.CodeOf:
		return s.codes.Codes[n].ID
	case pack.CodesOf:
		set := []string{}
		for i, c := range s.codes.Codes {
			if n&(1<<i) != 0 {
				set = append(set, c.ID)
			}
		}
		return set
	}
	return n
}

func codesID(l *pack.CodeList) string {
	if l == nil {
		return ""
	}
	return l.ID
}

func readText(value any) (any, *fault.Error) {
	words, ok := value.(string)
	words = strings.TrimSpace(words)
	switch {
	case !ok || !utf8.ValidString(words) || strings.ContainsRune(words, 0):
		return nil, fault.New(fault.Invalid, badAnswer, fault.Args{"detail": "text"})
	case words == "":
		return nil, fault.New(fault.Invalid, emptyAnswer, nil)
	case utf8.RuneCountInString(words) > longestAnswer:
		return nil, fault.New(fault.Invalid, longAnswer, fault.Args{"most": longestAnswer})
	}
	return words, nil
}

// plain is a value as JSON gave it in the types that facts are read from.
func plain(value any) any {
	switch v := value.(type) {
	case json.Number:
		return v.String()
	case string:
		return strings.TrimSpace(v)
	}
	return value
}

var kindsShown = map[Kind]pack.Text{NotKnown: {Zh: "不知道", En: "not known"}, WouldNot: {Zh: "不愿说", En: "would not say"}}

// show is an answer in words.
func (s shape) show(kind Kind, value []byte) pack.Text {
	if kind != Value {
		return kindsShown[kind]
	}
	said, err := decode(value)
	if err != nil {
		return pack.Text{Zh: "（读不出）", En: "(cannot be read)"}
	}
	switch w := said.(type) {
	case bool:
		return map[bool]pack.Text{true: {Zh: "是", En: "yes"}, false: {Zh: "否", En: "no"}}[w]
	case []string:
		return s.showSet(w)
	case string:
		return s.showWord(w)
	}
	return pack.Text{Zh: fmt.Sprint(said), En: fmt.Sprint(said)}
}

// showWord is a code's name, or the word itself.
func (s shape) showWord(word string) pack.Text {
	if s.codes != nil {
		if i := s.codes.Index(word); i >= 0 {
			return s.codes.Codes[i].Name
		}
	}
	return pack.Text{Zh: word, En: word}
}

func (s shape) showSet(set []string) pack.Text {
	if len(set) == 0 {
		return pack.Text{Zh: "都没有", En: "none of them"}
	}
	var zh, en []string
	for _, word := range set {
		name := s.showWord(word)
		zh, en = append(zh, name.Zh), append(en, name.En)
	}
	return pack.Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

// Fits is the fault of an answer that does not fit its question, nil if it does.
func (v *Visits) Fits(a Answer) *fault.Error {
	s, wrong := v.shapeOf(a.Unit, a.Fact)
	if wrong != nil || a.Kind != Value {
		return wrong
	}
	_, wrong = s.read(v.pack, a.Value)
	return wrong
}
