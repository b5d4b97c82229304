package pack

import "dajiuzhu/internal/fault"

// SchemaOf is the name of the schema of a pack's file, "" for one that has none.
func SchemaOf(name string) string {
	switch name {
	case headFile:
		return "pack.schema.json"
	case "calendar.yaml":
		return "calendar.schema.json"
	}
	for i := range places {
		if places[i].holds(name) {
			return places[i].schema()
		}
	}
	return ""
}

// CheckShape is what the loader has against the shape of one file, whatever the rest of the pack is.
func CheckShape(name string, content []byte) fault.List {
	l := newLoader()
	for _, p := range places {
		if p.holds(name) {
			p.read = func(*loader, node) {}
			l.readPlace(&p, name, content)
		}
	}
	return l.faults
}
