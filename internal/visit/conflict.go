package visit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
)

// Contested is a field of which several things are said, or of which an answer could not be taken.
type Contested struct {
	ID         int64
	Household  int64
	Visit      int64
	Unit       string // person, household, or visit: a question of the checklist
	Of         int64
	Fact       string
	Home       registry.Home
	Who        string // the person's name, "" of the household
	Name, Ask  pack.Text
	Opened     time.Time
	Candidates []Candidate
	Standing   *Candidate // a statement from elsewhere that an answer contradicts
}

// Candidate is one of the things said.
type Candidate struct {
	Answer  int64 // 0 of a statement from elsewhere
	Shown   pack.Text
	By      string // who visited, or who said it
	On      calendar.Date
	Why     *pack.Text // why it was set aside
	Visit   int64
	Account int64
}

var (
	noConflict = fault.Text{Key: "visit.no-such-conflict", Zh: "没有这项分歧，或已经裁定", En: "there is no such disagreement, or it has been decided"}
	notOfIt    = fault.Text{Key: "visit.not-a-candidate", Zh: "这个回答不在可选之列，请刷新后再选", En: "this answer is not among those to choose from; load the page again"}
	notDecider = fault.Text{Key: "visit.may-not-decide", Zh: "分歧由镇街经办或县级监管裁定", En: "disagreements are decided by a township officer or a county supervisor"}
)

// Wanted is which of what waits for a decision is wanted; its zero value is all.
type Wanted struct {
	Household int64 // of conflicts
	Area      area.Code
	Account   int64 // who answered
}

// Conflicts are the open conflicts that may be seen, the oldest first, from after an id on.
func (v *Visits) Conflicts(ctx context.Context, tx pgx.Tx, w Wanted, after int64, most int) ([]Contested, error) {
	lo, hi := between(w.Area)
	return v.conflicts(ctx, tx, `closed_at is null and ($1::bigint = 0 or household = $1) and id > $2 and area >= $3 and area < $4 and ($5::bigint = 0 or exists (
		select from visit_answer a where (a.unit, a.unit_id, a.fact) = (visit_conflict.unit, visit_conflict.unit_id, visit_conflict.fact) and a.account = $5
		and a.state in ('conflict', 'aside'))) order by id limit $6`, w.Household, after, lo, hi, w.Account, most)
}

// Conflict is one open conflict.
func (v *Visits) Conflict(ctx context.Context, tx pgx.Tx, id int64) (Contested, error) {
	all, err := v.conflicts(ctx, tx, "closed_at is null and id = $1", id)
	if err != nil {
		return Contested{}, err
	}
	if len(all) == 0 {
		return Contested{}, fault.New(fault.NotFound, noConflict, nil)
	}
	return all[0], nil
}

func (v *Visits) conflicts(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Contested, error) {
	rows, err := tx.Query(ctx, "select id, household, visit, unit, unit_id, fact, opened_at from visit_conflict where "+which, args...)
	if err != nil {
		return nil, failed("reading conflicts", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Contested, err error) {
		return c, row.Scan(&c.ID, &c.Household, &c.Visit, &c.Unit, &c.Of, &c.Fact, &c.Opened)
	})
	if err != nil {
		return nil, failed("reading conflicts", err)
	}
	if err := v.candidates(ctx, tx, all); err != nil {
		return nil, err
	}
	return all, v.whom(ctx, tx, all)
}

// whom adds to conflicts whom they are about.
func (v *Visits) whom(ctx context.Context, tx pgx.Tx, all []Contested) error {
	var households, persons []int64
	for _, c := range all {
		households = append(households, c.Household)
		if c.Unit == string(pack.Person) {
			persons = append(persons, c.Of)
		}
	}
	homes, err := v.registry.Homes(ctx, tx, households)
	if err != nil {
		return err
	}
	names, err := v.registry.Names(ctx, tx, persons)
	if err != nil {
		return err
	}
	for i := range all {
		all[i].Home = homes[all[i].Household]
		if all[i].Unit == string(pack.Person) {
			all[i].Who = names[all[i].Of]
		}
	}
	return nil
}

