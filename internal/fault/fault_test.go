package fault_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dajiuzhu/internal/fault"
)

var unknownFact = fault.Text{
	Key: "test.unknown-fact",
	Zh:  "未知事实“{found}”，最接近的是“{nearest}”",
	En:  `unknown fact "{found}"; the nearest is "{nearest}"`,
}

func TestMessage(t *testing.T) {
	plain := fault.New(fault.Invalid, unknownFact, fault.Args{"found": "person.brith", "nearest": "person.birth"})
	for _, c := range []struct {
		name   string
		err    *fault.Error
		zh, en string
	}{
		{"without a place", plain,
			"未知事实“person.brith”，最接近的是“person.birth”",
			`unknown fact "person.brith"; the nearest is "person.birth"`},
		{"in a text file", plain.In(fault.At{File: "index.yaml", Line: 12, Column: 7}),
			"index.yaml:12:7: 未知事实“person.brith”，最接近的是“person.birth”",
			`index.yaml:12:7: unknown fact "person.brith"; the nearest is "person.birth"`},
		{"without a column", plain.In(fault.At{File: "index.yaml", Line: 12}),
			"index.yaml:12: 未知事实“person.brith”，最接近的是“person.birth”",
			`index.yaml:12: unknown fact "person.brith"; the nearest is "person.birth"`},
		{"a column without a line is none", plain.In(fault.At{File: "index.yaml", Column: 7}),
			"index.yaml: 未知事实“person.brith”，最接近的是“person.birth”",
			`index.yaml: unknown fact "person.brith"; the nearest is "person.birth"`},
		{"in a table", plain.In(fault.At{File: "deaths.csv", Row: 3, Field: "id_no"}),
			"deaths.csv 第3行 字段id_no: 未知事实“person.brith”，最接近的是“person.birth”",
			`deaths.csv row 3 field id_no: unknown fact "person.brith"; the nearest is "person.birth"`},
		{"a field alone", plain.In(fault.At{Field: "birth"}),
			"字段birth: 未知事实“person.brith”，最接近的是“person.birth”",
			`field birth: unknown fact "person.brith"; the nearest is "person.birth"`},
		{"no arguments: braces stay, so that a test of the message finds them", fault.New(fault.Invalid, unknownFact, nil),
			"未知事实“{found}”，最接近的是“{nearest}”",
			`unknown fact "{found}"; the nearest is "{nearest}"`},
		{"an argument is not filled again", fault.New(fault.Invalid, unknownFact, fault.Args{"found": "{nearest}", "nearest": 7}),
			"未知事实“{nearest}”，最接近的是“7”",
			`unknown fact "{nearest}"; the nearest is "7"`},
	} {
		if got := c.err.Message(fault.Zh); got != c.zh {
			t.Errorf("%s: Chinese is %q, want %q", c.name, got, c.zh)
		}
		if got := c.err.Message(fault.En); got != c.en {
			t.Errorf("%s: English is %q, want %q", c.name, got, c.en)
		}
		if got := c.err.Error(); got != c.en {
			t.Errorf("%s: Error is %q, want the English message", c.name, got)
		}
	}
}

// The cause is for the log; what people read is without it.
func TestCause(t *testing.T) {
	plain := fault.New(fault.Unready, fault.Text{Key: "test.closed", Zh: "未就绪", En: "not ready"}, nil)
	caused := plain.Because(io.ErrUnexpectedEOF)
	if got, want := caused.Error(), "not ready: unexpected EOF"; got != want {
		t.Errorf("Error = %q, want %q", got, want)
	}
	if got := caused.Message(fault.En); got != "not ready" {
		t.Errorf("Message = %q", got)
	}
	if !errors.Is(caused, io.ErrUnexpectedEOF) {
		t.Error("the cause is not found")
	}
	if placed := plain.In(fault.At{File: "x"}); placed.At.File != "x" || plain.At != (fault.At{}) || plain.Err != nil {
		t.Error("In and Because change the fault that they copy")
	}
}

