package warning

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
)

// Doing is how an act is done.
type Doing struct {
	Once string // the same key does nothing twice; "" is always anew
	On   calendar.Date
	Note string
}

// Done is what came of an act on some rounds, in the order of their ids.
type Done struct {
	Done    []int64
	Already []int64 // done by the same key before
	Refused []Refusal
}

// Refusal is a round on which an act was not possible.
type Refusal struct {
	ID  int64
	Err *fault.Error
}

// round is what decides whether an act is possible.
type round struct {
	id        int64
	warning   int64
	rule      string
	household int64
	route     string
	state     State
	account   int64
	finding   Finding
	ended     bool
	role      string // who acts
	acting    int64
}

// act is something that is done to rounds.
type act struct {
	kind  string
	from  []State
	roles []string
	check func(*round) *fault.Error // what else it needs
	write func(*round) change
	note  string
	once  string
}

// change is what an act writes to a round. What is nil stays.
type change struct {
	state   State
	kind    string // of the step, the act's if empty
	account *int64 // 0 is nobody
	visit   *int64
	finding *Finding
	reason  *string
	quiet   *calendar.Date // with it, the round is answered
	other   int64
	word    string
}

const (
	assistant  = string(access.Assistant)
	officer    = string(access.Officer)
	decider    = string(access.Decider)
	supervisor = string(access.Supervisor)
	department = string(access.Department)
)

var (
	working = []State{Waiting, Claimed, Assigned, Visiting, Verified}
	handy   = []string{assistant, officer, supervisor, department}
)

// do does an act to some rounds. Of one round that it is not possible for, that is the error.
func (w *Warnings) do(ctx context.Context, tx pgx.Tx, ids []int64, a act) (Done, error) {
	var d Done
	if len(ids) == 0 {
		return d, fault.New(fault.Invalid, nothing, nil)
	}
	if utf8.RuneCountInString(a.note) > 500 {
		return d, fault.New(fault.Invalid, longNote, nil)
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	already, err := doneBefore(ctx, tx, ids, a.once)
	if err != nil {
		return d, err
	}
	rounds, err := lockRounds(ctx, tx, ids)
	if err != nil {
		return d, err
	}
	for _, id := range ids {
		switch r := rounds[id]; {
		case already[id]:
			d.Already = append(d.Already, id)
		case r == nil:
			d.Refused = append(d.Refused, Refusal{id, fault.New(fault.NotFound, noRound, nil)})
		default:
			if f := a.possible(r); f != nil {
				d.Refused = append(d.Refused, Refusal{id, f})
				continue
			}
			if err := w.write(ctx, tx, r, &a); err != nil {
				return d, err
			}
			d.Done = append(d.Done, id)
		}
	}
	if len(ids) == 1 && len(d.Refused) == 1 {
		return d, d.Refused[0].Err
	}
	return d, nil
}

// possible is why the act is not possible for a round, nil if it is.
func (a *act) possible(r *round) *fault.Error {
	if !slices.Contains(a.roles, r.role) {
		return fault.New(fault.Forbidden, noRight, nil)
	}
	if !slices.Contains(a.from, r.state) {
		return fault.New(fault.Conflict, wrongWay, fault.Args{"state": r.state.Name(fault.En), "stateZh": r.state.Name(fault.Zh)})
	}
	if a.check != nil {
		return a.check(r)
	}
	return nil
}

func doneBefore(ctx context.Context, tx pgx.Tx, ids []int64, once string) (map[int64]bool, error) {
	already := map[int64]bool{}
	if once == "" {
		return already, nil
	}
	// The same key at the same time waits for the first to be through.
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('warning ' || acting_account() || ' ' || $1, 0))", once); err != nil {
		return nil, fmt.Errorf("waiting for the same act: %w", err)
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = onceOf(once, id)
	}
	rows, err := tx.Query(ctx, "select handling from warning_step where account = acting_account() and once = any($1)", keys)
	if err != nil {
		return nil, fmt.Errorf("asking whether it was done before: %w", err)
	}
	done, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("asking whether it was done before: %w", err)
	}
	for _, id := range done {
		already[id] = true
	}
	return already, nil
}

// onceOf is the key of an act on one of its rounds.
func onceOf(once string, id int64) string {
	if once == "" {
		return ""
	}
	return fmt.Sprintf("%s/%d", once, id)
}

