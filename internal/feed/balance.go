package feed

import (
	"maps"
	"slices"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

var (
	sameRowAgain = fault.Text{Key: "feed.same-row-again",
		Zh: "与{file}第{row}行是同一行", En: "the same row again: it is in {file}, row {row}"}
	newerRow = fault.Text{Key: "feed.newer-row",
		Zh: "已被较晚报送的{file}第{row}行取代", En: "a later delivery, {file}, has this row anew in row {row}"}
	contradicted = fault.Text{Key: "feed.contradicted",
		Zh: "与{file}第{row}行主键相同而内容不同，两行都未使用", En: "{file}, row {row}, has the same key and other contents: neither is used"}
)

// sums adds up the columns whose sums a manifest declares, over all rows of the file whether they are used or not.
type sums struct {
	declared *manifestFile
	found    map[int]money.Decimal
	open     map[int]bool // a cell could not be read, or the sum is too large: it cannot be compared
}

func newSums(declared *manifestFile) *sums {
	return &sums{declared: declared, found: map[int]money.Decimal{}, open: map[int]bool{}}
}

func (s *sums) columns() []int {
	if s.declared == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.declared.sums))
}

// lose notes a row that could not be taken apart.
func (s *sums) lose() {
	for _, i := range s.columns() {
		s.open[i] = true
	}
}

func (s *sums) add(values []value, wrong fault.List, f *pack.Feed) {
	for _, i := range s.columns() {
		c := f.Columns[i]
		if slices.ContainsFunc(wrong, func(w *fault.Error) bool { return w.At.Field == c.Name }) {
			s.open[i] = true
			continue
		}
		d := money.Decimal(values[i].num)
		if c.Type == string(pack.Int) {
			d, _ = money.FromInt(values[i].num) // the row was read with this check
		}
		sum, ok := s.found[i].Add(d)
		s.found[i] = sum
		s.open[i] = s.open[i] || !ok
	}
}

// balance holds a file to its manifest. A sum is compared only if every cell of its column could be read: the rows that
// could not are among the rejects, and say why.
func (r *reader) balance(j *job, s *sums) *fault.Error {
	if j.declared == nil {
		return nil
	}
	if j.file.Rows != j.declared.rows {
		return fault.New(fault.Invalid, rowsUnbalanced, fault.Args{"expected": j.declared.rows, "found": j.file.Rows})
	}
	for _, i := range s.columns() {
		if s.open[i] || s.found[i] == j.declared.sums[i] {
			continue
		}
		return fault.New(fault.Invalid, sumUnbalanced, fault.Args{
			"expected": j.declared.sums[i].Text(), "found": s.found[i].Text(),
		}).In(fault.At{Field: j.file.Feed.Columns[i].Name})
	}
	return nil
}

// settleGroup decides which of the rows with one key stays.
func (r *reader) settleGroup(t *Table, group, everything []int) {
	newest := calendar.Beginning
	for _, row := range group {
		newest = max(newest, t.files[row].delivered())
	}
	var last []int // the rows delivered last
	for _, row := range group {
		if t.files[row].delivered() == newest {
			last = append(last, row)
		}
	}
	keep := last[0]
	for _, row := range last[1:] {
		if t.compare(everything, keep, row) != 0 {
			r.contradict(t, group)
			return
		}
	}
	for _, row := range group {
		if row == keep {
			continue
		}
		reason := sameRowAgain
		if t.compare(everything, keep, row) != 0 {
			reason = newerRow
		}
		r.set.setAside(t, row, fault.New(fault.Conflict, reason, t.place(keep)), true)
	}
}

// contradict sets aside all rows of a group.
func (r *reader) contradict(t *Table, group []int) {
	for i, row := range group {
		other := group[0]
		if i == 0 {
			other = group[1]
		}
		r.set.setAside(t, row, fault.New(fault.Conflict, contradicted, t.place(other)), false)
	}
}

// place is a row's place as messages name it.
func (t *Table) place(row int) fault.Args {
	file, number := t.File(row)
	return fault.Args{"file": file.Name, "row": number}
}
