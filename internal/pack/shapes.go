package pack

import "slices"

// The closed sets of words that a pack may use.
var (
	types       = []string{"bool", "int", "date", "decimal", "code", "codes"}
	units       = []string{"person", "household"}
	statuses    = []string{"found", "proxy", "interpolated", "assumed"}
	aids        = []string{"cash", "in-kind", "service", "fee-waiver", "insurance", "loan"}
	entitled    = []string{"yes", "no", "true", "false", "discretionary"}
	periods     = []string{"month", "year", "once"}
	roundings   = []string{"fen-half-up", "yuan-half-up", "fen-up", "yuan-up"}
	levels      = []string{"red", "orange", "yellow", "blue"}
	mechanisms  = []string{"declaration", "assistance", "linkage", "self_reliance", "discovery"}
	columnTypes = []string{"text", "id_no", "date", "decimal", "int", "bool", "code", "area"}
	roles       = []string{"persons", "marriages", "holdings"}
	vias        = []string{"spouse", "child", "parent", "booklet"}
	sensitive   = []string{"health", "identity", "finance", "family"}
	outcomes    = []string{"not-assessed", "ineligible", "error", "not-in-force", "possible", "likely", "eligible"}
	labelKinds  = []string{"need", "missed-need", "wrong-receipt", "contradiction", "shock"}
	rankings    = []string{"village", "township", "county", "city"}
)

func need(f field) field { f.required = true; return f }

// some is a list or a map that cannot be empty.
func some(f field) field { f.filled = true; return f }

func key(name string, k kind) field { return field{key: name, kind: k} }

func enum(name string, words []string) field { return field{key: name, kind: kindEnum, enum: words} }

func listOf(name string, item kind) field { return field{key: name, kind: kindList, item: item} }

func enums(name string, words []string) field {
	return field{key: name, kind: kindList, item: kindEnum, enum: words}
}

func objects(name string, of *shape) field {
	return field{key: name, kind: kindList, item: kindObject, of: of}
}

func mapOf(name string, item kind) field { return field{key: name, kind: kindMap, item: item} }

func objectsByName(name string, of *shape) field {
	return field{key: name, kind: kindMap, item: kindObject, of: of}
}

func object(name string, of *shape) field { return field{key: name, kind: kindObject, of: of} }

func named(zh, en string, fields ...field) *shape { return &shape{Text{zh, en}, fields} }

// sourced adds the keys of a source.
func sourced(fields ...field) []field {
	return append(slices.Clip(fields), enum("status", statuses), key("why", kindText), objects("cite", citeShape))
}

// dated adds the keys of a span.
func dated(fields ...field) []field {
	return append([]field{key("from", kindDate), key("to", kindDate)}, fields...)
}

// textOf is the shape of what people read, under a key.
func textOf(key string) *shape {
	return named("“"+key+"”", `"`+key+`"`, textFields...)
}

var textFields = []field{need(key("zh", kindString)), need(key("en", kindString))}

