package synth

import (
	"cmp"
	"slices"
)

// The numbers of people of a county that registers know of. Who may be among them follows from the facts of the household and who
// is among them from a draw, so that everything else can be made before it is known how many there are.
type quotaID int

const (
	quotaDeaths quotaID = iota
	quotaMoved
	quotaDibaoRural
	quotaDibaoUrban
	quotaTekun
	quotaTekunInstitution
	quotaEdge
	quotaRigid
	quotaOrphans
	quotaUnsupported
	quotaMonitored
	quotaTemporaryAid
	quotaWrong
	quotas
)

// quota is a number to be reached by those whose keys are smallest.
type quota struct {
	target int
	pool   []candidate
	limit  float64
}

// candidate is a unit that may be chosen: its key, the smaller the likelier, and how many it counts for.
type candidate struct {
	key    float64
	weight int
}

// solve finds the key up to which candidates are chosen: the one whose sum comes nearest to the target.
func (q *quota) solve() {
	slices.SortFunc(q.pool, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.weight, b.weight)) })
	q.limit = -1
	sum := 0
	for _, c := range q.pool {
		if sum+c.weight-q.target > q.target-sum {
			break
		}
		sum += c.weight
		q.limit = c.key
	}
	q.pool = nil
}

// chosen reports whether a unit is among those of a quota. While the county is only counted nobody is, and the unit is noted.
func (m *maker) chosen(id quotaID, key float64, weight int) bool {
	q := &m.quotas[id]
	if m.counting {
		q.pool = append(q.pool, candidate{key, weight})
		return false
	}
	return key <= q.limit
}

// rarely is a draw that is smaller for those likelier to be chosen: in proportion to odds, as long as few are.
func (d die) rarely(attribute string, odds float64) float64 { return d.unit(attribute) / odds }