// candidates adds what is said of each conflict's field.
func (v *Visits) candidates(ctx context.Context, tx pgx.Tx, all []Contested) error {
	conflicts := make([]int64, len(all))
	for i, c := range all {
		conflicts[i] = c.ID
	}
	said, err := readKept(ctx, tx, `where (unit, unit_id, fact) in (select c.unit, c.unit_id, c.fact from visit_conflict c where c.id = any($1))
		and state in ('conflict', 'aside') order by n`, conflicts)
	if err != nil {
		return err
	}
	var accounts []int64
	against := map[field]int64{}
	for _, k := range said {
		accounts = append(accounts, k.account)
		if k.against != 0 {
			against[k.field] = max(against[k.field], k.against)
		}
	}
	names, err := access.StaffNames(ctx, tx, accounts)
	if err != nil {
		return err
	}
	for i := range all {
		c := &all[i]
		s, wrong := v.shapeOf(c.Unit, c.Fact)
		c.Name, c.Ask = s.label, s.ask
		if wrong != nil {
			c.Name = pack.Text{Zh: c.Fact, En: c.Fact}
		}
		for _, k := range said {
			if k.field == c.field() {
				c.Candidates = append(c.Candidates, Candidate{Answer: k.n, Shown: s.show(k.kind, k.value), By: names[k.account], On: k.on, Why: k.why, Visit: k.visit, Account: k.account})
			}
		}
	}
	return v.standing(ctx, tx, all, against)
}

func (c *Contested) field() field { return field{c.Unit, c.Of, c.Fact} }

// standing adds to conflicts the statements that answers to their fields contradict, and that still stand.
func (v *Visits) standing(ctx context.Context, tx pgx.Tx, all []Contested, against map[field]int64) error {
	if len(against) == 0 {
		return nil
	}
	var households, persons []int64
	for f := range against {
		if f.unit == string(pack.Person) {
			persons = append(persons, f.of)
		} else {
			households = append(households, f.of)
		}
	}
	said, err := v.registry.Statements(ctx, tx, households, persons)
	if err != nil {
		return err
	}
	for i := range all {
		c := &all[i]
		of, ok := against[c.field()]
		at := slices.IndexFunc(said, func(s registry.Statement) bool { return ok && s.ID == of && s.Withdrawn == "" })
		if at < 0 {
			continue
		}
		value, err := json.Marshal(said[at].Value)
		if err != nil {
			return fmt.Errorf("writing a statement: %w", err)
		}
		s, _ := v.shapeOf(c.Unit, c.Fact)
		c.Standing = &Candidate{Shown: s.show(Value, value), By: said[at].SaidBy, On: said[at].SaidOn}
	}
	return nil
}

// Decide closes a conflict: the chosen answer counts and the others do not, or with 0 none of them does and what stood before stands.
func (v *Visits) Decide(ctx context.Context, tx pgx.Tx, id, answer int64, reason string) error {
	if err := mayDecide(ctx, tx); err != nil {
		return err
	}
	if reason == "" {
		return fault.New(fault.Invalid, noReason, nil)
	}
	var f field
	var g going
	err := tx.QueryRow(ctx, "select household, visit, unit, unit_id, fact from visit_conflict where id = $1 and closed_at is null", id).
		Scan(&g.household, &g.id, &f.unit, &f.of, &f.fact)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, noConflict, nil)
	}
	if err != nil {
		return failed("reading a conflict", err)
	}
	if err := lock(ctx, tx, g.household); err != nil {
		return err
	}
	all, err := readKept(ctx, tx, "where unit = $1 and unit_id = $2 and fact = $3 and state in ('conflict', 'aside') order by n", f.unit, f.of, f.fact)
	if err != nil {
		return err
	}
	if answer != 0 && !slices.ContainsFunc(all, func(k kept) bool { return k.n == answer }) {
		return fault.New(fault.Conflict, notOfIt, nil)
	}
	for i := range all {
		if err := v.verdict(ctx, tx, f, &all[i], answer); err != nil {
			return err
		}
	}
	decision, which := "kept", (*int64)(nil)
	if answer != 0 {
		decision, which = chosen, &answer
	}
	if _, err := tx.Exec(ctx, `update visit_conflict set closed_at = now(), closed_by = acting_account(), decision = $2, chosen = $3, reason = $4
		where id = $1 and closed_at is null`, id, decision, which, reason); err != nil {
		return failed("closing a conflict", err)
	}
	return record(ctx, tx, "visit.decide", subject(g.id), map[string]any{"conflict": id, "answer": answer, "fact": f.fact, "reason": reason})
}

// verdict makes one answer of a decided conflict count or not.
func (v *Visits) verdict(ctx context.Context, tx pgx.Tx, f field, k *kept, answer int64) error {
	if k.n != answer {
		return v.carryOut(ctx, tx, f, k, declined)
	}
	if err := v.carryOut(ctx, tx, f, k, chosen); err != nil {
		return err
	}
	if k.state != chosen { // it still cannot be taken
		return &fault.Error{Kind: fault.Conflict, Text: fault.Text{Key: "visit.cannot-take", Zh: k.why.Zh, En: k.why.En}}
	}
	return nil
}

