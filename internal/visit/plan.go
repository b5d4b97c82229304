package visit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

// Task is a visit to be planned.
type Task struct {
	Household int64
	Purpose   Purpose
	Warnings  []int64       // that it looks into
	Item      int64         // of a filing, 0 of none
	Visitors  []int64       // accounts of staff, at least one
	People    int           // who have to go together; 0 is one
	BothSign  bool          // the visitors and the family sign
	Due       calendar.Date // the last day
	Note      string        // what to look at, in words
}

var (
	noPurpose   = fault.Text{Key: "visit.no-purpose", Zh: "“{purpose}”不是走访的目的", En: `"{purpose}" is no purpose of a visit`}
	fewVisitors = fault.Text{Key: "visit.few-visitors", Zh: "这次走访要{people}人同去，只指定了{found}人。请再指定", En: "{people} have to go together and {found} are named: name more"}
	noStaff     = fault.Text{Key: "visit.no-staff", Zh: "走访的人必须是工作人员，{account}号账号不是", En: "visitors are staff, and account {account} is not"}
	noDue       = fault.Text{Key: "visit.no-due", Zh: "请写明最迟哪天走访", En: "say by which day the visit has to be made"}
	longNote    = fault.Text{Key: "visit.long-note", Zh: "说明太长，最多{most}个字", En: "the note is too long: {most} characters at most"}
	noReason    = fault.Text{Key: "visit.no-reason", Zh: "请写明理由", En: "say why"}
)

const longestNote = 500

// Plan plans a visit and returns its id. Whoever may visit or send somebody in the household's area may plan it.
func Plan(ctx context.Context, tx pgx.Tx, t Task) (id int64, err error) {
	t.People = max(t.People, 1)
	if _, ok := purposes[t.Purpose]; !ok {
		return 0, fault.New(fault.Invalid, noPurpose, fault.Args{"purpose": fault.Excerpt(string(t.Purpose))})
	}
	if t.Due == 0 {
		return 0, fault.New(fault.Invalid, noDue, nil)
	}
	if utf8.RuneCountInString(t.Note) > longestNote {
		return 0, fault.New(fault.Invalid, longNote, fault.Args{"most": longestNote})
	}
	if t.Visitors, err = visitors(ctx, tx, t.Visitors, t.People); err != nil {
		return 0, err
	}
	var there bool
	if err := tx.QueryRow(ctx, "select exists(select from household where id = $1)", t.Household).Scan(&there); err != nil {
		return 0, failed("looking for a household", err)
	}
	if !there {
		return 0, fault.New(fault.NotFound, noHousehold, nil)
	}
	err = tx.QueryRow(ctx, `insert into visit (household, purpose, warnings, item, people, both_sign, visitors, due, note)
		values ($1, $2, $3, nullif($4, 0), $5, $6, $7, $8, $9) returning id`,
		t.Household, string(t.Purpose), append([]int64{}, t.Warnings...), t.Item, t.People, t.BothSign, t.Visitors, day(t.Due), t.Note).Scan(&id)
	if err != nil {
		return 0, failed("planning a visit", err)
	}
	return id, record(ctx, tx, "visit.plan", subject(id), map[string]any{"household": t.Household, "purpose": string(t.Purpose), "visitors": t.Visitors,
		"warnings": t.Warnings, "item": t.Item, "due": t.Due.String()})
}

// visitors are some accounts in order, each once, if they are enough and of staff.
func visitors(ctx context.Context, tx pgx.Tx, accounts []int64, people int) ([]int64, error) {
	all := slices.Compact(slices.Sorted(slices.Values(accounts)))
	if len(all) < people {
		return nil, fault.New(fault.Invalid, fewVisitors, fault.Args{"people": people, "found": len(all)})
	}
	names, err := access.StaffNames(ctx, tx, all)
	if err != nil {
		return nil, err
	}
	for _, account := range all {
		if names[account] == "" {
			return nil, fault.New(fault.Invalid, noStaff, fault.Args{"account": account})
		}
	}
	return all, nil
}

// Reassign has others make a planned visit, or has it made until another day. What those who had it have not sent yet is received and put before
// the township.
func Reassign(ctx context.Context, tx pgx.Tx, visit int64, to []int64, due, today calendar.Date) error {
	var people int
	var before pgtype.Date
	if err := tx.QueryRow(ctx, "select people, due from visit where id = $1", visit).Scan(&people, &before); err != nil {
		return failed("reading a visit", err)
	}
	if due < today && due != dayOf(before) { // an overdue visit may be given to others as it is
		return fault.New(fault.Invalid, pastDue, fault.Args{"due": due.String()})
	}
	all, err := visitors(ctx, tx, to, people)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "update visit set visitors = $2, due = $3 where id = $1", visit, all, day(due)); err != nil {
		return failed("reassigning a visit", err)
	}
	return record(ctx, tx, "visit.reassign", subject(visit), map[string]any{"visitors": all, "due": due.String()})
}

// Cancel calls a planned visit off.
func Cancel(ctx context.Context, tx pgx.Tx, visit int64, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" {
		return fault.New(fault.Invalid, noReason, nil)
	}
	tag, err := tx.Exec(ctx, "update visit set state = 'cancelled', result = $2, ended_by = acting_account(), ended_at = now() where id = $1", visit, reason)
	if err != nil {
		return failed("cancelling a visit", err)
	}
	if tag.RowsAffected() == 0 {
		return fault.New(fault.NotFound, noVisit, nil)
	}
	return record(ctx, tx, "visit.cancel", subject(visit), map[string]any{"reason": reason})
}

// Visited is who visited for an item of a filing: those sent whose devices brought answers or who signed, in order. They do not decide it.
func Visited(ctx context.Context, tx pgx.Tx, item int64) ([]int64, error) {
	rows, err := tx.Query(ctx, `select distinct account from (
			select a.account from visit v join visit_answer a on a.visit = v.id where v.item = $1
			union all select f.signer_id from visit v join visit_file f on f.visit = v.id where v.item = $1 and f.kind = 'visitor' and f.signer_id is not null
			union all select v.ended_by from visit v where v.item = $1 and v.state = 'done'
			union all select unnest(v.visitors) from visit v where v.item = $1 and v.state = 'done') who order by 1`, item)
	if err != nil {
		return nil, failed("asking who visited", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("asking who visited: %w", err)
	}
	return all, nil
}
