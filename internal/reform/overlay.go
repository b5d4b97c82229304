package reform

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

var (
	noParameter = fault.Text{Key: "reform.no-parameter",
		Zh: "没有参数“{found}”；最接近的是“{nearest}”", En: `there is no parameter "{found}"; the nearest is "{nearest}"`}
	noParameterAlone = fault.Text{Key: "reform.no-parameter-alone",
		Zh: "没有参数“{found}”，也没有相近的", En: `there is no parameter "{found}", nor any like it`}
	noCode = fault.Text{Key: "reform.no-code",
		Zh: "参数“{name}”没有“{found}”这一档；可写的有：{expected}", En: `the parameter "{name}" has no figure for "{found}"; there are: {expected}`}
	needsCode = fault.Text{Key: "reform.needs-code",
		Zh: "参数“{name}”是一张表，不能全改成一个数；请写 {name}[代码]=…（{expected}），或按比例、差额改", En: `the parameter "{name}" is a table and cannot become one figure: write {name}[code]=… ({expected}), or change it by a share or a difference`}
	bandsOnly = fault.Text{Key: "reform.bands",
		Zh: "参数“{name}”分档，只能按比例或差额整体改；要改某一档，请用修改过的政策包（--pack）", En: `the parameter "{name}" has bands, which can only change together, by a share or a difference; for one band use a changed pack (--pack)`}
	noArea = fault.Text{Key: "reform.no-area",
		Zh: "没有区划“{found}”；最接近的是“{nearest}”", En: `there is no area "{found}"; the nearest is "{nearest}"`}
	outOfRange = fault.Text{Key: "reform.range",
		Zh: "“{found}”把 {figure} 改得小于零或超出范围", En: `"{found}" takes {figure} below zero or out of range`}
	notWhole = fault.Text{Key: "reform.not-whole",
		Zh: "参数“{name}”是整数，改成 {figure} 不行", En: `the parameter "{name}" is a whole number and cannot become {figure}`}
	nothingThere = fault.Text{Key: "reform.nothing-there",
		Zh: "参数“{name}”从 {from} 起在那里没有值可改", En: `the parameter "{name}" has no value there to change from {from} on`}
)

// Scope is where and from when a change holds.
type Scope struct {
	From calendar.Date // calendar.Beginning: always
	Area area.Code     // 0: everywhere
}

// Overlay is the pack's parameters as they are after the changes.
func Overlay(p *pack.Pack, changes []Change, scope Scope) (rules.Overlay, error) {
	if scope.Area != 0 && p.Areas != nil && !p.Areas.Has(scope.Area) {
		return nil, fault.New(fault.NotFound, noArea, fault.Args{"found": scope.Area, "nearest": nearestArea(p, scope.Area)})
	}
	if scope.Area == 0 {
		scope.Area = p.Area
	}
	overlay := rules.Overlay{}
	for _, c := range changes {
		parameter := overlay[c.Name]
		if parameter == nil {
			if parameter = p.Parameter(c.Name); parameter == nil {
				return nil, unknownParameter(p, c.Name)
			}
		}
		changed, err := newReviser(p, parameter, c, scope).revise()
		if err != nil {
			return nil, err
		}
		overlay[c.Name] = changed
	}
	return overlay, nil
}

func unknownParameter(p *pack.Pack, name string) error {
	var names []string
	for _, q := range p.Parameters {
		names = append(names, q.Name)
	}
	if near := fault.Nearest(name, names); near != "" {
		return fault.New(fault.NotFound, noParameter, fault.Args{"found": fault.Excerpt(name), "nearest": near})
	}
	return fault.New(fault.NotFound, noParameterAlone, fault.Args{"found": fault.Excerpt(name)})
}

// reviser changes one parameter.
type reviser struct {
	parameter  *pack.Parameter
	change     Change
	scope      Scope
	residences []string // that the change is for; none is all
	codes      []string // of the parameter's list; none is all
	allowed    []string
	unknown    string
}