func mayDecide(ctx context.Context, tx pgx.Tx) error {
	var role string
	if err := tx.QueryRow(ctx, "select acting_role()").Scan(&role); err != nil {
		return failed("asking who acts", err)
	}
	if role != "officer" && role != "supervisor" {
		return fault.New(fault.Forbidden, notDecider, nil)
	}
	return nil
}

// Set is a bundle that was set aside.
type Set struct {
	N        int64 // in the order of arrival
	ID       string
	Visit    int64
	By       string // who sent it
	Account  int64
	Received time.Time
	Why      pack.Text
	Bundle   Bundle
	Said     []Words // what the answers say
}

// Words are an answer as it is read.
type Words struct{ Ask, Shown pack.Text }

var noSet = fault.Text{Key: "visit.no-such-bundle", Zh: "没有这份待处理的走访内容，或已经处理", En: "there is no such set of answers waiting, or it has been dealt with"}

// Aside are bundles that were set aside and may be seen, the oldest first, from after a number on.
func (v *Visits) Aside(ctx context.Context, tx pgx.Tx, w Wanted, after int64, most int) ([]Set, error) {
	lo, hi := between(w.Area)
	return v.sets(ctx, tx, "state = 'aside' and n > $1 and area >= $2 and area < $3 and ($4::bigint = 0 or account = $4) order by n limit $5", after, lo, hi, w.Account, most)
}

func (v *Visits) sets(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Set, error) {
	rows, err := tx.Query(ctx, "select n, id::text, visit, account, coalesce(staff_name(account), ''), received_at, why, content from visit_bundle where "+which, args...)
	if err != nil {
		return nil, failed("reading what was set aside", err)
	}
	defer rows.Close()
	var all []Set
	for rows.Next() {
		var s Set
		var content []byte
		if err := rows.Scan(&s.N, &s.ID, &s.Visit, &s.Account, &s.By, &s.Received, &s.Why, &content); err != nil {
			return nil, failed("reading what was set aside", err)
		}
		plain, err := v.keys.Open(bundleField, content)
		if err != nil {
			return nil, err
		}
		if s.Bundle, err = parseBundle([]byte(plain)); err != nil {
			return nil, err
		}
		if s.Said, err = v.words(s.Bundle.Answers); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, failed("reading what was set aside", rows.Err())
}

// words are answers as they are read; what the pack has no longer goes by its name there.
func (v *Visits) words(answers []Answer) ([]Words, error) {
	var all []Words
	for _, a := range answers {
		value, err := json.Marshal(a.Value)
		if err != nil {
			return nil, fmt.Errorf("writing an answer: %w", err)
		}
		s, wrong := v.shapeOf(a.Unit, a.Fact)
		w := Words{s.ask, s.show(a.Kind, value)}
		if wrong != nil || w.Ask.Zh == "" {
			w.Ask = pack.Text{Zh: a.Fact, En: a.Fact}
		}
		all = append(all, w)
	}
	return all, nil
}

// Settle takes a bundle that was set aside, as its sender's answers, or dismisses it for a reason; it is kept either way.
func (v *Visits) Settle(ctx context.Context, tx pgx.Tx, id string, take bool, reason string, today calendar.Date) (Received, error) {
	if err := mayDecide(ctx, tx); err != nil {
		return Received{}, err
	}
	if !uuid.MatchString(id) {
		return Received{}, fault.New(fault.NotFound, noSet, nil)
	}
	if reason == "" {
		return Received{}, fault.New(fault.Invalid, noReason, nil)
	}
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('dajiuzhu bundle ' || $1, 0))", id); err != nil {
		return Received{}, failed("waiting to settle a bundle", err)
	}
	sets, err := v.sets(ctx, tx, "state = 'aside' and id = $1", id)
	if err != nil {
		return Received{}, err
	}
	if len(sets) == 0 {
		return Received{}, fault.New(fault.NotFound, noSet, nil)
	}
	b, r, to := sets[0].Bundle, Received{Bundle: id, State: dismissed}, dismissed
	if take {
		g, err := readGoing(ctx, tx, b.Visit)
		if err != nil {
			return r, err
		}
		if g.id == 0 {
			return r, fault.New(fault.NotFound, noVisit, nil)
		}
		g.account = sets[0].Account
		b.End, b.Place = nil, nil // whose visit it is now ends it; the officer was not there
		to, r.State = settled, taken
		if err := v.take(ctx, tx, g, &b, &r, today); err != nil {
			return r, err
		}
	}
	if _, err := tx.Exec(ctx, "update visit_bundle set state = $2, settled_by = acting_account(), settled_at = now() where id = $1", id, to); err != nil {
		return r, failed("settling a bundle", err)
	}
	return r, record(ctx, tx, "visit.settle", subject(b.Visit), map[string]any{"bundle": id, "as": to, "reason": reason})
}
