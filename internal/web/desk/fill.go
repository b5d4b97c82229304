package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/pack"
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
	f := warning.Filter{Route: p.desk(d.Session.Posting.Role), Today: d.Today(), Most: rowsOf1}
	to := "/warnings"
	if f.Route != "" {
		to = "/warnings?view=desk"
	}
	list, err := p.Warnings.Inbox(ctx, tx, f)
	if err != nil {
		return err
	}
	open, err := p.Warnings.Count(ctx, tx, f, most)
	if err != nil {
		return err
	}
	red, over := f, f
	red.Levels, over.Overdue = []string{"red"}, true
	reds, err := p.Warnings.Count(ctx, tx, red, most)
	if err != nil {
		return err
	}
	overs, err := p.Warnings.Count(ctx, tx, over, most)
	if err != nil {
		return err
	}
	d.figure(open, "待处理预警", "Warnings to be worked on", to)
	d.figure(reds, "其中红色", "Red ones among them", "/warnings?level=red")
	d.late(overs, "预警超期", "Warnings overdue", "/warnings?view=overdue")
	s := part{Title: d.Say("待处理预警", "Warnings"), To: to, Empty: d.Say("没有待处理的预警", "No warning waits"),
		How: d.Say("发现可能有困难的人家，或有人求助，会出现在这里", "Families that may be in need, found or told of, appear here")}
	for _, i := range list.Items {
		s.Rows = append(s.Rows, p.warned(d, i))
	}
	d.add(s)
	return nil
}

// warned is a warning as a row.
func (p *Pages) warned(d *on, i warning.Item) row {
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

// supervised are the kinds of what the county looks at.
var supervised = map[string][2]string{
	"overdue": {"超期", "Overdue"}, "overridden": {"与预判不一致", "Decided otherwise"}, "returned": {"退回", "Returned"}, "near-kin": {"近亲属", "Near relatives"},
	"drawn": {"抽中待看", "Drawn"}, "complaint": {"投诉", "Complaints"}, "asked": {"主动查看", "Looked at"},
}

func (p *Pages) supervision(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Casework.Supervisions(ctx, tx, casework.SupervisionFilter{Most: most})
	if err != nil {
		return err
	}
	s := part{Title: d.Say("要看的事项", "Cases to look at"), To: "/supervision", Empty: d.Say("没有要看的事项", "There is nothing to look at"),
		How: d.Say("抽中、超期、与预判不一致、涉及近亲属的事项会出现在这里", "Cases that were drawn, are overdue, were decided otherwise or concern relatives of staff appear here")}
	kinds := map[string]int{}
	for _, one := range all {
		kinds[one.Kind]++
		r := row{To: fmt.Sprintf("/cases/%d", one.Item.ID), Title: one.Item.Name.In(d.Lang), Detail: join(web.MaskedName(one.Item.Called), p.short(one.Item.Area)),
			Mark: d.Say(supervised[one.Kind][0], supervised[one.Kind][1]), When: web.View{Visit: d.Visit}.Moment(one.At), Late: one.Kind == "overdue"}
		s.Rows = append(s.Rows, r)
	}
	for _, kind := range []string{"drawn", "overdue", "overridden", "near-kin"} {
		show := d.figure
		if kind != "drawn" {
			show = d.late
		}
		show(kinds[kind], supervised[kind][0], supervised[kind][1], "/supervision?kind="+kind)
	}
	d.add(s)
	return nil
}

func (p *Pages) feeds(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Record.Freshness(ctx, tx, d.Today())
	if err != nil {
		return err
	}
	department := d.Session.Posting.Department
	s := part{Title: d.Say("迟报的数据", "Feeds that are late"), To: "/feeds", Empty: d.Say("数据都按时到了", "Every feed came in time"),
		How: d.Say("过了约定日期还没有送来的数据会列在这里", "Feeds that have not come by their day appear here")}
	for _, f := range all {
		declared := p.feed(f.Feed)
		if !f.Late || declared == nil || department != "" && declared.Department != department || !reaches(d.Session.Posting.Area, f.County) {
			continue
		}
		r := row{To: "/feeds/" + f.Feed, Title: declared.Name.In(d.Lang), Detail: p.short(f.County), Late: true, When: d.Say("从未送来", "never came")}
		if f.Batch != 0 {
			r.When = d.Say(f.Due.String()+"前应到", "due by "+f.Due.String())
		}
		s.Rows = append(s.Rows, r)
	}
	d.late(min(len(s.Rows), most), "迟报的数据", "Feeds that are late", "/feeds")
	d.add(s)
	return nil
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
		return d.Say(fmt.Sprintf("超期%d天", -n), fmt.Sprintf("%d days late", -n))
	case n == 0:
		return d.Say("今天到期", "due today")
	default:
		return d.Say(fmt.Sprintf("%d天后到期", n), fmt.Sprintf("due in %d days", n))
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

func (p *Pages) feed(id string) *pack.Feed {
	for _, f := range p.Pack.Feeds {
		if f.ID == id {
			return f
		}
	}
	return nil
}
