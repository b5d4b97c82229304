package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
)

var refusals = map[string]struct {
	kind fault.Kind
	text fault.Text
}{
	"DZ404": {fault.NotFound, fault.Text{Key: "registry.no-such-person", Zh: "没有这个人，或不在您的辖区", En: "there is no such person, or not in your area"}},
	"DZ409": {fault.Conflict, fault.Text{Key: "registry.merged-already", Zh: "其中一人已经并入他人，请先查看合并记录",
		En: "one of the two was merged already; look at the merging first"}},
	"DZ410": {fault.Conflict, fault.Text{Key: "registry.numbers-differ", Zh: "两人的公民身份号码不同，不能合并；确因变更号码的，须有公安机关的证明，且被并入的号码已不在册",
		En: "their identity numbers differ, so they are two; if a number was changed, the police's paper is needed, and the former number must be registered no longer"}},
	"DZ430": {fault.Invalid, fault.Text{Key: "registry.wide-address", Zh: "住址符合的人太多（超过500人），请再多写几个字", En: "more than 500 people have such an address; write more of it"}},
	"DZ411": {fault.Conflict, fault.Text{Key: "registry.said-different", Zh: "已经认定两人不是同一人", En: "it was decided that the two are not the same"}},
}

func refused(doing string, err error) error {
	var p *pgconn.PgError
	if errors.As(err, &p) {
		if r, ok := refusals[p.Code]; ok {
			return fault.New(r.kind, r.text, nil)
		}
	}
	return failed(doing, err)
}

// Merge says that a person is the same as another, who goes on. Rows, memberships and statements keep whom they name, and are read as those
// of who goes on. Where both have identity numbers, these differ: that needs a paper by which the number was changed, and never goes while
// the one who is merged is still registered.
func (r *Registry) Merge(ctx context.Context, tx pgx.Tx, person, survivor int64, paper, reason string) error {
	var merging int64
	if err := tx.QueryRow(ctx, "select merge_person($1, $2, $3, $4)", person, survivor, paper, reason).Scan(&merging); err != nil {
		return refused("merging two persons", err)
	}
	return record(ctx, tx, "person.merge", survivor, map[string]any{"merged": person, "merging": merging, "reason": reason, "paper": paper})
}

// Split takes a merging back: both are what they were, and are remembered as not the same.
func (r *Registry) Split(ctx context.Context, tx pgx.Tx, person int64, reason string) error {
	var survivor int64
	if err := tx.QueryRow(ctx, "select split_person($1, $2)", person, reason).Scan(&survivor); err != nil {
		return refused("splitting a person from another", err)
	}
	return record(ctx, tx, "person.split", survivor, map[string]any{"split": person, "reason": reason})
}

// SetApart remembers that two persons are not the same: they are proposed no longer, and cannot be merged.
func (r *Registry) SetApart(ctx context.Context, tx pgx.Tx, a, b int64, reason string) error {
	if _, err := tx.Exec(ctx, "select set_apart($1, $2, $3)", a, b, reason); err != nil {
		return refused("setting two persons apart", err)
	}
	return record(ctx, tx, "person.set-apart", min(a, b), map[string]any{"other": max(a, b), "reason": reason})
}

func record(ctx context.Context, tx pgx.Tx, kind string, person int64, detail any) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: fmt.Sprintf("person:%d", person), Detail: detail})
	return err
}
