package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

var (
	badLogin = fault.Text{
		Key: "access.bad-login",
		Zh:  "登录名“{login}”不能用：应有3到40个字符，以小写字母开头，只用小写字母、数字、点、横线和下划线",
		En:  `the login "{login}" cannot be used: it has 3 to 40 characters, begins with a letter, and is of small letters, digits, dots, hyphens and underscores`,
	}
	loginTaken = fault.Text{
		Key: "access.login-taken",
		Zh:  "登录名“{login}”已有人使用，请换一个",
		En:  `the login "{login}" is taken; choose another`,
	}
	noName = fault.Text{
		Key: "access.no-name",
		Zh:  "请填写姓名",
		En:  "the person's name is missing",
	}
	mayNot = fault.Text{
		Key: "access.may-not",
		Zh:  "您的岗位没有这项权限",
		En:  "your posting does not allow this",
	}
	notSelf = fault.Text{
		Key: "access.not-self",
		Zh:  "不能给自己分配或撤销岗位，请由另一位管理员办理",
		En:  "nobody gives or ends postings of their own: ask another administrator",
	}
	noSuchAccount = fault.Text{
		Key: "access.no-such-account",
		Zh:  "没有这个账号，或不归您管理",
		En:  "there is no such account, or it is not yours to manage",
	}
	badPosting = fault.Text{
		Key: "access.bad-posting",
		Zh:  "岗位不成立：{role}不能设在{level}一级，或部门、起止日期不对",
		En:  "this is no posting: a {role} does not work at the level {level}, or the department or the days are wrong",
	}
	alreadyPosted = fault.Text{
		Key: "access.already-posted",
		Zh:  "这个账号在这段时间已有这个岗位，没有再分配",
		En:  "the account has this posting over these days already: it was not given again",
	}
	unknownRole = fault.Text{
		Key: "access.unknown-role",
		Zh:  "没有“{role}”这个角色，最接近的是“{nearest}”",
		En:  `there is no role "{role}"; the nearest is "{nearest}"`,
	}
)

// Actor is who manages accounts. The zero value may manage none.
type Actor struct {
	session Session
	machine bool
}

// Actor is the session as it manages accounts: those of its area, if its role may, and never its own.
func (s Session) Actor() Actor { return Actor{session: s} }

// Machine is whoever runs a command on the platform's machine, who may manage all accounts. No page acts as it.
func Machine() Actor { return Actor{machine: true} }

// principal is in whose name an actor's acts are recorded.
func (a Actor) principal() postgres.Principal { return a.session.Principal("") }

// allow refuses an actor that may not manage accounts of an area.
func (a Actor) allow(where area.Code) error {
	switch {
	case a.machine:
		return nil
	case !a.session.May(ManageAccounts):
		return fault.New(fault.Forbidden, mayNot, nil)
	case !a.session.Fresh:
		return fault.New(fault.Forbidden, confirmFirst, nil)
	case !a.session.Posting.Area.Contains(where):
		return fault.New(fault.NotFound, noSuchAccount, nil)
	}
	return nil
}

// allowPostings refuses an actor to whom one of an account's postings is not: whoever resets a password could act in it.
func (a Actor) allowPostings(ctx context.Context, tx pgx.Tx, account int64) error {
	rows, err := tx.Query(ctx, "select area from posting where account = $1", account)
	if err != nil {
		return fmt.Errorf("reading an account's postings: %w", err)
	}
	areas, err := pgx.CollectRows(rows, pgx.RowTo[area.Code])
	if err != nil {
		return fmt.Errorf("reading an account's postings: %w", err)
	}
	for _, where := range areas {
		if err := a.allow(where); err != nil {
			return err
		}
	}
	return nil
}

// NewAccount is an account to be made.
type NewAccount struct {
	Login string
	Name  string
	Phone sealed.Secret // none if it is not known
	Staff bool          // of the administration
	Area  area.Code     // whose administrators manage it
}

