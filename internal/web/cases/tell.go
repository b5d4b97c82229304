package cases

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/web"
)

// tell tells somebody of a case, in the transaction of what it tells of.
func (p *Pages) tell(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, to notification.To, template, once string, args notification.Args) error {
	if p.Notes == nil || to == (notification.To{}) {
		return nil
	}
	all := notification.Args{"number": notification.Same(fmt.Sprint(item.ID)), "programme": item.Name, "village": p.placeName(item.Area), "office": p.office(item.Area),
		"contact": notification.Same(p.Contact)}
	for name, value := range args {
		all[name] = value
	}
	return p.Notes.Tell(ctx, tx, notification.Message{To: to, Template: template, Args: all, About: about(item.ID), Once: once, Area: item.Area})
}

func (p *Pages) placeName(c area.Code) pack.Text { return notification.Same(p.short(c)) }

// office is where residents turn to.
func (p *Pages) office(c area.Code) pack.Text {
	name := p.short(c.At(area.Township))
	return pack.Text{Zh: name + "社会救助窗口", En: "the assistance window of " + name}
}

// applicant is who applied: by the account that follows the case, and by the telephone of the applicant.
func (p *Pages) applicant(ctx context.Context, tx pgx.Tx, item *casework.ItemFile) (notification.To, error) {
	f, err := p.Casework.Filing(ctx, tx, item.Filing)
	if fault.KindOf(err) == fault.NotFound {
		return notification.To{}, nil
	}
	if err != nil {
		return notification.To{}, err
	}
	return notification.To{Account: f.Resident, Person: f.Applicant}, nil
}

// officeOf is who is to do a step.
func officeOf(s *casework.Step, rank, department string, where area.Code) notification.To {
	office := func(role access.Role, level area.Level, department string) notification.To {
		return notification.To{Office: notification.Office{Role: role, Area: where.At(level), Department: department}}
	}
	by := s.By
	if by == "decider" {
		by = rank
	}
	switch by {
	case "township":
		return office(access.Decider, area.Township, "")
	case "township-officer", "community":
		return office(access.Officer, area.Township, "")
	case "county", "county-officer", "county-supervisor", "coordination":
		return office(access.Supervisor, area.County, "")
	case "department", "department-officer":
		return office(access.Department, area.County, department)
	case "village-assistant":
		return office(access.Assistant, area.Village, "")
	}
	return notification.To{} // the applicant, a fund, whoever pays: nobody of the platform's
}

// byWhen is a deadline's last day as people are told it.
func byWhen(deadline time.Time) pack.Text {
	if deadline.IsZero() {
		return pack.Text{Zh: "规定期限", En: "the time set"}
	}
	return notification.Same(dayOf(deadline.Add(-time.Nanosecond)).String())
}

// tellOfStep tells the applicant what a step means for them, and whoever is next that it is their turn.
func (p *Pages) tellOfStep(ctx context.Context, tx pgx.Tx, v *web.Visit, before *casework.ItemFile, s *casework.Step, d casework.Doing) error {
	if p.Notes == nil {
		return nil
	}
	item, err := p.Casework.Item(ctx, tx, before.ID, v.Now())
	if err != nil {
		return err
	}
	once := strconv.Itoa(len(item.Steps))
	if err := p.tellApplicant(ctx, tx, item, s, d, once); err != nil {
		return err
	}
	if n := len(item.Decisions); s.Gives == "confirmation" && n > 0 && item.Decisions[n-1].Against {
		to := notification.To{Office: notification.Office{Role: access.Supervisor, Area: item.Area.At(area.County)}}
		if err := p.tell(ctx, tx, item, to, "decided-otherwise", once, notification.Args{"reason": notification.Same(d.Reason)}); err != nil {
			return err
		}
	}
	return p.tellNext(ctx, tx, item, once)
}

func (p *Pages) tellNext(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, once string) error {
	if item.Next == nil || item.State == "suspended" {
		return nil
	}
	to := officeOf(item.Next, item.NextRank, item.Department, item.Area)
	template := "item-arrived"
	if item.Next.ID == "answer" && item.Next.Gives == "letter" {
		template = "result-back"
	}
	return p.tell(ctx, tx, item, to, template, once, notification.Args{"step": item.Next.Name, "due": byWhen(item.Due)})
}

func (p *Pages) tellApplicant(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, s *casework.Step, d casework.Doing, once string) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	switch {
	case s.OnlyIf == "papers-lacking":
		papers, _ := d.Detail["papers"].(string)
		due, _ := d.Detail["due"].(string)
		when := notification.Same(due)
		if due == "" {
			when = pack.Text{Zh: "方便时尽快", En: "as soon as you can"}
		}
		return p.tell(ctx, tx, item, to, "papers-lacking", once, notification.Args{"papers": notification.Same(papers), "due": when})
	case s.Gives == "acceptance":
		return p.tell(ctx, tx, item, to, "accepted", once, notification.Args{"due": byWhen(item.Limit)})
	case s.Gives == "notice":
		days := max(1, int(item.Notice.Sub(item.Last).Hours()/24))
		return p.tell(ctx, tx, item, to, "notice-posted", once, notification.Args{"days": notification.Same(strconv.Itoa(days))})
	case s.Gives == "confirmation" && d.Result == "refused":
		return p.tell(ctx, tx, item, to, "refused", once, notification.Args{"reason": notification.Same(d.Reason)})
	case s.Gives == "confirmation" && item.Occasion == casework.Emergency:
		return p.tell(ctx, tx, item, to, "help-first", once, notification.Args{"amount": amountText(item), "days": papersWithin(item)})
	case s.Gives == "confirmation":
		return p.tell(ctx, tx, item, to, "granted", once, notification.Args{"amount": amountText(item)})
	case item.Next != nil && item.Next.Gives == "survey":
		return p.tell(ctx, tx, item, to, "survey-planned", once, notification.Args{"due": byWhen(item.Due)})
	}
	return nil
}

