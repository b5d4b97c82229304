package pack

import "slices"

// The closed sets of words that a pack may use.
var (
	types       = []string{"bool", "int", "date", "decimal", "code", "codes"}
	units       = []string{"person", "household"}
	statuses    = []string{"found", "proxy", "interpolated", "assumed"}
	aids        = []string{"cash", "in-kind", "service", "fee-waiver", "insurance", "loan"}
	periods     = []string{"month", "year", "once"}
	roundings   = []string{"fen-half-up", "yuan-half-up", "fen-up", "yuan-up"}
	levels      = []string{"red", "orange", "yellow", "blue"}
	mechanisms  = []string{"declaration", "assistance", "linkage", "self_reliance", "discovery"}
	columnTypes = []string{"text", "id_no", "date", "decimal", "int", "bool", "code", "area"}
	roles       = []string{"persons", "marriages", "holdings"}
	vias        = []string{"spouse", "child", "parent", "booklet"}
	sensitive   = []string{"health", "identity", "finance", "family"}
)

func need(f field) field { f.required = true; return f }

func key(name string, k kind) field { return field{key: name, kind: k} }

func enum(name string, words []string) field { return field{key: name, kind: kindEnum, enum: words} }

func listOf(name string, item kind) field { return field{key: name, kind: kindList, item: item} }

func objects(name string, of *shape) field {
	return field{key: name, kind: kindList, item: kindObject, of: of}
}

func mapOf(name string, item kind, of *shape) field {
	return field{key: name, kind: kindMap, item: item, of: of}
}

func object(name string, of *shape) field { return field{key: name, kind: kindObject, of: of} }

// sourced adds the keys of a source.
func sourced(fields ...field) []field {
	cite := &shape{name: "cite", fields: []field{need(key("document", kindString)), key("article", kindString), key("url", kindString), key("note", kindString)}}
	return append(slices.Clip(fields), enum("status", statuses), key("why", kindText), objects("cite", cite))
}

func dated(fields ...field) []field {
	return append([]field{key("from", kindDate), key("to", kindDate)}, fields...)
}

var codeShape = &shape{"code", []field{need(key("code", kindID)), need(key("name", kindText))}}

