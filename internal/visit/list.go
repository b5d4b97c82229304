package visit

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
)

// Visit is a visit as it stands.
type Visit struct {
	ID        int64
	Household int64
	Area      area.Code
	Home      registry.Home // zero where the household is to be seen no longer
	Purpose   Purpose
	Why       []Cause // the warnings that it looks into
	Item      int64
	People    int
	BothSign  bool
	Visitors  []Visitor
	Due       calendar.Date
	Note      string
	Planned   time.Time
	State     State
	Result    string
	Ended     time.Time
	EndedBy   int64
	Score     *money.Decimal // the difficulty index, nil of none
	Point     *Point         // where the home is, as an earlier visit found it
	warnings  []int64
}

// Cause is a warning that a visit looks into.
type Cause struct {
	Warning int64
	Level   string
	Name    pack.Text
	Open    bool
}

// Visitor is an account that goes.
type Visitor struct {
	Account int64
	Name    string
}

// Point is a place on earth, in degrees, and how exact it is in metres.
type Point struct{ Latitude, Longitude, Accuracy float64 }

// Has reports whether an account is among the visitors.
func (v *Visit) Has(account int64) bool {
	return slices.ContainsFunc(v.Visitors, func(o Visitor) bool { return o.Account == account })
}

// Overdue reports whether the visit should have been made before a day.
func (v *Visit) Overdue(on calendar.Date) bool { return v.State == Planned && v.Due < on }

// Level is the gravest level of the open warnings, "" of none.
func (v *Visit) Level() string {
	for _, level := range []string{"red", "orange", "yellow", "blue"} {
		if slices.ContainsFunc(v.Why, func(c Cause) bool { return c.Open && c.Level == level }) {
			return level
		}
	}
	return ""
}

// mostOfDay bounds a list; nobody visits as many homes.
const mostOfDay = 200

