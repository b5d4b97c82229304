package calendar

import (
	"fmt"
	"strings"
	"time"

	"dajiuzhu/internal/fault"
)

var (
	notADate = fault.Text{
		Key: "calendar.not-a-date",
		Zh:  "“{found}”不是日期（写作 2026-11-01）",
		En:  `"{found}" is not a date (write 2026-11-01)`,
	}
	noSuchDay = fault.Text{
		Key: "calendar.no-such-day",
		Zh:  "没有“{found}”这一天",
		En:  `there is no day "{found}"`,
	}
	yearBeyond = fault.Text{
		Key: "calendar.year-beyond",
		Zh:  "“{found}”的年份不在1800年至2199年之间",
		En:  `the year of "{found}" is not between 1800 and 2199`,
	}
)

// Parse reads a date written as 2026-11-01, 2026/11/1, 20261101 or 2026年11月1日.
func Parse(s string) (Date, error) {
	year, month, day, ok := split(s)
	if !ok {
		return 0, refuse(notADate, s)
	}
	if year < firstYear || year > lastYear {
		return 0, refuse(yearBeyond, s)
	}
	d, ok := Of(year, time.Month(month), day)
	if !ok {
		return 0, refuse(noSuchDay, s)
	}
	return d, nil
}

func refuse(text fault.Text, found string) error {
	return fault.New(fault.Invalid, text, fault.Args{"found": fault.Excerpt(found)})
}

// split takes a written date apart, whatever its numbers.
func split(s string) (year, month, day int, ok bool) {
	const longest = len("2026年11月01日")
	if len(s) < len("20261101") || len(s) > longest {
		return 0, 0, 0, false
	}
	y, rest := s[:4], s[4:]
	var m, d string
	switch {
	case rest[0] == '-' || rest[0] == '/':
		m, d, ok = strings.Cut(rest[1:], rest[:1])
	case strings.HasPrefix(rest, "年"):
		m, d, ok = strings.Cut(strings.TrimPrefix(rest, "年"), "月")
		if ok {
			d, ok = strings.CutSuffix(d, "日")
		}
	default:
		m, d, ok = rest[:2], rest[2:], len(rest) == 4
		ok = ok && len(d) == 2
	}
	if !ok {
		return 0, 0, 0, false
	}
	year, yearOK := number(y, 4)
	month, monthOK := number(m, 2)
	day, dayOK := number(d, 2)
	return year, month, day, yearOK && monthOK && dayOK
}

// number reads 1 to most digits.
func number(s string, most int) (int, bool) {
	if s == "" || len(s) > most {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// String is "2026-11-01". Beginning and Forever are "…".
func (d Date) String() string {
	if !d.valid() {
		return "…"
	}
	year, month, day := d.YMD()
	b := [10]byte{4: '-', 7: '-'}
	put(b[:4], year)
	put(b[5:7], int(month))
	put(b[8:], day)
	return string(b[:])
}

// put writes n into b with zeros before it.
func put(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// Zh is "2026年11月1日". Beginning and Forever are "…".
func (d Date) Zh() string {
	if !d.valid() {
		return "…"
	}
	year, month, day := d.YMD()
	return fmt.Sprintf("%d年%d月%d日", year, int(month), day)
}

// MarshalText is String; Beginning and Forever are refused, since they are no dates.
func (d Date) MarshalText() ([]byte, error) {
	if !d.valid() {
		return nil, fmt.Errorf("calendar: day %d cannot be written as a date", int32(d))
	}
	return []byte(d.String()), nil
}

// UnmarshalText is Parse.
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
