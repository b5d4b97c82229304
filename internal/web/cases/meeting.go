package cases

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/web"
)

// meetingsPage lists the case conferences.
type meetingsPage struct {
	Rows     []*casework.Meeting
	More     string
	Convenes bool
}

func (p *Pages) meetings(v *web.Visit) error {
	page := &meetingsPage{Convenes: supervise.Admits(v.Session)}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		page.Rows, err = p.Casework.Meetings(ctx, tx, number(v.R.FormValue("before")), perPage+1)
		return err
	})
	if err != nil {
		return err
	}
	if len(page.Rows) > perPage {
		page.Rows = page.Rows[:perPage]
		page.More = fmt.Sprint("/meetings?before=", page.Rows[perPage-1].ID)
	}
	return v.Render(http.StatusOK, p.templates, "meetings", page)
}

// convenePage is a conference that is being called.
type convenePage struct {
	Forms       form
	Items       []row
	Departments []choice
}

func (p *Pages) convenePage(v *web.Visit) error {
	return p.showConvene(v, http.StatusOK, newForm("quorum", "3"))
}

func (p *Pages) showConvene(v *web.Visit, status int, f form) error {
	page := &convenePage{Forms: f}
	for _, d := range p.Pack.Departments {
		if !d.Supplier {
			page.Departments = append(page.Departments, choice{d.ID, d.Name(dayOf(v.Now())).In(v.Lang), f.Has("department", d.ID)})
		}
	}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		items, err := p.Casework.Queue(ctx, tx, casework.Filter{View: casework.Under, Area: casework.Named(v.Session.Posting.Area), Gives: []string{"meeting"}, Now: v.Now(), Most: perPage})
		for _, q := range items {
			page.Items = append(page.Items, p.row(v, q, nil))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(status, p.templates, "convene", page)
}

// clock reads a day and an hour of the platform's place.
func clock(v *web.Visit, day, hour string) (time.Time, error) {
	d, err := date(v, day)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", d.String()+" "+text(v, hour), zone)
	if d == 0 || err != nil {
		return time.Time{}, fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say("日期和时间（如 2026-11-01、09:30）", "the day and the time, as 2026-11-01 and 09:30")}).In(fault.At{Field: day})
	}
	return t, nil
}

func (p *Pages) convene(v *web.Visit) error {
	err := p.call(v)
	if !comesBack(err) {
		return err
	}
	f, status := again(v, err)
	return p.showConvene(v, status, f)
}

func (p *Pages) call(v *web.Visit) (err error) {
	if err := texts(v); err != nil {
		return err
	}
	m := casework.Meeting{Area: v.Session.Posting.Area, Place: text(v, "place"), Quorum: int(number(text(v, "quorum"))), Departments: v.R.PostForm["department"]}
	if m.At, err = clock(v, "day", "hour"); err != nil {
		return err
	}
	if m.Agenda, err = needed(v, "agenda", "议题", "the agenda"); err != nil {
		return err
	}
	for _, s := range v.R.PostForm["item"] {
		m.Items = append(m.Items, number(s))
	}
	if len(m.Items) == 0 {
		return fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say("上会的事项", "the cases")}).In(fault.At{Field: "item"})
	}
	if m.Quorum <= 0 || m.Quorum > len(m.Departments) {
		return fault.New(fault.Invalid, badQuorum, fault.Args{"called": len(m.Departments)}).In(fault.At{Field: "quorum"})
	}
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		id, err := p.Casework.Convene(ctx, tx, m)
		if err == nil && p.Notes != nil {
			err = p.tellOfMeeting(ctx, tx, m, id)
		}
		return fmt.Sprint("/meetings/", id), err
	})
}

var badQuorum = fault.Text{Key: "cases.quorum", Zh: "到会才有效的部门数要在1和通知到会的部门数（{called}）之间", En: "the quorum lies between 1 and the departments called ({called})"}