// newReviser tells which of the codes in brackets are residences and which are of the parameter's list.
func newReviser(p *pack.Pack, parameter *pack.Parameter, c Change, scope Scope) *reviser {
	r := &reviser{parameter: parameter, change: c, scope: scope}
	var residences, codes []string
	if parameter.Residence {
		residences = residenceCodes(p)
	}
	if list := p.Codes[parameter.Codes]; list != nil {
		codes = list.IDs()
	}
	r.allowed = slices.Concat(residences, codes)
	for _, code := range c.Codes {
		switch {
		case slices.Contains(residences, code):
			r.residences = append(r.residences, code)
		case slices.Contains(codes, code):
			r.codes = append(r.codes, code)
		case r.unknown == "":
			r.unknown = code
		}
	}
	return r
}

func residenceCodes(p *pack.Pack) []string {
	for _, f := range p.Facts {
		if f.Path() == p.Residence && p.Codes[f.Codes] != nil {
			return p.Codes[f.Codes].IDs()
		}
	}
	return nil
}

func (r *reviser) fault(kind fault.Kind, text fault.Text, args fault.Args) error {
	args["name"] = r.parameter.Name
	args["expected"] = strings.Join(r.allowed, ", ")
	return fault.New(kind, text, args)
}

// check refuses what the parameter's form does not allow.
func (r *reviser) check() error {
	switch {
	case r.unknown != "":
		return r.fault(fault.NotFound, noCode, fault.Args{"found": fault.Excerpt(r.unknown)})
	case r.parameter.Bands && r.change.Kind == To:
		return r.fault(fault.Invalid, bandsOnly, fault.Args{})
	case r.parameter.Codes != "" && len(r.codes) == 0 && r.change.Kind == To:
		return r.fault(fault.Invalid, needsCode, fault.Args{})
	}
	return nil
}

// revise makes the parameter as it is after the change: values inside the area are changed from the day on, and of those
// around it the ones that hold in the area are repeated there, changed.
func (r *reviser) revise() (*pack.Parameter, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	changed := *r.parameter
	changed.Values = nil
	found := false
	keep := func(values ...*pack.ParameterValue) { changed.Values = append(changed.Values, values...) }
	for _, v := range r.parameter.Values {
		if !r.scope.Area.Contains(v.Area) && r.scope.Area != v.Area {
			keep(v)
			continue
		}
		after, err := r.after(v, v.Area)
		if err != nil {
			return nil, err
		}
		keep(r.before(v)...)
		keep(after...)
		found = found || len(after) > 0
	}
	for _, v := range r.inherited() {
		after, err := r.after(v, r.scope.Area)
		if err != nil {
			return nil, err
		}
		keep(after...)
		found = found || len(after) > 0
	}
	if !found {
		return nil, r.fault(fault.Invalid, nothingThere, fault.Args{"from": r.scope.From})
	}
	return &changed, nil
}

// before is what stays of a value: the days before the change, or all where the change is for other residences only.
func (r *reviser) before(v *pack.ParameterValue) []*pack.ParameterValue {
	before := *v
	if len(r.residences) == 0 || slices.Contains(r.residences, v.Residence) {
		before.Span.To = min(v.Span.To, r.scope.From)
	}
	if before.Span.Empty() {
		return nil
	}
	return []*pack.ParameterValue{&before}
}

// after is a value for an area as it is from the change on, by residence where the change is for some only.
func (r *reviser) after(v *pack.ParameterValue, in area.Code) ([]*pack.ParameterValue, error) {
	var values []*pack.ParameterValue
	for _, residence := range r.residencesOf(v) {
		spans := []calendar.Span{{From: max(v.Span.From, r.scope.From), To: v.Span.To}}
		if residence != v.Residence {
			spans = r.withoutOwn(spans, v, in, residence)
		}
		for _, span := range spans {
			if span.Empty() {
				continue
			}
			one := *v
			one.Area, one.Residence, one.Span = in, residence, span
			if err := r.figures(&one); err != nil {
				return nil, err
			}
			values = append(values, &one)
		}
	}
	return values, nil
}

