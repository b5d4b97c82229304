package warnings

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

// figuresPage is what became of warnings, by something.
type figuresPage struct {
	By     warning.By
	Bys    []choice
	From   calendar.Date
	Until  calendar.Date // the last day
	Rows   []figure
	Total  figure
	Reason []column // reasons that were given at all
	Wrong  string
}

// column is a reason for a "no" as a column.
type column struct{ ID, Name, Tells string }

// figure is a row of the figures.
type figure struct {
	warning.Figure
	Name         string
	Link         string
	Right, Known int64
	Noes         int64
}

// Rate is how many of those of which it is known were right, in words: exact counts, and per cent where there is anything to tell.
func (f figure) Rate() string {
	if f.Known == 0 {
		return "—"
	}
	return fmt.Sprintf("%d/%d（%d.%d%%）", f.Right, f.Known, f.Right*1000/f.Known/10, f.Right*1000/f.Known%10)
}

func (p *Pages) figures(v *web.Visit) error {
	q := v.R.URL.Query()
	page := &figuresPage{By: warning.By(q.Get("by")), From: dayOf(q.Get("from")), Until: dayOf(q.Get("until"))}
	for _, b := range []struct {
		by     warning.By
		zh, en string
	}{{warning.ByRule, "按预警规则", "by rule"}, {warning.ByMechanism, "按五项预警", "by mechanism"}, {warning.ByTownship, "按镇街", "by township"}, {warning.ByLevel, "按级别", "by level"}} {
		page.Bys = append(page.Bys, choice{string(b.by), v.Say(b.zh, b.en)})
	}
	if !slices.ContainsFunc(page.Bys, func(c choice) bool { return c.Code == string(page.By) }) {
		page.By = warning.ByMechanism
	}
	today := v.Today()
	if page.From == calendar.Forever {
		page.From = calendar.Must(today.Year(), 1, 1)
	}
	if page.Until == calendar.Forever {
		page.Until = today
	}
	if page.Until < page.From {
		page.Wrong, page.Until = v.Say("截止日期早于起始日期，已改成今天", "the last day is before the first; today is taken"), max(today, page.From)
	}
	var all []warning.Figure
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		all, err = p.Warnings.Figures(ctx, tx, page.By, calendar.Span{From: page.From, To: page.Until.AddDays(1)}, today)
		return err
	})
	if err != nil {
		return err
	}
	page.Total.Dismissed = map[string]int64{}
	for _, f := range all {
		r := p.figure(v, page, f)
		page.Rows = append(page.Rows, r)
		page.Total.add(r)
	}
	page.Total.Name = v.Say("合计", "In all")
	slices.SortStableFunc(page.Rows, func(a, b figure) int { return cmp.Compare(b.Raised, a.Raised) })
	for _, why := range p.Warnings.Reasons() {
		if page.Total.Dismissed[why.ID] > 0 {
			page.Reason = append(page.Reason, column{why.ID, why.Name.In(v.Lang), why.Tells})
		}
	}
	return v.Render(http.StatusOK, p.templates, "figures", page)
}

func (p *Pages) figure(v *web.Visit, page *figuresPage, f warning.Figure) figure {
	r := figure{Figure: f, Name: f.Of}
	r.Right, r.Known = p.Warnings.Answered(f)
	for _, n := range f.Dismissed {
		r.Noes += n
	}
	switch page.By {
	case warning.ByRule:
		r.Name, r.Link = p.ruleName(f.Of, v.Lang), "/warnings?view=open&rule="+f.Of
	case warning.ByMechanism:
		r.Name, r.Link = p.mechanismName(f.Of, v.Lang), "/warnings?view=open&mechanism="+f.Of
	case warning.ByLevel:
		r.Link = "/warnings?view=open&level=" + f.Of
	case warning.ByTownship:
		at := f.Township()
		r.Name, r.Link = p.place(v, at), "/warnings?view=open&place="+at.String()
		if at.Level() == area.County {
			r.Name += v.Say("（镇街不明）", " (township not known)")
		}
	}
	return r
}

func (f *figure) add(o figure) {
	f.Raised += o.Raised
	f.Waiting += o.Waiting
	f.Quiet += o.Quiet
	f.Lapsed += o.Lapsed
	f.Confirmed += o.Confirmed
	f.Helped += o.Helped
	f.Overdue += o.Overdue
	f.Right += o.Right
	f.Known += o.Known
	f.Noes += o.Noes
	for reason, n := range o.Dismissed {
		f.Dismissed[reason] += n
	}
}
