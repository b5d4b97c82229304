package desk

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

// soonest is within what something that is due is due soon.
const soonest = 3 * 24 * time.Hour

func (p *Pages) visits(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Visits.Today(ctx, tx, d.Session.Account, d.Today())
	if err != nil {
		return err
	}
	s := part{Title: d.Say("要走访的人家", "Homes to visit"), To: "/visits", Empty: d.Say("没有要走访的人家", "Nobody is to be visited"),
		How: d.Say("预警、入户调查、抽查派给您以后会出现在这里", "Homes appear here once a warning, a survey or a sample is given to you")}
	over, due := 0, 0
	for i := range all {
		one := &all[i]
		if one.Overdue(d.Today()) {
			over++
		}
		if one.Due <= d.Today() {
			due++
		}
		s.Rows = append(s.Rows, row{To: fmt.Sprintf("/visits/%d", one.ID), Title: web.MaskedName(one.Home.Name), Level: one.Level(),
			Detail: join(one.Purpose.Name(d.Lang), one.Home.Address), When: p.by(d, one.Due), Late: one.Overdue(d.Today()), Soon: one.Due == d.Today()})
	}
	d.figure(due, "今天前要走访", "Visits due by today", "/visits")
	d.figure(len(all), "派给我的走访", "Visits given to me", "/visits")
	d.late(over, "走访超期", "Visits overdue", "/visits")
	d.add(s)
	return nil
}

func (p *Pages) warnings(ctx context.Context, tx pgx.Tx, d *on) error {
	f, to := p.desked(d)
	list, err := p.Warnings.Inbox(ctx, tx, f)
	if err != nil {
		return err
	}
	if err := p.warned(ctx, tx, d); err != nil {
		return err
	}
	s := part{Title: d.Say("待处理预警", "Warnings"), To: to, Empty: d.Say("没有待处理的预警", "No warning waits"),
		How: d.Say("发现可能有困难的人家，或有人求助，会出现在这里", "Families that may be in need, found or told of, appear here")}
	for _, i := range list.Items {
		s.Rows = append(s.Rows, p.warning(d, i))
	}
	d.add(s)
	return nil
}

// desked is which warnings lie at the visitor's desk, of one that looks at all all of them, and the list of them.
func (p *Pages) desked(d *on) (warning.Filter, string) {
	f := warning.Filter{Route: p.desk(d.Session.Posting.Role), Today: d.Today(), Most: rowsOf1}
	if f.Route != "" {
		return f, "/warnings?view=desk"
	}
	return f, "/warnings?view=open"
}

// warned is how many warnings there are to work on.
func (p *Pages) warned(ctx context.Context, tx pgx.Tx, d *on) error {
	f, to := p.desked(d)
	red, over := f, warning.Filter{Overdue: true, Today: d.Today()}
	red.Levels = []string{"red"}
	var counts [3]int
	for n, f := range []warning.Filter{f, red, over} {
		var err error
		if counts[n], err = p.Warnings.Count(ctx, tx, f, most); err != nil {
			return err
		}
	}
	d.figure(counts[0], "待处理预警", "Warnings to be worked on", to)
	d.figure(counts[1], "其中红色", "Red ones among them", to+"&level=red")
	d.late(counts[2], "预警超期", "Warnings overdue", "/warnings?view=overdue")
	return nil
}

// warning is a warning as a row.
func (p *Pages) warning(d *on, i warning.Item) row {
	r := row{To: fmt.Sprintf("/warnings/%d", i.ID), Title: p.ruleName(d, i.Rule), Level: i.Level, Late: i.Overdue, Soon: i.Due <= d.Today(), When: p.by(d, i.Due)}
	switch {
	case i.Head != "":
		r.Detail = join(d.Say(web.MaskedName(i.Head)+"家", web.MaskedName(i.Head)+"'s"), p.short(i.Area))
	default:
		r.Detail = join(d.Say("还没找到是哪一户", "nobody found yet"), p.short(i.Area))
	}
	if i.Account == 0 {
		r.Mark = d.Say("待认领", "unclaimed")
	}
	return r
}

// supervisions are the kinds of what the county looks at, in the order in which they press.
var supervisions = []struct {
	kind, zh, en string
	grave        bool
}{
	{"overdue", "超期待看", "Overdue, to look at", true}, {"overridden", "与预判不一致", "Decided otherwise", true}, {"near-kin", "近亲属", "Near relatives", true},
	{"reconsideration", "行政复议", "Reconsiderations", true}, {"complaint", "投诉", "Complaints", true}, {"drawn", "抽中待看", "Drawn", false}, {"returned", "退回", "Returned", false}, {"asked", "主动查看", "Looked at", false},
}

// supervised is how many cases the county has to look at, by why.
func (p *Pages) supervised(ctx context.Context, tx pgx.Tx, d *on) error {
	counts, err := p.Casework.SupervisionCounts(ctx, tx)
	if err != nil {
		return err
	}
	for _, k := range supervisions {
		show := d.figure
		if k.grave {
			show = d.late
		}
		show(counts[k.kind], k.zh, k.en, "/supervision?kind="+k.kind)
	}
	return nil
}

