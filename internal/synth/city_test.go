package synth_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/synth"
)

// TestQuotaIsMet: those chosen come within half the heaviest candidate of the target, or are all.
func TestQuotaIsMet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "n")
		keys, weights, all := make([]float64, n), make([]int, n), 0
		for i := range n {
			keys[i] = float64(i*7919%61) + rapid.Float64Range(0, 0.9).Draw(t, "key")
			weights[i] = rapid.IntRange(0, 7).Draw(t, "weight")
			all += weights[i]
		}
		target := rapid.IntRange(0, 200).Draw(t, "target")
		sum := synth.Chosen(target, keys, weights)
		if sum != all && (sum < target-3 || sum > target+3) || sum > target+3 {
			t.Errorf("%d chosen for %d of %d", sum, target, all)
		}
	})
}

const cityPeople = 24_000

// TestCityIsTheSameHoweverItIsMade: neither the number of workers nor the choice of counties changes a byte.
func TestCityIsTheSameHoweverItIsMade(t *testing.T) {
	p := sources(t)
	made := func(o synth.Options) (files, labels map[string][]byte) {
		o.City, o.People, o.Seed, o.On, o.Labels = true, cityPeople, 3, on, t.TempDir()
		dir, _ := write(t, p, o)
		return tree(t, dir), tree(t, o.Labels)
	}
	one, oneLabels := made(synth.Options{Workers: 1})
	many, manyLabels := made(synth.Options{Workers: 5})
	part, partLabels := made(synth.Options{Workers: 2, Counties: []area.Code{371471_000_000, 371424_000_000}})
	if len(one) != 12*(2*len(p.Feeds)+1) || len(oneLabels) != 24 {
		t.Errorf("%d files and %d labels", len(one), len(oneLabels))
	}
	same(t, one, many)
	same(t, oneLabels, manyLabels)
	if len(part) != len(one)/6 {
		t.Errorf("%d files of two counties", len(part))
	}
	same(t, part, one)
	same(t, partLabels, oneLabels)
	for name := range one {
		if strings.Contains(name, "labels") {
			t.Errorf("%s lies among what departments deliver", name)
		}
	}
}

