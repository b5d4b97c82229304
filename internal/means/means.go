// Package means keeps checks of a household's means (核对): what banks, securities firms and insurers say of those who authorised it.
//
// A [Check] covers persons. Each has signed an authorisation ([Checks.Authorise]); only then is it requested, and only while all are still
// valid is its report taken ([Checks.Report]), whose facts become statements of the registry that hold until the report expires. No
// other way leads to a fact that the pack marks as needing consent: the database itself refuses.
//
//	check, err := checks.Draft(ctx, tx, means.Draft{Household: 12, Scope: []means.Covered{{Person: 34, Role: means.Member}}, Reason: "低保申请"})
//	err = checks.Request(ctx, tx, check, today)
//	err = checks.Report(ctx, tx, pack, check, means.Report{Paper: "2026-0815", On: today, Expires: later, Items: items, Facts: facts})
//
// A report that is objected to counts until the check is made again: its statements are withdrawn when the new report is there.
package means

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// State is where a check stands.
type State string

// The states of a check.
const (
	Drafted    State = "drafted"
	Requested  State = "requested"
	Reported   State = "reported"
	Objected   State = "objected"
	Superseded State = "superseded" // by the report of the check that was made again
	Expired    State = "expired"
	Cancelled  State = "cancelled"
)

// moves are the ways in which a check goes on. The database holds to the same.
var moves = map[State][]State{
	Drafted:   {Requested, Cancelled},
	Requested: {Reported, Cancelled},
	Reported:  {Objected, Expired},
	Objected:  {Superseded, Reported, Expired},
}

// Role is why a check covers somebody.
type Role string

// The roles in a check.
const (
	Member    Role = "member"
	Supporter Role = "supporter" // owes support to a member, and lives elsewhere
)

const accountField = "means.account"

var (
	noCheck  = fault.Text{Key: "means.no-such-check", Zh: "没有这项核对，或不在您的辖区", En: "there is no such check, or not in your area"}
	wrongWay = fault.Text{Key: "means.wrong-way", Zh: "核对现在不能这样办理。请刷新后查看它的状态", En: "the check cannot go on that way now; load it again and look at its state"}
	unsigned = fault.Text{Key: "means.unsigned",
		Zh: "核对范围内有人没有签署授权，或授权已过期、已撤销。请先补签授权书", En: "somebody whom the check covers has not authorised it, or the authorisation ended or was revoked; have it signed first"}
	notCovered = fault.Text{Key: "means.not-covered", Zh: "报告里的内容超出了核对范围", En: "the report speaks of somebody or something that the check does not cover"}
	twoChecks  = fault.Text{Key: "means.two-checks", Zh: "这一户已有核对正在进行", En: "a check of this household is under way"}
	noRight    = fault.Text{Key: "means.no-right", Zh: "您没有办理核对的权限，或这一户不在您的辖区", En: "you may not deal with checks, or the household is not in your area"}
	incomplete = fault.Text{Key: "means.incomplete", Zh: "缺少必填内容，或日期先后不对：{what}", En: "something needed is missing, or dates are out of order: {what}"}
)

// refused makes a fault of what the database refused.
func refused(doing string, err error) error {
	var p *pgconn.PgError
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, noCheck, nil)
	}
	if !errors.As(err, &p) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch {
	case p.Code == "DZ420":
		return fault.New(fault.Conflict, wrongWay, nil)
	case p.Code == "DZ421":
		return fault.New(fault.Conflict, unsigned, nil)
	case p.Code == "DZ422" || p.Code == "DZ423":
		return fault.New(fault.Forbidden, notCovered, nil)
	case p.ConstraintName == "means_check_running":
		return fault.New(fault.Conflict, twoChecks, nil)
	case p.Code == "42501": // row-level security or a missing grant
		return fault.New(fault.Forbidden, noRight, nil)
	case p.Code == "23514" || p.Code == "22007":
		return fault.New(fault.Invalid, incomplete, fault.Args{"what": p.ConstraintName})
	}
	bare := *p
	bare.Detail, bare.Where = "", ""
	return fmt.Errorf("%s: %w", doing, &bare)
}

// Checks has the functions on checks. It is safe for concurrent use.
type Checks struct {
	keys     *sealed.Keys
	registry *registry.Registry
}

// New is the checks whose reports' facts the registry keeps.
func New(keys *sealed.Keys, r *registry.Registry) *Checks { return &Checks{keys, r} }

// ApplyPack tells the database which facts need consent, as the owner. Until then only the program refuses them.
func ApplyPack(ctx context.Context, tx pgx.Tx, p *pack.Pack) error {
	paths := []string{}
	for _, f := range p.Facts {
		if f.Consent {
			paths = append(paths, f.Path())
		}
	}
	if _, err := tx.Exec(ctx, "delete from consent_fact where fact <> all($1)", paths); err != nil {
		return refused("applying the pack's consent-only facts", err)
	}
	_, err := tx.Exec(ctx, "insert into consent_fact select unnest($1::text[]) on conflict do nothing", paths)
	if err != nil {
		return refused("applying the pack's consent-only facts", err)
	}
	return nil
}

