package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/sealed"
)

// Purpose is why sensitive fields are opened.
type Purpose string

// The purposes.
const (
	ForOwn       Purpose = "own"       // one's own values
	ForVisit     Purpose = "visit"     // to find and call a household
	ForFiling    Purpose = "filing"    // to file, or to complete a filing
	ForDecision  Purpose = "decision"  // to survey, to check and to decide
	ForMeans     Purpose = "means"     // to request a means check
	ForPayment   Purpose = "payment"   // to pay, and to match returns
	ForItem      Purpose = "item"      // to handle a department's own item
	ForMending   Purpose = "mending"   // to mend a rejected row, to merge people
	ForHotline   Purpose = "hotline"   // to find a caller and call back
	ForSample    Purpose = "sample"    // to sample a case
	ForComplaint Purpose = "complaint" // to answer an objection or a complaint
	ForInspect   Purpose = "inspect"   // to inspect
)

// purposeFacts is who opens what for a purpose.
type purposeFacts struct {
	zh, en string
	roles  []Role
	kinds  []sealed.Kind
}

// everyKind is the kinds of fields that are sealed, but for what is no kind.
var everyKind = []sealed.Kind{sealed.Identity, sealed.Phone, sealed.Account, sealed.Diagnosis}

// purposes is the one table of why who may open what. What does not stand here nobody may.
var purposes = map[Purpose]purposeFacts{
	ForOwn:       {"查看本人信息", "to see one's own", []Role{Resident}, everyKind},
	ForVisit:     {"走访联系", "to visit and call", []Role{Assistant, Officer}, []sealed.Kind{sealed.Phone}},
	ForFiling:    {"办理申报", "to file", []Role{Assistant, Officer}, []sealed.Kind{sealed.Identity, sealed.Phone, sealed.Account}},
	ForDecision:  {"调查、审核", "to survey and decide", []Role{Officer, Decider}, everyKind},
	ForMeans:     {"家庭经济状况核对", "to check means", []Role{Officer, Supervisor}, []sealed.Kind{sealed.Identity, sealed.Account}},
	ForPayment:   {"资金发放", "to pay", []Role{Supervisor}, []sealed.Kind{sealed.Identity, sealed.Account}},
	ForItem:      {"办理本部门事项", "to handle the department's item", []Role{Department}, []sealed.Kind{sealed.Identity, sealed.Phone}},
	ForMending:   {"更正数据", "to mend data", []Role{Officer, Supervisor, Department, Administrator}, []sealed.Kind{sealed.Identity}},
	ForHotline:   {"热线回访", "to call back", []Role{Hotline}, []sealed.Kind{sealed.Phone}},
	ForSample:    {"抽查", "to sample", []Role{Supervisor}, everyKind},
	ForComplaint: {"处理异议、投诉", "to answer a complaint", []Role{Officer, Supervisor}, []sealed.Kind{sealed.Identity, sealed.Phone}},
	ForInspect:   {"监督检查", "to inspect", []Role{Inspector}, everyKind},
}

var (
	mayNotOpen = fault.Text{
		Key: "access.may-not-open",
		Zh:  "{role}不能以“{purpose}”为由查看这项信息。请选择与办理事项相符的用途",
		En:  `a {role_en} may not open this for the purpose "{purpose_en}"; choose the purpose of what is being done`,
	}
	noPurpose = fault.Text{
		Key: "access.no-purpose",
		Zh:  "请先选择查看敏感信息的用途",
		En:  "say first for what purpose the sensitive field is opened",
	}
)

// Name is what the purpose is called.
func (p Purpose) Name(lang fault.Lang) string { return lang.Say(purposes[p].zh, purposes[p].en) }

// PurposesOf are the purposes that a role may choose from, in the order of their values.
func PurposesOf(r Role) []Purpose {
	var all []Purpose
	for p, facts := range purposes {
		if slices.Contains(facts.roles, r) {
			all = append(all, p)
		}
	}
	slices.Sort(all)
	return all
}