// The shapes of the kinds of files. A list file is a list of objects of its shape.
var (
	citeShape = named("出处", "a citation",
		need(key("document", kindString)), key("article", kindString), key("url", kindURL), key("note", kindString))

	codeShape = named("代码", "a code", need(key("code", kindID)), need(key("name", kindText)))

	packShape = named("pack.yaml ", "pack.yaml",
		need(key("pack", kindID)), need(key("name", kindText)), need(key("area", kindArea)), need(key("engine", kindCount)),
		key("residence", kindPath), key("calendar", kindString))

	daysOffShape = named("放假日期", "a holiday",
		key("name", kindString), need(key("from", kindDate)), need(key("to", kindDate)))

	yearShape = named("节假日安排", "a year",
		key("notice", kindString), key("issued", kindDate), key("source", kindString), key("note", kindString),
		listOf("off", kindDays), listOf("working", kindDate))

	departmentShape = named("部门", "a department",
		need(key("department", kindID)), key("supplier", kindBool), key("note", kindText),
		need(some(objects("names", named("名称", "a name", dated(need(key("name", kindText)))...)))))

	codeListShape = named("代码表", "a list of codes",
		need(key("codes", kindID)), need(key("name", kindText)), need(some(objects("list", codeShape))))

	factShape = named("事实", "a fact",
		need(key("fact", kindPath)), need(key("name", kindText)), need(enum("type", types)), key("codes", kindID), key("unit", kindString),
		listOf("trust", kindString), enum("sensitive", sensitive), key("consent", kindBool), key("ask", kindText),
		key("min", kindNumber), key("max", kindNumber), key("note", kindText))

	eventFieldShape = named("事件字段", "a field of events",
		need(key("name", kindText)), need(enum("type", types)), key("codes", kindID), key("unit", kindString))

	eventShape = named("事件", "an event type",
		need(enum("events", units)), need(key("kinds", kindID)), objectsByName("fields", eventFieldShape))

	bandShape = named("档", "a band", key("upto", kindNumber), need(key("value", kindNumber)))

	parameterValueShape = named("参数值", "a value", sourced(dated(
		key("area", kindArea), key("residence", kindID), key("published", kindDate), key("value", kindNumber), mapOf("table", kindNumber),
		some(objects("bands", bandShape)))...)...)

	parameterShape = named("参数", "a parameter",
		need(key("parameter", kindName)), need(key("name", kindText)), need(enum("type", []string{"decimal", "int"})), key("unit", kindString),
		listOf("by", kindID), key("note", kindText), need(some(objects("values", parameterValueShape))))

	formulaVersionShape = named("公式版本", "a version", sourced(dated(need(key("value", kindExpr)))...)...)

	variableShape = named("变量", "a variable", sourced(
		need(key("variable", kindPath)), need(key("name", kindText)), need(enum("type", types)), key("codes", kindID), key("unit", kindString),
		key("value", kindExpr), key("note", kindText), some(objects("versions", formulaVersionShape)))...)

	conditionShape = named("条件", "a condition", sourced(
		need(key("id", kindID)), need(key("say", kindText)), need(key("when", kindExpr)), key("about", kindBool), enum("verify", []string{"on-consent"}))...)

	componentShape = named("组成部分", "a component", sourced(
		need(key("id", kindID)), need(key("name", kindText)), key("when", kindExpr), key("amount", kindExpr), enum("per", periods),
		enum("rounding", roundings), listOf("excludes", kindID))...)

	programmeVersionShape = named("项目版本", "a version", sourced(dated(
		need(objects("conditions", conditionShape)), need(objects("components", componentShape)))...)...)

	documentShape = named("材料", "a document", need(key("name", kindText)), key("held", kindID))

	programmeShape = named("项目", "a programme",
		need(key("programme", kindID)), key("number", kindCount), key("path_of", kindID), need(key("name", kindText)), need(key("department", kindID)),
		need(enum("unit", units)), key("uncounted", kindBool), need(enum("aid", aids)), need(enum("entitlement", entitled)),
		listOf("excludes", kindID), listOf("choice", kindID), need(key("decided_by", kindString)), key("note", kindText),
		objects("documents", documentShape), need(some(objects("versions", programmeVersionShape))))

	dimensionShape = named("维度", "a dimension",
		need(key("id", kindID)), need(key("name", kindText)), need(key("weight", kindAmount)), need(key("score", kindExpr)), key("before", kindExpr),
		need(key("neutral", kindNumber)), need(key("why", kindText)))

	hardestShape = named("“hardest”", `"hardest"`, need(key("share", kindShare)), need(enum("within", rankings)))

	indexShape = named("指数", "the index", sourced(
		need(key("index", kindID)), need(key("name", kindText)), need(some(objects("dimensions", dimensionShape))), need(object("hardest", hardestShape)))...)

	warningShape = named("预警规则", "a warning rule", sourced(
		need(key("warning", kindID)), need(key("name", kindText)), need(enum("unit", units)), need(key("when", kindExpr)), need(enum("level", levels)),
		need(key("route", kindID)), key("department", kindID), key("lacks", kindID), need(key("due", kindCount)), need(key("quiet", kindCount)), listOf("evidence", kindID))...)

	mechanismShape = named("预警机制", "a mechanism",
		need(enum("mechanism", mechanisms)), need(key("name", kindText)), need(objects("rules", warningShape)))

	columnShape = named("数据列", "a column",
		need(key("name", kindText)), need(enum("type", columnTypes)), key("codes", kindID), key("key", kindBool), key("required", kindBool),
		key("sealed", kindBool), key("min", kindNumber), key("max", kindNumber))

	feedFactShape = named("事实的取法", "a derived fact",
		need(key("value", kindExpr)), key("latest", kindName), key("window", kindCount), key("by", kindName), key("absent", kindScalar))

	feedEventShape = named("事件的取法", "a derived event",
		enum("unit", units), key("kind", kindID), key("kind_of", kindName), listOf("kinds", kindID), need(key("from", kindName)), key("to", kindName),
		mapOf("fields", kindName))

	feedShape = named("数据", "a feed",
		need(key("feed", kindID)), need(key("name", kindText)), need(key("department", kindID)), enum("role", roles), key("person", kindName),
		key("covers", kindExpr), key("note", kindText), need(some(objectsByName("columns", columnShape))),
		objectsByName("facts", feedFactShape), objects("events", feedEventShape), key("max_age", kindCount), key("max_rejects", kindShare))

	linkShape = named("连线", "a link",
		need(key("id", kindID)), need(key("say", kindText)), need(enum("via", vias)), key("when", kindExpr), key("doubt", kindBool))

	householdShape = named("家庭组成", "household.yaml",
		sourced(objects("joins", linkShape), key("counts", kindExpr), objects("supporters", linkShape))...)

	magnitudeShape = named("预计规模", "a magnitude", sourced(
		need(key("programme", kindID)), need(key("units", kindCount)), key("note", kindText))...)

	magnitudesShape = named("预计规模", "magnitudes.yaml", sourced(
		need(key("people", kindCount)), need(some(objects("programmes", magnitudeShape))))...)

	aimShape = named("应当找到的情况", "what a rule is to find",
		need(enum("label", labelKinds)), listOf("programmes", kindID), listOf("causes", kindString), key("within", kindCount))

	ruleAimShape = named("规则的评估", "how a rule is measured",
		need(key("warning", kindID)), some(objects("finds", aimShape)), key("unmeasured", kindText))

	needShape = named("需要的评估", "how a need is measured",
		need(key("need", kindID)), key("programme", kindID), key("variable", kindID), listOf("parts", kindID))

	evaluationShape = named("评估对照", "evaluation.yaml",
		need(some(objects("needs", needShape))), need(some(objects("rules", ruleAimShape))))

	outcomeShape = named("预期结论", "an expected outcome",
		need(key("programme", kindID)), key("unit", kindString), need(enum("outcome", outcomes)),
		mapOf("components", kindNumber), key("amount", kindNumber), listOf("failed", kindID), listOf("missing", kindString))

	expectShape = named("“expect”", `"expect"`,
		objects("outcomes", outcomeShape), mapOf("values", kindScalar), listOf("warnings", kindString))

	factsShape = named("“facts”", `"facts"`,
		key("doubtful", kindBool), key("household", kindFacts), need(listOf("members", kindFacts)), listOf("supporters", kindFacts))

	dossierShape = named("家庭材料", "a household", dossierFields...)

	dossierFields = []field{need(key("on", kindDate)), key("area", kindArea), need(object("facts", factsShape))}

	caseShape = named("案例", "a case", sourced(append([]field{
		need(key("case", kindString)), need(key("name", kindText)), listOf("tags", kindID), listOf("programmes", kindID), mapOf("parameters", kindAny),
		key("note", kindAny), need(object("expect", expectShape))}, dossierFields...)...)...)
)
