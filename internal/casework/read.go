package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
)

// FilingFile is a filing with the items of it that whoever asks may see.
type FilingFile struct {
	ID, Household, Applicant int64
	Called, About            string
	Area                     area.Code
	Occasion                 Occasion
	Cause, Channel, Proxy    string
	Resident                 int64
	Discovered               calendar.Date // 0: not known
	Filed                    time.Time
	By                       int64 // the account that made it
	Role                     string
	Items                    []*Queued
	Papers                   []PaperKept
}

// Filing reads a filing.
func (c *Casework) Filing(ctx context.Context, tx pgx.Tx, id int64) (*FilingFile, error) {
	f := &FilingFile{ID: id}
	var discovered *string
	err := tx.QueryRow(ctx, `select coalesce(household, 0), coalesce(applicant, 0), called, about, area, occasion, cause, channel, proxy, coalesce(resident, 0),
			discovered_on::text, filed_at, account, role from filing where id = $1`, id).Scan(&f.Household, &f.Applicant, &f.Called, &f.About, (*int64)(&f.Area),
		&f.Occasion, &f.Cause, &f.Channel, &f.Proxy, &f.Resident, &discovered, &f.Filed, &f.By, &f.Role)
	if err != nil {
		return nil, refused("reading a filing", noFiling, err)
	}
	f.Discovered = dateOf(discovered)
	rows, err := tx.Query(ctx, "select "+queuedColumns+" from item i where i.filing = $1 order by i.id", id)
	if err != nil {
		return nil, fmt.Errorf("reading the items of a filing: %w", err)
	}
	if f.Items, err = c.queued(ctx, tx, rows); err != nil {
		return nil, err
	}
	f.Papers, err = papersOf(ctx, tx, id)
	return f, err
}

// ItemFile is an item with all that was done.
type ItemFile struct {
	*Queued
	Procedure  *Procedure
	Position   int       // the place of the step done last that counts
	Notice     time.Time // the first moment at which the notice has stood long enough; zero is none
	Extended   bool
	Authority  Authority // who decides, as of now
	Steps      []StepDone
	Events     []Event
	Objections []Objection
	Decisions  []Decision // the last is the one that stands
	Awards     []Award
}

// StepDone is a step that was done.
type StepDone struct {
	ID                int64
	Step              *Step // nil: of a version by which the item goes no longer
	StepID, Gives     string
	Counts            bool // it was not taken back by a return
	At                time.Time
	By                int64
	Role              string
	People            []int64
	Signer, Signature string
	Result            string
	Amount            *money.Decimal
	Reason            string
	Detail            map[string]any
	Meeting           int64
	Checked           int64 // the means check that it rests on, 0 of none
	Visit             int64 // the visit that it writes down, 0 of none
}

// Event is what happened to an item beside its steps.
type Event struct {
	ID                int64
	Kind              string
	At                time.Time
	By                int64
	Role              string
	To                string // the step that it was returned to
	Reason            string
	Signer, Signature string
}

// Authority is who decides, in whose name, and what can be done against it.
type Authority struct {
	ID       string
	Rank     string
	Name     pack.Text
	Basis    string // law, entrusted, devolved, charter
	Letter   pack.Text
	Refusal  pack.Text
	Seal     pack.Text
	UpTo     *money.Decimal // yuan; nil: no limit
	Remedies []RemedyOpen
}

// Decision is a decision with what it rests on.
type Decision struct {
	ID, Step    int64
	Result      string // granted, refused
	Grants      []Grant
	Authority   Authority // the version that decided
	Outcome     string    // of the engine, on the day; "" if it was not asked
	Against     bool      // decided otherwise than the engine
	Reason      string
	Facts       []byte // digest of the facts; nil if the engine was not asked
	Inputs      string // the facts, as JSON
	Pack        string
	Engine      string
	On          calendar.Date
	Explanation string // the engine's of this item, as JSON; empty if it was not asked
}

// Award is what was granted.
type Award struct {
	ID, Item, Household, Person int64
	Programme                   string
	Recognises                  bool
	Component                   string
	Amount                      *money.Decimal // yuan; nil of what is no money
	Per                         string
	From                        calendar.Date
	To                          calendar.Date // exclusive; 0: until it is ended
}

