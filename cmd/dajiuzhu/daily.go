package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/check"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/notice"
	"dajiuzhu/internal/pack"
)

// What is done each day for that day. Done twice it comes to the same as once.
type (
	meansJob struct {
		Day string `json:"day"`
	}
	lapsesJob struct {
		Day string `json:"day"`
	}
	uploadsJob struct {
		Day string `json:"day"`
	}
	deadJob struct {
		Hour string `json:"hour"`
	}
)

func (meansJob) Kind() string   { return "means.expire" }
func (lapsesJob) Kind() string  { return "policy.lapses" }
func (uploadsJob) Kind() string { return "uploads.sweep" }
func (deadJob) Kind() string    { return "jobs.dead" }

// endReports ends the reports of checks of means that count no longer.
func (p *platform) endReports(ctx context.Context, j meansJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	return p.db.Work(ctx, func(tx pgx.Tx) error {
		ended, err := p.means.Expire(ctx, tx, on)
		if err != nil {
			return err
		}
		for _, id := range ended {
			check, err := p.means.Get(ctx, tx, id)
			if err != nil {
				return err
			}
			if err := p.telling.CheckMoved(ctx, tx, check); err != nil {
				return err
			}
		}
		return nil
	})
}

// lapseKind is the kind of notices of figures and rules that lapse.
const lapseKind = "policy.lapse"

// noteLapses has administrators told of figures and rules of the policy that lapse with nothing after them.
func (p *platform) noteLapses(ctx context.Context, j lapsesJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	return p.db.Work(ctx, func(tx pgx.Tx) error {
		all := lapseNotices(p.policy.Pack(), on)
		opened, _, err := notice.Keep(ctx, tx, lapseKind, all)
		if err != nil || len(all) == 0 {
			return err
		}
		nearest := all[0].Due
		for _, n := range all {
			nearest = min(nearest, n.Due)
		}
		return p.telling.LapsesAhead(ctx, tx, opened, nearest, on)
	})
}

// lapseSteps are how many days ahead a lapse is told, and told again.
var lapseSteps = []int{7, 30, check.LapseDays}

// lapseNotices are the lapses that a day has to tell of.
func lapseNotices(p *pack.Pack, on calendar.Date) []notice.Notice {
	var all []notice.Notice
	for _, l := range check.Lapses(p, on) {
		n := notice.Notice{Kind: lapseKind, Subject: l.Name + " " + l.Last.String(), Due: l.Last}
		for _, step := range lapseSteps {
			if n.Step == 0 && l.Days <= step {
				n.Step = step
			}
		}
		n.Zh = fmt.Sprintf("“%s”（%s）到%s为止，之后没有规定，到期后不能判定。请在政策包里写明以后的标准", l.Label.Zh, l.Name, l.Last)
		n.En = fmt.Sprintf("%s (%s) holds until %s with nothing after it, and cannot be judged by then: write into the pack what comes after", l.Label.En, l.Name, l.Last)
		all = append(all, n)
	}
	return all
}

// tellDead tells administrators of jobs that are dead.
func (p *platform) tellDead(ctx context.Context, _ deadJob) error {
	dead, err := p.queue.List(ctx, true, 1000)
	if err != nil {
		return err
	}
	return p.db.Work(ctx, func(tx pgx.Tx) error { return p.telling.JobsDead(ctx, tx, dead) })
}

// sweepUploads removes what was sent and waits for nobody.
func (p *platform) sweepUploads(ctx context.Context, j uploadsJob) error {
	on, err := calendar.Parse(j.Day)
	if err != nil {
		return jobs.Hopeless(err)
	}
	year, month, day := on.YMD()
	return p.uploads.Sweep(ctx, time.Date(year, month, day, 0, 0, 0, 0, jobs.Zone))
}
