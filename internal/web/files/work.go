package files

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// worked is what was done for the household in one way: warnings handled, visits, filings.
type worked struct {
	Name, Empty string
	Items       []workedItem
}

type workedItem struct{ Title, State, On, Path string }

// mostItems bounds how many items of a way the file shows; the queues have all.
const mostItems = 50

// work reads what was done, as far as whoever the transaction is of may see it, in a number of queries that no row adds to.
func (s *sheet) work(ctx context.Context, tx pgx.Tx, v *web.Visit) ([]worked, error) {
	var all []worked
	for _, way := range []func(context.Context, pgx.Tx, *web.Visit) (worked, error){s.handled, s.visited, s.filed} {
		w, err := way(ctx, tx, v)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

func (s *sheet) handled(ctx context.Context, tx pgx.Tx, _ *web.Visit) (worked, error) {
	w := worked{Name: s.say("预警办理", "Warnings handled"), Empty: s.say("没有预警办理记录", "no warning was worked on")}
	rounds, err := s.Warnings.Of(ctx, tx, s.file.ID, s.on)
	if err != nil {
		return w, err
	}
	for _, r := range rounds {
		one := workedItem{Title: r.Rule, State: r.State.Name(s.lang), On: s.date(r.Raised), Path: fmt.Sprintf("/warnings/%d", r.ID)}
		if rule := s.Warnings.Rule(r.Rule); rule != nil {
			one.Title = rule.Name.In(s.lang)
		}
		if r.Of != "" {
			one.Title += s.say("（", " (") + r.Of + s.say("）", ")")
		}
		w.Items = append(w.Items, one)
	}
	return w, nil
}

func (s *sheet) visited(ctx context.Context, tx pgx.Tx, _ *web.Visit) (worked, error) {
	w := worked{Name: s.say("走访", "Visits"), Empty: s.say("没有走访", "no visit")}
	visits, err := s.Visits.Of(ctx, tx, s.file.ID)
	if err != nil {
		return w, err
	}
	for i := range visits {
		one := workedItem{Title: visits[i].Purpose.Name(s.lang), On: s.date(visits[i].Due), Path: fmt.Sprintf("/visits/%d", visits[i].ID)}
		switch visits[i].State {
		case visit.Done:
			one.State = visit.Result(visits[i].Result).Name(s.lang)
		case visit.Cancelled:
			one.State = s.say("已取消", "cancelled")
		default:
			one.State = s.say("待走访", "planned")
		}
		w.Items = append(w.Items, one)
	}
	return w, nil
}

var itemStates = map[string][2]string{"open": {"办理中", "under way"}, "returned": {"退回补正", "returned for mending"}, "suspended": {"中止", "suspended"}, "ended": {"办结", "closed"}}

var decisionNames = map[string][2]string{"granted": {"予以确认", "granted"}, "refused": {"不予确认", "refused"}}

func (s *sheet) filed(ctx context.Context, tx pgx.Tx, v *web.Visit) (worked, error) {
	w := worked{Name: s.say("申请事项", "Items filed"), Empty: s.say("没有申请", "nothing was filed")}
	for _, view := range []casework.View{casework.Under, casework.Ended} {
		items, err := s.Casework.Queue(ctx, tx, casework.Filter{View: view, Now: v.Now(), Household: s.file.ID, Most: mostItems})
		if err != nil {
			return w, err
		}
		for _, q := range items {
			state := itemStates[q.State]
			if decided, ok := decisionNames[q.Decision]; ok {
				state = decided
			}
			w.Items = append(w.Items, workedItem{Title: q.Name.In(s.lang) + s.say("（", " (") + q.Called + s.say("）", ")"), State: s.say(state[0], state[1]),
				On: q.Opened.In(zone).Format("2006-01-02"), Path: fmt.Sprintf("/cases/%d", q.ID)})
		}
	}
	return w, nil
}

// granted is something that the household was granted here.
type granted struct{ Name, Who, Amount, Since, Until, Path string }

var pers = map[string][2]string{"month": {"每月", "a month"}, "year": {"每年", "a year"}, "once": {"一次", "once"}}

// grantedHere is what decisions gave the household, the newest first.
func (s *sheet) grantedHere(ctx context.Context, tx pgx.Tx) ([]granted, error) {
	awards, err := s.Casework.Granted(ctx, tx, s.file.ID, mostItems)
	if err != nil {
		return nil, err
	}
	var all []granted
	for _, a := range awards {
		one := granted{Name: a.Name.In(s.lang), Who: s.say("全家", "household"), Since: s.date(a.From), Path: fmt.Sprintf("/cases/%d", a.Item)}
		if a.Person != 0 {
			one.Who = s.nameOf(pack.Person, a.Person)
		}
		if a.Amount != nil {
			per := pers[a.Per]
			one.Amount = strings.TrimSpace(a.Amount.Text() + " " + s.say(per[0], per[1]))
		}
		if until := cmp.Or(a.Ended, a.To); until != 0 {
			one.Until = s.date(until)
		}
		all = append(all, one)
	}
	return all, nil
}
