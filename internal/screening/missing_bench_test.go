package screening_test

import (
	"testing"
	"time"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/synth"
)

// BenchmarkMissing evaluates the chunks of the sample county and finds what their open outcomes wait for, in turn.
func BenchmarkMissing(b *testing.B) {
	policy, err := dezhou()
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	if _, err := synth.Write(b.Context(), policy.Pack(), dir, synth.Options{Seed: 1, On: on}); err != nil {
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
	var batches []*rules.Batch
	for i := range people.Chunks() {
		batches = append(batches, people.Batch(i, &rules.Batch{}))
	}
	e := policy.On(on, nil).NewEvaluator()
	var evaluating, missing time.Duration
	b.ReportAllocs()
	for b.Loop() {
		for _, batch := range batches {
			start := time.Now()
			e.Evaluate(batch)
			evaluated := time.Now()
			for p := range policy.Pack().Programmes {
				e.Missing(p)
			}
			evaluating, missing = evaluating+evaluated.Sub(start), missing+time.Since(evaluated)
		}
	}
	each := float64(b.N * len(batches))
	b.ReportMetric(float64(evaluating.Microseconds())/each, "us/chunk-evaluated")
	b.ReportMetric(float64(missing.Microseconds())/each, "us/chunk-missing")
}
