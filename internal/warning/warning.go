package warning

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// State is where a round of work stands.
type State string

// The states of a round.
const (
	Waiting   State = "new"       // nobody has it yet
	Quiet     State = "quiet"     // raised again within the quiet days of an answer
	Claimed   State = "claimed"   // somebody took it
	Assigned  State = "assigned"  // somebody was given it
	Visiting  State = "visiting"  // a visit is planned
	Verified  State = "verified"  // it was looked at, and the township is to confirm
	Confirmed State = "confirmed" // there is hardship; help is on its way
	Helped    State = "helped"
	Dismissed State = "dismissed" // answered with a reason for a "no"
	Lapsed    State = "lapsed"    // the engine closed it before anybody had it
	Joined    State = "joined"    // its reports go on in another round
)

// Open reports whether a round in the state waits for somebody.
func (s State) Open() bool {
	return slices.Contains([]State{Waiting, Claimed, Assigned, Visiting, Verified, Confirmed}, s)
}

// Finding is what was found at home.
type Finding string

// The findings.
const (
	Need    Finding = "need"
	NoNeed  Finding = "no-need"
	Unclear Finding = "unclear"
)

// Visits sends somebody to a home. Package visit is one.
type Visits interface {
	Plan(ctx context.Context, tx pgx.Tx, v Visit) (id int64, err error)
}

// Visit is a visit to be planned.
type Visit struct {
	Household int64
	Warnings  []int64 // of discovery, why somebody goes; none of reports alone
	Visitors  []int64 // accounts; none leaves it to whoever works there
	Due       calendar.Date
	Note      string
	Once      string
}

// Warnings has the functions on rounds of work and reports. It is safe for concurrent use.
type Warnings struct {
	pack   *pack.Pack
	keys   *sealed.Keys
	visits Visits
	rules  map[string]*pack.Warning
	of     map[string]string // mechanisms by rule
}

// New is the warnings of a pack. Without visits nobody can be sent, and everything else goes on.
func New(p *pack.Pack, keys *sealed.Keys, visits Visits) *Warnings {
	w := &Warnings{pack: p, keys: keys, visits: visits, rules: map[string]*pack.Warning{}, of: map[string]string{}}
	for _, m := range p.Mechanisms {
		for _, r := range m.Rules {
			w.rules[r.ID], w.of[r.ID] = r, m.ID
		}
	}
	return w
}

// Rule is a rule of the pack, nil of one that the pack has no longer.
func (w *Warnings) Rule(id string) *pack.Warning { return w.rules[id] }

// Reasons are the pack's reasons for a "no".
func (w *Warnings) Reasons() []*pack.Reason {
	if w.pack.Handling == nil {
		return nil
	}
	return w.pack.Handling.Reasons
}

// ApplyPack tells the database, as the owner, what the pack says of rules, of reasons and of news. Rounds open already get the department of
// their rule.
func ApplyPack(ctx context.Context, tx pgx.Tx, p *pack.Pack) error {
	var rules, mechanisms, levels, departments, lacks []string
	var quiet []int
	for _, m := range p.Mechanisms {
		for _, r := range m.Rules {
			rules, mechanisms = append(rules, r.ID), append(mechanisms, m.ID)
			levels, departments = append(levels, r.Level), append(departments, r.Department)
			lacks, quiet = append(lacks, r.Lacks), append(quiet, r.Quiet)
		}
	}
	steps := []struct {
		sql  string
		args []any
	}{
		{"delete from warning_rule where rule <> all($1)", []any{rules}},
		{`insert into warning_rule as r (rule, mechanism, level, department, lacks, quiet)
			select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[])
			on conflict (rule) do update set mechanism = excluded.mechanism, level = excluded.level, department = excluded.department, lacks = excluded.lacks, quiet = excluded.quiet
			where (r.mechanism, r.level, r.department, r.lacks, r.quiet) is distinct from (excluded.mechanism, excluded.level, excluded.department, excluded.lacks, excluded.quiet)`,
			[]any{rules, mechanisms, levels, departments, lacks, quiet}},
		{`update warning_handling h set department = r.department from warning_rule r where r.rule = h.rule and h.department <> r.department and (h.open or h.state = 'quiet')`, nil},
		{"delete from warning_reason", nil},
		{"delete from warning_material", nil},
	}
	if h := p.Handling; h != nil {
		for _, r := range h.Reasons {
			steps = append(steps, struct {
				sql  string
				args []any
			}{"insert into warning_reason (reason, alone, note) values ($1, $2, $3)", []any{r.ID, whoAlone(h, r), r.Note}})
		}
		steps = append(steps, struct {
			sql  string
			args []any
		}{"insert into warning_material (share, never) values ($1::numeric, $2)", []any{h.Material.Share.String(), append([]string{}, h.Material.Never...)}})
	}
	for _, s := range steps {
		if _, err := tx.Exec(ctx, s.sql, s.args...); err != nil {
			return fmt.Errorf("applying the pack's handling of warnings: %w", err)
		}
	}
	return nil
}

