package desk

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/notice"
	"dajiuzhu/internal/web"
)

// hardest are the households of the area by their difficulty index.
func (p *Pages) hardest(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := discovery.Hardest(ctx, tx, d.Session.Posting.Area, discovery.Hard{}, rowsOf1)
	if err != nil {
		return err
	}
	var households []int64
	for _, h := range all {
		households = append(households, h.Household)
	}
	homes, err := p.Registry.Homes(ctx, tx, households)
	if err != nil {
		return err
	}
	s := part{Title: d.Say("最困难的家庭", "The hardest households"), To: "/hardest", Empty: d.Say("还没有评过困难指数", "Nobody is assessed yet"),
		How: d.Say("全部家庭每天夜里评一遍，按困难指数排在这里", "All households are assessed each night, and stand here by their index")}
	for n, h := range all {
		name := web.MaskedName(homes[h.Household].Name)
		s.Rows = append(s.Rows, row{To: fmt.Sprintf("/files/%d", h.Household), Title: fmt.Sprintf("%d. ", n+1) + d.Say(name+"家", name), Detail: p.path(h),
			When: d.Say("指数", "index ") + twoDigits(h.Score)})
	}
	d.add(s)
	return nil
}

// path is the county, township and village of a household.
func (p *Pages) path(h discovery.Hard) string {
	if p.Pack.Areas == nil || !p.Pack.Areas.Has(h.Area) {
		return h.Area.String()
	}
	return p.Pack.Areas.Path(h.Area)
}

func twoDigits(n money.Decimal) string {
	if short, ok := n.Round(2); ok {
		return short.Text()
	}
	return n.Text()
}

// times is how many days decisions of the last twelve months took, beside what they took before the reform.
func (p *Pages) times(ctx context.Context, tx pgx.Tx, d *on) error {
	to := d.Today().AddDays(1)
	all, err := p.Casework.Processing(ctx, tx, calendar.Span{From: to.AddMonths(-12), To: to}, "", []area.Code{d.Session.Posting.Area})
	if err != nil {
		return err
	}
	days, decisions := all[0].Days, all[0].Decisions
	if decisions == 0 {
		return nil
	}
	tenths := (20*days/decisions + 1) / 2 // rounded to the tenth
	name := d.Say("平均办理天数", "days a decision takes")
	if p.Pack.Workflow != nil && p.Pack.Workflow.Baseline != nil {
		name += d.Say(fmt.Sprintf("（改革前%d天）", p.Pack.Workflow.Baseline.Count), fmt.Sprintf(" (%d before the reform)", p.Pack.Workflow.Baseline.Count))
	}
	d.page.Figures = append(d.page.Figures, figure{Count: fmt.Sprintf("%d.%d", tenths/10, tenths%10), Name: name, To: "/supervision/times"})
	return nil
}

// lapses are figures and rules of the policy that end soon with nothing after them.
func (p *Pages) lapses(ctx context.Context, tx pgx.Tx, d *on) error {
	n, err := notice.Count(ctx, tx)
	if err != nil {
		return err
	}
	all, err := notice.Open(ctx, tx, rowsOf)
	if err != nil {
		return err
	}
	s := part{Title: d.Say("要到期的政策标准", "Policy that lapses"), To: "/operations", Empty: d.Say("没有快到期的政策标准", "No figure or rule lapses soon"),
		How: d.Say("到期后没有接续的标准，提前三个月列在这里", "Figures and rules with nothing after them stand here three months ahead")}
	for _, one := range all {
		what, name := d.Say(one.Zh, one.En), d.Say(one.Zh, one.En)
		if n := strings.IndexAny(what, "（("); n > 0 { // its name in the pack, which a list need not begin with
			name = strings.Trim(what[:n], " “”")
		}
		s.Rows = append(s.Rows, row{To: "/operations", Title: name, Detail: what, When: p.by(d, one.Due), Late: one.Due < d.Today(), Soon: one.Step <= 7})
	}
	d.late(n, "政策标准要到期", "Figures that lapse", "/operations")
	d.add(s)
	return nil
}