// papersWithin is in how many days the papers follow help that came first.
func papersWithin(item *casework.ItemFile) pack.Text {
	for _, s := range item.Procedure.Steps {
		if s.Gives == "papers" && s.Within != nil {
			return notification.Same(strconv.Itoa(s.Within.Count))
		}
	}
	return pack.Text{Zh: "几", En: "some"}
}

// amountText is what was granted, in words.
func amountText(item *casework.ItemFile) pack.Text {
	t := pack.Text{}
	for _, a := range item.Awards {
		if a.Amount == nil {
			continue
		}
		if t.Zh != "" {
			t.Zh, t.En = t.Zh+"、", t.En+", "
		}
		t.Zh += word("per", a.Per, fault.Zh) + a.Amount.Zh("元")
		t.En += a.Amount.En("yuan") + " " + word("per", a.Per, fault.En)
	}
	if t.Zh == "" {
		return pack.Text{Zh: "按规定给予", En: "as the rule gives"}
	}
	return t
}

func (p *Pages) tellOfReturn(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile, to, why string) error {
	s := item.Procedure.Step(to)
	if p.Notes == nil || s == nil {
		return nil
	}
	return p.tell(ctx, tx, item, officeOf(s, item.Authority.Rank, item.Department, item.Area), "item-returned", strconv.Itoa(len(item.Events)),
		notification.Args{"step": s.Name, "reason": notification.Same(why)})
}

func (p *Pages) tellOfObjection(ctx context.Context, tx pgx.Tx, v *web.Visit, before *casework.ItemFile, objection int64) error {
	if p.Notes == nil {
		return nil
	}
	item, err := p.Casework.Item(ctx, tx, before.ID, v.Now())
	if err != nil {
		return err
	}
	due := time.Time{}
	for _, o := range item.Objections {
		if o.ID == objection {
			due = o.Due
		}
	}
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	to.Person = 0 // who objected may be a neighbour: the family itself is not rung up about it
	if err := p.tell(ctx, tx, item, to, "objection-received", fmt.Sprint(objection), notification.Args{"due": byWhen(due)}); err != nil {
		return err
	}
	office := notification.To{Office: notification.Office{Role: access.Officer, Area: item.Area.At(area.Township)}}
	return p.tell(ctx, tx, item, office, "item-arrived", "objection-"+fmt.Sprint(objection), notification.Args{"step": pack.Text{Zh: "处理异议", En: "answer an objection"}, "due": byWhen(due)})
}

func (p *Pages) tellOfAnswer(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile, objection int64, found string) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	to.Person = 0
	return p.tell(ctx, tx, item, to, "objection-answered", fmt.Sprint(objection), notification.Args{"reason": notification.Same(found)})
}

// recent is for how long after its deadline an item is told of as late: a job asks every quarter of an hour, and each is told once.
const recent = 2 * 24 * time.Hour

// TellOverdue tells those whose step it is, and the county, of what became late, as a job. Each deadline that is missed is told once.
func TellOverdue(ctx context.Context, tx pgx.Tx, d Deps, now time.Time) error {
	p := &Pages{Deps: d}
	f := casework.Filter{View: casework.OverdueView, Now: now, Most: perPage, After: casework.After{Deadline: now.Add(-recent), ID: 1}}
	for {
		items, err := p.Casework.Queue(ctx, tx, f)
		if err != nil || len(items) == 0 {
			return err
		}
		for _, q := range items {
			if err := p.tellLate(ctx, tx, q); err != nil {
				return err
			}
		}
		f.After = items[len(items)-1].Place()
	}
}

func (p *Pages) tellLate(ctx context.Context, tx pgx.Tx, q *casework.Queued) error {
	if q.Next == nil || q.State == "suspended" {
		return nil
	}
	item := &casework.ItemFile{Queued: q}
	args := notification.Args{"step": q.Next.Name, "due": byWhen(q.Deadline)}
	once := strconv.FormatInt(q.Deadline.Unix(), 10)
	if err := p.tell(ctx, tx, item, officeOf(q.Next, q.NextRank, q.Department, q.Area), "item-overdue", once, args); err != nil {
		return err
	}
	return p.tell(ctx, tx, item, notification.To{Office: notification.Office{Role: access.Supervisor, Area: q.Area.At(area.County)}}, "item-overdue", once, args)
}