// Covered is somebody in the scope of a check.
type Covered struct {
	Person int64
	Role   Role
}

// Draft is a check to be made.
type Draft struct {
	Household int64
	Scope     []Covered
	Reason    string
	RecheckOf int64 // the check whose report was objected to, 0 of a first check
}

// Draft begins a check and returns its id.
func (c *Checks) Draft(ctx context.Context, tx pgx.Tx, d Draft) (check int64, err error) {
	err = tx.QueryRow(ctx, "insert into means_check (household, reason, recheck_of) values ($1, $2, nullif($3, 0)) returning id",
		d.Household, d.Reason, d.RecheckOf).Scan(&check)
	if err != nil {
		return 0, refused("drafting a check", err)
	}
	for _, s := range d.Scope {
		if _, err := tx.Exec(ctx, "insert into means_scope (check_id, person, role) values ($1, $2, $3)", check, s.Person, string(s.Role)); err != nil {
			return 0, refused("setting the scope of a check", err)
		}
	}
	return check, record(ctx, tx, "means.draft", check, map[string]any{"household": d.Household, "covers": len(d.Scope)})
}

// Authorisation is a person's consent on paper.
type Authorisation struct {
	Person   int64
	SignedBy string // the person, or the guardian of who cannot sign
	Paper    string // where the signed paper is kept
	Pledge   string // the words of the pledge that was signed with it, "" of none
	Holds    calendar.Span
}

// Authorise writes down a signed consent and returns its id. The same paper again is the same consent.
func (c *Checks) Authorise(ctx context.Context, tx pgx.Tx, a Authorisation) (id int64, err error) {
	err = tx.QueryRow(ctx, `select id from authorisation where person = $1 and paper = $2 and from_date = $3::date and to_date = $4::date and revoked_on is null`,
		a.Person, a.Paper, a.Holds.From.String(), a.Holds.To.String()).Scan(&id)
	if !errors.Is(err, pgx.ErrNoRows) {
		if err != nil {
			err = refused("writing down an authorisation", err)
		}
		return id, err
	}
	err = tx.QueryRow(ctx, "insert into authorisation (person, signed_by, paper, pledge, from_date, to_date) values ($1, $2, $3, $4, $5::date, $6::date) returning id",
		a.Person, a.SignedBy, a.Paper, a.Pledge, a.Holds.From.String(), a.Holds.To.String()).Scan(&id)
	if err != nil {
		return 0, refused("writing down an authorisation", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "means.authorise", Subject: fmt.Sprintf("person:%d", a.Person),
		Detail: map[string]any{"authorisation": id, "paper": a.Paper}})
	return id, err
}

// Revoke ends a consent on a day. Reports received before stay.
func (c *Checks) Revoke(ctx context.Context, tx pgx.Tx, authorisation int64, on calendar.Date, reason string) error {
	var person int64
	err := tx.QueryRow(ctx, "update authorisation set revoked_on = $2::date, revocation = $3 where id = $1 returning person",
		authorisation, on.String(), reason).Scan(&person)
	if err != nil {
		return refused("revoking an authorisation", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "means.revoke", Subject: fmt.Sprintf("person:%d", person),
		Detail: map[string]any{"authorisation": authorisation, "reason": reason}})
	return err
}

// Request sends a drafted check out: everybody whom it covers has authorised it.
func (c *Checks) Request(ctx context.Context, tx pgx.Tx, check int64, on calendar.Date) error {
	return move(ctx, tx, check, Requested, "means.request", nil, ", requested_on = $3::date", on.String())
}

// Cancel ends a check without a report.
func (c *Checks) Cancel(ctx context.Context, tx pgx.Tx, check int64, reason string) error {
	return move(ctx, tx, check, Cancelled, "means.cancel", map[string]any{"reason": reason}, "")
}

// Object notes that the household objects to a report, which is to be checked again.
func (c *Checks) Object(ctx context.Context, tx pgx.Tx, check int64, objection string) error {
	if objection == "" {
		return fault.New(fault.Invalid, incomplete, fault.Args{"what": "objection"})
	}
	return move(ctx, tx, check, Objected, "means.object", nil, ", objection = $3", objection)
}

// Uphold ends an objection that came to nothing: the report stands.
func (c *Checks) Uphold(ctx context.Context, tx pgx.Tx, check int64, reason string) error {
	return move(ctx, tx, check, Reported, "means.uphold", map[string]any{"reason": reason}, "")
}

