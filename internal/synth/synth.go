package synth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Options are what a county is made of. The zero value is the sample county.
type Options struct {
	People   int           // living people; 20,000 if 0
	Seed     uint64        // another seed is another county
	On       calendar.Date // the day before which everything is delivered; 2026-11-01 if 0
	Progress func(done, total int)
}

// Limits of People: below there is no county, above identity numbers of one sex and birthday run out.
const (
	fewest  = 100
	most    = 2_000_000
	usually = 20_000
)

// Summary is what was written.
type Summary struct {
	People     int // living
	Dead       int // died within the year, and still have rows
	Households int // booklets, collective ones included
	Collective int
	Villages   int
	Urban      int // people living in town
	Village    area.Code
	Booklet    string // of the family in Guozhai
	Stories    []Story
	Benefits   []Count
	Truth      Truth
	Files      []File
}

// Truth is what no department knows. It is told here and written nowhere, so that findings can be held against it.
type Truth struct {
	Helped int // families in need that are helped
	Missed int // families in need that are not
	Wrong  int // families helped that have no need or own too much
}

// Story is an invented family that was placed and not drawn, by what it is there for.
type Story struct{ Name, Booklet string }

// Count is how many people hold a benefit.
type Count struct {
	Programme string
	People    int
}

// File is one data file.
type File struct {
	Feed     string
	Path     string // in the folder
	Format   string
	Encoding string // of text files
	Rows     int
	Bad      int // rows made bad on purpose: a reader refuses them
	Copies   int // rows that are exact copies of others: a reader uses one
}

var tooFew = fault.Text{Key: "synth.people",
	Zh: "人数应在{min}到{max}之间，写的是{found}", En: "the number of people is from {min} to {max}, found {found}"}

// dirt is the shares of rows that are made bad.
type dirt struct{ digit, day, code, copied float64 }

// shipment is how a feed is delivered: how, how long before the date, how far back it reaches, and with what dirt.
type shipment struct {
	style
	daysBefore int
	months     int // that it covers; 0 for a register, which covers all since 1949
	dirt
}

var usual = style{format: "csv", encoding: "utf-8"}

var shipments = map[string]shipment{
	"population":         {style: style{format: "csv", encoding: "utf-8", mark: true}, daysBefore: 3},
	"marriages":          {style: usual, daysBefore: 6},
	"deaths":             {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 2},
	"medical-enrolment":  {style: usual, daysBefore: 2, dirt: dirt{digit: 0.0005}},
	"medical-settlement": {style: style{format: "parquet"}, daysBefore: 1, months: monthsOfSettlements, dirt: dirt{digit: 0.0003, copied: 0.0015}},
	"disability":         {style: usual, daysBefore: 12, dirt: dirt{digit: 0.002}},
	"social-insurance":   {style: usual, daysBefore: 5, dirt: dirt{digit: 0.001}},
	"employment":         {style: usual, daysBefore: 5, dirt: dirt{day: 0.001}},
	"unemployment":       {style: usual, daysBefore: 5},
	"vehicles":           {style: style{format: "csv", encoding: "gb18030", slashes: true}, daysBefore: 16, dirt: dirt{digit: 0.002}},
	"property":           {style: usual, daysBefore: 20, dirt: dirt{digit: 0.0015}},
	"business":           {style: usual, daysBefore: 10, dirt: dirt{digit: 0.001, copied: 0.002}},
	"schools":            {style: style{format: "xlsx"}, daysBefore: 25, dirt: dirt{code: 0.001}},
	"holdings":           {style: usual, daysBefore: 1},
	"prison":             {style: usual, daysBefore: 15},
	"monitored":          {style: usual, daysBefore: 9},
	"orphans":            {style: usual, daysBefore: 9},
	"red-cross-grants":   {style: usual, daysBefore: 30},
	"hotline":            {style: style{format: "jsonl"}, daysBefore: 1, months: 13, dirt: dirt{day: 0.02}},
	"leads":              {style: usual, daysBefore: 1, months: 13, dirt: dirt{day: 0.02}},
	"disasters":          {style: usual, daysBefore: 1, months: 13},
	"accidents":          {style: usual, daysBefore: 1, months: 13},

	"awards":         {style: usual, daysBefore: 1, dirt: dirt{copied: 0.002}},
	"recognitions":   {style: usual, daysBefore: 1},
	"temporary-aid":  {style: usual, daysBefore: 1, months: 24},
	"refusals":       {style: usual, daysBefore: 1, months: 24},
	"charity-grants": {style: style{format: "xlsx"}, daysBefore: 14, months: 24},

	"admissions":  {style: style{format: "xlsx"}, daysBefore: 25},
	"student-aid": {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 25},
	"hope-grants": {style: style{format: "xlsx"}, daysBefore: 25},

	"employment-difficulty": {style: usual, daysBefore: 5},
	"public-posts":          {style: usual, daysBefore: 5},
	"union-members":         {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 30, dirt: dirt{digit: 0.002}},
	"provident-fund":        {style: style{format: "parquet"}, daysBefore: 6, dirt: dirt{digit: 0.0005}},
	"work-injury":           {style: usual, daysBefore: 8},

	"rehabilitation": {style: usual, daysBefore: 12},
	"two-cancers":    {style: style{format: "xlsx"}, daysBefore: 28},
	"birth-planning": {style: style{format: "csv", encoding: "gb18030", slashes: true}, daysBefore: 30},

	"housing-grades": {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 30},
	"public-rental":  {style: style{format: "xlsx"}, daysBefore: 20},
	"rural-loans":    {style: usual, daysBefore: 18},

	"border":        {style: style{format: "jsonl"}, daysBefore: 3},
	"credit":        {style: style{format: "jsonl"}, daysBefore: 4},
	"judicial-aid":  {style: usual, daysBefore: 16},
	"legal-aid":     {style: usual, daysBefore: 16},
	"party-members": {style: usual, daysBefore: 38, dirt: dirt{digit: 0.001}},
	"veterans":      {style: style{format: "csv", encoding: "gb18030"}, daysBefore: 35, dirt: dirt{digit: 0.001}},
}

