package money

import (
	"strconv"

	"dajiuzhu/internal/fault"
)

var (
	notANumber = fault.Text{
		Key: "money.not-a-number",
		Zh:  "“{found}”不是数字（写作 1166.67，不带逗号和单位）",
		En:  `"{found}" is not a number (write 1166.67, without commas or a unit)`,
	}
	tooFine = fault.Text{
		Key: "money.too-fine",
		Zh:  "“{found}”的小数超过6位",
		En:  `"{found}" has more than 6 fraction digits`,
	}
	tooManyDigits = fault.Text{
		Key: "money.too-many-digits",
		Zh:  "数字有{count}位，最多15位",
		En:  "the number has {count} digits; at most 15 are allowed",
	}
	tooLarge = fault.Text{
		Key: "money.too-large",
		Zh:  "“{found}”超出可表示的范围（约正负9.22万亿）",
		En:  `"{found}" is beyond what can be held (about 9.22 million million either way)`,
	}
)

// maxWritten is how many digits a person or a file may write. More are no amount of money but a slip, such as an
// account or an identity number in the wrong column.
const maxWritten = 15

// Parse reads a number as people and files write it: an optional minus, digits, and optionally a point with 1 to 6
// digits; at most 15 digits in all. Commas, units, exponents and a plus are refused.
func Parse(s string) (Decimal, error) {
	d, count, err := read(s)
	if err != nil {
		return 0, err
	}
	if count > maxWritten {
		return 0, fault.New(fault.Invalid, tooManyDigits, fault.Args{"count": count})
	}
	return d, nil
}

// Must is Parse for numbers written in code; it panics on others.
func Must(s string) Decimal {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// read reads any Decimal and says how many digits it was written with.
func read(s string) (d Decimal, count int, err error) {
	rest, negative := s, false
	if rest != "" && rest[0] == '-' {
		rest, negative = rest[1:], true
	}
	var (
		value    uint64
		fraction = -1 // digits after the point, -1 before it
		fits     = true
	)
	for i := range len(rest) {
		c := rest[i]
		if c == '.' && fraction < 0 && count > 0 {
			fraction = 0
			continue
		}
		if c < '0' || c > '9' {
			return 0, 0, refuse(notANumber, s)
		}
		count++
		if fraction >= 0 {
			fraction++
		}
		value, fits = shift(value, uint64(c-'0'), fits)
	}
	if count == 0 || fraction == 0 {
		return 0, 0, refuse(notANumber, s)
	}
	if fraction > digits {
		return 0, 0, refuse(tooFine, s)
	}
	for range digits - max(fraction, 0) {
		value, fits = shift(value, 0, fits)
	}
	if !fits {
		return 0, 0, refuse(tooLarge, s)
	}
	if negative {
		return -Decimal(value), count, nil
	}
	return Decimal(value), count, nil
}

// shift appends a digit to value as long as a Decimal holds it.
func shift(value, digit uint64, fits bool) (uint64, bool) {
	if !fits || value > (uint64(Max)-digit)/10 {
		return 0, false
	}
	return value*10 + digit, true
}

func refuse(text fault.Text, found string) error {
	return fault.New(fault.Invalid, text, fault.Args{"found": fault.Excerpt(found)})
}

// String is the canonical form: "1166.67", "0.5", "-3"; no zeros at the end, no point in a whole number. [Parse] reads
// it back unless it has more than 15 digits; [Decimal.UnmarshalText] always does.
func (a Decimal) String() string {
	return string(a.append(make([]byte, 0, 24), 0, false))
}

// Text is the form for people: thousands apart, at least two fraction digits: "1,166.67", "-3.00", "0.333333".
func (a Decimal) Text() string {
	return string(a.append(make([]byte, 0, 32), 2, true))
}

// Zh is the number with its unit as Chinese sets it: "1,166.67元".
func (a Decimal) Zh(unit string) string { return a.Text() + unit }

// En is the number with its unit as English sets it: "1,166.67 yuan".
func (a Decimal) En(unit string) string { return a.Text() + " " + unit }

// append writes a with at least the given number of fraction digits.
func (a Decimal) append(b []byte, least int, grouped bool) []byte {
	if a < 0 {
		b = append(b, '-')
	}
	magnitude := a.magnitude()
	whole, fraction := magnitude/Scale, magnitude%Scale
	start := len(b)
	b = strconv.AppendUint(b, whole, 10)
	if grouped {
		b = group(b, start)
	}
	return appendFraction(b, fraction, least)
}

// group puts a comma before every third digit from the end of b[start:].
func group(b []byte, start int) []byte {
	number := string(b[start:])
	b = b[:start]
	for i := range len(number) {
		if i > 0 && (len(number)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, number[i])
	}
	return b
}

func appendFraction(b []byte, fraction uint64, least int) []byte {
	if fraction == 0 && least == 0 {
		return b
	}
	b = append(b, '.')
	for written, unit := 0, uint64(Scale/10); fraction > 0 || written < least; written++ {
		b = append(b, byte('0'+fraction/unit))
		fraction %= unit
		unit /= 10
	}
	return b
}

// MarshalText writes the canonical form. In JSON a Decimal is therefore a string, which no reader turns into a float.
func (a Decimal) MarshalText() ([]byte, error) {
	return a.append(make([]byte, 0, 24), 0, false), nil
}

// UnmarshalText reads what MarshalText wrote.
func (a *Decimal) UnmarshalText(text []byte) error {
	d, _, err := read(string(text))
	if err != nil {
		return err
	}
	*a = d
	return nil
}
