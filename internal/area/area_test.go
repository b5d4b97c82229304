package area_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
)

const (
	shandong  area.Code = 370000000000
	dezhou    area.Code = 371400000000
	linyi     area.Code = 371424000000
	linyiTwn  area.Code = 371424100000 // 临邑镇
	guozhai   area.Code = 371424100281 // 国寨村
	tianqu    area.Code = 371471000000 // 德州天衢新区, a statistical code
	dongguan  area.Code = 441900000000 // a city without counties
	dongguan3           = dongguan + 3_000
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     area.Code
	}{
		{"the stem of a city", "3714", dezhou},
		{"a city in six digits", "371400", dezhou},
		{"a city in twelve", "371400000000", dezhou},
		{"a province in six digits", "370000", shandong},
		{"a county", "371424", linyi},
		{"a county in nine digits", "371424000", linyi},
		{"a county in twelve digits, as registers write it", "371424000000", linyi},
		{"a township", "371424100", linyiTwn},
		{"a township in twelve digits", "371424100000", linyiTwn},
		{"a village", "371424100281", guozhai},
		{"a statistical county", "371471", tianqu},
		{"an unassigned county", "371499", 371499000000},
	} {
		if got, err := area.Parse(c.in); err != nil || got != c.want {
			t.Errorf("%s: Parse(%q) = %d, %v, want %d", c.name, c.in, int64(got), err, int64(c.want))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, in, key string }{
		{"nothing", "", "area.not-a-code"},
		{"a province alone", "37", "area.not-a-code"},
		{"five digits", "37142", "area.not-a-code"},
		{"eight digits", "37142410", "area.not-a-code"},
		{"thirteen digits", "3714241002810", "area.not-a-code"},
		{"a name", "临邑", "area.not-a-code"},
		{"a letter", "37142A", "area.not-a-code"},
		{"a sign", "-71424", "area.not-a-code"},
		{"spaces", "371 24", "area.not-a-code"},
		{"full-width digits", "３７１４", "area.not-a-code"},
		{"no such province", "037142", "area.no-province"},
		{"only zeros", "000000000000", "area.no-province"},
	} {
		got, err := area.Parse(c.in)
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Text.Key != c.key || got != 0 {
			t.Errorf("%s: Parse(%q) = %v, %v, want the fault %s", c.name, c.in, got, err, c.key)
			continue
		}
		for _, lang := range []fault.Lang{fault.Zh, fault.En} {
			if m := f.Message(lang); !strings.Contains(m, c.in) || strings.ContainsAny(m, "{}") {
				t.Errorf("%s: the message is %q", c.name, m)
			}
		}
	}
}

func TestTree(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   area.Code
		level  area.Level
		parent area.Code
		text   string
	}{
		{"no area", 0, area.None, 0, ""},
		{"province", shandong, area.Province, 0, "370000"},
		{"city", dezhou, area.City, shandong, "371400"},
		{"county", linyi, area.County, dezhou, "371424"},
		{"statistical county stands beside the others", tianqu, area.County, dezhou, "371471"},
		{"township", linyiTwn, area.Township, linyi, "371424100"},
		{"village", guozhai, area.Village, linyiTwn, "371424100281"},
		{"township of a city without counties", dongguan3, area.Township, dongguan, "441900003"},
		{"too short a number", 371424, area.None, 0, ""},
		{"too long a number", 3714241002810, area.None, 0, ""},
		{"a negative number", -guozhai, area.None, 0, ""},
	} {
		if got := c.code.Level(); got != c.level {
			t.Errorf("%s: Level = %v, want %v", c.name, got, c.level)
		}
		if got := c.code.Parent(); got != c.parent {
			t.Errorf("%s: Parent = %v, want %v", c.name, got, c.parent)
		}
		if got := c.code.String(); got != c.text {
			t.Errorf("%s: String = %q, want %q", c.name, got, c.text)
		}
	}
}

func TestAt(t *testing.T) {
	for _, c := range []struct {
		name  string
		code  area.Code
		level area.Level
		want  area.Code
	}{
		{"village's village", guozhai, area.Village, guozhai},
		{"village's township", guozhai, area.Township, linyiTwn},
		{"village's county", guozhai, area.County, linyi},
		{"village's city", guozhai, area.City, dezhou},
		{"village's province", guozhai, area.Province, shandong},
		{"a county has no township", linyi, area.Township, 0},
		{"where there are no counties there is none", dongguan3, area.County, 0},
		{"but there is the city", dongguan3, area.City, dongguan},
		{"no level", guozhai, area.None, 0},
		{"a level beyond all", guozhai, area.Village + 1, 0},
		{"no area", 0, area.City, 0},
	} {
		if got := c.code.At(c.level); got != c.want {
			t.Errorf("%s: %v.At(%v) = %v, want %v", c.name, c.code, c.level, got, c.want)
		}
	}
}

