package synth

import (
	"context"
	"fmt"
	"path/filepath"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// writeCounty makes a county twice, a village at a time: once to count who may be chosen for what, and once to write it.
func writeCounty(ctx context.Context, p *pack.Pack, dir string, county plan, o Options, step func()) (Summary, error) {
	m := newMaker(p, county, o)
	m.places = m.choosePlaces()
	if len(m.places) == 0 {
		return Summary{}, errNoVillages
	}
	m.counting = true
	if err := m.eachPlace(ctx, step, func() error { return nil }); err != nil {
		return Summary{}, err
	}
	for i := range m.quotas {
		m.quotas[i].solve()
	}
	m.counting = false
	out, err := m.open(dir, o)
	if err != nil {
		return Summary{}, err
	}
	summary := newSummary(len(m.places))
	if err := m.eachPlace(ctx, step, func() error {
		m.count(&summary)
		return out.write(m)
	}); err != nil {
		out.abandon()
		return Summary{}, err
	}
	if err := out.close(m, &summary); err != nil {
		return Summary{}, err
	}
	step()
	return summary, notice(dir, county.invented, summary)
}

func newMaker(p *pack.Pack, county plan, o Options) *maker {
	m := &maker{pack: p, cal: o.Calibration, plan: county, root: die(mix(o.Seed ^ hash("dajiuzhu"))), on: o.On, numbers: map[birthday]int{}}
	for i, target := range county.targets {
		m.quotas[i].target = target
	}
	return m
}

// eachPlace makes one place's people after another's and lets something be done with them.
func (m *maker) eachPlace(ctx context.Context, step func(), done func() error) error {
	told := m.castStories()
	for _, v := range m.places {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.people(v, told[v]); err != nil {
			return err
		}
		if err := done(); err != nil {
			return err
		}
		step()
	}
	return nil
}

// people makes a place's people: first those of whom a story is told, who live there instead of others.
func (m *maker) people(v *place, stories []*household) error {
	if v.code == guozhai && v.family >= storyPeople {
		stories = append([]*household{m.guozhaiFamily(v)}, stories...)
	}
	rest := *v
	for _, h := range stories {
		rest.family -= len(h.living())
		rest.households--
	}
	rest.households = min(max(rest.households, (rest.family+largest-1)/largest), rest.family)
	m.here, m.all, m.labels = v, append(m.all[:0], stories...), m.labels[:0]
	m.all = append(m.all, m.settle(&rest)...)
	for _, h := range m.all {
		h.place = v
		m.grow(h)
		if m.counting {
			continue
		}
		for _, p := range h.persons {
			if err := m.number(p); err != nil {
				return err
			}
		}
		m.label(h)
	}
	return nil
}

// grow gives a household everything but its identity numbers. What depends on how many are chosen comes after the facts.
func (m *maker) grow(h *household) {
	m.live(h)
	m.own(h)
	m.confine(h)
	if h.story {
		h.fate()
	}
	for _, p := range h.living() {
		m.spend(p)
	}
	m.judge(h)
	m.strike(h)
	m.mourn(h)
	m.depart(h)
	m.help(h)
	if !h.story {
		m.recognise(h)
		m.aid(h)
	}
	if m.counting {
		return
	}
	if !h.story {
		m.provide(h)
	}
	m.lapse(h)
	m.register(h)
}

// programmes are those whose holders a summary counts.
var programmes = []string{"dibao", "dibao-alone", "tekun", "elder-hardship", "orphan-basic", "key-child", "disabled-living", "disabled-care"}

func newSummary(villages int) Summary {
	s := Summary{Villages: villages, Village: guozhai}
	for _, programme := range programmes {
		s.Benefits = append(s.Benefits, Count{Of: programme})
	}
	for _, kind := range labelKinds {
		s.Labels = append(s.Labels, Count{Of: kind})
	}
	for _, kind := range dirtKinds {
		s.Dirt = append(s.Dirt, Count{Of: kind})
	}
	return s
}

func (s *Summary) add(to []Count, of string) {
	for i := range to {
		if to[i].Of == of {
			to[i].N++
			return
		}
	}
}

// count adds the place in hand to a summary.
func (m *maker) count(s *Summary) {
	for _, h := range m.all {
		s.Households++
		switch {
		case h.collective():
			s.Collective++
		case h.story && h.title == "":
			s.Booklet = h.booklet
		case h.story:
			s.Stories = append(s.Stories, Story{h.title, h.booklet})
		}
		for _, p := range h.persons {
			switch {
			case p.died != 0:
				s.Dead++
				if int(m.on-p.died) > 45 && !p.reported {
					s.add(s.Dirt, "late")
				}
			case p.moved != 0:
			default:
				s.People++
				if h.place.urban {
					s.Urban++
				}
			}
			for _, b := range p.benefits {
				if b.to == 0 {
					s.add(s.Benefits, b.programme)
				}
			}
			for _, x := range p.settled {
				if x.reversed {
					s.add(s.Dirt, "reversed")
				}
			}
		}
	}
	for _, l := range m.labels {
		s.add(s.Labels, l.label)
	}
}

// delivery is a county's files while they are written.
type delivery struct {
	tables []*table
	rows   []func(*maker, *table)
	labels *labelFile
}

// open begins every feed's file.
func (m *maker) open(dir string, o Options) (*delivery, error) {
	out := &delivery{}
	for _, r := range rowsOf {
		f := m.feed(r.feed)
		if f == nil {
			out.abandon()
			return nil, fmt.Errorf("synth: the pack has no feed %s", r.feed)
		}
		t, err := m.openTable(dir, f)
		if err != nil {
			out.abandon()
			return nil, err
		}
		out.tables, out.rows = append(out.tables, t), append(out.rows, r.rows)
	}
	if o.Labels == "" {
		return out, nil
	}
	var err error
	if out.labels, err = openLabels(filepath.Join(o.Labels, m.plan.code.String())); err != nil {
		out.abandon()
		return nil, err
	}
	return out, nil
}

// write adds the rows of the place in hand to every file.
func (d *delivery) write(m *maker) error {
	kept := map[string]bool{}
	m.each(func(p *person) { kept[p.id] = p.household.story })
	for i, t := range d.tables {
		d.rows[i](m, t)
		if err := t.flush(m.root, m.cal.Dirt.Feeds.Value[t.feed.ID], kept); err != nil {
			return err
		}
	}
	if d.labels == nil {
		return nil
	}
	return d.labels.write(m)
}

// close ends every file and writes its manifest.
func (d *delivery) close(m *maker, s *Summary) error {
	defer d.abandon()
	for _, t := range d.tables {
		file, err := t.close(m)
		if err != nil {
			return err
		}
		s.Files = append(s.Files, file)
		for i := range s.Dirt {
			s.Dirt[i].N += t.spoiled[s.Dirt[i].Of]
		}
	}
	if d.labels == nil {
		return nil
	}
	return d.labels.close()
}

// abandon closes what is still open.
func (d *delivery) abandon() {
	for _, t := range d.tables {
		t.abandon()
	}
	if d.labels != nil {
		d.labels.abandon()
	}
}

func (m *maker) feed(id string) *pack.Feed {
	for _, f := range m.pack.Feeds {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// period is from when a feed's rows are.
func (m *maker) period(s shipment) calendar.Date {
	if s.months > 0 {
		return m.on.AddMonths(-s.months)
	}
	return calendar.Must(1949, 10, 1)
}
