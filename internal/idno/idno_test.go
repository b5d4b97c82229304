package idno_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
)

// The area 371499 was never assigned: its numbers belong to nobody. The first two are the examples of the standard.
const (
	standardWoman = "11010519491231002X"
	standardMan   = "440524188001010014"
	inventedMan   = "371499196001010012"
)

func must(t testing.TB, s string) idno.Number {
	t.Helper()
	n, err := idno.Parse(s)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return n
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"the standard's first example", standardWoman, standardWoman},
		{"the standard's second example, born in 1880", standardMan, standardMan},
		{"an unassigned area", inventedMan, inventedMan},
		{"a small x", "11010519491231002x", standardWoman},
		{"spaces around", "  11010519491231002X\t\n", standardWoman},
		{"a full-width space around", "　11010519491231002X", standardWoman},
		{"full-width digits", "４４０５２４１８８００１０１００１４", standardMan},
		{"full-width, X too", "１１０１０５１９４９１２３１００２Ｘ", standardWoman},
		{"full-width, small x", "１１０１０５１９４９１２３１００２ｘ", standardWoman},
		{"the old form", "110105491231002", standardWoman},
		{"the old form, full-width", "１１０１０５４９１２３１００２", standardWoman},
		{"born on a leap day", "371499200002290019", "371499200002290019"},
	} {
		got, err := idno.Parse(c.in)
		if err != nil || got.Plain() != c.want {
			t.Errorf("%s: Parse = %q, %v, want %q", c.name, got.Plain(), err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, key, en string }{
		{"nothing", "", "idno.length", "this has 0"},
		{"17 characters", inventedMan[:17], "idno.length", "this has 17"},
		{"19 characters", inventedMan + "2", "idno.length", "this has 19"},
		{"a gigabyte line would be the same", strings.Repeat("1", 100_000), "idno.length", "this has 100000"},
		{"a space inside", "371499 19600101001", "idno.character", "character 7 "},
		{"a letter in the area", "3714O9196001010013", "idno.character", "character 5 "},
		{"X before the end", "37149919600101X012", "idno.character", "character 15 "},
		{"X in the old form", "37149960010100X", "idno.character", "character 15 "},
		{"a Chinese numeral", "三71499196001010012", "idno.character", "character 1 "},
		{"bytes that are no text", "\xff71499196001010013", "idno.character", "character 1 "},
		{"a letter at the end", "37149919600101001Y", "idno.last-character", "neither a digit nor X"},
		{"a Roman ten at the end", "11010519491231002Ⅹ", "idno.last-character", "neither a digit nor X"},
		{"masked already", "371499********0012", "idno.character", "character 7 "},
		{"an area that begins with 0", "071499196001010010", "idno.area", "071499********0010"},
		{"month 13", "371499196013010013", "idno.date", "characters 7 to 14"},
		{"29 February of a common year", "371499190002290010", "idno.date", "characters 7 to 14"},
		{"29 February of a common year in the old form", "371499010229001", "idno.date", "characters 7 to 14"},
		{"a year before the calendar", "371499179901010013", "idno.date", "characters 7 to 14"},
		{"wrong check digit", "371499196001010014", "idno.check", "character 18 is 4, by the first 17 it would be 2"},
		{"X where a digit is due", "37149919600101001X", "idno.check", "character 18 is X, by the first 17 it would be 2"},
		{"a digit where X is due", "110105194912310021", "idno.check", "character 18 is 1, by the first 17 it would be X"},
		{"two digits exchanged", "371499190601010012", "idno.check", "371499********0012"},
	} {
		got, err := idno.Parse(c.in)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Text.Key != c.key {
			t.Errorf("%s: Parse = %v, %v, want the fault %s", c.name, got, err, c.key)
			continue
		}
		if !got.IsZero() {
			t.Errorf("%s: Parse returns a number with its fault", c.name)
		}
		if message := f.Message(fault.En); !strings.Contains(message, c.en) {
			t.Errorf("%s: the message is %q, want %q in it", c.name, message, c.en)
		}
		for _, shown := range []string{f.Message(fault.Zh), f.Message(fault.En), fmt.Sprintf("%+v", f.Args)} {
			if strings.ContainsAny(f.Message(fault.Zh), "{}") || opens(shown, c.in) {
				t.Errorf("%s: the fault shows %q", c.name, shown)
			}
		}
	}
}

// opens reports whether text shows the date of birth of the number.
func opens(text, number string) bool {
	return len(number) >= 14 && strings.Contains(text, number[6:14]) && !strings.Contains(number[6:14], "*")
}

// Every single wrong digit and every exchange of two neighbours must be found: that is what the check digit is for.
func TestCheckDigitFindsSlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := []byte(anyNumber().Draw(t, "number").Plain())
		i := rapid.IntRange(0, 16).Draw(t, "place")
		wrong := bytes.Clone(plain)
		if rapid.Bool().Draw(t, "exchange") && i < 16 {
			wrong[i], wrong[i+1] = wrong[i+1], wrong[i]
		} else {
			wrong[i] = byte('0' + rapid.IntRange(0, 9).Draw(t, "digit"))
		}
		if bytes.Equal(wrong, plain) {
			return
		}
		if n, err := idno.Parse(string(wrong)); err == nil {
			t.Fatalf("%s passes for %s", n.Plain(), plain)
		}
	})
}

