package feeds

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/notice"
	"dajiuzhu/internal/web"
)

type jobLine struct {
	ID           int64
	Kind, Args   string
	State        string
	Attempt      int
	Created, Due string
	Error        string
	Dead         bool
}

type noticeLine struct {
	Text string
	Due  calendar.Date
	Left int
}

type operationsPage struct {
	Notices []noticeLine
	Dead    []jobLine
	Newest  []jobLine
}

// jobsShown is how many jobs a page lists.
const jobsShown = 50

// operations shows what the platform has to tell, and its jobs, the dead ones first.
func (p *Pages) operations(v *web.Visit) error {
	var page operationsPage
	err := p.as(v, "", func(ctx context.Context, tx pgx.Tx) error {
		open, err := notice.Open(ctx, tx, 200)
		for _, n := range open {
			page.Notices = append(page.Notices, noticeLine{v.Say(n.Zh, n.En), n.Due, calendar.Days(v.Today(), n.Due)})
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, dead := range []bool{true, false} {
		list, err := p.Queue.List(v.R.Context(), dead, jobsShown)
		if err != nil {
			return err
		}
		for _, j := range list {
			if dead {
				page.Dead = append(page.Dead, jobShown(v, j))
			} else {
				page.Newest = append(page.Newest, jobShown(v, j))
			}
		}
	}
	return v.Render(http.StatusOK, p.templates, "operations", page)
}

// jobNames are what the kinds of jobs are called.
var jobNames = map[string][2]string{
	"screening.nightly": {"全体预判", "screening of everybody"}, "screening.columns": {"更新各县列数据", "columns of the counties"},
	"feeds.upload": {"接收上传的数据", "taking in an upload"}, "pages.export": {"导出列表", "a list as a file"}, "pages.sweep": {"清理导出的文件", "clean-up of exported files"}, "sessions.sweep": {"清理过期的登录", "clean-up of sessions"}, "feeds.late": {"查逾期的数据", "late feeds"},
	"means.expire": {"到期的核对报告", "reports of means that end"}, "policy.lapses": {"快到期的标准和规则", "figures and rules that lapse"},
	"uploads.sweep": {"清理没有送完的上传", "clean-up of uploads"}, "warnings.sweep": {"久未处理的预警", "warnings that lie too long"},
	"casework.overdue": {"逾期的办理事项", "items that are late"}, "casework.reviews": {"到期的复核", "reviews that come due"}, "keys.renew": {"换用新密钥", "sealing anew"},
	"notification.deliver": {"发送通知", "telling somebody"}, "notification.due": {"查到时候要发的短信邮件", "messages that are due"},
}

var jobStates = map[string][2]string{
	"available": {"等待", "waits"}, "scheduled": {"已排定", "scheduled"}, "running": {"进行中", "running"}, "retryable": {"待重试", "to be tried again"},
	"completed": {"完成", "done"}, "discarded": {"失败", "dead"}, "cancelled": {"失败", "dead"},
}

func jobShown(v *web.Visit, j jobs.Job) jobLine {
	say := func(names map[string][2]string, key string) string {
		if n, ok := names[key]; ok {
			return v.Say(n[0], n[1])
		}
		return key
	}
	zone := v.Now().Location()
	return jobLine{ID: j.ID, Kind: say(jobNames, j.Kind), Args: j.Args, State: say(jobStates, j.State), Attempt: j.Attempt, Error: j.Error, Dead: j.Dead(),
		Created: j.CreatedAt.In(zone).Format("2006-01-02 15:04"), Due: j.DueAt.In(zone).Format("2006-01-02 15:04")}
}

// settleJob has a dead job tried again, or removes it.
func (p *Pages) settleJob(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	acts := map[string]func(context.Context, int64, int64) error{"retry": p.Queue.Retry, "drop": p.Queue.Drop}
	do := acts[v.R.PathValue("act")]
	if do == nil {
		return fault.New(fault.NotFound, noSuchRow, nil)
	}
	return v.ActBeyond(func() (string, error) { return "/operations", do(v.R.Context(), v.Session.Account, id) })
}
