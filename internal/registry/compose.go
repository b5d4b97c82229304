package registry

import (
	"context"
	"iter"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

var (
	composedBefore = fault.Text{Key: "registry.composed-before",
		Zh: "家庭已按{since}组成，不能再按更早的{on}组成", En: "households were composed as of {since}; they cannot be composed as of an earlier day, {on}"}
	inTwoHouseholds = fault.Text{Key: "registry.in-two-households",
		Zh: "{count}个人同时被组进两个家庭。请核对家庭组成", En: "{count} persons were composed into two households at once; check the composition"}
)

// Composition is a household as it was composed.
type Composition struct {
	Key     string
	Area    area.Code
	Members []Member // the member of reference first
}

// Member is somebody in a composition.
type Member struct {
	Person  int64
	Role    string // relation to the member of reference, a code of the pack, "" if not known
	Counted bool
}

// Composing is households as of a day: all of them, or those of some persons.
type Composing struct {
	Households iter.Seq[Composition]
	// Persons, beside those composed, are whose households are composed: one who is in no composition is in no household any more. Nil is
	// everybody. Of whoever else belongs to a household that is brought up nothing is said, and he stays in it.
	Persons []int64
	On      calendar.Date
	Source  string // what says so, "composed" of the pack's links
	Cause   string // as "batch:12" or "run:3"
}

// Composed is what a composing came to. Households is the id of each composition, in their order.
type Composed struct {
	Households           []int64
	Founded, Ended, Kept int64
	Changed              []int64 // households of which something changed, founded and ended ones too, in their order
	Gone                 []int64 // households that ended
}

// Compose brings the households up to a composition of that day, and writes down what changed.
func (r *Registry) Compose(ctx context.Context, tx pgx.Tx, c Composing) (Composed, error) {
	if err := stageComposition(ctx, tx, c); err != nil {
		return Composed{}, err
	}
	if err := checkComposition(ctx, tx, c.On); err != nil {
		return Composed{}, err
	}
	var out Composed
	for _, s := range composingSteps(c, &out) {
		n, err := exec(ctx, tx, "composing households", s.statement, s.args...)
		if err != nil {
			return Composed{}, err
		}
		if s.count != nil {
			*s.count = n
		}
	}
	var err error
	if out.Households, err = ids(ctx, tx, "select household from composing order by ordinal"); err != nil {
		return Composed{}, err
	}
	if out.Changed, err = ids(ctx, tx, "select distinct unit_id from composing_change order by 1"); err != nil {
		return Composed{}, err
	}
	if out.Gone, err = ids(ctx, tx, "select id from standing where ordinal is null and staying = 0 order by id"); err != nil {
		return Composed{}, err
	}
	_, err = exec(ctx, tx, "ending the composing", "drop table composing, composing_member, standing, standing_member, composing_change")
	return out, err
}

// stageComposition copies the compositions beside the households.
func stageComposition(ctx context.Context, tx pgx.Tx, c Composing) error {
	if _, err := exec(ctx, tx, "preparing to compose households", `
		create temporary table composing (ordinal int, key text, area bigint, household bigint, fate text) on commit drop;
		create temporary table composing_member (ordinal int, person bigint, head bool, role text, counted bool) on commit drop;
		create temporary table composing_change (unit_id bigint, kind text, other bigint) on commit drop`); err != nil {
		return err
	}
	if err := copyComposition(ctx, tx, c.Households); err != nil {
		return err
	}
	if _, err := exec(ctx, tx, "preparing to compose households", "analyze composing; analyze composing_member"); err != nil {
		return err
	}
	return findStanding(ctx, tx, c.Persons)
}

// findStanding finds the households that stand, and may become others: those of the persons asked for, and of all who were composed; and which
// of their members something is said of. The others stay.
func findStanding(ctx context.Context, tx pgx.Tx, persons []int64) error {
	const doing = "finding the households that stand"
	whose, args := "", []any{}
	if persons != nil {
		whose, args = " and m.person = any($1 || array(select person from composing_member))", []any{persons}
	}
	if _, err := exec(ctx, tx, doing, "create temporary table standing_member on commit drop as select m.* from membership m where m.to_date is null"+whose, args...); err != nil {
		return err
	}
	if _, err := exec(ctx, tx, doing, `analyze standing_member; create temporary table standing on commit drop as
		select h.id, h.area, h.key, h.from_date, null::int as ordinal,
			(select count(*) from membership m where m.household = h.id and m.to_date is null) - t.told as staying
		from household h join (select household, count(*) as told from standing_member group by household) t on t.household = h.id where h.to_date is null`); err != nil {
		return err
	}
	_, err := exec(ctx, tx, doing, "analyze standing")
	return err
}

func copyComposition(ctx context.Context, tx pgx.Tx, all iter.Seq[Composition]) error {
	const atOnce = 1 << 16
	var households, members [][]any
	flush := func() error {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"composing"}, []string{"ordinal", "key", "area"}, pgx.CopyFromRows(households)); err != nil {
			return failed("copying households", err)
		}
		columns := []string{"ordinal", "person", "head", "role", "counted"}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"composing_member"}, columns, pgx.CopyFromRows(members)); err != nil {
			return failed("copying members", err)
		}
		households, members = households[:0], members[:0]
		return nil
	}
	ordinal := 0
	for h := range all {
		households = append(households, []any{ordinal, h.Key, int64(h.Area)})
		for n, m := range h.Members {
			members = append(members, []any{ordinal, m.Person, n == 0, m.Role, m.Counted})
		}
		ordinal++
		if len(members) < atOnce {
			continue
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return flush()
}

// checkComposition refuses what cannot be a next composition.
func checkComposition(ctx context.Context, tx pgx.Tx, on calendar.Date) error {
	var twice int64
	err := tx.QueryRow(ctx, "select count(*) from (select from composing_member group by person having count(*) > 1) d").Scan(&twice)
	if err != nil {
		return failed("checking the composition", err)
	}
	if twice > 0 {
		return fault.New(fault.Invalid, inTwoHouseholds, fault.Args{"count": twice})
	}
	var since string
	err = tx.QueryRow(ctx, `select coalesce(max(greatest(s.from_date, m.from_date, m.to_date))::text, '') from standing s join membership m on m.household = s.id
		where m.from_date > $1 or m.to_date > $1`, day(on)).Scan(&since)
	if err != nil {
		return failed("checking the composition", err)
	}
	if since != "" {
		return fault.New(fault.Conflict, composedBefore, fault.Args{"since": since, "on": on.String()})
	}
	return nil
}

type composingStep struct {
	count     *int64
	statement string
	args      []any
}

func composingSteps(c Composing, out *Composed) []composingStep {
	on := day(c.On)
	return []composingStep{
		// Which standing household goes on as which of those composed: each is the other's nearest.
		{nil, `with shared as (
				select c.ordinal, m.household, count(*) as people, bool_or(c.head and m.head) as same_head, bool_or(c.head) as head_came, bool_or(m.head) as head_went
				from composing_member c join membership m on m.person = c.person and m.to_date is null join standing s on s.id = m.household
				group by c.ordinal, m.household),
			ranked as (
				select *, row_number() over (partition by ordinal order by people desc, head_came desc, household) as of_composed,
					row_number() over (partition by household order by people desc, head_went desc, ordinal) as of_standing
				from shared)
			update composing c set household = r.household, fate = 'kept' from ranked r join standing s on s.id = r.household
			where r.ordinal = c.ordinal and r.of_composed = 1 and r.of_standing = 1 and r.people > s.staying`, nil},
		{&out.Kept, "select from composing where household is not null", nil},
		{nil, `update composing set household = nextval('household_id_seq'), fate = 'founded' where household is null`, nil},
		{&out.Founded, `insert into household (id, key, area, from_date) overriding system value
			select household, key, area, $1 from composing where fate = 'founded' order by ordinal`, []any{on}},
		{nil, `update standing s set ordinal = c.ordinal from composing c where c.household = s.id and c.fate = 'kept'`, nil},
		{nil, "analyze composing; analyze standing", nil},
		// What changed, told by the memberships as they still stand.
		{nil, `insert into composing_change
			select household, 'founded', null from composing where fate = 'founded'
			union all
			select c.household, 'member-in', n.person from composing c join composing_member n using (ordinal)
				left join membership m on m.household = c.household and m.person = n.person and m.to_date is null
				where c.fate = 'kept' and m.id is null
			union all
			select s.id, 'member-out', m.person from standing s join standing_member m on m.household = s.id
				left join composing_member n on n.ordinal = s.ordinal and n.person = m.person
				where (s.ordinal is not null or s.staying > 0) and n.person is null
			union all
			select s.id, 'ended', null from standing s where s.ordinal is null and s.staying = 0
			union all
			select c.household, 'move', s.area from composing c join standing s on s.ordinal = c.ordinal where s.area <> c.area
			union all -- whose people left a household that goes on
			select distinct c.household, 'split', s.id from composing c join composing_member n using (ordinal)
				join membership m on m.person = n.person and m.to_date is null join standing s on s.id = m.household
				where c.fate = 'founded' and (s.ordinal is not null or s.staying > 0)
			union all -- whose people went into a household that goes on
			select distinct s.id, 'joined', c.household from standing s join membership m on m.household = s.id and m.to_date is null
				join composing_member n on n.person = m.person join composing c on c.ordinal = n.ordinal
				where s.ordinal is null and s.staying = 0 and c.fate = 'kept'`, nil},
		{nil, `insert into change (unit, unit_id, kind, on_date, other, cause)
			select 'household', unit_id, kind, $1, other, $2 from composing_change order by unit_id, kind, other`, []any{on, c.Cause}},
		// A membership that would last no day never was.
		{nil, `create temporary table ending_membership on commit drop as
			select m.id, m.from_date from standing s join standing_member m on m.household = s.id
			left join composing_member n on n.ordinal = s.ordinal and n.person = m.person
			where n.person is null or (n.head, n.role, n.counted) <> (m.head, m.role, m.counted)`, nil},
		{nil, "delete from membership m using ending_membership e where m.id = e.id and e.from_date >= $1", []any{on}},
		{nil, "update membership m set to_date = $1 from ending_membership e where m.id = e.id and e.from_date < $1", []any{on}},
		{nil, "drop table ending_membership", nil},
		{nil, `insert into membership (household, person, head, role, counted, source, from_date)
			select c.household, n.person, n.head, n.role, n.counted, $2, $1 from composing c join composing_member n using (ordinal)
			left join membership m on m.household = c.household and m.person = n.person and m.to_date is null
			where m.id is null order by c.ordinal, n.head desc, n.person`, []any{on, c.Source}},
		{nil, `update household h set area = c.area, key = c.key from composing c where c.household = h.id and (h.area, h.key) <> (c.area, c.key)`, nil},
		// A household that would last no day keeps that one: what was said of it, and what happened, must not hang in the air.
		{&out.Ended, `update household h set to_date = greatest($1, h.from_date + 1) from standing s where s.id = h.id and s.ordinal is null and s.staying = 0`, []any{on}},
	}
}
