package casework

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
)

// Appeal is what is done against a decision, and what came of it.
type Appeal struct {
	ID, Decision int64
	Kind         string // reconsideration, suit, complaint
	Who, Said    string
	Filed        calendar.Date
	Late         bool // after the time in which it can be done; whoever hears it decides whether it is heard
	By           int64
	Result       string // "": not yet; upheld (the decision stands), changed, revoked, withdrawn, not-taken
	Found        string
	On           calendar.Date
}

var noRemedy = fault.Text{Key: "casework.no-remedy", Zh: "对这个决定没有这种救济途径", En: "there is no such remedy against this decision"}

// Appeal writes down that something is done against a decision.
func (c *Casework) Appeal(ctx context.Context, tx pgx.Tx, a Appeal) (appeal int64, err error) {
	late, item, err := c.late(ctx, tx, a)
	if err != nil {
		return 0, err
	}
	var id int64
	err = tx.QueryRow(ctx, "insert into appeal (decision, kind, who, said, filed_on, late) values ($1, $2, $3, $4, $5::date, $6) returning id",
		a.Decision, a.Kind, a.Who, a.Said, a.Filed.String(), late).Scan(&id)
	if err != nil {
		return 0, refused("writing down an appeal", noItem, err)
	}
	return id, record(ctx, tx, "appeal.file", "item", item, map[string]any{"appeal": id, "decision": a.Decision, "kind": a.Kind, "late": late})
}

// late reports whether an appeal comes after the time in which it can be done, from when the letter told of the decision.
func (c *Casework) late(ctx context.Context, tx pgx.Tx, a Appeal) (late bool, item int64, err error) {
	var content []byte
	var known time.Time
	err = tx.QueryRow(ctx, `select d.item, w.content, coalesce((select min(s.at) from item_step s where s.item = d.item and s.id > d.step and s.gives = 'letter'), p.at)
		from decision d join workflow_authority w on w.id = d.authority join item_step p on p.id = d.step where d.id = $1`, a.Decision).Scan(&item, &content, &known)
	if err != nil {
		return false, 0, refused("looking up a decision", noItem, err)
	}
	var authority Authority
	if err := authority.read(content, nil); err != nil {
		return false, 0, err
	}
	if a.Kind == "complaint" {
		return false, item, nil // whoever complains is heard
	}
	for _, r := range authority.Remedies {
		if r.Kind == a.Kind {
			until, _ := end(c.pack.Calendar, known, r.Within)
			return !beginOf(a.Filed).Before(until), item, nil
		}
	}
	return false, 0, fault.New(fault.Conflict, noRemedy, nil)
}

// AppealResult writes down what came of an appeal. Where the decision does not stand, the programme is filed anew on it: [FromAppeal].
func (c *Casework) AppealResult(ctx context.Context, tx pgx.Tx, appeal int64, result, found string, on calendar.Date) error {
	_, err := tx.Exec(ctx, "insert into appeal_result (appeal, result, found, on_date) values ($1, $2, $3, $4::date)", appeal, result, found, on.String())
	if err != nil {
		return refused("writing down what came of an appeal", noItem, err)
	}
	return record(ctx, tx, "appeal.result", "appeal", appeal, map[string]any{"result": result})
}

var stands = fault.Text{Key: "casework.stands", Zh: "这个决定没有被变更或者撤销，不用重新办理", En: "the decision was neither changed nor revoked: nothing is filed anew"}

// Anew is what is filed anew once an appeal was heard: the household and the programme of a decision that does not stand, and the cause by which
// that is done once. A fault of kind Conflict where the decision stands or nobody was heard yet.
func (c *Casework) Anew(ctx context.Context, tx pgx.Tx, appeal int64) (household int64, w Want, cause string, err error) {
	var result string
	err = tx.QueryRow(ctx, `select coalesce(i.household, 0), i.programme, i.recognises, coalesce(i.person, 0), coalesce(r.result, '')
		from appeal a join decision d on d.id = a.decision join item i on i.id = d.item left join appeal_result r on r.appeal = a.id where a.id = $1`, appeal).
		Scan(&household, &w.Programme, &w.Recognises, &w.Person, &result)
	if err != nil {
		return 0, w, "", refused("looking up an appeal", noItem, err)
	}
	if result != "changed" && result != "revoked" {
		return 0, w, "", fault.New(fault.Conflict, stands, nil)
	}
	return household, w, fmt.Sprint("appeal:", appeal), nil
}

// Appeals are what was done against the decisions on an item, in order.
func (c *Casework) Appeals(ctx context.Context, tx pgx.Tx, item int64) ([]Appeal, error) {
	rows, err := tx.Query(ctx, `select a.id, a.decision, a.kind, a.who, a.said, a.filed_on::text, a.late, a.account, coalesce(r.result, ''), coalesce(r.found, ''), r.on_date::text
		from decision d join appeal a on a.decision = d.id left join appeal_result r on r.appeal = a.id where d.item = $1 order by a.id`, item)
	if err != nil {
		return nil, fmt.Errorf("reading appeals: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Appeal, err error) {
		var filed, on *string
		err = row.Scan(&a.ID, &a.Decision, &a.Kind, &a.Who, &a.Said, &filed, &a.Late, &a.By, &a.Result, &a.Found, &on)
		a.Filed, a.On = dateOf(filed), dateOf(on)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("reading appeals: %w", err)
	}
	return all, nil
}
