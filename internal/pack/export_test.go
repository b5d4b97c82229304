package pack

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
