package cases

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
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

// supervisionPage is what the county is to look at.
type supervisionPage struct {
	Kinds      []choice
	States     []choice
	Townships  []choice
	Rows       []supervisedRow
	Query      url.Values
	More       string
	Supervises bool
}

type supervisedRow struct {
	*casework.Supervision
	Row   row
	About string // the step that is late
}

var supervisionKinds = []string{"overdue", "overridden", "returned", "near-kin", "reconsideration", "complaint", "drawn", "asked"}

func (p *Pages) supervision(v *web.Visit) error {
	q := v.R.URL.Query()
	f := casework.SupervisionFilter{Kind: q.Get("kind"), State: q.Get("state"), After: number(q.Get("after")), Most: perPage + 1}
	page := &supervisionPage{Query: url.Values{}, Supervises: supervise.Admits(v.Session)}
	if s := q.Get("area"); s != "" {
		code, err := area.Parse(s)
		if err != nil {
			return err
		}
		f.Area = code
	}
	for _, name := range []string{"kind", "state", "area"} {
		if s := q.Get(name); s != "" {
			page.Query.Set(name, s)
		}
	}
	for _, k := range supervisionKinds {
		page.Kinds = append(page.Kinds, choice{k, word("supervision", k, v.Lang), k == f.Kind})
	}
	for _, s := range []string{"open", "asked", "answered", "closed"} {
		page.States = append(page.States, choice{s, word("supervised", s, v.Lang), s == f.State})
	}
	page.Townships = p.below(v, f.Area)
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Casework.Supervisions(ctx, tx, f)
		if err != nil {
			return err
		}
		if len(all) > perPage {
			all = all[:perPage]
			page.More = "/supervision?" + web.With(page.Query, "after", strconv.FormatInt(all[perPage-1].ID, 10)).Encode()
		}
		for _, s := range all {
			if s.Item == nil {
				continue // an item out of sight
			}
			page.Rows = append(page.Rows, supervisedRow{s, p.row(v, s.Item, nil), ""})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "supervision", page)
}

// supervised asks, answers or closes what the county looks at, and goes back to its case.
func (p *Pages) supervised(v *web.Visit) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	var s *casework.Supervision
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		s, err = p.Casework.Supervised(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	if s.Item == nil {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	err = v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		return fmt.Sprintf("/cases/%d#supervision", s.Item.ID), p.supervise(ctx, tx, v, id)
	})
	if !comesBack(err) {
		return err
	}
	f, status := again(v, err)
	v.R.SetPathValue("id", strconv.FormatInt(s.Item.ID, 10))
	return p.showItem(v, status, f, fmt.Sprint("supervision-", id))
}

// supervise does what the form asks for, unless somebody acted since its page was made.
func (p *Pages) supervise(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) error {
	now := v.Now()
	s, err := p.Casework.Supervised(ctx, tx, id)
	if err != nil {
		return err
	}
	if v.R.PostFormValue("seen") != strconv.Itoa(len(s.Acts)) {
		return fault.New(fault.Conflict, stale, nil)
	}
	if err := texts(v); err != nil {
		return err
	}
	said, err := needed(v, "said", "内容", "what is said")
	if err != nil {
		return err
	}
	switch v.R.PathValue("kind") {
	case "ask":
		if err := p.Casework.Ask(ctx, tx, id, said, now); err != nil {
			return err
		}
		return p.tellOfAsking(ctx, tx, v, s.Item, said, id)
	case "answer":
		return p.Casework.AnswerAsked(ctx, tx, id, said, now)
	case "close":
		return p.Casework.CloseSupervision(ctx, tx, id, said, now)
	}
	return fault.New(fault.NotFound, noSuchThing, nil)
}

// tellOfAsking tells whoever handles a case what the county asks.
func (p *Pages) tellOfAsking(ctx context.Context, tx pgx.Tx, v *web.Visit, q *casework.Queued, said string, id int64) error {
	if p.Notes == nil {
		return nil
	}
	item, err := p.Casework.Item(ctx, tx, q.ID, v.Now())
	if err != nil {
		return err
	}
	to := notification.To{Office: notification.Office{Role: access.Officer, Area: item.Area.At(area.Township)}}
	due, err := p.Pack.Calendar.Add(dayOf(v.Now()), answerDays)
	when := notification.Same(due.String())
	if err != nil {
		when = byWhen(time.Time{})
	}
	return p.tell(ctx, tx, item, to, telling.ItemQuestion, fmt.Sprint(id, "-", v.Now().UnixMicro()), notification.Args{"reason": notification.Same(said), "due": when})
}

// answerDays is working days in which an answer is wished for; nothing depends on it.
const answerDays = 3

