package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
)

// ordered is a file that is to be made.
type ordered struct {
	ExportJob
	account, posting    int64
	path, lang, purpose string
	query               []byte
}

// errTaken says that somebody dropped a file, or that another job makes it.
var errTaken = errors.New("the file is made by another job, or by none any more")

// MakeExport makes a file of a list, as the job does. What a job that died had made of it is made anew.
func (s *Site) MakeExport(ctx context.Context, j ExportJob) error {
	o := ordered{ExportJob: j}
	err := s.DB.Work(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `update page_export set state = 'running', rows = 0, touched_at = $3 where id = $1 and turn = $2 and state in ('waiting', 'running')
			returning account, posting, path, query, lang, purpose`, j.Export, j.Turn, s.Clock()).Scan(&o.account, &o.posting, &o.path, &o.query, &o.lang, &o.purpose)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "delete from page_export_part where export = $1", j.Export)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it was made, or dropped
	}
	if err != nil {
		return fmt.Errorf("beginning a file: %w", err)
	}
	v, e, err := s.exporter(ctx, o)
	if err == nil {
		err = s.writeExport(ctx, v, e, o)
	}
	var told *fault.Error
	switch {
	case errors.Is(err, errTaken):
		return nil
	case errors.As(err, &told) && told.Kind != fault.Internal && told.Kind != fault.Unready:
		return s.endExport(ctx, o, fault.Text{Zh: told.Message(fault.Zh), En: told.Message(fault.En)})
	case err != nil:
		return err
	}
	return s.endExport(ctx, o, fault.Text{})
}

// exporter is the visit of whoever asked for a file to the list, as they stand now.
func (s *Site) exporter(ctx context.Context, o ordered) (*Visit, *Export, error) {
	session, err := s.Access.Acting(ctx, o.account, o.posting)
	if err != nil {
		return nil, nil, err
	}
	r, e := s.exporting(o.path)
	if e == nil {
		return nil, nil, fault.New(fault.NotFound, noExport, nil)
	}
	if !r.Who.Admits(session) {
		return nil, nil, fault.New(fault.Forbidden, notYours, nil)
	}
	query, err := s.Keys.Open(exportQuery, o.query)
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Path: o.path, RawQuery: query}).String(), nil)
	if err != nil {
		return nil, nil, fmt.Errorf("asking for a list: %w", err)
	}
	return &Visit{R: request, Lang: fault.Lang(o.lang), Session: session, site: s, route: r}, e, nil
}

// writeExport writes the rows of a list, a page after the other, as the list stands at one moment.
func (s *Site) writeExport(ctx context.Context, v *Visit, e *Export, o ordered) error {
	return s.DB.Snapshot(ctx, v.Principal(e.As), func(tx pgx.Tx) error {
		if err := s.writePart(ctx, o, 0, [][]string{e.Head(v)}, 0); err != nil {
			return err
		}
		query := v.R.URL.Query()
		for part, next := 1, ""; part == 1 || next != ""; part++ {
			if next != "" {
				query.Set("after", next)
				v.R.URL.RawQuery, v.R.Form = query.Encode(), nil
			}
			rows, after, err := e.Page(ctx, tx, v)
			if err != nil {
				return err
			}
			if err := s.writePart(ctx, o, part, rows, len(rows)); err != nil {
				return err
			}
			next = after
		}
		return nil
	})
}

// writePart keeps some rows, sealed, and says how many there are by now.
func (s *Site) writePart(ctx context.Context, o ordered, part int, rows [][]string, n int) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("writing rows: %w", err)
	}
	return s.DB.Work(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "update page_export set rows = rows + $3, touched_at = $4 where id = $1 and turn = $2 and state = 'running'", o.Export, o.Turn, n, s.Clock())
		if err != nil {
			return fmt.Errorf("counting rows: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return errTaken
		}
		if b.Len() == 0 {
			return nil
		}
		if _, err := tx.Exec(ctx, "insert into page_export_part (export, part, content) values ($1, $2, $3)", o.Export, part, s.Keys.Seal(exportContent, b.String())); err != nil {
			return fmt.Errorf("keeping rows: %w", err)
		}
		return nil
	})
}

