package population

import (
	"errors"
	"path/filepath"
	"strings"

	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// loadNames reads who the households and persons of columns are.
func loadNames(c *Columns, list *saved, dir string) (*Names, error) {
	l := &loader{list: list, dir: dir}
	var households, persons *savedRows
	if err := attempt(l.opening(savedHouseholdNames, &households), l.opening(savedPersonNames, &persons)); err != nil {
		return nil, err
	}
	if households.rows != c.Households() || persons.rows != c.Persons() {
		return nil, damaged(filepath.Join(dir, savedList), errors.New("the tables of names have other rows than those of facts"))
	}
	var keys, numbers []string
	var zh, en, names texts
	if err := attempt(households.distinct(fieldKey, &keys), households.repeated(fieldDoubtsZh, &zh), households.repeated(fieldDoubtsEn, &en),
		persons.repeated(fieldName, &names), persons.distinct(fieldNumber, &numbers)); err != nil {
		return nil, err
	}
	n := newNamer(c)
	for i, key := range keys {
		n.addHousehold(key, splitDoubts(zh.at(i), en.at(i)))
	}
	n.text, n.name, n.number = names.distinct, names.of, make([]idno.Number, len(numbers))
	if err := parseNumbers(n.number, numbers); err != nil {
		return nil, damaged(persons.path, err)
	}
	return n.Names, nil
}

func parseNumbers(to []idno.Number, plain []string) error {
	for i, p := range plain {
		var err error
		if to[i], err = parseNumber(p); err != nil {
			return err
		}
	}
	return nil
}

func parseNumber(plain string) (idno.Number, error) {
	if plain == "" {
		return idno.Number{}, nil
	}
	return idno.Parse(plain)
}

func splitDoubts(zh, en string) []pack.Text {
	if zh == "" {
		return nil
	}
	var doubts []pack.Text
	others := strings.Split(en, "\n")
	for i, text := range strings.Split(zh, "\n") {
		d := pack.Text{Zh: text}
		if i < len(others) {
			d.En = others[i]
		}
		doubts = append(doubts, d)
	}
	return doubts
}
