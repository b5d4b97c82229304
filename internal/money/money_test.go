package money_test

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"dajiuzhu/internal/money"
)

// anyDecimal draws over the whole range, with the lengths of numbers and the places next to its ends and to halves
// as likely as the rest.
func anyDecimal() *rapid.Generator[money.Decimal] {
	return rapid.Custom(func(t *rapid.T) money.Decimal {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0: // any length
			n := rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "bits")
			return money.Decimal(n >> rapid.IntRange(0, 62).Draw(t, "shift"))
		case 1: // near the ends
			n := money.Max - money.Decimal(rapid.Int64Range(0, 3*money.Scale).Draw(t, "below"))
			return n * rapid.SampledFrom([]money.Decimal{1, -1}).Draw(t, "sign")
		case 2: // wholes, halves and their neighbours
			n := rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "halves")
			return money.Decimal(n)*(money.Scale/2) + money.Decimal(rapid.Int64Range(-2, 2).Draw(t, "off"))
		default: // a few millionths: their products and quotients fall on halves
			return money.Decimal(rapid.Int64Range(-3000, 3000).Draw(t, "millionths"))
		}
	})
}

func whole(a money.Decimal) *big.Int { return big.NewInt(int64(a)) }

var scale = big.NewInt(money.Scale)

// rounding takes a quotient of integers to an integer.
type rounding func(numerator, denominator *big.Int) *big.Int

// toNearest rounds to the nearest integer; on a half the tie decides from the floor.
func toNearest(tie func(floor *big.Int, negative bool) (up bool)) rounding {
	return func(n, d *big.Int) *big.Int {
		q := new(big.Rat).SetFrac(n, d)
		f := floor(q.Num(), q.Denom())
		rest := new(big.Rat).Sub(q, new(big.Rat).SetInt(f))
		switch rest.Cmp(big.NewRat(1, 2)) {
		case 1:
			return f.Add(f, big.NewInt(1))
		case 0:
			if tie(f, q.Sign() < 0) {
				return f.Add(f, big.NewInt(1))
			}
		}
		return f
	}
}

// floor divides by a positive denominator.
func floor(n, d *big.Int) *big.Int { return new(big.Int).Div(n, d) }

func ceil(n, d *big.Int) *big.Int {
	f := floor(new(big.Int).Neg(n), d)
	return f.Neg(f)
}

var (
	halfEven = toNearest(func(floor *big.Int, _ bool) bool { return floor.Bit(0) == 1 })
	halfAway = toNearest(func(_ *big.Int, negative bool) bool { return !negative })
)

// same compares a result with the exact one: false exactly where that does not fit.
func same(t *rapid.T, got money.Decimal, ok bool, want *big.Int) {
	t.Helper()
	limit := whole(money.Max)
	fits := want.CmpAbs(limit) <= 0
	if ok != fits {
		t.Fatalf("ok is %v, but the exact result is %v millionths", ok, want)
	}
	if ok && whole(got).Cmp(want) != 0 {
		t.Fatalf("got %d millionths, want %v", int64(got), want)
	}
	if !ok && got != 0 {
		t.Fatalf("a result that does not fit is %d", int64(got))
	}
}

func TestArithmeticAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDecimal().Draw(t, "a"), anyDecimal().Draw(t, "b")

		sum, ok := a.Add(b)
		same(t, sum, ok, new(big.Int).Add(whole(a), whole(b)))

		difference, ok := a.Sub(b)
		same(t, difference, ok, new(big.Int).Sub(whole(a), whole(b)))

		product, ok := a.Mul(b)
		same(t, product, ok, halfEven(new(big.Int).Mul(whole(a), whole(b)), scale))

		quotient, ok := a.Quo(b)
		if b == 0 {
			if ok || quotient != 0 {
				t.Fatalf("%v / 0 = %v, %v", a, quotient, ok)
			}
			return
		}
		same(t, quotient, ok, halfEven(new(big.Int).Mul(whole(a), scale), whole(b)))
	})
}

func TestRoundingAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, n := anyDecimal().Draw(t, "a"), rapid.IntRange(0, 6).Draw(t, "digits")

		step := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(6-n)), nil)
		rounded, ok := a.Round(n)
		same(t, rounded, ok, new(big.Int).Mul(halfAway(whole(a), step), step))

		down, ok := a.Floor()
		same(t, down, ok, new(big.Int).Mul(floor(whole(a), scale), scale))

		up, ok := a.Ceil()
		same(t, up, ok, new(big.Int).Mul(ceil(whole(a), scale), scale))

		if negated := a.Neg(); whole(negated).Cmp(new(big.Int).Neg(whole(a))) != 0 {
			t.Fatalf("-(%v) = %v", a, negated)
		}
	})
}

