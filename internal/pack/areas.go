package pack

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
)

// AreaTree is the city's areas.
type AreaTree struct {
	areas    map[area.Code]*Area
	children map[area.Code][]area.Code
}

// Area is a city, county, township or village.
type Area struct {
	Code area.Code
	Name string // the full official name
}

// Has reports whether an area is in the tree.
func (t *AreaTree) Has(c area.Code) bool {
	if t == nil {
		return false
	}
	_, ok := t.areas[c]
	return ok
}

// Name is an area's full name, "" if it is not in the tree.
func (t *AreaTree) Name(c area.Code) string {
	if !t.Has(c) {
		return ""
	}
	return t.areas[c].Name
}

// Children are the areas directly below one, by code.
func (t *AreaTree) Children(c area.Code) []area.Code {
	if t == nil {
		return nil
	}
	return t.children[c]
}

// Villages are the villages in an area, by code; a village is its own.
func (t *AreaTree) Villages(in area.Code) []area.Code {
	if in.Level() == area.Village && t.Has(in) {
		return []area.Code{in}
	}
	var all []area.Code
	for _, c := range t.Children(in) {
		all = append(all, t.Villages(c)...)
	}
	return all
}

// Find is the areas within one, and the one itself, whose path from the county down holds every word of a text, by code, at most so many: who types
// 临邑 国寨 finds 临邑县临邑镇国寨村. A whole code finds its area.
func (t *AreaTree) Find(text string, in area.Code, most int) []area.Code {
	words := strings.Fields(text)
	if len(words) == 0 {
		return nil
	}
	if code, err := area.Parse(words[0]); err == nil && len(words) == 1 {
		if t.Has(code) && in.Contains(code) {
			return []area.Code{code}
		}
		return nil
	}
	var all []area.Code
	var walk func(area.Code)
	walk = func(c area.Code) {
		path := t.Path(c)
		if len(all) < most && t.Has(c) && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(path, w) }) {
			all = append(all, c)
		}
		for _, below := range t.Children(c) {
			if len(all) < most {
				walk(below)
			}
		}
	}
	walk(in)
	return all
}

// committees are the ends of villages' names that name the committee, the longest first, and whether they are of
// villages (村) and not of residents (居). One name of the register is cut off.
var committees = []struct {
	end       string
	ofVillage bool
}{
	{"村民委员会", true}, {"村民委员", true}, {"村委员会", true}, {"村委会", true}, {"居民委员会", false}, {"居委会", false},
}

// placeholder ends the names of units that the statisticians made up; nobody lives there and they have no other name.
const placeholder = "类似居委会"

// Short is a village's name without the name of its committee: 国寨村村民委员会 is 国寨村, 国棉社区居委会 国棉社区, 魏庄村委会 魏庄村.
func (t *AreaTree) Short(c area.Code) string {
	name := t.Name(c)
	if strings.HasSuffix(name, placeholder) {
		return name
	}
	for _, committee := range committees {
		short, ok := strings.CutSuffix(name, committee.end)
		if !ok || short == "" {
			continue
		}
		if committee.ofVillage && !strings.HasSuffix(short, "村") && !strings.HasSuffix(short, "社区") {
			return short + "村"
		}
		return short
	}
	return name
}

// Path is where an area lies, from its county down: 临邑县临邑镇国寨村. Names are used more than once, so a village is always
// shown by its path.
func (t *AreaTree) Path(c area.Code) string {
	if c.Level() == area.City {
		return t.Short(c)
	}
	var b strings.Builder
	for _, level := range []area.Level{area.County, area.Township, area.Village} {
		b.WriteString(t.Short(c.At(level)))
	}
	return b.String()
}

var (
	badCSV = fault.Text{Key: "pack.csv",
		Zh: "这一行读不了：{detailZh}", En: "this line cannot be read: {detail}"}
	badHeader = fault.Text{Key: "pack.csv-header",
		Zh: "表头应为 {expected}，现在写的是“{found}”", En: `the header must be {expected}; found "{found}"`}
	badArea = fault.Text{Key: "pack.area",
		Zh: "“{found}”不是区划代码", En: `"{found}" is not an area code`}
	doubleArea = fault.Text{Key: "pack.double-area",
		Zh: "区划“{found}”已在第 {line} 行", En: `the area "{found}" is already on line {line}`}
	noAreaName = fault.Text{Key: "pack.area-name",
		Zh: "区划“{found}”没有名称", En: `the area "{found}" has no name`}
	orphanArea = fault.Text{Key: "pack.orphan-area",
		Zh: "“{found}”的上级“{parent}”不在表里", En: `the parent "{parent}" of "{found}" is not in the table`}
	wrongParent = fault.Text{Key: "pack.area-parent",
		Zh: "“{found}”的上级按代码应为“{expected}”，写的是“{parent}”", En: `by its code "{found}" has the parent "{expected}"; found "{parent}"`}
	wrongLevel = fault.Text{Key: "pack.area-level",
		Zh: "“{found}”的级别按代码应为 {expected}（{expectedZh}），写的是“{level}”", En: `by its code "{found}" is a {expected}; found "{level}"`}
)

