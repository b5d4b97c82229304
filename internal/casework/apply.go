package casework

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/pack"
)

// ApplyPack tells the database the workflow of a pack, as the owner. Versions that an earlier pack had and this one has not stay for the items
// that go by them; new items take none of them.
func ApplyPack(ctx context.Context, tx pgx.Tx, p *pack.Pack) error {
	if p.Workflow == nil {
		return nil
	}
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('dajiuzhu workflow'))"); err != nil {
		return fmt.Errorf("waiting to apply the workflow: %w", err)
	}
	a := applying{ctx, tx}
	for _, table := range []string{"workflow_procedure", "workflow_authority", "workflow_publicity"} {
		if _, err := tx.Exec(ctx, "update "+table+" set current = false where current"); err != nil {
			return fmt.Errorf("applying the workflow: %w", err)
		}
	}
	for _, q := range p.Workflow.Procedures {
		for _, v := range q.Versions {
			if err := a.procedure(q, v); err != nil {
				return fmt.Errorf("applying procedure %s: %w", q.ID, err)
			}
		}
	}
	if err := a.authorities(p.Workflow); err != nil {
		return fmt.Errorf("applying the authorities: %w", err)
	}
	if err := a.publicity(p.Workflow); err != nil {
		return fmt.Errorf("applying the publicity regimes: %w", err)
	}
	if err := a.programmes(p); err != nil {
		return fmt.Errorf("applying who handles each programme: %w", err)
	}
	return nil
}

// applying writes a pack's workflow.
type applying struct {
	ctx context.Context
	tx  pgx.Tx
}

// digestOf is the digest of all that a version says.
func digestOf(parts ...any) ([]byte, error) {
	text, err := json.Marshal(parts)
	sum := sha256.Sum256(text)
	return sum[:], err
}

// version writes a version of an entry, or finds it written, and makes it current.
func (a applying) version(table, key string, span calendar.Span, content any, columns string, values ...any) (id int64, isNew bool, err error) {
	text, err := json.Marshal(content)
	if err != nil {
		return 0, false, err
	}
	digest, err := digestOf(append([]any{table, key, writeDate(span.From), writeDate(span.To), string(text)}, values...)...)
	if err != nil {
		return 0, false, err
	}
	err = a.tx.QueryRow(a.ctx, "update "+table+" set current = true where digest = $1 returning id", digest).Scan(&id)
	if err == nil || err != pgx.ErrNoRows {
		return id, false, err
	}
	places := ""
	for i := range values {
		places += fmt.Sprintf(", $%d", i+6)
	}
	query := fmt.Sprintf("insert into %s (digest, %s, from_date, to_date, content, current%s) values ($1, $2, $3::date, $4::date, $5, true%s) returning id",
		table, table[len("workflow_"):], columns, places)
	err = a.tx.QueryRow(a.ctx, query, append([]any{digest, key, writeDate(span.From), writeDate(span.To), string(text)}, values...)...).Scan(&id)
	return id, true, err
}

func (a applying) procedure(q *pack.Procedure, v *pack.ProcedureVersion) error {
	id, isNew, err := a.version("workflow_procedure", q.ID, v.Span, contentOf(q, v), ", authority, publicity", q.Authority, q.Publicity)
	if err != nil || !isNew {
		return err
	}
	var steps pgx.Batch
	for n, s := range v.Steps {
		steps.Queue(`insert into workflow_step (version, ord, id, by_whom, people, both_sign, not_by, only_if, gives) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			id, n+1, s.ID, s.By, max(s.People, 1), s.BothSign, append([]string{}, s.NotBy...), s.OnlyIf, s.Gives)
	}
	return a.tx.SendBatch(a.ctx, &steps).Close()
}

func (a applying) authorities(w *pack.Workflow) error {
	for _, q := range w.Authorities {
		for _, v := range q.Versions {
			var upTo *string
			if v.UpTo != nil {
				s := v.UpTo.String()
				upTo = &s
			}
			content := authorityContent{Name: q.Name, Basis: v.Basis, Letter: v.Letter, Refusal: v.Refusal, Seal: v.Seal}
			for _, r := range v.Remedies {
				content.Remedies = append(content.Remedies, RemedyOpen{Kind: r.Kind, Within: periodOf(r.Within), To: r.To})
			}
			_, _, err := a.version("workflow_authority", q.ID, v.Span, content, ", rank, up_to, above", v.Rank, upTo, v.Above)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (a applying) publicity(w *pack.Workflow) error {
	for _, q := range w.Publicity {
		for _, v := range q.Versions {
			content := publicityContent{Name: q.Name, Photograph: v.Photograph, Minors: v.Minors}
			var days *int
			if v.Notice != nil {
				content.Notice = v.Notice.Shows
				if v.Notice.For != nil && v.Notice.For.Unit == "days" {
					days = &v.Notice.For.Count
				}
			}
			if v.Publication != nil {
				content.Publication = v.Publication.Shows
			}
			_, _, err := a.version("workflow_publicity", q.ID, v.Span, content, ", notice_days, never", days, v.Never)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (a applying) programmes(p *pack.Pack) error {
	var all pgx.Batch
	all.Queue("delete from workflow_programme")
	departments := map[string]string{}
	for _, q := range p.Programmes {
		departments[q.ID] = q.Department
	}
	for _, q := range p.Workflow.Procedures {
		for _, programme := range q.Programmes {
			all.Queue("insert into workflow_programme values ($1, false, $2, $3)", programme, q.ID, departments[programme])
		}
		for _, category := range q.Recognises {
			all.Queue("insert into workflow_programme values ($1, true, $2, '')", category, q.ID)
		}
	}
	return a.tx.SendBatch(a.ctx, &all).Close()
}