// withoutOwn is the days on which a residence has no value of its own that goes before one for all residences.
func (r *reviser) withoutOwn(spans []calendar.Span, v *pack.ParameterValue, in area.Code, residence string) []calendar.Span {
	for _, own := range r.parameter.Values {
		if own.Residence == residence && own.Area.Contains(in) && own.Area.Level() >= v.Area.Level() {
			spans = without(spans, own.Span)
		}
	}
	return spans
}

// residencesOf is for which residences a value changes.
func (r *reviser) residencesOf(v *pack.ParameterValue) []string {
	switch {
	case len(r.residences) == 0:
		return []string{v.Residence}
	case v.Residence == "":
		return r.residences
	case slices.Contains(r.residences, v.Residence):
		return []string{v.Residence}
	}
	return nil
}

// inherited is the values of areas around the change's that hold in it, each over the days on which no nearer one does.
func (r *reviser) inherited() []*pack.ParameterValue {
	around := slices.Clone(r.parameter.Values)
	slices.SortStableFunc(around, func(a, b *pack.ParameterValue) int { return cmp.Compare(b.Area.Level(), a.Area.Level()) })
	var all []*pack.ParameterValue
	for i, v := range around {
		if v.Area == r.scope.Area || !v.Area.Contains(r.scope.Area) {
			continue
		}
		free := []calendar.Span{{From: max(v.Span.From, r.scope.From), To: v.Span.To}}
		for _, nearer := range around[:i] {
			if nearer.Area.Level() > v.Area.Level() && nearer.Area.Contains(r.scope.Area) && (nearer.Residence == "" || nearer.Residence == v.Residence) {
				free = without(free, nearer.Span)
			}
		}
		for _, span := range free {
			if !span.Empty() {
				one := *v
				one.Span = span
				all = append(all, &one)
			}
		}
	}
	return all
}

// without is the days of spans that are not in another.
func without(spans []calendar.Span, other calendar.Span) []calendar.Span {
	var rest []calendar.Span
	for _, s := range spans {
		rest = append(rest, calendar.Span{From: s.From, To: min(s.To, other.From)}, calendar.Span{From: max(s.From, other.To), To: s.To})
	}
	return slices.DeleteFunc(rest, calendar.Span.Empty)
}

// figures changes a value's figures.
func (r *reviser) figures(v *pack.ParameterValue) (err error) {
	v.Source = pack.Source{Status: pack.Assumed, Why: pack.Text{Zh: "模拟：" + r.change.String(), En: "simulated: " + r.change.String()}}
	switch {
	case r.parameter.Bands:
		v.Bands = slices.Clone(v.Bands)
		for i := range v.Bands {
			if v.Bands[i].Value, err = r.figure(v.Bands[i].Value); err != nil {
				return err
			}
		}
	case r.parameter.Codes != "":
		v.Table = maps.Clone(v.Table)
		codes := r.codes
		if len(codes) == 0 {
			codes = slices.Sorted(maps.Keys(v.Table))
		}
		for _, code := range codes {
			if v.Table[code], err = r.figure(v.Table[code]); err != nil {
				return err
			}
		}
	default:
		v.Value, err = r.figure(v.Value)
	}
	return err
}

func (r *reviser) figure(was money.Decimal) (money.Decimal, error) {
	is, ok := r.change.apply(was)
	if !ok {
		return 0, r.fault(fault.Invalid, outOfRange, fault.Args{"found": r.change.String(), "figure": was})
	}
	if r.parameter.Type == pack.Int && is%money.Scale != 0 {
		return 0, r.fault(fault.Invalid, notWhole, fault.Args{"figure": is})
	}
	return is, nil
}

// nearestArea is the area whose code is nearest to one that does not exist.
func nearestArea(p *pack.Pack, code area.Code) string {
	var codes []string
	var visit func(a area.Code)
	visit = func(a area.Code) {
		codes = append(codes, a.String())
		for _, child := range p.Areas.Children(a) {
			visit(child)
		}
	}
	visit(p.Area)
	return fault.Nearest(code.String(), codes)
}
