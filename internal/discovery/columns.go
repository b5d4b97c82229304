package discovery

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/population"
)

// Columns brings the columns in a folder, one folder a county, up to what the record says on a date: those of counties in which somebody was
// touched since they were made, and all of another day or pack. It returns the counties that were made anew. What reads the folder meanwhile
// finds each county's columns whole, the former or the new ones.
func (d *Discovery) Columns(ctx context.Context, on calendar.Date, dir string) (made []area.Code, err error) {
	maker, err := d.maker(on)
	if err != nil {
		return nil, err
	}
	err = d.db.Work(ctx, func(record pgx.Tx) error {
		if _, err := record.Exec(ctx, "set transaction isolation level repeatable read"); err != nil {
			return fmt.Errorf("beginning to read the record: %w", err)
		}
		counties, err := d.record.Counties(ctx, record)
		if err != nil {
			return err
		}
		var said []population.Statement // read when the first county needs it
		for _, county := range counties {
			snapshot, stale, err := d.staleColumns(ctx, record, county, on)
			if err != nil {
				return err
			}
			if !stale {
				continue
			}
			if said == nil {
				if said, err = d.standing(ctx, record, on); err != nil {
					return err
				}
			}
			people, err := d.buildCounty(ctx, record, maker, county, said)
			if err != nil {
				return err
			}
			if err := d.saveColumns(ctx, people, county, snapshot, dir); err != nil {
				return err
			}
			made = append(made, county)
		}
		return nil
	})
	return made, err
}

// staleColumns reports whether a county's columns were made before somebody who lives there was touched.
func (d *Discovery) staleColumns(ctx context.Context, record pgx.Tx, county area.Code, on calendar.Date) (snapshot string, stale bool, err error) {
	from, to := county.Range()
	err = record.QueryRow(ctx, `
		select pg_current_snapshot()::text, not exists (
			select from county_columns c where c.county = $1 and c.on_date = $4 and c.pack = $5 and not exists (
				select from touched t left join person p on p.id = t.person
				where not pg_visible_in_snapshot(t.xid, c.snapshot) and (p.area >= $2 and p.area < $3 or t.area >= $2 and t.area < $3 or t.area <= $2)))`,
		int64(county), int64(from), int64(to), on.String(), d.policy.Pack().Hash).Scan(&snapshot, &stale)
	if err != nil {
		return "", false, fmt.Errorf("asking for the columns of county %s: %w", county, err)
	}
	return snapshot, stale, nil
}

// saveColumns writes a county's columns, and then what they were made of: a failure in between makes them once more.
func (d *Discovery) saveColumns(ctx context.Context, people *population.Population, county area.Code, snapshot, dir string) error {
	if err := people.Columns.Save(filepath.Join(dir, county.String())); err != nil {
		return fmt.Errorf("writing the columns of county %s: %w", county, err)
	}
	return d.db.Work(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into county_columns (county, on_date, pack, snapshot) values ($1, $2, $3, $4::pg_snapshot)
			on conflict (county) do update set on_date = excluded.on_date, pack = excluded.pack, snapshot = excluded.snapshot, made_at = now()`,
			int64(county), people.On.String(), d.policy.Pack().Hash, snapshot)
		if err != nil {
			return fmt.Errorf("noting the columns of county %s: %w", county, err)
		}
		return nil
	})
}

// standing is what was said of everybody and counts on a date; never nil. It is read once for all counties.
func (d *Discovery) standing(ctx context.Context, record pgx.Tx, on calendar.Date) ([]population.Statement, error) {
	said, err := d.registry.Standing(ctx, record)
	if err != nil {
		return nil, err
	}
	statements, err := d.statements(ctx, record, on, said)
	if err != nil {
		return nil, err
	}
	return append([]population.Statement{}, statements...), nil
}

// buildCounty makes people of the record: the households whose village lies in a county. Of all that was said it hears what concerns them.
func (d *Discovery) buildCounty(ctx context.Context, record pgx.Tx, maker *population.Maker, county area.Code, said []population.Statement) (*population.Population, error) {
	set, err := d.record.SetIn(ctx, record, county)
	if err != nil {
		return nil, err
	}
	people, err := maker.BuildIn(set, heard(set, said), county)
	if err != nil {
		return nil, fmt.Errorf("making people of the record: %w", err)
	}
	return people, nil
}
