package screening_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/reform"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
	"dajiuzhu/internal/synth"
)

// BenchmarkSimulate holds changed figures against a screening that is there, and reports beside it what its baseline takes: two
// whole evaluations and the comparison of what they come to. Compiling the two plans is in neither; comparing the plans is.
func BenchmarkSimulate(b *testing.B) {
	policy, people := benchmarked(b)
	base, err := screening.Run(b.Context(), policy.On(on, nil), people, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, change := range []string{"dibao_standard=+5%", "elder_hardship=+20%"} {
		b.Run(change, func(b *testing.B) {
			parsed, err := reform.Parse([]string{change})
			if err != nil {
				b.Fatal(err)
			}
			overlay, err := reform.Overlay(policy.Pack(), parsed, reform.Scope{From: calendar.Beginning})
			if err != nil {
				b.Fatal(err)
			}
			other := policy.On(on, overlay)
			whole := wholeDifference(b, policy, people, other)
			evaluated := 0
			for b.Loop() {
				s, err := base.Simulate(b.Context(), other, 0, nil)
				if err != nil {
					b.Fatal(err)
				}
				evaluated = s.Evaluated
			}
			each := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(each, "s/simulation")
			b.ReportMetric(whole.Seconds(), "s/baseline")
			b.ReportMetric(whole.Seconds()/each, "times")
			b.ReportMetric(float64(base.People), "people")
			b.ReportMetric(float64(evaluated), "units")
		})
	}
}

// wholeDifference is how long two whole evaluations and their comparison take.
func wholeDifference(b *testing.B, policy *rules.Policy, people screening.People, other *rules.Plan) time.Duration {
	from := time.Now()
	former, err := screening.Keep(b.Context(), policy.On(on, nil), people, nil)
	if err != nil {
		b.Fatal(err)
	}
	present, err := screening.Keep(b.Context(), other, people, nil)
	if err != nil {
		b.Fatal(err)
	}
	for range present.Diff(former) {
	}
	return time.Since(from)
}

// benchmarked is the people that benchmarks run on.
func benchmarked(b *testing.B) (*rules.Policy, screening.People) {
	policy, err := dezhou()
	if err != nil {
		b.Fatal(err)
	}
	if dir := os.Getenv(columnsFolder); dir != "" {
		return policy, savedIn(b, policy, dir)
	}
	dir := b.TempDir()
	if _, err := synth.Write(b.Context(), policy.Pack(), dir, synth.Options{People: 20_000, Seed: 7, On: on}); err != nil {
		b.Fatal(err)
	}
	set, err := feed.Open(b.Context(), policy.Pack(), dir, feed.Options{})
	if err != nil {
		b.Fatal(err)
	}
	people, err := population.Build(policy, set, on)
	if err != nil {
		b.Fatal(err)
	}
	return policy, screening.Built{Population: people}
}

func savedIn(b *testing.B, policy *rules.Policy, dir string) screening.People {
	dirs, err := filepath.Glob(filepath.Join(dir, "*", "columns.json"))
	if err != nil || len(dirs) == 0 {
		b.Fatalf("%s names no folder of counties: %v", columnsFolder, err)
	}
	for i := range dirs {
		dirs[i] = filepath.Dir(dirs[i])
	}
	people, err := screening.OpenSaved(policy, on, dirs...)
	if err != nil {
		b.Fatal(err)
	}
	return people
}
