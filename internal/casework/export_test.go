package casework

import (
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// FactsOf is a subject's facts as a decision keeps them.
func FactsOf(s rules.Subject) ([]byte, error) { return factsOf(s) }

// CategoriesOf is what the categories come to where the household is of one.
func CategoriesOf(p *pack.Pack, value func(path string) string) []Outcome {
	return categoriesOf(p, value, report{})
}

// NotSoZh is what of the database's words is told people.
var NotSoZh = notSoWords
