package pack

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

var (
	emptyFile = fault.Text{Key: "pack.empty-file",
		Zh: "文件里没有内容", En: "there is nothing in the file"}
	strayFile = fault.Text{Key: "pack.stray-file",
		Zh: "政策包里没有放这个文件的地方，可以放的有：{expected}", En: "a pack has no place for this file; it has: {expected}"}
	unnamedCalendar = fault.Text{Key: "pack.unnamed-calendar",
		Zh: "pack.yaml 没有写 calendar: {found}，这个文件不会被用到", En: "pack.yaml does not say calendar: {found}, so that nothing reads this file"}
	strayFileNear = fault.Text{Key: "pack.stray-file-near",
		Zh: "政策包里没有放这个文件的地方，最接近的是“{nearest}”", En: `a pack has no place for this file; the nearest is "{nearest}"`}
	secondDocument = fault.Text{Key: "pack.second-document",
		Zh: "这个文件只能有一份内容，不能用 --- 分开写第二份", En: "this file holds one document; it cannot have a second after ---"}
	notAList = fault.Text{Key: "pack.not-a-list-file",
		Zh: "这个文件应是列表，每项以“- {expected}:”开头", En: `this file is a list, each item beginning with "- {expected}:"`}
)

// Load reads a pack. It reports every fault at once; the pack is nil when there is one.
func Load(fsys fs.FS) (*Pack, fault.List) {
	l := newLoader()
	contents := l.readFiles(fsys)
	names := sortedKeys(contents)
	l.pack.Hash = hash(names, contents)
	l.areas(contents)
	l.head(contents)
	for _, name := range names {
		l.read(name, contents[name])
	}
	for i := 0; i < len(l.later); i++ { // a check may ask for another
		l.later[i]()
	}
	if len(l.faults) > 0 {
		l.faults.Sort()
		return nil, l.faults
	}
	l.pack.inCatalogueOrder()
	return l.pack, nil
}

// loader reads a pack and collects the faults.
type loader struct {
	pack         *Pack
	faults       fault.List
	calendarFile string
	defined      map[string]Pos         // what is defined, by kind and name, and where
	later        []func()               // checks that need the whole pack
	names        map[*category][]string // what references may name, once everything has been read
	lost         map[string]bool        // files that could not be read, so that what they define is not known
}

func newLoader() *loader {
	return &loader{pack: &Pack{Codes: map[string]*CodeList{}}, defined: map[string]Pos{}, names: map[*category][]string{}, lost: map[string]bool{}}
}

func (l *loader) failAt(at fault.At, text fault.Text, args fault.Args) {
	l.faults = append(l.faults, fault.New(fault.Invalid, text, args).In(at))
}

func (l *loader) fail(pos Pos, text fault.Text, args fault.Args) { l.failAt(pos.At(), text, args) }

// lose notes that a file, or part of it, could not be read.
func (l *loader) lose(name string) { l.lost[name] = true }

// afterwards checks something once everything has been read.
func (l *loader) afterwards(check func()) { l.later = append(l.later, check) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// place is where a kind of file lies, its shape, and what reads one object of it.
type place struct {
	path  string // a file, or a folder with all below it when it ends in a slash
	list  string // the key that an item of a list begins with; "" for a single object
	shape *shape
	read  func(*loader, node)
	many  bool // may have several documents
}

var places = []place{
	{"departments.yaml", "department", departmentShape, (*loader).department, false},
	{"codes.yaml", "codes", codeListShape, (*loader).codeList, false},
	{"facts/", "fact", factShape, (*loader).fact, false},
	{"parameters/", "parameter", parameterShape, (*loader).parameter, false},
	{"variables/", "variable", variableShape, (*loader).variable, false},
	{"programmes/", "", programmeShape, (*loader).programme, false},
	{"index.yaml", "", indexShape, (*loader).index, false},
	{"warnings/", "", mechanismShape, (*loader).mechanism, false},
	{"feeds/", "", feedShape, (*loader).feed, false},
	{"household.yaml", "", householdShape, (*loader).household, false},
	{"workflow.yaml", "", workflowShape, (*loader).workflow, false},
	{"messages.yaml", "", messagesShape, (*loader).messages, false},
	{"handling.yaml", "", handlingShape, (*loader).handling, false},
	{"magnitudes.yaml", "", magnitudesShape, (*loader).magnitudes, false},
	{"evaluation.yaml", "", evaluationShape, (*loader).evaluation, false},
	{"cases/", "", caseShape, (*loader).caseOf, true},
}

func (p *place) holds(name string) bool {
	if !strings.HasSuffix(p.path, "/") {
		return name == p.path
	}
	return strings.HasPrefix(name, p.path) && path.Ext(name) == ".yaml"
}

func (l *loader) read(name string, content []byte) {
	switch name {
	case headFile, areasFile:
		return
	case l.calendarFile:
		l.calendar(name, content)
		return
	}
	for i := range places {
		if places[i].holds(name) {
			l.readPlace(&places[i], name, content)
			return
		}
	}
	l.stray(name)
}

func (l *loader) readPlace(p *place, name string, content []byte) {
	f, documents := l.onlyDocuments(name, content, !p.many)
	for _, doc := range documents {
		if p.list == "" {
			l.readObject(p, node{f, doc})
			continue
		}
		l.readList(p, f, doc)
	}
}

func (l *loader) readObject(p *place, o node) {
	of, read := p.shape, p.read
	if p.shape == factShape && o.has("events") {
		of, read = eventShape, (*loader).eventType
	}
	if o.f.checkWhole(o.n, of) {
		read(l, o)
	}
}

func (l *loader) readList(p *place, f *file, doc *yaml.Node) {
	if doc.Kind != yaml.SequenceNode {
		f.fail(doc, notAList, fault.Args{"expected": p.list})
		return
	}
	for _, item := range doc.Content {
		l.readObject(p, node{f, item})
	}
}

// onlyDocuments are the documents of a file that must have some, or exactly one.
func (l *loader) onlyDocuments(name string, content []byte, single bool) (*file, []*yaml.Node) {
	before := len(l.faults)
	f, documents := l.documents(name, content)
	switch {
	case len(documents) == 0 && len(l.faults) == before:
		l.failAt(fault.At{File: name}, emptyFile, nil)
	case single && len(documents) > 1:
		f.fail(documents[1], secondDocument, nil)
		documents = documents[:1]
	}
	return f, documents
}

// stray reports a file that lies where a pack has none, with the place that was probably meant.
func (l *loader) stray(name string) {
	if name == usualCalendar {
		l.failAt(fault.At{File: name}, unnamedCalendar, fault.Args{"found": name})
		return
	}
	paths := []string{headFile, areasFile}
	for _, p := range places {
		paths = append(paths, p.path)
	}
	args := fault.Args{"nearest": nearestPlace(name, paths), "expected": strings.Join(paths, ", ")}
	if args["nearest"] == "" {
		l.failAt(fault.At{File: name}, strayFile, args)
		return
	}
	l.failAt(fault.At{File: name}, strayFileNear, args)
}

// nearestPlace compares a file with files and the first folder of its path with folders.
func nearestPlace(name string, paths []string) string {
	folder, rest, inFolder := strings.Cut(name, "/")
	if !inFolder {
		return nearest(name, paths)
	}
	near := nearest(folder+"/", paths)
	if !strings.HasSuffix(near, "/") {
		return ""
	}
	return near + strings.TrimSuffix(rest, path.Ext(rest)) + ".yaml"
}
