package pack

import (
	"path"
	"strings"
)

// Schemas are the JSON Schemas (2020-12) of a pack's files for editors, by file name. They are made from the shapes that
// the reader itself checks; what needs the rest of the pack, such as a name or a span, only the reader sees.
func Schemas() map[string]any {
	year := field{kind: kindMap, item: kindObject, of: yearShape}
	all := map[string]any{
		"pack.schema.json":     document(headFile, objectSchema(packShape)),
		"calendar.schema.json": document("calendar.yaml", fieldSchema(&year)),
		"dossier.schema.json":  document("a household, as determine reads it", objectSchema(dossierShape)),
	}
	for i := range places {
		p := &places[i]
		schema := objectSchema(p.shape)
		if p.shape == factShape {
			schema = factOrEvents()
		}
		if p.list != "" {
			schema = map[string]any{"type": "array", "items": schema}
		}
		all[p.schema()] = document(p.path, schema)
	}
	return all
}

// schema is the name of the schema of a place's files.
func (p *place) schema() string {
	return strings.TrimSuffix(strings.TrimSuffix(p.path, "/"), path.Ext(p.path)) + ".schema.json"
}

func document(title string, schema map[string]any) map[string]any {
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = title
	return schema
}

// factOrEvents is an item of facts/: a type of events if it says so.
func factOrEvents() map[string]any {
	return map[string]any{
		"if":   map[string]any{"type": "object", "required": []any{"events"}},
		"then": objectSchema(eventShape),
		"else": objectSchema(factShape),
	}
}

func objectSchema(s *shape) map[string]any {
	properties := map[string]any{}
	required := []any{}
	for i := range s.fields {
		f := &s.fields[i]
		properties[f.key] = fieldSchema(f)
		if f.required {
			required = append(required, f.key)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	if all := laws(s); len(all) > 0 {
		schema["allOf"] = all
	}
	return schema
}

func fieldSchema(f *field) map[string]any {
	switch f.kind {
	case kindText:
		return objectSchema(textOf(f.key))
	case kindObject:
		return objectSchema(f.of)
	case kindList:
		return filled(f, "minItems", map[string]any{"type": "array", "items": fieldSchema(f.items())})
	case kindMap:
		return filled(f, "minProperties", map[string]any{"type": "object", "additionalProperties": fieldSchema(f.entry(""))})
	case kindFacts:
		return map[string]any{"type": "object"}
	case kindAny:
		return map[string]any{}
	case kindScalar:
		return anyOf(scalar(), map[string]any{"type": "null"}, map[string]any{"type": "array", "items": scalar()})
	case kindDays:
		return anyOf(dateSchema(), objectSchema(daysOffShape))
	}
	return scalarSchema(f)
}

func filled(f *field, atLeast string, schema map[string]any) map[string]any {
	if f.filled {
		schema[atLeast] = 1
	}
	return schema
}

// scalarSchema allows for what editors make of a scalar: to them 1.50 is a number and true a truth, to us they are texts.
func scalarSchema(f *field) map[string]any {
	switch f.kind {
	case kindBool:
		return map[string]any{"enum": []any{true, false, "true", "false", "yes", "no"}}
	case kindEnum:
		return enumSchema(f.enum)
	case kindCount:
		return numeric("integer", `^[0-9]+$`, 0, maxCount)
	case kindNumber:
		return numeric("number", `^-?[0-9]+(\.[0-9]{1,6})?$`, nil, nil)
	case kindAmount:
		return numeric("number", `^[0-9]+(\.[0-9]{1,6})?$`, 0, nil)
	case kindShare:
		return numeric("number", `^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$`, 0, 1)
	case kindDate:
		return dateSchema()
	case kindArea:
		return numeric("integer", `^[1-9][0-9]([0-9]{2}|[0-9]{4}|[0-9]{7}|[0-9]{10})$`, 1000, nil)
	case kindName:
		return pattern(patternName)
	case kindPath:
		return pattern(patternPath)
	case kindURL:
		return pattern(patternURL)
	case kindID:
		return anyOf(pattern(patternID), map[string]any{"type": []any{"number", "boolean"}})
	}
	return scalar()
}

// scalar is any scalar but a blank text.
func scalar() map[string]any {
	return map[string]any{"type": []any{"string", "number", "boolean"}, "pattern": `\S`}
}

func pattern(p string) map[string]any { return map[string]any{"type": "string", "pattern": p} }

func anyOf(schemas ...map[string]any) map[string]any {
	all := make([]any, len(schemas))
	for i, s := range schemas {
		all[i] = s
	}
	return map[string]any{"anyOf": all}
}

// numeric is a number, or a text that is one; a bound that is nil is left out.
func numeric(typ, text string, least, most any) map[string]any {
	schema := map[string]any{"type": []any{typ, "string"}, "pattern": text}
	if least != nil {
		schema["minimum"] = least
	}
	if most != nil {
		schema["maximum"] = most
	}
	return schema
}

func dateSchema() map[string]any {
	return numeric("integer", `^[0-9]{4}(-(0?[1-9]|1[0-2])-|/(0?[1-9]|1[0-2])/|年(0?[1-9]|1[0-2])月|(0[1-9]|1[0-2]))(0?[1-9]|[12][0-9]|3[01])日?$`, 18000101, 21991231)
}

// enumSchema also lists the truths as which an editor may read yes and no.
func enumSchema(words []string) map[string]any {
	all := texts(words)
	for _, w := range words {
		if truth, ok := boolean(w); ok {
			all = append(all, truth)
		}
	}
	return map[string]any{"enum": all}
}

func texts(words []string) []any {
	all := make([]any, len(words))
	for i, w := range words {
		all[i] = w
	}
	return all
}
