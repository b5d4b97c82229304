package ingest

import (
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
	"strings"

	"golang.org/x/crypto/blake2b"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// What PostgreSQL's binary form of COPY begins and ends with, and how it counts days.
var copyHead = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

const (
	copyTail      = "\xff\xff"
	dateShift     = 10957 // from 1970-01-01 to 2000-01-01
	systemColumns = 4
)

// encoder turns rows of a feed into PostgreSQL's binary form.
type encoder struct {
	feed    *pack.Feed
	codes   [][]string // by column: the codes' ids
	ordered []int      // columns in the order of their names
	about   []int
	record  *Record
	village int       // the column of a person's own village, -1 in other feeds than that of persons
	digest  hash.Hash // keyed, 16 bytes
	key     [16]byte  // of the row encoded last
	scratch []byte
	out     []byte
}

// newEncoder makes one for a feed. Its digests are keyed, since some key columns show whose a row is.
func (r *Record) newEncoder(f *pack.Feed) (*encoder, error) {
	digest, err := blake2b.New(16, r.subkey("row "+f.ID))
	if err != nil {
		return nil, fmt.Errorf("preparing digests of rows: %w", err)
	}
	e := &encoder{feed: f, record: r, village: -1, digest: digest, about: feed.About(f)}
	for i, c := range f.Columns {
		var ids []string
		if l := r.pack.Codes[c.Codes]; l != nil {
			ids = l.IDs()
		}
		if f.Role == feed.RolePersons && c.Name == feed.ColumnVillage {
			e.village = i
		}
		e.codes = append(e.codes, ids)
		e.ordered = append(e.ordered, i)
	}
	slices.SortFunc(e.ordered, func(a, b int) int { return strings.Compare(f.Columns[a].Name, f.Columns[b].Name) })
	return e, nil
}

// columns are the columns of the feed's table in the order in which rows are encoded.
func columnsIn(f *pack.Feed) string {
	names := []string{"_place", "_key", "_content", "_area"}
	for _, c := range f.Columns {
		names = append(names, quoted(c.Name))
	}
	return strings.Join(names, ", ")
}

// begin starts a piece of COPY.
func (e *encoder) begin() { e.out = append(e.out[:0], copyHead...) }

// end is the whole piece.
func (e *encoder) end() []byte {
	e.out = append(e.out, copyTail...)
	return e.out
}

// row encodes one row; home is where it counts as if its person is not registered. It reports whether all of its
// persons are registered.
func (e *encoder) row(t *feed.Table, row int, place int64, home area.Code) (matched bool, err error) {
	home, matched = e.home(t, row, home)
	content, err := e.digests(t, row)
	if err != nil {
		return false, err
	}
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(systemColumns+len(e.feed.Columns)))
	e.int64(place)
	e.bytes(e.key[:])
	e.bytes(content[:])
	e.int64(int64(home))
	for i, c := range e.feed.Columns {
		e.cell(t, row, place, i, c)
	}
	return matched, nil
}

// home is where the first of a row's persons who is registered lives; the register itself says where.
func (e *encoder) home(t *feed.Table, row int, otherwise area.Code) (home area.Code, matched bool) {
	if e.feed.Role == feed.RolePersons {
		if village, ok := e.number(t, row, e.village); ok {
			return area.Code(village), true
		}
		return otherwise, true
	}
	for _, i := range e.about {
		if person, ok := e.record.people.Find(t.ID(i, row)); ok {
			if home, ok := e.record.homes.of(person); ok {
				return home, true
			}
		}
	}
	return otherwise, len(e.about) == 0
}

func (e *encoder) number(t *feed.Table, row, column int) (int64, bool) {
	if column < 0 {
		return 0, false
	}
	return t.Num(column, row)
}

func (e *encoder) cell(t *feed.Table, row int, place int64, i int, c *pack.Column) {
	if c.Sealed {
		e.sealed(t, row, place, i, c)
		return
	}
	switch c.Type {
	case "text":
		if text := t.Text(i, row); text != "" {
			e.text(text)
			return
		}
	case "id_no":
		if id := t.ID(i, row); !id.IsZero() {
			person, _ := e.record.people.Find(id)
			e.int64(person)
			return
		}
	default:
		if n, ok := t.Num(i, row); ok {
			e.num(c, i, n)
			return
		}
	}
	e.null()
}

func (e *encoder) num(c *pack.Column, i int, n int64) {
	switch c.Type {
	case string(pack.Bool):
		e.bytes([]byte{byte(n)})
	case string(pack.Date):
		e.out = binary.BigEndian.AppendUint32(e.out, 4)
		e.out = binary.BigEndian.AppendUint32(e.out, uint32(int32(n)-dateShift))
	case string(pack.CodeOf):
		e.text(e.codes[i][n])
	case string(pack.Decimal):
		e.numeric(n)
	default:
		e.int64(n)
	}
}

