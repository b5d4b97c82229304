package telling

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
)

// VisitChanged tells whoever is sent to a home, or by another day than before, and whoever goes no longer. Before is the zero value of a visit that
// has just been planned; once sets apart one change from another. Whoever acts knows already.
func (t *Telling) VisitChanged(ctx context.Context, tx pgx.Tx, before, after visit.Going, once string) error {
	if t == nil {
		return nil
	}
	var acting int64
	if err := tx.QueryRow(ctx, "select acting_account()").Scan(&acting); err != nil {
		return fmt.Errorf("asking who acts: %w", err)
	}
	tell := func(account int64, template string) error {
		if account == acting {
			return nil
		}
		return t.tell(ctx, tx, t.ofVisit(after, account, template, once))
	}
	goes := after.State == visit.Planned
	for _, account := range after.Visitors {
		if goes && (before.Due != after.Due || !slices.Contains(before.Visitors, account)) {
			if err := tell(account, VisitGiven); err != nil {
				return err
			}
		}
	}
	for _, account := range before.Visitors {
		if !goes || !slices.Contains(after.Visitors, account) {
			if err := tell(account, VisitTaken); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Telling) ofVisit(g visit.Going, account int64, template, once string) notification.Message {
	return notification.Message{To: notification.To{Account: account}, Template: template, About: fmt.Sprint("visit:", g.ID), Once: once, Area: g.Area,
		Args: notification.Args{"number": number(g.ID), "due": notification.Same(g.Due.String()),
			"step": {Zh: g.Purpose.Name(fault.Zh), En: g.Purpose.Name(fault.En)}}}
}

// VisitsMissed tells the visitors, and the township, of homes that nobody went to in time, each missed day once.
func (t *Telling) VisitsMissed(ctx context.Context, tx pgx.Tx, all []visit.Going) error {
	if t == nil {
		return nil
	}
	for _, g := range all {
		m := t.ofVisit(g, 0, VisitLate, g.Due.String())
		to := []notification.To{township(g.Area)}
		for _, account := range g.Visitors {
			to = append(to, notification.To{Account: account})
		}
		if err := t.each(ctx, tx, to, m); err != nil {
			return err
		}
	}
	return nil
}

// Answered tells the township of what a device brought that a person has to decide: answers that contradict those of another device, and what was
// set aside. Where the visit is not to be seen any more by whoever acts, where is the area of their posting.
func (t *Telling) Answered(ctx context.Context, tx pgx.Tx, of int64, r visit.Received, where area.Code) error {
	if t == nil || r.Again {
		return nil
	}
	template, count := AnswersDiffer, r.Contested()
	if r.SetAside() {
		template, count = AnswersAside, 1
	}
	if count == 0 {
		return nil
	}
	g, err := visit.GoingOf(ctx, tx, of)
	if fault.KindOf(err) == fault.NotFound {
		g, err = visit.Going{ID: of, Area: where}, nil
	}
	if err != nil {
		return err
	}
	return t.tell(ctx, tx, notification.Message{To: township(g.Area), Template: template, About: "conflicts", Once: r.Bundle, Area: g.Area,
		Args: notification.Args{"number": number(g.ID), "count": number(count)}})
}

// WarningsGiven tells somebody that warnings were given to them to work on.
func (t *Telling) WarningsGiven(ctx context.Context, tx pgx.Tx, rounds []int64, to, by int64, where area.Code, once string) error {
	if t == nil || len(rounds) == 0 || to == by {
		return nil
	}
	about := "warnings:given"
	if len(rounds) == 1 {
		about = fmt.Sprint("warning:", rounds[0])
	}
	return t.tell(ctx, tx, notification.Message{To: notification.To{Account: to}, Template: WarningGiven, About: about, Once: once, Area: where,
		Args: notification.Args{"count": number(len(rounds))}})
}

// WarningsPassed tells the office to which warnings came that lay too long elsewhere, as one count a night.
func (t *Telling) WarningsPassed(ctx context.Context, tx pgx.Tx, all []warning.Passed, on calendar.Date) error {
	if t == nil {
		return nil
	}
	type office struct {
		to   notification.To
		area area.Code
	}
	counts, order := map[office]int{}, []office{}
	for _, p := range all {
		to, at := t.desk(p.To, p.Department, p.Area)
		o := office{to, at}
		if counts[o] == 0 {
			order = append(order, o)
		}
		counts[o] += p.Rounds
	}
	for _, o := range order {
		err := t.tell(ctx, tx, notification.Message{To: o.to, Template: WarningsPassed, About: "warnings:passed", Once: on.String(), Area: o.area,
			Args: notification.Args{"count": number(counts[o])}})
		if err != nil {
			return err
		}
	}
	return nil
}

// ReportArrived tells the office at whose desk a report lies that somebody may be in need.
func (t *Telling) ReportArrived(ctx context.Context, tx pgx.Tx, r warning.Received) error {
	if t == nil {
		return nil
	}
	to, _ := t.desk(r.Route, "", r.Area)
	return t.tell(ctx, tx, notification.Message{To: to, Template: ReportArrived, About: fmt.Sprint("warning:", r.Round), Once: fmt.Sprint("report:", r.ID), Area: r.Area,
		Args: notification.Args{"number": number(r.Round)}})
}

// desk is the office that works on a route's warnings of a place, and its area.
func (t *Telling) desk(route, department string, where area.Code) (notification.To, area.Code) {
	by := ""
	if t.pack.Handling != nil {
		if d := t.pack.Handling.DeskOf(route); d != nil {
			by = d.By
		}
	}
	switch {
	case by == "village-assistant" && where.Level() == area.Village:
		return assistants(where), where
	case by == "department-officer" && department != "":
		return departmentAt(department, where.At(area.County)), where.At(area.County)
	case by == "county-supervisor" || where.Level() < area.Township:
		return county(where), where.At(area.County)
	}
	return township(where), where.At(area.Township)
}
