package screening_test

import (
	"testing"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/synth"
)

// BenchmarkMissing evaluates the chunks of the sample county, without and with what open outcomes wait for.
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
	for _, missing := range []bool{false, true} {
		name := map[bool]string{false: "evaluate", true: "and missing"}[missing]
		b.Run(name, func(b *testing.B) {
			e := policy.On(on, nil).NewEvaluator()
			for b.Loop() {
				for _, batch := range batches {
					e.Evaluate(batch)
					for p := range policy.Pack().Programmes {
						if missing {
							e.Missing(p)
						}
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(batches)), "us/chunk")
			b.ReportAllocs()
		})
	}
}
