package visit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// Purpose is why somebody goes.
type Purpose string

// The purposes.
const (
	Warning Purpose = "warning" // 核实预警: to look into warnings
	Survey  Purpose = "survey"  // 入户调查: the township's, of a filing
	Sample  Purpose = "sample"  // 抽查: the county's
	Review  Purpose = "review"  // 定期核查
	Report  Purpose = "report"  // 核实反映: somebody told of the household
)

var purposes = map[Purpose]pack.Text{
	Warning: {Zh: "核实预警", En: "look into a warning"}, Survey: {Zh: "入户调查", En: "home survey"}, Sample: {Zh: "县级抽查", En: "county's sample"},
	Review: {Zh: "定期核查", En: "periodic review"}, Report: {Zh: "核实反映", En: "look into a report"},
}

// Purposes are all purposes.
func Purposes() []Purpose { return []Purpose{Warning, Survey, Sample, Review, Report} }

// Name is what the purpose is called.
func (p Purpose) Name(lang fault.Lang) string { return purposes[p].In(lang) }

// State is how far a visit is.
type State string

// The states.
const (
	Planned   State = "planned"
	Done      State = "done"
	Cancelled State = "cancelled"
)

// Result is how a visit that was made ended.
type Result string

// The results.
const (
	Met     Result = "met"     // somebody of the household was met
	Absent  Result = "absent"  // nobody was there
	Refused Result = "refused" // they would not receive the visitors
	Moved   Result = "moved"   // they live there no longer
)

var results = map[Result]pack.Text{
	Met: {Zh: "见到家里人", En: "met the family"}, Absent: {Zh: "家中无人", En: "nobody at home"}, Refused: {Zh: "不愿接受走访", En: "would not receive us"},
	Moved: {Zh: "已不在此居住", En: "live there no longer"},
}

// Results are all results, in the order in which they are asked.
func Results() []Result { return []Result{Met, Absent, Refused, Moved} }

// Name is what the result is called.
func (r Result) Name(lang fault.Lang) string { return results[r].In(lang) }

// Visits has the functions on visits. It is safe for concurrent use.
type Visits struct {
	pack     *pack.Pack
	registry *registry.Registry
	keys     *sealed.Keys
	explain  Explainer
}

// New is the visits under a pack, whose sheets ask what the explainer finds missing.
func New(p *pack.Pack, people *registry.Registry, keys *sealed.Keys, explain Explainer) *Visits {
	return &Visits{p, people, keys, explain}
}

// The names of sealed fields, which are bound into what is sealed.
const (
	bundleField = "visit.bundle"
	fileField   = "visit.file"

	deviceKeyField = "visit.device-key"
)

// SealedColumns are where this package keeps sealed values, for [sealed.Keys.Renew].
func SealedColumns() []sealed.Column {
	return []sealed.Column{
		{Table: "visit_bundle", Key: "n", Sealed: "content", Field: bundleField},
		{Table: "visit_chunk", Key: "n", Sealed: "content", Field: fileField},
		{Table: "visit_device_key", Key: "n", Sealed: "key", Field: deviceKeyField},
	}
}

var (
	noVisit     = fault.Text{Key: "visit.no-such-visit", Zh: "没有这次走访，或不在您的辖区", En: "there is no such visit, or not in your area"}
	notPlanned  = fault.Text{Key: "visit.ended", Zh: "这次走访已经结束或取消，不能再改", En: "this visit has ended or was cancelled and does not change"}
	noRight     = fault.Text{Key: "visit.no-right", Zh: "您的岗位不能这样做，或不在您的辖区", En: "your posting does not allow this, or it is not in your area"}
	noHousehold = fault.Text{Key: "visit.no-household", Zh: "没有这一户，或不在您的辖区", En: "there is no such household, or not in your area"}
)

// failed names what was being done. What the database says of a row stays out: it may hold what a family said.
func failed(doing string, err error) error {
	var p *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(fault.NotFound, noVisit, nil)
	case !errors.As(err, &p):
		return fmt.Errorf("%s: %w", doing, err)
	case p.Code == "42501": // row-level security or a missing grant
		return fault.New(fault.Forbidden, noRight, nil)
	case p.Code == "DZ500":
		return fault.New(fault.Conflict, notPlanned, nil)
	}
	bare := *p
	bare.Detail, bare.Where = "", ""
	return fmt.Errorf("%s: %w", doing, &bare)
}

func record(ctx context.Context, tx pgx.Tx, kind, subject string, detail any) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: subject, Detail: detail})
	return err
}

func subject(visit int64) string { return fmt.Sprintf("visit:%d", visit) }

// lock keeps who writes answers about a household apart, until the end of the transaction: so numbers of answers are in the order of commits.
func lock(ctx context.Context, tx pgx.Tx, household int64) error {
	_, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('dajiuzhu visits of ' || $1::bigint, 0))", household)
	return failed("waiting to write answers", err)
}

// day is a date as the driver takes it.
func day(d calendar.Date) pgtype.Date {
	year, month, n := d.YMD()
	return pgtype.Date{Time: time.Date(year, month, n, 0, 0, 0, 0, time.UTC), Valid: true}
}

func dayOf(d pgtype.Date) calendar.Date {
	return calendar.Must(d.Time.Year(), d.Time.Month(), d.Time.Day())
}

// place is where the platform's days begin.
var place = time.FixedZone("UTC+8", 8*60*60)

func dayIn(t time.Time) calendar.Date {
	year, month, n := t.In(place).Date()
	return calendar.Must(year, month, n)
}
