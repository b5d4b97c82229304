package registry

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
)

var (
	twiceRegistered = fault.Text{Key: "registry.twice-registered",
		Zh: "人口登记里有{count}个公民身份号码出现了不止一次。请先在批次里解决重复，再入库",
		En: "{count} identity numbers occur more than once in the population register; settle the double rows in the batch first"}
)

// Registration is a person as the population register has them.
type Registration struct {
	Number  idno.Number
	Name    string
	Sex     string        // a code of the pack, "" if not known
	Birth   calendar.Date // of the register, which may differ from the number's
	Area    area.Code     // the village
	Address string
	Phone   string        // "" leaves what is known
	Died    calendar.Date // [calendar.Forever] of who lives
}

// Update is a delivery of the population register.
type Update struct {
	Rows  iter.Seq2[Registration, error] // an error ends it; each number once
	Whole []area.Code                    // of these areas everybody is there: who is not, is registered no longer
	On    calendar.Date                  // the day as which it speaks
	Cause string                         // what brought it, as "batch:12"
}

// Registered is what an update came to.
type Registered struct {
	New, Changed, Gone, Same int64
	Persons                  []int64 // new, changed and gone, in their order; nil of the first update of an area, which is about everybody
}

// Register brings the persons up to a delivery of the population register: makes those never seen, changes those who changed, and marks
// those who are no longer there. What happened to each is written down, except by the first update of an area.
func (r *Registry) Register(ctx context.Context, tx pgx.Tx, u Update) (Registered, error) {
	if err := r.stageRegistrations(ctx, tx, u.Rows); err != nil {
		return Registered{}, err
	}
	var first bool
	var twice int64
	if err := tx.QueryRow(ctx, `select not exists (select from person p where registered and (cardinality($1::bigint[]) = 0
			or exists (select from unnest($1::bigint[], $2::bigint[]) a (lo, hi) where p.area >= lo and p.area < hi))),
		(select count(*) from (select from registering group by number_digest having count(*) > 1) d)`, bounds(u.Whole)...).Scan(&first, &twice); err != nil {
		return Registered{}, failed("looking at the register", err)
	}
	if twice > 0 {
		return Registered{}, fault.New(fault.Conflict, twiceRegistered, fault.Args{"count": twice})
	}
	out, err := settleRegistrations(ctx, tx, u)
	if err != nil {
		return Registered{}, err
	}
	if !first {
		if err := noteRegistrations(ctx, tx, u); err != nil {
			return Registered{}, err
		}
		if out.Persons, err = ids(ctx, tx, "select id from registering where fate <> 'same' union select id from leaving order by 1"); err != nil {
			return Registered{}, err
		}
	}
	_, err = exec(ctx, tx, "ending the update of the register", "drop table registering, leaving")
	return out, err
}

// stageRegistrations copies the rows beside the persons.
func (r *Registry) stageRegistrations(ctx context.Context, tx pgx.Tx, rows iter.Seq2[Registration, error]) error {
	if _, err := exec(ctx, tx, "preparing to update the register", `create temporary table registering (
		number_digest bytea, number_sealed bytea, name text collate "C", pinyin text collate "C", initials text collate "C", sex text, birth date,
		area bigint, address text, phone_digest bytea, phone_sealed bytea, died_on date,
		id bigint, fate text, area_before bigint, died_before date, name_before text collate "C") on commit drop`); err != nil {
		return err
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	columns := []string{"number_digest", "number_sealed", "name", "pinyin", "initials", "sex", "birth", "area", "address", "phone_digest",
		"phone_sealed", "died_on"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"registering"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		row, err, more := next()
		if !more || err != nil {
			return nil, err
		}
		return r.registrationCells(row), nil
	}))
	if err != nil {
		return failed("copying the register", err)
	}
	return nil
}

func (r *Registry) registrationCells(p Registration) []any {
	number, phone := p.Number.Plain(), digits(p.Phone)
	full, initials := spell(p.Name)
	return []any{r.keys.Digest(numberField, number), r.keys.Seal(numberField, number), p.Name, full, initials, p.Sex, day(p.Birth),
		int64(p.Area), p.Address, r.keys.Digest(phoneField, phone), r.keys.Seal(phoneField, phone), day(p.Died)}
}