var loginForm = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,38}[a-z0-9]$`)

func (n NewAccount) check() error {
	if !loginForm.MatchString(n.Login) {
		return fault.New(fault.Invalid, badLogin, fault.Args{"login": fault.Excerpt(n.Login)})
	}
	if strings.TrimSpace(n.Name) == "" {
		return fault.New(fault.Invalid, noName, nil)
	}
	return nil
}

// Create makes an account and returns its first password, which its holder has to change before it expires ([Config.First]).
func (a *Access) Create(ctx context.Context, by Actor, n NewAccount) (id int64, first sealed.Secret, err error) {
	if err := errors.Join(n.check(), by.allow(n.Area)); err != nil {
		return 0, sealed.Secret{}, err
	}
	err = a.db.WorkAs(ctx, by.principal(), func(tx pgx.Tx) error {
		if id, err = a.create(ctx, tx, n); err != nil {
			return err
		}
		first, err = a.setFirst(ctx, tx, id)
		return err
	})
	return id, first, err
}

// create makes an account by which nobody can sign in yet.
func (a *Access) create(ctx context.Context, tx pgx.Tx, n NewAccount) (id int64, err error) {
	handle, err := a.draw(32)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `insert into account (login, name, staff, area, created_at) values ($1, $2, $3, $4, $5) returning id`,
		n.Login, strings.TrimSpace(n.Name), n.Staff, int64(n.Area), a.clock()).Scan(&id)
	if isUnique(err) {
		return 0, fault.New(fault.Conflict, loginTaken, fault.Args{"login": n.Login})
	}
	if err != nil {
		return 0, fmt.Errorf("making an account: %w", err)
	}
	if _, err := tx.Exec(ctx, "update account set phone_sealed = $2 where id = $1", id, a.keys.Seal(sealed.In(phoneField, id), n.Phone.Plain())); err != nil {
		return 0, fmt.Errorf("keeping an account's phone: %w", err)
	}
	if _, err := tx.Exec(ctx, "insert into credential (account, handle, must_change) values ($1, $2, false)", id, handle); err != nil {
		return 0, fmt.Errorf("making an account's credentials: %w", err)
	}
	return id, ledgerAct(ctx, tx, "account.create", id, map[string]any{"login": n.Login, "staff": n.Staff, "area": n.Area.String()})
}

// isUnique reports whether the database refused a second of something.
func isUnique(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "23505"
}

// firstPassword is how many random bytes a first password is written from: 16 characters.
const firstPassword = 10

// setFirst gives an account a random password that has to be changed.
func (a *Access) setFirst(ctx context.Context, tx pgx.Tx, account int64) (sealed.Secret, error) {
	b, err := a.draw(firstPassword)
	if err != nil {
		return sealed.Secret{}, err
	}
	plain := readable(b)
	if err := a.keepPassword(ctx, tx, account, plain); err != nil {
		return sealed.Secret{}, err
	}
	_, err = tx.Exec(ctx, "update credential set must_change = true, first_until = $2 where account = $1", account, a.clock().Add(a.first))
	if err != nil {
		return sealed.Secret{}, fmt.Errorf("giving an account a first password: %w", err)
	}
	return sealed.NewSecret(sealed.Other, plain), nil
}

// managed runs a transaction about an account that the actor may manage.
func (a *Access) managed(ctx context.Context, by Actor, account int64, do func(pgx.Tx) error) error {
	return a.db.WorkAs(ctx, by.principal(), func(tx pgx.Tx) error {
		var where area.Code
		err := tx.QueryRow(ctx, "select area from account where id = $1 for update", account).Scan(&where)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.New(fault.NotFound, noSuchAccount, nil)
		}
		if err != nil {
			return fmt.Errorf("looking for an account: %w", err)
		}
		if err := by.allow(where); err != nil {
			return err
		}
		if err := by.allowPostings(ctx, tx, account); err != nil {
			return err
		}
		return do(tx)
	})
}

// ResetPassword gives an account another first password, which ends its sessions.
func (a *Access) ResetPassword(ctx context.Context, by Actor, account int64) (first sealed.Secret, err error) {
	err = a.managed(ctx, by, account, func(tx pgx.Tx) error {
		if first, err = a.setFirst(ctx, tx, account); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, account, nil); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.reset-password", account, nil)
	})
	return first, err
}

// ResetSecond removes an account's authenticator, recovery codes and passkeys, whose holder has lost them, and ends its sessions.
func (a *Access) ResetSecond(ctx context.Context, by Actor, account int64) error {
	return a.managed(ctx, by, account, func(tx pgx.Tx) error {
		if account == by.session.Account {
			return fault.New(fault.Forbidden, notSelf, nil)
		}
		if err := stopTOTP(ctx, tx, account); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "delete from passkey where account = $1", account); err != nil {
			return fmt.Errorf("removing an account's passkeys: %w", err)
		}
		if err := endSessions(ctx, tx, account, nil); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.reset-second", account, nil)
	})
}

// Disable shuts an account out at once, or lets it in again.
func (a *Access) Disable(ctx context.Context, by Actor, account int64, out bool) error {
	return a.managed(ctx, by, account, func(tx pgx.Tx) error {
		var at *time.Time
		kind := "account.enable"
		if out {
			now := a.clock()
			at, kind = &now, "account.disable"
		}
		if _, err := tx.Exec(ctx, "update account set disabled_at = $2 where id = $1", account, at); err != nil {
			return fmt.Errorf("shutting an account out: %w", err)
		}
		if err := endSessions(ctx, tx, account, nil); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, kind, account, nil)
	})
}

func (p Posting) check() error {
	if _, ok := ParseRole(string(p.Role)); !ok {
		names := make([]string, 0, len(roleTable))
		for _, r := range Roles() {
			names = append(names, string(r))
		}
		return fault.New(fault.Invalid, unknownRole, fault.Args{"role": fault.Excerpt(string(p.Role)), "nearest": fault.Nearest(string(p.Role), names)})
	}
	if !p.Role.WorksAt(p.Area.Level()) || p.Role.NeedsDepartment() != (p.Department != "") || p.Span.Empty() {
		return fault.New(fault.Invalid, badPosting, fault.Args{"role": p.Role, "level": p.Area.Level()})
	}
	return nil
}

// Post gives an account a posting, which the fields but its id say, and returns that. Both the account and the posting's area must be the actor's
// to manage.
func (a *Access) Post(ctx context.Context, by Actor, account int64, p Posting) (id int64, err error) {
	if err := p.check(); err != nil {
		return 0, err
	}
	err = a.managed(ctx, by, account, func(tx pgx.Tx) error {
		if account == by.session.Account {
			return fault.New(fault.Forbidden, notSelf, nil)
		}
		if err := by.allow(p.Area); err != nil {
			return err
		}
		var staff bool
		if err := tx.QueryRow(ctx, "select staff from account where id = $1", account).Scan(&staff); err != nil {
			return fmt.Errorf("giving a posting: %w", err)
		}
		if staff != p.Role.isStaff() {
			return fault.New(fault.Conflict, mayNot, nil)
		}
		if err := notHeld(ctx, tx, account, p); err != nil {
			return err
		}
		id, err = insertPosting(ctx, tx, account, p)
		return err
	})
	return id, err
}

func insertPosting(ctx context.Context, tx pgx.Tx, account int64, p Posting) (id int64, err error) {
	err = tx.QueryRow(ctx, `insert into posting (account, role, area, department, from_date, to_date) values ($1, $2, $3, $4, $5::date, $6::date) returning id`,
		account, string(p.Role), int64(p.Area), p.Department, p.Span.From.String(), writeDay(p.Span.To)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("giving a posting: %w", err)
	}
	return id, ledgerAct(ctx, tx, "account.post", account, map[string]any{
		"posting": id, "role": p.Role, "area": p.Area.String(), "department": p.Department, "from": p.Span.From, "to": writeDay(p.Span.To),
	})
}

// notHeld refuses a posting that an account has already over some of its days, as when a form is sent twice.
func notHeld(ctx context.Context, tx pgx.Tx, account int64, p Posting) error {
	var held bool
	err := tx.QueryRow(ctx, `select exists (select from posting where account = $1 and role = $2 and area = $3 and department = $4
		and from_date < $6::date and $5::date < to_date)`, account, string(p.Role), int64(p.Area), p.Department, p.Span.From.String(), writeDay(p.Span.To)).Scan(&held)
	if err != nil {
		return fmt.Errorf("looking for a posting: %w", err)
	}
	if held {
		return fault.New(fault.Conflict, alreadyPosted, nil)
	}
	return nil
}

// EndPosting ends a posting today: nobody acts in it any more.
func (a *Access) EndPosting(ctx context.Context, by Actor, posting int64) error {
	var account int64
	err := a.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "select account from posting where id = $1", posting).Scan(&account)
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("looking for a posting: %w", err)
	}
	return a.managed(ctx, by, account, func(tx pgx.Tx) error {
		if account == by.session.Account {
			return fault.New(fault.Forbidden, notSelf, nil)
		}
		_, err := tx.Exec(ctx, "update posting set to_date = greatest(from_date, $2::date) where id = $1 and to_date > $2::date", posting, a.today().String())
		if err != nil {
			return fmt.Errorf("ending a posting: %w", err)
		}
		return ledgerAct(ctx, tx, "account.end-posting", account, map[string]any{"posting": posting})
	})
}

// Account is an account as its administrators see it.
type Account struct {
	ID       int64
	Login    string
	Name     string
	Staff    bool
	Area     area.Code
	Disabled bool
}

// FindAccount is the account of a login, for commands; its fault tells that there is none.
func (a *Access) FindAccount(ctx context.Context, login string) (found Account, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "select id, login, name, staff, area, disabled_at is not null from account where login = $1", strings.ToLower(login)).
			Scan(&found.ID, &found.Login, &found.Name, &found.Staff, &found.Area, &found.Disabled)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, fault.New(fault.NotFound, noSuchAccount, nil)
	}
	if err != nil {
		return Account{}, fmt.Errorf("looking for an account: %w", err)
	}
	return found, nil
}

// Accounts are those that whoever the transaction is of may see, and in whose login or name a text is found if there is one, after the login "" or
// the last one of a page, at most so many.
func Accounts(ctx context.Context, tx pgx.Tx, text, after string, most int) ([]Account, error) {
	rows, err := tx.Query(ctx, `select id, login, name, staff, area, disabled_at is not null from account
		where login > $2 and ($1 = '' or strpos(login, lower($1)) > 0 or strpos(name, $1) > 0) order by login limit $3`, strings.TrimSpace(text), after, most)
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Account])
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", err)
	}
	return all, nil
}

// AccountOf is an account that whoever the transaction is of may see.
func AccountOf(ctx context.Context, tx pgx.Tx, id int64) (found Account, err error) {
	err = tx.QueryRow(ctx, "select id, login, name, staff, area, disabled_at is not null from account where id = $1", id).
		Scan(&found.ID, &found.Login, &found.Name, &found.Staff, &found.Area, &found.Disabled)
	if errors.Is(err, pgx.ErrNoRows) {
		return Account{}, fault.New(fault.NotFound, noSuchAccount, nil)
	}
	if err != nil {
		return Account{}, fmt.Errorf("reading an account: %w", err)
	}
	return found, nil
}

// Postings are an account's postings of all times that whoever the transaction is of may see.
func Postings(ctx context.Context, tx pgx.Tx, account int64) ([]Posting, error) {
	rows, err := tx.Query(ctx, "select id, role, area, department, from_date::text, to_date::text from posting where account = $1 order by id", account)
	if err != nil {
		return nil, fmt.Errorf("reading an account's postings: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanPosting)
	if err != nil {
		return nil, fmt.Errorf("reading an account's postings: %w", err)
	}
	return all, nil
}

// StaffName is the name of an account of the administration, with which it signs; "" of any other.
func StaffName(ctx context.Context, tx pgx.Tx, account int64) (name string, err error) {
	if err := tx.QueryRow(ctx, "select coalesce(staff_name($1), '')", account).Scan(&name); err != nil {
		return "", fmt.Errorf("reading a member of staff's name: %w", err)
	}
	return name, nil
}
