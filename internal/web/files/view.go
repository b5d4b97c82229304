package files

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
)

// view is a household's file as somebody reads it.
type view struct {
	Household  int64
	Key        string
	Head       string
	Place      string
	Ended      bool
	On         calendar.Date
	Simulated  bool
	Doubts     []string
	Members    []member
	Former     []member
	Told       []told // of the household itself
	Sees       sight
	Facts      bool // what is known may be seen
	Rows       bool // what departments delivered may be seen
	Determined bool // what the policy comes to is known
	Score      *score
	Offices    []office
	Elsewhere  []office       // whose programmes all plainly concern nobody here
	Count      map[string]int // of outcomes, by outcome
	Plan       plan
	Questions  []string
	Warnings   []warned
	Said       []said
	History    []event
	Openings   []opening
	Held       []received // of the happiness list
	Open       int        // outcomes that are likely or possible
	Work       []worked
	Granted    []granted // by decisions on the platform
	Purposes   []purpose
}

// majority is the age from which somebody has an account (《民法典》第17条).
const majority = 18

// member is a person of the household.
type member struct {
	ID         int64
	Name       string
	Role       string
	Sex        string
	Birth      string
	Age        string
	Died       string
	Address    string
	Counted    bool
	Registered bool
	Adult      bool // lives, and is grown up or of an age that nobody knows
	From, To   string
	Number     masked
	Phone      masked
	Told       []told
	Feeds      []delivered
}

// masked is a sensitive value: its mask, or itself once it was opened.
type masked struct {
	Text   string
	Open   bool
	Person int64
	Field  string // "number", "phone", or a fact's path
	May    bool   // the reader may open it
}

// told is a fact with where it comes from.
type told struct {
	Name   string
	Value  masked
	Source string
	Others []other // what less trusted sources say
}

type other struct{ Value, Source string }

// delivered is the rows of one feed about a person, the newest last.
type delivered struct {
	Feed  string
	On    string
	Heads []string
	Lines [][]string
	More  int // rows that are not shown
}

// score is the difficulty index.
type score struct {
	Now, Before, Coverage string
	Parts                 []part
}

type part struct {
	Name, Score, Weight, Points string
	Share                       int // of a hundred, for a bar
	Known                       bool
	Why                         string
	Steps                       []rules.Step
}

// office is a department with the outcomes of its programmes.
type office struct {
	Name     string
	Outcomes []outcome
	Plain    []string // programmes that plainly concern nobody here
}

// outcome is what a programme comes to for a unit.
type outcome struct {
	Programme string
	Name      string
	Who       string
	Lane      int // of the person among those of the household, -1 of the household itself
	State     string
	StateName string
	Held      bool
	Assumed   bool
	Lines     []string
	Cites     []rules.Citation
}

// plan is the aid plan.
type plan struct {
	Yearly                     string
	Cash, Other, Discretionary []rules.PlanRow
	Choices                    [][]rules.PlanRow
	GivenUp, Undecided, ToDo   []string
}

// warned is a warning that fires now.
type warned struct {
	Name, Level, LevelName, Who string
	Steps                       []rules.Step
}

// said is something that people stated.
type said struct {
	On, Who, Fact, Value, Source, By, Evidence, Withdrawn string
}

type event struct{ On, Text string }

type opening struct{ At, By, Role, Purpose, Field, Who string }

type purpose struct{ Code, Name string }

// sheet makes a view.
type sheet struct {
	*Files
	lang       fault.Lang
	role       access.Role
	department string // of a department's officer
	see        sight
	opened     map[string]string // by person and field: values that were opened now
	file       *registry.File
	why        *discovery.Explanation
	words      *rules.Words
	on         calendar.Date
}

func (s *sheet) say(zh, en string) string { return s.lang.Say(zh, en) }

