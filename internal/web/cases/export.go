package cases

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/web"
)

// exportedQueue gives the queue as a file.
func (p *Pages) exportedQueue() *web.Export {
	return &web.Export{Zh: "办理事项", En: "Cases", Personal: true,
		Head: func(v *web.Visit) []string {
			return []string{v.Say("编号", "Number"), v.Say("项目", "Programme"), v.Say("申请人", "Applicant"), v.Say("村、社区", "Village"), v.Say("下一步", "Next"), v.Say("谁办", "By"),
				v.Say("期限", "Limit"), v.Say("标记", "Marks"), v.Say("金额（元）", "Yuan"), v.Say("申报日期", "Filed")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			f, _, err := p.filter(v)
			if err != nil {
				return nil, "", err
			}
			f.Most = web.ExportPage
			items, err := p.Casework.Queue(ctx, tx, f)
			for _, q := range items {
				rows = append(rows, p.exportedItem(v, q))
			}
			if len(items) == web.ExportPage {
				next = placeText(items[len(items)-1].Place())
			}
			return rows, next, err
		}}
}

func (p *Pages) exportedItem(v *web.Visit, q *casework.Queued) []string {
	r := p.row(v, q, nil)
	return []string{strconv.FormatInt(q.ID, 10), q.Name.In(v.Lang), q.Called, r.Place, r.What, r.By, dayText(q.Deadline), marks(v, q), amountOf(q.Amount), dayText(q.Opened)}
}

// marks are what is marked of an item in a list.
func marks(v *web.Visit, q *casework.Queued) string {
	var all []string
	for _, m := range []struct {
		is     bool
		zh, en string
	}{{q.Objected, "有异议", "objection"}, {q.NearKin, "近亲属", "near kin"}, {q.OverLimit, "超限额", "over limit"}, {q.Drawn, "抽中", "drawn"},
		{q.Occasion == casework.Emergency, "急难", "emergency"}, {q.Overdue(v.Now()), "超期", "overdue"}} {
		if m.is {
			all = append(all, v.Say(m.zh, m.en))
		}
	}
	return strings.Join(all, v.Say("、", ", "))
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return dayOf(t).String()
}

func amountOf(a *money.Decimal) string {
	if a == nil {
		return ""
	}
	return a.Text()
}

// exportedRegister gives a register as a file.
func (p *Pages) exportedRegister() *web.Export {
	return &web.Export{Zh: "台账", En: "Register", Personal: true,
		Head: func(v *web.Visit) []string {
			return []string{v.Say("事项编号", "Item"), v.Say("姓名", "Name"), v.Say("村、社区", "Village"), v.Say("家庭人口", "Members"), v.Say("金额（元）", "Yuan"), v.Say("方式", "How"),
				v.Say("决定日期", "Decided"), v.Say("起", "From"), v.Say("止", "To")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			asked, err := p.registerAsked(v)
			if err != nil || asked.want.Programme == "" {
				return nil, "", err
			}
			all, err := p.Casework.Register(ctx, tx, asked.want, asked.in, asked.on, number(v.R.URL.Query().Get("after")), web.ExportPage)
			for _, r := range all {
				rows = append(rows, []string{fmt.Sprint(r.Item), r.Called, p.short(r.Area), fmt.Sprint(r.Members), amountOf(r.Amount), word("per", r.Per, v.Lang),
					daySaid(r.Decided), daySaid(r.From), daySaid(r.To)})
			}
			if len(all) == web.ExportPage {
				next = fmt.Sprint(all[len(all)-1].ID)
			}
			return rows, next, err
		}}
}

// daySaid is a day as tables show it, nothing of none.
func daySaid(d calendar.Date) string {
	if d == 0 || d == calendar.Forever {
		return ""
	}
	return d.String()
}

// exportedNotifications gives what somebody was told as a file.
func (p *Pages) exportedNotifications() *web.Export {
	return &web.Export{Zh: "通知", En: "Notifications", Personal: true,
		Head: func(v *web.Visit) []string {
			return []string{v.Say("时间", "At"), v.Say("标题", "Title"), v.Say("内容", "Text"), v.Say("急", "Urgent"), v.Say("已读", "Read")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			all, err := notification.List(ctx, tx, number(v.R.URL.Query().Get("after")), web.ExportPage)
			yes := map[bool]string{true: v.Say("是", "yes")}
			for _, n := range all {
				rows = append(rows, []string{n.At.In(zone).Format("2006-01-02 15:04"), n.Title.In(v.Lang), n.Text.In(v.Lang), yes[n.Urgent], yes[n.Read]})
			}
			if len(all) == web.ExportPage {
				next = fmt.Sprint(all[len(all)-1].ID)
			}
			return rows, next, err
		}}
}
