package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/jackc/pgx/v5"
	"golang.org/x/oauth2"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

var (
	noOutside = fault.Text{
		Key: "access.no-outside",
		Zh:  "没有配置统一身份认证",
		En:  "no outside identity provider is set up",
	}
	outsideDown = fault.Text{
		Key: "access.outside-down",
		Zh:  "统一身份认证暂时不能用，请稍后再试，或用密码登录",
		En:  "the outside identity provider does not answer: try again later, or sign in with a password",
	}
	outsideRefused = fault.Text{
		Key: "access.outside-refused",
		Zh:  "统一身份认证没有通过，请重新登录",
		En:  "the outside identity provider's answer was not accepted: sign in again",
	}
	outsideUnknown = fault.Text{
		Key: "access.outside-unknown",
		Zh:  "这个统一身份还没有与本平台的账号关联。请用密码登录后关联，或联系本单位的管理员",
		En:  "this outside identity is not linked to an account here: sign in with a password and link it, or ask your administrator",
	}
	outsideTaken = fault.Text{
		Key: "access.outside-taken",
		Zh:  "这个统一身份已与另一个账号关联",
		En:  "this outside identity is linked to another account",
	}
)

// Provider is an outside identity provider that speaks OpenID Connect. It is asked for its configuration when it is first needed.
type Provider struct {
	Issuer   string // its address
	ClientID string
	Secret   sealed.Secret
	Redirect string       // the page here to which it sends people back
	Scopes   []string     // beside openid, by which the provider tells that claim
	Number   string       // the claim that holds a person's identity number, by which residents are known; "" is none
	HTTP     *http.Client // nil is the usual one, with a limit of time

	mu    sync.Mutex
	found *oidc.Provider
}

const outsidePatience = 10 * time.Second

func (p *Provider) context(ctx context.Context) context.Context {
	client := p.HTTP
	if client == nil {
		client = &http.Client{Timeout: outsidePatience}
	}
	return oidc.ClientContext(ctx, client)
}

// discover asks the provider for its configuration, once.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	if p == nil {
		return nil, fault.New(fault.NotFound, noOutside, nil)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	// The provider's keys are fetched later under this context, which must therefore outlive the request.
	found, err := oidc.NewProvider(p.context(context.WithoutCancel(ctx)), p.Issuer)
	if err != nil {
		return nil, fault.New(fault.Unready, outsideDown, nil).Because(err)
	}
	p.found = found
	return found, nil
}

func (p *Provider) oauth(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.ClientID, ClientSecret: p.Secret.Plain(), Endpoint: found.Endpoint(), RedirectURL: p.Redirect, Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
}

// outsideData is what finishes a sign-in at an outside provider.
type outsideData struct {
	State, Nonce, Verifier string
}

// EnterOutside sends the browser to the outside provider, at the returned address, to sign in with whom it says it is ([Access.FinishOutside]). The
// browser keeps the key, and no page shows it. Who keeps asking and never comes back has to wait.
func (a *Access) EnterOutside(ctx context.Context, from Visitor) (address, key string, err error) {
	if a.outside == nil {
		return "", "", fault.New(fault.NotFound, noOutside, nil)
	}
	if err := a.admit(ctx, a.askAttempt(from.Address)); err != nil {
		return "", "", err
	}
	return a.toOutside(ctx, func(data outsideData) (key string, err error) {
		err = a.db.Work(ctx, func(tx pgx.Tx) error {
			key, err = a.startCeremony(ctx, tx, ceremonyOutside, 0, data, ceremonyTime)
			return err
		})
		return key, err
	})
}

// BeginOutside sends the browser to the outside provider to link the session's account with whom it says it is ([Access.LinkOutside]).
func (a *Access) BeginOutside(ctx context.Context, token string) (address, key string, err error) {
	return a.toOutside(ctx, func(data outsideData) (key string, err error) {
		err = a.change(ctx, token, func(tx pgx.Tx, now Session) error {
			if err := now.mayEnrol(); err != nil {
				return err
			}
			key, err = a.startCeremony(ctx, tx, ceremonyOutside, now.Account, data, ceremonyTime)
			return err
		})
		return key, err
	})
}

// toOutside draws what is sent to the provider and held against its answer.
func (a *Access) toOutside(ctx context.Context, keep func(outsideData) (key string, err error)) (address, key string, err error) {
	found, err := a.outside.discover(ctx)
	if err != nil {
		return "", "", err
	}
	var data outsideData
	for _, s := range []*string{&data.State, &data.Nonce, &data.Verifier} {
		if *s, err = a.ticket(); err != nil {
			return "", "", err
		}
	}
	if key, err = keep(data); err != nil {
		return "", "", err
	}
	return a.outside.oauth(found).AuthCodeURL(data.State, oidc.Nonce(data.Nonce), oauth2.S256ChallengeOption(data.Verifier)), key, nil
}