// jobs is how many jobs are dead.
func (p *Pages) jobs(ctx context.Context, _ pgx.Tx, d *on) error {
	if p.Queue == nil {
		return nil
	}
	counts, err := p.Queue.Count(ctx)
	if err != nil {
		return err
	}
	d.late(counts["discarded"]+counts["cancelled"], "后台任务失败", "Dead jobs", "/operations")
	return nil
}

// reported are the reports that the visitor took for others, and what became of them.
func (p *Pages) reported(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Warnings.OwnReports(ctx, tx, mostReports)
	if err != nil {
		return err
	}
	states := map[string][2]string{"received": {"已收到，等人上门", "received, somebody will call"}, "working": {"正在办理", "being worked on"}, "done": {"已办结", "closed"}}
	s := part{Empty: d.Say("您还没有登记过求助", "You have taken no report yet"),
		How: d.Say("登记以后，办到哪一步会列在这里，不显示是谁家", "Once you take one, how far it is stands here, without whose it is")}
	waits := 0
	for _, one := range all {
		if one.State != "done" {
			waits++
		}
		s.Rows = append(s.Rows, row{To: "/report/receipt?number=" + one.Receipt, Title: p.short(one.Area), Detail: join(one.Receipt, one.On.String()),
			Mark: d.Say(states[one.State][0], states[one.State][1])})
	}
	s.Title = d.Say("我登记的求助", "Reports that I took")
	if waits > 0 {
		s.Title += d.Say(fmt.Sprintf("（%d件在办）", waits), fmt.Sprintf(" (%d under way)", waits))
	}
	d.add(s)
	return nil
}

// inHand are those who may have an emergency in hand, by whose step is next and a decider's rank.
var inHand = map[string][2]string{
	"village-assistant": {"村级协理员", "the village assistant"}, "township-officer": {"镇街", "the township"}, "decider township": {"镇街", "the township"},
	"decider county": {"县民政部门", "the county"}, "decider department": {"主管部门", "the department in charge"}, "county-officer": {"县民政部门", "the county"},
	"coordination": {"县协调会", "the county's conference"}, "finance": {"发放单位", "whoever pays"}, "finance reserve": {"镇街（备用金）", "the township, out of its own"},
}

// emergencies are those that the visitor wrote down for whoever called, and how far each is.
func (p *Pages) emergencies(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := p.Casework.OwnEmergencies(ctx, tx, mostReports)
	if err != nil {
		return err
	}
	states := map[string][2]string{"received": {"已收到", "received"}, "decided": {"已决定", "decided"}, "paid": {"已发放", "paid"}, "closed": {"已办结", "closed"}}
	s := part{Empty: d.Say("您还没有登记过急难", "You have recorded no emergency yet"),
		How: d.Say("登记以后，办到哪一步、谁在办会列在这里", "Once you record one, how far it is and who has it in hand stands here")}
	waits := 0
	for _, one := range all {
		mark := d.Say(states[one.State][0], states[one.State][1])
		if one.State != "closed" {
			waits++
			if by, ok := inHand[strings.TrimSpace(one.By+" "+one.Rank)]; ok {
				mark = join(mark, d.Say(by[0]+"在办", "with "+by[1]))
			}
		}
		s.Rows = append(s.Rows, row{Title: one.About, Detail: join(d.Say(fmt.Sprint("编号", one.Item), fmt.Sprint("No. ", one.Item)), p.short(one.Area)), Mark: mark,
			When: web.View{Visit: d.Visit}.Moment(one.Filed)})
	}
	s.Title = d.Say("我登记的急难", "Emergencies that I recorded")
	if waits > 0 {
		s.Title += d.Say(fmt.Sprintf("（%d件在办）", waits), fmt.Sprintf(" (%d under way)", waits))
	}
	d.add(s)
	return nil
}

// mostReports are as many of one's newest reports as are looked at.
const mostReports = 100

// offering is what organisations begin most often.
func (p *Pages) offering(_ context.Context, _ pgx.Tx, d *on) error {
	d.page.Actions = append(d.page.Actions, action{"/reports/new", d.Say("反映困难家庭", "Tell of a family in need")})
	return nil
}