// sealed encodes a cell that is kept encrypted: its text as the feed gives it.
func (e *encoder) sealed(t *feed.Table, row int, place int64, i int, c *pack.Column) {
	if cell := e.record.keys.Seal(sealed.In(sealedField(e.feed, c), place), t.Cell(i, row)); cell != nil {
		e.bytes(cell)
		return
	}
	e.null()
}

// sealedField is the name to which a sealed cell is bound.
func sealedField(f *pack.Feed, c *pack.Column) string { return f.ID + "." + c.Name }

func (e *encoder) null() { e.out = binary.BigEndian.AppendUint32(e.out, 0xffff_ffff) }

func (e *encoder) int64(n int64) {
	e.out = binary.BigEndian.AppendUint32(e.out, 8)
	e.out = binary.BigEndian.AppendUint64(e.out, uint64(n))
}

func (e *encoder) bytes(b []byte) {
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(len(b)))
	e.out = append(e.out, b...)
}

func (e *encoder) text(s string) {
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(len(s)))
	e.out = append(e.out, s...)
}

// numeric encodes millionths as PostgreSQL's numeric: digits to the base of ten thousand, of which two hold the fraction of eight digits.
func (e *encoder) numeric(millionths int64) {
	const base = 10_000
	sign, n := uint16(0), uint64(millionths)
	if millionths < 0 {
		sign, n = 0x4000, uint64(-millionths)
	}
	var digits [7]uint16 // the last two are the fraction
	fraction := n % 1_000_000
	digits[5], digits[6] = uint16(fraction/100), uint16(fraction%100*100)
	at := 5
	for whole := n / 1_000_000; whole > 0; whole /= base {
		at--
		digits[at] = uint16(whole % base)
	}
	weight := 4 - at
	used := digits[at:]
	for len(used) > 0 && used[0] == 0 {
		used, weight = used[1:], weight-1
	}
	for len(used) > 0 && used[len(used)-1] == 0 {
		used = used[:len(used)-1]
	}
	if len(used) == 0 {
		weight = 0
	}
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(8+2*len(used)))
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(len(used)))
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(int16(weight)))
	e.out = binary.BigEndian.AppendUint16(e.out, sign)
	e.out = binary.BigEndian.AppendUint16(e.out, 6)
	for _, d := range used {
		e.out = binary.BigEndian.AppendUint16(e.out, d)
	}
}

// digests are of a row's key, which it notes, and of its whole content. A cell that is empty leaves no trace in them, so that a column added later changes
// none.
func (e *encoder) digests(t *feed.Table, row int) (content [16]byte, err error) {
	e.scratch = e.scratch[:0]
	hasKey := false
	for _, i := range e.ordered {
		if e.feed.Columns[i].Key {
			e.trace(t, row, i)
			hasKey = true
		}
	}
	if err := e.sum(&e.key); err != nil {
		return content, err
	}
	for _, i := range e.ordered {
		if !e.feed.Columns[i].Key {
			e.trace(t, row, i)
		}
	}
	if err := e.sum(&content); err != nil {
		return content, err
	}
	if !hasKey {
		e.key = content
	}
	return content, nil
}

func (e *encoder) sum(into *[16]byte) error {
	e.digest.Reset()
	if _, err := e.digest.Write(e.scratch); err != nil {
		return fmt.Errorf("taking a row's digest: %w", err)
	}
	e.digest.Sum(into[:0])
	return nil
}

// trace adds a cell to what is digested.
func (e *encoder) trace(t *feed.Table, row, i int) {
	c := e.feed.Columns[i]
	switch c.Type {
	case "text":
		e.mark(c, t.Text(i, row))
	case "id_no":
		if id := t.ID(i, row); !id.IsZero() {
			person, _ := e.record.people.Find(id)
			e.markNumber(c, person)
		}
	case string(pack.CodeOf):
		if n, ok := t.Num(i, row); ok {
			e.mark(c, e.codes[i][n])
		}
	default:
		if n, ok := t.Num(i, row); ok {
			e.markNumber(c, n)
		}
	}
}

func (e *encoder) mark(c *pack.Column, text string) {
	if text == "" {
		return
	}
	e.name(c)
	e.scratch = binary.AppendUvarint(e.scratch, uint64(len(text)))
	e.scratch = append(e.scratch, text...)
}

func (e *encoder) markNumber(c *pack.Column, n int64) {
	e.name(c)
	e.scratch = binary.BigEndian.AppendUint64(e.scratch, uint64(n))
}

func (e *encoder) name(c *pack.Column) {
	e.scratch = append(e.scratch, c.Name...)
	e.scratch = append(e.scratch, 0)
}