// FinishOutside signs in the account that is linked with whom the outside provider says it is. It is one factor: what the account needs
// beside it is asked for here.
func (a *Access) FinishOutside(ctx context.Context, key, state, code string, from Visitor) (token string, s Session, err error) {
	byAddress := a.addressAttempt(from.Address)
	if err := a.admit(ctx, byAddress); err != nil {
		return "", Session{}, err
	}
	who, err := a.outsideWho(ctx, 0, key, state, code)
	if err != nil {
		return "", Session{}, err
	}
	account, err := a.linked(ctx, who.subject)
	if is(err, outsideUnknown) && !who.number.IsZero() {
		account, err = a.residentFromOutside(ctx, who)
	}
	if err != nil {
		return "", Session{}, err
	}
	err = a.db.WorkAs(ctx, postgres.Principal{Account: account}, func(tx pgx.Tx) error {
		if err := errors.Join(byAddress.passed(ctx, tx, a.clock()), a.askAttempt(from.Address).passed(ctx, tx, a.clock())); err != nil {
			return err
		}
		if token, err = a.begin(ctx, tx, account, false, from.Agent); err != nil {
			return err
		}
		s, err = a.look(ctx, tx, token)
		return err
	})
	return token, s, err
}

// linked is the account of an outside identity.
func (a *Access) linked(ctx context.Context, subject string) (account int64, err error) {
	err = a.db.Work(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `select a.id from outside_identity o join account a on a.id = o.account
			where o.issuer = $1 and o.subject = $2 and a.disabled_at is null`, a.outside.Issuer, subject).Scan(&account)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fault.New(fault.Forbidden, outsideUnknown, nil)
	}
	if err != nil {
		return 0, fmt.Errorf("looking for the account of an outside identity: %w", err)
	}
	return account, nil
}

// LinkOutside links the session's account with whom the outside provider says it is.
func (a *Access) LinkOutside(ctx context.Context, token, key, state, code string) error {
	s, err := a.Session(ctx, token)
	if err != nil {
		return err
	}
	who, err := a.outsideWho(ctx, s.Account, key, state, code)
	if err != nil {
		return err
	}
	return a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		var holder int64
		err := tx.QueryRow(ctx, `insert into outside_identity as o (issuer, subject, account) values ($1, $2, $3)
			on conflict (issuer, subject) do update set account = o.account returning account`, a.outside.Issuer, who.subject, now.Account).Scan(&holder)
		if err != nil {
			return fmt.Errorf("linking an outside identity: %w", err)
		}
		if holder != now.Account {
			return fault.New(fault.Conflict, outsideTaken, nil)
		}
		return ledgerAct(ctx, tx, "account.outside-link", now.Account, nil)
	})
}

// UnlinkOutside ends all links of the session's account with outside identities.
func (a *Access) UnlinkOutside(ctx context.Context, token string) error {
	return a.change(ctx, token, func(tx pgx.Tx, now Session) error {
		if err := now.mayEnrol(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "delete from outside_identity where account = $1", now.Account); err != nil {
			return fmt.Errorf("ending the link with an outside identity: %w", err)
		}
		return ledgerAct(ctx, tx, "account.outside-unlink", now.Account, nil)
	})
}

// outsider is somebody as the outside provider tells who it is.
type outsider struct {
	subject string
	number  idno.Number // zero where the provider tells none
}

// outsideWho is whom the outside provider says it is, to what was begun by an account, 0 being nobody signed in.
func (a *Access) outsideWho(ctx context.Context, account int64, key, state, code string) (who outsider, err error) {
	found, err := a.outside.discover(ctx)
	if err != nil {
		return outsider{}, err
	}
	var data outsideData
	err = a.db.Work(ctx, func(tx pgx.Tx) error { return a.endCeremony(ctx, tx, ceremonyOutside, account, key, &data) })
	if err != nil {
		return outsider{}, err
	}
	if subtle.ConstantTimeCompare([]byte(data.State), []byte(state)) != 1 {
		return outsider{}, fault.New(fault.Forbidden, outsideRefused, nil).Because(errors.New("the state is another's"))
	}
	ctx = a.outside.context(ctx)
	tokens, err := a.outside.oauth(found).Exchange(ctx, code, oauth2.VerifierOption(data.Verifier))
	if err != nil {
		return outsider{}, fault.New(fault.Forbidden, outsideRefused, nil).Because(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := found.VerifierContext(ctx, &oidc.Config{ClientID: a.outside.ClientID, Now: a.clock}).Verify(ctx, raw)
	if err != nil {
		return outsider{}, fault.New(fault.Forbidden, outsideRefused, nil).Because(err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(data.Nonce)) != 1 {
		return outsider{}, fault.New(fault.Forbidden, outsideRefused, nil).Because(errors.New("the nonce is another's"))
	}
	who.subject = id.Subject
	who.number, err = a.outside.numberIn(id)
	return who, err
}

// numberIn is the identity number among what the provider's signed token claims.
func (p *Provider) numberIn(id *oidc.IDToken) (idno.Number, error) {
	if p.Number == "" {
		return idno.Number{}, nil
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return idno.Number{}, fault.New(fault.Forbidden, outsideRefused, nil).Because(err)
	}
	text, _ := claims[p.Number].(string)
	if text == "" {
		return idno.Number{}, nil
	}
	number, err := idno.Parse(text)
	if err != nil {
		return idno.Number{}, fault.New(fault.Forbidden, outsideRefused, nil).Because(errors.New("the claim of the identity number holds none"))
	}
	return number, nil
}