func lockRounds(ctx context.Context, tx pgx.Tx, ids []int64) (map[int64]*round, error) {
	rows, err := tx.Query(ctx, `select id, coalesce(warning, 0), rule, coalesce(household, 0), route, state, coalesce(account, 0), finding, ended_at is not null,
		acting_role(), acting_account() from warning_handling where id = any($1) order by id for no key update`, ids)
	if err != nil {
		return nil, refused("looking up warnings", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*round, error) {
		r := &round{}
		return r, row.Scan(&r.id, &r.warning, &r.rule, &r.household, &r.route, &r.state, &r.account, &r.finding, &r.ended, &r.role, &r.acting)
	})
	if err != nil {
		return nil, refused("looking up warnings", err)
	}
	rounds := make(map[int64]*round, len(all))
	for _, r := range all {
		rounds[r.id] = r
	}
	return rounds, nil
}

// write does the act to one round: the round, its history and the ledger.
func (w *Warnings) write(ctx context.Context, tx pgx.Tx, r *round, a *act) error {
	c := a.write(r)
	if c.kind == "" {
		c.kind = a.kind
	}
	var quiet *string
	if c.quiet != nil {
		day := c.quiet.String()
		quiet = &day
	}
	answered := c.state == Helped || c.state == Dismissed
	_, err := tx.Exec(ctx, `update warning_handling set state = $2, account = case when $3::bigint is null then account else nullif($3, 0) end,
			visit = coalesce($4, visit), finding = coalesce($5, finding), reason = coalesce($6, reason), quiet_until = coalesce($7::date, quiet_until),
			answered_at = case when $8 then clock_timestamp() end
		where id = $1`, r.id, string(c.state), c.account, c.visit, c.finding, c.reason, quiet, answered)
	if err != nil {
		return refused("moving a warning on", err)
	}
	var other *int64
	if c.other != 0 {
		other = &c.other
	}
	_, err = tx.Exec(ctx, "insert into warning_step (handling, kind, state, other, word, note, once) values ($1, $2, $3, $4, $5, $6, $7)",
		r.id, c.kind, string(c.state), other, c.word, a.note, onceOf(a.once, r.id))
	if err != nil {
		return refused("writing down what was done", err)
	}
	return record(ctx, tx, c.kind, r.id, map[string]any{"rule": r.rule, "household": r.household, "from": r.state, "to": c.state, "other": c.other, "word": c.word})
}

func record(ctx context.Context, tx pgx.Tx, kind string, id int64, detail any) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: "warning." + kind, Subject: fmt.Sprintf("warning-round:%d", id), Detail: detail})
	return err
}

// Claim takes rounds for whoever acts.
func (w *Warnings) Claim(ctx context.Context, tx pgx.Tx, ids []int64, d Doing) (Done, error) {
	return w.do(ctx, tx, ids, act{kind: "claim", from: []State{Waiting, Assigned}, roles: handy, note: d.Note, once: d.Once,
		check: func(r *round) *fault.Error {
			if r.state == Assigned && r.account != r.acting { // another was given it
				return fault.New(fault.Conflict, movedOn, nil)
			}
			return nil
		},
		write: func(r *round) change { return change{state: Claimed, account: &r.acting} }})
}

// Release gives back what whoever acts has, or what anybody has at whom a township or county looks.
func (w *Warnings) Release(ctx context.Context, tx pgx.Tx, ids []int64, d Doing) (Done, error) {
	free := int64(0)
	return w.do(ctx, tx, ids, act{kind: "release", from: []State{Claimed, Assigned}, roles: handy, note: d.Note, once: d.Once,
		check: func(r *round) *fault.Error {
			if r.account != r.acting && r.role != officer && r.role != supervisor {
				return fault.New(fault.Forbidden, noRight, nil)
			}
			return nil
		},
		write: func(*round) change { return change{state: Waiting, account: &free} }})
}

// Workers are those to whom work can be given in the area of who asks: assistants and officers, by area and name.
func Workers(ctx context.Context, tx pgx.Tx, on calendar.Date) ([]access.Colleague, error) {
	all, err := access.Colleagues(ctx, tx, on)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(c access.Colleague) bool { return c.Role != access.Assistant && c.Role != access.Officer })
	slices.SortStableFunc(all, func(a, b access.Colleague) int { return cmp.Compare(a.Area, b.Area) })
	return all, nil
}

