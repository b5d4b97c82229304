package e2e

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// device gives the browser a device that holds passkeys, and whose owner unlocks it whenever it asks.
func (v *person) device() {
	v.Helper()
	v.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if err := t.Call(ctx, webauthn.CommandEnable, webauthn.EnableParams{}, nil); err != nil {
			return err
		}
		return t.Call(ctx, webauthn.CommandAddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}}, nil)
	}))
}

// Somebody adds a passkey under the content security policy that all pages have, signs in with it alone, gives it beside the password, and removes it.
func TestPasskey(t *testing.T) {
	v := signedIn(t, "demo-hotline", desk)
	v.device()
	v.open("/account")
	v.press(`form[action="/account/passkey/new"] button`)
	v.fill(`input[name="name"]`, "办公室电脑")
	v.press(`form[data-passkey] button`)
	v.shows("我的账号", "办公室电脑")
	v.press(`form[action="/signout"] button`)
	v.press(`form[action="/passkey"] button`)
	v.press(`form[data-passkey] button`)
	v.open("/account")
	v.shows("本次登录", "办公室电脑")
	v.press(`form[action="/signout"] button`)
	v.fill(`input[name="login"]`, v.login)
	v.fill(`input[name="password"]`, v.word)
	v.press(`main form[action="/signin"] button.main`)
	v.shows("第二步验证")
	v.press(`form[data-passkey] button`)
	v.open("/account")
	v.press(`form[action="/account/passkey/remove"] button`)
	v.hides("办公室电脑")
}