// The definition of the standard, term by term, beside the running remainder of the code.
func TestCheckDigitByDefinition(t *testing.T) {
	weights := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	rapid.Check(t, func(t *rapid.T) {
		first17 := rapid.StringMatching(`[0-9]{17}`).Draw(t, "digits")
		sum := 0
		for i, w := range weights {
			sum += w * int(first17[i]-'0')
		}
		if got, want := idno.CheckDigit(first17), "10X98765432"[sum%11]; got != want {
			t.Fatalf("CheckDigit(%s) = %c, want %c", first17, got, want)
		}
	})
	for _, s := range []string{"", "1234567890123456", "123456789012345678", "1234567890123456X", "１２３４５"} {
		if got := idno.CheckDigit(s); got != 0 {
			t.Errorf("CheckDigit(%q) = %c", s, got)
		}
	}
}

func anyNumber() *rapid.Generator[idno.Number] {
	return rapid.Custom(func(t *rapid.T) idno.Number {
		area := rapid.StringMatching(`[1-9][0-9]{5}`).Draw(t, "area")
		birth := calendar.Date(rapid.Int32Range(
			int32(calendar.Must(1800, time.January, 1)), int32(calendar.Must(2199, time.December, 31))).Draw(t, "birth"))
		n, ok := idno.Make(area, birth, rapid.IntRange(0, 999).Draw(t, "sequence"))
		if !ok {
			t.Fatalf("Make(%s, %v) makes none", area, birth)
		}
		return n
	})
}

func TestMakeAndParseAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		area := rapid.StringMatching(`[1-9][0-9]{5}`).Draw(t, "area")
		birth := calendar.Date(rapid.Int32Range(
			int32(calendar.Must(1900, time.January, 1)), int32(calendar.Must(1999, time.December, 31))).Draw(t, "birth"))
		sequence := rapid.IntRange(0, 999).Draw(t, "sequence")
		n, ok := idno.Make(area, birth, sequence)
		if !ok {
			t.Fatal("Make makes none")
		}
		if n.Area() != area || n.Birth() != birth || n.Female() != (sequence%2 == 0) {
			t.Fatalf("%s has area %s, birth %v, female %v", n.Plain(), n.Area(), n.Birth(), n.Female())
		}
		if back, err := idno.Parse(n.Plain()); err != nil || back != n {
			t.Fatalf("Parse(%s) = %s, %v", n.Plain(), back.Plain(), err)
		}
		wide := strings.Map(func(r rune) rune { return r + '０' - '0' }, n.Plain()) // which is read a character at a time
		if back, err := idno.Parse(wide); err != nil || back != n {
			t.Fatalf("Parse(%s) = %s, %v", wide, back.Plain(), err)
		}
		old := n.Plain()[:6] + n.Plain()[8:17]
		if back, err := idno.Parse(old); err != nil || back != n {
			t.Fatalf("Parse(%s) = %s, %v, want %s", old, back.Plain(), err, n.Plain())
		}
	})
}

func TestMakeRefuses(t *testing.T) {
	birth := calendar.Must(1960, time.January, 1)
	for _, c := range []struct {
		name     string
		area     string
		birth    calendar.Date
		sequence int
	}{
		{"a short area", "3714", birth, 1},
		{"an area that is no number", "3714ab", birth, 1},
		{"an area that begins with 0", "071499", birth, 1},
		{"a negative sequence", "371499", birth, -1},
		{"a sequence of four digits", "371499", birth, 1000},
		{"no birth", "371499", calendar.Beginning, 1},
		{"a birth beyond every year", "371499", calendar.Forever, 1},
		{"a birth beyond the calendar", "371499", calendar.Must(2199, time.December, 31) + 1, 1},
	} {
		if n, ok := idno.Make(c.area, c.birth, c.sequence); ok || !n.IsZero() {
			t.Errorf("%s: Make = %s, %v", c.name, n.Plain(), ok)
		}
	}
}

