package ingest_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
)

// steps is how many ties away from a person others have to be known so that the person's household comes out as among everybody.
const steps = 3

// A household made of what the record gives about a few persons is what it is among everybody: the same members, facts and doubts.
func TestSomeAreAsAmongAll(t *testing.T) {
	policy, faults := rules.Compile(dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	on := calendar.Must(2026, 11, 1)
	r, db, everybody := newRecordOf(t, dezhou())
	folder := county(t, 3000)
	imported(t, r, folder)
	imported(t, r, namesake(t, read(t, folder)))
	strangers := strangersOf(t, db)
	set := whole(t, r, db)
	all, err := population.Build(policy, set, on)
	if err != nil {
		t.Fatal(err)
	}
	register := set.Role(feed.RolePersons)
	column, _ := register.Column(register.Feed.IDNo)
	for row := 0; row < register.Len(); row += 67 {
		if !register.Used(row) {
			continue
		}
		id := register.ID(column, row)
		var part *feed.Set
		err := db.Work(t.Context(), func(tx pgx.Tx) (err error) {
			persons := around(t, tx, r, everybody, id)
			if row > 0 { // the first has a namesake, whom nobody asks for
				persons = append(persons, strangers[row%len(strangers)])
			}
			part, err = r.Set(t.Context(), tx, persons...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		some, err := population.Build(policy, part, on)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(told(t, all, id), told(t, some, id), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-whole +part):\n%.2000s", id, diff)
		}
		for i, d := range set.Deliveries {
			if got := part.Deliveries[i]; got.Manifest != d.Manifest || got.Unplaced != d.Unplaced {
				t.Errorf("%s: %s has %d rows of which nobody knows whose, %s %d", id, d.Manifest, d.Unplaced, got.Manifest, got.Unplaced)
			}
		}
	}
}

// namesake is a delivery about nobody registered, who has the name and the birthday of the first person registered.
func namesake(t *testing.T, set *feed.Set) fstest.MapFS {
	t.Helper()
	register := set.Role(feed.RolePersons)
	id, _ := register.Column(register.Feed.IDNo)
	name, _ := register.Column(feed.ColumnName)
	for sequence := range 999 {
		n, ok := idno.Make("371499", register.ID(id, 0).Birth(), sequence)
		registered := false
		for row := range register.Len() {
			registered = registered || register.ID(id, row) == n
		}
		if ok && !registered {
			return delivery(t, "two-cancers-x", "2026-11-01", "X1,"+n.Plain()+","+register.Text(name, 0)+",是,否,2026-05-01")
		}
	}
	t.Fatal("every number is taken")
	return nil
}

// strangersOf is persons who are named in rows and not registered.
func strangersOf(t *testing.T, db *postgres.DB) []int64 {
	t.Helper()
	rows, err := db.Own().Query(t.Context(), "select distinct person from stranger order by 1")
	if err != nil {
		t.Fatal(err)
	}
	strangers, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(strangers) == 0 {
		t.Fatalf("nobody is a stranger, %v", err)
	}
	return strangers
}

// around is a person with everybody who is some ties away.
func around(t *testing.T, tx pgx.Tx, r *ingest.Record, p *registry.Identities, id idno.Number) []int64 {
	t.Helper()
	person, ok := p.Find(id)
	if !ok {
		t.Fatalf("nobody is %s", id)
	}
	persons := []int64{person}
	for range steps {
		var err error
		if persons, err = r.Kin(t.Context(), tx, persons); err != nil {
			t.Fatal(err)
		}
	}
	return persons
}

// told is all that is known of a person's household.
func told(t *testing.T, p *population.Population, id idno.Number) []string {
	t.Helper()
	key, ok := p.Find(id)
	if !ok {
		t.Fatalf("%s is not there", id)
	}
	f, _ := p.Household(key)
	all := []string{f.Village.String()} // its key may have a number less: it is alone
	for _, m := range append(f.Members, f.Supporters...) {
		all = append(all, m.ID.Plain())
	}
	for _, d := range f.Doubts {
		all = append(all, d.En)
	}
	for what, t := range map[string]*rules.Table{"household": &f.Batch.Household, "person": &f.Batch.Person, "supporter": &f.Batch.Supporter} {
		for kind, columns := range map[string][]rules.Column{"fact": t.Facts, "held": t.Held} {
			for i := range columns {
				for lane := range t.N {
					if v, known := columns[i].At(lane); known {
						all = append(all, fmt.Sprintf("%s %d %s %d = %d", what, lane, kind, i, v))
					}
				}
			}
		}
		for kind := range t.Complete {
			for lane := range t.N {
				if t.Complete[kind].Has(lane) {
					all = append(all, fmt.Sprintf("%s %d complete %d", what, lane, kind))
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

// The households of an area, made of what the record gives about the area, are what they are among everybody.
func TestAnAreaIsAsInTheWhole(t *testing.T) {
	policy, faults := rules.Compile(dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	on := calendar.Must(2026, 11, 1)
	r, db := newRecord(t, dezhou())
	imported(t, r, county(t, 3000))
	set := whole(t, r, db)
	all, err := population.Build(policy, set, on)
	if err != nil {
		t.Fatal(err)
	}
	register := set.Role(feed.RolePersons)
	column, _ := register.Column(register.Feed.IDNo)
	village, _ := register.Column(feed.ColumnVillage)
	code, _ := register.Num(village, register.Len()/2)
	township := area.Code(code).At(area.Township)
	var part *feed.Set
	err = db.Work(t.Context(), func(tx pgx.Tx) (err error) {
		part, err = r.SetIn(t.Context(), tx, township)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	some, err := population.Build(policy, part, on)
	if err != nil {
		t.Fatal(err)
	}
	inside := 0
	for row := range register.Len() {
		if code, _ := register.Num(village, row); !register.Used(row) || !township.Contains(area.Code(code)) {
			continue
		}
		inside++
		id := register.ID(column, row)
		if diff := cmp.Diff(told(t, all, id), told(t, some, id), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-whole +area):\n%.2000s", id, diff)
		}
	}
	if n := part.Role(feed.RolePersons).Len(); inside == 0 || n > 2*inside+50 {
		t.Errorf("%d persons are given of the %d in %s", n, inside, township)
	}
	for i, d := range set.Deliveries {
		if got := part.Deliveries[i]; got.Manifest != d.Manifest || got.Unplaced != d.Unplaced {
			t.Errorf("%s has %d rows of which nobody knows whose, %s %d", d.Manifest, d.Unplaced, got.Manifest, got.Unplaced)
		}
	}
}
