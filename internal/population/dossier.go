package population

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

var (
	unknownFact = fault.Text{Key: "population.unknown-fact",
		Zh: "没有事实“{found}”；最接近的是“{nearest}”", En: `there is no fact "{found}"; the nearest is "{nearest}"`}
	unknownProgramme = fault.Text{Key: "population.unknown-programme",
		Zh: "没有项目“{found}”；最接近的是“{nearest}”", En: `there is no programme "{found}"; the nearest is "{nearest}"`}
	personsProgramme = fault.Text{Key: "population.persons-programme",
		Zh: "“{found}”是个人的项目：写在领取人名下的 holds 里", En: `"{found}" is a person's programme: write it under holds of whoever receives it`}
	unknownField = fault.Text{Key: "population.unknown-event-field",
		Zh: "事件没有字段“{found}”；最接近的是“{nearest}”", En: `events have no field "{found}"; the nearest is "{nearest}"`}
	notAList = fault.Text{Key: "population.not-a-list",
		Zh: "“{found}”应为列表", En: `"{found}" is not a list`}
	notAText = fault.Text{Key: "population.not-a-text",
		Zh: "“{found}”应为文字", En: `"{found}" is not a text`}
	wrongEvents = fault.Text{Key: "population.wrong-events",
		Zh: "events 应为事件列表，或者写作 {complete: [种类], rows: [事件]}",
		En: "events is a list of events, or {complete: [kinds], rows: [events]}"}
	kindMissing = fault.Text{Key: "population.event-without-kind",
		Zh: "事件缺少种类 kind", En: "the event has no kind"}
	noEvents = fault.Text{Key: "population.no-events",
		Zh: "政策包没有定义此处的事件", En: "the pack declares no events here"}
	memberTwice = fault.Text{Key: "population.member-twice",
		Zh: "“{found}”出现两次", En: `"{found}" is here twice`}
	noMembers = fault.Text{Key: "population.no-members",
		Zh: "没有家庭成员", En: "the household has no members"}
	bornLater = fault.Text{Key: "population.born-later",
		Zh: "出生日期{found}晚于评估日期{on}", En: "born on {found}, after the date of evaluation, {on}"}
	unknownArea = fault.Text{Key: "population.unknown-area",
		Zh: "区划“{found}”不在政策包的区划表中", En: `the area "{found}" is not in the pack's list of areas`}
)

// Keys of a dossier that are no facts.
const (
	keyName   = "name"
	keyIDNo   = "id_no"
	keyEvents = "events"
	keyHolds  = "holds"
	keyCounts = "counts"
)

// birthFact is the one fact whose meaning the package knows: nobody is born after the date of evaluation.
const birthFact = "birth"

// FromDossier lays out a household as it was written down. What the dossier does not mention is unknown. All faults are
// reported at once, each at its place in the file; the family is nil when there is one.
func FromDossier(p *pack.Pack, l *rules.Layout, d *pack.Dossier) (*Family, fault.List) {
	r := &dossierReader{pack: p, layout: l, dossier: d}
	r.area()
	household := r.unit(pack.Household, "household", d.Household)
	members := r.persons("members", "#%d", d.Members)
	supporters := r.persons("supporters", "+%d", d.Supporters)
	r.once(members, supporters)
	if len(members) == 0 {
		r.fault("members", fault.New(fault.Invalid, noMembers, nil))
	}
	if len(r.faults) > 0 {
		r.faults.Sort()
		return nil, r.faults
	}
	slices.SortStableFunc(members, func(a, b *dossierUnit) int { return cmp.Compare(a.rank(), b.rank()) })
	return lay(l, d, household, members, supporters), nil
}

// dossierReader reads a dossier and collects its faults.
type dossierReader struct {
	pack    *pack.Pack
	layout  *rules.Layout
	dossier *pack.Dossier
	faults  fault.List
}

