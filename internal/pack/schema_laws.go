package pack

import "slices"

// laws are what the keys of an object ask of each other, as its schema says it. The reader checks the same where it
// reads the object.
func laws(s *shape) []any {
	var all []any
	if s.field("status") != nil {
		all = append(all, sourceLaws(s)...)
	}
	if s.field("type") != nil && s.field("codes") != nil {
		all = append(all, either(among("type", []string{string(CodeOf), string(CodesOf)}), required("codes"), without("codes")))
	}
	switch s {
	case factShape:
		answered := map[string]any{"properties": map[string]any{"trust": map[string]any{"contains": map[string]any{"enum": []any{"visit", "declared"}}}}, "required": []any{"trust"}}
		all = append(all, either(answered, required("ask"), without("ask")))
	case variableShape:
		all = append(all, oneOf(required("value"), required("versions")))
	case ruleAimShape:
		all = append(all, oneOf(required("finds"), required("unmeasured")))
	case needShape:
		all = append(all, oneOf(required("programme"), required("variable")))
	case checklistQuestionShape:
		all = append(all, oneOf(required("fact"), required("ask")), together("ask", "type"))
	case componentShape:
		all = append(all, together("amount", "per", "rounding"))
	case feedFactShape:
		all = append(all, together("window", "by"))
	case feedEventShape:
		all = append(all, oneOf(required("kind"), required("kind_of")), map[string]any{"dependentRequired": map[string]any{"kinds": []any{"kind_of"}}})
	}
	return all
}

// sourced shapes need a source of their own. The others take that of what they stand in.
var ownSource = append([]*shape{parameterValueShape, programmeVersionShape, indexShape, warningShape, caseShape}, workflowVersionShapes...)

// sourceLaws are what a source needs: what is not found a reason, what is found a citation.
func sourceLaws(s *shape) []any {
	all := []any{
		either(among("status", []string{string(Proxy), string(Interpolated), string(Assumed)}), required("why"), nil),
		either(among("status", []string{string(Found)}), required("cite"), nil),
	}
	source := anyOf(required("status"), required("cite"))
	switch {
	case slices.Contains(ownSource, s):
		all = append(all, source)
	case s == variableShape: // its versions may have one each instead
		each := map[string]any{"properties": map[string]any{"versions": map[string]any{"items": source}}, "required": []any{"versions"}}
		all = append(all, anyOf(required("status"), required("cite"), each))
	}
	return all
}

func required(key string) map[string]any { return map[string]any{"required": []any{key}} }

func without(key string) map[string]any { return map[string]any{"not": required(key)} }

// among holds where a key has one of a few values.
func among(key string, values []string) map[string]any {
	return map[string]any{"properties": map[string]any{key: map[string]any{"enum": texts(values)}}, "required": []any{key}}
}

// either asks one thing where a condition holds and another, if any, where it does not.
func either(condition, then, otherwise map[string]any) map[string]any {
	law := map[string]any{"if": condition, "then": then}
	if otherwise != nil {
		law["else"] = otherwise
	}
	return law
}

// together are keys of which one asks for the others.
func together(keys ...string) map[string]any {
	each := map[string]any{}
	for _, key := range keys {
		others := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return k == key })
		each[key] = texts(others)
	}
	return map[string]any{"dependentRequired": each}
}

func oneOf(schemas ...map[string]any) map[string]any {
	return map[string]any{"oneOf": anyOf(schemas...)["anyOf"]}
}
