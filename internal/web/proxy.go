package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"dajiuzhu/internal/fault"
)

// Proxies are the networks in which the proxies before the platform stand. Only their word is taken on whom they let through: of everybody else
// headers that say so are lies or accidents.
type Proxies []netip.Prefix

var badProxy = fault.Text{
	Key: "web.bad-proxy",
	Zh:  "“{found}”不是代理的地址。请写IP地址或网段，如 10.0.0.5 或 10.0.0.0/24",
	En:  `"{found}" is no address of a proxy: give an IP address or a network, as 10.0.0.5 or 10.0.0.0/24`,
}

// ParseProxies reads addresses and networks.
func ParseProxies(texts []string) (Proxies, error) {
	var all Proxies
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if a, single := netip.ParseAddr(text); single == nil && a.Zone() == "" {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, badProxy, fault.Args{"found": fault.Excerpt(text)})
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

func (p Proxies) contain(a netip.Addr) bool {
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// visitor is whose request it is: the peer, or, as far as trusted proxies tell it, whom they had it from. Each proxy adds its peer at the right
// end of X-Forwarded-For, so it is read from there and only for as long as those named are proxies of ours: what stands further left may be
// written by anybody. What cannot be read ends it as well. The zero address is that of a peer who has none.
func (p Proxies) visitor(r *http.Request) netip.Addr {
	at, ok := addressOf(r.RemoteAddr)
	if !ok {
		return netip.Addr{}
	}
	told := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for len(told) > 0 && p.contain(at) {
		from, ok := addressOf(strings.TrimSpace(told[len(told)-1]))
		if !ok {
			break
		}
		at, told = from, told[:len(told)-1]
	}
	return at
}

// addressOf reads an address, with a port or without.
func addressOf(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddrPort(text)
	return a.Addr().Unmap().WithZone(""), err == nil
}

// secure reports whether the visitor came by https, as the proxy tells that the platform was asked by.
func (p Proxies) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	peer, ok := addressOf(r.RemoteAddr)
	if !ok || !p.contain(peer) {
		return false
	}
	told := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(told[len(told)-1]), "https")
}

type cameKey struct{}

// came is how a request came.
type came struct {
	from   netip.Addr
	secure bool
}

// behind notes of each request how it came, before anybody asks.
func (p Proxies) behind(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := came{p.visitor(r), p.secure(r)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), cameKey{}, c)))
	})
}

// cameBy is how a request came; the zero value of one that was not noted.
func cameBy(r *http.Request) came {
	c, _ := r.Context().Value(cameKey{}).(came)
	return c
}
