package library

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dajiuzhu/internal/pack"
)

// figuresOf writes the tables of the figures that a programme's own formulas look up, and names those further below.
func (w *writer) figuresOf(q *pack.Programme) {
	r := w.reached[q.ID]
	var further []string
	for _, p := range r.parameters {
		if !slices.ContainsFunc(r.near, func(f figure) bool { return f.parameter == p }) {
			further = append(further, w.linkTo("figures", w.in(p.Label), "param."+p.Name))
		}
	}
	if len(r.near)+len(further) == 0 {
		return
	}
	w.heading(2, w.say("所用的标准和数字", "The figures used"))
	for _, f := range r.near {
		w.heading(3, w.in(f.parameter.Label))
		if f.direct || len(f.parameter.Values) <= mostValues {
			w.figureTable(f, f.parameter.Values)
			continue
		}
		w.figureTable(f, w.notOver(f.parameter))
		w.paragraph("%s%s", w.say("历年的见：", "Former years: "), w.linkTo("figures", w.in(f.parameter.Label), "param."+f.parameter.Name))
	}
	if len(further) > 0 {
		w.paragraph("%s%s%s", w.say("通过其他公式间接用到的：", "Used by way of other formulas: "), w.list(further), w.say("。", "."))
	}
}

// mostValues is how many values over time a page shows of a figure that its programme's rules do not name themselves.
const mostValues = 12

// notOver are a parameter's values that are in force on the day or later.
func (w *writer) notOver(p *pack.Parameter) []*pack.ParameterValue {
	return slices.DeleteFunc(slices.Clone(p.Values), func(v *pack.ParameterValue) bool { return v.Span.To <= w.on })
}

// figureTable is a parameter's values over time.
func (w *writer) figureTable(f figure, values []*pack.ParameterValue) {
	p := f.parameter
	area := slices.ContainsFunc(values, func(v *pack.ParameterValue) bool { return v.Area != w.pack.Area })
	header := []string{w.say("期间", "Over")}
	if area {
		header = append(header, w.say("地区", "Area"))
	}
	if p.Residence {
		header = append(header, w.say("城乡", "Residence"))
	}
	switch {
	case p.Codes != "":
		header = append(header, w.in(w.pack.Codes[p.Codes].Name))
	case p.Bands:
		header = append(header, w.say("档", "Band"))
	}
	header = append(header, w.say("数额", "Figure"), w.say("可靠程度", "Standing"), w.say("来源", "Source"))
	var rows [][]string
	for _, v := range w.newestFirst(values) {
		head := []string{w.span(v.Span)}
		if area {
			head = append(head, w.areaName(v))
		}
		if p.Residence {
			head = append(head, w.residence(v))
		}
		tail := []string{w.status(v.Source.Status), w.figureSource(v)}
		for i, cells := range w.valueCells(f, v) {
			if i > 0 {
				tail = []string{w.say("同上", "as above"), w.say("同上", "as above")}
			}
			rows = append(rows, slices.Concat(head, cells, tail))
		}
	}
	w.table(header, rows)
}

// newestFirst puts the values of later spans before those of earlier ones.
func (w *writer) newestFirst(values []*pack.ParameterValue) []*pack.ParameterValue {
	all := slices.Clone(values)
	slices.SortStableFunc(all, func(a, b *pack.ParameterValue) int { return cmp.Compare(b.Span.From, a.Span.From) })
	return all
}

func (w *writer) areaName(v *pack.ParameterValue) string {
	if v.Area == w.pack.Area {
		return w.say("全市（另有规定的除外）", "the whole city, unless said otherwise")
	}
	if w.pack.Areas != nil && w.pack.Areas.Has(v.Area) {
		return escape(w.pack.Areas.Name(v.Area))
	}
	return v.Area.String()
}

func (w *writer) residence(v *pack.ParameterValue) string {
	if v.Residence == "" {
		return w.say("城乡相同", "both")
	}
	list := w.pack.Codes[w.facts[w.pack.Residence].Codes]
	return w.in(list.Codes[list.Index(v.Residence)].Name)
}

