package pack

import "slices"

// The closed sets of words of workflow.yaml. Casework has code for each of them, and for no other.
var (
	actors = []string{"resident", "village-assistant", "township-officer", "window", "county-officer", "county-supervisor", "community", "coordination",
		"decider", "department-officer", "fund", "provider", "finance"}
	stepResults = []string{"application", "authorisation", "acceptance", "papers", "check", "survey", "visit", "review", "opinion", "meeting", "notice",
		"confirmation", "letter", "publication", "payment", "delivery", "acknowledgement"}
	occasions     = []string{"papers-lacking", "near-kin", "over-limit", "objection", "granted", "refused", "drawn"}
	timeUnits     = []string{"hours", "days", "working-days", "months", "years"}
	decisionRanks = []string{"township", "county", "department", "fund"}
	decisionBases = []string{"law", "entrusted", "devolved", "charter"}
	remedyKinds   = []string{"reconsideration", "suit", "complaint"}
	shownFields   = []string{"applicant", "member-count", "village", "programme", "amount", "reason", "contact"}
	samplingEvery = []string{"month", "quarter", "year"}
	alwaysVisited = []string{"near-kin", "red-flag", "complaint"}
	objectedTo    = []string{"notice", "survey", "means-check"}
	answers       = []string{"re-survey", "community-review", "new-check", "correction"}
	visitPurposes = []string{"warning", "survey", "sample", "review", "report"}
	questionTypes = append(slices.Clip(types), "text")
)

var periodFields = []field{need(key("count", kindCount)), need(enum("unit", timeUnits))}

// entryOf is the shape of an entry of workflow.yaml: its name, what it is about, and what holds of it by date.
func entryOf(zh, en, id string, version *shape, fields ...field) *shape {
	all := append([]field{need(key(id, kindID)), need(key("name", kindText))}, fields...)
	return named(zh, en, append(all, need(some(objects("versions", version))))...)
}

func versionOf(zh, en string, fields ...field) *shape {
	return named(zh, en, sourced(dated(fields...)...)...)
}

var (
	periodShape = named("期限", "a period", periodFields...)

	limitShape = named("时限", "a time limit", append([]field{need(key("from", kindID))}, periodFields...)...)

	totalShape = named("总时限", "the limit of the whole",
		append([]field{need(key("from", kindID)), need(key("to", kindID)), key("at_most", kindCount)}, periodFields...)...)

	stepShape = named("环节", "a step", sourced(
		need(key("id", kindID)), need(key("name", kindText)), need(enum("by", actors)), key("people", kindCount), key("both_sign", kindBool),
		listOf("not_by", kindID), object("within", limitShape), enum("only_if", occasions), need(enum("gives", stepResults)), key("note", kindText))...)

	procedureVersionShape = versionOf("程序版本", "a version", need(some(objects("steps", stepShape))), object("total", totalShape))

	procedureShape = entryOf("办理程序", "a procedure", "procedure", procedureVersionShape,
		listOf("programmes", kindID), listOf("recognises", kindID), need(key("authority", kindID)), need(key("publicity", kindID)))

	remedyShape = named("救济途径", "a remedy", sourced(
		need(enum("remedy", remedyKinds)), need(object("within", periodShape)), need(key("to", kindText)))...)

	authorityVersionShape = versionOf("审批权限", "a version",
		need(enum("rank", decisionRanks)), need(enum("basis", decisionBases)), need(key("letter", kindText)), need(key("refusal", kindText)),
		need(key("seal", kindText)), key("up_to", kindAmount), key("above", kindID), objects("remedies", remedyShape))

	authorityShape = entryOf("审批机关", "an authority", "authority", authorityVersionShape)

	postingShape = named("张贴内容", "what is posted", object("for", periodShape), need(some(enums("shows", shownFields))))

	publicityVersionShape = versionOf("公示规定", "a version",
		object("notice", postingShape), object("publication", postingShape), key("photograph", kindBool), key("minors", kindBool), key("never", kindBool))

	publicityShape = entryOf("公示方式", "a publicity regime", "publicity", publicityVersionShape)

	samplingVersionShape = versionOf("抽查规定", "a version",
		need(key("share", kindShare)), need(enum("every", samplingEvery)), enums("always", alwaysVisited), key("note", kindText))

	samplingShape = entryOf("抽查", "a sampling", "sampling", samplingVersionShape, listOf("procedures", kindID))

	reviewVersionShape = versionOf("核查规定", "a version",
		object("every", periodShape), object("valid", periodShape), object("authorisation", periodShape), object("exit", periodShape))

	reviewShape = entryOf("定期核查", "a review", "review", reviewVersionShape,
		listOf("programmes", kindID), listOf("categories", kindID))

	objectionVersionShape = versionOf("异议处理规定", "a version", need(some(enums("answers", answers))), object("within", periodShape))

	objectionShape = entryOf("异议", "an objection", "objection", objectionVersionShape, need(enum("against", objectedTo)))

	retentionVersionShape = versionOf("保存规定", "a version", need(object("keep", periodShape)))

	retentionShape = entryOf("档案保存", "a retention", "retention", retentionVersionShape, listOf("procedures", kindID))

	checklistQuestionShape = named("清单项", "a question",
		need(key("id", kindID)), key("fact", kindPath), key("ask", kindText), enum("type", questionTypes), key("codes", kindID))

	checklistVersionShape = versionOf("清单版本", "a version", need(some(objects("questions", checklistQuestionShape))))

	checklistShape = entryOf("走访清单", "a checklist", "checklist", checklistVersionShape, enums("purposes", visitPurposes))

	workflowVersionShapes = []*shape{procedureVersionShape, authorityVersionShape, publicityVersionShape, samplingVersionShape, reviewVersionShape,
		objectionVersionShape, retentionVersionShape, checklistVersionShape}

	workflowShape = named("办理环节", "workflow.yaml",
		objects("routes", codeShape), key("categories", kindID), object("baseline", periodShape), objects("procedures", procedureShape), objects("authorities", authorityShape),
		objects("publicity", publicityShape), objects("sampling", samplingShape), objects("reviews", reviewShape),
		objects("objections", objectionShape), objects("retention", retentionShape),
		objects("checklists", checklistShape))
)
