package visit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
)

// field is what an answer is about.
type field struct {
	unit string
	of   int64
	fact string
}

// kept is an answer as it is kept.
type kept struct {
	field
	n       int64
	id      string
	visit   int64
	device  string
	seq     int64
	account int64
	kind    Kind
	value   []byte
	base    Base
	saidBy  string
	on      calendar.Date
	against int64
	stands  int64
	state   string
	why     *pack.Text
}

const selectKept = `select unit, unit_id, fact, n, id::text, visit, device::text, seq, account, kind, value, base_statement, base_answer, said_by, answered_on,
	against, coalesce(stands, 0), state, why from visit_answer `

func scanKept(row pgx.CollectableRow) (k kept, err error) {
	var on pgtype.Date
	err = row.Scan(&k.unit, &k.of, &k.fact, &k.n, &k.id, &k.visit, &k.device, &k.seq, &k.account, &k.kind, &k.value, &k.base.Statement, &k.base.Answer, &k.saidBy, &on,
		&k.against, &k.stands, &k.state, &k.why)
	if err == nil {
		k.on = dayOf(on)
	}
	return k, err
}

func readKept(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]kept, error) {
	rows, err := tx.Query(ctx, selectKept+which, args...)
	if err != nil {
		return nil, failed("reading answers", err)
	}
	all, err := pgx.CollectRows(rows, scanKept)
	return all, failed("reading answers", err)
}

// settleField decides what counts of all that was ever answered of a field, from nothing but what was answered: so the order of arrival is the
// same to it.
func (v *Visits) settleField(ctx context.Context, tx pgx.Tx, at going, f field) error {
	all, err := readKept(ctx, tx, "where unit = $1 and unit_id = $2 and fact = $3 order by n", f.unit, f.of, f.fact)
	if err != nil {
		return err
	}
	verdicts, contested := judge(all)
	for i := range all {
		if err := v.carryOut(ctx, tx, f, &all[i], verdicts[i]); err != nil {
			return err
		}
	}
	contested = contested || slices.ContainsFunc(all, func(k kept) bool { return k.state == aside })
	return markConflict(ctx, tx, at, f, contested)
}

// judge says what state each answer of a field should have, and whether they are contested.
func judge(all []kept) (verdicts []string, contested bool) {
	verdicts = make([]string, len(all))
	var live []int
	for i, k := range all {
		verdicts[i] = k.state
		if k.state == taken || k.state == conflict {
			live = append(live, i)
		}
	}
	for i, k := range all {
		if k.state == aside && replaced(all, live, i) { // its device has mended it since
			verdicts[i] = superseded
		}
	}
	live = slices.DeleteFunc(live, func(i int) bool {
		if replaced(all, live, i) {
			verdicts[i] = superseded
		}
		return verdicts[i] == superseded
	})
	var open []int // that give a value and that no other live one knew of
	for _, i := range live {
		verdicts[i] = taken
		switch {
		case all[i].kind != Value:
		case !slices.ContainsFunc(live, func(j int) bool { return all[j].knew(all[i]) }):
			open = append(open, i)
		case all[i].state == conflict: // whoever came later knew of it
			verdicts[i] = superseded
		}
	}
	contested = slices.ContainsFunc(open, func(i int) bool { return all[i].against != 0 || !bytes.Equal(all[i].value, all[open[0]].value) })
	for _, i := range open {
		if contested {
			verdicts[i] = conflict
		}
	}
	return verdicts, contested
}

// replaced reports whether the same device answered the question of the same visit later.
func replaced(all []kept, live []int, i int) bool {
	return slices.ContainsFunc(live, func(j int) bool {
		return all[j].visit == all[i].visit && all[j].device == all[i].device && (all[j].seq > all[i].seq || all[j].seq == all[i].seq && all[j].id > all[i].id)
	})
}

// knew reports whether an answer gives a value and was given by who knew of another device's.
func (k kept) knew(o kept) bool {
	return k.kind == Value && k.n != o.n && (k.visit != o.visit || k.device != o.device) && k.base.Answer >= o.n
}