// summary is what stands on top of every page of a file.
func (s *sheet) summary() view {
	v := view{Household: s.file.ID, Key: s.file.Key, Place: s.place(s.file.Area), Ended: s.file.Lasts.To != calendar.Forever, On: s.on, Sees: s.see,
		Facts: s.see.facts, Rows: s.see.rows, Purposes: s.purposes(), Count: map[string]int{}}
	if len(s.file.Persons) > 0 {
		v.Head = s.file.Persons[0].Name
	}
	for i := range s.file.Persons {
		m := s.member(&s.file.Persons[i])
		if m.To != "" {
			v.Former = append(v.Former, m)
			continue
		}
		v.Members = append(v.Members, m)
	}
	if s.why == nil {
		return v
	}
	v.Determined, v.Simulated = true, s.why.Simulated
	for _, d := range s.why.Determination.Household.Doubts {
		v.Doubts = append(v.Doubts, d.In(s.lang))
	}
	return v
}

// view is the whole file.
func (s *sheet) view() view {
	v := s.summary()
	v.History = s.history()
	if s.why == nil {
		return v
	}
	for _, o := range s.offices(v.Count) {
		if len(o.Outcomes) > 0 {
			v.Offices = append(v.Offices, o)
		} else if len(o.Plain) > 0 {
			v.Elsewhere = append(v.Elsewhere, o)
		}
	}
	v.Open = v.Count[rules.Likely.String()] + v.Count[rules.Possible.String()]
	v.Plan, v.Questions, v.Warnings, v.Held = s.planOrNone(), s.words.Questions(), s.warnings(), s.held()
	if s.see.facts {
		v.Told, v.Score, v.Said = s.toldOf(0), s.score(), s.said()
	}
	return v
}

// place names an area from its county down.
func (f *Files) place(c area.Code) string { return cmp.Or(f.pack.Areas.Path(c), c.String()) }

func (s *sheet) purposes() []purpose {
	var all []purpose
	for _, p := range access.PurposesOf(s.role) {
		all = append(all, purpose{string(p), p.Name(s.lang)})
	}
	return all
}

// mayOpen reports whether the role may open a kind of value for some purpose.
func mayOpen(role access.Role, kind sealed.Kind) bool {
	return slices.ContainsFunc(access.PurposesOf(role), func(p access.Purpose) bool { return p.Opens(role, kind) })
}

func (s *sheet) member(p *registry.Person) member {
	last := p.Belongs[len(p.Belongs)-1]
	m := member{ID: p.ID, Name: p.Name, Role: s.roleOf(last), Sex: sexName(p.Sex, s.lang), Address: p.Address, Counted: last.Counted, Registered: p.Registered,
		From: s.date(last.Lasts.From), Number: s.masked(p.ID, fieldNumber, p.Number), Phone: s.masked(p.ID, fieldPhone, p.Phone)}
	if p.Birth != calendar.Forever {
		m.Birth = p.Birth.String()
		m.Age = fmt.Sprintf(s.say("%d岁", "%d"), calendar.Years(p.Birth, min(p.Died, s.on)))
	}
	if p.Died != calendar.Forever {
		m.Died = s.date(p.Died)
	}
	m.Adult = p.Died > s.on && (p.Birth == calendar.Forever || calendar.Years(p.Birth, s.on) >= majority)
	if last.Lasts.To != calendar.Forever {
		m.To = s.date(last.Lasts.To)
	}
	lane := s.laneOf(p.ID)
	if lane < 0 {
		return m
	}
	if s.see.facts {
		m.Told = s.toldOf(p.ID)
	}
	if s.see.rows {
		m.Feeds = s.feedsOf(lane)
	}
	return m
}

func (s *sheet) laneOf(person int64) int {
	if s.why == nil {
		return -1
	}
	return slices.Index(s.why.Persons, person)
}

func (s *sheet) masked(person int64, field string, secret sealed.Secret) masked {
	m := masked{Text: secret.Masked(), Person: person, Field: field, May: !secret.IsZero() && mayOpen(s.role, secret.Kind())}
	if plain, ok := s.opened[openKey(person, field)]; ok {
		m.Text, m.Open = plain, true
	}
	return m
}

func (s *sheet) roleOf(b registry.Belonging) string {
	switch {
	case b.Head:
		return s.say("户主", "head")
	case !b.Counted:
		return s.say("同户登记，不计入", "registered here, not counted")
	}
	return s.say("共同生活成员", "member")
}

