package synth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Options are what is made. The zero value is the sample county.
type Options struct {
	City        bool          // every county of the calibration, each in a folder of its own, and not the sample county alone
	Counties    []area.Code   // of the city, those to be made; all if none. What is made of one does not depend on the others
	People      int           // living people of the city or the sample county; 0 for all the city's, and 20,000 in the sample
	Seed        uint64        // another seed is other people
	On          calendar.Date // the day before which everything is delivered; 2026-11-01 if 0
	Calibration *Calibration  // the built-in one if nil
	Workers     int           // counties that are made at once; 1 if 0. The bytes do not depend on it
	Labels      string        // folder for what is so in truth; not written if empty
	Progress    func(done, total int)
}

const (
	fewest  = 100    // people of a county
	usually = 20_000 // people of the sample
)

// Summary is what was written.
type Summary struct {
	People     int // living
	Dead       int // died within the years that the registers keep, and still have rows
	Households int // booklets, collective ones included
	Collective int
	Villages   int
	Urban      int // people living in town
	Village    area.Code
	Booklet    string // of the family in Guozhai; empty if its county is not made
	Stories    []Story
	Benefits   []Count
	Labels     []Count // of hidden labels, by kind
	Dirt       []Count // of rows that are not clean on purpose, by kind
	Files      []File
}

// Story is an invented family that was placed and not drawn, by what it is there for.
type Story struct{ Name, Booklet string }

// Count is how many there are of something.
type Count struct {
	Of string
	N  int
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
	Zh: "{county}的人数是{found}，至少应为{min}", En: "the number of people is from {min} upwards in every county, found {found} in {county}"}

var tooMany = fault.Text{Key: "synth.most",
	Zh: "人数{found}多于标定数据中的{max}", En: "the number of people {found} is above the {max} of the calibration"}

// Write invents a county, or with City all of a city's, and writes its deliveries into a folder, which it makes if need be. A
// city's counties come each into a folder with its code.
func Write(ctx context.Context, p *pack.Pack, dir string, o Options) (Summary, error) {
	o = o.filled()
	plans, err := o.plans()
	if err != nil {
		return Summary{}, err
	}
	made := make([]Summary, len(plans))
	steps := newSteps(p, plans, o)
	err = inParallel(ctx, o.Workers, bySize(plans), func(ctx context.Context, i int) (err error) {
		into := dir
		if o.City {
			into = filepath.Join(dir, plans[i].code.String())
		}
		made[i], err = writeCounty(ctx, p, into, plans[i], o, steps.one)
		if err != nil {
			return fmt.Errorf("making %s: %w", p.Areas.Name(plans[i].code), err)
		}
		return nil
	})
	if err != nil {
		return Summary{}, err
	}
	return o.joined(plans, made), nil
}

// filled is the options with what was left out.
func (o Options) filled() Options {
	if o.Calibration == nil {
		o.Calibration = Dezhou()
	}
	if o.People == 0 && o.City {
		o.People = o.Calibration.People.All.Value
	}
	if o.People == 0 {
		o.People = usually
	}
	if o.On == 0 {
		o.On = calendar.Must(2026, 11, 1)
	}
	o.Workers = max(o.Workers, 1)
	return o
}

// plans are the counties to be made.
func (o Options) plans() ([]plan, error) {
	if !o.City {
		p, err := planCounty(o.Calibration, sampleCounty, o.People)
		if err != nil {
			return nil, err
		}
		return []plan{p}, p.check()
	}
	return o.counties()
}

func (o Options) counties() ([]plan, error) {
	if most := o.Calibration.People.All.Value; o.People > most {
		return nil, fault.New(fault.Invalid, tooMany, fault.Args{"found": fmt.Sprint(o.People), "max": fmt.Sprint(most)})
	}
	all := planCity(o.Calibration, o.People)
	for _, p := range all {
		if err := p.check(); err != nil {
			return nil, err
		}
	}
	if len(o.Counties) == 0 {
		return all, nil
	}
	for _, code := range o.Counties {
		if !slices.ContainsFunc(all, func(p plan) bool { return p.code == code }) {
			return nil, unknownCounty(code, all)
		}
	}
	return slices.DeleteFunc(all, func(p plan) bool { return !slices.Contains(o.Counties, p.code) }), nil
}

// bySize is the order in which counties are made: the largest first, so that the last ones are short.
func bySize(plans []plan) []int {
	order := make([]int, len(plans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(plans[b].people, plans[a].people) })
	return order
}

// inParallel does work in an order, some at once, and stops at the first error.
func inParallel(ctx context.Context, workers int, order []int, work func(context.Context, int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan int)
	var group sync.WaitGroup
	for range min(workers, len(order)) {
		group.Go(func() {
			for i := range next {
				if err := work(ctx, i); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	for _, i := range order {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	group.Wait()
	return context.Cause(ctx)
}

// steps counts what is done by all who make counties.
type steps struct {
	lock        sync.Mutex
	done, total int
	report      func(done, total int)
}

// newSteps expects two steps for each place of a county, and one to close its files.
func newSteps(p *pack.Pack, plans []plan, o Options) *steps {
	s := &steps{report: o.Progress}
	for _, county := range plans {
		s.total += 2*len(newMaker(p, county, o).choosePlaces()) + 1
	}
	return s
}

func (s *steps) one() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.done++
	if s.report != nil {
		s.report(s.done, s.total)
	}
}

// joined adds up the counties' summaries; files are named by their place in the whole folder.
func (o Options) joined(plans []plan, made []Summary) Summary {
	total := Summary{Village: guozhai}
	for i, s := range made {
		total.People += s.People
		total.Dead += s.Dead
		total.Households += s.Households
		total.Collective += s.Collective
		total.Villages += s.Villages
		total.Urban += s.Urban
		total.Booklet = cmp.Or(total.Booklet, s.Booklet)
		total.Stories = append(total.Stories, s.Stories...)
		total.Benefits, total.Labels, total.Dirt = added(total.Benefits, s.Benefits), added(total.Labels, s.Labels), added(total.Dirt, s.Dirt)
		for _, f := range s.Files {
			if o.City {
				f.Path = plans[i].code.String() + "/" + f.Path
			}
			total.Files = append(total.Files, f)
		}
	}
	slices.SortStableFunc(total.Stories, func(a, b Story) int { return cmp.Compare(storyAt(a.Name), storyAt(b.Name)) })
	return total
}

// added adds counts of the same things in the same order.
func added(a, b []Count) []Count {
	if len(a) == 0 {
		return b
	}
	for i := range b {
		a[i].N += b[i].N
	}
	return a
}

// notice writes the file that says what the folder is.
func notice(dir string, invented string, s Summary) error {
	text := fmt.Sprintf(`模拟数据 · SIMULATED DATA

本文件夹中的人、家庭、证件号码、单位、车辆、费用全部是虚构的，由程序生成，不对应任何真实的人。
证件号码使用从未分配的区划 %s；村名是真实的村名，人口数是分摊得来的，与该村实际情况无关。
数据中的比例不是统计数字，不得引用。

Everybody and everything in this folder is invented by a program. Identity numbers are of the area %s, which was
never assigned. The names of villages are real, what is told of them is not. None of it is a statistic.

人数 people %%d · 户 households %%d · 村居 villages %%d
`, invented, invented)
	text = fmt.Sprintf(text, s.People, s.Households, s.Villages)
	if err := os.WriteFile(filepath.Join(dir, "模拟数据.txt"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing the notice: %w", err)
	}
	return nil
}

var errNoVillages = errors.New("synth: the pack has no villages in the county")
