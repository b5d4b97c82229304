package registry

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

var noHousehold = fault.Text{Key: "registry.no-such-household", Zh: "没有这一户，或不在您的辖区", En: "there is no such household, or not in your area"}

// File is what the registry knows of a household: one household, one file. What feeds tell of its persons and what checks of its means found
// is read beside it, from packages ingest and means, by the ids here.
type File struct {
	ID         int64
	Key        string
	Area       area.Code
	Lasts      calendar.Span
	Persons    []Person    // who belong to it and who did, the head first, then those who are there, then those who went
	Statements []Statement // of it and of its persons, withdrawn ones too
	Changes    []Change    // of it and of its persons, the latest first
}

// Person is somebody in a file. Dates not known, and that of a death that was not, are [calendar.Forever].
type Person struct {
	ID         int64
	Same       []int64 // who were merged into this person
	Name, Sex  string
	Birth      calendar.Date
	Died       calendar.Date
	Area       area.Code
	Address    string
	Number     sealed.Secret
	Phone      sealed.Secret
	Registered bool
	Belongs    []Belonging // in order
}

// Belonging is a membership in the file's household.
type Belonging struct {
	Head    bool
	Role    string
	Counted bool
	Source  string
	Lasts   calendar.Span
}

// Change is something that happened.
type Change struct {
	Unit  pack.Unit
	Of    int64
	Kind  string
	On    calendar.Date
	Other int64 // the person, the household or the area that it has to do with, 0 of none
	Cause string
	At    time.Time
}

