package feed

import (
	"maps"
	"slices"

	"dajiuzhu/internal/idno"
)

// Only is what was delivered about some persons: their rows in use, in the same order, beside the same deliveries, files and rejects. What
// a delivery says by its silence is therefore the same. The set it came from is not changed by what is done with it; since most rows are
// not in it, its files do not balance.
func (s *Set) Only(persons map[idno.Number]bool) *Set {
	p := &Set{Faults: s.Faults, Ignored: s.Ignored}
	deliveries, files := map[*Delivery]*Delivery{nil: nil}, map[*File]*File{}
	for _, d := range s.Deliveries {
		c := *d
		c.Files = nil
		deliveries[d] = &c
		p.Deliveries = append(p.Deliveries, &c)
	}
	for _, d := range p.Deliveries {
		d.Replaced = deliveries[d.Replaced]
	}
	for _, f := range s.Files {
		c := *f
		files[f] = &c
		p.Files = append(p.Files, &c)
		if c.Delivery = deliveries[f.Delivery]; c.Delivery != nil {
			c.Delivery.Files = append(c.Delivery.Files, &c)
		}
	}
	for _, r := range s.Rejects {
		c := *r
		c.File = files[r.File]
		p.Rejects = append(p.Rejects, &c)
	}
	for _, t := range s.Tables {
		p.Tables = append(p.Tables, t.only(persons, files))
	}
	return p
}

func (t *Table) only(persons map[idno.Number]bool, files map[*File]*File) *Table {
	part := &Table{Feed: t.Feed, names: maps.Clone(t.names), about: t.about, codes: t.codes}
	for i := range t.columns {
		part.columns = append(part.columns, column{typ: t.columns[i].typ})
	}
	for row := range t.Len() {
		if t.Used(row) && slices.ContainsFunc(t.about, func(column int) bool { return persons[t.ID(column, row)] }) {
			part.append(files[t.files[row]], int(t.rows[row]), t.values(row))
		}
	}
	return part
}

// values is a row as it is appended.
func (t *Table) values(row int) []value {
	values := make([]value, len(t.columns))
	for i := range values {
		values[i].num, values[i].known = t.Num(i, row)
		values[i].id, values[i].text = t.ID(i, row), t.Text(i, row)
	}
	return values
}