// Assign gives rounds to somebody who works there.
func (w *Warnings) Assign(ctx context.Context, tx pgx.Tx, ids []int64, account int64, d Doing) (Done, error) {
	workers, err := Workers(ctx, tx, d.On)
	if err != nil {
		return Done{}, err
	}
	return w.do(ctx, tx, ids, act{kind: "assign", from: working, roles: []string{officer, supervisor}, note: d.Note, once: d.Once,
		check: func(*round) *fault.Error {
			if !slices.ContainsFunc(workers, func(c access.Colleague) bool { return c.Account == account }) {
				return fault.New(fault.Invalid, nobody, nil)
			}
			return nil
		},
		write: func(*round) change { return change{state: Assigned, account: &account, other: account} }})
}

// SendVisit plans a visit for each household of some rounds, which goes to all of its rounds among them.
func (w *Warnings) SendVisit(ctx context.Context, tx pgx.Tx, ids []int64, visitors []int64, due calendar.Date, d Doing) (Done, error) {
	if w.visits == nil {
		return Done{}, fault.New(fault.Unready, noVisits, nil)
	}
	planned := map[int64]int64{}
	var failed error
	done, err := w.do(ctx, tx, ids, act{kind: "visit", from: append(slices.Clone(working), Confirmed), roles: []string{assistant, officer, supervisor}, note: d.Note, once: d.Once,
		check: func(r *round) *fault.Error {
			if r.household == 0 {
				return fault.New(fault.Conflict, noHome, nil)
			}
			if _, ok := planned[r.household]; ok || failed != nil {
				return nil
			}
			planned[r.household], failed = w.plan(ctx, tx, r, visitors, due, d)
			return nil
		},
		write: func(r *round) change {
			visit := planned[r.household]
			return change{state: Visiting, visit: &visit, other: visit}
		}})
	if failed != nil {
		return done, failed
	}
	return done, err
}

func (w *Warnings) plan(ctx context.Context, tx pgx.Tx, r *round, visitors []int64, due calendar.Date, d Doing) (int64, error) {
	rows, err := tx.Query(ctx, "select warning from warning_handling where household = $1 and open and warning is not null order by rank, id", r.household)
	if err != nil {
		return 0, fmt.Errorf("reading why a household is visited: %w", err)
	}
	warnings, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("reading why a household is visited: %w", err)
	}
	return w.visits.Plan(ctx, tx, Visit{Household: r.household, Warnings: warnings, Visitors: visitors, Due: due, Note: d.Note, Once: d.Once})
}

// Verify says what was found at home, or otherwise found out.
func (w *Warnings) Verify(ctx context.Context, tx pgx.Tx, ids []int64, found Finding, d Doing) (Done, error) {
	return w.do(ctx, tx, ids, act{kind: "verify", from: working, roles: handy, note: d.Note, once: d.Once,
		write: func(*round) change { return change{state: Verified, finding: &found, word: string(found)} }})
}

// Confirm says that there is hardship: what helps is filed for.
func (w *Warnings) Confirm(ctx context.Context, tx pgx.Tx, ids []int64, d Doing) (Done, error) {
	need := Need
	return w.do(ctx, tx, ids, act{kind: "confirm", from: working, roles: []string{officer, supervisor, department}, note: d.Note, once: d.Once,
		write: func(*round) change { return change{state: Confirmed, finding: &need} }})
}

// Dismiss answers rounds with a reason for a "no". Where the reason is not the desk's to give alone, it is proposed, and the township confirms.
func (w *Warnings) Dismiss(ctx context.Context, tx pgx.Tx, ids []int64, reason string, d Doing) (Done, error) {
	if w.pack.Handling == nil || w.pack.Handling.Reason(reason) == nil {
		return Done{}, fault.New(fault.Invalid, noReason, nil)
	}
	why := w.pack.Handling.Reason(reason)
	if why.Note && d.Note == "" {
		return Done{}, fault.New(fault.Invalid, noNote, nil)
	}
	noNeed := NoNeed
	return w.do(ctx, tx, ids, act{kind: "dismiss", from: append(slices.Clone(working), Confirmed), roles: handy, note: d.Note, once: d.Once,
		check: func(r *round) *fault.Error {
			if r.state == Confirmed && !w.alone(why, r) {
				return fault.New(fault.Forbidden, noRight, nil)
			}
			return nil
		},
		write: func(r *round) change {
			if !w.alone(why, r) {
				return change{state: Verified, kind: "propose", finding: &noNeed, reason: &reason, word: reason}
			}
			quiet := d.On.AddDays(w.quietDays(r.rule, why))
			return change{state: Dismissed, reason: &reason, quiet: &quiet, word: reason}
		}})
}

