package casework_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
)

// walker takes an item through its procedure and knows, apart from the program and the database, what may be done when and by whom.
type walker struct {
	*world
	item       int64
	procedure  *pack.Procedure
	version    *pack.ProcedureVersion
	department string
	staff      []postgres.Principal
	position   int                // how many steps are through
	did        map[string][]int64 // who did each step
	decision   string
	near       bool
	objected   bool // somebody objects, and is not answered
	now        time.Time
	amount     string
}

// mayDo is the test's own table of who an actor of the pack is.
func (k *walker) mayDo(by, gives string, p postgres.Principal) bool {
	own := p.Role == "department" && p.Department == k.department
	rank := k.rank()
	switch by {
	case "resident":
		return p.Role == "resident" || p.Role == "assistant" || p.Role == "officer" || own
	case "village-assistant":
		taken := gives == "acknowledgement" // of an offer, by whoever asks without it
		return p.Role == "assistant" || p.Role == "officer" || (gives == "application" || taken) && p.Role == "resident" || taken && own
	case "township-officer", "window": // the walk's filings are taken by an assistant
		return p.Role == "officer"
	case "county-officer", "county-supervisor", "coordination":
		return p.Role == "supervisor"
	case "community":
		return p.Role == "assistant" || p.Role == "officer"
	case "department-officer", "fund":
		return own
	case "provider":
		return p.Role == "officer" || own
	case "finance":
		return p.Role == "supervisor" || own || p.Role == "officer" && k.procedure.Authority == "temporary-aid"
	case "decider":
		return rank == "township" && p.Role == "decider" || rank == "county" && p.Role == "supervisor" || (rank == "department" || rank == "fund") && own
	}
	k.Fatalf("the pack has an actor %q", by)
	return false
}

func (k *walker) rank() string {
	for _, v := range dezhou().Workflow.Authority(k.procedure.Authority).Versions {
		if v.Span.Contains(day(k.now)) {
			return v.Rank
		}
	}
	return ""
}

// waited is the next step that is waited for, nil at the end.
func (k *walker) waited() *pack.Step {
	for _, s := range k.version.Steps[k.position:] {
		if s.OnlyIf == "" || s.OnlyIf == k.decision || s.OnlyIf == "near-kin" && k.near || s.OnlyIf == "objection" && k.objected {
			return s
		}
	}
	return nil
}

// comes reports whether a step may come now: it is waited for, or tells what lacks, for the first time, before what is waited for.
func (k *walker) comes(s *pack.Step) bool {
	waited := k.waited()
	if waited == nil || k.objected && s.Gives == "confirmation" {
		return false
	}
	at, until := slices.Index(k.version.Steps, s), slices.Index(k.version.Steps, waited)
	return s == waited || s.OnlyIf == "papers-lacking" && at >= k.position && at < until && k.did[s.ID] == nil
}

// kept reports whether somebody did a step that keeps from another.
func (k *walker) kept(s *pack.Step, account int64) bool {
	for _, other := range k.version.Steps {
		if !slices.Contains(k.did[other.ID], account) {
			continue
		}
		if slices.Contains(s.NotBy, other.ID) || s.Gives == "confirmation" && k.rank() != "fund" && (other.Gives == "survey" || other.Gives == "opinion") {
			return true
		}
	}
	return false
}

// how is a step done as it has to be.
func (k *walker) how(s *pack.Step, p postgres.Principal) casework.Doing {
	d := casework.Doing{Signer: "国志强", Signature: "签字", Result: "已办"}
	for _, other := range k.staff {
		if len(d.With)+1 < s.People && other.Account != p.Account && other.Role == p.Role && other.Department == p.Department {
			d.With = append(d.With, other.Account)
		}
	}
	if s.Gives == "confirmation" {
		d.Result, d.Reason = k.decides(), "理由"
		if d.Result == "granted" {
			d.Grants = []casework.Grant{{Component: "aid", Amount: yuan(k.amount), Per: "once"}}
		}
	}
	return d
}

func (k *walker) decides() string {
	if k.near {
		return "refused"
	}
	return "granted"
}

