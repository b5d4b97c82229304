package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

// Occasion is what a filing is made on.
type Occasion string

// The occasions.
const (
	Application Occasion = "application" // somebody asks
	FromWarning Occasion = "warning"
	Emergency   Occasion = "emergency"
	FromReview  Occasion = "review"
	FromList    Occasion = "list" // help without application
	FromAppeal  Occasion = "appeal"
	AfterMove   Occasion = "moved"
)

// Filing is a filing to be made.
type Filing struct {
	Household  int64     // 0 of somebody who is not in the record
	About      string    // who that is
	Area       area.Code // where that is; a household's is the record's
	Applicant  int64     // a member, 0 of none
	Occasion   Occasion
	Cause      string        // "warning:12": what sets off a filing does so once; "" is nothing in particular
	Channel    string        // window, village, phone, web, hotline, system
	Proxy      string        // where the paper is kept by which the family had the assistant file; "" of none
	Resident   int64         // the account that may follow it as its own, 0 of none
	Discovered calendar.Date // when the platform first knew of the need; 0 is not known
	Items      []Want
}

// Filed is a filing that was made.
type Filed struct {
	ID    int64
	Items []int64 // in the order of what was wanted
}

var nothingWanted = fault.Text{Key: "casework.nothing-wanted", Zh: "没有选择要申请的项目", En: "no programme is chosen to be filed"}

// File makes a filing and its items, each at the beginning of its procedure.
func (c *Casework) File(ctx context.Context, tx pgx.Tx, f Filing, now time.Time) (Filed, error) {
	if len(f.Items) == 0 {
		return Filed{}, fault.New(fault.Invalid, nothingWanted, nil)
	}
	id, err := c.file(ctx, tx, f, now)
	if err != nil {
		return Filed{}, err
	}
	rows, err := tx.Query(ctx, "select id from item where filing = $1 order by id", id)
	if err != nil {
		return Filed{}, fmt.Errorf("reading the items of a filing: %w", err)
	}
	items, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return Filed{}, fmt.Errorf("reading the items of a filing: %w", err)
	}
	return Filed{id, items}, nil
}

func (c *Casework) file(ctx context.Context, tx pgx.Tx, f Filing, now time.Time) (id int64, err error) {
	var discovered *string
	if f.Discovered != 0 {
		s := f.Discovered.String()
		discovered = &s
	}
	err = tx.QueryRow(ctx, `insert into filing (household, about, area, applicant, occasion, cause, channel, proxy, resident, discovered_on, filed_at)
		values (nullif($1, 0), $2, $3, nullif($4, 0), $5, $6, $7, $8, nullif($9, 0), $10::date, $11) returning id`,
		f.Household, f.About, int64(f.Area), f.Applicant, string(f.Occasion), f.Cause, f.Channel, f.Proxy, f.Resident, discovered, now).Scan(&id)
	if err != nil {
		return 0, refused("making a filing", noFiling, err)
	}
	for _, w := range f.Items {
		if err := c.openItem(ctx, tx, id, w, now); err != nil {
			return 0, err
		}
	}
	return id, record(ctx, tx, "casework.file", "filing", id, map[string]any{"household": f.Household, "occasion": f.Occasion, "cause": f.Cause, "items": len(f.Items)})
}

func (c *Casework) openItem(ctx context.Context, tx pgx.Tx, filing int64, w Want, now time.Time) error {
	version, p, err := versionOn(ctx, tx, w, dayOf(now))
	if err != nil {
		return err
	}
	s := standing{done: map[string]time.Time{}}
	l := s.limits(c.pack.Calendar, p)
	var amount *string
	if w.Amount != nil {
		a := w.Amount.String()
		amount = &a
	}
	_, err = tx.Exec(ctx, `insert into item (filing, programme, recognises, person, version, outcome, amount, due_at, due_step, limit_at, due_unknown)
		values ($1, $2, $3, nullif($4, 0), $5, $6, $7::numeric, $8, $9, $10, $11)`,
		filing, w.Programme, w.Recognises, w.Person, version, w.Outcome, amount, l.due, l.step, l.whole, l.unknown)
	return refused("opening an item", noFiling, err)
}