// valueCells is a value with its code or band, a row each.
func (w *writer) valueCells(f figure, v *pack.ParameterValue) [][]string {
	p := f.parameter
	var rows [][]string
	switch {
	case p.Codes != "":
		for _, c := range w.pack.Codes[p.Codes].Codes {
			if f.codes == nil || slices.Contains(f.codes, c.ID) {
				rows = append(rows, []string{w.in(c.Name), w.measured(v.Table[c.ID], p.Measure)})
			}
		}
	case p.Bands:
		lower := ""
		for _, b := range v.Bands {
			band := w.say("不超过 "+b.UpTo.String(), "up to "+b.UpTo.String())
			switch {
			case b.Last && lower == "":
				band = w.say("不分档", "any")
			case b.Last:
				band = w.say("超过 "+lower, "above "+lower)
			case lower != "":
				band = w.say("超过 "+lower+"、不超过 "+b.UpTo.String(), "above "+lower+" up to "+b.UpTo.String())
			}
			rows = append(rows, []string{band, w.measured(b.Value, p.Measure)})
			lower = b.UpTo.String()
		}
	default:
		rows = append(rows, []string{w.measured(v.Value, p.Measure)})
	}
	return rows
}

// figureSource is a value's documents, the day of its publication and why it stands in for another.
func (w *writer) figureSource(v *pack.ParameterValue) string {
	parts := []string{w.cites(v.Source.Cites)}
	if v.Published != 0 {
		parts = append(parts, w.say(w.date(v.Published)+"公布", "published on "+w.date(v.Published)))
	}
	if !isFound(v.Source) {
		parts = append(parts, w.in(v.Source.Why))
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(parts, w.say("。", ". "))
}

// figures writes the page of all figures.
func (w *writer) figures() {
	w.head(w.say("标准和数字", "Figures"))
	w.paragraph("%s", w.say("政策里用到的每一个标准、比例和限额，按期间排列，最新的在前。没有写出的期间就是没有查到，用到它的规定在那段时间“当日无生效规定”，不会拿别的数代替。",
		"Every standard, share and limit that the policy uses, by span, the newest first. A span that is not there was not found: what needs the figure then is not in force, and no other figure stands in."))
	var rows [][]string
	for _, p := range w.pack.Parameters {
		rows = append(rows, []string{w.linkTo("figures", w.in(p.Label), "param."+p.Name), strconv.Itoa(len(p.Values)), w.standings(p), w.readers(p)})
	}
	w.table([]string{w.say("名称", "Name"), w.say("有几个数", "Values"), w.say("可靠程度", "Standing"), w.say("用在哪些项目", "Programmes that use it")}, rows)
	same := w.labels("figures", w.lang)
	for _, p := range w.pack.Parameters {
		w.heading(2, w.title(p.Label, "param."+p.Name, w.lang, same))
		w.figureTable(figure{parameter: p}, p.Values)
		w.paragraph("%s `%s`", w.say("所在文件：", "File:"), p.Pos.File)
	}
}

// standings is how sure a parameter's values are, each standing once with how many.
func (w *writer) standings(p *pack.Parameter) string {
	var all []string
	for _, s := range []pack.Status{pack.Found, pack.Assumed, pack.Proxy, pack.Interpolated} {
		n := 0
		for _, v := range p.Values {
			if v.Source.Status == s {
				n++
			}
		}
		if n > 0 {
			all = append(all, fmt.Sprintf("%s %d", w.status(s), n))
		}
	}
	return w.list(all)
}

// mostReaders is how many programmes a list of readers names.
const mostReaders = 8

// readers are the programmes that a parameter reaches.
func (w *writer) readers(p *pack.Parameter) string {
	return w.users(func(r *reach) bool { return slices.Contains(r.parameters, p) })
}

// users are the programmes, and the index and the warnings, whose formulas reach something.
func (w *writer) users(reaches func(*reach) bool) string {
	var all []string
	if list := w.programmeList(func(q *pack.Programme) bool { return reaches(w.reached[q.ID]) }); list != "—" {
		all = append(all, list)
	}
	if reaches(w.ofIndex) {
		all = append(all, "["+w.say("困难指数", "the index")+"]("+w.to("index")+")")
	}
	if reaches(w.ofWarnings) {
		all = append(all, "["+w.say("预警", "warnings")+"]("+w.to("warnings")+")")
	}
	return orDash(w.statements(all))
}

// programmeList names the programmes of a kind, the first few and how many in all.
func (w *writer) programmeList(is func(*pack.Programme) bool) string {
	var links []string
	for _, q := range w.pack.Programmes {
		if is(q) {
			links = append(links, w.programmeLink(q))
		}
	}
	if len(links) > mostReaders {
		return fmt.Sprintf(w.say("%s等 %d 个", "%s and more, %d in all"), w.list(links[:mostReaders]), len(links))
	}
	if len(links) == 0 {
		return "—"
	}
	return w.list(links)
}