// tries writes down every step as everybody, past the program, and takes each back: what is not allowed has to be refused, what is has to pass.
func (k *walker) tries(pick func(postgres.Principal) bool) {
	k.Helper()
	for _, p := range k.staff {
		if !pick(p) {
			continue
		}
		err := k.as(p, func(ctx context.Context, tx pgx.Tx) error {
			for _, s := range k.version.Steps {
				inside, err := tx.Begin(ctx)
				if err != nil {
					return err
				}
				err = k.insert(ctx, inside, s, p)
				should := k.comes(s) && k.mayDo(s.By, s.Gives, p) && !k.kept(s, p.Account) && !(p.Role == "department" && p.Department != k.department)
				if (err == nil) != should {
					k.Errorf("%s after %d steps, %s by %s %d: %v, should pass: %v", k.procedure.ID, k.position, s.ID, p.Role, p.Account, err, should)
				}
				if err := inside.Rollback(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			k.Fatal(err)
		}
	}
}

// insert writes a step down by hand, past the program.
func (k *walker) insert(ctx context.Context, tx pgx.Tx, s *pack.Step, p postgres.Principal) error {
	d := k.how(s, p)
	var amount *string
	if d.Grants != nil {
		amount = &k.amount
	}
	_, err := tx.Exec(ctx, `insert into item_step (item, step, at, people, signer, signature, result, reason, amount) values ($1, $2, $3, $4, $5, $6, $7, $8, $9::numeric)`,
		k.item, s.ID, k.now, append([]int64{p.Account}, d.With...), d.Signer, d.Signature, d.Result, d.Reason, amount)
	return err
}

// goes does what is waited for, by the first who may, and reports whether there was something.
func (k *walker) goes(random *rand.Rand) bool {
	s := k.waited()
	if s == nil {
		return false
	}
	for _, p := range k.staff {
		if !k.mayDo(s.By, s.Gives, p) || k.kept(s, p.Account) || random.IntN(3) == 0 && p.Role != "decider" && p.Role != "supervisor" {
			continue
		}
		d := k.how(s, p)
		if err := k.do(p, k.item, s.ID, d, k.now); err != nil {
			k.Fatalf("%s: %s by %s: %v", k.procedure.ID, s.ID, p.Role, err)
		}
		k.did[s.ID] = append([]int64{p.Account}, d.With...)
		k.position = slices.Index(k.version.Steps, s) + 1
		if s.Gives == "confirmation" {
			k.decision = d.Result
		}
		k.now = k.now.AddDate(0, 0, 9) // past any notice
		return true
	}
	return true // nobody was picked: the next time
}

// objects has somebody object to what was done, as far as it can be objected to, tries every step over the objection, and has it answered.
func (k *walker) objects() {
	k.Helper()
	against := ""
	for _, s := range k.version.Steps[:k.position] {
		if what := map[string]string{"notice": "notice", "survey": "survey", "check": "means-check"}[s.Gives]; what != "" && k.did[s.ID] != nil {
			against = what
		}
	}
	if against == "" {
		return
	}
	var objection int64
	k.must(supervisor, func(ctx context.Context, tx pgx.Tx) (err error) {
		objection, err = k.Object(ctx, tx, k.item, against, "邻居", "他家有车", k.now)
		return err
	})
	k.objected = true
	k.tries(func(p postgres.Principal) bool { return p.Role != "resident" })
	for _, p := range k.staff {
		s := k.waited()
		if p.Role == "assistant" || p.Role == "decider" || p.Role == "resident" || s.Gives == "review" && !k.mayDo(s.By, s.Gives, p) || p.Role == "department" && p.Department != k.department {
			continue
		}
		k.must(p, func(ctx context.Context, tx pgx.Tx) error {
			return k.Answer(ctx, tx, objection, casework.Answer{Kind: "not-taken", Found: "没有车"}, k.now)
		})
		if s.Gives == "review" {
			k.did[s.ID], k.position = []int64{p.Account}, slices.Index(k.version.Steps, s)+1
		}
		break
	}
	k.objected = false
}

// Any walk of allowed steps comes to its end, and everything else is refused by the database, for every procedure of the pack.
func TestEveryProcedureWalksToItsEndAndNoOtherWay(t *testing.T) {
	w := newWorld(t)
	w.engine.outcomes = nil
	for n, q := range dezhou().Workflow.Procedures {
		v := q.Versions[len(q.Versions)-1]
		for round := range 2 {
			random := rand.New(rand.NewPCG(uint64(n), uint64(round)))
			k := w.walker(q, v, round, at(time.March, 2, 9))
			for steps := 0; steps < 200 && k.waited() != nil; steps++ {
				before := k.position
				decides := k.waited().Gives == "confirmation"
				if decides {
					k.objects()
				}
				k.tries(func(p postgres.Principal) bool { return random.IntN(6) == 0 || decides && p.Role != "resident" })
				for k.position == before && k.goes(random) {
				}
				if t.Failed() {
					return
				}
			}
			var state, why string
			w.must(supervisor, func(ctx context.Context, tx pgx.Tx) error {
				return tx.QueryRow(ctx, "select state, coalesce(ended_why, '') from item where id = $1", k.item).Scan(&state, &why)
			})
			if state != "ended" || why != "done" || k.waited() != nil {
				t.Errorf("%s ends as %s %s after %d of %d steps", q.ID, state, why, k.position, len(v.Steps))
			}
			k.tries(func(p postgres.Principal) bool { return p.Role == "supervisor" || p.Role == "officer" })
		}
	}
}

// walker files an item of a procedure.
func (w *world) walker(q *pack.Procedure, v *pack.ProcedureVersion, round int, now time.Time) *walker {
	k := &walker{world: w, procedure: q, version: v, did: map[string][]int64{}, now: now, amount: "800"}
	want := casework.Want{Amount: yuan(k.amount), Person: int64(1 + round)}
	if len(q.Programmes) > 0 {
		want.Programme = q.Programmes[0]
	} else {
		want.Programme, want.Recognises, want.Person = q.Recognises[round], true, 0
	}
	for _, p := range dezhou().Programmes {
		if p.ID == want.Programme {
			k.department = p.Department
		}
	}
	k.staff = []postgres.Principal{assistant, officer, colleague, third, decider, another, supervisor, second, resident, health, health2,
		officerDecides, deciderProcesses, officerSupervises}
	for n := range 3 {
		account := int64(100 + 10*len(k.department) + n)
		p := postgres.Principal{Account: account, Role: "department", Area: county, Department: k.department}
		w.own(fmt.Sprintf(`insert into account (id, login, name, staff, area, created_at) overriding system value values (%[1]d, 'dept-%[1]dx', '某%[1]d', true, %[2]d, now()) on conflict do nothing;
			insert into posting (account, role, area, department, from_date, to_date) values (%[1]d, 'department', %[2]d, '%[3]s', '2020-01-01', 'infinity')`, account, p.Area, p.Department))
		k.staff = append(k.staff, p)
	}
	k.item = w.file(now, want)[0]
	if round > 0 {
		k.near = true
		w.must(officer, func(ctx context.Context, tx pgx.Tx) error {
			return w.RegisterKin(ctx, tx, k.item, "村委会委员的近亲属", now)
		})
	}
	return k
}
