package site_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/synth"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
)

// sampleCounty serves the site over an invented county in which everybody was determined once.
func sampleCounty(t testing.TB, people int) *world {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.NewURL(t), Dir: postgrestest.Dir(), Tracer: tracer{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{TB: t, db: db, keys: sealed.NewKeys()}
	w.prepare()
	w.serve()
	dir := t.TempDir()
	_, err = synth.Write(t.Context(), dezhou().Pack(), dir, synth.Options{People: people, Seed: 5, On: today()})
	w.must(err)
	_, err = w.deps.Record.Import(t.Context(), os.DirFS(dir), ingest.Options{Workers: 2})
	w.must(err)
	_, err = w.deps.Discovery.Run(t.Context(), today(), nil)
	w.must(err)
	return w
}

// storedCity serves the site over the platform's data in a folder.
func storedCity(t testing.TB, dir string) *world {
	t.Helper()
	keys, err := sealed.LoadKeys(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), postgres.Config{Dir: dir, Tracer: tracer{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{TB: t, db: db, keys: keys}
	w.prepare()
	w.serve()
	return w
}

func today() calendar.Date {
	y, m, d := time.Now().In(time.FixedZone("UTC+8", 8*60*60)).Date()
	return calendar.Must(y, m, d)
}

// busy is a household on which people work, and who they are.
type busy struct {
	id, head                      int64
	members                       []int64
	village                       area.Code
	assistant, officer, colleague postgres.Principal
	decider, supervisor           postgres.Principal
}

// staff are principals with accounts, one for each role and place.
type staff struct {
	*world
	series string // of the logins, another for each time that people are made
	all    map[postgres.Principal]member
}

// member is somebody's account, and what lets them in the first time.
type member struct {
	id           int64
	login, first string
	token        string // of a session, if there is one
}

func (w *world) staff() *staff {
	return &staff{w, fmt.Sprintf("load-%x", time.Now().Unix()), map[postgres.Principal]member{}}
}

// at is the nth of a role in an area.
func (s *staff) at(role access.Role, where area.Code, department string, nth int) postgres.Principal {
	s.Helper()
	key := postgres.Principal{Account: int64(nth), Role: string(role), Area: where, Department: department}
	if s.all[key].id == 0 {
		login := fmt.Sprintf("%s-%d", s.series, len(s.all))
		id, first, err := s.access.Create(s.Context(), access.Machine(), access.NewAccount{Login: login, Name: role.Name("zh") + fmt.Sprint(len(s.all)), Staff: true, Area: where})
		s.must(err)
		_, err = s.access.Post(s.Context(), access.Machine(), id, access.Posting{Role: role, Area: where, Department: department, Span: calendar.Since(today().AddDays(-200))})
		s.must(err)
		s.all[key] = member{id: id, login: login, first: first.Plain()}
	}
	key.Account = s.all[key].id
	return key
}

// token signs somebody in; whoever came in before has that session.
func (s *staff) token(p postgres.Principal) string {
	s.Helper()
	for key, m := range s.all {
		if m.id != p.Account {
			continue
		}
		if m.token == "" {
			m.token = s.enter(m.login, m.first)
			s.all[key] = m
		}
		return m.token
	}
	s.Fatalf("account %d is none of the staff's", p.Account)
	return ""
}

// households draws some of those with open warnings, worked on or not yet, the same for the same record.
func (s *staff) households(n int, worked bool) []busy {
	s.Helper()
	var all []busy
	s.must(s.db.Work(s.Context(), func(tx pgx.Tx) error {
		rows, err := tx.Query(s.Context(), `select h.id, h.area, m.person, (select array_agg(o.person order by o.person) from membership o where o.household = h.id and o.to_date is null) from (select distinct household from warning where state <> 'closed') w
			join household h on h.id = w.household and h.to_date is null join membership m on m.household = h.id and m.head and m.to_date is null
			where exists (select from filing f where f.household = h.id) = $2 order by md5(h.id::text) limit $1`, n, worked)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (b busy, err error) {
			err = row.Scan(&b.id, (*int64)(&b.village), &b.head, &b.members)
			return b, err
		})
		return err
	}))
	for i := range all {
		h := &all[i]
		township, county := at(h.village, area.Township), at(h.village, area.County)
		h.assistant = s.at(access.Assistant, h.village, "", 0)
		h.officer, h.colleague = s.at(access.Officer, township, "", 0), s.at(access.Officer, township, "", 1)
		h.decider, h.supervisor = s.at(access.Decider, township, "", 0), s.at(access.Supervisor, county, "", 0)
	}
	return all
}

// work gives people work on so many more households: filings that have come to different steps, some of which have ended, visits, reports and meetings.
func (s *staff) work(filings int) {
	s.Helper()
	var wait sync.WaitGroup
	lanes := make(chan struct{}, 8) // the disk is waited for together
	for n, h := range s.households(filings, false) {
		lanes <- struct{}{}
		wait.Go(func() {
			defer func() { <-lanes }()
			s.workOn(n, h)
		})
	}
	wait.Wait()
}

func (s *staff) workOn(n int, h busy) {
	s.Helper()
	if n%3 == 0 {
		s.visit(n, h)
	}
	if n%40 == 0 {
		s.report(n, h)
	}
	if n%7 > 1 {
		s.authorise(n, h)
	}
	if n%12 == 9 {
		s.check(h)
	}
	items := s.file(n, h)
	s.walk(n, h, items[0])
	if n%100 == 0 {
		s.meeting(h, items)
	}
}

func (s *staff) as(p postgres.Principal, do func(context.Context, pgx.Tx) error) {
	s.Helper()
	s.must(s.db.As(s.Context(), p, func(tx pgx.Tx) error { return do(s.Context(), tx) }))
}

func (s *staff) visit(n int, h busy) {
	s.Helper()
	s.as(h.officer, func(ctx context.Context, tx pgx.Tx) error {
		_, err := visit.Plan(ctx, tx, visit.Task{Household: h.id, Purpose: visit.Warning, Visitors: []int64{h.assistant.Account}, Due: today().AddDays(n % 9), Note: "预警核实"})
		return err
	})
}

func (s *staff) authorise(n int, h busy) {
	s.Helper()
	s.as(h.assistant, func(ctx context.Context, tx pgx.Tx) error {
		for _, m := range h.members {
			_, err := s.deps.Means.Authorise(ctx, tx, means.Authorisation{Person: m, SignedBy: "本人", Paper: fmt.Sprint("授权书", n),
				Holds: calendar.Span{From: today().AddDays(-100), To: today().AddDays(200)}})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *staff) check(h busy) {
	s.Helper()
	s.as(h.officer, func(ctx context.Context, tx pgx.Tx) error {
		_, err := s.deps.Means.Draft(ctx, tx, means.Draft{Household: h.id, Reason: "低保申请"})
		return err
	})
}

func (s *staff) report(n int, h busy) {
	s.Helper()
	s.as(h.officer, func(ctx context.Context, tx pgx.Tx) error {
		_, err := s.deps.Warnings.Receive(ctx, tx, warning.Report{Source: warning.ByVillage, Area: h.village, Household: h.id, What: overheard, On: today(), Once: fmt.Sprint(s.series, n)})
		return err
	})
}

func (s *staff) meeting(h busy, items []int64) {
	s.Helper()
	s.as(h.supervisor, func(ctx context.Context, tx pgx.Tx) error {
		_, err := s.deps.Casework.Convene(ctx, tx, casework.Meeting{Area: at(h.village, area.County), At: time.Now().Add(48 * time.Hour), Place: "县政府三楼会议室",
			Agenda: "重大支出个案一事一议", Quorum: 2, Departments: []string{"civil-affairs", "medical-insurance"}, Items: items[:1]})
		return err
	})
}

// programmes are what the filings ask for, one of them each beside what all ask for.
var programmes = []string{"temp-expenditure", "dibao", "tekun"}

// began is when a filing was made: within the last months.
func began(n int) time.Time { return time.Now().Add(-time.Duration(n%60*24+26) * time.Hour) }

func (s *staff) file(n int, h busy) []int64 {
	s.Helper()
	var filed casework.Filed
	s.as(h.assistant, func(ctx context.Context, tx pgx.Tx) (err error) {
		filed, err = s.deps.Casework.File(ctx, tx, casework.Filing{Household: h.id, Applicant: h.head, Occasion: casework.Application, Channel: "village", Proxy: "委托书" + fmt.Sprint(n),
			Items: []casework.Want{{Programme: programmes[n%len(programmes)], Outcome: "likely"}, {Programme: "med-aid", Person: h.head, Outcome: "possible"}}}, began(n))
		return err
	})
	return filed.Items
}

// walk takes a case some steps on, further for some than for others.
func (s *staff) walk(n int, h busy, item int64) {
	s.Helper()
	begun := began(n)
	signed := casework.Doing{Signer: "户主", Signature: "签字" + fmt.Sprint(n)}
	steps := []struct {
		who  postgres.Principal
		step string
		how  casework.Doing
	}{
		{h.assistant, "apply", casework.Doing{}}, {h.assistant, "authorise", signed}, {h.officer, "accept", casework.Doing{}},
	}
	for i, step := range steps[:min(n%7, len(steps))] {
		s.as(step.who, func(ctx context.Context, tx pgx.Tx) error {
			_, err := s.deps.Casework.Do(ctx, tx, item, step.step, step.how, begun.Add(time.Duration(i+1)*time.Hour))
			return err
		})
	}
	now := begun.Add(10 * time.Hour)
	switch n % 12 {
	case 5, 6:
		s.as(h.officer, func(ctx context.Context, tx pgx.Tx) error {
			return s.deps.Casework.Withdraw(ctx, tx, item, casework.Happening{Reason: "不办了", Signer: "户主", Signature: "撤回书"}, now)
		})
	case 7:
		s.as(h.supervisor, func(ctx context.Context, tx pgx.Tx) error {
			_, err := s.deps.Casework.Look(ctx, tx, item, "complaint", now)
			return err
		})
	}
}
