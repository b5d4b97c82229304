package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
)

// Posting is what was posted of an item.
type Posting struct {
	ID, Item    int64
	Kind        string            // notice, publication
	Shows       map[string]string // by the fields of the publicity regime: applicant, member-count, village, programme, amount, reason, contact
	Place       string
	At          time.Time
	Until       time.Time // a notice: the first moment at which it has stood long enough; zero of a publication
	Photographs []string  // where they are kept, in order
}

// majority is the age below which nobody is named on a posting unless the regime lets them (《民法典》第17条).
const majority = 18

// post keeps what a posting of an item shows, as the publicity regime of the day has it.
func (c *Casework) post(ctx context.Context, tx pgx.Tx, i *subject, step int64, kind string, d Doing, now time.Time) error {
	var content []byte
	err := tx.QueryRow(ctx, `select p.content from workflow_publicity p join workflow_procedure v on v.id = $1 and v.publicity = p.publicity
		where p.from_date <= $2::date and $2::date < p.to_date order by p.current desc, p.id desc limit 1`, i.version, dayOf(now).String()).Scan(&content)
	if err != nil {
		return refused("looking for what is posted", noItem, err)
	}
	var regime publicityContent
	if err := json.Unmarshal(content, &regime); err != nil {
		return fmt.Errorf("reading a publicity regime: %w", err)
	}
	fields := regime.Notice
	if kind == "publication" {
		fields = regime.Publication
	}
	known, err := c.posted(ctx, tx, i, regime.Minors, d, now)
	if err != nil {
		return err
	}
	shows := map[string]string{}
	for _, f := range fields {
		shows[f] = known[f]
	}
	text, err := json.Marshal(shows)
	if err != nil {
		return fmt.Errorf("writing what is posted: %w", err)
	}
	_, err = tx.Exec(ctx, "insert into posted (step, item, kind, shows, place) values ($1, $2, $3, $4, $5)", step, i.id, kind, string(text), d.Place)
	return refused("posting", noItem, err)
}

// posted is all that a posting of an item could show. A minor is not named: the family's head is.
func (c *Casework) posted(ctx context.Context, tx pgx.Tx, i *subject, minors bool, d Doing, now time.Time) (map[string]string, error) {
	var applicant, head string
	var birth, amount *string
	var village area.Code
	var members int
	err := tx.QueryRow(ctx, `select f.called, p.birth::text, coalesce((select h.name from membership m join person h on h.id = m.person
				where m.household = i.household and m.to_date is null and m.head), ''), i.area, i.amount::text,
			(select count(*) from membership m where m.household = i.household and m.to_date is null and m.counted)
		from item i join filing f on f.id = i.filing left join person p on p.id = f.applicant where i.id = $1`, i.id).Scan(&applicant, &birth, &head, (*int64)(&village), &amount, &members)
	if err != nil {
		return nil, refused("looking for what is posted", noItem, err)
	}
	if born := dateOf(birth); born != 0 && !minors && calendar.Years(born, dayOf(now)) < majority {
		applicant = head
	}
	shows := map[string]string{"applicant": applicant, "member-count": fmt.Sprint(members), "programme": c.nameOf(i.programme, i.recognises).Zh, "reason": d.Reason}
	if c.pack.Areas != nil {
		shows["village"] = c.pack.Areas.Path(village)
	}
	if contact, ok := d.Detail["contact"].(string); ok {
		shows["contact"] = contact
	}
	a, err := readAmount(amount)
	if a != nil {
		shows["amount"] = a.Text()
	}
	return shows, err
}

// Photograph keeps a photograph of a posting, with when it was taken.
func (c *Casework) Photograph(ctx context.Context, tx pgx.Tx, posting int64, kept string, taken time.Time) error {
	var id int64
	err := tx.QueryRow(ctx, "insert into posted_photograph (posted, photograph, taken_at) values ($1, $2, $3) returning id", posting, kept, taken).Scan(&id)
	if err != nil {
		return refused("keeping a photograph", noItem, err)
	}
	return record(ctx, tx, "casework.photograph", "posting", posting, map[string]any{"photograph": id})
}

// Postings are what was posted of an item, in order.
func (c *Casework) Postings(ctx context.Context, tx pgx.Tx, item int64) ([]Posting, error) {
	rows, err := tx.Query(ctx, `select p.id, p.item, p.kind, p.shows, p.place, p.at, p.until, array(select g.photograph from posted_photograph g where g.posted = p.id order by g.id)
		from posted p where p.item = $1 order by p.id`, item)
	if err != nil {
		return nil, fmt.Errorf("reading what was posted: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Posting, err error) {
		var shows []byte
		var until *time.Time
		if err := row.Scan(&p.ID, &p.Item, &p.Kind, &shows, &p.Place, &p.At, &until, &p.Photographs); err != nil {
			return p, err
		}
		p.Until = timeOf(until)
		return p, json.Unmarshal(shows, &p.Shows)
	})
	if err != nil {
		return nil, fmt.Errorf("reading what was posted: %w", err)
	}
	return all, nil
}
