package population

import (
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Family is one household, ready to be evaluated and explained.
type Family struct {
	Batch      *rules.Batch // of this household alone
	Key        string       // the household's key in its population, "" of a dossier
	Village    area.Code
	Members    []Member    // by lane: those who count come first
	Supporters []Member    // by lane
	Doubts     []pack.Text // why the composition is doubtful
}

// Member is a person of a family.
type Member struct {
	Name   string
	ID     idno.Number // none if not known
	Counts bool        // counts as a member of the household; supporters do not
}

// Member finds a member's lane by name.
func (f *Family) Member(name string) (int, bool) {
	for i, m := range f.Members {
		if m.Name == name {
			return i, true
		}
	}
	return 0, false
}