// same holds every file of a tree against that of another.
func same(t *testing.T, some, all map[string][]byte) {
	t.Helper()
	for name, content := range some {
		if !bytes.Equal(content, all[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

// TestCityHolds writes a city of eighty thousand people and verifies it: tolerances are those of the whole city and three times
// what a draw may be off. Held against other figures it fails by name.
func TestCityHolds(t *testing.T) {
	p := sources(t)
	o := synth.Options{City: true, People: 80_000, Seed: 1, On: on, Workers: 2, Labels: t.TempDir()}
	dir, s := write(t, p, o)
	if s.People != o.People {
		t.Errorf("%d people", s.People)
	}
	checks := verify(t, dir, o)
	for name, c := range checks {
		if !c.OK {
			t.Errorf("%s: expected %.2f, got %.2f, tolerance %.2f", name, c.Expected, c.Got, c.Tolerance)
		}
	}
	for _, name := range []string{"people of the city", "aged 0 to 14", "people in town", "people in need without help (labels)"} {
		if _, ok := checks[name]; !ok {
			t.Errorf("%s is not checked", name)
		}
	}
	other := synth.Dezhou()
	other.People.Age0To14.Value += 100_000
	other.Targets.Edge.Value *= 2
	other.Counties[0].People, other.Counties[1].People = other.Counties[1].People, other.Counties[0].People
	o.Calibration = other
	failed := verify(t, dir, o)
	for _, name := range []string{"aged 0 to 14", "edge people", "people of 371402"} {
		if failed[name].OK {
			t.Errorf("%s is as expected by a calibration that it was not made with", name)
		}
	}
	o.Calibration = nil
	testStranger(t, dir, o)

	o.Labels = filepath.Join(t.TempDir(), "none")
	if _, ok := verify(t, dir, o)["people in town"]; ok {
		t.Error("what only labels tell is checked without labels")
	}
}

func verify(t *testing.T, dir string, o synth.Options) map[string]synth.Check {
	t.Helper()
	checks, err := synth.Verify(t.Context(), sources(t), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]synth.Check{}
	for _, c := range checks {
		named[c.En] = c
	}
	return named
}

// testStranger puts somebody into a county's file whom its register does not know, instead of somebody else.
func testStranger(t *testing.T, dir string, o synth.Options) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "371423", "credit", "*.jsonl"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	content, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	id := string(content[bytes.Index(content, []byte("371491")):][:18])
	stranger, _ := idno.Make("371499", calendar.Must(1950, 1, 1), 1)
	if err := os.WriteFile(names[0], bytes.Replace(content, []byte(id), []byte(stranger.Plain()), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if found := verify(t, dir, o)["rows about nobody registered"]; found.Got != 1 || found.OK {
		t.Errorf("a stranger was not found: %+v", found)
	}
	if err := os.WriteFile(names[0], content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCountiesShareNobody: every county is a delivery that is read whole, and no identity number is in two.
func TestCountiesShareNobody(t *testing.T) {
	p := sources(t)
	dir, _ := write(t, p, synth.Options{City: true, People: 6_000, Seed: 2, On: on})
	seen := map[string]string{}
	for _, code := range []string{"371402", "371471", "371424"} {
		set, err := feed.Open(t.Context(), p, filepath.Join(dir, code), feed.Options{})
		if err != nil || len(set.Faults) > 0 {
			t.Fatal(err, set.Faults)
		}
		for _, row := range rowsOf(set, "population") {
			if seen[row["id_no"]] != "" {
				t.Errorf("somebody of %s lives in %s", code, seen[row["id_no"]])
			}
			seen[row["id_no"]] = code
			if !strings.HasPrefix(row["village"], code) {
				t.Errorf("%s in %s", row["village"], code)
			}
		}
	}
}

// TestLabelsFollowTheFacts: the family of Guozhai needs help, and nobody has answered; labels are about people who are there.
func TestLabelsFollowTheFacts(t *testing.T) {
	p := sources(t)
	o := synth.Options{Seed: 1, On: on, Labels: t.TempDir()}
	dir, s := write(t, p, o)
	holds, register := map[string]bool{}, map[string]bool{}
	set, err := feed.Open(t.Context(), p, dir, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rowsOf(set, "holdings") {
		if row["ended_on"] == "" {
			holds[row["id_no"]+row["programme"]] = true
		}
	}
	for _, row := range rowsOf(set, "population") {
		register[row["id_no"]] = true
	}
	guozhai, kinds := map[string]int{}, map[string]int{}
	for i, r := range labelRows(t, filepath.Join(o.Labels, "371424", "labels.csv")) {
		kinds[r["label"]]++
		if r["household"] == s.Booklet {
			guozhai[r["label"]]++
		}
		switch {
		case r["label"] == "missed-need" && holds[r["person"]+"dibao"]:
			t.Errorf("line %d: missed, and on dibao", i)
		case r["label"] == "wrong-receipt" && !holds[r["person"]+r["programme"]]:
			t.Errorf("line %d: wrongly held, and not held", i)
		case r["note"] != "moved" && !register[r["person"]]:
			t.Errorf("line %d is about nobody", i)
		case r["county"] != "371424" || r["since"] == "" || r["since"] > on.String():
			t.Errorf("line %d: %v", i, r)
		}
	}
	if guozhai["missed-need"] != 4 || guozhai["wrong-receipt"] > 0 {
		t.Errorf("the family of Guozhai: %v", guozhai)
	}
	for _, kind := range []string{"need", "missed-need", "wrong-receipt", "contradiction", "shock"} {
		if kinds[kind] == 0 || float64(kinds[kind]) != count(s.Labels, kind) {
			t.Errorf("%d labels %s, the summary has %.0f", kinds[kind], kind, count(s.Labels, kind))
		}
	}
}

func labelRows(t *testing.T, path string) []map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var header []string
	var all []map[string]string
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		cells := strings.Split(line, ",")
		if header == nil {
			header = cells
			continue
		}
		row := map[string]string{}
		for i, name := range header {
			row[name] = cells[i]
		}
		all = append(all, row)
	}
	return all
}

// TestFullDisk: a disk that is full ends the work with an error that says so and where.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	p := sources(t)
	for _, name := range []string{"population/population-2026-10-29.csv", "schools/schools-2026-10-07.xlsx",
		"medical-settlement/medical-settlement-2026-10-31.parquet", "border/border-2026-10-29.jsonl"} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/dev/full", path); err != nil {
			t.Fatal(err)
		}
		_, err := synth.Write(t.Context(), p, dir, synth.Options{People: 4000, On: on})
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), strings.Split(name, "/")[0]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCityRefuses(t *testing.T) {
	p := sources(t)
	for _, c := range []struct {
		name string
		o    synth.Options
		want string
	}{
		{"a county of no city", synth.Options{City: true, People: 10_000, Counties: []area.Code{371400_000_000}}, "no county"},
		{"too few people for a county", synth.Options{City: true, People: 600}, "from 100 upwards"},
		{"more people than there are", synth.Options{City: true, People: 6_000_000}, "above the 5611194"},
	} {
		_, err := synth.Write(t.Context(), p, t.TempDir(), c.o)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := synth.Verify(t.Context(), p, t.TempDir(), synth.Options{People: 10_000}); err == nil {
		t.Error("an empty folder is verified")
	}
}