// IDs are the persons of a file and whoever was merged into them, in order: those whose rows and statements are about its people.
func (f *File) IDs() []int64 {
	var all []int64
	for _, p := range f.Persons {
		all = append(append(all, p.ID), p.Same...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// File reads a household's file, in four queries.
func (r *Registry) File(ctx context.Context, tx pgx.Tx, household int64) (*File, error) {
	f := &File{ID: household}
	var from, to pgtype.Date
	err := tx.QueryRow(ctx, "select key, area, from_date, to_date from household where id = $1", household).Scan(&f.Key, &f.Area, &from, &to)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, noHousehold, nil)
	}
	if err != nil {
		return nil, failed("reading a household", err)
	}
	f.Lasts = span(from, to)
	if f.Persons, err = r.people(ctx, tx, household); err != nil {
		return nil, err
	}
	persons := f.IDs()
	if f.Statements, err = r.Statements(ctx, tx, []int64{household}, persons); err != nil {
		return nil, err
	}
	f.Changes, err = changes(ctx, tx, household, persons)
	return f, err
}

func span(from, to pgtype.Date) calendar.Span {
	return calendar.Span{From: dayOr(from, calendar.Beginning), To: dayOr(to, calendar.Forever)}
}

// people reads a household's memberships with the persons. Who was merged stands as who goes on.
func (r *Registry) people(ctx context.Context, tx pgx.Tx, household int64) ([]Person, error) {
	rows, err := tx.Query(ctx, `
		with recursive line as (
			select m.person as was, m.person as now from membership m where m.household = $1
			union select l.was, p.merged_into from line l join person p on p.id = l.now where p.merged_into is not null),
		survivor as (
			select l.was, p.* from line l join person p on p.id = l.now where p.merged_into is null),
		same as (
			select now, now as one from survivor s (was, now)
			union select s.now, p.id from same s join person p on p.merged_into = s.one)
		select s.id, (select coalesce(array_agg(one order by one) filter (where one <> s.id), '{}') from same where same.now = s.id),
			s.name, s.sex, s.birth, s.died_on, s.area, s.address, s.number_sealed, s.phone_sealed, s.registered,
			m.head, m.role, m.counted, m.source, m.from_date, m.to_date
		from membership m join survivor s on s.was = m.person where m.household = $1
		order by m.from_date, m.id`, household)
	if err != nil {
		return nil, failed("reading the members of a household", err)
	}
	defer rows.Close()
	var all []Person
	for rows.Next() {
		var p Person
		var b Belonging
		var birth, died, from, to pgtype.Date
		var number, phone []byte
		if err := rows.Scan(&p.ID, &p.Same, &p.Name, &p.Sex, &birth, &died, &p.Area, &p.Address, &number, &phone, &p.Registered,
			&b.Head, &b.Role, &b.Counted, &b.Source, &from, &to); err != nil {
			return nil, failed("reading the members of a household", err)
		}
		p.Birth, p.Died, b.Lasts = dayOr(birth, calendar.Forever), dayOr(died, calendar.Forever), span(from, to)
		at := slices.IndexFunc(all, func(other Person) bool { return other.ID == p.ID })
		if at < 0 {
			if p.Number, err = r.keys.Secret(sealed.Identity, numberField, number); err != nil {
				return nil, err
			}
			if p.Phone, err = r.keys.Secret(sealed.Phone, phoneField, phone); err != nil {
				return nil, err
			}
			all, at = append(all, p), len(all)
		}
		all[at].Belongs = append(all[at].Belongs, b)
	}
	if err := rows.Err(); err != nil {
		return nil, failed("reading the members of a household", err)
	}
	slices.SortStableFunc(all, func(a, b Person) int { return cmp.Compare(a.rank(), b.rank()) })
	return all, nil
}

// rank is the head's, that of who is there, or that of who went.
func (p Person) rank() int {
	switch last := p.Belongs[len(p.Belongs)-1]; {
	case last.Lasts.To != calendar.Forever:
		return 2
	case last.Head:
		return 0
	}
	return 1
}

func changes(ctx context.Context, tx pgx.Tx, household int64, persons []int64) ([]Change, error) {
	rows, err := tx.Query(ctx, `select unit, unit_id, kind, on_date, coalesce(other, 0), cause, at from change
		where unit = 'household' and unit_id = $1 or unit = 'person' and unit_id = any($2) order by on_date desc, id desc`, household, persons)
	if err != nil {
		return nil, failed("reading changes", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Change, err error) {
		var on pgtype.Date
		err = row.Scan(&c.Unit, &c.Of, &c.Kind, &on, &c.Other, &c.Cause, &c.At)
		c.On = dayOr(on, calendar.Beginning)
		return c, err
	})
	if err != nil {
		return nil, failed("reading changes", err)
	}
	return all, nil
}

// Weighed is what was said of one fact of one unit, in the fact's own order of trust: the first counts among what people said. What feeds tell
// has its own place in that order, which package population gives it.
type Weighed struct {
	Unit     pack.Unit
	Of       int64
	Fact     *pack.Fact
	Said     []Statement // the most trusted first, of one source the latest first
	Disagree bool        // not all say the same
}

// Weigh puts statements that count into each fact's order of trust, by unit and fact. What the pack knows no longer is left out, and
// stays in the file.
func Weigh(p *pack.Pack, all []Statement) []Weighed {
	type key struct {
		unit pack.Unit
		of   int64
		fact string
	}
	at := map[key]int{}
	var out []Weighed
	for _, s := range all {
		f, ok := factOf(p, s.Fact)
		if s.Withdrawn != "" || !ok {
			continue
		}
		k := key{s.Unit, s.Of, s.Fact}
		i, seen := at[k]
		if !seen {
			i = len(out)
			at[k], out = i, append(out, Weighed{Unit: s.Unit, Of: s.Of, Fact: f})
		}
		out[i].Said = append(out[i].Said, s)
	}
	for i := range out {
		out[i].order()
	}
	return out
}

func (w *Weighed) order() {
	slices.SortStableFunc(w.Said, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(w.trust(a), w.trust(b)), -cmp.Compare(a.SaidOn, b.SaidOn), -cmp.Compare(a.ID, b.ID))
	})
	for _, s := range w.Said[1:] {
		if !same(s.Value, w.Said[0].Value) {
			w.Disagree = true
		}
	}
}

// trust is a statement's place in the fact's order; sources that it does not name come last.
func (w *Weighed) trust(s Statement) int {
	if i := slices.Index(w.Fact.Trust, s.Source.Trust()); i >= 0 {
		return i
	}
	return len(w.Fact.Trust)
}

func same(a, b any) bool {
	x, isSet := a.([]string)
	y, too := b.([]string)
	if isSet || too {
		return isSet && too && slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
	}
	return a == b
}