func (p *Pages) supervision(ctx context.Context, tx pgx.Tx, d *on) error {
	if err := p.supervised(ctx, tx, d); err != nil {
		return err
	}
	all, err := p.Casework.Supervisions(ctx, tx, casework.SupervisionFilter{Most: rowsOf1})
	if err != nil {
		return err
	}
	s := part{Title: d.Say("要看的事项", "Cases to look at"), To: "/supervision", Empty: d.Say("没有要看的事项", "There is nothing to look at"),
		How: d.Say("抽中、超期、与预判不一致、涉及近亲属的事项会出现在这里", "Cases that were drawn, are overdue, were decided otherwise or concern relatives of staff appear here")}
	for _, one := range all {
		r := row{To: fmt.Sprintf("/cases/%d", one.Item.ID), Title: one.Item.Name.In(d.Lang), Detail: join(web.MaskedName(one.Item.Called), p.short(one.Item.Area)),
			When: web.View{Visit: d.Visit}.Moment(one.At), Late: one.Kind == "overdue"}
		for _, k := range supervisions {
			if k.kind == one.Kind {
				r.Mark = d.Say(k.zh, k.en)
			}
		}
		s.Rows = append(s.Rows, r)
	}
	d.add(s)
	return nil
}

// feeds are those that are late, each once, with where.
func (p *Pages) feeds(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Record.Freshness(ctx, tx, d.Today())
	if err != nil {
		return err
	}
	own := d.Session.Posting
	s := part{Title: d.Say("迟报的数据", "Feeds that are late"), To: "/feeds?late=1", Empty: d.Say("数据都按时到了", "Every feed came in time"),
		How: d.Say("过了约定日期还没有送来的数据会列在这里", "Feeds that have not come by their day appear here")}
	for _, declared := range p.Pack.Feeds {
		if own.Department != "" && declared.Department != own.Department {
			continue
		}
		var late, never []area.Code
		for _, f := range all {
			switch {
			case f.Feed != declared.ID || !f.Late || !reaches(own.Area, f.County):
			case f.Batch == 0:
				never = append(never, f.County)
			default:
				late = append(late, f.County)
			}
		}
		if len(late)+len(never) > 0 {
			s.Rows = append(s.Rows, row{To: "/feeds/" + declared.ID, Title: declared.Name.In(d.Lang), Late: true,
				Detail: join(p.where(d, late, "过期未送", "late"), p.where(d, never, "从未送来", "never came"))})
		}
	}
	d.late(len(s.Rows), "迟报的数据", "Feeds that are late", "/feeds?late=1")
	d.add(s)
	return nil
}

// named is up to how many counties are named; of more their number is said.
const named = 3

// where says in which counties something is so.
func (p *Pages) where(d *on, counties []area.Code, zh, en string) string {
	switch n := len(counties); {
	case n == 0:
		return ""
	case n > named:
		return d.Say(fmt.Sprintf("%d个县%s", n, zh), fmt.Sprintf("%d counties: %s", n, en))
	}
	var names []string
	for _, c := range counties {
		names = append(names, p.short(c))
	}
	return d.Say(strings.Join(names, "、")+zh, strings.Join(names, ", ")+": "+en)
}

// reaches reports whether somebody's area and a county lie in each other.
func reaches(own, county area.Code) bool { return own.Contains(county) || county.Contains(own) }

// join puts what there is side by side.
func join(parts ...string) (all string) {
	for _, s := range parts {
		if s != "" && all != "" {
			all += " · "
		}
		all += s
	}
	return all
}

// by is a last day as rows show it.
func (p *Pages) by(d *on, day calendar.Date) string {
	switch n := calendar.Days(d.Today(), day); {
	case day == 0 || day == calendar.Forever:
		return ""
	case n < 0:
		return d.Say(fmt.Sprintf("超期%d天", -n), web.Plural(-n, "day")+" late")
	case n == 0:
		return d.Say("今天到期", "due today")
	default:
		return d.Say(fmt.Sprintf("%d天后到期", n), "due in "+web.Plural(n, "day"))
	}
}

// until is a limit, the first moment that is late, as rows show it.
func (p *Pages) until(d *on, deadline time.Time) string {
	y, m, day := deadline.Add(-time.Nanosecond).In(d.Now().Location()).Date()
	return p.by(d, calendar.Must(y, m, day))
}

// short is a place among its neighbours.
func (p *Pages) short(c area.Code) string {
	if p.Pack.Areas == nil || !p.Pack.Areas.Has(c) {
		return c.String()
	}
	return p.Pack.Areas.Short(c)
}

func (p *Pages) ruleName(d *on, id string) string {
	if r := p.Warnings.Rule(id); r != nil {
		return r.Name.In(d.Lang)
	}
	return id
}

// desk is the route on which a role works, "" of one that looks at all.
func (p *Pages) desk(role access.Role) string {
	by := map[access.Role]string{access.Assistant: "village-assistant", access.Officer: "township-officer", access.Supervisor: "county-supervisor",
		access.Department: "department-officer"}[role]
	if p.Pack.Handling == nil || by == "" {
		return ""
	}
	for _, d := range p.Pack.Handling.Desks {
		if d.By == by {
			return d.Route
		}
	}
	return ""
}
