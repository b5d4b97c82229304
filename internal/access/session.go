package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
)

const (
	idleTime   = 30 * time.Minute // without a request, after which a session ends
	wholeTime  = 12 * time.Hour   // after which it ends whatever happens
	freshTime  = 10 * time.Minute // how long a proof of who one is allows sensitive acts
	seenEvery  = time.Minute      // how exactly the last request is kept
	agentShown = 200              // characters that are kept of what a browser says of itself
)

var (
	signedOut = fault.Text{
		Key: "access.signed-out",
		Zh:  "登录已失效，请重新登录",
		En:  "you are not signed in any more: sign in again",
	}
	notReady = fault.Text{
		Key: "access.not-ready",
		Zh:  "登录还没有完成，请先完成下一步",
		En:  "signing in is not complete: do the next step first",
	}
	confirmFirst = fault.Text{
		Key: "access.confirm-first",
		Zh:  "这项操作需要再次确认身份，请输入密码或验证码",
		En:  "this needs proof again of who you are: enter the password or a code",
	}
	noSuchPosting = fault.Text{
		Key: "access.no-such-posting",
		Zh:  "您现在没有这个岗位",
		En:  "you do not hold this posting now",
	}
)

// SignedOut reports whether an error says that there is no such session, or no more: the person has to sign in.
func SignedOut(err error) bool { return is(err, signedOut) }

// ConfirmFirst reports whether an error asks for proof again of who the person is ([Access.Confirm]).
func ConfirmFirst(err error) bool { return is(err, confirmFirst) }

// Step is what a session still lacks.
type Step string

// The steps, in the order in which they are asked for.
const (
	Ready          Step = ""                // nothing: it may act
	GiveSecond     Step = "second-factor"   // a code or a passkey
	ChangePassword Step = "change-password" // the first password, or one that was reset
	ChoosePosting  Step = "choose-posting"  // in which of several to act, or there is none
	EnrolSecond    Step = "enrol-second"    // the posting's role is not acted in without a second factor
)

// Posting is a role that an account has from a day to a day.
type Posting struct {
	ID         int64
	Role       Role
	Area       area.Code
	Department string // of a department's officer
	Span       calendar.Span
}

// Session is somebody who is signed in, as it stands at one request. The zero value may do nothing.
type Session struct {
	Account   int64
	Login     string
	Name      string
	Staff     bool
	Postings  []Posting // in force today, in the order in which they were given
	Posting   Posting   // in which it acts
	Due       Step
	Fresh     bool // who it is was proved within the last minutes: sensitive acts are allowed
	TOTP      bool // has an authenticator for one-time codes
	Passkeys  int  // has so many
	Second    bool // a second factor was given
	CreatedAt time.Time
	EndsAt    time.Time
}

// May reports whether the session may do something in the posting in which it acts.
func (s Session) May(p Permission) bool { return s.Due == Ready && s.Posting.Role.May(p) }

// Principal is in whose name the session's queries run, for a purpose if sensitive fields are to be opened. Of a session that is not
// ready it is nobody, who sees nothing.
func (s Session) Principal(purpose Purpose) postgres.Principal {
	if s.Due != Ready || s.Account == 0 {
		return postgres.Principal{}
	}
	return postgres.Principal{
		Account: s.Account, Role: string(s.Posting.Role), Area: s.Posting.Area, Department: s.Posting.Department, Purpose: string(purpose),
	}
}

// self is the account without a posting, in whose name its own affairs are recorded.
func (s Session) self() postgres.Principal { return postgres.Principal{Account: s.Account} }

// due is what the session lacks.
func (s Session) due(mustChange bool) Step {
	switch {
	case (s.TOTP || s.Passkeys > 0) && !s.Second:
		return GiveSecond
	case mustChange:
		return ChangePassword
	case s.Posting.ID == 0:
		return ChoosePosting
	case s.Posting.Role.NeedsSecondFactor() && !s.Second:
		return EnrolSecond
	}
	return Ready
}

// begin starts a session of an account and returns its token.
func (a *Access) begin(ctx context.Context, tx pgx.Tx, account int64, second bool, agent string) (token string, err error) {
	if token, err = a.ticket(); err != nil {
		return "", err
	}
	now := a.clock()
	var secondAt *time.Time
	if second {
		secondAt = &now
	}
	if runes := []rune(agent); len(runes) > agentShown {
		agent = string(runes[:agentShown])
	}
	_, err = tx.Exec(ctx, `insert into session (digest, account, created_at, seen_at, ends_at, second_at, confirmed_at, agent)
		values ($1, $2, $3, $3, $4, $5, $3, $6)`, digestOf(token), account, now, now.Add(wholeTime), secondAt, agent)
	if err != nil {
		return "", fmt.Errorf("starting a session: %w", err)
	}
	return token, ledgerAct(ctx, tx, "account.sign-in", account, nil)
}

