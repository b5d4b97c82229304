package population

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/parquet-go/parquet-go"

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
	var keys, zh, en, names, numbers []string
	if err := attempt(households.texting(fieldKey, parquet.String(), &keys), households.texting(fieldDoubtsZh, textForm().node, &zh),
		households.texting(fieldDoubtsEn, textForm().node, &en), persons.texting(fieldName, textForm().node, &names),
		persons.texting(fieldNumber, parquet.String(), &numbers)); err != nil {
		return nil, err
	}
	n := newNamer(c)
	for i, key := range keys {
		n.addHousehold(key, splitDoubts(zh[i], en[i]))
	}
	for i, name := range names {
		number, err := parseNumber(numbers[i])
		if err != nil {
			return nil, damaged(persons.path, err)
		}
		n.addPerson(name, number)
	}
	return n.Names, nil
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
