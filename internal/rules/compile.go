package rules

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var (
	cycle = fault.Text{Key: "rules.cycle",
		Zh: "公式循环引用：{found}", En: "formulas go in a circle: {found}"}
	mixedPeriods = fault.Text{Key: "rules.mixed-periods",
		Zh: "项目“{found}”的各部分发放周期不同，不能用 amount 读取", En: `the components of "{found}" are paid over different periods: amount cannot read it`}
	wrongEngine = fault.Text{Key: "rules.engine",
		Zh: "政策包要用第 {expected} 版引擎，这个程序是第 {found} 版", En: "the pack needs version {expected} of the engine; this program has {found}"}
)

// Policy is a compiled pack.
type Policy struct {
	world      *world
	hash       string
	dimensions []dimension
	warnings   []*warning
	persons    map[string]*term // person expressions of feeds and composition by source text
	feedOrder  []int
}

// world is everything that names in expressions can mean.
type world struct {
	pack       *pack.Pack
	layout     *Layout
	variables  map[string]*variable
	parameters map[string]*pack.Parameter
	programmes map[string]*programme
	used       map[string]bool // parameters that something reads
	terms      map[formulaKey]*term

	ofPerson, ofHousehold *language

	user      *user
	supported []supportedUse
	formulas  []elaborated
}

// user is a variable or a programme while its formulas are compiled: what they use.
type user struct {
	name string
	uses []use
}

type use struct {
	of *user
	at fault.At
}

type supportedUse struct {
	variable *variable
	at       fault.At
}

type variable struct {
	user
	decl     *pack.Variable
	versions []datedTerm
}

type datedTerm struct {
	span calendar.Span
	term *term
	decl *pack.VariableVersion
}

type programme struct {
	user
	decl     *pack.Programme
	index    int
	versions []*programmeTerms
}

type programmeTerms struct {
	decl       *pack.ProgrammeVersion
	conditions []*term
	whens      []*term // by component; nil: always
	amounts    []*term // by component; nil: not money
}

type dimension struct {
	decl          *pack.Dimension
	score, before *term
}

type warning struct {
	decl      *pack.Warning
	mechanism *pack.Mechanism
	index     int
	when      *term
}

// rel is the relation of a programme's unit.
func (p *programme) rel() relation { return relationOf(p.decl.Unit) }

func relationOf(u pack.Unit) relation {
	if u == pack.Household {
		return households
	}
	return persons
}

func (w *world) uses(v *variable, at fault.At, ofSupporter bool) {
	w.user.uses = append(w.user.uses, use{&v.user, at})
	if ofSupporter {
		w.supported = append(w.supported, supportedUse{v, at})
	}
}

func (w *world) usesProgramme(p *programme, at fault.At) {
	w.user.uses = append(w.user.uses, use{&p.user, at})
}

func (w *world) programmeIDs() []string { return sortedKeys(w.programmes) }

func (w *world) eventType(u pack.Unit) *pack.EventType {
	for _, e := range w.pack.Events {
		if e.Unit == u {
			return e
		}
	}
	return nil
}

// elaborated is one expression of the pack after elaboration, as the engine and the oracle of its tests read it.
type elaborated struct {
	name string // of the variable, programme.condition and so on
	unit pack.Unit
	span calendar.Span
	ast  *cel.Ast

	env  *cel.Env
	term *term
}

// Compile compiles a pack. It reports every fault at once; the policy is nil when there is one.
func Compile(p *pack.Pack) (*Policy, fault.List) { return compile(p, nil) }

func compile(p *pack.Pack, bind binder) (*Policy, fault.List) {
	w := newWorld(p)
	if err := w.makeLanguages(bind); err != nil {
		return nil, fault.List{fault.New(fault.Internal, syntaxError, fault.Args{"detail": err.Error(), "detailZh": err.Error()})}
	}
	c := &compiler{world: w, policy: &Policy{world: w, hash: p.Hash, persons: map[string]*term{}}}
	c.variables()
	c.programmes()
	c.index()
	c.warnings()
	for _, f := range w.formulas {
		c.amountsReadable(f.term)
	}
	c.personExpressions()
	c.rowFormulas()
	c.feedOrder()
	c.cycles()
	c.supporters()
	c.engine()
	if len(c.faults) > 0 {
		c.faults.Sort()
		return nil, c.faults
	}
	return c.policy, nil
}

