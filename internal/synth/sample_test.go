package synth_test

import (
	"slices"
	"testing"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/synth"
)

// county is an invented one, read: every row but those made bad.
func county(t *testing.T, o synth.Options) (*feed.Set, synth.Summary) {
	t.Helper()
	p := sources(t)
	dir, s := write(t, p, o)
	set, err := feed.Open(t.Context(), p, dir, feed.Options{})
	if err != nil || len(set.Faults) > 0 {
		t.Fatal(err, set.Faults)
	}
	for _, f := range s.Files {
		read := set.Files[slices.IndexFunc(set.Files, func(r *feed.File) bool { return r.Name == f.Path })]
		if read.Rejected != f.Bad+f.Copies {
			t.Errorf("%s: %d rows rejected; made with %d bad, %d copies", f.Path, read.Rejected, f.Bad, f.Copies)
		}
	}
	return set, s
}

func TestSample(t *testing.T) {
	set, s := county(t, synth.Options{Seed: 1, On: on})
	for _, f := range s.Files {
		if f.Rows == 0 {
			t.Errorf("%s has no rows", f.Feed)
		}
	}
	t.Run("shares", func(t *testing.T) { testShares(t, set, s) })
	t.Run("stories", func(t *testing.T) { testStories(t, set, s) })
	t.Run("recognitions", func(t *testing.T) { testRecognitions(t, set) })
	t.Run("take-up", func(t *testing.T) { testTakeUp(t, set) })
	t.Run("family of Guozhai", func(t *testing.T) { testNothingNew(t, set, s) })
}

// holders are the people of a feed's rows for which a column has a value.
func holders(set *feed.Set, id, column string, values ...string) map[string]bool {
	found := map[string]bool{}
	for _, row := range rowsOf(set, id) {
		if column == "" || slices.Contains(values, row[column]) {
			found[row["id_no"]] = true
		}
	}
	return found
}

func testShares(t *testing.T, set *feed.Set, s synth.Summary) {
	all := float64(s.People)
	employees := float64(len(holders(set, "social-insurance", "kind", "employee")))
	students := float64(len(holders(set, "schools", "")))
	count := func(feed, column string, values ...string) float64 {
		return float64(len(holders(set, feed, column, values...)))
	}
	for _, share := range []struct {
		name           string
		got, low, high float64
	}{
		{"party members, about 7 %", count("party-members", "") / all, 0.055, 0.08},
		{"veterans, about 4 %", count("veterans", "") / all, 0.03, 0.05},
		{"union members of employees", count("union-members", "") / employees, 0.65, 0.8},
		{"paying into the provident fund, of employees", count("provident-fund", "") / employees, 0.3, 0.6},
		{"edge people, of the city's 5.61 million 0.24 %", count("recognitions", "kind", "edge") / all, 0.0015, 0.005},
		{"rigid people, 0.06 %", count("recognitions", "kind", "rigid") / all, 0.0001, 0.0016},
		{"temporary aid in two years, 0.15 %", count("temporary-aid", "") / all, 0.0005, 0.0025},
		{"care subsidy for disabled people, 1.03 %", count("holdings", "programme", "disabled-care") / all, 0.006, 0.013},
		{"living subsidy for disabled people", count("holdings", "programme", "disabled-living") / all, 0.0003, 0.008},
		{"premium paid, of the city's people 2.0 %", count("awards", "programme", "med-premium") / all, 0.012, 0.028},
		{"public-service posts", count("public-posts", "") / all, 0.0015, 0.006},
		{"dishonest", count("credit", "") / all, 0.002, 0.007},
		{"junior college beside college", count("schools", "stage", "junior_college") / count("schools", "stage", "college"), 0.5, 1.2},
		{"pupils recognised as in hardship", count("student-aid", "") / students, 0.01, 0.08},
		{"newly admitted, a third of upper secondary and college", count("admissions", "") / students, 0.05, 0.11},
		{"families that lost their only child", count("birth-planning", "") / all, 0.0008, 0.004},
		{"dangerous houses of those graded", count("housing-grades", "grade", "c", "d") / count("housing-grades", ""), 0.005, 0.04},
		{"long abroad", count("border", ""), 1, 8},
		{"refusals", count("refusals", ""), 3, 25},
	} {
		if share.got < share.low || share.got > share.high {
			t.Errorf("%s: %.4f is not between %.4f and %.4f", share.name, share.got, share.low, share.high)
		}
	}
}

