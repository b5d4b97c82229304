package casework

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
)

// Happening is what stops an item, lets it go on, or takes it back.
type Happening struct {
	Reason    string
	Signer    string // who of the family signed, where the family says it
	Signature string // where the signed paper is kept
}

// Return takes an item back to a step that was done, for mending: it and what came after are done anew.
func (c *Casework) Return(ctx context.Context, tx pgx.Tx, item int64, to, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "return", to, Happening{Reason: reason}, now)
}

// Withdraw ends an item that the family wants no more, as it signs.
func (c *Casework) Withdraw(ctx context.Context, tx pgx.Tx, item int64, h Happening, now time.Time) error {
	return c.happens(ctx, tx, item, "withdraw", "", h, now)
}

// Decline ends an item that was opened and that the family does not wish to apply for, as it signs. What was never opened is [Casework.NotWished]'s.
func (c *Casework) Decline(ctx context.Context, tx pgx.Tx, item int64, h Happening, now time.Time) error {
	return c.happens(ctx, tx, item, "not-wished", "", h, now)
}

// Suspend stops an item, for the county.
func (c *Casework) Suspend(ctx context.Context, tx pgx.Tx, item int64, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "suspend", "", Happening{Reason: reason}, now)
}

// Resume lets a suspended item go on. Its limits run on by the time for which it was stopped.
func (c *Casework) Resume(ctx context.Context, tx pgx.Tx, item int64, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "resume", "", Happening{Reason: reason}, now)
}

// Extend makes the limit of the whole the longer one of special circumstances, once.
func (c *Casework) Extend(ctx context.Context, tx pgx.Tx, item int64, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "extend", "", Happening{Reason: reason}, now)
}

// RegisterKin registers an item apart: a near relative of who handles it or of the village's committee is in the household.
func (c *Casework) RegisterKin(ctx context.Context, tx pgx.Tx, item int64, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "near-kin", "", Happening{Reason: reason}, now)
}

// Sampled marks an item that the county's sample drew.
func (c *Casework) Sampled(ctx context.Context, tx pgx.Tx, item int64, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "drawn", "", Happening{Reason: reason}, now)
}

// Died ends an item whose person, or whole household, is dead.
func (c *Casework) Died(ctx context.Context, tx pgx.Tx, item int64, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "died", "", Happening{Reason: reason}, now)
}

// Moved ends an item whose household moved away from where it is handled; where it lives now, it is filed anew with the papers.
func (c *Casework) Moved(ctx context.Context, tx pgx.Tx, item int64, reason string, now time.Time) error {
	return c.happens(ctx, tx, item, "moved", "", Happening{Reason: reason}, now)
}

var noLonger = fault.Text{Key: "casework.no-longer-limit", Zh: "这个程序没有更长的期限可以延长", En: "the procedure has no longer limit"}

func (c *Casework) happens(ctx context.Context, tx pgx.Tx, item int64, kind, to string, h Happening, now time.Time) error {
	i, err := c.itemFor(ctx, tx, item)
	if err != nil {
		return err
	}
	if kind == "extend" && (i.procedure.Total == nil || i.procedure.Total.AtMost == 0) {
		return fault.New(fault.Conflict, noLonger, nil)
	}
	l := c.limitsAfter(i, kind, to, now)
	var id int64
	err = tx.QueryRow(ctx, `insert into item_event (item, kind, at, to_step, reason, signer, signature, due_at, due_step, limit_at, due_unknown)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id`,
		item, kind, now, to, h.Reason, h.Signer, h.Signature, l.due, l.step, l.whole, l.unknown).Scan(&id)
	if err != nil {
		return refused("writing down what happened to an item", noItem, err)
	}
	return record(ctx, tx, "casework."+kind, "item", item, map[string]any{"row": id, "to": to, "reason": h.Reason})
}

// limitsAfter are the limits that run once something happened.
func (c *Casework) limitsAfter(i *subject, kind, to string, now time.Time) limits {
	next := i.standing
	switch kind {
	case "return":
		if s := i.procedure.Step(to); s != nil {
			next.position = min(next.position, s.Ord-1)
		}
		if confirm := i.procedure.giving("confirmation"); confirm != nil && confirm.Ord > next.position {
			next.decision = ""
		}
		if notice := i.procedure.giving("notice"); notice != nil && notice.Ord > next.position {
			next.noticeUntil = time.Time{}
		}
		next.done = map[string]time.Time{}
		for id, at := range i.done {
			if s := i.procedure.Step(id); s != nil && s.Ord <= next.position {
				next.done[id] = at
			}
		}
	case "extend":
		next.extended = true
	case "near-kin":
		next.nearKin = true
	case "drawn":
		next.drawn = true
	case "resume":
		next.stops = append(append([]stop{}, i.stops...), stop{i.stoppedAt, now})
	}
	return next.limits(c.pack.Calendar, i.procedure)
}
