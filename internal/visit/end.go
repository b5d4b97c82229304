package visit

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

var badResult = fault.Text{Key: "visit.bad-result", Zh: "请选择走访结果", En: "say how the visit ended"}

// End ends a visit that was made, unless something of it lacks, which it tells. One that has ended stays as it is.
func (v *Visits) End(ctx context.Context, tx pgx.Tx, visit int64, e Ending) (lacks []pack.Text, err error) {
	if results[e.Result].Zh == "" {
		return nil, fault.New(fault.Invalid, badResult, nil)
	}
	var state State
	var people int
	var bothSign bool
	if err := tx.QueryRow(ctx, "select state, people, both_sign from visit where id = $1", visit).Scan(&state, &people, &bothSign); err != nil {
		return nil, failed("reading a visit", err)
	}
	switch state {
	case Done:
		return nil, nil
	case Cancelled:
		return nil, fault.New(fault.Conflict, notPlanned, nil)
	}
	if lacks, err = lacking(ctx, tx, visit, people, bothSign, e.Result); err != nil || len(lacks) > 0 {
		return lacks, err
	}
	if _, err := tx.Exec(ctx, "update visit set state = 'done', result = $2, ended_by = acting_account(), ended_at = now() where id = $1", visit, string(e.Result)); err != nil {
		return nil, failed("ending a visit", err)
	}
	return nil, record(ctx, tx, "visit.done", subject(visit), map[string]any{"result": string(e.Result), "at": e.At})
}

// lacking is what a visit needs before it ends.
func lacking(ctx context.Context, tx pgx.Tx, visit int64, people int, bothSign bool, how Result) (lacks []pack.Text, err error) {
	var receiving, signers, family int
	err = tx.QueryRow(ctx, `select count(*) filter (where state = 'receiving'),
		count(distinct signer_id) filter (where state = 'kept' and kind = 'visitor'), count(*) filter (where state = 'kept' and kind = 'family')
		from visit_file where visit = $1`, visit).Scan(&receiving, &signers, &family)
	if err != nil {
		return nil, failed("reading what came with a visit", err)
	}
	if receiving > 0 {
		lacks = append(lacks, pack.Text{Zh: fmt.Sprintf("还有%d个照片、录音或签字没有传完", receiving), En: fmt.Sprintf("%d photographs, voice notes or signatures are still being sent", receiving)})
	}
	if (people > 1 || bothSign) && signers < people {
		lacks = append(lacks, pack.Text{Zh: fmt.Sprintf("要%d名走访人签字，现有%d名", people, signers), En: fmt.Sprintf("%d visitors have to sign, and %d did", people, signers)})
	}
	if bothSign && how == Met && family == 0 {
		lacks = append(lacks, pack.Text{Zh: "缺家庭成员签字", En: "somebody of the family has to sign"})
	}
	return lacks, nil
}