// Write invents a county and writes its deliveries into a folder, which it makes if need be.
func Write(ctx context.Context, p *pack.Pack, dir string, o Options) (Summary, error) {
	o = o.filled()
	if o.People < fewest || o.People > most {
		return Summary{}, fault.New(fault.Invalid, tooFew, fault.Args{"min": fmt.Sprint(fewest), "max": fmt.Sprint(most), "found": fmt.Sprint(o.People)})
	}
	m := newMaker(p, o)
	summary, err := m.county(ctx, o)
	if err != nil {
		return Summary{}, err
	}
	if summary.Files, err = m.deliver(ctx, dir, o); err != nil {
		return Summary{}, err
	}
	return summary, notice(dir, summary)
}

// filled is the options with what was left out.
func (o Options) filled() Options {
	if o.People == 0 {
		o.People = usually
	}
	if o.On == 0 {
		o.On = calendar.Must(2026, 11, 1)
	}
	return o
}

func newMaker(p *pack.Pack, o Options) *maker {
	return &maker{pack: p, root: die(mix(o.Seed ^ hash("dajiuzhu"))), on: o.On, taken: map[string]bool{}}
}

// county makes everybody.
func (m *maker) county(ctx context.Context, o Options) (Summary, error) {
	collective := o.People/careHomePeople + o.People/dormitoryPeople
	m.places = choosePlaces(m.pack, m.root, o.People-collective)
	summary := Summary{Villages: len(m.places), Village: guozhai}
	if len(m.places) == 0 {
		return summary, errors.New("synth: the pack has no villages in the county")
	}
	seat := m.places[0]
	told := m.castStories(o.People)
	for i, v := range m.places {
		if err := ctx.Err(); err != nil {
			return summary, err
		}
		if v.code == guozhai {
			story := m.guozhaiFamily(v)
			summary.Booklet = story.booklet
			m.all = append(m.all, story)
			v.people = max(v.people-storyPeople, 0)
		}
		for _, story := range told[v] {
			m.all = append(m.all, story)
			v.people = max(v.people-len(story.living()), 0)
		}
		m.all = append(m.all, m.settle(v)...)
		o.progress(i+1, len(m.places)+len(rowsOf))
	}
	m.all = append(m.all, m.dwell(seat, o.People)...)
	for _, h := range m.all {
		if h.title != "" {
			summary.Stories = append(summary.Stories, Story{h.title, h.booklet})
		}
	}
	for _, h := range m.all {
		m.grow(h, &summary.Truth)
		for _, p := range h.persons {
			if err := m.number(p); err != nil {
				return summary, err
			}
		}
	}
	m.count(&summary)
	return summary, nil
}