// look has the county look at a case for a reason of its own.
func (p *Pages) look(v *web.Visit) error {
	return p.act(v, "look", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		said, err := needed(v, "said", "要问什么", "what is asked")
		if err != nil {
			return err
		}
		kind := "asked"
		if text(v, "complaint") != "" {
			kind = "complaint"
		}
		id, err := p.Casework.Look(ctx, tx, item.ID, kind, now)
		if err != nil {
			return err
		}
		if err := p.Casework.Ask(ctx, tx, id, said, now); err != nil {
			return err
		}
		return p.tellOfAsking(ctx, tx, v, item.Queued, said, id)
	})
}

// timesPage is how long decisions take, by township.
type timesPage struct {
	Rows      []timesRow
	Picture   template.HTML // drawn by us of numbers and escaped names
	From      calendar.Date
	To        calendar.Date
	Procedure string
	Choices   []choice
}

type timesRow struct {
	Name      string
	Decisions int
	Mean      string // days, with one decimal
	Median    int
	Longest   int
	Within    int
	tenths    int
}

func (p *Pages) times(v *web.Visit) error {
	to := dayOf(v.Now()).AddDays(1)
	page := &timesPage{From: to.AddMonths(-12), To: to, Procedure: v.R.FormValue("procedure")}
	for _, q := range p.Pack.Workflow.Procedures {
		page.Choices = append(page.Choices, choice{q.ID, q.Name.In(v.Lang), q.ID == page.Procedure})
	}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		shown := append([]choice{{v.Session.Posting.Area.String(), v.Say("全部", "All"), false}}, p.below(v, 0)...)
		places := make([]area.Code, len(shown))
		for n, c := range shown {
			var err error
			if places[n], err = area.Parse(c.Value); err != nil {
				return err
			}
		}
		all, err := p.Casework.Processing(ctx, tx, calendar.Span{From: page.From, To: page.To}, page.Procedure, places)
		if err != nil {
			return err
		}
		for n, took := range all {
			page.Rows = append(page.Rows, timesOf(shown[n].Name, took))
		}
		return nil
	})
	if err != nil {
		return err
	}
	page.Picture = timesPicture(v, page.Rows, p.baseline())
	return v.Render(http.StatusOK, p.templates, "times", page)
}

// timesOf is what decisions took as a row.
func timesOf(name string, took casework.Processing) timesRow {
	r := timesRow{Name: name, Decisions: took.Decisions, Mean: "–", Median: took.Median, Longest: took.Longest, Within: took.Within}
	if r.Decisions > 0 {
		r.tenths = (took.Days*10 + r.Decisions/2) / r.Decisions
		r.Mean = fmt.Sprintf("%d.%d", r.tenths/10, r.tenths%10)
	}
	return r
}

// baseline is in how many days help came before, 0 where the pack does not say.
func (p *Pages) baseline() int {
	if b := p.Pack.Workflow.Baseline; b != nil && b.Unit == "days" {
		return b.Count
	}
	return 0
}

// timesPicture draws a bar for each township, with the line of what it took before.
func timesPicture(v *web.Visit, rows []timesRow, baseline int) template.HTML {
	const left, right, top, step, width = 120, 60, 34, 26, 760
	most := baseline * 10
	for _, r := range rows {
		most = max(most, r.tenths)
	}
	span := width - left - right
	x := func(tenths int) int { return left + tenths*span/cmp.Or(most, 1) }
	height := top + len(rows)*step + 10
	var b strings.Builder
	title := v.Say("从发现需求到作出决定的平均天数，按乡镇", "Mean days from the need to the decision, by township")
	fmt.Fprintf(&b, `<svg class="picture" viewBox="0 0 %d %d" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(title))
	for i, r := range slices.All(rows) {
		y := top + i*step
		fmt.Fprintf(&b, `<text class="name" x="%d" y="%d" text-anchor="end">%s</text>`, left-8, y+16, template.HTMLEscapeString(r.Name))
		if r.Decisions == 0 {
			fmt.Fprintf(&b, `<text class="none" x="%d" y="%d">%s</text>`, left+4, y+16, v.Say("没有决定", "no decisions"))
			continue
		}
		class := "bar"
		if baseline > 0 && r.tenths > baseline*10 {
			class = "bar over"
		}
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/><text class="value" x="%d" y="%d">%s</text>`, class, left, y+4, max(x(r.tenths)-left, 1), step-9, x(r.tenths)+5, y+16, r.Mean)
	}
	if baseline == 0 {
		return template.HTML(b.String() + "</svg>")
	}
	fmt.Fprintf(&b, `<line class="before" x1="%d" x2="%d" y1="%d" y2="%d"/><text class="before" x="%d" y="%d" text-anchor="end">%s</text></svg>`, x(baseline*10), x(baseline*10), top-8, height-4,
		min(x(baseline*10)+48, width), top-14, v.Say(fmt.Sprintf("改革前 %d 天", baseline), fmt.Sprintf("%d days before", baseline)))
	return template.HTML(b.String())
}