// Item reads an item with its history.
func (c *Casework) Item(ctx context.Context, tx pgx.Tx, id int64, now time.Time) (*ItemFile, error) {
	rows, err := tx.Query(ctx, "select "+queuedColumns+" from item i where i.id = $1", id)
	if err != nil {
		return nil, fmt.Errorf("reading an item: %w", err)
	}
	found, err := c.queued(ctx, tx, rows)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, refused("reading an item", noItem, pgx.ErrNoRows)
	}
	f := &ItemFile{Queued: found[0]}
	var version int64
	var notice *time.Time
	var authority []byte
	var upTo *string
	err = tx.QueryRow(ctx, `select i.version, i.position, i.notice_until, i.extended, a.authority, a.rank, a.up_to::text, a.content
		from item i, lateral casework_authority(i.authority, $2::date, i.amount) a where i.id = $1`, id, dayOf(now).String()).Scan(&version, &f.Position, &notice,
		&f.Extended, &f.Authority.ID, &f.Authority.Rank, &upTo, &authority)
	if err != nil {
		return nil, refused("reading an item", noItem, err)
	}
	f.Notice = timeOf(notice)
	if err := f.Authority.read(authority, upTo); err != nil {
		return nil, err
	}
	if f.Procedure, err = c.procedureOf(ctx, tx, version); err != nil {
		return nil, err
	}
	for _, read := range []func(context.Context, pgx.Tx) error{f.readSteps, f.readEvents, f.readObjections, f.readDecisions, f.readAwards} {
		if err := read(ctx, tx); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (a *Authority) read(content []byte, upTo *string) (err error) {
	var c authorityContent
	if err := json.Unmarshal(content, &c); err != nil {
		return fmt.Errorf("reading authority %s: %w", a.ID, err)
	}
	a.Name, a.Basis, a.Letter, a.Refusal, a.Seal, a.Remedies = c.Name, c.Basis, c.Letter, c.Refusal, c.Seal, c.Remedies
	a.UpTo, err = readAmount(upTo)
	return err
}

func (f *ItemFile) readSteps(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select id, step, gives, ord <= $2 and not exists (select from item_step later where later.item = d.item and later.step = d.step and later.id > d.id),
		at, account, role, people, signer, signature, result, amount::text, reason, detail, coalesce(meeting, 0), coalesce(checked, 0), coalesce(visit, 0) from item_step d where item = $1 order by id`, f.ID, f.Position)
	if err != nil {
		return fmt.Errorf("reading the steps of an item: %w", err)
	}
	f.Steps, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s StepDone, err error) {
		var amount *string
		var detail []byte
		err = row.Scan(&s.ID, &s.StepID, &s.Gives, &s.Counts, &s.At, &s.By, &s.Role, &s.People, &s.Signer, &s.Signature, &s.Result, &amount, &s.Reason, &detail, &s.Meeting, &s.Checked, &s.Visit)
		if err != nil {
			return s, err
		}
		s.Step = f.Procedure.Step(s.StepID)
		if s.Amount, err = readAmount(amount); err != nil {
			return s, err
		}
		return s, json.Unmarshal(detail, &s.Detail)
	})
	if err != nil {
		return fmt.Errorf("reading the steps of an item: %w", err)
	}
	return nil
}

func (f *ItemFile) readEvents(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, "select id, kind, at, account, role, to_step, reason, signer, signature from item_event where item = $1 order by id", f.ID)
	if err != nil {
		return fmt.Errorf("reading what happened to an item: %w", err)
	}
	f.Events, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Event, err error) {
		return e, row.Scan(&e.ID, &e.Kind, &e.At, &e.By, &e.Role, &e.To, &e.Reason, &e.Signer, &e.Signature)
	})
	if err != nil {
		return fmt.Errorf("reading what happened to an item: %w", err)
	}
	return nil
}

func (f *ItemFile) readDecisions(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select d.id, d.step, d.result, d.grants, a.authority, a.rank, a.up_to::text, a.content, d.outcome, d.against, d.reason, d.facts, d.inputs, d.pack, d.engine,
		d.on_date::text, d.explanation from decision d join workflow_authority a on a.id = d.authority where d.item = $1 order by d.id`, f.ID)
	if err != nil {
		return fmt.Errorf("reading the decisions on an item: %w", err)
	}
	f.Decisions, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (d Decision, err error) {
		var grants, authority []byte
		var upTo, on *string
		err = row.Scan(&d.ID, &d.Step, &d.Result, &grants, &d.Authority.ID, &d.Authority.Rank, &upTo, &authority, &d.Outcome, &d.Against, &d.Reason, &d.Facts, &d.Inputs, &d.Pack,
			&d.Engine, &on, &d.Explanation)
		if err != nil {
			return d, err
		}
		d.On = dateOf(on)
		if err := d.Authority.read(authority, upTo); err != nil {
			return d, err
		}
		return d, json.Unmarshal(grants, &d.Grants)
	})
	if err != nil {
		return fmt.Errorf("reading the decisions on an item: %w", err)
	}
	return nil
}

func (f *ItemFile) readAwards(ctx context.Context, tx pgx.Tx) (err error) {
	f.Awards, err = awards(ctx, tx, "item = $1", f.ID)
	return err
}

// awards reads the awards for which a condition holds.
func awards(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]Award, error) {
	rows, err := tx.Query(ctx, `select id, item, coalesce(household, 0), coalesce(person, 0), programme, recognises, component, amount::text, per, from_date::text, to_date::text
		from award a where `+where+" order by id", args...)
	if err != nil {
		return nil, fmt.Errorf("reading awards: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Award, err error) {
		var amount, from, to *string
		if err := row.Scan(&a.ID, &a.Item, &a.Household, &a.Person, &a.Programme, &a.Recognises, &a.Component, &amount, &a.Per, &from, &to); err != nil {
			return a, err
		}
		a.From, a.To = dateOf(from), dateOf(to)
		a.Amount, err = readAmount(amount)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading awards: %w", err)
	}
	return all, nil
}
