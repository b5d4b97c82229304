// Package area holds codes of administrative areas (统计用区划代码).
//
// A [Code] is a number of twelve digits, two for the province, two for the city, two for the county, three for the
// township and three for the village, with zeros below its own level. All places in an area therefore lie in one range of
// integers, and "is this household in my county" is two comparisons, here as in the database.
//
//	county, err := area.Parse("371424")
//	county.Contains(371424100281) // true
//
// The package knows the shape of codes and not which places exist: that is the pack's list. 371471 (德州天衢新区) is a
// county here, because the statistical code gives it a county's place; so is the unassigned 371499 of invented people.
package area

import (
	"fmt"

	"dajiuzhu/internal/fault"
)

// Code is an area. The zero value is no area.
type Code int64

// Level is a tier of administration.
type Level uint8

// The levels, from the widest to the narrowest.
const (
	None     Level = iota
	Province       // 省
	City           // 市
	County         // 县（市、区）
	Township       // 乡镇（街道）
	Village        // 村（社区）
)

// unit is the integer distance between two neighbours of a level.
var unit = [...]Code{
	Province: 10_000_000_000,
	City:     100_000_000,
	County:   1_000_000,
	Township: 1_000,
	Village:  1,
}

var levelNames = [...][2]string{
	None:     {"none", "无"},
	Province: {"province", "省"},
	City:     {"city", "市"},
	County:   {"county", "县"},
	Township: {"township", "乡镇"},
	Village:  {"village", "村"},
}

// String is the level's English name.
func (l Level) String() string {
	if int(l) >= len(levelNames) {
		return fmt.Sprintf("level %d", uint8(l))
	}
	return levelNames[l][0]
}

// Zh is the level's Chinese name.
func (l Level) Zh() string {
	if int(l) >= len(levelNames) {
		return fmt.Sprintf("第%d级", uint8(l))
	}
	return levelNames[l][1]
}

// ParseLevel reads a level's English name; "none" is no level.
func ParseLevel(s string) (Level, bool) {
	for l := Province; l <= Village; l++ {
		if levelNames[l][0] == s {
			return l, true
		}
	}
	return None, false
}

var (
	notACode = fault.Text{
		Key: "area.not-a-code",
		Zh:  "“{found}”不是区划代码（应为4、6、9或12位数字）",
		En:  `"{found}" is not an area code (4, 6, 9 or 12 digits)`,
	}
	noProvince = fault.Text{
		Key: "area.no-province",
		Zh:  "区划代码“{found}”的前两位不是省份",
		En:  `area code "{found}" does not begin with a province`,
	}
)

// Parse reads a code of 4 digits (a city), 6, 9 or 12. Zeros at the end stand for the levels below: "3714", "371400" and
// "371400000000" are the same city.
func Parse(s string) (Code, error) {
	switch len(s) {
	case 4, 6, 9, 12:
	default:
		return 0, refuse(notACode, s)
	}
	var c Code
	for i := range 12 {
		digit := byte('0')
		if i < len(s) {
			digit = s[i]
		}
		if digit < '0' || digit > '9' {
			return 0, refuse(notACode, s)
		}
		c = c*10 + Code(digit-'0')
	}
	if !c.valid() {
		return 0, refuse(noProvince, s)
	}
	return c, nil
}

func refuse(text fault.Text, found string) error {
	return fault.New(fault.Invalid, text, fault.Args{"found": fault.Excerpt(found)})
}

// valid reports whether c has twelve digits: no province has a number below 10.
func (c Code) valid() bool { return c >= 10*unit[Province] && c < 100*unit[Province] }

// Level is the narrowest level that c names, None for what is no code.
func (c Code) Level() Level {
	if !c.valid() {
		return None
	}
	for l := Village; l > Province; l-- {
		if c%unit[l-1] != 0 {
			return l
		}
	}
	return Province
}

// Parent is the area around c, 0 around a province. Where a city has no counties, as Dongguan, a township's parent is
// the city.
func (c Code) Parent() Code {
	l := c.Level()
	if l <= Province {
		return 0
	}
	return c - c%unit[l-1]
}

// At is c or the area around it that is of the given level, 0 if there is none.
func (c Code) At(level Level) Code {
	if level == None || level > c.Level() {
		return 0
	}
	ancestor := c - c%unit[level]
	if ancestor.Level() != level {
		return 0
	}
	return ancestor
}

// Range is the half-open range of integers of all areas in c, with c itself. It is empty for no area.
func (c Code) Range() (lo, hi Code) {
	l := c.Level()
	if l == None {
		return 0, 0
	}
	return c, c + unit[l]
}

// Contains reports whether o is c or lies in it.
func (c Code) Contains(o Code) bool {
	lo, hi := c.Range()
	return lo <= o && o < hi
}

// String is the code without the zeros of lower levels, but never under six digits: "371400", "371424", "371424100",
// "371424100281"; "" for no area.
func (c Code) String() string {
	switch c.Level() {
	case None:
		return ""
	case Township:
		return fmt.Sprintf("%d", int64(c/unit[Township]))
	case Village:
		return fmt.Sprintf("%d", int64(c))
	}
	return fmt.Sprintf("%d", int64(c/unit[County]))
}

// MarshalText is String.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (c *Code) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = 0
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}