func sexName(code string, lang fault.Lang) string {
	switch code {
	case "male":
		return lang.Say("男", "male")
	case "female":
		return lang.Say("女", "female")
	}
	return ""
}

func (s *sheet) date(d calendar.Date) string {
	if d == calendar.Beginning || d == calendar.Forever {
		return ""
	}
	return d.String()
}

// toldOf is the facts of a person, or of the household for 0.
func (s *sheet) toldOf(person int64) []told {
	return s.toldWhere(person, func(*pack.Fact) bool { return true })
}

// toldWhere is those of the facts that are wanted.
func (s *sheet) toldWhere(person int64, wanted func(*pack.Fact) bool) []told {
	lane, unit := 0, pack.Household
	if person != 0 {
		lane, unit = s.laneOf(person), pack.Person
	}
	var all []told
	for _, t := range s.why.Family.Told(s.why.Layout) {
		if t.Fact.Unit != unit || t.Lane != lane || !wanted(t.Fact) {
			continue
		}
		if t.Fact.Consent && !s.see.finance {
			continue
		}
		all = append(all, s.told(&t, person))
	}
	return all
}

func (s *sheet) told(t *population.Told, person int64) told {
	path := t.Fact.Path()
	out := told{Name: t.Fact.Label.In(s.lang), Source: s.source(t.Source)}
	out.Value = masked{Text: s.words.Value(t.Fact, t.Value)}
	if s.secrets.diagnoses[path] {
		out.Value.Person, out.Value.Field = person, path
		out.Value.May = mayOpen(s.role, sealed.Diagnosis)
		if plain, ok := s.opened[openKey(person, path)]; ok {
			out.Value.Text, out.Value.Open = plain, true
		}
	}
	for _, o := range t.Others {
		out.Others = append(out.Others, other{s.words.Value(t.Fact, o.Other), s.words.Source(o.Beside)})
	}
	return out
}

// source names where a value comes from, with its day.
func (s *sheet) source(from population.Source) string {
	if from.Said != nil {
		return s.words.Source(from.Said.Source) + " " + s.date(from.Said.On)
	}
	if from.Feed == nil {
		return ""
	}
	text := s.words.Source("feed:" + from.Feed.ID)
	if from.None {
		text += s.say("（查无记录）", " (no record)")
	}
	switch {
	case from.Dated:
		text += " " + s.date(from.Latest)
	case from.Known:
		text += " " + s.date(from.Delivered)
	}
	return text
}

// mostRows bounds how many rows of one feed about one person a page shows.
const mostRows = 12

