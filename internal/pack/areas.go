package pack

import (
	"bytes"
	"encoding/csv"
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

// Villages are the villages in an area, by code.
func (t *AreaTree) Villages(in area.Code) []area.Code {
	if in.Level() == area.Village {
		return []area.Code{in}
	}
	var all []area.Code
	for _, c := range t.Children(in) {
		all = append(all, t.Villages(c)...)
	}
	return all
}

// Short is a village's name without the name of its committee: 国寨村村民委员会 is 国寨村, 国棉社区居委会 国棉社区, 魏庄村委会 魏庄村.
func (t *AreaTree) Short(c area.Code) string {
	name := t.Name(c)
	for _, suffix := range []string{"村民委员会", "居民委员会", "居委会"} {
		if short, ok := strings.CutSuffix(name, suffix); ok {
			if suffix == "村民委员会" && !strings.HasSuffix(short, "村") && !strings.HasSuffix(short, "社区") {
				return short + "村"
			}
			return short
		}
	}
	if short, ok := strings.CutSuffix(name, "村委会"); ok {
		if strings.HasSuffix(short, "村") {
			return short
		}
		return short + "村"
	}
	return name
}

// Path is where an area lies, from its county down: 临邑县临邑镇国寨村. Names are used more than once, so a village is always
// shown by its path.
func (t *AreaTree) Path(c area.Code) string {
	var b strings.Builder
	for _, level := range []area.Level{area.City, area.County, area.Township, area.Village} {
		at := c.At(level)
		if at == 0 || level == area.City && c.Level() != area.City {
			continue
		}
		b.WriteString(t.Short(at))
	}
	return b.String()
}

var (
	badCSV = fault.Text{Key: "pack.csv",
		Zh: "表格写法有误：{detail}", En: "the table cannot be read: {detail}"}
	badHeader = fault.Text{Key: "pack.csv-header",
		Zh: "表头应为 {expected}，写的是 {found}", En: "the header is {expected}, found {found}"}
	badArea = fault.Text{Key: "pack.area",
		Zh: "区划代码“{found}”有误：{detail}", En: `the area code "{found}" is wrong: {detail}`}
	orphanArea = fault.Text{Key: "pack.orphan-area",
		Zh: "“{found}”的上级“{parent}”不在表中或不是它的上级", En: `"{found}" has the parent "{parent}", which is not in the table or not above it`}
	wrongLevel = fault.Text{Key: "pack.area-level",
		Zh: "“{found}”的级别写作“{level}”，按代码应为“{expected}”", En: `"{found}" is given as {level}; by its code it is a {expected}`}
)

const areasHeader = "code,name,level,parent_code,urban_rural"

// readAreas reads areas.csv.
func (l *loader) readAreas(name string, content []byte) *AreaTree {
	t := &AreaTree{areas: map[area.Code]*Area{}, children: map[area.Code][]area.Code{}}
	r := csv.NewReader(bytes.NewReader(content))
	r.FieldsPerRecord = 5
	header, err := r.Read()
	if err != nil || strings.Join(header, ",") != areasHeader {
		l.failAt(fault.At{File: name, Line: 1}, badHeader, fault.Args{"expected": areasHeader, "found": fault.Excerpt(strings.Join(header, ","))})
		return t
	}
	type row struct {
		at     fault.At
		code   area.Code
		parent string
	}
	var rows []row
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			l.failAt(fault.At{File: name}, badCSV, fault.Args{"detail": err.Error()})
			return t
		}
		line, _ := r.FieldPos(0)
		at := fault.At{File: name, Line: line}
		code, err := area.Parse(record[0])
		if err != nil {
			l.failAt(at, badArea, fault.Args{"found": fault.Excerpt(record[0]), "detail": err.Error()})
			continue
		}
		if t.Has(code) {
			l.failAt(at, doubleKey, fault.Args{"found": record[0]})
			continue
		}
		if got := code.Level().String(); got != record[2] {
			l.failAt(at, wrongLevel, fault.Args{"found": record[0], "level": fault.Excerpt(record[2]), "expected": got})
			continue
		}
		t.areas[code] = &Area{code, record[1]}
		rows = append(rows, row{at, code, record[3]})
	}
	for _, r := range rows {
		if r.code.Level() == area.City {
			continue
		}
		parent, err := area.Parse(r.parent)
		if err != nil || !t.Has(parent) || r.code.Parent() != parent {
			l.failAt(r.at, orphanArea, fault.Args{"found": r.code, "parent": fault.Excerpt(r.parent)})
			continue
		}
		t.children[parent] = append(t.children[parent], r.code)
	}
	for parent := range t.children {
		slices.Sort(t.children[parent])
	}
	return t
}
