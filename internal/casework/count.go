package casework

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
)

// Counts are how many items each of some queues that show what is not closed has in an area, 0 for all that whoever asks sees: of filters whose
// area, household and place in the list do not count.
func (c *Casework) Counts(ctx context.Context, tx pgx.Tx, in area.Code, filters []Filter) ([]int, error) {
	var q conditions
	q.add("i.state <> 'ended'")
	q.within(in)
	from := strings.Join(q.all, " and ")
	var counts []string
	for _, f := range filters {
		if f.View == Ended {
			return nil, fmt.Errorf("counting what has ended beside what has not")
		}
		f.After, f.Area, f.Household = After{}, 0, 0
		q.all = nil
		f.conditions(&q)
		counts = append(counts, "count(*) filter (where "+strings.Join(q.all, " and ")+")")
	}
	n := make([]int, len(filters))
	into := make([]any, len(filters))
	for i := range n {
		into[i] = &n[i]
	}
	if err := tx.QueryRow(ctx, "select "+strings.Join(counts, ", ")+" from item i where "+from, q.args...).Scan(into...); err != nil {
		return nil, fmt.Errorf("counting queues of items: %w", err)
	}
	return n, nil
}

// Count is how many items a queue has in all, up to most: of a filter whose place in the list does not count.
func (c *Casework) Count(ctx context.Context, tx pgx.Tx, f Filter, most int) (n int, err error) {
	f.After = After{}
	var q conditions
	f.conditions(&q)
	query := fmt.Sprintf("select count(*) from (select from item i where %s limit %d) counted", strings.Join(q.all, " and "), most)
	if err := tx.QueryRow(ctx, query, q.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting a queue of items: %w", err)
	}
	return n, nil
}

// SupervisionCounts is how many of each kind the county looks at that are not closed.
func (c *Casework) SupervisionCounts(ctx context.Context, tx pgx.Tx) (map[string]int, error) {
	rows, err := tx.Query(ctx, "select kind, count(*) from supervision where state <> 'closed' group by kind")
	if err != nil {
		return nil, fmt.Errorf("counting what the county looks at: %w", err)
	}
	counts := map[string]int{}
	var kind string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&kind, &n}, func() error { counts[kind] = n; return nil }); err != nil {
		return nil, fmt.Errorf("counting what the county looks at: %w", err)
	}
	return counts, nil
}

// ReviewCounts is how many reviews are not done, and how many of those are overdue on a day, each up to most.
func (c *Casework) ReviewCounts(ctx context.Context, tx pgx.Tx, on calendar.Date, most int) (open, late int, err error) {
	const undone = "from review r where not exists (select from review_done d where d.review = r.id)"
	err = tx.QueryRow(ctx, `select (select count(*) from (select `+undone+` limit $2) o), (select count(*) from (select `+undone+` and r.due_on < $1::date limit $2) l)`,
		on.String(), most).Scan(&open, &late)
	if err != nil {
		return 0, 0, fmt.Errorf("counting reviews: %w", err)
	}
	return open, late, nil
}