// ledgerAct records what was done to an account.
func ledgerAct(ctx context.Context, tx pgx.Tx, kind string, account int64, detail any) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: fmt.Sprintf("account:%d", account), Detail: detail})
	return err
}

// Session is the session of a token as it stands now, and counts as a sign of life. The fault of one that has ended is told by [SignedOut].
func (a *Access) Session(ctx context.Context, token string) (s Session, err error) {
	err = a.db.Single(ctx, func(q postgres.Querier) error {
		s, err = a.look(ctx, q, token)
		return err
	})
	return s, err
}

// look reads a session and keeps it alive.
func (a *Access) look(ctx context.Context, q postgres.Querier, token string) (Session, error) {
	now := a.clock()
	var (
		s                 Session
		mustChange        bool
		chosen            int64
		secondAt          *time.Time
		seenAt, confirmed time.Time
		posting           struct {
			id                         *int64
			role, department, from, to *string
			area                       *int64
		}
	)
	rows, err := q.Query(ctx, `select a.id, a.login, a.name, a.staff, coalesce(s.posting, 0), s.created_at, s.seen_at, s.ends_at, s.second_at, s.confirmed_at,
			c.must_change, c.totp_on, (select count(*) from passkey k where k.account = a.id), p.id, p.role, p.area, p.department, p.from_date::text, p.to_date::text
		from session s join account a on a.id = s.account join credential c on c.account = a.id
			left join posting p on p.account = a.id and p.from_date <= $4::date and $4::date < p.to_date
		where s.digest = $1 and s.ends_at > $2 and s.seen_at > $3 and a.disabled_at is null order by p.id`, digestOf(token), now, now.Add(-idleTime), dayOf(now).String())
	if err != nil {
		return Session{}, fmt.Errorf("looking for a session: %w", err)
	}
	_, err = pgx.ForEachRow(rows, []any{&s.Account, &s.Login, &s.Name, &s.Staff, &chosen, &s.CreatedAt, &seenAt, &s.EndsAt, &secondAt, &confirmed, &mustChange, &s.TOTP,
		&s.Passkeys, &posting.id, &posting.role, &posting.area, &posting.department, &posting.from, &posting.to}, func() error {
		if posting.id == nil { // there is none today
			return nil
		}
		span, err := readSpan(*posting.from, *posting.to)
		s.Postings = append(s.Postings, Posting{ID: *posting.id, Role: Role(*posting.role), Area: area.Code(*posting.area), Department: *posting.department, Span: span})
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("looking for a session: %w", err)
	}
	if s.Account == 0 {
		return Session{}, fault.New(fault.Forbidden, signedOut, nil)
	}
	s.Posting = choose(s.Postings, chosen)
	s.Second = secondAt != nil
	s.Fresh = now.Sub(confirmed) < freshTime
	s.Due = s.due(mustChange)
	if now.Sub(seenAt) >= seenEvery {
		if _, err := q.Exec(ctx, "update session set seen_at = $2 where digest = $1", digestOf(token), now); err != nil {
			return Session{}, fmt.Errorf("keeping a session alive: %w", err)
		}
	}
	return s, nil
}

// Acting is somebody as they stand now in one of their postings, for a job that they left to be done: it may do what they may without another proof of
// who they are. A fault of kind NotFound says that they do not hold the posting, or are shut out.
func (a *Access) Acting(ctx context.Context, account, posting int64) (s Session, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		var disabled bool
		err := tx.QueryRow(ctx, "select id, login, name, staff, disabled_at is not null from account where id = $1", account).
			Scan(&s.Account, &s.Login, &s.Name, &s.Staff, &disabled)
		if errors.Is(err, pgx.ErrNoRows) || disabled {
			return fault.New(fault.NotFound, noSuchPosting, nil)
		}
		if err != nil {
			return fmt.Errorf("looking for an account: %w", err)
		}
		s.Postings, err = postingsOn(ctx, tx, account, dayOf(a.clock()))
		return err
	})
	if err != nil {
		return Session{}, err
	}
	i := slices.IndexFunc(s.Postings, func(p Posting) bool { return p.ID == posting })
	if i < 0 {
		return Session{}, fault.New(fault.NotFound, noSuchPosting, nil)
	}
	s.Posting = s.Postings[i]
	return s, nil
}

// choose is the posting with an id, or the only one.
func choose(postings []Posting, id int64) Posting {
	if id == 0 && len(postings) == 1 {
		return postings[0]
	}
	for _, p := range postings {
		if p.ID == id {
			return p
		}
	}
	return Posting{}
}

