package pack

import (
	"regexp"
	"strconv"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
)

// kind is what a key holds.
type kind uint8

const (
	kindString kind = iota // any scalar, read as its text
	kindID                 // a name by which the pack's parts refer to each other
	kindName               // a name that formulas write, after a point
	kindPath               // person.name or household.name
	kindURL
	kindText // {zh: …, en: …}
	kindBool
	kindCount  // a whole number, not negative
	kindNumber // an exact decimal
	kindAmount // the same, not negative
	kindShare  // the same, from 0 to 1
	kindDate
	kindArea
	kindExpr
	kindEnum
	kindDays // a day, or a first and a last day
	kindObject
	kindList   // of the field's item
	kindMap    // of names to the field's item
	kindFacts  // a mapping that the pack itself gives its meaning
	kindAny    // left as it is
	kindScalar // a text, a number, a list of them or nothing, which is unknown: its text is kept
)

// kindNames say in messages what a key must be.
var kindNames = map[kind]Text{
	kindString: {"文字", "a text"},
	kindID:     {"由字母、数字、-、_ 和 . 组成的代号", "a name of letters, digits, -, _ and ."},
	kindName:   {"小写字母开头，由小写字母、数字和 _ 组成的名称", "a name of small letters, digits and _ that begins with a letter"},
	kindPath:   {"person.名称 或 household.名称（名称由小写字母、数字和 _ 组成）", "person.name or household.name, the name of small letters, digits and _"},
	kindURL:    {"以 http:// 或 https:// 开头的网址", "an address that begins with http:// or https://"},
	kindBool:   {"true 或 false", "true or false"},
	kindCount:  {"不小于零的整数", "a whole number, not negative"},
	kindNumber: {"不带千分位、最多 6 位小数的数字", "a number without thousands commas and with at most 6 fraction digits"},
	kindAmount: {"不小于零、最多 6 位小数的数字", "a number, not negative, of at most 6 fraction digits"},
	kindShare:  {"0 到 1 之间的数字", "a number from 0 to 1"},
	kindDate:   {"日期（如 2026-11-01）", "a date such as 2026-11-01"},
	kindArea:   {"4、6、9 或 12 位区划代码", "an area code of 4, 6, 9 or 12 digits"},
	kindExpr:   {"公式", "a formula"},
	kindEnum:   {"固定词", "one of a few words"},
	kindDays:   {"日期，或 {from: 第一天, to: 最后一天}", "a date, or {from: the first day, to: the last}"},
	kindList:   {"列表", "a list"},
	kindMap:    {"一组键值", "keys and values"},
	kindFacts:  {"一组键值", "keys and values"},
	kindScalar: {"文字、数字或它们的列表", "a text, a number or a list of them"},
}

// scalarFits says which texts are of a kind; the other kinds of scalars take any.
var scalarFits = map[kind]func(string) bool{
	kindString: notBlank,
	kindExpr:   notBlank,
	kindID:     regexp.MustCompile(patternID).MatchString,
	kindName:   nameRegexp.MatchString,
	kindPath:   pathRegexp.MatchString,
	kindURL:    regexp.MustCompile(patternURL).MatchString,
	kindBool:   func(s string) bool { _, ok := boolean(s); return ok },
	kindCount:  func(s string) bool { n, err := strconv.Atoi(s); return err == nil && n >= 0 && n <= maxCount },
	kindNumber: func(s string) bool { _, err := money.Parse(s); return err == nil },
	kindAmount: func(s string) bool { d, err := money.Parse(s); return err == nil && d >= 0 },
	kindShare:  func(s string) bool { d, err := money.Parse(s); return err == nil && d >= 0 && d <= money.Scale },
	kindDate:   isDate,
	kindDays:   isDate,
	kindArea:   func(s string) bool { _, err := area.Parse(s); return err == nil },
}

// maxCount bounds the days, months and people that a pack counts, far above any that is meant.
const maxCount = 100_000_000

// The patterns of names and addresses, which the schemas for editors share.
const (
	patternID   = `^[A-Za-z0-9._-]+$`
	patternName = `^[a-z][a-z0-9_]*$`
	patternPath = `^(person|household)\.[a-z][a-z0-9_]*$`
	patternURL  = `^https?://\S+$`
)

var (
	nameRegexp = regexp.MustCompile(patternName)
	pathRegexp = regexp.MustCompile(patternPath)
)

func isDate(s string) bool {
	_, err := calendar.Parse(s)
	return err == nil
}

func isWhole(s string) bool {
	_, err := strconv.ParseInt(s, 10, 64)
	return err == nil
}

func notBlank(s string) bool { return strings.TrimSpace(s) != "" }

func boolean(value string) (truth, ok bool) {
	switch value {
	case "true", "yes":
		return true, true
	case "false", "no":
		return false, true
	}
	return false, false
}
