package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"
)

var (
	notHere = fault.Text{
		Key: "access.resident-not-here",
		Zh:  "没有这个人，或不在您的辖区，或不属于任何一户。请先核对人口登记和家庭成员",
		En:  "there is no such person, or not in your area, or they belong to no household: look at the register and the household first",
	}
	tiedAlready = fault.Text{
		Key: "access.resident-tied",
		Zh:  "这个人已经有居民账号，没有再开。忘记密码的，重新发初始密码即可",
		En:  "this person has a resident's account already and got no other; if the password is forgotten, give another first password",
	}
	aChild = fault.Text{
		Key: "access.resident-child",
		Zh:  "未满18周岁的，由监护人或协理员代为申请，不单独开通账号",
		En:  "who is under 18 has no account: the guardian or the assistant applies for them",
	}
	ownRelative = fault.Text{
		Key: "access.resident-relative",
		Zh:  "这是您申报的近亲属，请换一位工作人员办理",
		En:  "this is a near relative that you declared: have somebody else do it",
	}
	isDead = fault.Text{
		Key: "access.resident-dead",
		Zh:  "登记显示这个人已去世，不能开通账号",
		En:  "by the register this person is dead: there is no account for them",
	}
	noProof = fault.Text{
		Key: "access.resident-proof",
		Zh:  "请写明当面核对了什么证件",
		En:  "say by what paper you saw who it is",
	}
	noWhy = fault.Text{
		Key: "access.resident-why",
		Zh:  "请写明停用的原因",
		En:  "say why the account is ended",
	}
	notTied = fault.Text{
		Key: "access.resident-not-tied",
		Zh:  "这个人没有居民账号",
		En:  "this person has no resident's account",
	}
	notInRecord = fault.Text{
		Key: "access.outside-not-in-record",
		Zh:  "统一身份认证通过了，但本市救助登记里还没有您，或您不属于任何一户。请找村（社区）或镇街救助窗口，或拨打12345",
		En:  "you are who you say, but this city's record does not have you, or in no household: go to your village or township, or call 12345",
	}
)

// tieRefusals are the faults by which the database's refusals of a tie are told.
var tieRefusals = map[string]struct {
	kind fault.Kind
	text fault.Text
}{
	"DZ450": {fault.NotFound, notHere}, "DZ451": {fault.Conflict, tiedAlready}, "DZ452": {fault.Conflict, aChild},
	"DZ453": {fault.Forbidden, ownRelative}, "DZ454": {fault.Conflict, isDead},
}

// tieRefused makes a fault of what the database refused.
func tieRefused(err error) error {
	var p *pgconn.PgError
	if !errors.As(err, &p) {
		return fmt.Errorf("tying an account to a person: %w", err)
	}
	if r, ok := tieRefusals[p.Code]; ok {
		return fault.New(r.kind, r.text, nil)
	}
	if isUnique(err) { // somebody else did at the same moment
		return fault.New(fault.Conflict, tiedAlready, nil)
	}
	return fmt.Errorf("tying an account to a person: %w", err)
}

// Tied is a resident's account and the person of the record whose it is.
type Tied struct {
	Account int64
	Login   string
	Person  int64
	How     string // window, or outside: by the identity provider
	Proof   string // by what it was seen who they are
	At      time.Time
	By      int64 // the account that tied it
}

// Tie is a resident's account to be made.
type Tie struct {
	Person int64
	Proof  string // by what it was seen who they are
	Login  string // as they wish it; "" is one that is drawn
}

// Given is an account that was tied to a person of the record, or to which another first password was given.
type Given struct {
	Account, Person int64
	Area            area.Code // where the person's household lives
	Again           bool      // another first password: whoever held the account is signed out
	At              time.Time
}

// Hears is told of each account that is given, in the transaction in which it is, so that the person hears of what somebody did in their name.
type Hears interface {
	AccountGiven(ctx context.Context, tx pgx.Tx, g Given) error
}

// Telling has somebody hear of accounts that are given. It is called before anything else is.
func (a *Access) Telling(to Hears) { a.hears = to }

