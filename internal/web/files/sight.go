package files

import (
	"slices"
	"strings"
	"unicode"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// sight is how much of a household's file a role sees. What does not stand here nobody does: row-level security decides of which households.
type sight struct {
	facts   bool // what is known, the reasons and the index
	rows    bool // the rows that departments delivered
	finance bool // what a means check found, and sums made of it
}

// sights is the one table of who sees how much.
var sights = map[access.Role]sight{
	access.Assistant:     {facts: true},
	access.Officer:       {facts: true, rows: true, finance: true},
	access.Decider:       {facts: true, rows: true, finance: true},
	access.Supervisor:    {facts: true, rows: true, finance: true},
	access.Administrator: {facts: true, finance: true},
	access.Inspector:     {facts: true, rows: true, finance: true},
	access.Hotline:       {},
	access.Department:    {facts: true}, // of a household with an item of theirs, what their programmes read: see [Files.served]
}

// secrets is which facts and variables of a policy are shown to some only.
type secrets struct {
	diagnoses map[string]bool // facts that a feed tells from what it seals, masked until opened for a purpose
	finance   map[string]bool // facts that need consent, and variables that are made of them
}

func newSecrets(policy *rules.Policy) secrets {
	p := policy.Pack()
	s := secrets{map[string]bool{}, map[string]bool{}}
	sensitive := map[string]bool{}
	for _, f := range p.Facts {
		sensitive[f.Path()] = f.Sensitive != "" && (f.Type == pack.CodeOf || f.Type == pack.CodesOf || f.Type == pack.Bool)
		if f.Consent {
			s.finance[f.Path()] = true
		}
	}
	for _, f := range p.Feeds {
		for _, told := range f.Facts {
			if sensitive[told.Fact] && readsSealed(f, told.Value) {
				s.diagnoses[told.Fact] = true
			}
		}
	}
	for more := true; more; {
		more = false
		for _, v := range p.Variables {
			if !s.finance[v.Path()] && madeOf(policy, v, s.finance) {
				s.finance[v.Path()], more = true, true
			}
		}
	}
	return s
}

// readsSealed reports whether a formula of a feed names one of its sealed columns.
func readsSealed(f *pack.Feed, e pack.Expr) bool {
	words := strings.FieldsFunc(e.Source, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(f.Columns, func(c *pack.Column) bool { return c.Sealed && slices.Contains(words, c.Name) })
}

// hide is what a role does not see in what is told of a household. What was opened stays hidden there, too: a sentence may be about several.
func (s *secrets) hide(see sight) func(path string) bool {
	return func(path string) bool { return s.diagnoses[path] || s.finance[path] && !see.finance }
}

// madeOf reports whether the value of a variable is made of one of some facts and variables; that something holds tells no value.
func madeOf(policy *rules.Policy, v *pack.Variable, of map[string]bool) bool {
	if v.Type == pack.Bool {
		return false
	}
	for _, version := range v.Versions {
		reads := policy.Reads(version.Value)
		if slices.ContainsFunc(reads.Facts, func(f *pack.Fact) bool { return of[f.Path()] }) ||
			slices.ContainsFunc(reads.Variables, func(v *pack.Variable) bool { return of[v.Path()] }) {
			return true
		}
	}
	return false
}
