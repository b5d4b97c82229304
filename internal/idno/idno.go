// Package idno holds citizen identity numbers (公民身份号码, GB 11643).
//
// A [Number] is always valid: only [Parse] and [Make] return one. It prints, logs and marshals masked, with the
// date of birth hidden; [Number.Plain] is the only way to the whole number, so that a reader can find every place that opens it.
//
//	n, err := idno.Parse("371499196001010012")
//	fmt.Println(n)   // 371499********0012
//	n.Birth()        // 1960-01-01
//
// The six digits of the area are where the number was first given, not where the person lives, and may name a county
// that no longer exists; they are not checked against any list.
package idno

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

const (
	length    = 18
	oldLength = 15 // before 1999: the year in two digits, no check digit
)

// Number is a citizen identity number. The zero value is none. Numbers are compared with ==; [Number.Compare] orders them.
type Number struct {
	// veiled is the first 17 digits as one integer, which give the 18th, under the veil. What reflection prints of a
	// number in an unexported field, past String and Format, is thereby not the number. It is no encryption.
	veiled uint64
}

// veil is above every 17 digits, so that no number is the zero value.
const veil = 0xa5c3_96e1_5b2d_784f

var (
	wrongLength = fault.Text{
		Key: "idno.length",
		Zh:  "身份证号应为18位（或旧15位），此处有{count}位",
		En:  "an identity number has 18 characters (15 in the old form), this has {count}",
	}
	wrongCharacter = fault.Text{
		Key: "idno.character",
		Zh:  "身份证号第{position}位不是数字",
		En:  "character {position} of the identity number is not a digit",
	}
	wrongLast = fault.Text{
		Key: "idno.last-character",
		Zh:  "身份证号第18位既不是数字也不是X",
		En:  "character 18 of the identity number is neither a digit nor X",
	}
	wrongArea = fault.Text{
		Key: "idno.area",
		Zh:  "身份证号{masked}的前6位不是行政区划",
		En:  "the identity number {masked} does not begin with an area",
	}
	wrongDate = fault.Text{
		Key: "idno.date",
		Zh:  "身份证号{masked}的出生日期（第7至14位）不存在",
		En:  "the identity number {masked} has no possible date of birth (characters 7 to 14)",
	}
	wrongCheck = fault.Text{
		Key: "idno.check",
		Zh:  "身份证号{masked}校验不符：第18位是{found}，按前17位应为{expected}，请核对各位数字",
		En:  "the identity number {masked} does not check: character 18 is {found}, by the first 17 it would be {expected}; compare all digits",
	}
)

// Parse reads a number of 18 characters or the old form of 15, which it upgrades. Spaces around it, full-width digits
// and a small x are accepted. The fault says what is wrong and never shows the number.
//
// The old form left the century out; it is taken as 19. (The standard kept four sequences for people then over a
// hundred years old; none of them can be alive.)
func Parse(s string) (Number, error) {
	if n, ok := plain(s); ok {
		return n, nil
	}
	c, count, ok := characters(strings.TrimSpace(s))
	if !ok {
		return Number{}, fault.New(fault.Invalid, wrongLength, fault.Args{"count": count})
	}
	digits := c[:count]
	if count == length {
		digits = c[:length-1]
	}
	for i, d := range digits {
		if d < '0' || d > '9' {
			return Number{}, fault.New(fault.Invalid, wrongCharacter, fault.Args{"position": i + 1})
		}
	}
	if count == oldLength {
		c = upgrade(c)
	}
	return check(c)
}

// plain is a number of 18 characters as they are normally written, of which nothing is wrong. A city has millions of them.
func plain(s string) (Number, bool) {
	if len(s) != length || s[0] == '0' {
		return Number{}, false
	}
	value, remainder := uint64(0), uint(0)
	for i := range length - 1 {
		digit := uint(s[i]) - '0'
		if digit > 9 {
			return Number{}, false
		}
		value = value*10 + uint64(digit)
		remainder += digit << (length - 1 - i)
	}
	n := Number{value ^ veil}
	_, ok := n.birth()
	return n, ok && s[length-1] == checkDigits[remainder%11]
}

// checkDigits is the 18th character by the remainder of the first 17.
const checkDigits = "10X98765432"

// characters normalises s to ASCII digits and X. It reports false, with the number of characters, if these are neither
// 15 nor 18. What is no digit and no X becomes a space.
func characters(s string) (c [length]byte, count int, ok bool) {
	for _, r := range s {
		if count < length {
			c[count] = character(r)
		}
		count++
	}
	return c, count, count == length || count == oldLength
}

func character(r rune) byte {
	const wide = '０' - '0'
	if r >= '０' && r <= 'ｚ' {
		r -= wide
	}
	switch {
	case r >= '0' && r <= '9':
		return byte(r)
	case r == 'x' || r == 'X':
		return 'X'
	}
	return ' '
}