// tell tells the person that the account is given.
func (a *Access) tell(ctx context.Context, tx pgx.Tx, account int64, p registered, again bool) error {
	if a.hears == nil {
		return nil
	}
	return a.hears.AccountGiven(ctx, tx, Given{account, p.id, p.area, again, a.clock()})
}

// TieResident makes an account for a person of the record, at a window: whoever acts has seen the person and a paper that proves who it is. The
// person belongs to a household in the area of the posting, is grown up and has no account. The first password is returned, to be handed over.
func (a *Access) TieResident(ctx context.Context, by Session, t Tie) (login string, first sealed.Secret, err error) {
	if err := by.mayTie(); err != nil {
		return "", sealed.Secret{}, err
	}
	if t.Login != "" && !loginForm.MatchString(t.Login) {
		return "", sealed.Secret{}, fault.New(fault.Invalid, badLogin, fault.Args{"login": fault.Excerpt(t.Login)}).In(fault.At{Field: "login"})
	}
	if t.Proof == "" {
		return "", sealed.Secret{}, fault.New(fault.Invalid, noProof, nil).In(fault.At{Field: "proof"})
	}
	err = a.db.WorkAs(ctx, by.Principal(ForFiling), func(tx pgx.Tx) error {
		p, err := personFor(ctx, tx, "q.id = $1", t.Person)
		if err != nil {
			return err
		}
		if !by.Posting.Area.Contains(p.area) {
			return fault.New(fault.NotFound, notHere, nil)
		}
		var account int64
		if account, login, err = a.createResident(ctx, tx, p, t.Login); err != nil {
			return err
		}
		if err := a.tie(ctx, tx, account, p, "window", t.Proof, ForFiling); err != nil {
			return err
		}
		first, err = a.setFirst(ctx, tx, account)
		return err
	})
	return login, first, err
}

// mayTie refuses who may not tie accounts to persons, or has not proved just now who they are.
func (s Session) mayTie() error {
	if !s.May(TieResidents) {
		return fault.New(fault.Forbidden, mayNot, nil)
	}
	if !s.Fresh {
		return fault.New(fault.Forbidden, confirmFirst, nil)
	}
	return nil
}

// registered is a person of the record to whom an account may be tied.
type registered struct {
	id      int64
	name    string
	area    area.Code // of the household
	account int64     // that is tied already, 0 of none
	out     bool      // and shut out
}

// personFor is the person of whom a condition on person q holds, as who goes on where they were merged.
func personFor(ctx context.Context, tx pgx.Tx, condition string, args ...any) (p registered, err error) {
	err = tx.QueryRow(ctx, `select p.id, p.name, h.area, coalesce(a.id, 0), a.disabled_at is not null
		from person q join person p on p.id = survivor_of(q.id) join household h on h.id = household_of(p.id)
			left join account_person t on t.ended_at is null and t.person in (select same_person(p.id)) left join account a on a.id = t.account
		where `+condition, args...).Scan(&p.id, &p.name, (*int64)(&p.area), &p.account, &p.out)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, fault.New(fault.NotFound, notHere, nil)
	}
	if err != nil {
		return p, fmt.Errorf("looking for a person of the record: %w", err)
	}
	return p, nil
}

// createResident makes an account with a posting where the person lives. A login that nobody wished is drawn: short, easily told, nobody's number.
func (a *Access) createResident(ctx context.Context, tx pgx.Tx, p registered, wished string) (account int64, login string, err error) {
	if login = wished; login == "" {
		b, err := a.draw(5)
		if err != nil {
			return 0, "", err
		}
		login = "jm" + readable(b)
	}
	if account, err = a.create(ctx, tx, NewAccount{Login: login, Name: p.name, Area: p.area}); err != nil {
		return 0, "", err
	}
	_, err = insertPosting(ctx, tx, account, Posting{Role: Resident, Area: p.area, Span: calendar.Since(a.today())})
	return account, login, err
}