func TestKindOf(t *testing.T) {
	invalid := fault.New(fault.Invalid, unknownFact, nil)
	unready := fault.New(fault.Unready, unknownFact, nil)
	for _, c := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"a fault", invalid, fault.Invalid},
		{"a wrapped fault", fmt.Errorf("loading: %w", invalid), fault.Invalid},
		{"the outermost counts", unready.Because(invalid), fault.Unready},
		{"the first of a list", fault.List{unready, invalid}, fault.Unready},
		{"a foreign error is internal", io.EOF, fault.Internal},
		{"no error", nil, fault.Internal},
	} {
		if got := fault.KindOf(c.err); got != c.want {
			t.Errorf("%s: kind %d, want %d", c.name, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	at := func(file string, line, column, row int, field, found string) *fault.Error {
		return fault.New(fault.Invalid, unknownFact, fault.Args{"found": found, "nearest": "n"}).
			In(fault.At{File: file, Line: line, Column: column, Row: row, Field: field})
	}
	sorted := fault.List{
		at("a.yaml", 2, 9, 0, "", "x"),
		at("a.yaml", 10, 1, 0, "", "x"), // lines are numbers: 10 after 2
		at("a.yaml", 10, 3, 0, "", "x"),
		at("b.csv", 0, 0, 1, "birth", "x"),
		at("b.csv", 0, 0, 1, "id_no", "x"),
		at("b.csv", 0, 0, 2, "birth", "x"),
		at("b.csv", 0, 0, 2, "birth", "y"),
	}
	want := sorted.Error()
	if lines := strings.Split(want, "\n"); len(lines) != len(sorted) {
		t.Errorf("%d lines for %d faults", len(lines), len(sorted))
	}
	rapid.Check(t, func(t *rapid.T) {
		l := fault.List(rapid.Permutation([]*fault.Error(sorted)).Draw(t, "order"))
		l.Sort()
		if diff := cmp.Diff(want, l.Error()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
	if err := sorted.Err(); !errors.Is(err, sorted[3]) {
		t.Error("a fault of the list is not found in it")
	}
	if err := (fault.List)(nil).Err(); err != nil {
		t.Errorf("an empty list is the error %v", err)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"person.birth", "person.alive", "household.size", "dibao", "tekun"}
	for _, c := range []struct{ name, found, want string }{
		{"two letters exchanged", "person.brith", "person.birth"},
		{"one letter short", "dibo", "dibao"},
		{"the name itself", "tekun", "tekun"},
		{"nothing is near", "xyz", ""},
		{"nothing was written", "", ""},
		{"the unit is another", "household.sise", "household.size"},
	} {
		if got := fault.Nearest(c.found, names); got != c.want {
			t.Errorf("%s: Nearest(%q) = %q, want %q", c.name, c.found, got, c.want)
		}
	}
	if got := fault.Nearest("低保线", []string{"低保标准", "特困标准"}); got != "" {
		t.Errorf("Nearest in Chinese = %q: half of the characters are others", got)
	}
	if got := fault.Nearest("低保标淮", []string{"特困标准", "低保标准"}); got != "低保标准" {
		t.Errorf("Nearest in Chinese = %q", got)
	}
}

func TestNearestOfEquals(t *testing.T) {
	if got := fault.Nearest("grade_", []string{"grade_b", "grade_a", "grade_c"}); got != "grade_a" {
		t.Errorf("of three at the same distance %q, want the first by name", got)
	}
}

// The order of the names must not decide, since they often come out of a map.
func TestNearestDoesNotDependOnOrder(t *testing.T) {
	names := []string{"grade_a", "grade_b", "grade_c", "grade"}
	rapid.Check(t, func(t *rapid.T) {
		found := rapid.StringMatching(`grade_?[a-e]?`).Draw(t, "found")
		want := fault.Nearest(found, names)
		if got := fault.Nearest(found, rapid.Permutation(names).Draw(t, "order")); got != want {
			t.Fatalf("Nearest(%q) = %q or %q", found, got, want)
		}
	})
}

func TestExcerpt(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"short text as it is", "八百元", "八百元"},
		{"nothing", "", ""},
		{"forty characters", strings.Repeat("字", 40), strings.Repeat("字", 40)},
		{"more are cut", strings.Repeat("字", 41), strings.Repeat("字", 40) + "…"},
		{"invisible characters are shown", "a\tb\x00c\u200bd\u202ee", "a\ufffdb\ufffdc\ufffdd\ufffde"},
		{"bytes that are no text", "a\xffb", "a\ufffdb"},
		{"spaces stay", "a b　c", "a b　c"},
		{"an identity number in the wrong column", "371499196001010012", "371499********0012"},
		{"the old form", "371499600101001", "371499*****1001"},
		{"within text", "户主371499196001010012，张三", "户主371499********0012，张三"},
		{"full-width digits", "３７１４９９１９６００１０１００１２", "３７１４９９********００１２"},
		{"two numbers", "371499196001010012,371499200002290019", "371499********0012,371499********0019"},
		{"a date and a phone stay", "20261101 13800000000", "20261101 13800000000"},
	} {
		if got := fault.Excerpt(c.in); got != c.want {
			t.Errorf("%s: Excerpt(%q) = %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("371499196001010012")
	f.Add("a\xff\x00" + strings.Repeat("9", 100))
	f.Fuzz(func(t *testing.T, s string) {
		got := fault.Excerpt(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > 41 {
			t.Fatalf("Excerpt(%q) = %q", s, got)
		}
		run := 0
		for _, r := range got {
			if run++; r < '0' || r > '9' {
				run = 0
			}
			if run >= 15 {
				t.Fatalf("Excerpt(%q) = %q shows a long number", s, got)
			}
		}
	})
}
