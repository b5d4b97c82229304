package rules

import (
	"math"
	"math/bits"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// arithmetic is every operator that needs all its operands and computes a number.
func (m *machine) arithmetic(n *node, v *vector, want Bits) {
	a := m.need(n.args[0], want)
	b := a
	if len(n.args) > 1 {
		b = m.need(n.args[1], want)
	}
	if a.same && b.same {
		m.arithmeticOnce(n, v, a, b)
		return
	}
	a.spread(&m.left, m.lanes[n.rel])
	b.spread(&m.right, m.lanes[n.rel])
	for w, lanes := range want {
		if lanes == 0 {
			continue
		}
		s := strict(a.states(w), b.states(w))
		if known := s.known & lanes; known != 0 {
			failed := m.arithmeticWord(n, v.num[w<<6:w<<6+64], a.word(w, &m.left), b.word(w, &m.right), known, b)
			s.known &^= failed
			s.err |= failed
		}
		v.put(w, lanes, s)
	}
	v.inheritFrom(want, a, b)
}

func (m *machine) arithmeticOnce(n *node, v, a, b *vector) {
	state := strictState(a.state(0), b.state(0))
	num := int64(0)
	if state == stateKnown {
		var ok bool
		if num, ok = calculate(n, a.num[0], b.num[0]); !ok {
			state = stateError
		}
	}
	v.fill(state, num)
	v.inheritFrom(m.all[n.rel], a, b)
}

// arithmeticWord computes a word of lanes and returns those that failed. The operators that a city's policy uses most have
// loops of their own.
func (m *machine) arithmeticWord(n *node, to, a, b []int64, lanes uint64, second *vector) uint64 {
	if dense(lanes) {
		switch {
		case n.op == opAdd && n.typ == pack.Decimal:
			return addWord(to, a, b, lanes)
		case n.op == opSubtract && n.typ == pack.Decimal:
			return subtractWord(to, a, b, lanes)
		case n.op == opMultiply && second.same && second.num[0]%money.Scale == 0:
			return multiplyWord(to, a, second.num[0]/money.Scale, lanes)
		case n.op == opMultiply:
			return multiplyDecimals(to, a, b, lanes)
		case n.op == opDecimal:
			return multiplyWord(to, a, money.Scale, lanes)
		case n.op == opLeast:
			for i := range 64 {
				to[i] = min(a[i], b[i])
			}
			return 0
		case n.op == opGreatest:
			for i := range 64 {
				to[i] = max(a[i], b[i])
			}
			return 0
		}
	}
	if (n.op == opYears || n.op == opMonths) && second.same && second.num[0] == int64(m.plan.on) {
		m.plan.ages.word(n.op, m.plan.on, to, a, lanes)
		return 0
	}
	failed := uint64(0)
	for ; lanes != 0; lanes &= lanes - 1 {
		i := bits.TrailingZeros64(lanes)
		result, ok := calculate(n, a[i], b[i])
		to[i] = result
		failed |= bit(!ok) << i
	}
	return failed
}

// overflows is 1 where a sum or difference of whole words left the symmetric range of decimals and counts.
func overflows(signs, result int64) uint64 { return uint64(signs)>>63 | bit(result == math.MinInt64) }

func addWord(to, a, b []int64, lanes uint64) uint64 {
	to, a, b = to[:64], a[:64], b[:64]
	failed := uint64(0)
	for i := range 64 {
		s := a[i] + b[i]
		failed |= overflows((s^a[i])&(s^b[i]), s) << i
		to[i] = s
	}
	return failed & lanes
}

func subtractWord(to, a, b []int64, lanes uint64) uint64 {
	to, a, b = to[:64], a[:64], b[:64]
	failed := uint64(0)
	for i := range 64 {
		d := a[i] - b[i]
		failed |= overflows((a[i]^b[i])&(a[i]^d), d) << i
		to[i] = d
	}
	return failed & lanes
}

// multiplyWord multiplies by a whole number.
func multiplyWord(to, a []int64, by int64, lanes uint64) uint64 {
	to, a = to[:64], a[:64]
	most := int64(math.MaxInt64)
	if by != 0 {
		most /= max(by, -by)
	}
	failed := uint64(0)
	for i := range 64 {
		to[i] = a[i] * by
		failed |= bit(a[i] > most || a[i] < -most) << i
	}
	return failed & lanes
}

// multiplyDecimals multiplies amounts by rates or heads.
func multiplyDecimals(to, a, b []int64, lanes uint64) uint64 {
	to, a, b = to[:64], a[:64], b[:64]
	failed := uint64(0)
	for i := range 64 {
		if a[i] == 0 || b[i] == 0 {
			to[i] = 0
			continue
		}
		product, ok := money.Decimal(a[i]).Mul(money.Decimal(b[i]))
		to[i] = int64(product)
		failed |= bit(!ok) << i
	}
	return failed & lanes
}

// calculate is a node's operator on one lane; false is an error: overflow or division by zero.
func calculate(n *node, a, b int64) (int64, bool) {
	switch n.op {
	case opAdd:
		return add(n.typ, a, b)
	case opSubtract:
		if n.typ == pack.Decimal {
			return decimal(money.Decimal(a).Sub(money.Decimal(b)))
		}
		return subtractInt(a, b)
	case opMultiplyInt:
		return multiplyInt(a, b)
	case opMultiply:
		return decimal(money.Decimal(a).Mul(money.Decimal(b)))
	case opDivide:
		return decimal(money.Decimal(a).Quo(money.Decimal(b)))
	case opNegate:
		return subtractInt(0, a)
	case opDecimal:
		return decimal(money.FromInt(a))
	case opYears:
		return int64(calendar.Years(calendar.Date(a), calendar.Date(b))), true
	case opMonths:
		return int64(calendar.Months(calendar.Date(a), calendar.Date(b))), true
	case opDays:
		return int64(calendar.Days(calendar.Date(a), calendar.Date(b))), true
	case opRound:
		return decimal(money.Decimal(a).Round(int(n.num)))
	case opFloor:
		return decimal(money.Decimal(a).Floor())
	case opCeil:
		return decimal(money.Decimal(a).Ceil())
	case opLeast:
		return min(a, b), true
	case opGreatest:
		return max(a, b), true
	}
	panic("rules: no arithmetic for an operator")
}

func decimal(d money.Decimal, ok bool) (int64, bool) { return int64(d), ok }

func add(typ pack.Type, a, b int64) (int64, bool) {
	if typ == pack.Decimal {
		return decimal(money.Decimal(a).Add(money.Decimal(b)))
	}
	s := a + b
	return s, (s^a)&(s^b) >= 0
}

func subtractInt(a, b int64) (int64, bool) {
	d := a - b
	return d, (a^b)&(a^d) >= 0
}

func multiplyInt(a, b int64) (int64, bool) {
	if a == 0 || b == 0 {
		return 0, true
	}
	p := a * b
	return p, p/b == a && !(a == -1 && b == -1<<63) && !(b == -1 && a == -1<<63)
}
