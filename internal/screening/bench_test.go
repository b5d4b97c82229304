package screening_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/internal/synth"
)

// columnsFolder names a folder of counties' columns, as `dajiuzhu population` writes them. Without it the benchmarks make
// the sample county.
const columnsFolder = "DAJIUZHU_COLUMNS"

// benchmark is people to measure with.
type benchmark struct {
	policy     *rules.Policy
	plan       *rules.Plan
	dirs       []string
	deliveries string // empty where columns were given
}

func newBenchmark(b *testing.B) *benchmark {
	b.Helper()
	policy, err := dezhou()
	if err != nil {
		b.Fatal(err)
	}
	m := &benchmark{policy: policy, plan: policy.On(on, nil)}
	if given := os.Getenv(columnsFolder); given != "" {
		if m.dirs, err = filepath.Glob(filepath.Join(given, "*")); err != nil || len(m.dirs) == 0 {
			b.Fatalf("no columns in %s: %v", given, err)
		}
		return m
	}
	m.deliveries = b.TempDir()
	if _, err := synth.Write(b.Context(), policy.Pack(), m.deliveries, synth.Options{On: on}); err != nil {
		b.Fatal(err)
	}
	columns := filepath.Join(b.TempDir(), "county")
	if err := m.build(b).Columns.Save(columns); err != nil {
		b.Fatal(err)
	}
	m.dirs = []string{columns}
	return m
}

func (m *benchmark) build(b *testing.B) *population.Population {
	b.Helper()
	set, err := feed.Open(b.Context(), m.policy.Pack(), m.deliveries, feed.Options{})
	if err != nil {
		b.Fatal(err)
	}
	people, err := population.Build(m.policy, set, on)
	if err != nil {
		b.Fatal(err)
	}
	return people
}

func (m *benchmark) load(b *testing.B) *screening.Saved {
	b.Helper()
	people, err := screening.OpenSaved(m.policy, on, m.dirs...)
	if err != nil {
		b.Fatal(err)
	}
	return people
}

func (m *benchmark) keep(b *testing.B, people screening.People) *screening.Kept {
	b.Helper()
	kept, err := screening.Keep(b.Context(), m.plan, people, nil)
	if err != nil {
		b.Fatal(err)
	}
	return kept
}

// eachChunk does something with every chunk on all processors.
func eachChunk(people screening.People, worker func() func(b *rules.Batch)) {
	chunks := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			work, batch := worker(), &rules.Batch{}
			for i := range chunks {
				work(people.Batch(i, batch))
			}
		})
	}
	for i := range people.Chunks() {
		chunks <- i
	}
	close(chunks)
	workers.Wait()
}

// BenchmarkScreening is a pass over everybody, in its parts and whole. A pass from columns stands beside one from the
// deliveries that the columns were made of, where these are at hand.
func BenchmarkScreening(b *testing.B) {
	m := newBenchmark(b)
	people := m.load(b)
	kept := m.keep(b, people)
	households := float64(kept.Households())
	perHousehold := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/households, "ns/household")
		b.ReportMetric(float64(kept.People()), "people")
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			m.load(b)
		}
		perHousehold(b)
	})
	b.Run("fill", func(b *testing.B) {
		for b.Loop() {
			eachChunk(people, func() func(*rules.Batch) { return func(*rules.Batch) {} })
		}
		perHousehold(b)
	})
	b.Run("evaluate", func(b *testing.B) {
		for b.Loop() {
			eachChunk(people, func() func(*rules.Batch) {
				e := m.plan.NewEvaluator()
				return func(batch *rules.Batch) { e.Evaluate(batch) }
			})
		}
		perHousehold(b)
	})
	b.Run("evaluate-and-keep", func(b *testing.B) {
		for b.Loop() {
			m.keep(b, people)
		}
		perHousehold(b)
		b.ReportMetric(float64(kept.Size())/float64(kept.People()), "kept-bytes/person")
	})
	var fromColumns, fromDeliveries float64
	b.Run("load-evaluate-write-changes", func(b *testing.B) {
		dir := b.TempDir()
		pass := func() {
			people := m.load(b)
			r := screening.NewResult(m.plan, people, m.keep(b, people))
			if _, err := r.Write(dir, screening.ChangesOnly); err != nil {
				b.Fatal(err)
			}
		}
		pass() // what is there before
		b.ResetTimer()
		for range b.N {
			pass()
		}
		perHousehold(b)
		fromColumns = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
		b.ReportMetric(float64(mostMemory(b))/1024, "MiB-at-most")
	})
	if m.deliveries == "" {
		return
	}
	b.Run("the-same-from-deliveries", func(b *testing.B) {
		dir := b.TempDir()
		for b.Loop() {
			r, err := screening.Run(b.Context(), m.plan, screening.Built{Population: m.build(b)}, nil)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.Write(dir, screening.Everybody); err != nil {
				b.Fatal(err)
			}
		}
		perHousehold(b)
		fromDeliveries = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
		b.ReportMetric(fromDeliveries/fromColumns, "times-slower-than-from-columns")
	})
}

// mostMemory is the most memory that the process ever had, in KiB, 0 where the system does not tell.
func mostMemory(b *testing.B) int {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmHWM:" {
			kib, _ := strconv.Atoi(fields[1])
			return kib
		}
	}
	return 0
}