// carryOut brings an answer to a state: what is taken is stated, what is not is not.
func (v *Visits) carryOut(ctx context.Context, tx pgx.Tx, f field, k *kept, to string) error {
	stands := to == taken || to == chosen
	if k.stands != 0 && !stands {
		if err := v.registry.Withdraw(ctx, tx, k.stands, withdrawn[to]); err != nil {
			return err
		}
		k.stands = 0
	}
	if stands && k.stands == 0 && k.kind == Value && v.isFact(f) {
		made, no, err := v.state(ctx, tx, f, k)
		if err != nil {
			return err
		}
		if no != nil {
			to, k.why = aside, no
		}
		k.stands = made
	}
	k.state = to
	_, err := tx.Exec(ctx, "update visit_answer set state = $2, stands = nullif($3::bigint, 0), why = $4 where n = $1 and (state, coalesce(stands, 0)) <> ($2::text, $3::bigint)",
		k.n, k.state, k.stands, k.why)
	return failed("settling an answer", err)
}

// withdrawn is why a statement is taken back, as who reads the file sees it.
var withdrawn = map[string]string{superseded: "走访人后来改了回答", conflict: "两部手机的回答不一致，待裁定", declined: "裁定不采用", aside: "待镇街处理"}

func (v *Visits) isFact(f field) bool {
	s, wrong := v.shapeOf(f.unit, f.fact)
	return wrong == nil && s.fact != nil
}

// state makes a statement of an answer. Where it is refused, as of a person whose file is in another township, the reason is returned.
func (v *Visits) state(ctx context.Context, tx pgx.Tx, f field, k *kept) (made int64, no *pack.Text, err error) {
	value, err := decode(k.value)
	if err != nil {
		return 0, nil, err
	}
	point, err := tx.Begin(ctx) // what is refused must not take the rest with it
	if err != nil {
		return 0, nil, failed("stating an answer", err)
	}
	made, err = v.registry.State(ctx, point, v.pack, registry.Statement{Unit: pack.Unit(f.unit), Of: f.of, Fact: f.fact, Value: value,
		Holds: calendar.Span{From: k.on, To: calendar.Forever}, Source: registry.Visit, SaidBy: k.saidBy, SaidOn: k.on, Evidence: subject(k.visit)})
	if err == nil {
		return made, nil, failed("stating an answer", point.Commit(ctx))
	}
	if failed := point.Rollback(ctx); failed != nil {
		return 0, nil, fmt.Errorf("stating an answer: %w", failed)
	}
	var refused *fault.Error
	var p *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Kind != fault.Internal:
		return 0, whyOf(refused), nil
	case errors.As(err, &p) && p.Code == "42501":
		return 0, why(mayNotState), nil
	}
	return 0, nil, err
}

// decode reads a kept value in the types that statements have.
func decode(content []byte) (any, error) {
	for _, as := range []any{new(bool), new(int64), new(string), new([]string)} {
		if json.Unmarshal(content, as) != nil {
			continue
		}
		switch v := as.(type) {
		case *bool:
			return *v, nil
		case *int64:
			return *v, nil
		case *string:
			return *v, nil
		case *[]string:
			return *v, nil
		}
	}
	return nil, fmt.Errorf("a kept answer of no type that a fact has")
}

// markConflict opens the field's conflict where there is none, or closes it where the answers agree.
func markConflict(ctx context.Context, tx pgx.Tx, at going, f field, contested bool) error {
	if contested {
		_, err := tx.Exec(ctx, `insert into visit_conflict (household, visit, unit, unit_id, fact) values ($1, $2, $3, $4, $5)
			on conflict (unit, unit_id, fact) where closed_at is null do nothing`, at.household, at.id, f.unit, f.of, f.fact)
		return failed("opening a conflict", err)
	}
	_, err := tx.Exec(ctx, `update visit_conflict set closed_at = now(), closed_by = acting_account(), decision = 'agreed'
		where unit = $1 and unit_id = $2 and fact = $3 and closed_at is null`, f.unit, f.of, f.fact)
	return failed("closing a conflict", err)
}
