package population_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/synth"
)

// kin is who is tied to whom by the registers, as the record asks its tables.
type kin struct {
	register *feed.Table
	rows     map[idno.Number]int
	booklets map[string][]idno.Number
	tied     map[idno.Number][]idno.Number
}

func newKin(set *feed.Set) *kin {
	t := set.Role(feed.RolePersons)
	k := &kin{t, map[idno.Number]int{}, map[string][]idno.Number{}, map[idno.Number][]idno.Number{}}
	column := func(name string) int {
		i, _ := t.Column(name)
		return i
	}
	tie := func(a, b idno.Number) {
		if !a.IsZero() && !b.IsZero() {
			k.tied[a], k.tied[b] = append(k.tied[a], b), append(k.tied[b], a)
		}
	}
	for row := range t.Len() {
		if !t.Used(row) {
			continue
		}
		id := t.ID(column("id_no"), row)
		k.rows[id] = row
		if collective, _ := t.Num(column("collective"), row); collective == 0 {
			booklet := t.Text(column("hukou_no"), row)
			k.booklets[booklet] = append(k.booklets[booklet], id)
		}
		tie(id, t.ID(column("father_id"), row))
		tie(id, t.ID(column("mother_id"), row))
	}
	marriages := set.Role(feed.RoleMarriages)
	for row := range marriages.Len() {
		if about := marriages.About(); marriages.Used(row) {
			tie(marriages.ID(about[0], row), marriages.ID(about[1], row))
		}
	}
	return k
}

func (k *kin) around(id idno.Number, steps int) map[idno.Number]bool {
	all := map[idno.Number]bool{id: true}
	for range steps {
		for _, p := range sorted(all) {
			for _, other := range k.tied[p] {
				all[other] = true
			}
			row, ok := k.rows[p]
			if !ok {
				continue
			}
			booklet, _ := k.register.Column("hukou_no")
			for _, other := range k.booklets[k.register.Text(booklet, row)] {
				all[other] = true
			}
		}
	}
	return all
}

func sorted(all map[idno.Number]bool) []idno.Number {
	var list []idno.Number
	for id := range all {
		list = append(list, id)
	}
	slices.SortFunc(list, idno.Number.Compare)
	return list
}

// A household made of a few persons and what was delivered about them is what it is in the county: the same members, facts, doubts.
func TestAPartIsAsTheWhole(t *testing.T) {
	whole := sampleCounty(t)
	dir := t.TempDir()
	p := whole.policy.Pack()
	if _, err := synth.Write(t.Context(), p, dir, synth.Options{People: 6000, Seed: 3, On: on}); err != nil {
		t.Fatal(err)
	}
	set, err := feed.Open(t.Context(), p, dir, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	maker, err := population.NewMaker(whole.policy, on)
	if err != nil {
		t.Fatal(err)
	}
	people, err := maker.Build(set, nil) // sets aside what matches nobody
	if err != nil {
		t.Fatal(err)
	}
	kin := newKin(set)
	start, n, size := time.Now(), 0, 0
	ids := make(map[idno.Number]bool)
	for id := range kin.rows {
		ids[id] = true
	}
	for i, id := range sorted(ids) {
		if i%37 != 0 {
			continue
		}
		around := kin.around(id, population.Steps)
		part, err := maker.Build(set.Only(around), nil)
		if err != nil {
			t.Fatal(err)
		}
		n, size = n+1, size+len(around)
		want, got := familyOf(t, people, id), familyOf(t, part, id)
		if diff := cmp.Diff(tell(want), tell(got)); diff != "" {
			t.Errorf("%d persons around %s (-whole +part):\n%s", len(around), id, diff)
		}
	}
	t.Logf("%d households, %d persons around each, %v each", n, size/n, time.Since(start)/time.Duration(n))
}

func familyOf(t *testing.T, p *population.Population, id idno.Number) *population.Family {
	t.Helper()
	key, ok := p.Find(id)
	if !ok {
		t.Fatalf("%s is not there", id)
	}
	f, _ := p.Household(key)
	return f
}

func tell(f *population.Family) []string {
	all := lanesOf(f.Batch, 0)
	for _, m := range append(f.Members, f.Supporters...) {
		all = append(all, m.ID.Plain())
	}
	for _, d := range f.Doubts {
		all = append(all, d.En)
	}
	return all
}
