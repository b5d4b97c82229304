package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

var (
	badSite = fault.Text{
		Key: "access.bad-site",
		Zh:  "网址“{url}”不能用：应是“https://主机名”，不带路径",
		En:  `the site's address "{url}" cannot be used: it must be "https://host", without a path`,
	}
	noPasskeys = fault.Text{
		Key: "access.no-passkeys",
		Zh:  "本网址是IP地址，不能使用通行密钥。请用域名访问，或用密码登录",
		En:  "this site's address is an IP address, which passkeys do not work with: use its name, or sign in with a password",
	}
	passkeyRefused = fault.Text{
		Key: "access.passkey-refused",
		Zh:  "通行密钥没有通过验证。请重试，或用密码登录",
		En:  "the passkey was not accepted: try again, or sign in with a password",
	}
	passkeyTwice = fault.Text{
		Key: "access.passkey-twice",
		Zh:  "这个通行密钥已经登记过",
		En:  "this passkey is registered already",
	}
)

// newPasskeys prepares for passkeys of a site, nil of one whose address is no name.
func newPasskeys(site Site) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(site.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || u.Path != "" && u.Path != "/" {
		return nil, fault.New(fault.Invalid, badSite, fault.Args{"url": fault.Excerpt(site.URL)})
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil, nil
	}
	passkeys, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: site.Name, RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fault.New(fault.Invalid, badSite, fault.Args{"url": fault.Excerpt(site.URL)}).Because(err)
	}
	return passkeys, nil
}

// holder is an account as the library of passkeys reads it.
type holder struct {
	account     int64
	handle      []byte
	login, name string
	credentials []webauthn.Credential
}

func (h *holder) WebAuthnID() []byte                         { return h.handle }
func (h *holder) WebAuthnName() string                       { return h.login }
func (h *holder) WebAuthnDisplayName() string                { return h.name }
func (h *holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

// holderOf reads an account with its passkeys, found by its id or by its handle.
func holderOf(ctx context.Context, tx pgx.Tx, account int64, handle []byte) (*holder, error) {
	h := &holder{}
	err := tx.QueryRow(ctx, `select a.id, c.handle, a.login, a.name from account a join credential c on c.account = a.id
		where (a.id = $1 or c.handle = $2) and a.disabled_at is null`, account, handle).Scan(&h.account, &h.handle, &h.login, &h.name)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.Forbidden, passkeyRefused, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a passkey's account: %w", err)
	}
	rows, err := tx.Query(ctx, "select credential from passkey where account = $1 order by created_at, id for update", h.account)
	if err != nil {
		return nil, fmt.Errorf("reading passkeys: %w", err)
	}
	if h.credentials, err = pgx.CollectRows(rows, pgx.RowTo[webauthn.Credential]); err != nil {
		return nil, fmt.Errorf("reading passkeys: %w", err)
	}
	return h, nil
}

// Ceremony is what a browser is asked for, and the key with which its answer is finished.
type Ceremony struct {
	Key     string
	Options json.RawMessage // what navigator.credentials takes
}

// BeginPasskeyRegistration asks for a new passkey of the session's account.
func (a *Access) BeginPasskeyRegistration(ctx context.Context, token string) (c Ceremony, err error) {
	if a.passkeys == nil {
		return Ceremony{}, fault.New(fault.Unready, noPasskeys, nil)
	}
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		h, err := holderOf(ctx, tx, now.Account, nil)
		if err != nil {
			return err
		}
		options, data, err := a.passkeys.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.credentials).CredentialDescriptors()))
		if err != nil {
			return fmt.Errorf("asking for a new passkey: %w", err)
		}
		c, err = a.ask(ctx, tx, ceremonyRegister, now.Account, options, data)
		return err
	})
	return c, err
}