func (s *sheet) feedsOf(lane int) []delivered {
	var all []delivered
	for _, r := range s.why.Family.Rows() {
		if r.Lane != lane || r.Feed.Role == feed.RolePersons {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Feed != r.Feed.Name.In(s.lang) {
			all = append(all, s.delivered(r.Feed))
		}
		d := &all[len(all)-1]
		if r.Delivery != nil {
			d.On = s.date(r.Delivery.Delivered)
		}
		d.Lines = append(d.Lines, s.cells(&r))
		if len(d.Lines) > mostRows {
			d.Lines, d.More = d.Lines[1:], d.More+1
		}
	}
	return all
}

// columnsOf is the columns of a feed that a page shows: not whose the row is, which stands above.
func columnsOf(f *pack.Feed) []int {
	var all []int
	for i, c := range f.Columns {
		if c.Name != f.IDNo && c.Name != feed.ColumnName {
			all = append(all, i)
		}
	}
	return all
}

func (s *sheet) delivered(f *pack.Feed) delivered {
	d := delivered{Feed: f.Name.In(s.lang)}
	for _, i := range columnsOf(f) {
		d.Heads = append(d.Heads, f.Columns[i].Label.In(s.lang))
	}
	return d
}

func (s *sheet) cells(r *population.Row) []string {
	var all []string
	for _, i := range columnsOf(r.Feed) {
		all = append(all, s.cell(r.Feed.Columns[i], r.Cells[i]))
	}
	return all
}

// cell is a cell as people read it: what is sealed, and whoever else the row is about, by its mask.
func (s *sheet) cell(c *pack.Column, written string) string {
	switch {
	case written == "":
		return ""
	case c.Type == "id_no":
		if n, err := idno.Parse(written); err == nil {
			return n.Masked()
		}
		return sealed.NewSecret(sealed.Other, written).Masked()
	case c.Sealed:
		return sealed.NewSecret(sealed.Other, written).Masked()
	case c.Type == string(pack.Bool):
		if written == "true" {
			return s.say("是", "yes")
		}
		return s.say("否", "no")
	case c.Type == "area":
		if code, err := area.Parse(written); err == nil {
			return s.place(code)
		}
	case c.Type == string(pack.CodeOf) && s.pack.Codes[c.Codes] != nil:
		for _, code := range s.pack.Codes[c.Codes].Codes {
			if code.ID == written {
				return code.Name.In(s.lang)
			}
		}
	}
	return written
}

func (s *sheet) score() *score {
	i := s.why.Index
	if i == nil {
		return nil
	}
	out := &score{Now: twoDigits(i.Score), Before: twoDigits(i.Before), Coverage: percent(i.Coverage)}
	for k := range i.Parts {
		p := &i.Parts[k]
		points, _ := p.Score.Mul(p.Weight)
		share, _ := p.Score.Floor()
		out.Parts = append(out.Parts, part{Name: p.Name.In(s.lang), Score: twoDigits(p.Score), Weight: percent(p.Weight), Points: twoDigits(points),
			Share: int(share / money.Scale), Known: p.Known, Why: p.Why.In(s.lang), Steps: []rules.Step{s.words.Score(p)}})
	}
	return out
}

func twoDigits(d money.Decimal) string {
	if short, ok := d.Round(2); ok {
		return short.String()
	}
	return d.String()
}

func percent(d money.Decimal) string {
	hundred, _ := money.FromInt(100)
	p, ok := d.Mul(hundred)
	if !ok {
		return d.String()
	}
	return twoDigits(p) + "%"
}

// outcomeOrder is the order in which outcomes are read.
var outcomeOrder = []string{rules.Eligible.String(), rules.Likely.String(), rules.Possible.String(), rules.Failed.String(), rules.Ineligible.String(),
	rules.NotInForce.String(), rules.NotAssessed.String()}

// offices are the departments in the pack's order, each with what its programmes come to: first what is due.
func (s *sheet) offices(count map[string]int) []office {
	at := map[string]int{}
	var all []office
	for i := range s.why.Outcomes {
		o := &s.why.Outcomes[i]
		place, seen := at[o.Department]
		if !seen {
			place = len(all)
			at[o.Department] = place
			all = append(all, office{Name: s.words.Department(o.Department)})
		}
		count[o.Outcome]++
		s.put(&all[place], o)
	}
	for i := range all {
		slices.SortStableFunc(all[i].Outcomes, func(a, b outcome) int {
			return cmp.Compare(slices.Index(outcomeOrder, a.State), slices.Index(outcomeOrder, b.State))
		})
	}
	return all
}

// put adds an outcome to its department; what plainly concerns nobody is only named.
func (s *sheet) put(to *office, o *rules.OutcomeReport) {
	if o.Outcome == rules.NotAssessed.String() {
		return
	}
	if s.words.Plain(o) {
		if name := o.Name.In(s.lang); !slices.Contains(to.Plain, name) {
			to.Plain = append(to.Plain, name)
		}
		return
	}
	to.Outcomes = append(to.Outcomes, s.outcome(o))
}

func (s *sheet) outcome(o *rules.OutcomeReport) outcome {
	out := outcome{Programme: o.Programme, Name: o.Name.In(s.lang), Who: s.say("全家", "household"), Lane: -1, State: o.Outcome, StateName: s.words.Outcome(o.Outcome),
		Held: o.Held != nil && *o.Held, Assumed: o.Assumed}
	if o.Unit.Kind == pack.Person {
		out.Who, out.Lane = o.Unit.Name, o.Unit.Lane
	}
	if o.Sourced != nil {
		out.Cites = o.Cites
	}
	switch {
	case o.Outcome == rules.NotInForce.String():
		out.Lines = []string{s.words.Lapses(o)}
	case s.see.facts:
		out.Lines = s.words.Decided(o)
	}
	return out
}

func (s *sheet) planOrNone() plan {
	if s.why == nil {
		return plan{}
	}
	p := &s.why.Plan
	out := plan{Yearly: p.YearlyCash.Text(), Cash: s.words.Plan(p.Cash), Other: s.words.Plan(p.Other), Discretionary: s.words.Plan(p.Discretionary),
		GivenUp: s.words.GivenUp(), Undecided: s.words.Undecided(), ToDo: s.words.ToDo()}
	for _, c := range p.Choices {
		out.Choices = append(out.Choices, s.words.Plan(c.Items))
	}
	return out
}

var levelNames = map[string][2]string{"red": {"红色", "red"}, "orange": {"橙色", "orange"}, "yellow": {"黄色", "yellow"}, "blue": {"蓝色", "blue"}}

func (s *sheet) warnings() []warned {
	var all []warned
	for i := range s.why.Warnings {
		w := &s.why.Warnings[i]
		name := levelNames[w.Level]
		one := warned{Name: w.Name.In(s.lang), Level: w.Level, LevelName: s.say(name[0], name[1]), Who: cmp.Or(w.Unit.Name, s.say("全家", "household"))}
		if s.see.facts {
			one.Steps = s.words.Evidence(w)
		}
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b warned) int { return cmp.Compare(levelRank(a.Level), levelRank(b.Level)) })
	return all
}