// told is what a register must say of somebody of a story.
type told struct{ story, feed, column, value string }

var tellings = []told{
	{"orphan", "orphans", "kind", "orphan"},
	{"child-in-grave-hardship", "orphans", "kind", "key"},
	{"child-in-grave-hardship", "medical-settlement", "diagnosis", "haemophilia"},
	{"disabled-worker-at-home", "disability", "grade", "g1"},
	{"disabled-worker-at-home", "holdings", "programme", "dibao"},
	{"burnt-out-lodger", "population", "register", "permit"},
	{"burnt-out-lodger", "disasters", "damage", "collapsed"},
	{"recently-dead", "deaths", "", ""},
	{"pupils-of-an-edge-family", "schools", "stage", "kindergarten"},
	{"pupils-of-an-edge-family", "schools", "stage", "junior"},
	{"pupils-of-an-edge-family", "schools", "stage", "high"},
	{"pupils-of-an-edge-family", "recognitions", "kind", "edge"},
	{"poor-entrant-to-college", "admissions", "level", "college"},
	{"poor-entrant-to-college", "student-aid", "", ""},
	{"ex-poor-vocational-pupil", "monitored", "kind", "expoor"},
	{"ex-poor-vocational-pupil", "schools", "stage", "vocational"},
	{"anti-relapse-family", "monitored", "removed", "false"},
	{"anti-relapse-family", "schools", "stage", "junior_college"},
	{"unsafe-house", "housing-grades", "grade", "d"},
	{"patient-impoverished-by-illness", "recognitions", "kind", "illness_poor"},
	{"bereaved-mother", "birth-planning", "state", "died"},
	{"small-flat", "population", "hukou_kind", "urban"},
	{"small-flat", "property", "area", "38.5"},
	{"nobody-in-work", "employment-difficulty", "kind", "zero_employment"},
	{"nobody-in-work", "unemployment", "", ""},
	{"injured-at-work", "work-injury", "", ""},
	{"child-in-rehabilitation", "rehabilitation", "need", "true"},
	{"child-in-rehabilitation", "medical-settlement", "diagnosis", "autism"},
	{"flooded-house", "disasters", "damage", "severe"},
	{"flooded-house", "disasters", "deaths", "1"},
	{"worker-in-hardship", "union-members", "file", "deep"},
	{"worker-in-hardship", "leads", "kind", "union_lead"},
	{"woman-with-breast-cancer", "two-cancers", "invasive", "true"},
	{"woman-with-breast-cancer", "two-cancers", "helped", "false"},
	{"child-with-a-heart-defect", "medical-settlement", "diagnosis", "congenital_heart"},
	{"child-helped-by-the-red-cross", "red-cross-grants", "fund", "angel-sunshine"},
	{"crime-victim", "judicial-aid", "given", "false"},
	{"crime-victim", "legal-aid", "matter", "injury"},
	{"veteran-in-hardship", "veterans", "", ""},
	{"veteran-in-hardship", "recognitions", "kind", "rigid"},
	{"party-member-gravely-ill", "party-members", "", ""},
	{"party-member-gravely-ill", "medical-settlement", "diagnosis", "malignant_tumour"},
}

func testStories(t *testing.T, set *feed.Set, s synth.Summary) {
	family := map[string]string{} // a person's booklet
	size := map[string]int{}
	for _, row := range rowsOf(set, "population") {
		family[row["id_no"]] = row["hukou_no"]
		size[row["hukou_no"]]++
	}
	booklets := map[string]string{}
	for _, story := range s.Stories {
		if size[story.Booklet] == 0 || size[story.Booklet] > 5 || booklets[story.Name] != "" {
			t.Errorf("%s: %d people in booklet %s", story.Name, size[story.Booklet], story.Booklet)
		}
		booklets[story.Name] = story.Booklet
	}
	named := map[string]bool{}
	for _, x := range tellings {
		named[x.story] = true
		found := false
		for id := range holders(set, x.feed, x.column, x.value) {
			found = found || booklets[x.story] != "" && family[id] == booklets[x.story]
		}
		if !found {
			t.Errorf("%s: nobody whose %s in %s is %s", x.story, x.column, x.feed, x.value)
		}
	}
	if len(named) != len(s.Stories) {
		t.Errorf("%d stories are looked at, %d are told", len(named), len(s.Stories))
	}
}

