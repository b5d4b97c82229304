package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// Catalogue is the list of a filing's papers, as the archive keeps it.
type Catalogue struct {
	Filing int64            `json:"filing"`
	Papers []CataloguePaper `json:"papers"`
	Pages  int              `json:"pages"`
	Closed calendar.Date    `json:"-"`
	Keep   calendar.Date    `json:"-"` // until when it is kept; 0 while help goes on
}

// CataloguePaper is a paper in a catalogue, with the pages at which it stands in the file.
type CataloguePaper struct {
	Number int    `json:"number"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	On     string `json:"on"`
	From   int    `json:"from"`
	To     int    `json:"to"`
	Kept   string `json:"kept"`
	Digest string `json:"digest,omitempty"` // SHA-256 of its file, in hexadecimal; "" of one that is on paper alone
}

// Archive closes a filing, all items of which are closed, to the archive.
func (c *Casework) Archive(ctx context.Context, tx pgx.Tx, filing int64, now time.Time) error {
	papers, err := papersOf(ctx, tx, filing)
	if err != nil {
		return err
	}
	catalogue := Catalogue{Filing: filing}
	for n, p := range papers {
		catalogue.Papers = append(catalogue.Papers, CataloguePaper{n + 1, p.Kind, p.Name, p.On.String(), catalogue.Pages + 1, catalogue.Pages + p.Pages, p.Kept,
			p.Digest})
		catalogue.Pages += p.Pages
	}
	text, err := json.Marshal(catalogue)
	if err != nil {
		return fmt.Errorf("writing a catalogue: %w", err)
	}
	keep, err := c.keepUntil(ctx, tx, filing, dayOf(now))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "insert into archive (filing, catalogue, closed_on, keep_until) values ($1, $2, $3::date, $4::date)", filing, string(text), dayOf(now).String(), keep)
	if err != nil {
		return refused("closing a filing to the archive", noFiling, err)
	}
	return record(ctx, tx, "casework.archive", "filing", filing, map[string]any{"papers": len(papers), "pages": catalogue.Pages})
}

// keepUntil is until when a filing's papers are kept: as long as the workflow says from the end of help, nil while it goes on or where nothing is said.
func (c *Casework) keepUntil(ctx context.Context, tx pgx.Tx, filing int64, on calendar.Date) (*string, error) {
	var running bool
	var ended *string
	var procedure string
	err := tx.QueryRow(ctx, `select exists (select from award a join item i on i.id = a.item where i.filing = $1 and a.to_date is null
				and not exists (select from award_end e where e.award = a.id)),
			(select max(coalesce(e.on_date, a.to_date))::text from award a join item i on i.id = a.item left join award_end e on e.award = a.id where i.filing = $1),
			coalesce((select p.procedure from item i join workflow_procedure p on p.id = i.version where i.filing = $1 order by i.id limit 1), '')`,
		filing).Scan(&running, &ended, &procedure)
	if err != nil {
		return nil, refused("looking for the end of help", noFiling, err)
	}
	keep := c.retentionOn(procedure, on)
	if running || keep == nil {
		return nil, nil
	}
	from := max(on, dateOf(ended))
	until := later(from, *keep).String()
	return &until, nil
}

func (c *Casework) retentionOn(procedure string, on calendar.Date) *pack.Period {
	if c.pack.Workflow == nil {
		return nil
	}
	var general *pack.Period
	for _, r := range c.pack.Workflow.Retention {
		for _, v := range r.Versions {
			if !v.Span.Contains(on) {
				continue
			}
			if len(r.Procedures) == 0 {
				general = &v.Keep
			}
			for _, p := range r.Procedures {
				if p == procedure {
					return &v.Keep
				}
			}
		}
	}
	return general
}

// Catalogue reads the catalogue of a filing in the archive. Where help went on when it was closed, until when it is kept is told once help ends.
func (c *Casework) Catalogue(ctx context.Context, tx pgx.Tx, filing int64) (*Catalogue, error) {
	var text []byte
	var closed, keep *string
	err := tx.QueryRow(ctx, "select catalogue, closed_on::text, keep_until::text from archive where filing = $1", filing).Scan(&text, &closed, &keep)
	if err != nil {
		return nil, refused("reading a catalogue", noFiling, err)
	}
	a := &Catalogue{}
	if err := json.Unmarshal(text, a); err != nil {
		return nil, fmt.Errorf("reading a catalogue: %w", err)
	}
	a.Closed = dateOf(closed)
	if keep == nil {
		if keep, err = c.keepUntil(ctx, tx, filing, a.Closed); err != nil {
			return nil, err
		}
	}
	a.Keep = dateOf(keep)
	return a, nil
}

// NotWished writes down that a household signed that it does not wish to apply for something.
func (c *Casework) NotWished(ctx context.Context, tx pgx.Tx, household int64, w Want, signer, signature string, now time.Time) error {
	var id int64
	err := tx.QueryRow(ctx, `insert into not_wished (household, programme, recognises, person, signer, signature, on_date)
		values ($1, $2, $3, nullif($4, 0), $5, $6, $7::date) returning id`, household, w.Programme, w.Recognises, w.Person, signer, signature, dayOf(now).String()).Scan(&id)
	if err != nil {
		return refused("writing down that somebody does not wish to apply", noFiling, err)
	}
	return record(ctx, tx, "casework.not-wished", "household", household, map[string]any{"programme": w.Programme, "row": id})
}

// declined are what a household signed that it does not wish, within a year before a day.
func declined(ctx context.Context, tx pgx.Tx, household int64, on calendar.Date) (map[wanted]bool, error) {
	rows, err := tx.Query(ctx, "select programme, recognises, coalesce(person, 0) from not_wished where household = $1 and on_date > $2::date", household, on.AddMonths(-12).String())
	if err != nil {
		return nil, fmt.Errorf("looking for what a household does not wish: %w", err)
	}
	all := map[wanted]bool{}
	var w wanted
	if _, err := pgx.ForEachRow(rows, []any{&w.programme, &w.recognises, &w.person}, func() error { all[w] = true; return nil }); err != nil {
		return nil, fmt.Errorf("looking for what a household does not wish: %w", err)
	}
	return all, nil
}