// The shapes of the kinds of files. A list file is a list of objects of its shape.
var (
	packShape = &shape{"pack", []field{
		need(key("pack", kindID)), need(key("name", kindText)), need(key("area", kindArea)), need(key("engine", kindString)),
		key("residence", kindString), key("calendar", kindString)}}

	yearShape = &shape{"year", []field{
		key("notice", kindString), key("issued", kindDate), key("source", kindString), key("note", kindString),
		field{key: "off", kind: kindList, item: kindAny}, listOf("working", kindDate)}}

	departmentShape = &shape{"department", []field{
		need(key("department", kindID)), key("supplier", kindBool), key("note", kindText),
		need(objects("names", &shape{"names", dated(need(key("name", kindText)))}))}}

	codeListShape = &shape{"codes", []field{
		need(key("codes", kindID)), need(key("name", kindText)), need(field{key: "list", kind: kindList, item: kindObject, of: codeShape})}}

	factShape = &shape{"fact", []field{
		need(key("fact", kindID)), need(key("name", kindText)), need(enum("type", types)), key("codes", kindID), key("unit", kindString),
		listOf("trust", kindString), enum("sensitive", sensitive), key("consent", kindBool), key("ask", kindText),
		key("min", kindNumber), key("max", kindNumber), key("note", kindText)}}

	eventShape = &shape{"events", []field{
		need(enum("events", units)), need(key("kinds", kindID)),
		mapOf("fields", kindObject, &shape{"field", []field{need(key("name", kindText)), need(enum("type", types)), key("codes", kindID), key("unit", kindString)}})}}

	parameterShape = &shape{"parameter", []field{
		need(key("parameter", kindID)), need(key("name", kindText)), need(enum("type", []string{"decimal", "int"})), key("unit", kindString), listOf("by", kindID), key("note", kindText),
		need(objects("values", &shape{"value", sourced(dated(
			key("area", kindArea), key("residence", kindID), key("published", kindDate), key("value", kindNumber), mapOf("table", kindNumber, nil),
			objects("bands", &shape{"band", []field{key("upto", kindNumber), need(key("value", kindNumber))}}))...)}))}}

	variableShape = &shape{"variable", sourced(
		need(key("variable", kindID)), need(key("name", kindText)), need(enum("type", types)), key("codes", kindID), key("unit", kindString), key("value", kindExpr), key("note", kindText),
		objects("versions", &shape{"version", sourced(dated(need(key("value", kindExpr)))...)}))}

	conditionShape = &shape{"condition", sourced(
		need(key("id", kindID)), need(key("say", kindText)), need(key("when", kindExpr)), enum("verify", []string{"on-consent"}))}

	componentShape = &shape{"component", sourced(
		need(key("id", kindID)), need(key("name", kindText)), key("when", kindExpr), key("amount", kindExpr), enum("per", periods),
		enum("rounding", roundings), listOf("excludes", kindID))}

	programmeShape = &shape{"programme", []field{
		need(key("programme", kindID)), key("number", kindInt), key("path_of", kindID), need(key("name", kindText)), need(key("department", kindID)),
		need(enum("unit", units)), need(enum("aid", aids)), need(enum("entitlement", []string{"yes", "no", "true", "false", "discretionary"})),
		listOf("excludes", kindID), listOf("choice", kindID), need(key("decided_by", kindString)), key("note", kindText),
		objects("documents", &shape{"document", []field{need(key("name", kindText)), key("held", kindID)}}),
		need(objects("versions", &shape{"version", sourced(dated(need(objects("conditions", conditionShape)), need(objects("components", componentShape)))...)}))}}

	indexShape = &shape{"index", sourced(
		need(key("index", kindID)), need(key("name", kindText)),
		need(objects("dimensions", &shape{"dimension", []field{
			need(key("id", kindID)), need(key("name", kindText)), need(key("weight", kindNumber)), need(key("score", kindExpr)), key("before", kindExpr),
			need(key("neutral", kindNumber)), need(key("why", kindText))}})),
		need(object("hardest", &shape{"hardest", []field{need(key("share", kindNumber)), need(enum("within", []string{"village", "township", "county", "city"}))}})))}

	mechanismShape = &shape{"mechanism", []field{
		need(enum("mechanism", mechanisms)), need(key("name", kindText)),
		need(objects("rules", &shape{"rule", sourced(
			need(key("warning", kindID)), need(key("name", kindText)), need(enum("unit", units)), need(key("when", kindExpr)), need(enum("level", levels)),
			need(key("route", kindID)), need(key("due", kindInt)), need(key("quiet", kindInt)), listOf("evidence", kindID))}))}}

	feedShape = &shape{"feed", []field{
		need(key("feed", kindID)), need(key("name", kindText)), need(key("department", kindID)), enum("role", roles), key("person", kindID), key("covers", kindExpr), key("note", kindText),
		need(mapOf("columns", kindObject, &shape{"column", []field{
			need(key("name", kindText)), need(enum("type", columnTypes)), key("codes", kindID), key("key", kindBool), key("required", kindBool), key("min", kindNumber), key("max", kindNumber)}})),
		mapOf("facts", kindObject, &shape{"fact", []field{
			need(key("value", kindExpr)), key("latest", kindID), key("window", kindInt), key("by", kindID), key("absent", kindScalar)}}),
		objects("events", &shape{"event", []field{
			enum("unit", units), key("kind", kindID), key("kind_of", kindID), listOf("kinds", kindID), need(key("from", kindID)), key("to", kindID), mapOf("fields", kindID, nil)}}),
		key("max_age", kindInt), key("max_rejects", kindNumber)}}

	linkShape = &shape{"link", []field{
		need(key("id", kindID)), need(key("say", kindText)), need(enum("via", vias)), key("when", kindExpr), key("doubt", kindBool)}}

	householdShape = &shape{"household", sourced(objects("joins", linkShape), key("counts", kindExpr), objects("supporters", linkShape))}

	workflowShape = &shape{"workflow", []field{objects("routes", codeShape)}}

	outcomeShape = &shape{"outcome", []field{
		need(key("programme", kindID)), key("unit", kindString), need(enum("outcome", []string{"not-assessed", "ineligible", "error", "not-in-force", "possible", "likely", "eligible"})),
		mapOf("components", kindNumber, nil), key("amount", kindNumber), listOf("failed", kindID), listOf("missing", kindString)}}

	dossierFields = []field{need(key("on", kindDate)), key("area", kindArea), need(object("facts", &shape{"facts", []field{
		key("doubtful", kindBool), key("household", kindAny), need(listOf("members", kindAny)), listOf("supporters", kindAny)}}))}

	dossierShape = &shape{"dossier", dossierFields}

	caseShape = &shape{"case", sourced(append([]field{
		need(key("case", kindString)), need(key("name", kindText)), listOf("tags", kindID), listOf("programmes", kindID), mapOf("parameters", kindAny, nil),
		key("note", kindAny),
		need(object("expect", &shape{"expect", []field{
			objects("outcomes", outcomeShape), mapOf("values", kindScalar, nil), listOf("warnings", kindString)}}))},
		dossierFields...)...)}
)
