package synth

import "math"

// die is an entity's key: the seed mixed with what the entity is. All that is random about the entity is a function of
// the die and the attribute's name.
type die uint64

func mix(x uint64) uint64 { // splitmix64
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func hash(s string) uint64 { // FNV-1a
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// of is the die of the n-th entity of a kind below this one.
func (d die) of(kind string, n int) die { return die(mix(mix(uint64(d)^hash(kind)) + uint64(n))) }

func (d die) bits(attribute string) uint64 { return mix(uint64(d) ^ mix(hash(attribute))) }

func unit(bits uint64) float64 { return float64(bits>>11) / (1 << 53) }

// unit is uniform over [0, 1).
func (d die) unit(attribute string) float64 { return unit(d.bits(attribute)) }

func (d die) chance(attribute string, p float64) bool { return d.unit(attribute) < p }

// below is uniform over 0 … n-1.
func (d die) below(attribute string, n int) int { return int(d.bits(attribute) % uint64(n)) }

// between is uniform over lo … hi.
func (d die) between(attribute string, lo, hi int) int { return lo + d.below(attribute, hi-lo+1) }

func (d die) normal(attribute string, mean, deviation float64) float64 { // Box–Muller
	b := d.bits(attribute)
	r := math.Sqrt(-2 * math.Log(1-unit(mix(b))))
	return mean + deviation*r*math.Cos(2*math.Pi*unit(mix(b+1)))
}

// whole is a normal draw as a whole number from lo to hi.
func (d die) whole(attribute string, mean, deviation float64, lo, hi int) int {
	return min(max(int(math.Round(d.normal(attribute, mean, deviation))), lo), hi)
}

func (d die) logNormal(attribute string, median, sigma float64) float64 {
	return median * math.Exp(d.normal(attribute, 0, sigma))
}

// choose is the place of a weight, with a chance in proportion to it.
func (d die) choose(attribute string, weights ...int) int {
	total := 0
	for _, w := range weights {
		total += w
	}
	at := d.below(attribute, total)
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	panic("synth: no weights")
}

func pick[T any](d die, attribute string, from []T) T { return from[d.below(attribute, len(from))] }

// chooseBy is the place of a weight, with a chance in proportion to it.
func (d die) chooseBy(attribute string, weights ...float64) int {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	at := d.unit(attribute) * total
	for i, w := range weights {
		if at < w {
			return i
		}
		at -= w
	}
	return len(weights) - 1
}
