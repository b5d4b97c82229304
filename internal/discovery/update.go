package discovery

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/registry"
)

// atOnce is how many touched persons are determined in one transaction: few enough that it takes well under a second.
const atOnce = 200

// Update determines the households of the persons who were touched since, the longest waiting first, until nobody waits. What touched whole
// areas is left to a run.
func (d *Discovery) Update(ctx context.Context, on calendar.Date) (Updated, error) {
	var all Updated
	for {
		some, err := d.updateSome(ctx, on)
		if err != nil {
			return all, err
		}
		all.add(some)
		if some.Persons == 0 {
			return all, d.db.Work(ctx, func(tx pgx.Tx) error {
				return tx.QueryRow(ctx, "select coalesce(max(id), 0) from touched where done_at is null and area is not null").Scan(&all.Waiting)
			})
		}
	}
}

// Waits reports whether a touch, or an older one, of a whole area still waits for a run.
func (d *Discovery) Waits(ctx context.Context, touch int64) (waits bool, err error) {
	err = d.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "select exists(select from touched where done_at is null and area is not null and id <= $1)", touch).Scan(&waits)
	})
	if err != nil {
		return false, fmt.Errorf("asking whether a run is waited for: %w", err)
	}
	return waits, nil
}

// Ran reports whether what is current was determined of everybody for a date by the policy as it is. Whatever was touched since is an
// update's or, where it waits for a run, asks for one by itself.
func (d *Discovery) Ran(ctx context.Context, on calendar.Date) (ran bool, err error) {
	err = d.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "select exists(select from screening_run where state = 'current' and on_date = $1 and pack = $2)",
			on.String(), d.policy.Pack().Hash).Scan(&ran)
	})
	if err != nil {
		return false, fmt.Errorf("asking for which day everybody was determined: %w", err)
	}
	return ran, nil
}

// Updated counts what an update did.
type Updated struct {
	Merged
	Persons int   // that were touched
	Waiting int64 // the newest touch of a whole area that waits for a run; 0 for none
}

func (u *Updated) add(o Updated) {
	u.Persons += o.Persons
	u.Households += o.Households
	u.Changed += o.Changed
	u.Raised += o.Raised
	u.Closed += o.Closed
	u.Updated += o.Updated
	u.Outcomes += o.Outcomes
}

func (d *Discovery) updateSome(ctx context.Context, on calendar.Date) (u Updated, err error) {
	maker, err := d.maker(on)
	if err != nil {
		return u, err
	}
	err = d.db.Work(ctx, func(tx pgx.Tx) error {
		if err := lock(ctx, tx); err != nil {
			return err
		}
		touches, persons, err := touched(ctx, tx)
		if err != nil || len(persons) == 0 {
			return err
		}
		if err := d.identities.Refresh(ctx, tx); err != nil { // another process may have taken them in
			return err
		}
		u.Persons = len(persons)
		if u.Merged, err = d.determineAround(ctx, tx, maker, persons, fmt.Sprintf("touch:%d", touches[0])); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update touched set done_at = clock_timestamp(), done_xid = pg_current_xact_id() where id = any($1)", touches)
		return err
	})
	if err != nil {
		return Updated{}, fmt.Errorf("determining who was touched: %w", err)
	}
	return u, nil
}

// touched is the touches of some persons that wait, the longest waiting first, and these persons.
func touched(ctx context.Context, tx pgx.Tx) (touches, persons []int64, err error) {
	rows, err := tx.Query(ctx, `
		with first as (select person, min(id) id from (select person, id from touched where done_at is null and person is not null order by id limit 10000) t
			group by person order by min(id) limit $1)
		select t.id, t.person from touched t join first using (person) where t.done_at is null order by t.id`, atOnce)
	if err != nil {
		return nil, nil, fmt.Errorf("reading who was touched: %w", err)
	}
	var touch, person int64
	if _, err := pgx.ForEachRow(rows, []any{&touch, &person}, func() error {
		touches = append(touches, touch)
		persons = append(persons, person)
		return nil
	}); err != nil {
		return nil, nil, fmt.Errorf("reading who was touched: %w", err)
	}
	slices.Sort(persons)
	return touches, slices.Compact(persons), nil
}