// upgrade turns the 15 digits at the start of c into 18 characters.
func upgrade(c [length]byte) [length]byte {
	var full [length]byte
	copy(full[:6], c[:6])
	copy(full[6:], "19")
	copy(full[8:], c[6:oldLength])
	full[length-1] = CheckDigit(string(full[:length-1]))
	return full
}

// check returns the number that c is if its parts are right. The first 17 characters are digits.
func check(c [length]byte) (Number, error) {
	if c[length-1] == ' ' {
		return Number{}, fault.New(fault.Invalid, wrongLast, nil)
	}
	if c[0] == '0' {
		return Number{}, fault.New(fault.Invalid, wrongArea, fault.Args{"masked": mask(c)})
	}
	n := pack(c)
	if _, ok := n.birth(); !ok {
		return Number{}, fault.New(fault.Invalid, wrongDate, fault.Args{"masked": mask(c)})
	}
	if expected := CheckDigit(string(c[:length-1])); c[length-1] != expected {
		return Number{}, fault.New(fault.Invalid, wrongCheck, fault.Args{
			"masked": mask(c), "found": string(c[length-1]), "expected": string(expected),
		})
	}
	return n, nil
}

// pack keeps the first 17 digits of c.
func pack(c [length]byte) Number {
	var v uint64
	for _, digit := range c[:length-1] {
		v = v*10 + uint64(digit-'0')
	}
	return Number{v ^ veil}
}

// value is the first 17 digits as one integer.
func (n Number) value() uint64 { return n.veiled ^ veil }

// written is the inverse of pack, with the check digit.
func (n Number) written() [length]byte {
	var c [length]byte
	strconv.AppendUint(c[:0], n.value(), 10)
	c[length-1] = CheckDigit(string(c[:length-1]))
	return c
}

// mask hides the date of birth.
func mask(c [length]byte) string { return string(c[:6]) + "********" + string(c[14:]) }

// Make returns the number of an area (six digits), a date of birth and a sequence from 0 to 999, odd for men and even for
// women; false if these make none. It is for invented people, whose area must be one that was never assigned.
func Make(area6 string, birth calendar.Date, sequence int) (Number, bool) {
	year, month, day := birth.YMD()
	if len(area6) != 6 || sequence < 0 || sequence > 999 || year < 0 || year > 9999 {
		return Number{}, false
	}
	first17 := fmt.Sprintf("%s%04d%02d%02d%03d", area6, year, month, day, sequence)
	last := CheckDigit(first17)
	if last == 0 {
		return Number{}, false
	}
	var c [length]byte
	copy(c[:], first17)
	c[length-1] = last
	n, err := check(c)
	return n, err == nil
}

// CheckDigit is the 18th character to 17 digits: ISO 7064, MOD 11-2. It is 0 if these are not 17 digits.
func CheckDigit(first17 string) byte {
	if len(first17) != length-1 {
		return 0
	}
	remainder := 0
	for i := range len(first17) {
		if first17[i] < '0' || first17[i] > '9' {
			return 0
		}
		remainder = (remainder + int(first17[i]-'0')) * 2 % 11
	}
	return checkDigits[remainder]
}

// Birth is the date of birth; it means nothing of no number.
func (n Number) Birth() calendar.Date {
	d, _ := n.birth()
	return d
}

func (n Number) birth() (calendar.Date, bool) {
	date := int(n.value() / 1_000 % 1_0000_00_00)
	return calendar.Of(date/1_00_00, time.Month(date/1_00%1_00), date%1_00)
}

// Female reports whether the number was given to a woman.
func (n Number) Female() bool { return !n.IsZero() && n.value()%2 == 0 }

// Area is the first six digits, "" of no number.
func (n Number) Area() string {
	if n.IsZero() {
		return ""
	}
	return strconv.FormatUint(n.value()/1_0000_00_00_000, 10)
}

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n == Number{} }

// Compare orders numbers as their plain text, none before all.
func (n Number) Compare(o Number) int {
	return cmp.Compare(n.order(), o.order())
}

func (n Number) order() uint64 {
	if n.IsZero() {
		return 0
	}
	return n.value()
}

// Digest is a number that is the same for the same identity number and, but for chance, for no other. It does not show the
// identity number, and does not keep it from whoever tries them all.
func (n Number) Digest() uint64 {
	x := n.order() * 0x9e37_79b9_7f4a_7c15
	x = (x ^ x>>32) * 0xd6e8_feb8_6659_fd93
	return x ^ x>>32
}

// Plain is the whole number.
func (n Number) Plain() string {
	if n.IsZero() {
		return ""
	}
	c := n.written()
	return string(c[:])
}

// Masked hides the date of birth: "371424********281X".
func (n Number) Masked() string {
	if n.IsZero() {
		return ""
	}
	return mask(n.written())
}

// String is Masked.
func (n Number) String() string { return n.Masked() }

// Format prints the masked number, whatever the verb, so that a slip in a format string cannot open it.
func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.Masked()) }

// LogValue is the masked number.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.Masked()) }

// MarshalText writes the masked number: what must carry the whole one writes Plain.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.Masked()), nil }
