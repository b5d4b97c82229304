package pack

import "strings"

// Schemas are the JSON Schemas (2020-12) of a pack's files for editors, by file name. They are made from the shapes that
// the reader itself checks.
func Schemas() map[string]any {
	all := map[string]any{
		"pack.schema.json":     schemaOf("pack.yaml", packShape),
		"dossier.schema.json":  schemaOf("a household as determine reads it", dossierShape),
		"calendar.schema.json": document("calendar", map[string]any{"type": "object", "additionalProperties": objectSchema(yearShape)}),
	}
	for _, k := range kinds {
		name := strings.TrimSuffix(strings.TrimSuffix(k.place, "/"), ".yaml") + ".schema.json"
		items := objectSchema(k.shape)
		if k.shape == factShape {
			items = map[string]any{"anyOf": []any{objectSchema(factShape), objectSchema(eventShape)}}
		}
		if k.name != "" {
			items = map[string]any{"type": "array", "items": items}
		}
		all[name] = document(k.place, items)
	}
	return all
}

func schemaOf(title string, s *shape) map[string]any { return document(title, objectSchema(s)) }

func document(title string, schema map[string]any) map[string]any {
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = title
	return schema
}

func objectSchema(s *shape) map[string]any {
	properties := map[string]any{}
	required := []any{}
	for i := range s.fields {
		f := &s.fields[i]
		properties[f.key] = fieldSchema(f.kind, f)
		if f.required {
			required = append(required, f.key)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// scalarTypes are the JSON types as which YAML may read a scalar: an editor reads 1.50 as a number, we as its text.
var scalarTypes = []any{"string", "number", "boolean"}

func fieldSchema(k kind, f *field) map[string]any {
	switch k {
	case kindText:
		return objectSchema(textShape)
	case kindBool:
		return map[string]any{"enum": []any{true, false, "yes", "no"}}
	case kindInt:
		return map[string]any{"type": "integer"}
	case kindNumber:
		return map[string]any{"type": []any{"number", "string"}}
	case kindDate, kindID, kindArea:
		return map[string]any{"type": []any{"string", "number"}}
	case kindEnum:
		return enumSchema(f.enum)
	case kindObject:
		return objectSchema(f.of)
	case kindList:
		return map[string]any{"type": "array", "items": fieldSchema(f.item, f)}
	case kindMap:
		return map[string]any{"type": "object", "additionalProperties": fieldSchema(f.item, f)}
	case kindAny:
		return map[string]any{}
	case kindScalar:
		return map[string]any{"type": append([]any{"array", "null"}, scalarTypes...)}
	}
	return map[string]any{"type": scalarTypes}
}

// enumSchema also lists the truths as which an editor may read yes and no.
func enumSchema(words []string) map[string]any {
	var all []any
	for _, w := range words {
		all = append(all, w)
		if truth, ok := boolean(w); ok {
			all = append(all, truth)
		}
	}
	return map[string]any{"enum": all}
}