// digits is a phone number as it is digested: its ASCII digits, without the country.
func digits(phone string) string {
	plain := strings.Map(func(c rune) rune {
		if c >= '０' && c <= '９' {
			c -= '０' - '0'
		}
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, phone)
	if len(plain) == 13 {
		plain = strings.TrimPrefix(plain, "86")
	}
	return plain
}

// settleRegistrations finds who is whom and changes the persons. A person who was merged into another keeps what the register says:
// whoever reads finds who goes on.
func settleRegistrations(ctx context.Context, tx pgx.Tx, u Update) (out Registered, err error) {
	steps := []struct {
		count     *int64
		statement string
		args      []any
	}{
		{nil, "analyze registering", nil},
		{nil, `update registering r set id = p.id, area_before = p.area, died_before = p.died_on, name_before = p.name,
			fate = case when not p.registered then 'registered'
				when (p.name, p.sex, p.area, p.address) = (r.name, r.sex, r.area, r.address) and p.birth is not distinct from r.birth
					and p.died_on is not distinct from r.died_on and (r.phone_digest is null or p.phone_digest is not distinct from r.phone_digest)
				then 'same' else 'changed' end
			from person p where p.number_digest = r.number_digest`, nil},
		{&out.Same, "select from registering where fate = 'same'", nil},
		{nil, `create temporary table leaving on commit drop as select distinct p.id
			from unnest($1::bigint[], $2::bigint[]) a (lo, hi) join person p on p.area >= lo and p.area < hi
			where p.registered and not exists (select from registering r where r.id = p.id)`, bounds(u.Whole)},
		{&out.Gone, "update person p set registered = false from leaving l where p.id = l.id", nil},
		{&out.Changed, `update person p set name = r.name, pinyin = r.pinyin, initials = r.initials, sex = r.sex, birth = r.birth, area = r.area,
			address = r.address, died_on = r.died_on, registered = true,
			phone_digest = coalesce(r.phone_digest, p.phone_digest), phone_sealed = coalesce(r.phone_sealed, p.phone_sealed)
			from registering r where p.id = r.id and r.fate <> 'same'`, nil},
		{&out.New, `with made as (
				insert into person (number_digest, number_sealed, name, pinyin, initials, sex, birth, area, address, phone_digest, phone_sealed, died_on, registered)
				select number_digest, number_sealed, name, pinyin, initials, sex, birth, area, address, phone_digest, phone_sealed, died_on, true
				from registering where id is null order by area, number_digest
				returning id, number_digest)
			update registering r set id = m.id, fate = 'new' from made m where r.number_digest = m.number_digest`, nil},
	}
	for _, s := range steps {
		n, err := exec(ctx, tx, "updating the register", s.statement, s.args...)
		if err != nil {
			return out, err
		}
		if s.count != nil {
			*s.count = n
		}
	}
	return out, nil
}

// bounds are areas as two lists, of the first codes and of those after the last.
func bounds(areas []area.Code) []any {
	from, to := make([]int64, len(areas)), make([]int64, len(areas))
	for i, a := range areas {
		lo, hi := a.Range()
		from[i], to[i] = int64(lo), int64(hi)
	}
	return []any{from, to}
}

// noteRegistrations writes down what happened to whom. Who is new and was born within the year is noted as a birth on that day.
func noteRegistrations(ctx context.Context, tx pgx.Tx, u Update) error {
	_, err := exec(ctx, tx, "noting what changed in the register", `
		insert into change (unit, unit_id, kind, on_date, other, cause)
		select 'person', id, kind, least(on_date, $1::date), other, $2 from (
			select id, case when birth > $1::date - 366 then 'birth' else 'registered' end as kind,
				case when birth > $1::date - 366 then birth else $1::date end as on_date, null::bigint as other
			from registering where fate in ('new', 'registered')
			union all select id, 'move', $1::date, area_before from registering where fate = 'changed' and area <> area_before
			union all select id, 'renamed', $1::date, null from registering where fate = 'changed' and name <> name_before
			union all select id, 'death', died_on, null from registering where fate <> 'same' and died_on is not null and died_before is null
			union all select id, 'revived', $1::date, null from registering where fate = 'changed' and died_on is null and died_before is not null
			union all select id, 'deregistered', $1::date, null from leaving
		) c order by id, kind`, day(u.On), u.Cause)
	return err
}

// ids reads a column of ids.
func ids(ctx context.Context, tx pgx.Tx, query string, args ...any) ([]int64, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, failed("reading ids", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("reading ids: %w", err)
	}
	return all, nil
}