// Expire ends the reports that count no longer on a day, as a job, and returns which.
func (c *Checks) Expire(ctx context.Context, tx pgx.Tx, on calendar.Date) ([]int64, error) {
	rows, err := tx.Query(ctx, "update means_check set state = 'expired' where state in ('reported', 'objected') and expires_on <= $1::date returning id", on.String())
	if err != nil {
		return nil, refused("ending reports", err)
	}
	ended, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, refused("ending reports", err)
	}
	for _, check := range ended {
		if err := record(ctx, tx, "means.expire", check, nil); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// move takes a check to a state to which its own leads.
func move(ctx context.Context, tx pgx.Tx, check int64, to State, act string, detail any, set string, args ...any) error {
	var from State
	err := tx.QueryRow(ctx, "select state from means_check where id = $1 for no key update", check).Scan(&from)
	if err != nil {
		return refused("looking up a check", err)
	}
	if !leads(from, to) {
		return fault.New(fault.Conflict, wrongWay, nil)
	}
	if _, err := tx.Exec(ctx, "update means_check set state = $2"+set+" where id = $1", append([]any{check, string(to)}, args...)...); err != nil {
		return refused("moving a check on", err)
	}
	return record(ctx, tx, act, check, detail)
}

func leads(from, to State) bool {
	for _, s := range moves[from] {
		if s == to {
			return true
		}
	}
	return false
}

// Item is something that a report found.
type Item struct {
	Person      int64
	Kind        string // bank, securities, insurance or other
	Institution string
	Account     sealed.Secret
	Amount      money.Decimal // in yuan, with at most two places
	On          calendar.Date
}

// Fact is a value of a fact of the pack that a report states.
type Fact struct {
	Unit  pack.Unit
	Of    int64
	Path  string
	Value any
}

// Report is what came back.
type Report struct {
	Paper   string // where the report is kept
	From    string // who made it
	On      calendar.Date
	Expires calendar.Date // from this day it counts no longer
	Items   []Item
	Facts   []Fact
}

// Report takes the report of a requested check. Its facts become statements that hold until it expires; those of the report that was objected
// to, if the check is made again, are withdrawn.
func (c *Checks) Report(ctx context.Context, tx pgx.Tx, p *pack.Pack, check int64, r Report) error {
	err := move(ctx, tx, check, Reported, "means.report", map[string]any{"items": len(r.Items), "facts": len(r.Facts)},
		", reported_on = $3::date, expires_on = $4::date", r.On.String(), r.Expires.String())
	if err != nil {
		return err
	}
	var report, former int64
	err = tx.QueryRow(ctx, `with made as (insert into means_report (check_id, paper, received_on) values ($1, $2, $3::date) returning id)
		select made.id, coalesce(c.recheck_of, 0) from made, means_check c where c.id = $1`, check, r.Paper, r.On.String()).Scan(&report, &former)
	if err != nil {
		return refused("taking a report", err)
	}
	for _, i := range r.Items {
		if i.Amount%(money.Scale/100) != 0 {
			return fault.New(fault.Invalid, incomplete, fault.Args{"what": "amount"})
		}
		if err := c.keep(ctx, tx, report, i); err != nil {
			return err
		}
	}
	for _, f := range r.Facts {
		_, err := c.registry.State(ctx, tx, p, registry.Statement{Unit: f.Unit, Of: f.Of, Fact: f.Path, Value: f.Value, Source: registry.Check,
			Holds: calendar.Span{From: r.On, To: r.Expires}, SaidBy: r.From, SaidOn: r.On, Evidence: r.Paper, Report: report})
		if err != nil {
			return refused("stating a fact of a report", err)
		}
	}
	if former == 0 {
		return nil
	}
	return c.supersede(ctx, tx, former)
}

// keep writes an item of a report down.
func (c *Checks) keep(ctx context.Context, tx pgx.Tx, report int64, i Item) error {
	var id int64
	if err := tx.QueryRow(ctx, "select nextval('means_item_id_seq')").Scan(&id); err != nil {
		return refused("taking an item of a report", err)
	}
	_, err := tx.Exec(ctx, `insert into means_item (id, report, person, kind, institution, account_sealed, amount, on_date)
		overriding system value values ($1, $2, $3, $4, $5, $6, $7::numeric, $8::date)`,
		id, report, i.Person, i.Kind, i.Institution, c.keys.Seal(sealed.In(accountField, id), i.Account.Plain()), i.Amount.String(), i.On.String())
	if err != nil {
		return refused("taking an item of a report", err)
	}
	return nil
}

// supersede ends the report that was objected to, and what it stated.
func (c *Checks) supersede(ctx context.Context, tx pgx.Tx, check int64) error {
	if err := move(ctx, tx, check, Superseded, "means.supersede", nil, ""); err != nil {
		return err
	}
	var report int64
	if err := tx.QueryRow(ctx, "select id from means_report where check_id = $1", check).Scan(&report); err != nil {
		return refused("looking up the former report", err)
	}
	stated, err := c.registry.ReportedBy(ctx, tx, report)
	if err != nil {
		return err
	}
	for _, s := range stated {
		if err := c.registry.Withdraw(ctx, tx, s, "复核后以新报告为准"); err != nil {
			return err
		}
	}
	return nil
}

func record(ctx context.Context, tx pgx.Tx, kind string, check int64, detail any) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: fmt.Sprintf("means-check:%d", check), Detail: detail})
	return err
}
