package cases

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/telling"
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
	case "township-officer", "window", "community":
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

// comesTo is what is to be done next of an item, and the office that does it.
func comesTo(q *casework.Queued) (what pack.Text, to notification.To) {
	what, by := q.Comes()
	return what, officeOf(&casework.Step{By: by}, q.NextRank, q.Department, q.Area)
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
	if err := p.tellFiler(ctx, tx, item, s, d, once); err != nil {
		return err
	}
	if n := len(item.Decisions); s.Gives == "confirmation" && n > 0 && item.Decisions[n-1].Against {
		to := notification.To{Office: notification.Office{Role: access.Supervisor, Area: item.Area.At(area.County)}}
		if err := p.tell(ctx, tx, item, to, telling.DecidedOtherwise, once, notification.Args{"reason": notification.Same(d.Reason)}); err != nil {
			return err
		}
	}
	return p.tellNext(ctx, tx, item, once)
}

// tellFiler tells the assistant who filed for a family what came of it: a family without a telephone hears of it through them alone.
func (p *Pages) tellFiler(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, s *casework.Step, d casework.Doing, once string) error {
	if s.Gives != "confirmation" && s.OnlyIf != telling.PapersLacking {
		return nil
	}
	f, err := p.Casework.Filing(ctx, tx, item.Filing)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil || access.Role(f.Role) != access.Assistant {
		return err
	}
	to := notification.To{Account: f.By}
	switch {
	case s.OnlyIf == telling.PapersLacking:
		papers, due := saidLacking(d)
		return p.tell(ctx, tx, item, to, telling.FiledLacks, once, notification.Args{"papers": papers, "due": due})
	case d.Result == telling.Refused:
		return p.tell(ctx, tx, item, to, telling.FiledRefused, once, notification.Args{"reason": notification.Same(d.Reason)})
	}
	return p.tell(ctx, tx, item, to, telling.FiledGranted, once, notification.Args{"amount": amountText(item)})
}

// saidLacking is what a notice says that an application lacks, and until when it is to be brought.
func saidLacking(d casework.Doing) (papers, due pack.Text) {
	said, _ := d.Detail["papers"].(string)
	day, _ := d.Detail["due"].(string)
	if day == "" {
		return notification.Same(said), pack.Text{Zh: "方便时尽快", En: "as soon as you can"}
	}
	return notification.Same(said), notification.Same(day)
}

func (p *Pages) tellNext(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, once string) error {
	if item.Next == nil || item.State == "suspended" || item.Held() { // whoever answers an objection was told of it
		return nil
	}
	to := officeOf(item.Next, item.NextRank, item.Department, item.Area)
	if item.Next.By == "window" && item.Taker == string(access.Department) { // the very window that took it
		f, err := p.Casework.Filing(ctx, tx, item.Filing)
		if err != nil {
			return err
		}
		to = notification.To{Account: f.By}
	}
	template := telling.ItemArrived
	if item.Next.ID == "answer" && item.Next.Gives == "letter" {
		template = telling.ResultBack
	}
	return p.tell(ctx, tx, item, to, template, once, notification.Args{"step": item.Next.Name, "due": byWhen(item.Due)})
}

