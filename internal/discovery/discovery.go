package discovery

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
)

// Record is what the departments' deliveries say, as package ingest gives them back.
type Record interface {
	// Set is what was delivered about some persons.
	Set(ctx context.Context, tx pgx.Tx, persons ...int64) (*feed.Set, error)
	// SetIn is what was delivered about everybody who lives in an area, and about whoever may belong together with one of them.
	SetIn(ctx context.Context, tx pgx.Tx, a area.Code) (*feed.Set, error)
	// Counties is the counties in which somebody is registered, Registered how many persons are.
	Counties(ctx context.Context, tx pgx.Tx) ([]area.Code, error)
	Registered(ctx context.Context, tx pgx.Tx) (int64, error)
	// Kin is the persons who are one tie of the registers away from some, with these.
	Kin(ctx context.Context, tx pgx.Tx, persons []int64) ([]int64, error)
}

// Discovery keeps the findings of the record. It is safe for concurrent use.
type Discovery struct {
	db         *postgres.DB
	record     Record
	registry   *registry.Registry
	identities *registry.Identities
	policy     *rules.Policy

	mu     sync.Mutex
	makers map[calendar.Date]*population.Maker // of the last dates asked for
}

// New returns the discovery of a record under a policy.
func New(db *postgres.DB, record Record, people *registry.Registry, identities *registry.Identities, policy *rules.Policy) *Discovery {
	return &Discovery{db: db, record: record, registry: people, identities: identities, policy: policy, makers: map[calendar.Date]*population.Maker{}}
}

// maker is the policy made ready for a date, which takes some tenths of a second the first time.
func (d *Discovery) maker(on calendar.Date) (*population.Maker, error) {
	const most = 2 // today's, and yesterday's of who began before midnight
	d.mu.Lock()
	defer d.mu.Unlock()
	if m := d.makers[on]; m != nil {
		return m, nil
	}
	m, err := population.NewMaker(d.policy, on)
	if err != nil {
		return nil, fmt.Errorf("preparing the policy for %s: %w", on, err)
	}
	if len(d.makers) >= most {
		clear(d.makers)
	}
	d.makers[on] = m
	return m, nil
}

// lock keeps who writes compositions and findings apart, until the end of the transaction.
func lock(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('dajiuzhu discovery'))"); err != nil {
		return fmt.Errorf("waiting to write findings: %w", err)
	}
	return nil
}

// keptBefore is what is stored of households under a pack.
func keptBefore(ctx context.Context, tx pgx.Tx, pack string, households []int64) (map[int64][]byte, error) {
	rows, err := tx.Query(ctx, "select household, kept from finding where household = any($1) and pack = $2", households, pack)
	if err != nil {
		return nil, fmt.Errorf("reading findings: %w", err)
	}
	before := make(map[int64][]byte, len(households))
	var id int64
	var kept []byte
	if _, err := pgx.ForEachRow(rows, []any{&id, &kept}, func() error {
		before[id] = append([]byte(nil), kept...)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading findings: %w", err)
	}
	return before, nil
}

// leave takes what was found of households that are no more: their warnings are closed, and the members' new households have their own.
func leave(ctx context.Context, tx pgx.Tx, gone []int64) (closed int64, err error) {
	if len(gone) == 0 {
		return 0, nil
	}
	tag, err := tx.Exec(ctx, `update warning set state = 'closed', closed_at = now(), closed_why = 'household-gone', updated_at = now()
		where household = any($1) and state <> 'closed'`, gone)
	if err != nil {
		return 0, fmt.Errorf("closing warnings of households that are no more: %w", err)
	}
	if _, err := tx.Exec(ctx, "delete from finding where household = any($1)", gone); err != nil {
		return 0, fmt.Errorf("removing findings of households that are no more: %w", err)
	}
	return tag.RowsAffected(), nil
}

// holding is the compositions of a population that hold any of some persons, or whom one of them owes support.
func holding(p *population.Population, persons map[idno.Number]bool) iter.Seq[population.Composition] {
	among := func(m population.Member) bool { return persons[m.ID] }
	return func(yield func(population.Composition) bool) {
		for c := range p.Compositions() {
			if (slices.ContainsFunc(c.Members, among) || slices.ContainsFunc(c.Supporters, among)) && !yield(c) {
				return
			}
		}
	}
}