// grow gives a household everything but its identity numbers.
func (m *maker) grow(h *household, truth *Truth) {
	m.mourn(h)
	m.live(h)
	m.own(h)
	m.confine(h)
	if h.story {
		h.fate()
	}
	for _, p := range h.living() {
		m.spend(p)
	}
	m.help(h, truth)
	m.lapse(h)
	m.strike(h)
	m.register(h)
}

func (o Options) progress(done, total int) {
	if o.Progress != nil {
		o.Progress(done, total)
	}
}

func (m *maker) count(s *Summary) {
	held := map[string]int{}
	for _, h := range m.all {
		s.Households++
		if h.collective {
			s.Collective++
		}
		for _, p := range h.persons {
			switch {
			case !p.alive():
				s.Dead++
			case h.place.urban:
				s.Urban++
				fallthrough
			default:
				s.People++
			}
			for _, b := range p.benefits {
				if b.to == 0 {
					held[b.programme]++
				}
			}
		}
	}
	for _, programme := range []string{"dibao", "dibao-alone", "tekun", "elder-hardship", "orphan-basic", "key-child",
		"disabled-living", "disabled-care"} {
		s.Benefits = append(s.Benefits, Count{programme, held[programme]})
	}
}

// deliver writes a folder a feed.
func (m *maker) deliver(ctx context.Context, dir string, o Options) ([]File, error) {
	kept := map[string]bool{}
	for _, h := range m.all {
		for _, p := range h.persons {
			kept[p.id] = h.story
		}
	}
	var files []File
	for i, r := range rowsOf {
		f := m.feed(r.feed)
		if f == nil {
			return nil, fmt.Errorf("synth: the pack has no feed %s", r.feed)
		}
		t := newTable(m.pack, f)
		r.rows(m, t)
		if t.err != nil {
			return nil, t.err
		}
		file, err := m.ship(ctx, dir, t, kept)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
		o.progress(len(m.places)+i+1, len(m.places)+len(rowsOf))
	}
	return files, nil
}

func (m *maker) feed(id string) *pack.Feed {
	for _, f := range m.pack.Feeds {
		if f.ID == id {
			return f
		}
	}
	return nil
}

// ship writes a feed's file and its manifest.
func (m *maker) ship(ctx context.Context, dir string, t *table, kept map[string]bool) (File, error) {
	s := shipments[t.feed.ID]
	delivered := m.ago(s.daysBefore)
	name := fmt.Sprintf("%s-%s", t.feed.ID, delivered)
	file := File{Feed: t.feed.ID, Format: s.format, Encoding: s.encoding}
	file.Bad, file.Copies = t.spoil(m.root.of("dirt", 0), s.dirt, kept)
	file.Rows = len(t.rows)
	file.Path = filepath.ToSlash(filepath.Join(t.feed.ID, name+"."+s.format))

	into, err := folder(dir, t.feed.ID)
	if err != nil {
		return file, err
	}
	if err := t.write(ctx, filepath.Join(into, name+"."+s.format), s.style); err != nil {
		return file, err
	}
	sums, err := t.sums()
	if err != nil {
		return file, err
	}
	from := calendar.Must(1949, 10, 1)
	if s.months > 0 {
		from = m.on.AddMonths(-s.months)
	}
	return file, manifest{
		Feed: t.feed.ID, Delivered: delivered, From: from, To: delivered.AddDays(1), Areas: []string{county.String()}, Simulated: true,
		Files: []manifestEntry{{Name: name + "." + s.format, Format: s.format, Encoding: s.encoding, Rows: len(t.rows), Sums: sums}},
	}.write(filepath.Join(into, name+".manifest.json"))
}

// notice writes the file that says what the folder is.
func notice(dir string, s Summary) error {
	text := fmt.Sprintf(`模拟数据 · SIMULATED DATA

本文件夹中的人、家庭、证件号码、单位、车辆、费用全部是虚构的，由程序生成，不对应任何真实的人。
证件号码使用从未分配的区划 371499；村名是真实的村名，人口数按比例缩小，与该村实际情况无关。
数据中的比例不是统计数字，不得引用。

Everybody and everything in this folder is invented by a program. Identity numbers are of the area 371499, which was
never assigned. The names of villages are real, what is told of them is not. None of it is a statistic.

人数 people %d · 户 households %d · 村居 villages %d
`, s.People, s.Households, s.Villages)
	if err := os.WriteFile(filepath.Join(dir, "模拟数据.txt"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing the notice: %w", err)
	}
	return nil
}