// determineAround composes and determines the households of persons, those in which they were, and those to whom one of them owes support.
func (d *Discovery) determineAround(ctx context.Context, tx pgx.Tx, maker *population.Maker, persons []int64, cause string) (m Merged, err error) {
	with, err := d.registry.Together(ctx, tx, persons)
	if err != nil {
		return m, err
	}
	around, err := d.around(ctx, tx, with)
	if err != nil {
		return m, err
	}
	people, err := d.build(ctx, tx, maker, around)
	if err != nil || people == nil {
		return m, err
	}
	numbers := map[idno.Number]bool{}
	for _, person := range with {
		if n, ok := d.identities.Number(person); ok {
			numbers[n] = true
		}
	}
	if _, err := d.registry.Register(ctx, tx, registry.Update{Rows: registrations(people), On: maker.On(), Cause: cause}); err != nil {
		return m, err
	}
	return d.determineSome(ctx, tx, maker, people, numbers, with, cause)
}

// around is some persons with everybody who can make a difference to the households that they are in or support.
func (d *Discovery) around(ctx context.Context, tx pgx.Tx, persons []int64) ([]int64, error) {
	near, err := d.record.Kin(ctx, tx, persons)
	if err != nil {
		return nil, fmt.Errorf("finding who is tied to persons: %w", err)
	}
	around, err := d.registry.Together(ctx, tx, near) // the families whom they may support are composed whole
	if err != nil {
		return nil, err
	}
	asked := persons
	for range population.Steps {
		fresh := without(around, asked) // whoever was asked about is tied to nobody else
		if len(fresh) == 0 {
			break
		}
		asked = around
		kin, err := d.record.Kin(ctx, tx, fresh)
		if err != nil {
			return nil, fmt.Errorf("finding who is tied to persons: %w", err)
		}
		around = slices.Compact(slices.Sorted(slices.Values(append(kin, around...))))
	}
	return around, nil
}

// without are those of some persons, in order, who are not among others, in order.
func without(persons, others []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(persons), func(p int64) bool {
		_, there := slices.BinarySearch(others, p)
		return there
	})
}

// build makes a population of what the record holds about some persons; nil if none of them is registered.
func (d *Discovery) build(ctx context.Context, tx pgx.Tx, maker *population.Maker, persons []int64) (*population.Population, error) {
	set, err := d.record.Set(ctx, tx, persons...)
	if err != nil {
		return nil, fmt.Errorf("reading the record: %w", err)
	}
	if !registers(set) {
		return nil, nil
	}
	households, err := d.registry.Households(ctx, tx, persons)
	if err != nil {
		return nil, err
	}
	said, err := d.registry.Statements(ctx, tx, households, persons)
	if err != nil {
		return nil, err
	}
	statements, err := d.statements(ctx, tx, maker.On(), said)
	if err != nil {
		return nil, err
	}
	people, err := maker.Build(set, heard(set, statements))
	if err != nil {
		return nil, fmt.Errorf("making people of the record: %w", err)
	}
	return people, nil
}

func (d *Discovery) determineSome(ctx context.Context, tx pgx.Tx, maker *population.Maker, people *population.Population, numbers map[idno.Number]bool,
	with []int64, cause string) (m Merged, err error) {
	chosen := slices.Collect(holding(people, numbers))
	composed, err := d.registry.Compose(ctx, tx, registry.Composing{Households: d.compositions(slices.Values(chosen)), Persons: with, On: maker.On(),
		Source: "composed", Cause: cause})
	if err != nil {
		return m, err
	}
	ids := composed.Households
	before, err := keptBefore(ctx, tx, d.policy.Pack().Hash, ids)
	if err != nil {
		return m, err
	}
	s, err := newStager(ctx, tx, maker.Plan(), dueDates(maker.Plan()))
	if err != nil {
		return m, err
	}
	s.cause = cause
	determiner := newDeterminer(maker.Plan())
	var all []*determined
	for i := range chosen {
		family, _ := people.Household(chosen[i].Key)
		determiner.load(family.Batch)
		one, err := determiner.determine(&household{id: ids[i], area: chosen[i].Village, persons: d.persons(&chosen[i])}, 0, before[ids[i]])
		if err != nil {
			return m, err
		}
		all = append(all, one)
	}
	if err := s.stage(ctx, tx, all); err != nil {
		return m, err
	}
	if m, err = s.merge(ctx, tx); err != nil {
		return m, err
	}
	closed, err := leave(ctx, tx, composed.Gone)
	m.Closed += closed
	return m, err
}

// Follow updates whoever is touched as soon as it is known, until the context ends, and tells what came of it: what failed is tried again
// with the next look.
func (d *Discovery) Follow(ctx context.Context, today func() calendar.Date, tell func(Updated, error)) {
	const pause = 200 * time.Millisecond // a look costs less than a millisecond
	for {
		if u, err := d.Update(ctx, today()); ctx.Err() == nil && (err != nil || u.Persons > 0 || u.Waiting > 0) {
			tell(u, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
