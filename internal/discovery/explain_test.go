package discovery_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// Explained from the record, a household comes to what it comes to in a screening of the files, byte for byte.
func TestExplain(t *testing.T) {
	c := newCity(t, 1500)
	c.bring(c.deliveries)
	if _, err := c.discovery.Run(t.Context(), on, nil); err != nil {
		t.Fatal(err)
	}
	set, err := feed.Open(t.Context(), dezhou().Pack(), c.deliveries, feed.Options{})
	if err != nil {
		t.Fatal(err)
	}
	people, err := population.Build(dezhou(), set, on)
	if err != nil {
		t.Fatal(err)
	}
	households := map[string]int64{}
	c.work(func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), "select key, id from household where to_date is null")
		if err != nil {
			return err
		}
		var key string
		var id int64
		_, err = pgx.ForEachRow(rows, []any{&key, &id}, func() error { households[key] = id; return nil })
		return err
	})
	explained := 0
	for composition := range people.Compositions() {
		if explained++; explained%7 != 0 { // some of each kind are enough
			continue
		}
		family, _ := people.Household(composition.Key)
		want := dezhou().On(on, nil).Explain(family.Subject()).AppendJSON(nil)
		e, err := c.discovery.Explain(t.Context(), households[composition.Key], on)
		if err != nil {
			t.Fatalf("household %s: %v", composition.Key, err)
		}
		if got := e.AppendJSON(nil); !slices.Equal(got, want) {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			from := max(at-80, 0)
			t.Fatalf("household %s comes to something else in the record than in the files:\n%.200s\n%.200s", composition.Key, got[from:], want[from:])
		}
		for lane, m := range family.Members {
			if n, _ := c.identities.Number(e.Persons[lane]); n != m.ID {
				t.Fatalf("household %s: somebody else is in lane %d", composition.Key, lane)
			}
		}
		for _, o := range e.Outcomes {
			if p := e.Person(o.Unit); (p == 0) != (o.Unit == rules.UnitReference{Kind: "household"}) {
				t.Fatalf("household %s: %+v is person %d", composition.Key, o.Unit, p)
			}
		}
	}
	if explained < 100 {
		t.Errorf("%d households were there", explained)
	}
	var wrong *fault.Error
	if _, err := c.discovery.Explain(t.Context(), 1<<40, on); !errors.As(err, &wrong) || wrong.Kind != fault.NotFound {
		t.Errorf("a household that is not there: %v", err)
	}
}