func TestParts(t *testing.T) {
	n := must(t, standardWoman)
	if got := n.Birth(); got != calendar.Must(1949, time.December, 31) {
		t.Errorf("Birth = %v", got)
	}
	if !n.Female() || must(t, standardMan).Female() {
		t.Error("Female is wrong")
	}
	if got := n.Area(); got != "110105" {
		t.Errorf("Area = %q", got)
	}
	if got := n.Masked(); got != "110105********002X" {
		t.Errorf("Masked = %q", got)
	}
	if must(t, inventedMan).Compare(n) != 1 || n.Compare(n) != 0 {
		t.Error("Compare is not the order of the plain text")
	}
}

func TestTheZeroValueIsNone(t *testing.T) {
	var n idno.Number
	if !n.IsZero() || n.Plain() != "" || n.String() != "" || n.Masked() != "" || n.Area() != "" || n.Female() {
		t.Errorf("the zero value shows %q, %q, female %v", n.Plain(), n.String(), n.Female())
	}
	if n.Compare(must(t, standardWoman)) != -1 || n.Compare(idno.Number{}) != 0 {
		t.Error("none does not come first")
	}
	if must(t, inventedMan).IsZero() {
		t.Error("a number is zero")
	}
}

// Whatever prints a number prints it masked: a log line or a template is never the place where a number gets out.
func TestNothingPrintsTheNumber(t *testing.T) {
	n := must(t, inventedMan)
	type person struct {
		Name string
		ID   idno.Number
		Near []idno.Number
	}
	type closed struct{ id idno.Number }
	p := person{"张三", n, []idno.Number{n}}

	var b strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%c", "%U", "%t", "%T", "%20s", "%.3s"} {
		fmt.Fprintf(&b, verb+"\n", n)
		fmt.Fprintf(&b, verb+"\n", &n)
		fmt.Fprintf(&b, verb+"\n", p)
		fmt.Fprintf(&b, verb+"\n", &p)
		fmt.Fprintf(&b, verb+"\n", closed{n})
	}
	fmt.Fprintln(&b, n, p, map[idno.Number]int{n: 1}, n.String())

	level := &slog.HandlerOptions{Level: slog.LevelDebug}
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, level), slog.NewJSONHandler(&b, level)} {
		log := slog.New(h)
		log.Info("met", "id", n, "person", p, "pointer", &p, "closed", closed{n}, slog.Group("group", "id", n))
		log.With("id", n).Info(n.String(), "any", slog.AnyValue(n))
	}

	for _, v := range []any{n, &n, p, map[idno.Number]idno.Number{n: n}, closed{n}} {
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(out)
	}

	shown := b.String()
	spaced := strings.Join(strings.Split(inventedMan[6:14], ""), " ")
	codes := strings.Trim(fmt.Sprint([]byte(inventedMan[6:14])), "[]")
	if opens(shown, inventedMan) || strings.Contains(shown, spaced) || strings.Contains(shown, codes) {
		t.Errorf("the number got out:\n%s", shown)
	}
	if !strings.Contains(shown, "id=371499********0012") || !strings.Contains(shown, `"id":"371499********0012"`) {
		t.Errorf("the logs do not show the masked number:\n%s", shown)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{standardWoman, standardMan, inventedMan, "110105491231002", "１１０１０５１９４９１２３１００２ｘ", "371499190002290010", "", "37149919600101001", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := idno.Parse(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || !n.IsZero() {
				t.Fatalf("Parse(%q) = %v, %v", s, n, err)
			}
			if len(s) == 18 && opens(err.Error(), s) && strings.Trim(s, "0123456789Xx") == "" {
				t.Fatalf("the fault of %q shows it: %v", s, err)
			}
			return
		}
		if again, err := idno.Parse(n.Plain()); err != nil || again != n {
			t.Fatalf("Parse(%q) = %s, which parses as %s, %v", s, n.Plain(), again.Plain(), err)
		}
		if made, ok := idno.Make(n.Area(), n.Birth(), int(n.Plain()[14]-'0')*100+int(n.Plain()[15]-'0')*10+int(n.Plain()[16]-'0')); !ok || made != n {
			t.Fatalf("Make gives %s for %s", made.Plain(), n.Plain())
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := idno.Parse(inventedMan); err != nil {
			b.Fatal(err)
		}
	}
}
