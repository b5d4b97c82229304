package access

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/sealed"
)

// Relation is what a near relative is to a member of staff.
type Relation string

// relations are the near relatives (近亲属) that staff declare, and what each is called.
var relations = map[Relation][2]string{
	"spouse":     {"配偶", "spouse"},
	"parent":     {"父母", "parent"},
	"child":      {"子女", "child"},
	"sibling":    {"兄弟姐妹", "sibling"},
	"grand":      {"祖父母、外祖父母", "grandparent"},
	"grandchild": {"孙子女、外孙子女", "grandchild"},
	"in_law":     {"配偶的父母、子女的配偶", "parent or child in law"},
	"other":      {"其他近亲属", "other near relative"},
}

var (
	unknownRelation = fault.Text{
		Key: "access.unknown-relation",
		Zh:  "没有“{relation}”这种亲属关系",
		En:  `"{relation}" is no relation that is declared`,
	}
	noSuchRelative = fault.Text{
		Key: "access.no-such-relative",
		Zh:  "您没有申报过这位近亲属",
		En:  "you have declared no such relative",
	}
	alreadyDeclared = fault.Text{
		Key: "access.already-declared",
		Zh:  "您已申报过这位近亲属，没有再次登记",
		En:  "you have declared this relative already: it was not written down again",
	}
	noNumber = fault.Text{
		Key: "access.no-number",
		Zh:  "请填写近亲属的身份证号",
		En:  "the relative's identity number is missing",
	}
)

// Relations are all relations that are declared, in the order of their values.
func Relations() []Relation { return slices.Sorted(maps.Keys(relations)) }

// Name is what the relation is called.
func (r Relation) Name(lang fault.Lang) string { return lang.Say(relations[r][0], relations[r][1]) }

// DeclareRelative records that somebody is a near relative of the session's account, over a span, and returns the declaration's id.
func (a *Access) DeclareRelative(ctx context.Context, token string, number idno.Number, relation Relation, span calendar.Span) (id int64, err error) {
	if _, ok := relations[relation]; !ok {
		return 0, fault.New(fault.Invalid, unknownRelation, fault.Args{"relation": fault.Excerpt(string(relation))})
	}
	if number.IsZero() {
		return 0, fault.New(fault.Invalid, noNumber, nil)
	}
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if !now.May(DeclareRelatives) {
			return fault.New(fault.Forbidden, mayNot, nil)
		}
		plain := number.Plain()
		var declared bool
		err := tx.QueryRow(ctx, `select exists (select from relative where account = $1 and number_digest = any($2) and from_date < $4::date and $3::date < to_date)`,
			now.Account, a.keys.Digests(sealed.PersonNumber, plain), span.From.String(), writeDay(span.To)).Scan(&declared)
		if err != nil {
			return fmt.Errorf("looking for a near relative: %w", err)
		}
		if declared {
			return fault.New(fault.Conflict, alreadyDeclared, nil)
		}
		if err := tx.QueryRow(ctx, "select nextval('relative_id_seq')").Scan(&id); err != nil {
			return fmt.Errorf("recording a near relative: %w", err)
		}
		_, err = tx.Exec(ctx, `insert into relative (id, account, area, relation, number_digest, number_sealed, from_date, to_date, declared_at)
			overriding system value select $8, id, area, $2, $3, $4, $5::date, $6::date, $7 from account where id = $1`,
			now.Account, string(relation), a.keys.Digest(sealed.PersonNumber, plain), a.keys.Seal(sealed.In(sealed.PersonNumber, id), plain),
			span.From.String(), writeDay(span.To), a.clock(), id)
		if err != nil {
			return fmt.Errorf("recording a near relative: %w", err)
		}
		return ledgerAct(ctx, tx, "relative.declare", now.Account, map[string]any{"relative": id, "relation": relation})
	})
	return id, err
}

// EndRelative ends a declaration of the session's account on a day: a marriage that was dissolved, a mistake.
func (a *Access) EndRelative(ctx context.Context, token string, id int64, day calendar.Date) error {
	return a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		tag, err := tx.Exec(ctx, "update relative set to_date = greatest(from_date, least(to_date, $3::date)) where id = $1 and account = $2", id, now.Account, day.String())
		if err != nil {
			return fmt.Errorf("ending a near relative: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, noSuchRelative, nil)
		}
		return ledgerAct(ctx, tx, "relative.end", now.Account, map[string]any{"relative": id, "on": day})
	})
}

// Relative is a declared near relative.
type Relative struct {
	ID       int64
	Account  int64
	Relation Relation
	Number   sealed.Secret
	Span     calendar.Span
}

// Relatives are the declared near relatives of an account that whoever the transaction is of may see.
func Relatives(ctx context.Context, tx pgx.Tx, keys *sealed.Keys, account int64) ([]Relative, error) {
	rows, err := tx.Query(ctx, `select id, account, relation, number_sealed, from_date::text, to_date::text from relative where account = $1 order by id`, account)
	if err != nil {
		return nil, fmt.Errorf("reading near relatives: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Relative, err error) {
		var number []byte
		var from, to string
		if err := row.Scan(&r.ID, &r.Account, &r.Relation, &number, &from, &to); err != nil {
			return Relative{}, err
		}
		var failed error
		r.Span, err = readSpan(from, to)
		r.Number, failed = keys.Secret(sealed.Identity, sealed.In(sealed.PersonNumber, r.ID), number)
		return r, errors.Join(err, failed)
	})
	if err != nil {
		return nil, fmt.Errorf("reading near relatives: %w", err)
	}
	return all, nil
}

// OwnRelatives are those whom the session's account has declared.
func (a *Access) OwnRelatives(ctx context.Context, token string) (all []Relative, err error) {
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		all, err = Relatives(ctx, tx, a.keys, now.Account)
		return err
	})
	return all, err
}

// NearRelations are the relations in which an account has declared any of some persons, such as a household's, whose digests of
// [sealed.PersonNumber] are given, to be near relatives on a day. None is no declared relative.
func NearRelations(ctx context.Context, tx pgx.Tx, account int64, numbers [][]byte, day calendar.Date) ([]Relation, error) {
	rows, err := tx.Query(ctx, "select near_relations($1, $2, $3::date)", account, numbers, day.String())
	if err != nil {
		return nil, fmt.Errorf("asking for near relatives: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[Relation])
	if err != nil {
		return nil, fmt.Errorf("asking for near relatives: %w", err)
	}
	return all, nil
}
