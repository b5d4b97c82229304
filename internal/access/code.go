package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp/hotp"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/sealed"
)

const (
	step          = 30 // seconds that a one-time code holds
	around        = 1  // steps before and after in which a clock that is wrong is still taken
	digits        = 6
	totpSecret    = 20 // bytes
	recoveryCodes = 10
	recoverySize  = 10 // bytes: 16 characters
)

var (
	alreadyOn = fault.Text{
		Key: "access.totp-on",
		Zh:  "已有验证器。要换新的，请先停用旧的",
		En:  "there is an authenticator already: to change it, turn the old one off first",
	}
	lastSecond = fault.Text{
		Key: "access.last-second",
		Zh:  "您的岗位必须有第二种验证方式，请先添加另一种再停用这一种",
		En:  "your posting needs a second factor: add another before you remove this one",
	}
)

// Authenticator is a new secret of one-time codes, not yet in use.
type Authenticator struct {
	Key    string        // which [Access.FinishTOTP] takes
	Secret sealed.Secret // base32, to be typed
	URL    sealed.Secret // otpauth://, to be scanned
}

// BeginTOTP draws a secret of one-time codes for the session's account, which the authenticator is to show a code of.
func (a *Access) BeginTOTP(ctx context.Context, token string) (n Authenticator, err error) {
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		if now.TOTP {
			return fault.New(fault.Conflict, alreadyOn, nil)
		}
		secret, err := a.draw(totpSecret)
		if err != nil {
			return err
		}
		plain := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
		if n.Key, err = a.startCeremony(ctx, tx, ceremonyTOTP, now.Account, plain, ceremonyTime); err != nil {
			return err
		}
		n.Secret, n.URL = sealed.NewSecret(sealed.Other, plain), sealed.NewSecret(sealed.Other, a.otpauth(now.Login, plain))
		return nil
	})
	return n, err
}

// mayEnrol refuses a new second factor to who has not proved who they are just now, with the second factor that there is.
func (s Session) mayEnrol() error {
	if s.Due == GiveSecond || s.Due == ChangePassword {
		return fault.New(fault.Forbidden, notReady, nil)
	}
	if !s.Fresh {
		return fault.New(fault.Forbidden, confirmFirst, nil)
	}
	return nil
}

// needsSecond reports whether one of the postings is not acted in without a second factor.
func (s Session) needsSecond() bool {
	return slices.ContainsFunc(s.Postings, func(p Posting) bool { return p.Role.NeedsSecondFactor() })
}

// otpauth is the address of a secret as authenticators scan it.
func (a *Access) otpauth(login, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {a.site.Name}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(digits)}, "period": {fmt.Sprint(step)}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + a.site.Name + ":" + login, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

// FinishTOTP takes the new authenticator into use if it shows the right code, and returns the recovery codes, each good for one sign-in
// without it, and the token that replaces the session's.
func (a *Access) FinishTOTP(ctx context.Context, token, key, code string) (recovery []sealed.Secret, newToken string, err error) {
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		var secret string
		if err := a.endCeremony(ctx, tx, ceremonyTOTP, now.Account, key, &secret); err != nil {
			return err
		}
		at, ok, err := matchingStep(secret, code, a.clock(), 0)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.Invalid, wrongProof, nil)
		}
		_, err = tx.Exec(ctx, "update credential set totp_sealed = $2, totp_on = true, totp_step = $3 where account = $1",
			now.Account, a.keys.Seal(sealed.In(totpField, now.Account), secret), at)
		if err != nil {
			return fmt.Errorf("taking an authenticator into use: %w", err)
		}
		if recovery, err = a.renewRecovery(ctx, tx, now.Account); err != nil {
			return err
		}
		if newToken, err = a.secondGiven(ctx, tx, token); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.totp-on", now.Account, nil)
	})
	return recovery, newToken, err
}

// StopTOTP turns the session's account's authenticator and its recovery codes off.
func (a *Access) StopTOTP(ctx context.Context, token string) error {
	return a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		if now.needsSecond() && now.Passkeys == 0 {
			return fault.New(fault.Conflict, lastSecond, nil)
		}
		if err := stopTOTP(ctx, tx, now.Account); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.totp-off", now.Account, nil)
	})
}