func TestFromIntAgainstBig(t *testing.T) {
	const edge = math.MaxInt64 / money.Scale
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(
			rapid.Int64(),
			rapid.Int64Range(edge-3, edge+3),
			rapid.Int64Range(-edge-3, -edge+3),
			rapid.Just[int64](math.MinInt64),
		).Draw(t, "n")
		got, ok := money.FromInt(n)
		same(t, got, ok, new(big.Int).Mul(big.NewInt(n), scale))
	})
}

func TestMulAndQuoRoundHalfToEven(t *testing.T) {
	for _, c := range []struct {
		name     string
		op       func(a, b money.Decimal) (money.Decimal, bool)
		a, b     string
		want     string
		overflow bool
	}{
		{"exact product", money.Decimal.Mul, "1166.67", "12", "14000.04", false},
		{"half goes down to the even digit", money.Decimal.Mul, "0.000005", "0.1", "0", false},
		{"half goes up to the even digit", money.Decimal.Mul, "0.000015", "0.1", "0.000002", false},
		{"half of 2.5 millionths", money.Decimal.Mul, "0.000025", "0.1", "0.000002", false},
		{"above the half", money.Decimal.Mul, "0.000026", "0.1", "0.000003", false},
		{"negative, half to even, down", money.Decimal.Mul, "-0.000005", "0.1", "0", false},
		{"negative, half to even, away", money.Decimal.Mul, "-0.000015", "0.1", "-0.000002", false},
		{"both negative", money.Decimal.Mul, "-0.000015", "-0.1", "0.000002", false},
		{"large product through 128 bits", money.Decimal.Mul, "4611686018427", "2", "9223372036854", false},
		{"too large", money.Decimal.Mul, "4611686018428", "2", "", true},
		{"far too large", money.Decimal.Mul, "999999999999", "999999999999", "", true},
		{"too large on the negative side", money.Decimal.Mul, "-4611686018428", "2", "", true},
		{"a third", money.Decimal.Quo, "1", "3", "0.333333", false},
		{"two thirds", money.Decimal.Quo, "2", "3", "0.666667", false},
		{"minus two thirds", money.Decimal.Quo, "-2", "3", "-0.666667", false},
		{"half goes down to the even digit", money.Decimal.Quo, "0.000005", "10", "0", false},
		{"half goes up to the even digit", money.Decimal.Quo, "0.000015", "10", "0.000002", false},
		{"negative, half to even", money.Decimal.Quo, "0.000025", "-10", "-0.000002", false},
		{"by zero", money.Decimal.Quo, "1", "0", "", true},
		{"zero by zero", money.Decimal.Quo, "0", "0", "", true},
		{"too large", money.Decimal.Quo, "9999999", "0.000001", "", true},
		{"large dividend through 128 bits", money.Decimal.Quo, "9223372036854", "9223372036854", "1", false},
	} {
		got, ok := c.op(money.Must(c.a), money.Must(c.b))
		if ok == c.overflow || ok && got.String() != c.want {
			t.Errorf("%s: of %s and %s: %v, %v, want %q", c.name, c.a, c.b, got, ok, c.want)
		}
	}
}

// The places where the 128-bit division is about to fail and where the rounded quotient is about to leave the range.
func TestTheEdgesOf128Bits(t *testing.T) {
	const million = 1_000_000 * money.Scale
	for _, c := range []struct {
		name string
		op   func(a, b money.Decimal) (money.Decimal, bool)
		a, b money.Decimal
		want money.Decimal
		ok   bool
	}{
		{"the product's upper half is just below the divisor", money.Decimal.Mul, money.Max, 2_000_000, 0, false},
		{"and equal to it", money.Decimal.Mul, money.Max, 2_000_001, 0, false},
		{"one beyond Max", money.Decimal.Mul, 1 << 62, 2 * money.Scale, 0, false},
		{"one beyond Min", money.Decimal.Mul, -1 << 62, 2 * money.Scale, 0, false},
		{"times one", money.Decimal.Mul, money.Max, money.Scale, money.Max, true},
		{"times minus one", money.Decimal.Mul, money.Max, -money.Scale, money.Min, true},
		{"the dividend's upper half is just below the divisor", money.Decimal.Quo, money.Max, 500_000, 0, false},
		{"and equal to it", money.Decimal.Quo, money.Max, 499_999, 0, false},
		{"a quotient one beyond Max", money.Decimal.Quo, 1 << 62, money.Scale / 2, 0, false},
		{"by one", money.Decimal.Quo, money.Min, money.Scale, money.Min, true},
		{"by itself", money.Decimal.Quo, money.Min, money.Max, -money.Scale, true},
		{"by a million", money.Decimal.Quo, money.Max, million, 9_223_372_036_855, true},
	} {
		if got, ok := c.op(c.a, c.b); ok != c.ok || got != c.want {
			t.Errorf("%s: of %v and %v: %v, %v, want %v, %v", c.name, c.a, c.b, got, ok, c.want, c.ok)
		}
	}
}