func (p *Pages) tellOfMeeting(ctx context.Context, tx pgx.Tx, m casework.Meeting, id int64) error {
	for _, d := range m.Departments {
		to := notification.To{Office: notification.Office{Role: access.Department, Area: m.Area.At(area.County), Department: d}}
		err := p.Notes.Tell(ctx, tx, notification.Message{To: to, Template: telling.MeetingCalled, About: fmt.Sprint("meeting:", id), Area: m.Area, Args: notification.Args{
			"due": notification.Same(m.At.In(zone).Format("2006-01-02 15:04")), "office": notification.Same(m.Place), "count": notification.Same(strconv.Itoa(len(m.Items)))}})
		if err != nil {
			return err
		}
	}
	return nil
}

// meetingPage is a case conference.
type meetingPage struct {
	Meeting     *casework.Meeting
	Items       []row
	Departments []choice
	Forms       form
	Holds       bool
	Name        string // who convened it
}

func (p *Pages) meeting(v *web.Visit) error { return p.showMeeting(v, http.StatusOK, newForm()) }

func (p *Pages) showMeeting(v *web.Visit, status int, f form) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	page := &meetingPage{Forms: f}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		if page.Meeting, err = p.Casework.Meeting(ctx, tx, id); err != nil {
			return err
		}
		for _, item := range page.Meeting.Items {
			q, err := p.Casework.Item(ctx, tx, item, v.Now())
			if err != nil {
				return err
			}
			page.Items = append(page.Items, p.row(v, q.Queued, nil))
		}
		names, err := access.StaffNames(ctx, tx, []int64{page.Meeting.By})
		page.Name = names[page.Meeting.By]
		return err
	})
	if err != nil {
		return err
	}
	page.Holds = supervise.Admits(v.Session) && page.Meeting.Held.IsZero()
	for _, d := range page.Meeting.Departments {
		page.Departments = append(page.Departments, choice{Value: d, Name: p.department(v, d)})
	}
	return v.Render(status, p.templates, "meeting", page)
}

// Voice is what somebody of a department said on an item, nil if nobody did.
func (p *meetingPage) Voice(item int64, department string) *casework.Voice {
	i := slices.IndexFunc(p.Meeting.Voices, func(w casework.Voice) bool { return w.Item == item && w.Department == department })
	if i < 0 {
		return nil
	}
	return &p.Meeting.Voices[i]
}

func (p *Pages) hold(v *web.Visit) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	if err = p.minute(v, id); !comesBack(err) {
		return err
	}
	f, status := again(v, err)
	return p.showMeeting(v, status, f)
}

// minute writes down that a conference was held.
func (p *Pages) minute(v *web.Visit, id int64) error {
	if err := texts(v); err != nil {
		return err
	}
	minutes, err := needed(v, "minutes", "会议记录", "the minutes")
	if err != nil {
		return err
	}
	kept, err := needed(v, "kept", "签字记录存放处", "where the signed minutes are kept")
	if err != nil {
		return err
	}
	held, err := clock(v, "day", "hour")
	if err != nil {
		return err
	}
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		m, err := p.Casework.Meeting(ctx, tx, id)
		if err != nil {
			return "", err
		}
		var voices []casework.Voice
		for _, item := range m.Items {
			for _, d := range m.Departments {
				place := fmt.Sprintf("%d-%s", item, d)
				if name := text(v, "name-"+place); name != "" {
					voices = append(voices, casework.Voice{Item: item, Department: d, Name: name, Agreed: text(v, "agreed-"+place) == "yes", Said: text(v, "said-"+place)})
				}
			}
		}
		return fmt.Sprint("/meetings/", id), p.Casework.Hold(ctx, tx, id, minutes, kept, voices, held)
	})
}

// reviewsPage lists the reviews that are to be done.
type reviewsPage struct {
	Rows  []reviewRow
	More  string
	Today calendar.Date
}

type reviewRow struct {
	casework.Review
	Place string
}

func (p *Pages) reviews(v *web.Visit) error {
	page := &reviewsPage{Today: dayOf(v.Now())}
	on, err := date(v, "after")
	if err != nil {
		return err
	}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Casework.Reviews(ctx, tx, on, number(v.R.FormValue("id")), perPage+1)
		for n, r := range all {
			if n == perPage {
				page.More = fmt.Sprintf("/reviews?after=%s&id=%d", all[n-1].Due, all[n-1].ID)
				break
			}
			page.Rows = append(page.Rows, reviewRow{r, p.short(r.Area)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "reviews", page)
}