// Opens reports whether the role may open values of a kind for the purpose.
func (p Purpose) Opens(r Role, kind sealed.Kind) bool {
	return slices.Contains(purposes[p].roles, r) && slices.Contains(purposes[p].kinds, kind)
}

// Sensitive is a value to be opened, and what is recorded of its opening.
type Sensitive struct {
	Subject string // whom it is about: "person:12"
	Area    area.Code
	Field   string // "person.phone"
	Secret  sealed.Secret
}

// Open records that whoever the transaction is of opens some values for its purpose, and then returns them as they are, in the order
// given. If the role may not open one of them for that purpose, nothing is recorded and nothing is opened. The values may be shown once
// the transaction has been committed: the record of an opening must not be lost while the value is known.
func Open(ctx context.Context, tx pgx.Tx, what ...Sensitive) ([]string, error) {
	var role Role
	var purpose Purpose
	if err := tx.QueryRow(ctx, "select acting_role(), acting_purpose()").Scan(&role, &purpose); err != nil {
		return nil, fmt.Errorf("asking who opens: %w", err)
	}
	if err := mayOpen(role, purpose, what); err != nil {
		return nil, err
	}
	for _, s := range what {
		if err := s.record(ctx, tx, purpose); err != nil {
			return nil, err
		}
	}
	plain := make([]string, len(what))
	for i, s := range what {
		plain[i] = s.Secret.Plain()
	}
	return plain, nil
}

func mayOpen(role Role, purpose Purpose, what []Sensitive) error {
	if purpose == "" {
		return fault.New(fault.Forbidden, noPurpose, nil)
	}
	for _, s := range what {
		if !purpose.Opens(role, s.Secret.Kind()) {
			return fault.New(fault.Forbidden, mayNotOpen, fault.Args{"role": role.Name(fault.Zh), "purpose": purpose.Name(fault.Zh),
				"role_en": role.Name(fault.En), "purpose_en": purpose.Name(fault.En)})
		}
	}
	return nil
}

// record writes the opening's row and its act.
func (s Sensitive) record(ctx context.Context, tx pgx.Tx, purpose Purpose) error {
	_, err := tx.Exec(ctx, "insert into opening (area, field, subject) values ($1, $2, $3)", int64(s.Area), s.Field, s.Subject)
	if err != nil {
		return fmt.Errorf("recording an opening: %w", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "field.open", Subject: s.Subject, Detail: map[string]any{"field": s.Field, "purpose": purpose}})
	return err
}

// Opener is how much an account opened.
type Opener struct {
	Account  int64
	Name     string
	Openings int // values opened
	Subjects int // of so many persons and others
}

// Openers are who opened most since a time, among the openings that whoever the transaction is of may see, the most first.
func Openers(ctx context.Context, tx pgx.Tx, since time.Time, most int) ([]Opener, error) {
	rows, err := tx.Query(ctx, `select account, coalesce(staff_name(account), ''), count(*), count(distinct subject) from opening
		where at >= $1 group by account order by count(*) desc, account limit $2`, since, most)
	if err != nil {
		return nil, fmt.Errorf("counting openings: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Opener])
	if err != nil {
		return nil, fmt.Errorf("counting openings: %w", err)
	}
	return all, nil
}

// Opening is one opening of a value.
type Opening struct {
	At      time.Time
	Account int64
	Name    string // of the account
	Role    Role
	Purpose Purpose
	Field   string
	Subject string
}

// OpeningsOf are the openings of some subjects' values that whoever the transaction is of may see, the newest first, at most so many.
func OpeningsOf(ctx context.Context, tx pgx.Tx, subjects []string, most int) ([]Opening, error) {
	rows, err := tx.Query(ctx, `select at, account, coalesce(staff_name(account), ''), role, purpose, field, subject from opening
		where subject = any($1) order by at desc, id desc limit $2`, subjects, most)
	if err != nil {
		return nil, fmt.Errorf("reading openings: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Opening])
	if err != nil {
		return nil, fmt.Errorf("reading openings: %w", err)
	}
	return all, nil
}