func (a *Access) tie(ctx context.Context, tx pgx.Tx, account int64, p registered, how, proof string, why Purpose) error {
	_, err := tx.Exec(ctx, "insert into account_person (account, person, how, proof, tied_at) values ($1, $2, $3, $4, $5)", account, p.id, how, proof, a.clock())
	if err != nil {
		return tieRefused(err)
	}
	if err := ledgerAct(ctx, tx, "resident.tie", account, map[string]any{"person": p.id, "how": how, "proof": proof, "purpose": why}); err != nil {
		return err
	}
	return a.tell(ctx, tx, account, p, false)
}

// residentFromOutside is the account of the person of the record whose identity number the outside provider tells, made where there is none, and
// links it with the outside identity.
func (a *Access) residentFromOutside(ctx context.Context, who outsider) (account int64, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		p, err := personFor(ctx, tx, "q.number_digest = any($1)", a.keys.Digests(sealed.PersonNumber, who.number.Plain()))
		if fault.KindOf(err) == fault.NotFound {
			return fault.New(fault.Forbidden, notInRecord, nil)
		}
		if err != nil {
			return err
		}
		if p.out {
			return fault.New(fault.Forbidden, outsideUnknown, nil)
		}
		if account = p.account; account == 0 {
			if account, _, err = a.createResident(ctx, tx, p, ""); err != nil {
				return err
			}
			if err := a.tie(ctx, tx, account, p, "outside", a.outside.Issuer, ""); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "insert into outside_identity (issuer, subject, account) values ($1, $2, $3)", a.outside.Issuer, who.subject, account)
		if isUnique(err) { // with an account that is shut out
			return fault.New(fault.Forbidden, outsideUnknown, nil)
		}
		if err != nil {
			return fmt.Errorf("linking an outside identity: %w", err)
		}
		return ledgerAct(ctx, tx, "account.outside-link", account, nil)
	})
	return account, err
}

// tiedHere runs something on the account of a person whom a window's officer or assistant may see.
func (a *Access) tiedHere(ctx context.Context, by Session, person int64, do func(tx pgx.Tx, t registered) error) error {
	if err := by.mayTie(); err != nil {
		return err
	}
	return a.db.WorkAs(ctx, by.Principal(ForFiling), func(tx pgx.Tx) error {
		p, err := personFor(ctx, tx, "q.id = $1", person)
		if err != nil {
			return err
		}
		if !by.Posting.Area.Contains(p.area) {
			return fault.New(fault.NotFound, notHere, nil)
		}
		if p.account == 0 {
			return fault.New(fault.NotFound, notTied, nil)
		}
		return do(tx, p)
	})
}

// ResetResident gives a resident another first password at the window, which ends the account's sessions and its second factors, which are lost
// with the telephone that held them.
func (a *Access) ResetResident(ctx context.Context, by Session, person int64, proof string) (login string, first sealed.Secret, err error) {
	if proof == "" {
		return "", sealed.Secret{}, fault.New(fault.Invalid, noProof, nil).In(fault.At{Field: "proof"})
	}
	err = a.tiedHere(ctx, by, person, func(tx pgx.Tx, t registered) error {
		if err := tx.QueryRow(ctx, "select login from account where id = $1", t.account).Scan(&login); err != nil {
			return fmt.Errorf("reading a resident's login: %w", err)
		}
		if err := stopTOTP(ctx, tx, t.account); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "delete from passkey where account = $1", t.account); err != nil {
			return fmt.Errorf("removing a resident's passkeys: %w", err)
		}
		if first, err = a.setFirst(ctx, tx, t.account); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, t.account, nil); err != nil {
			return err
		}
		if err := ledgerAct(ctx, tx, "resident.reset-password", t.account, map[string]any{"person": t.id, "proof": proof, "purpose": ForFiling}); err != nil {
			return err
		}
		return a.tell(ctx, tx, t.account, t, true)
	})
	return login, first, err
}

