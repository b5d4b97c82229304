package files

import (
	"slices"

	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/population"
	"dajiuzhu/internal/rules"
)

// received is something that the family gets now.
type received struct {
	Name, Who, Since, Amount, From string
}

// held is everything that the family gets by the departments' registers: the happiness list.
func (s *sheet) held() []received {
	if s.why == nil {
		return nil
	}
	rows := s.why.Family.Rows()
	var all []received
	for i := range s.why.Outcomes {
		o := &s.why.Outcomes[i]
		if o.Held == nil || !*o.Held {
			continue
		}
		one := received{Name: o.Name.In(s.lang), Who: s.say("全家", "household")}
		if o.Unit.Kind == pack.Person {
			one.Who = o.Unit.Name
		}
		if r := heldBy(rows, o); r != nil {
			one.From, one.Since = r.Feed.Name.In(s.lang), cellOf(r, feed.ColumnGranted)
			if amount := cellOf(r, feed.ColumnAmount); amount != "" {
				one.Amount = amount
			}
		}
		all = append(all, one)
	}
	return all
}

// heldBy is the newest row of a register that says so: of a household's programme that of any member.
func heldBy(rows []population.Row, o *rules.OutcomeReport) *population.Row {
	var newest *population.Row
	for i := range rows {
		r := &rows[i]
		if r.Feed.Role != feed.RoleHoldings || cellOf(r, feed.ColumnProgramme) != o.Programme || cellOf(r, feed.ColumnEnded) != "" ||
			o.Unit.Kind == pack.Person && r.Lane != o.Unit.Lane {
			continue
		}
		if newest == nil || cellOf(r, feed.ColumnGranted) > cellOf(newest, feed.ColumnGranted) {
			newest = r
		}
	}
	return newest
}

// cellOf is a cell of a row by its column, "" of none.
func cellOf(r *population.Row, column string) string {
	at := slices.IndexFunc(r.Feed.Columns, func(c *pack.Column) bool { return c.Name == column })
	if at < 0 {
		return ""
	}
	return r.Cells[at]
}
