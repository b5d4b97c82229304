package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

var (
	refused = fault.Text{
		Key: "access.refused",
		Zh:  "登录名或密码不正确。请核对后再试；忘记密码请联系本单位的管理员",
		En:  "the login or the password is wrong; check both and try again, or ask your administrator for a new password",
	}
	wrongProof = fault.Text{
		Key: "access.wrong-proof",
		Zh:  "不正确。请核对后再试；验证码请等下一个新的，用过的不能再用",
		En:  "that is wrong: check it and try again; of a one-time code wait for the next, since none is taken twice",
	}
	firstExpired = fault.Text{
		Key: "access.first-expired",
		Zh:  "初始密码已过期，不能再用。请联系本单位的管理员重新发一个",
		En:  "this first password has expired and is not taken any more: ask your administrator for another",
	}
)

// Visitor is from where somebody signs in.
type Visitor struct {
	Address netip.Addr
	Agent   string // what the browser says of itself
}

// credentials are how an account may sign in.
type credentials struct {
	account  int64 // 0 is no such account, or one that is disabled
	login    string
	password string     // the stored hash; "" is none
	until    *time.Time // when it ends, of a first one
}

// SignIn signs in with a password and returns the session's token. What the session still lacks it says itself. Whatever is wrong, the
// fault is the same for all logins, known or not, and so is the time it takes.
func (a *Access) SignIn(ctx context.Context, login, password string, from Visitor) (token string, s Session, err error) {
	login = strings.ToLower(strings.TrimSpace(login))
	byLogin, byAddress := a.loginAttempt(login), a.addressAttempt(from.Address)
	if err := a.admit(ctx, byLogin, byAddress); err != nil {
		return "", Session{}, err
	}
	c, err := a.credentialsOf(ctx, login)
	if err != nil {
		return "", Session{}, err
	}
	right, outdated, err := a.check(ctx, c, password)
	if err != nil {
		return "", Session{}, err
	}
	if !right {
		return "", Session{}, a.refuse(ctx, c.account)
	}
	if c.until != nil && !a.clock().Before(*c.until) {
		return "", Session{}, a.expired(ctx, c.account)
	}
	err = a.db.WorkAs(ctx, postgres.Principal{Account: c.account}, func(tx pgx.Tx) error {
		if err := errors.Join(byLogin.forget(ctx, tx), byAddress.passed(ctx, tx, a.clock())); err != nil {
			return err
		}
		if outdated {
			if err := a.keepPassword(ctx, tx, c.account, password); err != nil {
				return err
			}
		}
		if token, err = a.begin(ctx, tx, c.account, false, from.Agent); err != nil {
			return err
		}
		s, err = a.look(ctx, tx, token)
		return err
	})
	return token, s, err
}