// UntieResident ends a resident's account: nobody signs in to it any more, and the person may be given another.
func (a *Access) UntieResident(ctx context.Context, by Session, person int64, why string) error {
	if why == "" {
		return fault.New(fault.Invalid, noWhy, nil).In(fault.At{Field: "why"})
	}
	return a.tiedHere(ctx, by, person, func(tx pgx.Tx, t registered) error {
		_, err := tx.Exec(ctx, "update account_person set ended_at = $2, ended_by = $3, ended_why = $4 where account = $1 and ended_at is null", t.account, a.clock(), by.Account, why)
		if err != nil {
			return fmt.Errorf("ending a tie to a person: %w", err)
		}
		if _, err := tx.Exec(ctx, "update account set disabled_at = $2 where id = $1", t.account, a.clock()); err != nil {
			return fmt.Errorf("shutting a resident out: %w", err)
		}
		if _, err := tx.Exec(ctx, "delete from outside_identity where account = $1", t.account); err != nil {
			return fmt.Errorf("ending a resident's link with an outside identity: %w", err)
		}
		if err := endSessions(ctx, tx, t.account, nil); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "resident.untie", t.account, map[string]any{"person": t.id, "why": why, "purpose": ForFiling})
	})
}

// TiedTo is the account that is tied to a person whom the transaction may see, nil if there is none.
func TiedTo(ctx context.Context, tx pgx.Tx, person int64) (*Tied, error) {
	t := &Tied{Person: person}
	err := tx.QueryRow(ctx, `select t.account, coalesce(resident_login(t.account), ''), t.how, t.proof, t.tied_at, t.tied_by from account_person t
		where t.person = $1 and t.ended_at is null`, person).Scan(&t.Account, &t.Login, &t.How, &t.Proof, &t.At, &t.By)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a person's account: %w", err)
	}
	return t, nil
}

// Kin is a member of a household as its own resident sees them.
type Kin struct {
	Person  int64
	Name    string
	Birth   calendar.Date // [calendar.Forever] is not known
	Head    bool
	Counted bool
	Self    bool          // whoever asks
	Signed  calendar.Date // until when a check of means is authorised, 0 of who has not
}

// Family is the household of whoever acts as a resident.
type Family struct {
	Household int64
	Area      area.Code
	Members   []Kin // the head first
}

// Self is who asks, nil where the family is of nobody.
func (f *Family) Self() *Kin {
	for i := range f.Members {
		if f.Members[i].Self {
			return &f.Members[i]
		}
	}
	return nil
}

// Wards are the children of the household for whom its adults sign as guardians, on a day.
func (f *Family) Wards(on calendar.Date) (all []Kin) {
	for _, k := range f.Members {
		if k.Counted && !k.Adult(on) {
			all = append(all, k)
		}
	}
	return all
}

// OwnFamily is the household of the resident whose transaction it is, on a day; without members where the account is tied to nobody who is in one.
func OwnFamily(ctx context.Context, tx pgx.Tx, on calendar.Date) (*Family, error) {
	rows, err := tx.Query(ctx, "select household, area, person, name, birth::text, head, counted, self, signed_until::text from own_family($1::date)", on.String())
	if err != nil {
		return nil, fmt.Errorf("reading a resident's household: %w", err)
	}
	f := &Family{}
	f.Members, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Kin, err error) {
		var birth, signed *string
		if err := row.Scan(&f.Household, (*int64)(&f.Area), &k.Person, &k.Name, &birth, &k.Head, &k.Counted, &k.Self, &signed); err != nil {
			return k, err
		}
		k.Birth = calendar.Forever
		var first, second error
		if birth != nil {
			k.Birth, first = calendar.Parse(*birth)
		}
		if signed != nil {
			k.Signed, second = calendar.Parse(*signed)
		}
		return k, errors.Join(first, second)
	})
	if err != nil {
		return nil, fmt.Errorf("reading a resident's household: %w", err)
	}
	return f, nil
}

// majority is the age from which somebody acts for themselves (《民法典》第17条).
const majority = 18

// Adult reports whether a member acts for themselves on a day; of whom no day of birth is known does.
func (k Kin) Adult(on calendar.Date) bool {
	return k.Birth == calendar.Forever || calendar.Years(k.Birth, on) >= majority
}
