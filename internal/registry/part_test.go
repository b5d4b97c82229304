package registry_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/registry"
)

// Of whoever is neither composed nor asked for nothing is said: he stays where he is, and the household stays his.
func TestComposePart(t *testing.T) {
	w := newWorld(t)
	_, p := w.register(today, registration(1, "a", village), registration(2, "b", village), registration(3, "c", village), registration(4, "d", village))
	w.compose(today, []int64{p[0], p[1], p[2]}, []int64{p[3]})
	part := func(days int, asked []int64, households ...[]int64) (out registry.Composed) {
		var all []registry.Composition
		for _, persons := range households {
			c := registry.Composition{Key: "part", Area: village}
			for _, person := range persons {
				c.Members = append(c.Members, registry.Member{Person: person, Counted: true})
			}
			all = append(all, c)
		}
		w.work(func(ctx context.Context, tx pgx.Tx) (err error) {
			out, err = w.Compose(ctx, tx, registry.Composing{Households: slices.Values(all), Persons: append([]int64{}, asked...), On: today.AddDays(days),
				Source: "composed", Cause: "run:2"})
			return err
		})
		return out
	}
	standing := func() []string {
		return w.strings(`select household || ':' || string_agg(p.name, '' order by p.name) from membership m join person p on p.id = m.person where to_date is null
			group by household order by household`)
	}
	is := func(what string, want ...string) {
		t.Helper()
		if got := standing(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	is("as composed", "1:abc", "2:d")
	if out := part(1, nil, []int64{p[2]}); out.Founded != 1 || len(out.Gone) != 0 {
		t.Errorf("%+v", out)
	}
	is("one moves out, the others are not heard of", "1:ab", "2:d", "3:c")
	if out := part(2, nil, []int64{p[3], p[2]}); out.Kept != 1 || !slices.Equal(out.Gone, []int64{3}) {
		t.Errorf("%+v", out)
	}
	is("one moves in with another", "1:ab", "2:cd")
	part(3, []int64{p[1]})
	is("one is asked for and in no household any more", "1:a", "2:cd")
	if out := part(4, []int64{p[0]}); !slices.Equal(out.Gone, []int64{1}) {
		t.Errorf("%+v", out)
	}
	is("the last one leaves, and the household ends", "2:cd")
	if n := w.strings("select id::text from household where id = 1 and to_date is null"); len(n) != 0 {
		t.Error("the household without members has not ended")
	}
}