// Exported is a file of a list that is ready, or that could not be made.
type Exported struct {
	ID, Account int64      // whoever asked for it
	Area        area.Code  // in which they asked
	Zh, En      string     // what the list is called
	Until       time.Time  // until when it is kept
	Why         fault.Text // it failed, else empty
}

// endExport says what became of a file, and tells whoever asked for it: why it failed, or that it is ready. Of one that failed nothing stays.
func (s *Site) endExport(ctx context.Context, o ordered, why fault.Text) error {
	state, said := "ready", why.Zh
	if why.Zh != "" {
		state = "failed"
	}
	if fault.Lang(o.lang) == fault.En {
		said = why.En
	}
	return s.DB.Work(ctx, func(tx pgx.Tx) error {
		if state == "failed" {
			if _, err := tx.Exec(ctx, "delete from page_export_part where export = $1", o.Export); err != nil {
				return fmt.Errorf("dropping parts of a file: %w", err)
			}
		}
		tag, err := tx.Exec(ctx, "update page_export set state = $3, why = $4, touched_at = $5 where id = $1 and turn = $2 and state = 'running'", o.Export, o.Turn, state, said, s.Clock())
		if err != nil {
			return fmt.Errorf("ending a file: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		if err := exportAct(ctx, tx, "list.export-"+state, o.Export, o.path, access.Purpose(o.purpose)); err != nil {
			return err
		}
		return s.tellExported(ctx, tx, o.Export, why)
	})
}

// tellExported tells whoever asked for a file what became of it.
func (s *Site) tellExported(ctx context.Context, tx pgx.Tx, id int64, why fault.Text) error {
	if s.Exported == nil {
		return nil
	}
	e, path, asked := Exported{ID: id, Why: why}, "", time.Time{}
	err := tx.QueryRow(ctx, "select e.account, p.area, e.path, e.at from page_export e join posting p on p.id = e.posting where e.id = $1", id).Scan(&e.Account, &e.Area, &path, &asked)
	if err != nil {
		return fmt.Errorf("looking up who asked for a file: %w", err)
	}
	e.Zh, e.En, e.Until = path, path, asked.Add(keptExport)
	if _, list := s.exporting(path); list != nil {
		e.Zh, e.En = list.Zh, list.En
	}
	return s.Exported(ctx, tx, e)
}

var neverMade = fault.Text{Key: "web.export-never-made", Zh: "系统出错，没有生成。请稍后再导出一次", En: "something failed here, and it was not made: ask for it again later"}

// sweepExports forgets files that are over, and has those made anew whose job died.
func (s *Site) sweepExports(ctx context.Context, tx pgx.Tx, now time.Time) error {
	if _, err := tx.Exec(ctx, "delete from page_export where at < $1", now.Add(-keptExport)); err != nil {
		return fmt.Errorf("deleting files that are over: %w", err)
	}
	rows, err := tx.Query(ctx, `update page_export set turn = turn + 1, touched_at = $2, state = case when turn + 1 < $3 then state else 'failed' end,
			why = case when turn + 1 < $3 then '' when lang = 'en' then $5 else $4 end
		where state = 'running' and touched_at < $1 or state = 'waiting' and touched_at < $6 returning id, turn, state`, now.Add(-exportAtRest), now, mostTurns, neverMade.Zh, neverMade.En, now.Add(-exportInLine))
	if err != nil {
		return fmt.Errorf("looking for files whose jobs died: %w", err)
	}
	type dead struct {
		ExportJob
		State string
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (d dead, err error) { return d, r.Scan(&d.Export, &d.Turn, &d.State) })
	if err != nil {
		return fmt.Errorf("looking for files whose jobs died: %w", err)
	}
	for _, d := range all {
		if d.State == "failed" {
			if err := s.tellExported(ctx, tx, d.Export, neverMade); err != nil {
				return err
			}
			continue
		}
		if _, err := s.Queue.Enqueue(ctx, tx, d.ExportJob); err != nil {
			return err
		}
	}
	return nil
}