func newWorld(p *pack.Pack) *world {
	w := &world{
		pack: p, layout: NewLayout(p),
		variables: map[string]*variable{}, parameters: map[string]*pack.Parameter{}, programmes: map[string]*programme{},
		used: map[string]bool{}, terms: map[formulaKey]*term{}, user: &user{},
	}
	for _, v := range p.Variables {
		w.variables[v.Path()] = &variable{user: user{name: v.Path()}, decl: v}
	}
	for _, q := range p.Parameters {
		w.parameters[q.Name] = q
	}
	for i, q := range p.Programmes {
		w.programmes[q.ID] = &programme{user: user{name: q.ID}, decl: q, index: i}
	}
	return w
}

// makeLanguages makes the languages of a person's and a household's formulas.
func (w *world) makeLanguages(bind binder) error {
	objects := w.objects()
	shared := map[string]*cel.Type{"household": cel.ObjectType(householdObject), "param": cel.ObjectType(paramObject), "on": dateType}
	ofPerson := maps.Clone(shared)
	ofPerson["person"] = cel.ObjectType(personObject)
	var err error
	if w.ofHousehold, err = newLanguage(objects, shared, bind); err != nil {
		return err
	}
	w.ofPerson, err = newLanguage(objects, ofPerson, bind)
	return err
}

func (w *world) objects() objectTypes {
	objects := objectTypes{
		personObject:         {"events": cel.ListType(cel.ObjectType(personEventObject))},
		householdObject:      {"events": cel.ListType(cel.ObjectType(householdEventObject))},
		paramObject:          {},
		personEventObject:    {},
		householdEventObject: {},
	}
	objects[householdObject]["members"] = cel.ListType(cel.ObjectType(personObject))
	objects[householdObject]["supporters"] = cel.ListType(cel.ObjectType(personObject))
	for _, f := range w.pack.Facts {
		objects[string(f.Unit)][f.Name] = celType(f.Type)
	}
	for _, v := range w.pack.Variables {
		objects[string(v.Unit)][v.Name] = celType(v.Type)
	}
	for _, p := range w.pack.Parameters {
		objects[paramObject][p.Name] = parameterType(p)
	}
	for _, e := range w.pack.Events {
		fields := objects[string(e.Unit)+"_event"]
		fields["kind"], fields["from"], fields["to"] = cel.StringType, dateType, dateType
		for _, f := range e.Fields {
			fields[f.Name] = celType(f.Type)
		}
	}
	return objects
}

func parameterType(p *pack.Parameter) *cel.Type {
	switch {
	case p.Bands:
		return bandsType
	case p.Codes != "":
		return cel.MapType(cel.StringType, celType(p.Type))
	}
	return celType(p.Type)
}

// compiler compiles the parts of a pack and collects the faults.
type compiler struct {
	world  *world
	policy *Policy
	faults fault.List
}

// expression compiles one expression of a unit; nil after a fault or where there is none.
func (c *compiler) expression(e pack.Expr, unit pack.Unit, want pack.Type, list *pack.CodeList, name string, span calendar.Span) *term {
	if e.Source == "" {
		return nil
	}
	l, names := c.world.ofHousehold, map[string]binding{"household": {households}}
	if unit == pack.Person {
		l, names = c.world.ofPerson, map[string]binding{"household": {households}, "person": {persons}}
	}
	f, faults := l.typed(e, want)
	c.faults = append(c.faults, faults...)
	if f == nil {
		return nil
	}
	b := &builder{world: c.world, source: e, info: f.checked.NativeRep().SourceInfo(), types: f.checked.NativeRep(), want: list}
	t := b.build(f.checked.NativeRep().Expr(), names)
	if t != nil && t.list != list {
		b.fail(f.checked.NativeRep().Expr(), otherList, fault.Args{"found": listID(t.list), "expected": listID(list)})
	}
	c.faults = append(c.faults, b.faults...)
	if len(b.faults) > 0 {
		return nil
	}
	c.world.formulas = append(c.world.formulas, elaborated{name: name, unit: unit, span: span, ast: f.checked, env: f.env, term: t})
	c.world.terms[keyOf(e)] = t
	return t
}

func listID(l *pack.CodeList) string {
	if l == nil {
		return "-"
	}
	return l.ID
}

// typed elaborates an expression whose result must be of a type; an int serves as a decimal.
func (l *language) typed(e pack.Expr, want pack.Type) (*formula, fault.List) {
	f, faults := l.formula(e)
	if f == nil {
		return nil, faults
	}
	found, ok := packType(f.checked.OutputType())
	if ok && found == pack.Int && want == pack.Decimal {
		return f, f.decimalResult()
	}
	if !ok || found != want {
		if !ok {
			found = pack.Type(typeWords(f.checked.OutputType().String()))
		}
		return nil, fault.List{fault.New(fault.Invalid, wrongResult, fault.Args{"found": string(found), "expected": string(want)}).In(e.Pos.At())}
	}
	return f, nil
}