// dossierUnit is what a dossier says of a person or of the household.
type dossierUnit struct {
	path     string
	member   Member
	facts    []fact
	holds    []int // programmes
	held     bool  // holds was given: it is the whole list
	complete []int // event kinds of which every event is given
	events   [][]fact
}

// fact is a known value at a slot.
type fact struct {
	slot  int
	value int64
}

// rank puts those who count first.
func (u *dossierUnit) rank() int {
	if u.member.Counts {
		return 0
	}
	return 1
}

// fault reports a fault at the place of a path, or of the nearest part of the dossier around it.
func (r *dossierReader) fault(path string, err *fault.Error) {
	at := fault.At{}
	for p := path; ; p = parent(p) {
		if pos, ok := r.dossier.Places[p]; ok || p == "" {
			if !ok {
				pos = r.dossier.Pos
			}
			at = pos.At()
			break
		}
	}
	at.Field = path
	r.faults = append(r.faults, err.In(at))
}

// parent is the path of what holds a path: "members[0].birth" is in "members[0]", that in "members".
func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

func (r *dossierReader) area() {
	d := r.dossier
	if d.Area != 0 && r.pack.Areas != nil && !r.pack.Areas.Has(d.Area) {
		r.fault("area", fault.New(fault.Invalid, unknownArea, fault.Args{"found": d.Area}))
	}
}

// persons reads a list of persons. Who has no name is called by the place in the list.
func (r *dossierReader) persons(path, nameless string, all []map[string]any) []*dossierUnit {
	units := make([]*dossierUnit, len(all))
	for i, values := range all {
		u := r.unit(pack.Person, fmt.Sprintf("%s[%d]", path, i), values)
		if u.member.Name == "" {
			u.member.Name = fmt.Sprintf(nameless, i+1)
		}
		u.member.Counts = u.member.Counts && path == "members"
		units[i] = u
	}
	return units
}

// unit reads one person or the household.
func (r *dossierReader) unit(of pack.Unit, path string, values map[string]any) *dossierUnit {
	u := &dossierUnit{path: path, member: Member{Counts: true}}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		v, at := values[key], path+"."+key
		switch {
		case v == nil: // written down as not known
		case key == keyEvents:
			r.events(u, of, at, v)
		case key == keyHolds:
			r.holds(u, of, at, v)
		case of == pack.Person && r.own(u, key, at, v):
		default:
			r.factOf(u, of, key, at, v)
		}
	}
	return u
}

// own reads the keys that only persons have; it reports whether the key is one of them.
func (r *dossierReader) own(u *dossierUnit, key, at string, v any) bool {
	switch key {
	case keyName:
		name, ok := v.(string)
		if !ok {
			r.fault(at, fault.New(fault.Invalid, notAText, fault.Args{"found": shown(v)}))
		}
		u.member.Name = strings.TrimSpace(name)
	case keyIDNo:
		id, err := idno.Parse(fmt.Sprint(v))
		if err != nil {
			r.fault(at, asFault(err))
		}
		u.member.ID = id
	case keyCounts:
		counts, err := shape{typ: pack.Bool}.read(v)
		if err != nil {
			r.fault(at, err)
		}
		u.member.Counts = counts == 1
	default:
		return false
	}
	return true
}

func (r *dossierReader) factOf(u *dossierUnit, of pack.Unit, key, at string, v any) {
	slot, ok := r.layout.Slot(string(of) + "." + key)
	if !ok {
		r.fault(at, fault.New(fault.Invalid, unknownFact, fault.Args{"found": fault.Excerpt(key), "nearest": r.nearestFact(of, key)}))
		return
	}
	n, err := factShape(r.pack, r.layout.Facts(of)[slot]).read(v)
	if err != nil {
		r.fault(at, err)
		return
	}
	if on := r.dossier.On; of == pack.Person && key == birthFact && calendar.Date(n) > on {
		r.fault(at, fault.New(fault.Invalid, bornLater, fault.Args{"found": calendar.Date(n), "on": on}))
		return
	}
	u.facts = append(u.facts, fact{slot, n})
}