// Today are the planned visits of an account: first those that are due by the day, then the hardest, then by when they are due.
func (v *Visits) Today(ctx context.Context, tx pgx.Tx, account int64, on calendar.Date) ([]Visit, error) {
	all, err := v.read(ctx, tx, "state = 'planned' and visitors @> array[$1::bigint] order by due, id limit $2", account, mostOfDay)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b Visit) int {
		return cmp.Or(cmp.Compare(rank(a, on), rank(b, on)), -cmp.Compare(a.score(), b.score()), cmp.Compare(a.Due, b.Due), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func rank(v Visit, on calendar.Date) int {
	if v.Due <= on {
		return 0
	}
	return 1
}

func (v *Visit) score() money.Decimal {
	if v.Score == nil {
		return -1
	}
	return *v.Score
}

// Of are the visits to a household, the latest first.
func (v *Visits) Of(ctx context.Context, tx pgx.Tx, household int64) ([]Visit, error) {
	return v.read(ctx, tx, "household = $1 order by id desc limit $2", household, mostOfDay)
}

// For are the visits of an item of a filing, the latest first.
func (v *Visits) For(ctx context.Context, tx pgx.Tx, item int64) ([]Visit, error) {
	return v.read(ctx, tx, "item = $1 order by id desc limit $2", item, mostOfDay)
}

// Filter is which planned visits are wanted; its zero value is all.
type Filter struct {
	Purpose Purpose
	Visitor int64
	Area    area.Code
	DueBy   calendar.Date
}

// Planned are the planned visits in the area of who asks, by due day, from after a visit on.
func (v *Visits) Planned(ctx context.Context, tx pgx.Tx, f Filter, after Visit, most int) ([]Visit, error) {
	lo, hi := between(f.Area)
	if f.DueBy == 0 {
		f.DueBy = farthest
	}
	return v.read(ctx, tx, `state = 'planned' and (due, id) > ($1::date, $2::bigint) and ($3 = '' or purpose = $3) and ($4::bigint = 0 or visitors @> array[$4::bigint])
		and area >= $5 and area < $6 and due <= $7::date order by due, id limit $8`, day(after.Due), after.ID, string(f.Purpose), f.Visitor, lo, hi, day(f.DueBy), most)
}

// farthest is later than any visit is planned.
var farthest = calendar.Must(2199, 12, 31)

// between is the codes within an area, or all for none.
func between(in area.Code) (lo, hi int64) {
	if in == 0 {
		return 0, math.MaxInt64
	}
	from, to := in.Range()
	return int64(from), int64(to)
}

// One is a visit.
func (v *Visits) One(ctx context.Context, tx pgx.Tx, id int64) (Visit, error) {
	all, err := v.read(ctx, tx, "id = $1", id)
	if err != nil {
		return Visit{}, err
	}
	if len(all) == 0 {
		return Visit{}, fault.New(fault.NotFound, noVisit, nil)
	}
	return all[0], nil
}

// read reads visits with what else is shown of them, in as many queries however many they are.
func (v *Visits) read(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Visit, error) {
	rows, err := tx.Query(ctx, `select id, household, area, purpose, warnings, coalesce(item, 0), people, both_sign, visitors, due, note, planned_at, state, result,
		coalesce(ended_at, 'epoch'), coalesce(ended_by, 0) from visit where `+which, args...)
	if err != nil {
		return nil, failed("reading visits", err)
	}
	all, err := pgx.CollectRows(rows, scanVisit)
	if err != nil {
		return nil, failed("reading visits", err)
	}
	return all, v.complete(ctx, tx, all)
}

func scanVisit(row pgx.CollectableRow) (v Visit, err error) {
	var accounts []int64
	var due pgtype.Date
	err = row.Scan(&v.ID, &v.Household, &v.Area, &v.Purpose, &v.warnings, &v.Item, &v.People, &v.BothSign, &accounts, &due, &v.Note, &v.Planned, &v.State,
		&v.Result, &v.Ended, &v.EndedBy)
	if err != nil {
		return v, err
	}
	v.Due = dayOf(due)
	for _, a := range accounts {
		v.Visitors = append(v.Visitors, Visitor{Account: a})
	}
	return v, nil
}

// complete adds to visits whom they are to, what they look into, how hard the households are, and who goes.
func (v *Visits) complete(ctx context.Context, tx pgx.Tx, all []Visit) error {
	var households, warnings, accounts []int64
	for _, one := range all {
		households, warnings = append(households, one.Household), append(warnings, one.warnings...)
		for _, who := range one.Visitors {
			accounts = append(accounts, who.Account)
		}
	}
	homes, err := v.registry.Homes(ctx, tx, households)
	if err != nil {
		return err
	}
	scores, err := discovery.Scores(ctx, tx, households)
	if err != nil {
		return err
	}
	raised, err := discovery.WarningsByID(ctx, tx, warnings)
	if err != nil {
		return err
	}
	names, err := access.StaffNames(ctx, tx, accounts)
	if err != nil {
		return err
	}
	points, err := points(ctx, tx, households)
	if err != nil {
		return err
	}
	for i := range all {
		one := &all[i]
		one.Home, one.Point = homes[one.Household], points[one.Household]
		if score, ok := scores[one.Household]; ok {
			one.Score = &score
		}
		for j := range one.Visitors {
			one.Visitors[j].Name = names[one.Visitors[j].Account]
		}
		for _, id := range one.warnings {
			if w, ok := raised[id]; ok {
				one.Why = append(one.Why, Cause{id, w.Level, v.ruleName(w.Rule), w.Open})
			}
		}
	}
	return nil
}

// ruleName is what a warning's rule is called; one that the pack has no longer goes by its id.
func (v *Visits) ruleName(id string) pack.Text {
	for _, m := range v.pack.Mechanisms {
		for _, r := range m.Rules {
			if r.ID == id {
				return r.Name
			}
		}
	}
	return pack.Text{Zh: id, En: id}
}

// points is where the latest visit to each household was that told it.
func points(ctx context.Context, tx pgx.Tx, households []int64) (map[int64]*Point, error) {
	rows, err := tx.Query(ctx, `select distinct on (v.household) v.household, p.latitude::text, p.longitude::text, coalesce(p.accuracy, 0)::text
		from visit v join visit_place p on p.visit = v.id where v.household = any($1) and not p.refused and v.result in ('', 'met')
		order by v.household, p.at desc, p.device`, households)
	if err != nil {
		return nil, failed("reading places", err)
	}
	all := map[int64]*Point{}
	var household int64
	var written [3]string
	_, err = pgx.ForEachRow(rows, []any{&household, &written[0], &written[1], &written[2]}, func() error {
		var p Point
		for i, to := range []*float64{&p.Latitude, &p.Longitude, &p.Accuracy} {
			var err error
			if *to, err = strconv.ParseFloat(written[i], 64); err != nil {
				return err
			}
		}
		all[household] = &p
		return nil
	})
	return all, failed("reading places", err)
}

// Waiting is how many conflicts and bundles that were set aside wait for a decision, as far as whoever asks may see them.
func (v *Visits) Waiting(ctx context.Context, tx pgx.Tx) (n int64, err error) {
	err = tx.QueryRow(ctx, `select (select count(*) from visit_conflict where closed_at is null) + (select count(*) from visit_bundle where state = 'aside')`).Scan(&n)
	return n, failed("counting what waits", err)
}