const (
	areasFile   = "areas.csv"
	areasHeader = "code,name,level,parent_code,urban_rural"
)

// csvDetails puts the CSV reader's findings into words of our own.
var csvDetails = []struct {
	err  error
	told Text
}{
	{csv.ErrFieldCount, Text{"应有 5 列：" + areasHeader, "it must have the 5 fields " + areasHeader}},
	{csv.ErrQuote, Text{"引号没有配对，或者引号里面又有引号", "a quotation mark is never closed or stands within quotes"}},
	{csv.ErrBareQuote, Text{"没有加引号的一格里出现了引号", "a quotation mark stands in a field without quotes"}},
}

// areas reads areas.csv, if the pack has one.
func (l *loader) areas(contents map[string][]byte) {
	content, ok := contents[areasFile]
	if !ok {
		return
	}
	l.pack.Areas = &AreaTree{areas: map[area.Code]*Area{}, children: map[area.Code][]area.Code{}}
	if !l.legible(areasFile, content) {
		l.lose(areasFile)
		return
	}
	l.plant(l.pack.Areas, l.areaRows(content))
}

// areaRow is a line of areas.csv.
type areaRow struct {
	at                        fault.At
	code, name, level, parent string
}

// areaRows reads the table up to the first line that is not one.
func (l *loader) areaRows(content []byte) []areaRow {
	r := csv.NewReader(bytes.NewReader(trimMark(content)))
	header, err := r.Read()
	if found := strings.Join(header, ","); err != nil || found != areasHeader {
		l.lose(areasFile)
		l.failAt(fault.At{File: areasFile, Line: 1}, badHeader, fault.Args{"expected": areasHeader, "found": fault.Excerpt(found)})
		return nil
	}
	var rows []areaRow
	for {
		record, err := r.Read()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			l.lose(areasFile)
			l.badLine(err)
			return rows
		}
		line, _ := r.FieldPos(0)
		rows = append(rows, areaRow{fault.At{File: areasFile, Line: line}, record[0], record[1], record[2], record[3]})
	}
}

func (l *loader) badLine(err error) {
	at := fault.At{File: areasFile}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		at.Line = parse.Line
	}
	told := Text{err.Error(), err.Error()}
	for _, d := range csvDetails {
		if errors.Is(err, d.err) {
			told = d.told
		}
	}
	l.failAt(at, badCSV, fault.Args{"detail": told.En, "detailZh": told.Zh})
}

// plant makes a tree of the rows: first every area, then each below its parent.
func (l *loader) plant(t *AreaTree, rows []areaRow) {
	planted := map[area.Code]areaRow{}
	var order []area.Code
	for _, r := range rows {
		code, err := area.Parse(r.code)
		switch level := code.Level(); {
		case err != nil:
			l.failAt(r.at, badArea, fault.Args{"found": fault.Excerpt(r.code)})
			continue
		case t.Has(code):
			l.failAt(r.at, doubleArea, fault.Args{"found": r.code, "line": planted[code].at.Line})
			continue
		case level.String() != r.level:
			l.failAt(r.at, wrongLevel, fault.Args{"found": r.code, "level": fault.Excerpt(r.level), "expected": level, "expectedZh": level.Zh()})
		case strings.TrimSpace(r.name) == "":
			l.failAt(r.at, noAreaName, fault.Args{"found": r.code})
		}
		planted[code], order = r, append(order, code)
		t.areas[code] = &Area{code, r.name}
	}
	for _, code := range order {
		l.graft(t, code, planted[code])
	}
	for parent := range t.children {
		slices.Sort(t.children[parent])
	}
}

// graft puts an area below its parent; a city has none.
func (l *loader) graft(t *AreaTree, code area.Code, r areaRow) {
	if code.Level() == area.City {
		return
	}
	parent := code.Parent()
	switch found, err := area.Parse(r.parent); {
	case err != nil || found != parent:
		l.failAt(r.at, wrongParent, fault.Args{"found": code, "expected": parent, "parent": fault.Excerpt(r.parent)})
	case !t.Has(parent):
		l.failAt(r.at, orphanArea, fault.Args{"found": code, "parent": parent})
	default:
		t.children[parent] = append(t.children[parent], code)
	}
}