func (r *dossierReader) nearestFact(of pack.Unit, key string) string {
	names := []string{keyEvents, keyHolds}
	if of == pack.Person {
		names = append(names, keyName, keyIDNo, keyCounts)
	}
	for _, f := range r.layout.Facts(of) {
		names = append(names, f.Name)
	}
	return fault.Nearest(key, names)
}

func (r *dossierReader) holds(u *dossierUnit, of pack.Unit, at string, v any) {
	list, ok := asList(v)
	if !ok {
		r.fault(at, fault.New(fault.Invalid, notAList, fault.Args{"found": shown(v)}))
		return
	}
	u.held = true
	for i, item := range list {
		id := fmt.Sprint(item)
		index, ok := r.layout.Programme(id)
		if !ok {
			r.fault(fmt.Sprintf("%s[%d]", at, i), fault.New(fault.Invalid, unknownProgramme,
				fault.Args{"found": fault.Excerpt(id), "nearest": fault.Nearest(id, r.programmes())}))
			continue
		}
		if of == pack.Household && r.pack.Programmes[index].Unit == pack.Person {
			r.fault(fmt.Sprintf("%s[%d]", at, i), fault.New(fault.Invalid, personsProgramme, fault.Args{"found": id}))
			continue
		}
		u.holds = append(u.holds, index)
	}
}

func (r *dossierReader) programmes() []string {
	ids := make([]string, len(r.pack.Programmes))
	for i, programme := range r.pack.Programmes {
		ids[i] = programme.ID
	}
	return ids
}

func (r *dossierReader) events(u *dossierUnit, of pack.Unit, at string, v any) {
	kinds := r.layout.EventKinds(of)
	if kinds == nil {
		r.fault(at, fault.New(fault.Invalid, noEvents, nil))
		return
	}
	rows, complete := v, any(nil)
	if m, ok := v.(map[string]any); ok {
		rows, complete = m["rows"], m["complete"]
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if key != "rows" && key != "complete" {
				r.fault(at+"."+key, fault.New(fault.Invalid, wrongEvents, nil))
			}
		}
		r.complete(u, kinds, at+".complete", complete)
		at += ".rows"
	} else {
		for k := range kinds.Codes {
			u.complete = append(u.complete, k)
		}
	}
	list, ok := asList(rows)
	if !ok && rows != nil {
		r.fault(at, fault.New(fault.Invalid, wrongEvents, nil))
	}
	for i, row := range list {
		r.event(u, of, fmt.Sprintf("%s[%d]", at, i), row)
	}
}

func (r *dossierReader) complete(u *dossierUnit, kinds *pack.CodeList, at string, v any) {
	list, ok := asList(v)
	if !ok && v != nil {
		r.fault(at, fault.New(fault.Invalid, notAList, fault.Args{"found": shown(v)}))
	}
	for i, item := range list {
		kind, err := shape{typ: pack.CodeOf, codes: kinds}.read(item)
		if err != nil {
			r.fault(fmt.Sprintf("%s[%d]", at, i), err)
			continue
		}
		u.complete = append(u.complete, int(kind))
	}
}

func (r *dossierReader) event(u *dossierUnit, of pack.Unit, at string, row any) {
	values, ok := row.(map[string]any)
	if !ok {
		r.fault(at, fault.New(fault.Invalid, wrongEvents, nil))
		return
	}
	if values["kind"] == nil {
		r.fault(at, fault.New(fault.Invalid, kindMissing, nil))
	}
	shapes := eventShapes(r.pack, of)
	event := []fact{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		slot, ok := r.layout.EventField(of, key)
		if !ok {
			r.fault(at+"."+key, fault.New(fault.Invalid, unknownField,
				fault.Args{"found": fault.Excerpt(key), "nearest": fault.Nearest(key, slices.Sorted(maps.Keys(shapes)))}))
			continue
		}
		if values[key] == nil {
			continue
		}
		n, err := shapes[key].read(values[key])
		if err != nil {
			r.fault(at+"."+key, err)
			continue
		}
		event = append(event, fact{slot, n})
	}
	u.events = append(u.events, event)
}

