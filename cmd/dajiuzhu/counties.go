package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// madeCounty is one county and what became of it.
type madeCounty struct {
	name, dir string
	bytes     int64 // of its files

	counts              feed.Counts
	persons, households int
	simulated           bool
	notes               []noted
	err                 error
}

// noted is something that was left out, with the reason in both languages.
type noted struct{ zh, en string }

// countiesIn finds the folders of counties in a folder, and what else lies there. Without any, the folder is a county's own.
func countiesIn(p *pack.Pack, dir string) (counties []*madeCounty, others []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fault.New(fault.NotFound, noDeliveries, fault.Args{"found": dir}).Because(err)
	}
	for _, e := range entries {
		if code, err := area.Parse(e.Name()); e.IsDir() && err == nil && code.Level() == area.County && p.Areas != nil && p.Areas.Has(code) {
			counties = append(counties, &madeCounty{name: e.Name(), dir: filepath.Join(dir, e.Name())})
		} else if !strings.HasPrefix(e.Name(), ".") {
			others = append(others, e.Name())
		}
	}
	if len(counties) == 0 {
		counties, others = []*madeCounty{{name: filepath.Base(dir), dir: dir}}, nil
	}
	for _, county := range counties {
		if county.bytes, err = sizeOf(county.dir); err != nil {
			return nil, nil, err
		}
	}
	return counties, others, nil
}

var noDeliveries = fault.Text{Key: "cmd.no-deliveries",
	Zh: "文件夹“{found}”打不开", En: `the folder "{found}" cannot be opened`}

func sizeOf(dir string) (int64, error) {
	size := int64(0)
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("looking at the size of %s: %w", dir, err)
	}
	return size, nil
}

// maker makes counties, several at a time where there is room.
type maker struct {
	ctx      context.Context
	policy   *rules.Policy
	on       calendar.Date
	out      string
	room     *room
	progress func(done, total int)

	mutex       sync.Mutex
	done, total int // permille of counties by their bytes
}

func (m *maker) make(counties []*madeCounty) {
	largest := slices.Clone(counties)
	slices.SortStableFunc(largest, func(a, b *madeCounty) int { return -cmp.Compare(a.bytes, b.bytes) })
	next := make(chan *madeCounty)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(counties)) {
		workers.Go(func() {
			for county := range next {
				m.room.take(county.memory())
				county.err = m.county(county)
				m.room.free(county.memory())
			}
		})
	}
	for _, county := range largest {
		m.total += int(county.bytes >> 10)
	}
	for _, county := range largest {
		next <- county
	}
	close(next)
	workers.Wait()
}

// memory is about what making a county takes: deliveries become some six times their bytes.
func (c *madeCounty) memory() int64 { return 6 * c.bytes }

// county makes one county: deliveries, population, columns, rejects.
func (m *maker) county(county *madeCounty) error {
	if err := population.MayReplace(filepath.Join(m.out, county.name)); err != nil {
		return err
	}
	step := func(part int) { m.advance(int(county.bytes>>10) * part / 100) }
	set, err := feed.Open(m.ctx, m.policy.Pack(), county.dir, feed.Options{Progress: func(_ string, done, of int) {
		step(60*(done+1)/of - 60*done/of)
	}})
	if err != nil {
		return err
	}
	people, err := population.Build(m.policy, set, m.on)
	if err != nil {
		return err
	}
	step(20)
	if err := set.Check(); err != nil {
		return err
	}
	if err := people.Columns.Save(filepath.Join(m.out, county.name)); err != nil {
		return err
	}
	step(20)
	county.note(set)
	county.persons, county.households, county.simulated = people.Persons(), people.Households(), people.Simulated
	return saveRejects(filepath.Join(m.out, county.name, "rejects.csv"), set)
}

func (c *madeCounty) note(set *feed.Set) {
	c.counts = set.Counts()
	for _, f := range set.Faults {
		c.notes = append(c.notes, noted{"! " + f.Message(fault.Zh), "! " + f.Message(fault.En)})
	}
	for _, name := range set.Ignored {
		c.notes = append(c.notes, noted{"· " + name + " 不是数据文件，未读", "· " + name + " is no data file and was not read"})
	}
}

func (m *maker) advance(part int) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.done += part
	m.progress(m.done, m.total)
}

// room is memory that several share. Whoever needs more than there is in all gets all of it.
type room struct {
	mutex   sync.Mutex
	changed *sync.Cond
	all     int64
	left    int64
}

func newRoom(all int64) *room {
	r := &room{all: all, left: all}
	r.changed = sync.NewCond(&r.mutex)
	return r
}

func (r *room) take(n int64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for n = min(n, r.all); r.left < n; {
		r.changed.Wait()
	}
	r.left -= n
}

func (r *room) free(n int64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.left += min(n, r.all)
	r.changed.Broadcast()
}