func stopTOTP(ctx context.Context, tx pgx.Tx, account int64) error {
	batch := &pgx.Batch{}
	batch.Queue("update credential set totp_sealed = null, totp_on = false where account = $1", account)
	batch.Queue("delete from recovery_code where account = $1", account)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("turning an authenticator off: %w", err)
	}
	return nil
}

// RecoveryCodes replaces the session's account's recovery codes.
func (a *Access) RecoveryCodes(ctx context.Context, token string) (codes []sealed.Secret, err error) {
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		if codes, err = a.renewRecovery(ctx, tx, now.Account); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.recovery-codes", now.Account, nil)
	})
	return codes, err
}

// renewRecovery draws recovery codes in the place of those that there are. Only their digests are kept; they are too long to be tried.
func (a *Access) renewRecovery(ctx context.Context, tx pgx.Tx, account int64) ([]sealed.Secret, error) {
	batch := &pgx.Batch{}
	batch.Queue("delete from recovery_code where account = $1", account)
	codes := make([]sealed.Secret, recoveryCodes)
	for i := range codes {
		b, err := a.draw(recoverySize)
		if err != nil {
			return nil, err
		}
		plain := readable(b)
		batch.Queue("insert into recovery_code (account, digest) values ($1, $2)", account, recoveryDigest(account, plain))
		codes[i] = sealed.NewSecret(sealed.Other, plain[:4]+"-"+plain[4:8]+"-"+plain[8:12]+"-"+plain[12:])
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("storing recovery codes: %w", err)
	}
	return codes, nil
}

// readable writes random bytes in letters and digits that are not mistaken for each other.
func readable(b []byte) string { return strings.ToLower(base32.StdEncoding.EncodeToString(b)) }

// recoveryDigest is what is kept of a recovery code, however it is typed.
func recoveryDigest(account int64, code string) []byte {
	code = strings.ToLower(strings.NewReplacer("-", "", " ", "").Replace(code))
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s", account, code))
	return sum[:]
}

// takeCode reports whether a code is the account's, as a one-time code of a step that none was taken of, or a recovery code, and uses it up.
func (a *Access) takeCode(ctx context.Context, tx pgx.Tx, account int64, code string) (bool, error) {
	if ok, err := a.takeTOTP(ctx, tx, account, code); ok || err != nil {
		return ok, err
	}
	tag, err := tx.Exec(ctx, "delete from recovery_code where account = $1 and digest = $2", account, recoveryDigest(account, code))
	if err != nil {
		return false, fmt.Errorf("using a recovery code: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	return true, ledgerAct(ctx, tx, "account.recovery-used", account, nil)
}

func (a *Access) takeTOTP(ctx context.Context, tx pgx.Tx, account int64, code string) (bool, error) {
	var held []byte
	var last int64
	err := tx.QueryRow(ctx, "select totp_sealed, totp_step from credential where account = $1 and totp_on", account).Scan(&held, &last)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading an authenticator's secret: %w", err)
	}
	secret, err := a.keys.Open(sealed.In(totpField, account), held)
	if err != nil {
		return false, err
	}
	at, ok, err := matchingStep(secret, code, a.clock(), last)
	if err != nil || !ok {
		return false, err
	}
	tag, err := tx.Exec(ctx, "update credential set totp_step = $2 where account = $1 and totp_step < $2", account, at)
	if err != nil {
		return false, fmt.Errorf("using a one-time code: %w", err)
	}
	return tag.RowsAffected() == 1, nil // another may have used it meanwhile
}

// matchingStep is the step that a code is of, among those about now and after the last one used.
func matchingStep(secret, code string, now time.Time, last int64) (at int64, ok bool, err error) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	present := now.Unix() / step
	for s := max(present-around, last+1); s <= present+around; s++ {
		want, err := hotp.GenerateCode(secret, uint64(s)) // six digits by HMAC-SHA1, as all authenticators have it
		if err != nil {
			return 0, false, fmt.Errorf("making a one-time code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return s, true, nil
		}
	}
	return 0, false, nil
}