// eventShapes is what each field of a unit's events must be.
func eventShapes(p *pack.Pack, of pack.Unit) map[string]shape {
	shapes := map[string]shape{"from": {typ: pack.Date}, "to": {typ: pack.Date}}
	for _, e := range p.Events {
		if e.Unit != of {
			continue
		}
		shapes["kind"] = shape{typ: pack.CodeOf, codes: p.Codes[e.Kinds]}
		for _, f := range e.Fields {
			shapes[f.Name] = shape{typ: f.Type, codes: p.Codes[f.Codes]}
		}
	}
	return shapes
}

// once refuses a person who is in the dossier twice, by name or by identity number.
func (r *dossierReader) once(members, supporters []*dossierUnit) {
	names, ids := map[string]bool{}, map[idno.Number]bool{}
	for _, u := range slices.Concat(members, supporters) {
		m := u.member
		switch {
		case names[m.Name]:
			r.fault(u.path+"."+keyName, fault.New(fault.Invalid, memberTwice, fault.Args{"found": fault.Excerpt(m.Name)}))
		case !m.ID.IsZero() && ids[m.ID]:
			r.fault(u.path+"."+keyIDNo, fault.New(fault.Invalid, memberTwice, fault.Args{"found": m.ID}))
		}
		names[m.Name], ids[m.ID] = true, true
	}
}

// asList is a list as files and as code write it.
func asList(v any) ([]any, bool) {
	switch list := v.(type) {
	case []any:
		return list, true
	case []string:
		return anys(list), true
	case []map[string]any:
		return anys(list), true
	}
	return nil, false
}

func anys[T any](list []T) []any {
	all := make([]any, len(list))
	for i, item := range list {
		all[i] = item
	}
	return all
}

func lay(l *rules.Layout, d *pack.Dossier, household *dossierUnit, members, supporters []*dossierUnit) *Family {
	personEvents := 0
	for _, m := range members {
		personEvents += len(m.events)
	}
	b := l.NewBatch(1, len(members), len(supporters), len(household.events), personEvents)
	f := &Family{Batch: b, Village: d.Area}
	b.Area[0] = d.Area
	if d.Doubtful {
		b.Doubtful.Set(0)
	}
	b.MemberStart[1], b.SupporterStart[1] = int32(len(members)), int32(len(supporters))
	if d.Supporters != nil {
		b.AllSupporters.Set(0)
	}
	household.fill(&b.Household, &b.HouseholdEvent, 0)
	for i, m := range members {
		m.fill(&b.Person, &b.PersonEvent, i)
		if m.member.Counts {
			b.Counted[0]++
		}
		f.Members = append(f.Members, m.member)
	}
	for i, s := range supporters {
		s.fill(&b.Supporter, nil, i)
		f.Supporters = append(f.Supporters, s.member)
	}
	return f
}

// fill puts a unit into its lane. Lanes are filled in order, since events follow each other; a supporter's are not kept.
func (u *dossierUnit) fill(t *rules.Table, e *rules.Events, lane int) {
	for _, f := range u.facts {
		t.Facts[f.slot].Set(lane, f.value)
	}
	if u.held {
		for i := range t.Held {
			t.Held[i].Set(lane, 0)
		}
		for _, programme := range u.holds {
			t.Held[programme].Set(lane, 1)
		}
	}
	if e == nil {
		return
	}
	for _, kind := range u.complete {
		t.Complete[kind].Set(lane)
	}
	row := e.Start[lane]
	for _, event := range u.events {
		for _, f := range event {
			e.Facts[f.slot].Set(int(row), f.value)
		}
		row++
	}
	e.Start[lane+1] = row
}

func asFault(err error) *fault.Error {
	if f, ok := err.(*fault.Error); ok {
		return f
	}
	return fault.New(fault.Internal, fault.Text{Key: "population.internal", Zh: "内部错误", En: "internal error"}, nil).Because(err)
}