func (c *compiler) variables() {
	for _, decl := range c.world.pack.Variables {
		v := c.world.variables[decl.Path()]
		c.world.user = &v.user
		for _, version := range decl.Versions {
			t := c.expression(version.Value, decl.Unit, decl.Type, c.world.pack.Codes[decl.Codes], decl.Path(), version.Span)
			v.versions = append(v.versions, datedTerm{version.Span, t, version})
		}
	}
}

func (c *compiler) programmes() {
	for _, decl := range c.world.pack.Programmes {
		p := c.world.programmes[decl.ID]
		c.world.user = &p.user
		for _, version := range decl.Versions {
			p.versions = append(p.versions, c.version(decl, version))
		}
	}
}

func (c *compiler) version(decl *pack.Programme, version *pack.ProgrammeVersion) *programmeTerms {
	terms := &programmeTerms{decl: version}
	for _, condition := range version.Conditions {
		t := c.expression(condition.When, decl.Unit, pack.Bool, nil, decl.ID+"."+condition.ID, version.Span)
		terms.conditions = append(terms.conditions, t)
	}
	for _, component := range version.Components {
		name := decl.ID + "." + component.ID
		terms.whens = append(terms.whens, c.expression(component.When, decl.Unit, pack.Bool, nil, name+".when", version.Span))
		terms.amounts = append(terms.amounts, c.expression(component.Amount, decl.Unit, pack.Decimal, nil, name+".amount", version.Span))
	}
	return terms
}

// amountsReadable refuses amount('id') of a programme whose components are paid over different periods.
func (c *compiler) amountsReadable(t *term) {
	if t == nil {
		return
	}
	if t.op == opAmount && mixed(t.prog.decl) {
		c.faults = append(c.faults, fault.New(fault.Invalid, mixedPeriods, fault.Args{"found": t.prog.decl.ID}).In(t.pos))
	}
	for _, a := range t.args {
		c.amountsReadable(a)
	}
}

func mixed(p *pack.Programme) bool {
	per := ""
	for _, v := range p.Versions {
		for _, component := range v.Components {
			if component.Per == "" {
				continue
			}
			if per != "" && per != component.Per {
				return true
			}
			per = component.Per
		}
	}
	return false
}

func (c *compiler) index() {
	if c.world.pack.Index == nil {
		return
	}
	c.world.user = &user{name: "index"}
	for _, d := range c.world.pack.Index.Dimensions {
		score := c.expression(d.Score, pack.Household, pack.Decimal, nil, "index."+d.ID, calendar.Always())
		before := c.expression(d.Before, pack.Household, pack.Decimal, nil, "index."+d.ID+".before", calendar.Always())
		if before == nil {
			before = score
		}
		c.policy.dimensions = append(c.policy.dimensions, dimension{d, score, before})
	}
}

func (c *compiler) warnings() {
	for _, m := range c.world.pack.Mechanisms {
		for _, rule := range m.Rules {
			c.world.user = &user{name: rule.ID}
			when := c.expression(rule.When, rule.Unit, pack.Bool, nil, "warning."+rule.ID, calendar.Always())
			c.policy.warnings = append(c.policy.warnings, &warning{decl: rule, mechanism: m, index: len(c.policy.warnings), when: when})
		}
	}
}

// personExpressions compiles what feeds and composition say of persons before there are households.
func (c *compiler) personExpressions() {
	var all []pack.Expr
	for _, f := range c.world.pack.Feeds {
		all = append(all, f.Covers)
	}
	if h := c.world.pack.Household; h != nil {
		all = append(all, h.Counts)
		for _, link := range slices.Concat(h.Joins, h.Supporters) {
			all = append(all, link.When)
		}
	}
	for _, e := range all {
		c.world.user = &user{name: e.Source}
		before := len(c.world.formulas)
		t := c.expression(e, pack.Person, pack.Bool, nil, e.Source, calendar.Always())
		c.world.formulas = c.world.formulas[:before] // the oracle has no persons without households
		if t == nil {
			continue
		}
		if reach := c.reachesHousehold(t, map[*variable]bool{}); reach != "" {
			c.faults = append(c.faults, fault.New(fault.Invalid, noHousehold, fault.Args{"found": reach}).In(c.reaching(t).pos))
		}
		c.policy.persons[e.Source] = t
	}
}

