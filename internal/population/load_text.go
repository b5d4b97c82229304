package population

import (
	"bytes"

	"github.com/parquet-go/parquet-go"
)

// texts is a column of texts that mostly repeat: the distinct ones, and which of them each row has. What a row does not have is "".
type texts struct {
	distinct []string
	of       []int32
	numbers  map[string]int32
}

// number is a text's place among the distinct ones.
func (t *texts) number(text string) int32 {
	at, ok := t.numbers[text]
	if !ok {
		if t.numbers == nil {
			t.numbers = map[string]int32{}
		}
		at = int32(len(t.distinct))
		t.distinct, t.numbers[text] = append(t.distinct, text), at
	}
	return at
}

// at is the text of a row.
func (t *texts) at(row int) string { return t.distinct[t.of[row]] }

// repeated reads a column of texts that mostly repeat.
func (r *savedRows) repeated(name string, to *texts) func() error {
	return func() error {
		return r.guarded(func() error {
			to.of = make([]int32, 0, r.rows)
			var last parquet.Dictionary
			var places []int32 // of the dictionary's texts
			err := r.pages(name, textForm().node, func(page parquet.Page) error {
				d := page.Dictionary()
				if d == nil {
					return to.addNothing(page)
				}
				if d != last {
					last, places = d, places[:0]
					for i := range d.Len() {
						places = append(places, to.number(string(d.Index(int32(i)).ByteArray())))
					}
				}
				data := page.Data()
				return to.add(page.DefinitionLevels(), data.Int32(), places)
			})
			return r.complete(len(to.of), err)
		})
	}
}

// add adds a page's rows: each that has a text has an index into the dictionary.
func (t *texts) add(levels []byte, indexes, places []int32) error {
	nothing := t.number("")
	for _, level := range levels {
		if level == 0 {
			t.of = append(t.of, nothing)
			continue
		}
		if len(indexes) == 0 || uint(indexes[0]) >= uint(len(places)) {
			return errForm
		}
		t.of, indexes = append(t.of, places[indexes[0]]), indexes[1:]
	}
	if len(indexes) > 0 {
		return errForm
	}
	return nil
}

// addNothing adds a page in which no row has a text.
func (t *texts) addNothing(page parquet.Page) error {
	levels := page.DefinitionLevels()
	if bytes.Count(levels, []byte{0}) != len(levels) {
		return errForm
	}
	return t.add(levels, nil, nil)
}

// distinct reads a column of texts of which none repeats.
func (r *savedRows) distinct(name string, to *[]string) func() error {
	return func() error {
		return r.guarded(func() error {
			*to = make([]string, 0, r.rows)
			err := r.pages(name, parquet.String(), func(page parquet.Page) error {
				if page.Dictionary() != nil {
					return errForm
				}
				data := page.Data()
				content, ends := data.ByteArray()
				all := string(content) // one piece for all of a page
				for i := range len(ends) - 1 {
					*to = append(*to, all[ends[i]:ends[i+1]])
				}
				return nil
			})
			return r.complete(len(*to), err)
		})
	}
}

// complete holds the rows that were read to those that there are.
func (r *savedRows) complete(read int, err error) error {
	switch {
	case err != nil:
		return err
	case read < r.rows:
		return errTooFew
	case read > r.rows:
		return errTooMany
	}
	return nil
}
