package pack

import "dajiuzhu/internal/fault"

var (
	missingFile = fault.Text{Key: "pack.missing-file",
		Zh: "缺少文件“{expected}”", En: `the file "{expected}" is missing`}
	wrongResidence = fault.Text{Key: "pack.residence",
		Zh: "residence 应是家庭的一个代码型（code）事实，“{found}”不是", En: `"residence" must be a fact of the household of type code; "{found}" is not`}
)

const (
	headFile      = "pack.yaml"
	usualCalendar = "calendar.yaml"
)

// head reads pack.yaml.
func (l *loader) head(contents map[string][]byte) {
	o, ok := l.readHead(contents)
	if !ok {
		l.lose(headFile)
		l.calendarFile = usualCalendar
		return
	}
	p := l.pack
	p.ID, p.Name, p.Engine, p.Residence = o.string("pack"), o.text("name"), o.string("engine"), o.string("residence")
	p.Area, p.EnginePos = o.area("area"), o.posOf("engine")
	l.refersArea(o, "area")
	l.residenceFact(o)
	l.calendarFile = o.string("calendar")
	if _, ok := contents[l.calendarFile]; l.calendarFile != "" && !ok && !l.lost[l.calendarFile] {
		l.fail(o.posOf("calendar"), missingFile, fault.Args{"expected": l.calendarFile})
	}
}

func (l *loader) readHead(contents map[string][]byte) (node, bool) {
	content, ok := contents[headFile]
	if !ok {
		if !l.lost[headFile] {
			l.failAt(fault.At{File: headFile}, missingFile, fault.Args{"expected": headFile})
		}
		return node{}, false
	}
	f, documents := l.onlyDocuments(headFile, content, true)
	if len(documents) == 0 || !f.checkWhole(documents[0], packShape) {
		return node{}, false
	}
	return node{f, documents[0]}, true
}

// residenceFact checks that the fact by which parameters differ is a code of the household.
func (l *loader) residenceFact(o node) {
	l.refers(o, "residence", toFacts)
	l.afterwards(func() {
		if f := l.factOf(l.pack.Residence); f != nil && (f.Unit != Household || f.Type != CodeOf) {
			l.fail(o.posOf("residence"), wrongResidence, fault.Args{"found": f.Path()})
		}
	})
}
