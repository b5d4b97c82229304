package pack

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dajiuzhu/internal/fault"
)

var (
	unreadable = fault.Text{Key: "pack.unreadable",
		Zh: "读不了这个文件：{detailZh}", En: "the file cannot be read: {detail}"}
	tooLarge = fault.Text{Key: "pack.too-large",
		Zh: "文件超过 {limit} 兆字节", En: "the file is larger than {limit} MiB"}
	missingFile = fault.Text{Key: "pack.missing-file",
		Zh: "缺少文件“{expected}”", En: `the file "{expected}" is missing`}
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

// maxFile bounds a file of a pack; the largest real one is the list of areas.
const maxFile = 16 << 20

// Load reads a pack. It reports every fault at once; the pack is nil when there is one.
func Load(fsys fs.FS) (*Pack, fault.List) {
	l := &loader{pack: &Pack{Codes: map[string]*CodeList{}}, defined: map[string]Pos{}, names: map[*category][]string{}, lost: map[string]bool{}}
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

func (l *loader) failAt(at fault.At, text fault.Text, args fault.Args) {
	l.faults = append(l.faults, fault.New(fault.Invalid, text, args).In(at))
}

func (l *loader) fail(pos Pos, text fault.Text, args fault.Args) { l.failAt(pos.At(), text, args) }

// lose notes that a file, or part of it, could not be read.
func (l *loader) lose(name string) {
	if l.lost != nil {
		l.lost[name] = true
	}
}

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

// readFiles reads every file of the pack but notes (README, .md) and hidden files.
func (l *loader) readFiles(fsys fs.FS) map[string][]byte {
	contents := map[string][]byte{}
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			l.unreadable(name, err)
			return nil
		case name == ".":
			return nil
		case strings.HasPrefix(path.Base(name), "."):
			return skip(d)
		case d.IsDir() || path.Ext(name) == ".md":
			return nil
		}
		if content, ok := l.readFile(fsys, name); ok {
			contents[name] = content
		}
		return nil
	}) // every fault has been reported where it arose
	return contents
}

// skip leaves out a file, or a folder with all below it.
func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (l *loader) readFile(fsys fs.FS, name string) ([]byte, bool) {
	content, err := readBounded(fsys, name)
	switch {
	case errors.Is(err, errTooLarge):
		l.lose(name)
		l.failAt(fault.At{File: name}, tooLarge, fault.Args{"limit": maxFile >> 20})
	case err != nil:
		l.unreadable(name, err)
	}
	return content, err == nil
}

// unreadable reports why a file or a folder could not be read, without its path, which the place already says.
func (l *loader) unreadable(name string, err error) {
	told := Text{err.Error(), err.Error()}
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		told = Text{"没有读取权限", "permission denied"}
	case errors.As(err, &pathError):
		told = Text{pathError.Err.Error(), pathError.Err.Error()}
	}
	l.lose(name)
	l.failAt(fault.At{File: name}, unreadable, fault.Args{"detail": told.En, "detailZh": told.Zh})
}

var errTooLarge = errors.New("too large")

func readBounded(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		return nil, errTooLarge
	}
	return content, err
}

// hash names the pack by its content.
func hash(names []string, contents map[string][]byte) string {
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s\x00%d\x00", name, len(contents[name]))
		h.Write(contents[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// place is where a kind of file lies, its shape, and what reads one object of it.
type place struct {
	path   string // a file, or a folder with all below it when it ends in a slash
	list   string // the key that an item of a list begins with; "" for a single object
	single bool   // has one document only
	shape  *shape
	read   func(*loader, node)
}

var places = []place{
	{"departments.yaml", "department", true, departmentShape, (*loader).department},
	{"codes.yaml", "codes", true, codeListShape, (*loader).codeList},
	{"facts/", "fact", true, factShape, (*loader).fact},
	{"parameters/", "parameter", true, parameterShape, (*loader).parameter},
	{"variables/", "variable", true, variableShape, (*loader).variable},
	{"programmes/", "", true, programmeShape, (*loader).programme},
	{"index.yaml", "", true, indexShape, (*loader).index},
	{"warnings/", "", true, mechanismShape, (*loader).mechanism},
	{"feeds/", "", true, feedShape, (*loader).feed},
	{"household.yaml", "", true, householdShape, (*loader).household},
	{"workflow.yaml", "", true, workflowShape, (*loader).workflow},
	{"cases/", "", false, caseShape, (*loader).caseOf},
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
	f, documents := l.onlyDocuments(name, content, p.single)
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

var wrongResidence = fault.Text{Key: "pack.residence",
	Zh: "residence 应是家庭的一个代码型（code）事实，“{found}”不是", En: `"residence" must be a fact of the household of type code; "{found}" is not`}

// residenceFact checks that the fact by which parameters differ is a code of the household.
func (l *loader) residenceFact(o node) {
	l.refers(o, "residence", toFacts)
	l.afterwards(func() {
		if f := l.factOf(l.pack.Residence); f != nil && (f.Unit != Household || f.Type != CodeOf) {
			l.fail(o.posOf("residence"), wrongResidence, fault.Args{"found": f.Path()})
		}
	})
}
