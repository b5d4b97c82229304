package feed_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/synth"
	"dajiuzhu/packs"
)

// However many feeds are read at a time, the set is the same: files, rows, rejects and faults in one order, and every file is
// told of once.
func TestReadingSeveralFeedsAtATime(t *testing.T) {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	dir := t.TempDir()
	if _, err := synth.Write(t.Context(), p, dir, synth.Options{People: 2000, Seed: 5, On: calendar.Must(2026, 11, 1)}); err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := described(t, p, dir)
	for _, processors := range []int{2, 8} {
		runtime.GOMAXPROCS(processors)
		if diff := cmp.Diff(want, described(t, p, dir)); diff != "" {
			t.Fatalf("one processor − and %d +:\n%.2000s", processors, diff)
		}
	}
}

func described(t *testing.T, p *pack.Pack, dir string) []string {
	t.Helper()
	var all []string
	told := map[int]string{}
	set, err := feed.Open(t.Context(), p, dir, feed.Options{Progress: func(file string, done, of int) { told[done] = file }})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Check(); err != nil {
		t.Fatal(err)
	}
	for _, f := range set.Files {
		all = append(all, fmt.Sprint(f.Name, f.Rows, f.Used, f.Rejected, f.Formulas, f.Missing, f.Refused))
	}
	for _, r := range set.Rejects {
		all = append(all, fmt.Sprint(r.Message(fault.En), r.Cells(), r.Unplaced, r.Again))
	}
	for _, table := range set.Tables {
		for row := range table.Len() {
			all = append(all, fmt.Sprint(table.Feed.ID, table.Used(row), table.Cells(row)))
		}
	}
	if len(set.Rejects) == 0 || len(told) != len(set.Files) {
		t.Fatalf("%d rejects; %d files, %d told of", len(set.Rejects), len(set.Files), len(told))
	}
	return all
}