func levelRank(level string) int {
	return slices.Index([]string{"red", "orange", "yellow", "blue"}, level)
}

// said is what was stated of the household and its people, the latest first.
func (s *sheet) said() []said {
	facts := map[string]*pack.Fact{}
	for _, f := range s.pack.Facts {
		facts[f.Path()] = f
	}
	var all []said
	for _, st := range slices.Backward(s.file.Statements) {
		f := facts[st.Fact]
		if f != nil && f.Consent && !s.see.finance {
			continue
		}
		one := said{On: s.date(st.SaidOn), Who: s.nameOf(st.Unit, st.Of), Fact: st.Fact, Source: s.words.Source(st.Source.Trust()), By: st.SaidBy, Evidence: st.Evidence,
			Withdrawn: st.Withdrawn}
		if f != nil {
			one.Fact = f.Label.In(s.lang)
			if n, wrong := population.ReadFact(s.pack, f, st.Value); wrong == nil {
				one.Value = s.words.Value(f, n)
			}
		}
		all = append(all, one)
	}
	return all
}

func (s *sheet) nameOf(unit pack.Unit, of int64) string {
	if unit == pack.Household {
		return s.say("全家", "household")
	}
	for _, p := range s.file.Persons {
		if p.ID == of || slices.Contains(p.Same, of) {
			return p.Name
		}
	}
	return ""
}

// changeNames is what kinds of change are called.
var changeNames = map[string][2]string{
	"registered": {"登记入册", "registered"}, "deregistered": {"登记注销", "registered no longer"}, "birth": {"出生", "born"}, "death": {"死亡", "died"},
	"revived": {"死亡登记撤销", "death taken back"}, "move": {"迁移", "moved"}, "renamed": {"更名", "renamed"},
	"founded": {"立户", "household founded"}, "split": {"分户", "split off"}, "joined": {"并户", "joined with another household"}, "ended": {"销户", "household ended"},
	"member-in": {"加入本户", "came to the household"}, "member-out": {"离开本户", "left the household"},
	"merged": {"并入同一人", "merged with the same person"}, "unmerged": {"撤销合并", "merging taken back"},
}

func (s *sheet) history() []event {
	var all []event
	for _, c := range s.file.Changes {
		name, known := changeNames[c.Kind]
		text := c.Kind
		if known {
			text = s.say(name[0], name[1])
		}
		if who := s.nameOf(c.Unit, c.Of); c.Unit == pack.Person && who != "" {
			text = who + s.say("：", ": ") + text
		}
		if other := s.nameOf(pack.Person, c.Other); other != "" && strings.HasPrefix(c.Kind, "member-") {
			text += s.say("（", " (") + other + s.say("）", ")")
		}
		all = append(all, event{s.date(c.On), strings.TrimSpace(text)})
	}
	return all
}
