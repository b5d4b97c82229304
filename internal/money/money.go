package money

import (
	"math"
	"math/bits"
)

// Decimal is an exact number with six fraction digits, held as millionths.
type Decimal int64

// Scale is how many units of a Decimal make 1.
const Scale = 1_000_000

// Max and Min are the ends of the range: a little over nine million million. The lowest int64 is no Decimal.
const (
	Max Decimal = math.MaxInt64
	Min Decimal = -math.MaxInt64
)

// digits is the number of fraction digits.
const digits = 6

// FromInt returns n as a Decimal.
func FromInt(n int64) (Decimal, bool) {
	const limit = math.MaxInt64 / Scale
	if n > limit || n < -limit {
		return 0, false
	}
	return Decimal(n * Scale), true
}

// Neg is -a.
func (a Decimal) Neg() Decimal { return -a }

// Add is a + b.
func (a Decimal) Add(b Decimal) (Decimal, bool) {
	sum := a + b
	if (a^sum)&(b^sum) < 0 || sum < Min {
		return 0, false
	}
	return sum, true
}

// Sub is a - b.
func (a Decimal) Sub(b Decimal) (Decimal, bool) {
	difference := a - b
	if (a^b)&(a^difference) < 0 || difference < Min {
		return 0, false
	}
	return difference, true
}

// Mul is a × b, rounded half to even at the sixth digit.
func (a Decimal) Mul(b Decimal) (Decimal, bool) {
	negative := a^b < 0
	hi, lo := bits.Mul64(a.magnitude(), b.magnitude())
	if hi == 0 {
		// Division by a constant, which compiles to a multiplication.
		return halfEven(lo/Scale, lo%Scale, Scale, negative)
	}
	if hi >= Scale {
		return 0, false
	}
	quotient, remainder := bits.Div64(hi, lo, Scale)
	return halfEven(quotient, remainder, Scale, negative)
}

// Quo is a ÷ b, rounded half to even at the sixth digit.
func (a Decimal) Quo(b Decimal) (Decimal, bool) {
	if b == 0 {
		return 0, false
	}
	negative, divisor := a^b < 0, b.magnitude()
	hi, lo := bits.Mul64(a.magnitude(), Scale)
	if hi == 0 {
		return halfEven(lo/divisor, lo%divisor, divisor, negative)
	}
	if hi >= divisor {
		return 0, false
	}
	quotient, remainder := bits.Div64(hi, lo, divisor)
	return halfEven(quotient, remainder, divisor, negative)
}

// halfEven finishes a division of magnitudes. The divisor is below 2^63, so that twice the remainder fits.
func halfEven(quotient, remainder, divisor uint64, negative bool) (Decimal, bool) {
	twice := 2 * remainder
	if twice > divisor || twice == divisor && quotient&1 == 1 {
		quotient++
	}
	if quotient > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -Decimal(quotient), true
	}
	return Decimal(quotient), true
}

// magnitude is |a|.
func (a Decimal) magnitude() uint64 {
	sign := uint64(a >> 63)
	return (uint64(a) ^ sign) - sign
}

var powers = [digits + 1]Decimal{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000}

// Round keeps n fraction digits, from 0 to 6, and rounds half away from zero (四舍五入). False if n is none of these
// or the result does not fit.
func (a Decimal) Round(n int) (Decimal, bool) {
	if n < 0 || n > digits {
		return 0, false
	}
	step := powers[digits-n]
	rest := a % step
	switch {
	case rest >= step-rest:
		return a.Add(step - rest)
	case rest <= -step-rest:
		return a.Sub(step + rest)
	}
	return a - rest, true
}

// Floor is the highest whole number that is not above a.
func (a Decimal) Floor() (Decimal, bool) {
	rest := a % Scale
	if rest < 0 {
		return a.Sub(Scale + rest)
	}
	return a - rest, true
}

// Ceil is the lowest whole number that is not below a.
func (a Decimal) Ceil() (Decimal, bool) {
	rest := a % Scale
	if rest > 0 {
		return a.Add(Scale - rest)
	}
	return a - rest, true
}