// Choose makes the session act in another of its postings.
func (a *Access) Choose(ctx context.Context, token string, posting int64) (s Session, err error) {
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if now.Due == GiveSecond || now.Due == ChangePassword {
			return fault.New(fault.Forbidden, notReady, nil)
		}
		if posting == 0 || choose(now.Postings, posting).ID == 0 {
			return fault.New(fault.NotFound, noSuchPosting, nil)
		}
		if _, err := tx.Exec(ctx, "update session set posting = $2 where digest = $1", digestOf(token), posting); err != nil {
			return fmt.Errorf("choosing a posting: %w", err)
		}
		s, err = a.look(ctx, tx, token)
		return err
	})
	return s, err
}

// change runs a transaction about the session's own account, in its name.
func (a *Access) change(ctx context.Context, token string, do func(tx pgx.Tx, now Session) error) error {
	s, err := a.Session(ctx, token)
	if err != nil {
		return err
	}
	return a.db.WorkAs(ctx, s.self(), func(tx pgx.Tx) error {
		now, err := a.look(ctx, tx, token)
		if err != nil {
			return err
		}
		return do(tx, now)
	})
}

// renew gives the session another token, since it may do more from now on than whoever may know the old one should.
func (a *Access) renew(ctx context.Context, tx pgx.Tx, token string) (string, error) {
	fresh, err := a.ticket()
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, "update session set digest = $2 where digest = $1", digestOf(token), digestOf(fresh)); err != nil {
		return "", fmt.Errorf("renewing a session's token: %w", err)
	}
	return fresh, nil
}

// secondGiven keeps that the session's second factor was given, and returns the token that replaces the session's.
func (a *Access) secondGiven(ctx context.Context, tx pgx.Tx, token string) (string, error) {
	fresh, err := a.renew(ctx, tx, token)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, "update session set second_at = $2, confirmed_at = $2 where digest = $1", digestOf(fresh), a.clock()); err != nil {
		return "", fmt.Errorf("keeping that a second factor was given: %w", err)
	}
	return fresh, nil
}

// SignOut ends the session. One that has ended already is none of its faults.
func (a *Access) SignOut(ctx context.Context, token string) error {
	err := a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if _, err := tx.Exec(ctx, "delete from session where digest = $1", digestOf(token)); err != nil {
			return fmt.Errorf("ending a session: %w", err)
		}
		return ledgerAct(ctx, tx, "account.sign-out", now.Account, nil)
	})
	if SignedOut(err) {
		return nil
	}
	return err
}

// SignOutEverywhere ends all sessions of the session's account, this one too.
func (a *Access) SignOutEverywhere(ctx context.Context, token string) error {
	return a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := endSessions(ctx, tx, now.Account, nil); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.sign-out-everywhere", now.Account, nil)
	})
}

// endSessions ends an account's sessions but the one that is kept.
func endSessions(ctx context.Context, tx pgx.Tx, account int64, kept []byte) error {
	if _, err := tx.Exec(ctx, "delete from session where account = $1 and digest is distinct from $2", account, kept); err != nil {
		return fmt.Errorf("ending an account's sessions: %w", err)
	}
	return nil
}

// postingsOn are an account's postings in force on a day.
func postingsOn(ctx context.Context, tx pgx.Tx, account int64, day calendar.Date) ([]Posting, error) {
	rows, err := tx.Query(ctx, `select id, role, area, department, from_date::text, to_date::text from posting
		where account = $1 and from_date <= $2::date and $2::date < to_date order by id`, account, day.String())
	if err != nil {
		return nil, fmt.Errorf("reading an account's postings: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanPosting)
	if err != nil {
		return nil, fmt.Errorf("reading an account's postings: %w", err)
	}
	return all, nil
}

func scanPosting(row pgx.CollectableRow) (p Posting, err error) {
	var from, to string
	if err := row.Scan(&p.ID, &p.Role, &p.Area, &p.Department, &from, &to); err != nil {
		return Posting{}, err
	}
	p.Span, err = readSpan(from, to)
	return p, err
}

// readSpan reads the days of a row; infinity is no end.
func readSpan(from, to string) (s calendar.Span, err error) {
	if s.From, err = calendar.Parse(from); err != nil {
		return calendar.Span{}, err
	}
	s.To = calendar.Forever
	if to != "infinity" {
		s.To, err = calendar.Parse(to)
	}
	return s, err
}

// writeDay writes a day for a row.
func writeDay(d calendar.Date) string {
	if d == calendar.Forever {
		return "infinity"
	}
	return d.String()
}
