package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
)

// Meeting is a case-by-case meeting (一事一议), which the county's coordination mechanism convenes.
type Meeting struct {
	ID          int64
	Area        area.Code // the county
	At          time.Time // when it is to be held
	Place       string
	Agenda      string
	Quorum      int      // how many of those called must speak on an item, for it to have been spoken of
	Departments []string // called
	Items       []int64  // on the agenda, as far as whoever asks may see them
	By          int64
	Held        time.Time // zero: not yet
	Minutes     string
	Paper       string // where the signed minutes are kept
	Voices      []Voice
}

// Voice is what somebody who sat for a department said on an item.
type Voice struct {
	Item       int64
	Department string
	Name       string
	Agreed     bool
	Said       string
}

// Convene calls a meeting on some items.
func (c *Casework) Convene(ctx context.Context, tx pgx.Tx, m Meeting) (id int64, err error) {
	err = tx.QueryRow(ctx, "insert into meeting (area, at, place, agenda, quorum) values ($1, $2, $3, $4, $5) returning id",
		int64(m.Area), m.At, m.Place, m.Agenda, m.Quorum).Scan(&id)
	if err != nil {
		return 0, refused("convening a meeting", noItem, err)
	}
	for _, d := range m.Departments {
		if _, err := tx.Exec(ctx, "insert into meeting_seat (meeting, department) values ($1, $2)", id, d); err != nil {
			return 0, refused("calling a department to a meeting", noItem, err)
		}
	}
	for _, item := range m.Items {
		if _, err := tx.Exec(ctx, "insert into meeting_item (meeting, item) values ($1, $2)", id, item); err != nil {
			return 0, refused("putting an item on an agenda", noItem, err)
		}
	}
	return id, record(ctx, tx, "meeting.convene", "meeting", id, map[string]any{"departments": m.Departments, "items": m.Items})
}

// Hold writes down that a meeting was held: its minutes, and who said what on which item. Where fewer than its quorum spoke of an item, or nobody of
// any, it was none; an item of which nobody spoke is left for another.
func (c *Casework) Hold(ctx context.Context, tx pgx.Tx, meeting int64, minutes, paper string, voices []Voice, held time.Time) error {
	for _, v := range voices {
		_, err := tx.Exec(ctx, "insert into meeting_voice (meeting, item, department, name, agreed, said) values ($1, $2, $3, $4, $5, $6)",
			meeting, v.Item, v.Department, v.Name, v.Agreed, v.Said)
		if err != nil {
			return refused("writing down what was said at a meeting", noItem, err)
		}
	}
	_, err := tx.Exec(ctx, "insert into meeting_held (meeting, held_at, minutes, paper) values ($1, $2, $3, $4)", meeting, held, minutes, paper)
	if err != nil {
		return refused("writing down a meeting", noItem, err)
	}
	return record(ctx, tx, "meeting.hold", "meeting", meeting, map[string]any{"voices": len(voices), "paper": paper})
}

// Meeting reads a meeting.
func (c *Casework) Meeting(ctx context.Context, tx pgx.Tx, id int64) (*Meeting, error) {
	all, err := meetings(ctx, tx, "m.id = $1", id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, refused("reading a meeting", noItem, pgx.ErrNoRows)
	}
	m := all[0]
	rows, err := tx.Query(ctx, "select item, department, name, agreed, said from meeting_voice where meeting = $1 order by item, department", id)
	if err != nil {
		return nil, fmt.Errorf("reading what was said at a meeting: %w", err)
	}
	m.Voices, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Voice])
	if err != nil {
		return nil, fmt.Errorf("reading what was said at a meeting: %w", err)
	}
	return m, nil
}

// Meetings is a page of the meetings that whoever asks may see, the latest first: those before an id, 0 for the first page.
func (c *Casework) Meetings(ctx context.Context, tx pgx.Tx, before int64, most int) ([]*Meeting, error) {
	return meetings(ctx, tx, "($1 = 0 or m.id < $1) order by m.id desc limit $2", before, most)
}

func meetings(ctx context.Context, tx pgx.Tx, where string, args ...any) ([]*Meeting, error) {
	rows, err := tx.Query(ctx, `select m.id, m.area, m.at, m.place, m.agenda, m.quorum, m.account, h.held_at, coalesce(h.minutes, ''), coalesce(h.paper, ''),
			array(select s.department from meeting_seat s where s.meeting = m.id order by 1), array(select t.item from meeting_item t where t.meeting = m.id order by 1)
		from meeting m left join meeting_held h on h.meeting = m.id where `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("reading meetings: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Meeting, error) {
		m := &Meeting{}
		var held *time.Time
		err := row.Scan(&m.ID, (*int64)(&m.Area), &m.At, &m.Place, &m.Agenda, &m.Quorum, &m.By, &held, &m.Minutes, &m.Paper, &m.Departments, &m.Items)
		m.Held = timeOf(held)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading meetings: %w", err)
	}
	return all, nil
}