func (p *Pages) tellApplicant(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, s *casework.Step, d casework.Doing, once string) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	switch {
	case s.OnlyIf == telling.PapersLacking:
		papers, due := saidLacking(d)
		return p.tell(ctx, tx, item, to, telling.PapersLacking, once, notification.Args{"papers": papers, "due": due})
	case s.Gives == "acceptance":
		return p.tell(ctx, tx, item, to, telling.Accepted, once, notification.Args{"due": byWhen(item.Limit)})
	case s.Gives == "notice":
		days := max(1, int(item.Notice.Sub(item.Last).Hours()/24))
		return p.tell(ctx, tx, item, to, telling.NoticePosted, once, notification.Args{"days": notification.Same(strconv.Itoa(days))})
	case s.Gives == "confirmation" && d.Result == telling.Refused:
		return p.tell(ctx, tx, item, to, telling.Refused, once, notification.Args{"reason": notification.Same(d.Reason)})
	case s.Gives == "confirmation" && item.Occasion == casework.Emergency:
		return p.tell(ctx, tx, item, to, telling.HelpFirst, once, notification.Args{"amount": amountText(item), "days": papersWithin(item)})
	case s.Gives == "publication":
		return p.tell(ctx, tx, item, to, telling.Published, once, nil)
	case s.Gives == "payment":
		return p.tell(ctx, tx, item, to, telling.Paid, once, notification.Args{"amount": amountText(item)})
	case s.Gives == "confirmation":
		return p.tell(ctx, tx, item, to, telling.Granted, once, notification.Args{"amount": amountText(item)})
	case item.Next != nil && item.Next.Gives == "survey":
		return p.tell(ctx, tx, item, to, telling.SurveyPlanned, once, notification.Args{"due": byWhen(item.Due)})
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
	if s.By == "resident" {
		applicant, err := p.applicant(ctx, tx, item)
		if err != nil {
			return err
		}
		err = p.tell(ctx, tx, item, applicant, telling.BackToApplicant, strconv.Itoa(len(item.Events)), notification.Args{"reason": notification.Same(why)})
		if err != nil {
			return err
		}
	}
	return p.tell(ctx, tx, item, officeOf(s, item.Authority.Rank, item.Department, item.Area), telling.ItemReturned, strconv.Itoa(len(item.Events)),
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
	if err := p.tell(ctx, tx, item, to, telling.ObjectionReceived, fmt.Sprint(objection), notification.Args{"due": byWhen(due)}); err != nil {
		return err
	}
	office := notification.To{Office: notification.Office{Role: access.Officer, Area: item.Area.At(area.Township)}}
	if item.Held() {
		_, office = comesTo(item.Queued)
	}
	return p.tell(ctx, tx, item, office, telling.ItemArrived, "objection-"+fmt.Sprint(objection), notification.Args{"step": pack.Text{Zh: "处理异议", En: "answer an objection"}, "due": byWhen(due)})
}

func (p *Pages) tellOfAnswer(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile, objection int64, found string) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	to.Person = 0
	if err := p.tell(ctx, tx, item, to, telling.ObjectionAnswered, fmt.Sprint(objection), notification.Args{"reason": notification.Same(found)}); err != nil || p.Notes == nil {
		return err
	}
	after, err := p.Casework.Item(ctx, tx, item.ID, v.Now())
	if err != nil || after.Objected {
		return err
	}
	return p.tellNext(ctx, tx, after, fmt.Sprint("answer-", objection)) // an objection stops a case: whoever is next hears that it goes on
}

// tellDelayed tells the applicant that a case takes longer than it should, and why.
func (p *Pages) tellDelayed(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, why string) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	return p.tell(ctx, tx, item, to, telling.Delayed, strconv.Itoa(len(item.Events)), notification.Args{"reason": notification.Same(why)})
}

// deciding are the offices that answer for a decision: whoever decided it, and the county.
func deciding(item *casework.ItemFile) []notification.To {
	decider := officeOf(&casework.Step{By: "decider"}, item.Authority.Rank, item.Department, item.Area)
	county := notification.To{Office: notification.Office{Role: access.Supervisor, Area: item.Area.At(area.County)}}
	if decider == county || decider == (notification.To{}) {
		return []notification.To{county}
	}
	return []notification.To{decider, county}
}

// tellOfAppeal tells the applicant that an appeal is written down, and who answers for the decision.
func (p *Pages) tellOfAppeal(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, appeal int64) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	once := fmt.Sprint(appeal)
	if err := p.tell(ctx, tx, item, to, telling.AppealReceived, once, nil); err != nil {
		return err
	}
	for _, to := range deciding(item) {
		if err := p.tell(ctx, tx, item, to, telling.AppealFiled, once, nil); err != nil {
			return err
		}
	}
	return nil
}

// tellOfAppealResult tells the same what became of it.
func (p *Pages) tellOfAppealResult(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, appeal int64, found string) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	once, args := fmt.Sprint(appeal), notification.Args{"reason": notification.Same(found)}
	if err := p.tell(ctx, tx, item, to, telling.AppealAnswered, once, args); err != nil {
		return err
	}
	for _, to := range deciding(item) {
		if err := p.tell(ctx, tx, item, to, telling.AppealDecided, once, args); err != nil {
			return err
		}
	}
	return nil
}

// tellOfEnd tells the family that help ends, from when and why.
func (p *Pages) tellOfEnd(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, on calendar.Date, why string) error {
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	return p.tell(ctx, tx, item, to, telling.HelpEnded, on.String(), notification.Args{"due": notification.Same(on.String()), "reason": notification.Same(why)})
}

