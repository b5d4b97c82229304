package web

import (
	"net/http"
	"strings"
	"time"

	"dajiuzhu/internal/fault"
)

// outsideCookie holds what finishes a sign-in at the outside provider: only the browser that began it comes back with it.
const (
	outsideCookie = "dajiuzhu_outside"
	outsideTime   = 10 * time.Minute
	linking       = "link:"
	entering      = "enter:"
)

// toOutside sends the browser to the outside provider, to sign in.
func (s *Site) toOutside(v *Visit) error {
	address, key, err := s.Access.EnterOutside(v.R.Context(), visitor(v.R))
	if err != nil {
		return s.again(v, "signin", form{}, err)
	}
	return s.leave(v, address, entering+key)
}

// linkOutside sends the browser to the outside provider, to link the account with whom it says it is.
func (s *Site) linkOutside(v *Visit) error {
	address, key, err := s.Access.BeginOutside(v.R.Context(), v.token)
	if err != nil {
		return err
	}
	return s.leave(v, address, linking+key)
}

// leave shows a page that goes on to the provider by itself: the content security policy lets no form end elsewhere, be it by a redirect.
func (s *Site) leave(v *Visit, address, kept string) error {
	s.setCookie(v, outsideCookie, kept, outsideTime)
	v.W.Header().Set("Refresh", "0; url="+address)
	return s.render(v, http.StatusOK, "leave", address)
}

var notBegun = fault.Text{Key: "web.outside-not-begun", Zh: "这次统一身份认证不是从本浏览器开始的，或已过期。请重新登录",
	En: "this sign-in at the identity provider was not begun in this browser, or has expired: sign in again"}

// fromOutside takes whom the provider sends back.
func (s *Site) fromOutside(v *Visit) error {
	cookie, err := v.R.Cookie(outsideCookie)
	if err != nil {
		return s.again(v, "signin", form{}, fault.New(fault.Invalid, notBegun, nil))
	}
	s.setCookie(v, outsideCookie, "", -1e9)
	q := v.R.URL.Query()
	if key, ok := strings.CutPrefix(cookie.Value, linking); ok {
		if err := s.Access.LinkOutside(v.R.Context(), v.token, key, q.Get("state"), q.Get("code")); err != nil {
			return err
		}
		return v.Redirect("/account")
	}
	token, session, err := s.Access.FinishOutside(v.R.Context(), strings.TrimPrefix(cookie.Value, entering), q.Get("state"), q.Get("code"), visitor(v.R))
	if err != nil {
		return s.again(v, "signin", form{}, err)
	}
	return s.enter(v, token, session)
}

func (s *Site) unlinkOutside(v *Visit) error {
	return s.change(v, func() error { return s.Access.UnlinkOutside(v.R.Context(), v.token) })
}
