package rules

import (
	"encoding/binary"
	"errors"

	"dajiuzhu/internal/money"
)

var errKeptDamaged = errors.New("what was kept of a determination is damaged")

// keptForm begins the bytes of what is kept.
const keptForm = 1

// assumedBit stands beside an outcome in its byte.
const assumedBit = 1 << 7

// AppendBinary appends what was kept of a household, which [Kept.UnmarshalBinary] reads. It holds who the persons are as the caller's numbers,
// and for the rest codes of the policy: it means something under the same pack alone.
func (k *Kept) AppendBinary(to []byte) ([]byte, error) {
	to = append(to, keptForm)
	if !k.Determined {
		return to, nil
	}
	to = appendCount(to, k.Lanes)
	to = appendCount(to, len(k.Persons))
	for _, p := range k.Persons {
		to = binary.AppendUvarint(to, p)
	}
	to = appendCount(to, len(k.Results))
	for _, r := range k.Results {
		to = append(to, byte(r.Outcome)|byte(truthOf(r.Assumed))*assumedBit, r.Witness)
	}
	to = k.appendAmounts(to)
	to = k.appendWarnings(to)
	to = append(to, byte(truthOf(k.Index.Assessed)))
	for _, d := range append([]money.Decimal{k.Index.Score, k.Index.Before, k.Index.Coverage}, k.Parts...) {
		to = binary.AppendVarint(to, int64(d))
	}
	return to, nil
}

func truthOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func appendCount(to []byte, n int) []byte { return binary.AppendUvarint(to, uint64(n)) }

// appendAmounts writes those that are there, each behind how many are not.
func (k *Kept) appendAmounts(to []byte) []byte {
	to = appendCount(to, len(k.Amounts))
	gap := 0
	for _, a := range k.Amounts {
		if !a.Known {
			gap++
			continue
		}
		to = appendCount(to, gap)
		to = binary.AppendVarint(to, int64(a.Num))
		gap = 0
	}
	return appendCount(to, gap)
}

func (k *Kept) appendWarnings(to []byte) []byte {
	to = appendCount(to, len(k.Warnings))
	for _, word := range k.Warnings {
		to = binary.AppendUvarint(to, word)
	}
	return to
}

// UnmarshalBinary reads what AppendBinary wrote.
func (k *Kept) UnmarshalBinary(from []byte) error {
	r := &keptReader{rest: from}
	*k = Kept{}
	if r.byte() != keptForm {
		r.wrong = true
	}
	if len(r.rest) > 0 && !r.wrong {
		k.Determined = true
		k.Lanes = r.count()
		k.Persons = readAll(r, func() uint64 { return r.uvarint() })
		k.Results = readAll(r, r.result)
		k.Amounts = r.amounts()
		k.Warnings = readAll(r, func() uint64 { return r.uvarint() })
		k.Index = KeptIndex{r.byte() != 0, r.decimal(), r.decimal(), r.decimal()}
		for len(r.rest) > 0 && !r.wrong {
			k.Parts = append(k.Parts, r.decimal())
		}
	}
	if r.wrong {
		*k = Kept{}
		return errKeptDamaged
	}
	return nil
}

// keptReader reads what is kept; after the first damage everything is zero.
type keptReader struct {
	rest  []byte
	wrong bool
}

func (r *keptReader) byte() byte {
	if len(r.rest) == 0 {
		r.wrong = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *keptReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.wrong, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *keptReader) decimal() money.Decimal {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.wrong, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[n:]
	return money.Decimal(v)
}

// mostKept bounds a count: no household has so many amounts, and damaged bytes must not claim memory.
const mostKept = 1 << 20

func (r *keptReader) count() int {
	n := r.uvarint()
	if n > mostKept {
		r.wrong, r.rest = true, nil
		return 0
	}
	return int(n)
}

// readAll reads a list behind its length, nil if it is empty.
func readAll[T any](r *keptReader, one func() T) []T {
	n := r.count()
	if n == 0 || n > len(r.rest) { // each takes a byte at least
		r.wrong = r.wrong || n > 0
		return nil
	}
	all := make([]T, n)
	for i := range all {
		all[i] = one()
	}
	return all
}

func (r *keptReader) result() KeptResult {
	b := r.byte()
	return KeptResult{Outcome(b &^ assumedBit), r.byte(), b&assumedBit != 0}
}

func (r *keptReader) amounts() []KeptAmount {
	n := r.count()
	if n == 0 {
		r.count()
		return nil
	}
	all := make([]KeptAmount, n)
	for at := r.count(); at < n && !r.wrong; at += 1 + r.count() {
		all[at] = KeptAmount{r.decimal(), true}
	}
	return all
}

// Fits reports whether what was kept is laid out as this policy lays it out, so that the household can be compared with it.
func (p *Plan) Fits(k *Kept) bool {
	if !k.Determined {
		return true
	}
	l := p.keeping()
	results, amounts, warnings := 0, 0, 0
	for _, q := range l.programmes {
		results += k.units(q.ofPerson)
		amounts += k.units(q.ofPerson) * len(q.components)
	}
	for _, ofPerson := range l.warnings {
		warnings += k.units(ofPerson)
	}
	return len(k.Results) == results && len(k.Amounts) == amounts && len(k.Warnings) == (warnings+63)/64 &&
		(len(k.Persons) == 0 || len(k.Persons) == k.Lanes)
}