// ask keeps a ceremony's data and gives its options for the browser.
func (a *Access) ask(ctx context.Context, tx pgx.Tx, kind string, account int64, options, data any) (c Ceremony, err error) {
	if c.Options, err = json.Marshal(options); err != nil {
		return Ceremony{}, fmt.Errorf("writing what a browser is asked for: %w", err)
	}
	c.Key, err = a.startCeremony(ctx, tx, kind, account, data, ceremonyTime)
	return c, err
}

// FinishPasskeyRegistration registers the passkey that the browser made, under a name by which its owner knows it, and returns the token
// that replaces the session's.
func (a *Access) FinishPasskeyRegistration(ctx context.Context, token, key, name string, answer []byte) (newToken string, err error) {
	if a.passkeys == nil {
		return "", fault.New(fault.Unready, noPasskeys, nil)
	}
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		credential, err := a.registered(ctx, tx, now.Account, key, answer)
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, "insert into passkey (id, account, name, credential, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
			credential.ID, now.Account, name, credential, a.clock())
		if err != nil {
			return fmt.Errorf("registering a passkey: %w", err)
		}
		if tag.RowsAffected() == 0 {
			return fault.New(fault.Conflict, passkeyTwice, nil)
		}
		if newToken, err = a.secondGiven(ctx, tx, token); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.passkey-on", now.Account, nil)
	})
	return newToken, err
}

// registered is the credential of a browser's answer to a registration.
func (a *Access) registered(ctx context.Context, tx pgx.Tx, account int64, key string, answer []byte) (*webauthn.Credential, error) {
	h, err := holderOf(ctx, tx, account, nil)
	if err != nil {
		return nil, err
	}
	var data webauthn.SessionData
	if err := a.endCeremony(ctx, tx, ceremonyRegister, account, key, &data); err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, fault.New(fault.Invalid, passkeyRefused, nil).Because(err)
	}
	credential, err := a.passkeys.CreateCredential(h, data, parsed)
	if err != nil {
		return nil, fault.New(fault.Forbidden, passkeyRefused, nil).Because(err)
	}
	return credential, nil
}

// AskPasskey asks whoever it is for a passkey to sign in with ([Access.FinishPasskey]). Who keeps asking and never answers has to wait.
func (a *Access) AskPasskey(ctx context.Context, from Visitor) (c Ceremony, err error) {
	if a.passkeys == nil {
		return Ceremony{}, fault.New(fault.Unready, noPasskeys, nil)
	}
	if err := a.admit(ctx, a.askAttempt(from.Address)); err != nil {
		return Ceremony{}, err
	}
	options, data, err := a.passkeys.BeginDiscoverableLogin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("asking for a passkey: %w", err)
	}
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		c, err = a.ask(ctx, tx, ceremonyPasskey, 0, options, data)
		return err
	})
	return c, err
}

// BeginPasskey asks for one of the passkeys of the session's account, as its second factor or to prove again who it is ([Access.ConfirmPasskey]).
func (a *Access) BeginPasskey(ctx context.Context, token string) (c Ceremony, err error) {
	if a.passkeys == nil {
		return Ceremony{}, fault.New(fault.Unready, noPasskeys, nil)
	}
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		h, err := holderOf(ctx, tx, now.Account, nil)
		if err != nil {
			return err
		}
		options, data, err := a.passkeys.BeginLogin(h)
		if err != nil {
			return fault.New(fault.Conflict, passkeyRefused, nil).Because(err)
		}
		c, err = a.ask(ctx, tx, ceremonyPasskey, now.Account, options, data)
		return err
	})
	return c, err
}