func TestRangeAndContains(t *testing.T) {
	for _, c := range []struct {
		name  string
		outer area.Code
		inner area.Code
		want  bool
	}{
		{"itself", linyi, linyi, true},
		{"a village in its county", linyi, guozhai, true},
		{"a village in its province", shandong, guozhai, true},
		{"not the other way", guozhai, linyi, false},
		{"not a neighbour", linyi, tianqu, false},
		{"the statistical county lies in the city", dezhou, tianqu, true},
		{"and not in the county that holds its land", 371402000000, tianqu, false},
		{"another city", dezhou, 371500000000, false},
		{"the area after", linyi, 371425000000, false},
		{"no area holds none", 0, 0, false},
		{"no area holds no place", 0, guozhai, false},
		{"no place holds no area", shandong, 0, false},
	} {
		if got := c.outer.Contains(c.inner); got != c.want {
			t.Errorf("%s: %v contains %v: %v", c.name, c.outer, c.inner, got)
		}
	}
	lo, hi := dezhou.Range()
	if diff := cmp.Diff([]area.Code{371400000000, 371500000000}, []area.Code{lo, hi}); diff != "" {
		t.Errorf("range of the city (-want +got):\n%s", diff)
	}
}

// anyCode draws codes of all levels, many of them near to one another.
func anyCode() *rapid.Generator[area.Code] {
	return rapid.Custom(func(t *rapid.T) area.Code {
		part := func(label string, most int) int {
			return rapid.OneOf(rapid.IntRange(0, 2), rapid.IntRange(0, most)).Draw(t, label)
		}
		s := fmt.Sprintf("%02d%02d%02d%03d%03d", rapid.IntRange(36, 38).Draw(t, "province"),
			part("city", 99), part("county", 99), part("township", 999), part("village", 999))
		c, err := area.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
}

// An area contains another exactly when it is on that one's way up, and exactly when its digits begin that one's.
func TestContainsIsAncestryAndPrefix(t *testing.T) {
	width := map[area.Level]int{area.Province: 2, area.City: 4, area.County: 6, area.Township: 9, area.Village: 12}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyCode().Draw(t, "a"), anyCode().Draw(t, "b")
		if rapid.Bool().Draw(t, "related") {
			for range rapid.IntRange(0, 4).Draw(t, "up") {
				if p := b.Parent(); p != 0 {
					a = p
				}
			}
		}
		ancestor := false
		for up := b; up != 0; up = up.Parent() {
			ancestor = ancestor || up == a
		}
		digits := func(c area.Code) string { return fmt.Sprintf("%012d", int64(c)) }
		n := width[a.Level()]
		prefix := digits(a)[:n] == digits(b)[:n]
		if got := a.Contains(b); got != prefix || ancestor && !got {
			t.Fatalf("%v contains %v: %v, prefix %v, ancestor %v", a, b, got, prefix, ancestor)
		}
		if b.At(a.Level()) == a && !a.Contains(b) {
			t.Fatalf("%v is above %v and does not contain it", a, b)
		}
		if p := b.Parent(); p != 0 && (p.Level() >= b.Level() || !p.Contains(b)) {
			t.Fatalf("the parent of %v is %v", b, p)
		}
	})
}

func TestLevels(t *testing.T) {
	for l, want := range map[area.Level][2]string{
		area.None:     {"none", "无"},
		area.Province: {"province", "省"},
		area.City:     {"city", "市"},
		area.County:   {"county", "县"},
		area.Township: {"township", "乡镇"},
		area.Village:  {"village", "村"},
		17:            {"level 17", "第17级"},
	} {
		if got := [2]string{l.String(), l.Zh()}; got != want {
			t.Errorf("level %d is %q, want %q", uint8(l), got, want)
		}
		back, ok := area.ParseLevel(want[0])
		if named := l >= area.Province && l <= area.Village; ok != named || named && back != l {
			t.Errorf("ParseLevel(%q) = %v, %v", want[0], back, ok)
		}
	}
}

func TestCodeInJSON(t *testing.T) {
	type place struct{ In, None area.Code }
	out, err := json.Marshal(place{In: guozhai})
	if want := `{"In":"371424100281","None":""}`; err != nil || string(out) != want {
		t.Errorf("Marshal = %s, %v, want %s", out, err, want)
	}
	back := place{None: linyi}
	if err := json.Unmarshal(out, &back); err != nil || back != (place{In: guozhai}) {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"In":"37"}`), &back); err == nil {
		t.Error("Unmarshal takes a province alone")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"3714", "371400", "371424", "371424100", "371424100281", "000000", "37", "37142x", "３７１４"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := area.Parse(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid || c != 0 {
				t.Fatalf("Parse(%q) = %v, %v", s, c, err)
			}
			return
		}
		if again, err := area.Parse(c.String()); err != nil || again != c {
			t.Fatalf("Parse(%q) = %v, which parses as %v, %v", s, c, again, err)
		}
		if !strings.HasPrefix(fmt.Sprintf("%012d", int64(c)), s) {
			t.Fatalf("Parse(%q) = %d", s, int64(c))
		}
		if c.Level() == area.None || !c.Contains(c) {
			t.Fatalf("Parse(%q) = %v of level %v", s, c, c.Level())
		}
	})
}