// TellReviews tells the families of items whose review was opened, and each township how many came to it, as a job; and the townships how many of
// those that were opened before are late now, each review within so many days of its own.
func TellReviews(ctx context.Context, tx pgx.Tx, d Deps, opened []int64, on calendar.Date, days int) error {
	p := &Pages{Deps: d}
	all := counted{}
	for _, id := range opened {
		reviews, err := p.Casework.ReviewsOf(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, r := range reviews[max(0, len(reviews)-1):] {
			if err := p.tellReview(ctx, tx, &r, on); err != nil {
				return err
			}
			all.add(&r, on.String())
		}
	}
	if err := p.tellCounted(ctx, tx, all, telling.ReviewsOpened, "reviews:open"); err != nil {
		return err
	}
	missed, err := p.Casework.ReviewsMissed(ctx, tx, on, days)
	if err != nil {
		return err
	}
	late := counted{}
	for _, r := range missed {
		late.add(&r, r.Due.String())
	}
	return p.tellCounted(ctx, tx, late, telling.ReviewsLate, "reviews:late")
}

// counted is how many reviews an office is told of at once, by the occasion that sets one message apart from another.
type counted struct {
	order []told
	of    map[told]int
	due   map[told]calendar.Date // the latest
}

type told struct {
	to   notification.To
	area area.Code
	once string
}

func (c *counted) add(r *casework.Review, once string) {
	t := told{officeOf(&casework.Step{By: "township-officer"}, "", "", r.Area), r.Area.At(area.Township), once}
	if r.Department != "" {
		t.to, t.area = officeOf(&casework.Step{By: "department"}, "", r.Department, r.Area), r.Area.At(area.County)
	}
	if c.of == nil {
		c.of, c.due = map[told]int{}, map[told]calendar.Date{}
	}
	if c.of[t] == 0 {
		c.order = append(c.order, t)
	}
	c.of[t]++
	c.due[t] = max(c.due[t], r.Due)
}

func (p *Pages) tellCounted(ctx context.Context, tx pgx.Tx, c counted, template, about string) error {
	for _, t := range c.order {
		err := p.Notes.Tell(ctx, tx, notification.Message{To: t.to, Template: template, About: about, Once: t.once, Area: t.area,
			Args: notification.Args{"village": p.placeName(t.area), "count": notification.Same(strconv.Itoa(c.of[t])), "due": notification.Same(c.due[t].String())}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Pages) tellReview(ctx context.Context, tx pgx.Tx, r *casework.Review, on calendar.Date) error {
	item := &casework.ItemFile{Queued: &casework.Queued{ID: r.Item, Area: r.Area, Name: r.Name, Filing: r.Filing}}
	to, err := p.applicant(ctx, tx, item)
	if err != nil {
		return err
	}
	return p.tell(ctx, tx, item, to, telling.ReviewDue, fmt.Sprint(r.ID), notification.Args{"due": notification.Same(max(r.Due, on).String())})
}

// recent is for how long after its deadline an item is told of as late: a job asks every quarter of an hour, and each is told once.
const recent = 2 * 24 * time.Hour

// TellOverdue tells those whose turn it is of notices that are over, and them and the county of what became late, as a job. Each deadline that is missed is told once.
func TellOverdue(ctx context.Context, tx pgx.Tx, d Deps, now time.Time) error {
	p := &Pages{Deps: d}
	if err := p.tellNotices(ctx, tx, now); err != nil {
		return err
	}
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

// tellNotices tells whoever goes on with a case that its notice is over.
func (p *Pages) tellNotices(ctx context.Context, tx pgx.Tx, now time.Time) error {
	over, err := p.Casework.NoticesOver(ctx, tx, now.Add(-recent), now)
	if err != nil {
		return err
	}
	for _, q := range over {
		err := p.tell(ctx, tx, &casework.ItemFile{Queued: q}, officeOf(q.Next, q.NextRank, q.Department, q.Area), telling.NoticeOver, strconv.FormatInt(q.Last.Unix(), 10),
			notification.Args{"step": q.Next.Name, "due": byWhen(q.Due)})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *Pages) tellLate(ctx context.Context, tx pgx.Tx, q *casework.Queued) error {
	if q.Next == nil || q.State == "suspended" {
		return nil
	}
	item := &casework.ItemFile{Queued: q}
	what, to := comesTo(q)
	args := notification.Args{"step": what, "due": byWhen(q.Deadline)}
	once := strconv.FormatInt(q.Deadline.Unix(), 10)
	if err := p.tell(ctx, tx, item, to, telling.ItemOverdue, once, args); err != nil {
		return err
	}
	return p.tell(ctx, tx, item, notification.To{Office: notification.Office{Role: access.Supervisor, Area: q.Area.At(area.County)}}, telling.ItemOverdue, once, args)
}
