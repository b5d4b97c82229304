package feed

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// Set is what a folder delivered.
type Set struct {
	Deliveries []*Delivery
	Files      []*File    // in the order read
	Tables     []*Table   // one a feed, in the pack's order
	Rejects    []*Reject  // in the order of files and rows
	Faults     fault.List // manifests that cannot be used, files refused whole and files that belong to no feed
	Ignored    []string   // files that are no data
}

// Delivery is one handing over of a department's data, as its manifest declares it.
type Delivery struct {
	Manifest  string // the manifest's path
	Feed      *pack.Feed
	Delivered calendar.Date
	Period    calendar.Span // the days that it covers
	Areas     []area.Code   // the areas that it covers
	Simulated bool          // invented data
	Whole     bool          // every file was accepted
	Replaced  *Delivery     // the later delivery that stands in its place, nil for none; then nothing of it was read
	Files     []*File
	Unplaced  int // rows set aside because somebody whom they are about could not be told
}

// Covers reports whether a place lies in the areas of the delivery.
func (d *Delivery) Covers(place area.Code) bool {
	return slices.ContainsFunc(d.Areas, func(a area.Code) bool { return a.Contains(place) })
}

// File is one data file. Rows = Used + Rejected, always.
type File struct {
	Name     string
	Feed     *pack.Feed
	Delivery *Delivery // nil of a file without a manifest
	Rows     int       // data rows in the file
	Used     int
	Rejected int      // of a refused file all rows
	Formulas int      // texts that begin as a formula would, and formula cells
	Missing  []string // columns of the feed that the file lacks, none of them required

	Refused *fault.Error // why nothing of the file was used; nil if it was accepted

	header []string
}

// Counts is a balance of rows.
type Counts struct{ Rows, Used, Rejected int }

// Balanced reports whether no row was lost.
func (c Counts) Balanced() bool { return c.Rows == c.Used+c.Rejected }

// Reject is a row that was set aside, with all reasons. It prints as its reasons; the row itself is opened by Cells alone.
type Reject struct {
	File     *File
	Row      int
	Faults   fault.List
	Persons  []idno.Number // whom it is about, so far as that could be read
	Unplaced bool          // somebody whom it is about could not be read or is not registered
	Again    bool          // the row's content is in use all the same: a copy, or an older version of a row in use

	cells []string
}

// Header is the names of the row's cells.
func (r *Reject) Header() []string { return r.File.header }

// Cells is the row as it was delivered, identity numbers in full, to be mended and sent again.
func (r *Reject) Cells() []string { return r.cells }

// Cell is a cell by its column's id or name, false if the row has none.
func (r *Reject) Cell(column string) (string, bool) {
	for _, c := range r.File.Feed.Columns {
		if c.Name != column {
			continue
		}
		for i, name := range r.File.header {
			if (name == c.Name || name == c.Label.Zh) && i < len(r.cells) {
				return r.cells[i], true
			}
		}
	}
	return "", false
}

// Message is the reasons in a reader's language, with the place.
func (r *Reject) Message(lang fault.Lang) string {
	messages := make([]string, len(r.Faults))
	for i, f := range r.Faults {
		messages[i] = f.Message(lang)
	}
	return strings.Join(messages, "; ")
}

// String is the English message.
func (r *Reject) String() string { return r.Message(fault.En) }

// Table is a feed's rows, nil if the pack has no such feed.
func (s *Set) Table(feed string) *Table {
	for _, t := range s.Tables {
		if t.Feed.ID == feed {
			return t
		}
	}
	return nil
}

// Role is the table of the feed with a role, nil if the pack has none.
func (s *Set) Role(role string) *Table {
	for _, t := range s.Tables {
		if t.Feed.Role == role {
			return t
		}
	}
	return nil
}

// Counts is the balance of all files.
func (s *Set) Counts() Counts {
	c := Counts{}
	for _, f := range s.Files {
		c.Rows += f.Rows
		c.Used += f.Used
		c.Rejected += f.Rejected
	}
	return c
}

// Check recounts everything: every row of every file is either in use or among the rejects.
func (s *Set) Check() error {
	used, rejected := map[*File]int{}, map[*File]int{}
	for _, t := range s.Tables {
		for row := range t.Len() {
			if t.Used(row) {
				used[t.files[row]]++
			}
		}
	}
	for _, r := range s.Rejects {
		rejected[r.File]++
	}
	for _, f := range s.Files {
		if f.Refused != nil {
			rejected[f] = f.Rows
		}
		if f.Rows != f.Used+f.Rejected || f.Used != used[f] || f.Rejected != rejected[f] {
			return fmt.Errorf("feed: %s does not balance: %d rows, %d used (%d found), %d rejected (%d found)",
				f.Name, f.Rows, f.Used, used[f], f.Rejected, rejected[f])
		}
	}
	return nil
}

// SetAside takes rows out of use, for reasons that only show beside other feeds. The rows stay in the table, unused.
// Unplaced says that somebody whom the rows are about is not registered.
func (s *Set) SetAside(t *Table, reasons map[int]*fault.Error, unplaced bool) {
	if len(reasons) == 0 { // as of nearly every table, which need not put all rejects into order again
		return
	}
	for _, row := range slices.Sorted(maps.Keys(reasons)) {
		if r := s.setAside(t, row, reasons[row], false); r != nil {
			r.Unplaced = unplaced
			r.count()
		}
	}
	s.sort()
}

// count counts a reject whose person could not be told, once all is known of it.
func (r *Reject) count() {
	if d := r.File.Delivery; d != nil && r.Unplaced {
		d.Unplaced++
	}
}

func (s *Set) setAside(t *Table, row int, reason *fault.Error, again bool) *Reject {
	if !t.Used(row) {
		return nil
	}
	t.aside.put(row, true)
	file, number := t.File(row)
	file.Used--
	file.Rejected++
	at := fault.At{File: file.Name, Row: number, Field: reason.At.Field}
	r := &Reject{File: file, Row: number, Faults: fault.List{reason.In(at)}, Again: again}
	for _, i := range t.about {
		r.Persons = append(r.Persons, t.ID(i, row))
	}
	r.cells = t.as(file.header, row)
	s.Rejects = append(s.Rejects, r)
	return r
}

// as is a row under a file's header.
func (t *Table) as(header []string, row int) []string {
	cells := make([]string, len(header))
	for i, name := range header {
		for j, c := range t.Feed.Columns {
			if name == c.Name || name == c.Label.Zh {
				cells[i] = t.cell(j, row)
			}
		}
	}
	return cells
}

// sort puts the rejects in the order of files and rows.
func (s *Set) sort() {
	place := map[*File]int{}
	for i, f := range s.Files {
		place[f] = i
	}
	slices.SortStableFunc(s.Rejects, func(a, b *Reject) int {
		if a.File != b.File {
			return place[a.File] - place[b.File]
		}
		return a.Row - b.Row
	})
}

// Rows is the number of rows delivered.
func (d *Delivery) Rows() int {
	n := 0
	for _, f := range d.Files {
		n += f.Rows
	}
	return n
}
