package population

import (
	"dajiuzhu/internal/narrow"
	"dajiuzhu/internal/rules"
)

// kept is a value of every registered person, in the order of the register, kept narrow: in chunks of those who are judged
// at a time.
type kept struct{ narrow.Column }

// keep narrows a column of n persons.
func (c *column) keep() kept {
	var k kept
	for from := 0; from < len(c.num); from += alone {
		to := min(from+alone, len(c.num))
		k.Append(c.num[from:to], c.known[from/64:(to+63)/64])
	}
	return k
}

// told reports whether there is anything to be known of anybody.
func (k *kept) told() bool { return k.Chunks() > 0 }

// at is a person's value, false if it is not known.
func (k *kept) at(person int) (int64, bool) {
	if !k.told() {
		return 0, false
	}
	return k.At(person/alone, person%alone)
}

// copyTo gives a batch the values of the persons of a chunk.
func (k *kept) copyTo(to *rules.Column, chunk int) {
	if k.told() {
		to.Same = k.Read(chunk, to.Num, to.Known)
	}
}

// spread writes everybody's values out; the column has room for all.
func (k *kept) spread(to *column) {
	for chunk := range k.Chunks() {
		from := chunk * alone
		n := min(alone, len(to.num)-from)
		num, known := to.num[from:from+n], to.known[from/64:]
		if !k.Read(chunk, num, known) {
			continue
		}
		v, all := num[0], known[0]&1 != 0
		for i := range num {
			num[i] = v
		}
		for i := range n {
			if all {
				rules.Bits(known).Set(i)
			} else {
				rules.Bits(known).Clear(i)
			}
		}
	}
}

// same is the value of everybody, if everybody has the same; false if somebody differs.
func (k *kept) same() (v int64, known, same bool) {
	for chunk := range k.Chunks() {
		if !k.Same(chunk) {
			return 0, false, false
		}
		w, ok := k.At(chunk, 0)
		if chunk > 0 && (ok != known || w != v) {
			return 0, false, false
		}
		v, known = w, ok
	}
	return v, known, true
}
