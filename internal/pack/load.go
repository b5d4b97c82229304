package pack

import (
	"bytes"
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

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

var (
	unreadable = fault.Text{Key: "pack.unreadable",
		Zh: "读不了文件：{detail}", En: "the file cannot be read: {detail}"}
	tooLarge = fault.Text{Key: "pack.too-large",
		Zh: "文件超过 {limit} 兆字节", En: "the file is larger than {limit} MiB"}
	missingFile = fault.Text{Key: "pack.missing-file",
		Zh: "缺少文件“{expected}”", En: `the file "{expected}" is missing`}
	strayFile = fault.Text{Key: "pack.stray-file",
		Zh: "政策包里没有这种文件的位置；最接近的是“{nearest}”", En: `a pack has no place for this file; the nearest is "{nearest}"`}
	aliasFault = fault.Text{Key: "pack.alias",
		Zh: "政策包不使用 YAML 的引用（& 和 *）", En: "YAML anchors and aliases (& and *) are not used in a pack"}
	notAList = fault.Text{Key: "pack.not-a-list-file",
		Zh: "此文件应为列表，每项以“- {expected}:”开头", En: `this file is a list, each item beginning with "- {expected}:"`}
)

// maxFile bounds a file of a pack; the largest real one is the list of areas.
const maxFile = 16 << 20

// loader reads a pack and collects the faults.
type loader struct {
	pack   *Pack
	faults fault.List
}

func (l *loader) failAt(at fault.At, text fault.Text, args fault.Args) {
	l.faults = append(l.faults, fault.New(fault.Invalid, text, args).In(at))
}

func (l *loader) fail(pos Pos, text fault.Text, args fault.Args) { l.failAt(pos.At(), text, args) }

// Load reads a pack. It reports every fault at once; the pack is nil when there is one.
func Load(fsys fs.FS) (*Pack, fault.List) {
	l := &loader{pack: &Pack{Codes: map[string]*CodeList{}}}
	contents := l.readFiles(fsys)
	names := sortedKeys(contents)
	l.pack.Hash = hash(names, contents)
	if content, ok := contents["areas.csv"]; ok {
		l.pack.Areas = l.readAreas("areas.csv", content)
	}
	l.head(contents["pack.yaml"])
	for _, name := range names {
		l.read(name, contents[name])
	}
	l.references()
	if len(l.faults) > 0 {
		l.faults.Sort()
		return nil, l.faults
	}
	return l.pack, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// readFiles reads every file of the pack but notes (README, .md).
func (l *loader) readFiles(fsys fs.FS) map[string][]byte {
	contents := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || strings.HasPrefix(path.Base(name), ".") || path.Ext(name) == ".md" {
			return nil
		}
		content, err := readBounded(fsys, name)
		if errors.Is(err, errTooLarge) {
			l.failAt(fault.At{File: name}, tooLarge, fault.Args{"limit": maxFile >> 20})
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		contents[name] = content
		return nil
	})
	if err != nil {
		l.failAt(fault.At{}, unreadable, fault.Args{"detail": err.Error()})
	}
	return contents
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

// documents parses a YAML file into its documents.
func (l *loader) documents(name string, content []byte) (*file, []*yaml.Node) {
	f := &file{name: name, lines: strings.Split(string(content), "\n"), faults: &l.faults}
	d := yaml.NewDecoder(bytes.NewReader(content))
	var all []*yaml.Node
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return f, all
		}
		if err != nil {
			at := fault.At{File: name}
			detail := strings.TrimPrefix(err.Error(), "yaml: ")
			if n, scanErr := fmt.Sscanf(detail, "line %d:", &at.Line); n == 1 && scanErr == nil {
				_, detail, _ = strings.Cut(detail, ": ")
			}
			l.failAt(at, badYAML, fault.Args{"detail": detail})
			return f, all
		}
		if len(doc.Content) == 0 {
			continue
		}
		if alias := findAlias(doc.Content[0]); alias != nil {
			f.fail(alias, aliasFault, nil)
			continue
		}
		all = append(all, doc.Content[0])
	}
}

// findAlias finds an alias: a few of them could make a small file enormous, and a reader would have to look elsewhere.
func findAlias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n
	}
	for _, c := range n.Content {
		if alias := findAlias(c); alias != nil {
			return alias
		}
	}
	return nil
}

