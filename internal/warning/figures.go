package warning

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
)

// By is what figures are told by.
type By string

// What figures are told by.
const (
	ByRule      By = "rule"
	ByMechanism By = "mechanism"
	ByTownship  By = "township"
	ByLevel     By = "level"
)

// Figure is what became of the rounds of one rule, mechanism, township or level that were raised in some days.
type Figure struct {
	Of        string // a code of the rule, the mechanism or the level, or the township's area code
	Raised    int64
	Waiting   int64 // new, claimed, assigned, visited or to be confirmed
	Quiet     int64
	Lapsed    int64
	Confirmed int64            // hardship, help on its way
	Helped    int64            // confirmed ones among which help was given
	Dismissed map[string]int64 // by reason
	Overdue   int64
}

// Answered is of how many it is known whether they were right, and how many were: confirmed and helped ones are right; of those dismissed the
// reason tells, and some reasons tell neither. It is exact counts, and none of none is not known rather than zero.
func (w *Warnings) Answered(f Figure) (right, known int64) {
	right = f.Confirmed + f.Helped
	known = right
	if w.pack.Handling == nil {
		return right, known
	}
	for code, n := range f.Dismissed {
		reason := w.pack.Handling.Reason(code)
		switch {
		case reason == nil || reason.Tells == "neither": // a reason that the pack has no longer tells nothing
		case reason.Tells == "right":
			right, known = right+n, known+n
		default:
			known += n
		}
	}
	return right, known
}

// Figures are what became of the rounds raised from one day until before another, in the order of what they are told by.
func (w *Warnings) Figures(ctx context.Context, tx pgx.Tx, by By, raised calendar.Span, today calendar.Date) ([]Figure, error) {
	rows, err := tx.Query(ctx, "select told, state, reason, n, overdue from warning_figures($1, $2::date, $3::date, $4::date)",
		string(by), boundText(raised.From, "-infinity"), boundText(raised.To, "infinity"), today.String())
	if err != nil {
		return nil, fmt.Errorf("reading figures: %w", err)
	}
	var all []Figure
	var told, reason string
	var state State
	var n, overdue int64
	_, err = pgx.ForEachRow(rows, []any{&told, &state, &reason, &n, &overdue}, func() error {
		if len(all) == 0 || all[len(all)-1].Of != told {
			all = append(all, Figure{Of: told, Dismissed: map[string]int64{}})
		}
		f := &all[len(all)-1]
		f.Raised += n
		f.Overdue += overdue
		switch {
		case state == Confirmed:
			f.Confirmed += n
		case state == Helped:
			f.Helped += n
		case state == Dismissed:
			f.Dismissed[reason] += n
		case state == Quiet:
			f.Quiet += n
		case state == Lapsed:
			f.Lapsed += n
		default:
			f.Waiting += n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading figures: %w", err)
	}
	return all, nil
}

func boundText(d calendar.Date, none string) string {
	if d == calendar.Beginning || d == calendar.Forever {
		return none
	}
	return d.String()
}

// Township is the township of figures by township.
func (f *Figure) Township() area.Code {
	c, _ := area.Parse(f.Of)
	return c
}