// credentialsOf are those of a login.
func (a *Access) credentialsOf(ctx context.Context, login string) (c credentials, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select a.id, a.login, coalesce(c.password, ''), c.first_until from account a join credential c on c.account = a.id
			where a.login = $1 and a.disabled_at is null`, login).Scan(&c.account, &c.login, &c.password, &c.until)
	})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return credentials{}, fmt.Errorf("looking for an account: %w", err)
	}
	return c, nil
}

// check reports whether a password is right, in a time that does not tell whether there is one to be held against.
func (a *Access) check(ctx context.Context, c credentials, password string) (right, outdated bool, err error) {
	if c.password == "" {
		_, _, err = a.verify(ctx, a.decoy, password)
		return false, false, err
	}
	return a.verify(ctx, c.password, password)
}

// refuse records that somebody was refused and returns the fault.
func (a *Access) refuse(ctx context.Context, account int64) error {
	err := a.db.Work(ctx, func(tx pgx.Tx) error { return ledgerAct(ctx, tx, "account.refuse", account, nil) })
	if err != nil {
		return err
	}
	return fault.New(fault.Forbidden, refused, nil)
}

// expired records that somebody came too late with a first password, and returns the fault, which only who knows the password is told.
func (a *Access) expired(ctx context.Context, account int64) error {
	err := a.db.Work(ctx, func(tx pgx.Tx) error { return ledgerAct(ctx, tx, "account.first-expired", account, nil) })
	if err != nil {
		return err
	}
	return fault.New(fault.Forbidden, firstExpired, nil)
}

// keepPassword stores the hash of a password under today's parameters.
func (a *Access) keepPassword(ctx context.Context, tx pgx.Tx, account int64, password string) error {
	hashed, err := a.hash(password)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "update credential set password = $2 where account = $1", account, hashed); err != nil {
		return fmt.Errorf("storing a password: %w", err)
	}
	return nil
}

// SecondFactor completes a sign-in with a one-time code or a recovery code, and returns the token that replaces the session's.
func (a *Access) SecondFactor(ctx context.Context, token, code string) (newToken string, s Session, err error) {
	now, err := a.Session(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	if now.Due != GiveSecond {
		return "", Session{}, fault.New(fault.Conflict, notReady, nil)
	}
	proved := func(tx pgx.Tx) error {
		if newToken, err = a.secondGiven(ctx, tx, token); err != nil {
			return err
		}
		s, err = a.look(ctx, tx, newToken)
		return err
	}
	err = a.prove(ctx, now, func(tx pgx.Tx) (bool, error) { return a.takeCode(ctx, tx, now.Account, code) }, proved)
	return newToken, s, err
}

// prove takes a proof of who the session's person is and does what it allows in the same transaction. A wrong one stays counted.
func (a *Access) prove(ctx context.Context, s Session, proof func(pgx.Tx) (bool, error), proved func(pgx.Tx) error) error {
	trial := a.proofAttempt(s.Account)
	if err := a.admit(ctx, trial); err != nil {
		return err
	}
	right := false
	err := a.db.WorkAs(ctx, s.self(), func(tx pgx.Tx) (err error) {
		if right, err = proof(tx); err != nil {
			return err
		}
		if !right {
			return ledgerAct(ctx, tx, "account.refuse", s.Account, nil)
		}
		return errors.Join(trial.forget(ctx, tx), proved(tx))
	})
	if err == nil && !right {
		return fault.New(fault.Forbidden, wrongProof, nil)
	}
	return err
}

// Confirm proves again who the person is, by the password or, whoever has an authenticator, by a code, for [Session.Fresh]. Whoever
// has passkeys may use one instead ([Access.FinishPasskey]).
func (a *Access) Confirm(ctx context.Context, token, passwordOrCode string) error {
	s, err := a.Session(ctx, token)
	if err != nil {
		return err
	}
	if s.Due == GiveSecond {
		return fault.New(fault.Forbidden, notReady, nil)
	}
	c, err := a.credentialsOf(ctx, s.Login)
	if err != nil {
		return err
	}
	proof := func(tx pgx.Tx) (bool, error) {
		if right, err := a.takeCode(ctx, tx, s.Account, passwordOrCode); right || err != nil {
			return right, err
		}
		right, _, err := a.check(ctx, c, passwordOrCode)
		return right, err
	}
	return a.prove(ctx, s, proof, func(tx pgx.Tx) error {
		return a.confirmed(ctx, tx, token, s.Account)
	})
}

// confirmed keeps that the session's person has just proved who they are.
func (a *Access) confirmed(ctx context.Context, tx pgx.Tx, token string, account int64) error {
	if _, err := tx.Exec(ctx, "update session set confirmed_at = $2 where digest = $1", digestOf(token), a.clock()); err != nil {
		return fmt.Errorf("confirming a session: %w", err)
	}
	return ledgerAct(ctx, tx, "account.confirm", account, nil)
}

// ChangePassword changes the session's account's password, which ends its other sessions, and returns the token that replaces the session's.
func (a *Access) ChangePassword(ctx context.Context, token, old, new string) (newToken string, s Session, err error) {
	now, err := a.Session(ctx, token)
	if err != nil {
		return "", Session{}, err
	}
	if now.Due == GiveSecond {
		return "", Session{}, fault.New(fault.Forbidden, notReady, nil)
	}
	c, err := a.credentialsOf(ctx, now.Login)
	if err != nil {
		return "", Session{}, err
	}
	if err := checkPassword(now.Login, new); err != nil {
		return "", Session{}, err
	}
	proof := func(pgx.Tx) (bool, error) {
		right, _, err := a.check(ctx, c, old)
		return right, err
	}
	err = a.prove(ctx, now, proof, func(tx pgx.Tx) error {
		if plainPassword(old) == plainPassword(new) {
			return fault.New(fault.Invalid, passwordSame, nil)
		}
		if err := a.keepPassword(ctx, tx, now.Account, new); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update credential set must_change = false, first_until = null where account = $1", now.Account); err != nil {
			return fmt.Errorf("storing a password: %w", err)
		}
		if newToken, err = a.renew(ctx, tx, token); err != nil {
			return err
		}
		if err := endSessions(ctx, tx, now.Account, digestOf(newToken)); err != nil {
			return err
		}
		if s, err = a.look(ctx, tx, newToken); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.password", now.Account, nil)
	})
	return newToken, s, err
}
