package telling

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
)

// CheckMoved tells whoever has to go on with a check of means as it stands now: the county that it is asked for or objected to, the township that
// its report came or counts no longer.
func (t *Telling) CheckMoved(ctx context.Context, tx pgx.Tx, c *means.Check) error {
	if t == nil {
		return nil
	}
	m := notification.Message{About: fmt.Sprint("check:", c.ID), Area: c.Area, Args: notification.Args{"number": number(c.ID), "due": dayOr(c.Expires)}}
	switch c.State {
	case means.Requested:
		m.To, m.Template = county(c.Area), CheckAsked
	case means.Reported:
		m.To, m.Template = township(c.Area), CheckReported
		if c.Objection != "" {
			m.Once = "upheld"
		}
	case means.Objected:
		m.To, m.Template = county(c.Area), CheckObjected
	case means.Expired:
		m.To, m.Template = township(c.Area), CheckEnded
	default:
		return nil
	}
	return t.tell(ctx, tx, m)
}

// AccountGiven tells a person of the record, in the platform and by SMS, that an account was tied to them, or that its password was set anew: who did
// not ask for it hears of it and calls.
func (t *Telling) AccountGiven(ctx context.Context, tx pgx.Tx, g access.Given) error {
	if t == nil {
		return nil
	}
	m := notification.Message{To: notification.To{Account: g.Account, Person: g.Person}, Template: AccountTied, About: fmt.Sprint("account:", g.Account), Area: g.Area,
		Args: notification.Args{"due": notification.Same(g.At.In(jobs.Zone).Format(time.DateOnly))}}
	if g.Again {
		m.Template, m.Once = AccountPassword, fmt.Sprint(g.At.UnixMicro())
	}
	return t.tell(ctx, tx, m)
}

// dayOr is a day, and a dash of none.
func dayOr(d calendar.Date) pack.Text {
	if d == 0 || d == calendar.Forever {
		return notification.Same("–")
	}
	return notification.Same(d.String())
}

// FeedsLate tells of feeds that have just become late: each feed's own department, and administrators how many there are.
func (t *Telling) FeedsLate(ctx context.Context, tx pgx.Tx, all []ingest.Freshness, on calendar.Date) error {
	if t == nil || len(all) == 0 {
		return nil
	}
	of := map[area.Code]int{}
	var order []area.Code
	for _, f := range all {
		if of[f.County] == 0 {
			order = append(order, f.County)
		}
		of[f.County]++
		if err := t.feedLate(ctx, tx, f, on); err != nil {
			return err
		}
	}
	late := func(to notification.To, at area.Code, n int) error {
		return t.tell(ctx, tx, notification.Message{To: to, Template: FeedsLate, About: "feeds", Once: on.String(), Area: at, Args: notification.Args{"count": number(n)}})
	}
	for _, c := range order {
		if c != t.pack.Area {
			if err := late(t.administrators(c)[1], c, of[c]); err != nil {
				return err
			}
		}
	}
	return late(t.administrators(0)[0], t.pack.Area, len(all))
}

// feedLate tells the feed's own department, in the county and in the city, which delivers for it.
func (t *Telling) feedLate(ctx context.Context, tx pgx.Tx, f ingest.Freshness, on calendar.Date) error {
	for _, declared := range t.pack.Feeds {
		if declared.ID != f.Feed || declared.Department == "" {
			continue
		}
		due := pack.Text{Zh: "规定日期（从未送来）", En: "its day (it never came)"}
		if f.Batch != 0 {
			due = notification.Same(f.Due.String())
		}
		to := []notification.To{departmentAt(declared.Department, f.County), departmentAt(declared.Department, t.pack.Area)}
		return t.each(ctx, tx, to, notification.Message{Template: FeedLate, About: "feed:" + f.Feed, Once: f.County.String() + " " + on.String(), Area: f.County,
			Args: notification.Args{"feed": declared.Name, "due": due}})
	}
	return nil
}

// LapsesAhead tells administrators that figures or rules of the policy lapse with nothing after them: how many that were not told before, and the
// nearest day.
func (t *Telling) LapsesAhead(ctx context.Context, tx pgx.Tx, count int64, nearest, on calendar.Date) error {
	if t == nil || count == 0 {
		return nil
	}
	return t.tell(ctx, tx, notification.Message{To: t.administrators(0)[0], Template: LapsesAhead, About: "lapses", Once: on.String(), Area: t.pack.Area,
		Args: notification.Args{"count": number(count), "due": dayOr(nearest)}})
}

// JobsDead tells administrators of jobs that failed as often as they are tried, once more for each that is newly among them.
func (t *Telling) JobsDead(ctx context.Context, tx pgx.Tx, dead []jobs.Job) error {
	if t == nil || len(dead) == 0 {
		return nil
	}
	last := dead[0]
	for _, j := range dead {
		if j.EndedAt.After(last.EndedAt) || j.EndedAt.Equal(last.EndedAt) && j.ID > last.ID {
			last = j
		}
	}
	return t.tell(ctx, tx, notification.Message{To: t.administrators(0)[0], Template: JobsDead, About: "jobs", Once: fmt.Sprint(last.ID, " ", last.EndedAt.Unix()), Area: t.pack.Area,
		Args: notification.Args{"count": number(len(dead))}})
}

// Export is an export that a job has ended with.
type Export struct {
	ID      int64
	Account int64     // whoever asked for it
	Area    area.Code // of what is in it
	Name    pack.Text // of what was exported: "预警清单"
	Until   time.Time // it is kept until then
	Why     pack.Text // it could not be made, else empty
}

// ExportEnded tells whoever asked for an export that it can be fetched, or why it could not be made.
func (t *Telling) ExportEnded(ctx context.Context, tx pgx.Tx, e Export) error {
	if t == nil {
		return nil
	}
	if e.Why.Zh != "" {
		return t.tell(ctx, tx, notification.Message{To: notification.To{Account: e.Account}, Template: ExportFails, About: fmt.Sprint("export:", e.ID), Area: e.Area,
			Args: notification.Args{"file": e.Name, "reason": e.Why}})
	}
	return t.tell(ctx, tx, notification.Message{To: notification.To{Account: e.Account}, Template: ExportReady, About: fmt.Sprint("export:", e.ID), Area: e.Area,
		Args: notification.Args{"file": e.Name, "due": notification.Same(e.Until.In(jobs.Zone).Format("2006-01-02"))}})
}
