package registry_test

import (
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	village area.Code = 371499100201
	hamlet  area.Code = 371499100202
	abroad  area.Code = 371498100201 // another county's
)

var today = calendar.Must(2026, time.November, 1)

// world is a database with some people.
type world struct {
	*testing.T
	db   *postgres.DB
	keys *sealed.Keys
	*registry.Registry
}

func newWorld(t *testing.T) *world {
	keys := sealed.NewKeys()
	return &world{t, postgrestest.New(t), keys, registry.New(keys)}
}

// work runs a job that must succeed.
func (w *world) work(do func(context.Context, pgx.Tx) error) {
	w.Helper()
	if err := w.db.Work(w.Context(), func(tx pgx.Tx) error { return do(w.Context(), tx) }); err != nil {
		w.Fatal(err)
	}
}

// as runs something in somebody's name.
func (w *world) as(p postgres.Principal, do func(context.Context, pgx.Tx) error) error {
	return w.db.As(w.Context(), p, func(tx pgx.Tx) error { return do(w.Context(), tx) })
}

func officer(a area.Code) postgres.Principal {
	return postgres.Principal{Account: 7, Role: "officer", Area: a}
}

func number(n int) idno.Number {
	id, ok := idno.Make("371499", calendar.Must(1970, time.January, 1).AddDays(n*37%18000), n%1000)
	if !ok {
		panic("no such number")
	}
	return id
}

func registration(n int, name string, a area.Code) registry.Registration {
	return registry.Registration{Number: number(n), Name: name, Sex: "male", Birth: number(n).Birth(), Area: a, Address: "国寨村1号", Died: calendar.Forever}
}

func rows(all ...registry.Registration) iter.Seq2[registry.Registration, error] {
	return func(yield func(registry.Registration, error) bool) {
		for _, r := range all {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// register brings in a whole register and gives the persons' ids in its order.
func (w *world) register(on calendar.Date, all ...registry.Registration) (out registry.Registered, persons []int64) {
	w.Helper()
	w.work(func(ctx context.Context, tx pgx.Tx) (err error) {
		out, err = w.Register(ctx, tx, registry.Update{Rows: rows(all...), Whole: []area.Code{371400000000}, On: on, Cause: "batch:1"})
		return err
	})
	known := w.identities()
	for _, r := range all {
		person, ok := known.Find(r.Number)
		if !ok {
			w.Fatalf("nobody has the number of %s", r.Name)
		}
		persons = append(persons, person)
	}
	return out, persons
}

func (w *world) identities() (known *registry.Identities) {
	w.Helper()
	w.work(func(ctx context.Context, tx pgx.Tx) (err error) {
		known, err = registry.LoadIdentities(ctx, tx, w.keys)
		return err
	})
	return known
}

// compose composes everybody, the first of each household its head.
func (w *world) compose(on calendar.Date, households ...[]int64) (out registry.Composed) {
	w.Helper()
	var all []registry.Composition
	for _, persons := range households {
		c := registry.Composition{Key: "k", Area: village}
		for _, p := range persons {
			c.Members = append(c.Members, registry.Member{Person: p, Counted: true})
		}
		all = append(all, c)
	}
	w.work(func(ctx context.Context, tx pgx.Tx) (err error) {
		out, err = w.Compose(ctx, tx, registry.Composing{Households: slices.Values(all), On: on, Source: "composed", Cause: "run:1"})
		return err
	})
	return out
}

// strings reads a column of texts as the worker.
func (w *world) strings(query string, args ...any) (all []string) {
	w.Helper()
	w.work(func(ctx context.Context, tx pgx.Tx) error {
		rows, err := tx.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return all
}