// alone reports whether who acts gives the reason without the township.
func (w *Warnings) alone(why *pack.Reason, r *round) bool {
	return r.role == officer || r.role == supervisor || w.worksAt(r.role, r.route) && why.AloneAt(r.route)
}

// deskRoles is the role of whom handling.yaml names by what they do.
var deskRoles = map[string]string{"village-assistant": assistant, "township-officer": officer, "county-supervisor": supervisor, "department-officer": department}

// worksAt reports whether a role works on what lies on a route.
func (w *Warnings) worksAt(role, route string) bool {
	desk := w.pack.Handling.DeskOf(route)
	return desk != nil && deskRoles[desk.By] == role
}

func (w *Warnings) quietDays(rule string, why *pack.Reason) int {
	if why != nil && why.Quiet != nil {
		return *why.Quiet
	}
	if r := w.rules[rule]; r != nil {
		return r.Quiet
	}
	return 0
}

// Helped says that help was given; by tells by what, as "item:12".
func (w *Warnings) Helped(ctx context.Context, tx pgx.Tx, ids []int64, by string, d Doing) (Done, error) {
	return w.do(ctx, tx, ids, act{kind: "help", from: append(slices.Clone(working), Confirmed), roles: []string{officer, decider, supervisor, department, ""}, note: d.Note, once: d.Once,
		write: func(r *round) change {
			quiet := d.On.AddDays(w.quietDays(r.rule, nil))
			return change{state: Helped, quiet: &quiet, word: by}
		}})
}

// HelpedBy answers what waited for an item that whoever acts has just granted, and returns those rounds: the open ones of rules that say of this
// programme that it is not had, of the very household or person, and the household's confirmed ones of rules that name no programme. What is
// warned of beside it stays, since the household may still be in hardship.
func (w *Warnings) HelpedBy(ctx context.Context, tx pgx.Tx, item int64, on calendar.Date) ([]int64, error) {
	rows, err := tx.Query(ctx, "select handling, rule, coalesce(household, 0), was from answer_by_grant($1, $2::date)", item, on.String())
	if err != nil {
		return nil, refused("answering what waited for help", err)
	}
	rounds, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r round, err error) {
		return r, row.Scan(&r.id, &r.rule, &r.household, &r.state)
	})
	if err != nil {
		return nil, refused("answering what waited for help", err)
	}
	var ids []int64
	for _, r := range rounds {
		err := record(ctx, tx, "help", r.id, map[string]any{"rule": r.rule, "household": r.household, "from": r.state, "to": Helped, "word": fmt.Sprint("item:", item)})
		if err != nil {
			return nil, err
		}
		ids = append(ids, r.id)
	}
	return ids, nil
}

// Reopen takes an answer up again, as a further round, which is returned.
func (w *Warnings) Reopen(ctx context.Context, tx pgx.Tx, id int64, d Doing) (round int64, err error) {
	var rule string
	if err := tx.QueryRow(ctx, "select rule from warning_handling where id = $1", id).Scan(&rule); err != nil {
		return 0, refused("looking up a warning", err)
	}
	if err := tx.QueryRow(ctx, "select reopen_warning($1, $2::date, $3::date)", id, d.On.String(), w.dueText(rule, d.On)).Scan(&round); err != nil {
		return 0, refused("taking a warning up again", err)
	}
	return round, record(ctx, tx, "reopen", round, map[string]any{"before": id, "note": d.Note})
}

// dueText is the last day of a rule that is raised on a day, as the database reads it; nil where the calendar does not reach.
func (w *Warnings) dueText(rule string, on calendar.Date) *string {
	r := w.rules[rule]
	if r == nil || w.pack.Calendar == nil {
		return nil
	}
	last, err := w.pack.Calendar.Add(on, r.Due)
	if err != nil {
		return nil
	}
	text := last.String()
	return &text
}