// FinishPasskey signs in with a passkey, which is two factors in one: the device and what unlocks it.
func (a *Access) FinishPasskey(ctx context.Context, key string, answer []byte, from Visitor) (token string, s Session, err error) {
	parsed, err := a.parseAssertion(answer)
	if err != nil {
		return "", Session{}, err
	}
	byAddress := a.addressAttempt(from.Address)
	if err := a.admit(ctx, byAddress); err != nil {
		return "", Session{}, err
	}
	var account int64
	find := func(tx pgx.Tx) (err error) {
		account, err = a.asserted(ctx, tx, key, 0, parsed)
		return err
	}
	if err := a.db.Work(ctx, find); err != nil {
		return "", Session{}, err
	}
	err = a.db.WorkAs(ctx, postgres.Principal{Account: account}, func(tx pgx.Tx) error {
		if err := errors.Join(byAddress.passed(ctx, tx, a.clock()), a.askAttempt(from.Address).passed(ctx, tx, a.clock())); err != nil {
			return err
		}
		if token, err = a.begin(ctx, tx, account, true, from.Agent); err != nil {
			return err
		}
		s, err = a.look(ctx, tx, token)
		return err
	})
	return token, s, err
}

// ConfirmPasskey gives a session its second factor, or confirms it, with a passkey, and returns the token that replaces the session's.
func (a *Access) ConfirmPasskey(ctx context.Context, token, key string, answer []byte) (newToken string, s Session, err error) {
	parsed, err := a.parseAssertion(answer)
	if err != nil {
		return "", Session{}, err
	}
	err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if _, err := a.asserted(ctx, tx, key, now.Account, parsed); err != nil {
			return err
		}
		if newToken, err = a.secondGiven(ctx, tx, token); err != nil {
			return err
		}
		if s, err = a.look(ctx, tx, newToken); err != nil {
			return err
		}
		return ledgerAct(ctx, tx, "account.confirm", now.Account, nil)
	})
	return newToken, s, err
}

func (a *Access) parseAssertion(answer []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if a.passkeys == nil {
		return nil, fault.New(fault.Unready, noPasskeys, nil)
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, fault.New(fault.Invalid, passkeyRefused, nil).Because(err)
	}
	return parsed, nil
}

// asserted is the account that a browser's answer is of, whose passkey's counter moves on. Account 0 is whoever it is.
func (a *Access) asserted(ctx context.Context, tx pgx.Tx, key string, account int64, answer *protocol.ParsedCredentialAssertionData) (int64, error) {
	var data webauthn.SessionData
	if err := a.endCeremony(ctx, tx, ceremonyPasskey, account, key, &data); err != nil {
		return 0, err
	}
	handle := answer.Response.UserHandle
	if account != 0 {
		handle = nil // whose it is is known: the answer has no say in it
	}
	h, err := holderOf(ctx, tx, account, handle)
	if err != nil {
		return 0, err
	}
	var credential *webauthn.Credential
	if account == 0 {
		find := func(_, _ []byte) (webauthn.User, error) { return h, nil }
		_, credential, err = a.passkeys.ValidatePasskeyLogin(find, data, answer)
	} else {
		credential, err = a.passkeys.ValidateLogin(h, data, answer)
	}
	if err != nil {
		return 0, fault.New(fault.Forbidden, passkeyRefused, nil).Because(err)
	}
	if credential.Authenticator.CloneWarning {
		return 0, fault.New(fault.Forbidden, passkeyRefused, nil).Because(errors.New("the passkey's counter went back: it may have been copied"))
	}
	_, err = tx.Exec(ctx, "update passkey set credential = $2, used_at = $3 where id = $1", credential.ID, credential, a.clock())
	if err != nil {
		return 0, fmt.Errorf("keeping a passkey's counter: %w", err)
	}
	return h.account, nil
}

// Passkey is one of an account's, as its owner knows it.
type Passkey struct {
	ID   []byte
	Name string
}

// RemovePasskey removes one of the session's account's passkeys.
func (a *Access) RemovePasskey(ctx context.Context, token string, id []byte) error {
	return a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		if now.needsSecond() && now.Passkeys == 1 && !now.TOTP {
			return fault.New(fault.Conflict, lastSecond, nil)
		}
		if _, err := tx.Exec(ctx, "delete from passkey where id = $1 and account = $2", id, now.Account); err != nil {
			return fmt.Errorf("removing a passkey: %w", err)
		}
		return ledgerAct(ctx, tx, "account.passkey-off", now.Account, nil)
	})
}