// 四舍五入 as offices do it: a half goes away from zero, also below zero. Amounts hang on this table.
func TestRoundHalfAwayFromZero(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     string
		digits int
		want   string
	}{
		{"fen, below the half", "83.334", 2, "83.33"},
		{"fen, the half", "83.335", 2, "83.34"},
		{"fen, the half after an even digit", "83.345", 2, "83.35"},
		{"fen, just under the half", "83.334999", 2, "83.33"},
		{"fen, negative half", "-83.335", 2, "-83.34"},
		{"fen, negative below the half", "-83.334999", 2, "-83.33"},
		{"yuan, half", "0.5", 0, "1"},
		{"yuan, one and a half", "1.5", 0, "2"},
		{"yuan, two and a half", "2.5", 0, "3"},
		{"yuan, minus a half", "-0.5", 0, "-1"},
		{"yuan, minus two and a half", "-2.5", 0, "-3"},
		{"yuan, just under", "0.499999", 0, "0"},
		{"yuan, carries", "999.5", 0, "1000"},
		{"a tenth", "0.25", 1, "0.3"},
		{"three digits", "0.0005", 3, "0.001"},
		{"four digits", "0.00005", 4, "0.0001"},
		{"five digits", "0.000005", 5, "0.00001"},
		{"six digits change nothing", "0.333333", 6, "0.333333"},
		{"nothing to round", "12", 2, "12"},
		{"zero", "0", 0, "0"},
	} {
		if got, ok := money.Must(c.in).Round(c.digits); !ok || got.String() != c.want {
			t.Errorf("%s: Round(%s, %d) = %v, %v, want %s", c.name, c.in, c.digits, got, ok, c.want)
		}
	}
	for _, digits := range []int{-1, 7, math.MinInt, math.MaxInt} {
		if got, ok := money.Must("1.5").Round(digits); ok || got != 0 {
			t.Errorf("Round to %d digits = %v, %v", digits, got, ok)
		}
	}
}

func TestFloorAndCeil(t *testing.T) {
	for _, c := range []struct{ in, floor, ceil string }{
		{"2.1", "2", "3"},
		{"2", "2", "2"},
		{"-2.1", "-3", "-2"},
		{"-2", "-2", "-2"},
		{"0.000001", "0", "1"},
		{"-0.000001", "-1", "0"},
		{"0", "0", "0"},
	} {
		if got, ok := money.Must(c.in).Floor(); !ok || got.String() != c.floor {
			t.Errorf("Floor(%s) = %v, %v, want %s", c.in, got, ok, c.floor)
		}
		if got, ok := money.Must(c.in).Ceil(); !ok || got.String() != c.ceil {
			t.Errorf("Ceil(%s) = %v, %v, want %s", c.in, got, ok, c.ceil)
		}
	}
	if got, ok := money.Min.Floor(); ok {
		t.Errorf("Floor(Min) = %v", got)
	}
	if got, ok := money.Max.Ceil(); ok {
		t.Errorf("Ceil(Max) = %v", got)
	}
}

// The lowest int64 is no Decimal: no operation may return it, or Neg would not hold.
func TestTheRangeIsSymmetric(t *testing.T) {
	smallest := money.Decimal(1)
	if got, ok := money.Min.Sub(smallest); ok {
		t.Errorf("Min - 0.000001 = %v", got)
	}
	if got, ok := money.Min.Add(-smallest); ok {
		t.Errorf("Min + -0.000001 = %v", got)
	}
	if money.Min.Neg() != money.Max || money.Max.Neg() != money.Min {
		t.Error("Min and Max are not each other's negatives")
	}
}

func benchmark(b *testing.B, op func(a, b money.Decimal) (money.Decimal, bool), x, y money.Decimal) {
	var sum money.Decimal
	for i := range b.N {
		r, _ := op(x+money.Decimal(i&1023), y)
		sum += r
	}
	_ = sum
}

func BenchmarkAdd(b *testing.B) {
	benchmark(b, money.Decimal.Add, money.Must("1166.67"), money.Must("12"))
}

func BenchmarkMul(b *testing.B) {
	b.Run("small", func(b *testing.B) { benchmark(b, money.Decimal.Mul, money.Must("1166.67"), money.Must("12")) })
	b.Run("128", func(b *testing.B) { benchmark(b, money.Decimal.Mul, money.Must("8000000000"), money.Must("123")) })
}

func BenchmarkQuo(b *testing.B) {
	b.Run("small", func(b *testing.B) { benchmark(b, money.Decimal.Quo, money.Must("14000.04"), money.Must("12")) })
	b.Run("128", func(b *testing.B) { benchmark(b, money.Decimal.Quo, money.Must("8000000000"), money.Must("123")) })
}