// reaching is the part of a term that reads the household, itself or through a variable.
func (c *compiler) reaching(t *term) *term {
	for _, a := range t.args {
		if c.reachesHousehold(a, map[*variable]bool{}) != "" {
			return c.reaching(a)
		}
	}
	return t
}

// reachesHousehold names what a person's term reads of the household, "" if nothing. Parameters are read by the
// household's area and are at hand everywhere.
func (c *compiler) reachesHousehold(t *term, seen map[*variable]bool) string {
	ofHousehold := t.rel == households && (t.op == opFact || t.op == opVariable || t.op == opHolds || t.over != scalar)
	if ofHousehold {
		return t.name()
	}
	if t.op == opEligible || t.op == opAmount || t.op == opOutcome {
		return t.name()
	}
	if t.op == opVariable && !seen[t.vari] {
		seen[t.vari] = true
		for _, v := range t.vari.versions {
			if v.term == nil {
				continue
			}
			if reach := c.reachesHousehold(v.term, seen); reach != "" {
				return reach
			}
		}
	}
	for _, a := range t.args {
		if reach := c.reachesHousehold(a, seen); reach != "" {
			return reach
		}
	}
	return ""
}

// name is how messages name what a term reads.
func (t *term) name() string {
	switch {
	case t.fact != nil:
		return t.fact.path
	case t.vari != nil:
		return t.vari.name
	case t.prog != nil:
		return t.prog.name
	}
	return "household"
}

// supporters refuses variables of supporters that read a household or events.
func (c *compiler) supporters() {
	for _, s := range c.world.supported {
		self := &term{op: opVariable, rel: persons, vari: s.variable}
		reach := c.reachesHousehold(self, map[*variable]bool{})
		if reach == "" {
			reach = readsEvents(self, map[*variable]bool{})
		}
		if reach != "" {
			c.faults = append(c.faults, fault.New(fault.Invalid, supporterReach, fault.Args{"found": s.variable.name}).In(s.at))
		}
	}
}

func readsEvents(t *term, seen map[*variable]bool) string {
	if t.over == personEvents {
		return "person.events"
	}
	if t.op == opVariable && !seen[t.vari] {
		seen[t.vari] = true
		for _, v := range t.vari.versions {
			if v.term != nil && readsEvents(v.term, seen) != "" {
				return t.vari.name
			}
		}
	}
	for _, a := range t.args {
		if reach := readsEvents(a, seen); reach != "" {
			return reach
		}
	}
	return ""
}

// cycles refuses formulas that go in a circle.
func (c *compiler) cycles() {
	const open, closed = 1, 2
	state := map[*user]int{}
	var path []*user
	var visit func(u *user, at fault.At)
	visit = func(u *user, at fault.At) {
		switch state[u] {
		case closed:
			return
		case open:
			c.faults = append(c.faults, fault.New(fault.Invalid, cycle, fault.Args{"found": circle(path, u)}).In(at))
			return
		}
		state[u] = open
		path = append(path, u)
		for _, used := range u.uses {
			visit(used.of, used.at)
		}
		path = path[:len(path)-1]
		state[u] = closed
	}
	for _, v := range c.world.pack.Variables {
		visit(&c.world.variables[v.Path()].user, v.Pos.At())
	}
	for _, p := range c.world.pack.Programmes {
		visit(&c.world.programmes[p.ID].user, p.Pos.At())
	}
}

func circle(path []*user, back *user) string {
	var names []string
	for _, u := range path[slices.Index(path, back):] {
		names = append(names, u.name)
	}
	return strings.Join(append(names, back.name), " → ")
}

// engine refuses a pack that was written for a later engine.
func (c *compiler) engine() {
	needed, _ := strconv.Atoi(c.world.pack.Engine)
	if have, _ := strconv.Atoi(EngineVersion); needed > have {
		c.faults = append(c.faults, fault.New(fault.Invalid, wrongEngine,
			fault.Args{"expected": needed, "found": EngineVersion}).In(c.world.pack.EnginePos.At()))
	}
}

// Layout is the layout of the policy's batches.
func (p *Policy) Layout() *Layout { return p.world.layout }

// Pack is the pack that was compiled.
func (p *Policy) Pack() *pack.Pack { return p.world.pack }

// UnusedParameters are the parameters that no expression reads, in the pack's order.
func (p *Policy) UnusedParameters() []*pack.Parameter {
	var unused []*pack.Parameter
	for _, q := range p.world.pack.Parameters {
		if !p.world.used[q.Name] {
			unused = append(unused, q)
		}
	}
	return unused
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
