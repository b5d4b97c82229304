package rules

import (
	"reflect"
	"strings"

	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// DeterminationSchema is the JSON Schema (2020-12) of a determination. It is made from the types that write the JSON, with
// what each field means and, where the values form a closed list, that list.
func DeterminationSchema() map[string]any {
	s := &schema{defs: map[string]any{}}
	root := s.object(reflect.TypeFor[Determination]())
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "a determination, as determine writes it"
	root["$defs"] = s.defs
	return root
}

// schema collects the definitions of the types that a determination is made of.
type schema struct{ defs map[string]any }

func (s *schema) object(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []any{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue // what an embedded struct has stands among the others
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		value := s.value(f.Type)
		note := fieldNotes[t.Name()+"."+name]
		for key, constraint := range note.constraint {
			value[key] = constraint
		}
		if note.null {
			value = map[string]any{"anyOf": []any{value, map[string]any{"type": "null"}}}
		}
		value["description"] = note.says
		properties[name] = value
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func (s *schema) value(t reflect.Type) map[string]any {
	if told, ok := toldType(t); ok {
		return s.value(told)
	}
	switch t {
	case reflect.TypeFor[money.Decimal]():
		return map[string]any{"type": "string", "pattern": `^-?[0-9]+(\.[0-9]{1,6})?$`}
	case reflect.TypeFor[pack.Unit]():
		return map[string]any{"enum": []any{string(pack.Person), string(pack.Household)}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.value(t.Elem())
	case reflect.Slice:
		return map[string]any{"type": "array", "items": s.value(t.Elem())}
	case reflect.Struct:
		s.define(t)
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	return map[string]any{"type": "string"}
}

func (s *schema) define(t reflect.Type) {
	if _, ok := s.defs[t.Name()]; ok {
		return
	}
	s.defs[t.Name()] = nil // a reason is made of reasons
	s.defs[t.Name()] = s.object(t)
}

// fieldNote is what the Go type of a field does not tell.
type fieldNote struct {
	says       string
	constraint map[string]any
	null       bool // a pointer that is written even if there is nothing
}

func says(text string) fieldNote { return fieldNote{says: text} }

func (n fieldNote) day() fieldNote {
	n.constraint = map[string]any{"pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}
	return n
}

func (n fieldNote) oneOf(words ...string) fieldNote {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = w
	}
	n.constraint = map[string]any{"enum": list}
	return n
}

func (n fieldNote) orNull() fieldNote {
	n.null = true
	return n
}

func saysStatus() fieldNote {
	return says("how sure it is: found in a document, a proxy from elsewhere, interpolated, or assumed").
		oneOf(string(pack.Found), string(pack.Proxy), string(pack.Interpolated), string(pack.Assumed))
}

func saysPer() fieldNote {
	return says("how often it is paid; absent if it is not money").oneOf("month", "year", "once")
}

const (
	saysWhy   = "why it is not found, and what stands in for it"
	saysCites = "the documents it rests on"
	saysName  = "its name"
)

var fieldNotes = map[string]fieldNote{
	"Determination.on":        says("the date as of which everything was determined").day(),
	"Determination.pack":      says("the version of the policy"),
	"Determination.engine":    says("the version of what outcomes mean"),
	"Determination.simulated": says("the facts are invented"),
	"Determination.household": says("whose determination it is"),
	"Determination.outcomes":  says("every programme for every unit, in the pack's order of programmes and the household's of persons"),
	"Determination.plan":      says("what the household should get"),
	"Determination.index":     says("the difficulty index; null for a collective household, or if the pack has none").orNull(),
	"Determination.warnings":  says("the warnings that fire"),
	"Determination.values":    says("every variable that a reason names, opened once: its parts hold the one reason that it was made of"),

	"PackReference.id":   says("the pack"),
	"PackReference.hash": says("SHA-256 over every file of the pack"),

	"HouseholdSummary.key":        says("the household in its population; absent of a dossier"),
	"HouseholdSummary.area":       says("the code of its area"),
	"HouseholdSummary.place":      says("its area from the county down"),
	"HouseholdSummary.members":    says("who counts, in order"),
	"HouseholdSummary.registered": says("who is registered with them and does not count"),
	"HouseholdSummary.doubtful":   says("who belongs to it is still to be seen; its own outcomes are at most possible"),
	"HouseholdSummary.doubts":     says("why that is still to be seen"),
	"HouseholdSummary.collective": says("a dormitory or an institution, not assessed as a family"),

	"UnitReference.kind":      says("a person or the household"),
	"UnitReference.name":      says("the person's name"),
	"UnitReference.supporter": says("a person outside the household who owes it support"),

	"Text.zh": says("in Chinese"),
	"Text.en": says("in English"),

	"Cite.document": says("its number or title"),
	"Cite.article":  says("the article"),
	"Cite.url":      says("where it can be read"),
	"Cite.note":     says("what it is cited for"),

	"OutcomeReport.programme":    says("the programme"),
	"OutcomeReport.number":       says("its number in the catalogue; absent of a further path"),
	"OutcomeReport.path_of":      says("the programme into which this is a further path"),
	"OutcomeReport.name":         says(saysName),
	"OutcomeReport.department":   says("the department that owns it"),
	"OutcomeReport.aid":          says("the kind of aid").oneOf("cash", "in-kind", "service", "fee-waiver", "insurance", "loan"),
	"OutcomeReport.entitlement":  says("due by right; else whoever runs it decides"),
	"OutcomeReport.unit":         says("for whom"),
	"OutcomeReport.outcome":      says("what it comes to").oneOf(outcomeList.IDs()...),
	"OutcomeReport.held":         says("the unit receives it now; absent if that is not known"),
	"OutcomeReport.assumed":      says("a default stood in for something unknown"),
	"OutcomeReport.in_force":     says("first and last day of the rule; absent if there is none on the date"),
	"OutcomeReport.not_in_force": says("what the date lacks: the rule itself, or figures and formulas that it reads"),
	"OutcomeReport.status":       saysStatus(),
	"OutcomeReport.why":          says(saysWhy),
	"OutcomeReport.cites":        says(saysCites),
	"OutcomeReport.components":   says("what it gives; empty where it is refused or there is no rule"),
	"OutcomeReport.reasons":      says("each condition, in the rule's order"),
	"OutcomeReport.missing":      says("what has to be known to settle an open outcome or amount: what can be asked, then what is awaited, then what needs consent"),
	"OutcomeReport.failed":       says("the false conditions; each of them suffices to refuse"),

	"ComponentReport.id":     says("the component"),
	"ComponentReport.name":   says(saysName),
	"ComponentReport.state":  says("known, open for want of a fact, none since its own condition is false, not in force, or not money").oneOf("known", "open", "none", "not-in-force", "not-money"),
	"ComponentReport.amount": says("the rounded amount, if known"),
	"ComponentReport.per":    saysPer(),
	"ComponentReport.status": saysStatus(),
	"ComponentReport.why":    says(saysWhy),
	"ComponentReport.cites":  says(saysCites),
	"ComponentReport.reason": says("how the amount was reached, before rounding"),

	"ConditionReport.condition":  says("the condition"),
	"ConditionReport.say":        says("the condition as a sentence"),
	"ConditionReport.state":      says("what it came to").oneOf("true", "false", "unknown", "error", "not-in-force"),
	"ConditionReport.on_consent": says("it can be checked only after the household authorised a means check"),
	"ConditionReport.about":      says("it says whom the programme is about: where it is false, the programme plainly does not concern the unit"),
	"ConditionReport.status":     saysStatus(),
	"ConditionReport.why":        says(saysWhy),
	"ConditionReport.cites":      says(saysCites),
	"ConditionReport.tree":       says("why, cut to what decided"),

	"MissingReport.unit":       says("of whom"),
	"MissingReport.fact":       says("the fact's path, or holds.<programme>, <unit>.events.<kind>, household.composition, household.area"),
	"MissingReport.name":       says(saysName),
	"MissingReport.ask":        says("the question to ask; absent if neither a visit nor a declaration can answer"),
	"MissingReport.awaits":     says("the feeds that would tell"),
	"MissingReport.on_consent": says("only a consented means check can tell"),

	"FailureReport.condition": says("the condition"),
	"FailureReport.say":       says("the condition as a sentence"),
	"FailureReport.distances": says("by how much its comparisons are missed"),

	"Distance.left":             says("what was compared, by its path or what it was computed from"),
	"Distance.right":            says("the threshold, likewise"),
	"Distance.by":               says("by how much it is missed"),
	"Distance.measure":          says("what by counts"),
	"Distance.per_head":         says("the distance from the standard for one person, if the threshold is one multiplied by the members"),
	"Distance.per_head_measure": says("what per_head counts: a monthly sum if the threshold is a monthly standard times twelve"),
	"Distance.persons":          says("by how many persons it was divided"),
	"Distance.over":             says("too much; else too little"),

	"LapseReport.kind":  says("what is not in force").oneOf("programme", "variable", "parameter"),
	"LapseReport.path":  says("its id or path"),
	"LapseReport.name":  says(saysName),
	"LapseReport.until": says("the last day on which there was one before").day(),
	"LapseReport.since": says("the first day on which there is one after").day(),

	"Reason.kind": says("the kind of step").oneOf("fact", "variable", "parameter", "holds", "programme", "constant", "and", "or", "not", "compare",
		"arithmetic", "choice", "fold", "known", "default"),
	"Reason.operator": says("of a comparison, a calculation, a fold, or what is read of a programme"),
	"Reason.path":     says("of a fact, variable or parameter; the id of a programme"),
	"Reason.label":    says(saysName),
	"Reason.of":       says("whose it is; absent of the household"),
	"Reason.state":    says("whether there is a value").oneOf("known", "unknown", "error", "not-in-force"),
	"Reason.value":    says("the value in its canonical writing; a set of codes joined by commas"),
	"Reason.means":    says("what a code means"),
	"Reason.type":     says("the type of the value").oneOf("bool", "int", "date", "decimal", "code", "codes"),
	"Reason.measure":  says("what the number counts"),
	"Reason.source":   says("where a fact comes from: feed:<id>, visit or declared"),
	"Reason.date":     says("of what day the fact is").day(),
	"Reason.in_force": says("first and last day of a parameter's value"),
	"Reason.status":   saysStatus(),
	"Reason.why":      says(saysWhy),
	"Reason.cites":    says(saysCites),
	"Reason.parts":    says("what it was made of, cut to what decided; those of a variable stand in values"),

	"IndexReport.score":    says("the index now, 0 to 100"),
	"IndexReport.before":   says("the index before aid now held"),
	"IndexReport.coverage": says("the share of the weights that is known"),
	"IndexReport.parts":    says("each dimension"),

	"IndexPart.id":     says("the dimension"),
	"IndexPart.name":   says(saysName),
	"IndexPart.weight": says("its share of the index"),
	"IndexPart.score":  says("its score, 0 to 100"),
	"IndexPart.known":  says("else its neutral score stands in"),
	"IndexPart.why":    says("why it counts"),
	"IndexPart.tree":   says("how the score was reached"),

	"WarningReport.id":        says("the warning"),
	"WarningReport.mechanism": says("the mechanism it belongs to"),
	"WarningReport.name":      says(saysName),
	"WarningReport.unit":      says("whom it points at"),
	"WarningReport.level":     says("how grave it is").oneOf("red", "orange", "yellow", "blue"),
	"WarningReport.route":     says("to whom it goes"),
	"WarningReport.due":       says("within how many working days it is to be verified"),
	"WarningReport.evidence":  says("the values that it shows"),

	"AidPlan.cash":          says("cash that is due: of programmes that exclude each other those that give most in a year"),
	"AidPlan.yearly_cash":   says("what cash comes to in a year: monthly sums twelve times, what is paid yearly or once counted once"),
	"AidPlan.other":         says("services, waivers, premiums, loans and goods that are due"),
	"AidPlan.discretionary": says("what may be applied for; outside the total"),
	"AidPlan.choices":       says("between which the law lets the beneficiary choose; none is taken"),
	"AidPlan.given_up":      says("what something taken excludes"),
	"AidPlan.open":          says("what is likely or possible"),

	"PlanItem.programme": says("the programme"),
	"PlanItem.component": says("the component"),
	"PlanItem.unit":      says("for whom"),
	"PlanItem.amount":    says("the amount; absent if it is not money or not known yet"),
	"PlanItem.per":       saysPer(),

	"PlanChoice.items": says("the items on the sides of the choice"),

	"PlanGivenUp.item": says("what is left out"),
	"PlanGivenUp.for":  says("the programme.component that excludes it"),

	"PlanOpenItem.programme": says("the programme"),
	"PlanOpenItem.unit":      says("for whom"),
	"PlanOpenItem.outcome":   says("likely or possible").oneOf("likely", "possible"),
}