// kinds are the places of a pack: where each kind of file lies, its shape, and what reads one object of it.
var kinds = []struct {
	place string // a file, or a folder with all below it when it ends in a slash
	name  string // the key that an item of a list begins with; "" for a single object
	shape *shape
	read  func(*loader, node)
}{
	{"departments.yaml", "department", departmentShape, (*loader).department},
	{"codes.yaml", "codes", codeListShape, (*loader).codeList},
	{"facts/", "fact", factShape, (*loader).fact},
	{"parameters/", "parameter", parameterShape, (*loader).parameter},
	{"variables/", "variable", variableShape, (*loader).variable},
	{"programmes/", "", programmeShape, (*loader).programme},
	{"index.yaml", "", indexShape, (*loader).index},
	{"warnings/", "", mechanismShape, (*loader).mechanism},
	{"feeds/", "", feedShape, (*loader).feed},
	{"household.yaml", "", householdShape, (*loader).household},
	{"workflow.yaml", "", workflowShape, (*loader).workflow},
	{"cases/", "", caseShape, (*loader).caseOf},
}

func (l *loader) read(name string, content []byte) {
	switch name {
	case "pack.yaml", "areas.csv":
		return
	case l.pack.calendarFile:
		l.calendar(name, content)
		return
	}
	for _, k := range kinds {
		if name != k.place && !(strings.HasSuffix(k.place, "/") && strings.HasPrefix(name, k.place) && path.Ext(name) == ".yaml") {
			continue
		}
		f, documents := l.documents(name, content)
		for _, doc := range documents {
			l.readObjects(f, doc, k.name, k.shape, k.read)
		}
		return
	}
	var places []string
	for _, k := range kinds {
		places = append(places, k.place)
	}
	l.failAt(fault.At{File: name}, strayFile, fault.Args{"nearest": fault.Nearest(name, places)})
}

func (l *loader) readObjects(f *file, doc *yaml.Node, list string, s *shape, read func(*loader, node)) {
	if list == "" {
		if f.checkObject(doc, s) {
			read(l, node{f, doc})
		}
		return
	}
	if doc.Kind != yaml.SequenceNode {
		f.fail(doc, notAList, fault.Args{"expected": list})
		return
	}
	for _, item := range doc.Content {
		of, reading := s, read
		if s == factShape && (node{f, item}).has("events") {
			of, reading = eventShape, (*loader).eventType
		}
		if f.checkObject(item, of) {
			reading(l, node{f, item})
		}
	}
}

// head reads pack.yaml and the calendar.
func (l *loader) head(content []byte) {
	if content == nil {
		l.failAt(fault.At{}, missingFile, fault.Args{"expected": "pack.yaml"})
		return
	}
	f, documents := l.documents("pack.yaml", content)
	if len(documents) == 0 || !f.checkObject(documents[0], packShape) {
		return
	}
	o := node{f, documents[0]}
	p := l.pack
	p.ID, p.Name, p.Engine, p.Residence = o.string("pack"), o.text("name"), o.string("engine"), o.string("residence")
	p.Area, _ = area.Parse(o.string("area"))
	p.calendarFile = o.string("calendar")
}

// calendar reads the holidays, a mapping of years.
func (l *loader) calendar(name string, content []byte) {
	f, documents := l.documents(name, content)
	years := map[int]calendar.Year{}
	for _, doc := range documents {
		if !f.checkMap(doc, "calendar", &field{item: kindObject, of: yearShape}) {
			continue
		}
		for i := 0; i+1 < len(doc.Content); i += 2 {
			l.year(f, doc.Content[i], node{f, doc.Content[i+1]}, years)
		}
	}
	l.pack.Calendar = calendar.NewWork(years)
}

var badYear = fault.Text{Key: "pack.year", Zh: "“{found}”不是年份", En: `"{found}" is not a year`}

func (l *loader) year(f *file, key *yaml.Node, o node, years map[int]calendar.Year) {
	var number int
	if _, err := fmt.Sscanf(key.Value, "%d", &number); err != nil || number < 1800 || number > 2199 {
		f.fail(key, badYear, fault.Args{"found": fault.Excerpt(key.Value)})
		return
	}
	year := calendar.Year{Notice: o.string("notice")}
	for _, item := range o.list("off") {
		year.Off = append(year.Off, l.daysOff(f, item)...)
	}
	for _, day := range o.strings("working") {
		if d, err := calendar.Parse(day); err == nil {
			year.Working = append(year.Working, d)
		}
	}
	for _, e := range year.Check(number) {
		l.faults = append(l.faults, e.In(f.pos(key).At()))
	}
	years[number] = year
}

var daysOffShape = &shape{"off", []field{key("name", kindString), need(key("from", kindDate)), need(key("to", kindDate))}}

// daysOff is one day, or all days from a first to a last.
func (l *loader) daysOff(f *file, item node) []calendar.Date {
	if item.n.Kind != yaml.MappingNode {
		if !f.check(item.n, "off", kindDate, nil) {
			return nil
		}
		d, _ := calendar.Parse(item.n.Value)
		return []calendar.Date{d}
	}
	if !f.checkObject(item.n, daysOffShape) {
		return nil
	}
	var days []calendar.Date
	for d, last := item.date("from"), item.date("to"); d <= last && len(days) < 366; d++ {
		days = append(days, d)
	}
	return days
}