func testRecognitions(t *testing.T, set *feed.Set) {
	near := 0
	for _, row := range rowsOf(set, "recognitions") {
		from, err := calendar.Parse(row["recognised_on"])
		if err != nil {
			t.Fatal(err)
		}
		until, err := calendar.Parse(row["until"])
		if err != nil {
			t.Fatal(err)
		}
		if until > from.AddMonths(12) {
			t.Errorf("recognised from %s until %s", from, until)
		}
		if until > on && until <= on.AddDays(30) {
			near++
		}
	}
	if near == 0 || near > 20 {
		t.Errorf("%d recognitions end within thirty days", near)
	}
	due, overdue := 0, 0
	for _, row := range rowsOf(set, "holdings") {
		helped := slices.Contains([]string{"dibao", "dibao-alone", "tekun"}, row["programme"]) && row["ended_on"] == ""
		if helped && row["review_due"] == "" {
			t.Errorf("nobody will review %v", row)
		}
		switch {
		case row["review_due"] == "":
		case row["review_due"] < on.String():
			overdue++
		default:
			due++
		}
	}
	if due == 0 || overdue == 0 || overdue > due/5 {
		t.Errorf("%d reviews to come, %d overdue", due, overdue)
	}
}

// testTakeUp: of those whom a department should help some are missed, and a few have help that they should not.
func testTakeUp(t *testing.T, set *feed.Set) {
	paid, low := holders(set, "awards", "programme", "med-premium"), map[string]bool{}
	for _, found := range []map[string]bool{holders(set, "holdings", "programme", "dibao", "dibao-alone", "tekun"), holders(set, "orphans", ""),
		holders(set, "recognitions", ""), holders(set, "monitored", "removed", "false")} {
		for id := range found {
			low[id] = true
		}
	}
	missed, astray := 0, 0
	for id := range holders(set, "medical-enrolment", "kind", "resident") {
		switch {
		case low[id] && !paid[id]:
			missed++
		case paid[id] && !low[id]:
			astray++
		}
	}
	if missed < 10 || missed > len(low)/2 || astray == 0 || astray > 20 {
		t.Errorf("%d of %d without the premium, %d astray", missed, len(low), astray)
	}
	tekun := holders(set, "holdings", "programme", "tekun")
	both := 0
	for id := range holders(set, "holdings", "programme", "disabled-care") {
		if tekun[id] {
			both++
		}
	}
	if both > 3 {
		t.Errorf("%d have both extreme-poverty support and the care subsidy", both)
	}
}

// testNothingNew: nobody but the hospital, the school and the employer has heard of the family.
func testNothingNew(t *testing.T, set *feed.Set, s synth.Summary) {
	family := holders(set, "population", "hukou_no", s.Booklet)
	known := []string{"population", "marriages", "medical-enrolment", "medical-settlement", "social-insurance", "employment", "unemployment", "vehicles",
		"property", "schools"}
	for _, f := range s.Files {
		if slices.Contains(known, f.Feed) {
			continue
		}
		for id := range holders(set, f.Feed, "") {
			if family[id] {
				t.Errorf("the family is in %s", f.Feed)
			}
		}
	}
}

func TestSmallCountyHasNoStories(t *testing.T) {
	_, s := write(t, sources(t), synth.Options{People: 4999, On: on})
	if len(s.Stories) > 0 || s.People != 4999 {
		t.Errorf("%d people, stories %v", s.People, s.Stories)
	}
}

func TestStoriesOnOtherDays(t *testing.T) {
	for _, date := range []calendar.Date{calendar.Must(2025, 8, 31), calendar.Must(2026, 3, 1), calendar.Must(2026, 9, 2)} {
		t.Run(date.String(), func(t *testing.T) {
			set, s := county(t, synth.Options{People: 5000, Seed: 4, On: date})
			if s.People != 5000 {
				t.Errorf("%d people", s.People)
			}
			testStories(t, set, s)
		})
	}
}
