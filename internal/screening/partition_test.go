package screening_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/screening"
)

// stretch is the chunks of a population from one on, up to another.
type stretch struct {
	screening.People
	from, to int
}

func (p stretch) Chunks() int { return p.to - p.from }

func (p stretch) Batch(chunk int, into *rules.Batch) *rules.Batch {
	return p.People.Batch(p.from+chunk, into)
}

func (p stretch) At(chunk, lane int) population.Household { return p.People.At(p.from+chunk, lane) }

func (p stretch) Who(chunk int, into *screening.Who) { p.People.Who(p.from+chunk, into) }

// TestPartsAreTheWhole: people who are screened in parts come to what they come to together, to the fen, and once the parts are
// merged to the same places.
func TestPartsAreTheWhole(t *testing.T) {
	c := newCounty(t, 5000)
	all := screening.Built{Population: c.people}
	whole, err := screening.Run(t.Context(), c.plan, all, nil)
	if err != nil {
		t.Fatal(err)
	}
	var parts []screening.Part
	cut := all.Chunks() / 2
	for _, part := range []stretch{{all, cut, all.Chunks()}, {all, 0, cut}} {
		kept, err := screening.Keep(t.Context(), c.plan, part, nil)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, screening.Part{Name: "part", Kept: kept})
	}
	kept, people, err := screening.Merge(c.plan, parts)
	if err != nil {
		t.Fatal(err)
	}
	merged := screening.NewResult(c.plan, people, kept)
	if diff := cmp.Diff(whole.Summary(), merged.Summary()); diff != "" {
		t.Errorf("whole −, merged +:\n%s", diff)
	}
	if changes := collect(kept, whole.Kept); len(changes) > 0 {
		t.Errorf("%d units come to something else in parts, such as %+v", len(changes), changes[0])
	}
	for place := range whole.Households() {
		a, b := whole.At(place), merged.At(place)
		if a.Key != b.Key || a.Ranks != b.Ranks || a.Hardest != b.Hardest {
			t.Fatalf("place %d: whole %s %+v, merged %s %+v", place, a.Key, a.Ranks, b.Key, b.Ranks)
		}
	}
	dir := t.TempDir()
	if _, err := merged.Write(dir, screening.RankingOnly); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(read(t, filepath.Join(dir, "ranking.csv")), whole.At(0).Head) {
		t.Error("a merged ranking names somebody")
	}
}

// TestOtherScreeningsAreNotMerged: results of another day or pack are no part of this one, and the fault names them.
func TestOtherScreeningsAreNotMerged(t *testing.T) {
	c := newCounty(t, 300)
	other := c.policy.On(on.AddDays(-30), nil)
	kept, err := screening.Keep(t.Context(), other, screening.Built{Population: c.people}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = screening.Merge(c.plan, []screening.Part{{Name: "elsewhere", Kept: kept}}); err == nil || !strings.Contains(err.Error(), "elsewhere") {
		t.Errorf("the fault is %v", err)
	}
}

// TestSavedPeopleComeToTheSame: columns that were saved and loaded are screened as the population was, and explain the same.
func TestSavedPeopleComeToTheSame(t *testing.T) {
	c := newCounty(t, 1500)
	dir := t.TempDir()
	if err := c.people.Columns.Save(dir); err != nil {
		t.Fatal(err)
	}
	saved, err := screening.OpenSaved(c.policy, on, dir)
	if err != nil {
		t.Fatal(err)
	}
	built := c.screen(t)
	r, err := screening.Run(t.Context(), c.plan, saved, nil)
	if err != nil {
		t.Fatal(err)
	}
	if changes := collect(r.Kept, built.Kept); len(changes) > 0 {
		t.Errorf("%d units come to something else, such as %+v", len(changes), changes[0])
	}
	for place := range 5 {
		chunk, lane, ok := r.Kept.Find(r.At(place).Key)
		if !ok {
			t.Fatal("a household is not found by its key")
		}
		told := c.plan.Explain(saved.Subject(chunk, lane))
		want := c.plan.Explain(screening.Built{Population: c.people}.Subject(chunk, lane))
		for i := range want.Outcomes {
			if told.Outcomes[i].Outcome != want.Outcomes[i].Outcome {
				t.Errorf("%s: %s saved, %s built", want.Outcomes[i].Programme, told.Outcomes[i].Outcome, want.Outcomes[i].Outcome)
			}
		}
	}
	if _, err := screening.OpenSaved(c.policy, on.AddDays(1), dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("columns of another day are taken: %v", err)
	}
}

// TestArrowHoldsTheSame: the stream of results holds every outcome and every place in the county.
func TestArrowHoldsTheSame(t *testing.T) {
	c := newCounty(t, 1200)
	r := c.screen(t)
	var b bytes.Buffer
	if err := r.WriteArrow(&b); err != nil {
		t.Fatal(err)
	}
	stream, err := ipc.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]int32{}
	outcomes := map[string]int{}
	households := 0
	for stream.Next() {
		record := stream.RecordBatch()
		households += int(record.NumRows())
		field := func(name string) int { return record.Schema().FieldIndices(name)[0] }
		for h := range int(record.NumRows()) {
			if rank := record.Column(field("rank_county")).(*array.Int32); rank.IsValid(h) {
				places[record.Column(field("household")).(*array.String).Value(h)] = rank.Value(h)
			}
		}
		all := record.Column(field("outcomes")).(*array.List).ListValues().(*array.Struct)
		for i := range all.Len() {
			outcomes[all.Field(0).(*array.String).Value(i)+" "+all.Field(2).(*array.String).Value(i)]++
		}
	}
	if households != c.people.Households() || len(places) != r.Households() {
		t.Errorf("%d households, %d with a place; want %d and %d", households, len(places), c.people.Households(), r.Households())
	}
	for h := range r.Ranking() {
		if places[h.Key] != int32(h.Ranks.County) {
			t.Fatalf("household %s has place %d in the stream, %d in the ranking", h.Key, places[h.Key], h.Ranks.County)
		}
	}
	for _, tally := range r.Programmes {
		for o, n := range tally.Outcomes {
			if got := outcomes[tally.Programme.ID+" "+rules.Outcome(o).String()]; got != n {
				t.Errorf("%s: %d are %s in the stream, want %d", tally.Programme.ID, got, rules.Outcome(o), n)
			}
		}
	}
}

// TestKilledRunLeavesTheFormerResults: what a run left that never came to its end is no result, and goes with the next.
func TestKilledRunLeavesTheFormerResults(t *testing.T) {
	c := newCounty(t, 300)
	r := c.screen(t)
	dir := t.TempDir()
	if _, err := r.Write(dir, screening.Everybody); err != nil {
		t.Fatal(err)
	}
	before := read(t, filepath.Join(dir, "outcomes.csv"))
	if _, err := r.Write(dir, screening.Everybody, screening.File{Name: "last", Mode: 0o644, Write: func(io.Writer) error { return syscall.ENOSPC }}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("writing to a full disk: %v", err)
	}
	if read(t, filepath.Join(dir, "outcomes.csv")) != before {
		t.Error("the former outcomes are gone")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("unfinished files are left: %v", left)
	}
}