// whoAlone is the roles that give a reason alone, each with where: "assistant village-assistant".
func whoAlone(h *pack.Handling, r *pack.Reason) []string {
	who := []string{}
	for _, route := range r.Alone {
		if desk := h.DeskOf(route); desk != nil {
			who = append(who, deskRoles[desk.By]+" "+route)
		}
	}
	return who
}

var (
	noRound  = fault.Text{Key: "warning.no-round", Zh: "没有这条预警，或不在您的辖区。请回到收件箱查看", En: "there is no such warning, or not in your area; look again in the inbox"}
	wrongWay = fault.Text{Key: "warning.wrong-way",
		Zh: "这条预警现在是“{stateZh}”，不能这样办。请刷新后再看", En: `the warning is "{state}" now, and cannot go on that way; load it again`}
	noRight = fault.Text{Key: "warning.no-right",
		Zh: "这一步不由您的岗位办理。请交给镇街经办或县级监管", En: "this is not for your post to do; leave it to the township's officer or the county"}
	noReason = fault.Text{Key: "warning.no-reason", Zh: "请选一个理由", En: "choose a reason"}
	noNote   = fault.Text{Key: "warning.no-note", Zh: "选这个理由要写一句说明", En: "this reason needs a word of explanation"}
	longNote = fault.Text{Key: "warning.long-note", Zh: "说明最多500个字", En: "an explanation has at most 500 characters"}
	noVisits = fault.Text{Key: "warning.no-visits", Zh: "还不能安排走访", En: "visits cannot be planned yet"}
	noHome   = fault.Text{Key: "warning.no-home", Zh: "还没有找到是哪一户，请先查找并关联", En: "whose household it is has not been found yet; find it first"}
	nobody   = fault.Text{Key: "warning.nobody", Zh: "请选一位在这里工作的人员", En: "choose somebody who works there"}
	nothing  = fault.Text{Key: "warning.nothing", Zh: "请先选中要办的预警", En: "select the warnings first"}
)

// refused makes a fault of what the database refused.
func refused(doing string, err error) error {
	var p *pgconn.PgError
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.NotFound, noRound, nil)
	}
	if !errors.As(err, &p) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch p.Code {
	case "DZ404":
		return fault.New(fault.NotFound, noRound, nil)
	case "DZ429":
		return fault.New(fault.Unready, tooMany, nil)
	case "DZ440":
		return fault.New(fault.Conflict, movedOn, nil)
	case "DZ441", "42501":
		return fault.New(fault.Forbidden, noRight, nil)
	case "DZ442":
		return fault.New(fault.Invalid, noHousehold, nil)
	}
	bare := *p
	bare.Detail, bare.Where = "", ""
	return fmt.Errorf("%s: %w", doing, &bare)
}

var movedOn = fault.Text{Key: "warning.moved-on", Zh: "这条预警已经有人办过了。请刷新后再看", En: "somebody has dealt with it meanwhile; load it again"}

var stateNames = map[State][2]string{
	Waiting: {"待认领", "new"}, Quiet: {"静默中", "quiet"}, Claimed: {"已认领", "claimed"}, Assigned: {"已指派", "assigned"}, Visiting: {"走访中", "visit planned"},
	Verified: {"待镇街确认", "to be confirmed"}, Confirmed: {"已确认", "confirmed"}, Helped: {"已帮扶", "helped"}, Dismissed: {"不予处理", "dismissed"},
	Lapsed: {"已自行消除", "lapsed"}, Joined: {"已并入", "joined"},
}

// Name is what the state is called.
func (s State) Name(lang fault.Lang) string { return lang.Say(stateNames[s][0], stateNames[s][1]) }
