package web

import (
	"crypto/tls"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestVisitor: who visits is told by our proxies only, and by nobody who writes a header.
func TestVisitor(t *testing.T) {
	ours, err := ParseProxies([]string{"10.0.0.0/24", "192.0.2.9", "fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, peer string
		told       []string
		want       string
	}{
		{"nobody between", "203.0.113.7:5000", nil, "203.0.113.7"},
		{"a visitor who writes the header", "203.0.113.7:5000", []string{"198.51.100.1"}, "203.0.113.7"},
		{"a visitor who names our proxy", "203.0.113.7:5000", []string{"198.51.100.1, 10.0.0.1"}, "203.0.113.7"},
		{"through a proxy", "10.0.0.1:5000", []string{"203.0.113.7"}, "203.0.113.7"},
		{"through a proxy, forged before", "10.0.0.1:5000", []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		{"forged with our proxy's address", "10.0.0.1:5000", []string{"10.0.0.7, 203.0.113.7"}, "203.0.113.7"},
		{"forged in a header of its own", "10.0.0.1:5000", []string{"198.51.100.1", "203.0.113.7"}, "203.0.113.7"},
		{"through two proxies", "10.0.0.1:5000", []string{"203.0.113.7, 192.0.2.9"}, "203.0.113.7"},
		{"through two, forged before", "10.0.0.1:5000", []string{"1.1.1.1, 203.0.113.7,192.0.2.9"}, "203.0.113.7"},
		{"from within", "10.0.0.1:5000", []string{"10.0.0.2"}, "10.0.0.2"},
		{"a proxy that tells nothing", "10.0.0.1:5000", nil, "10.0.0.1"},
		{"a proxy that hides", "10.0.0.1:5000", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"rubbish at the right end", "10.0.0.1:5000", []string{"203.0.113.7, "}, "10.0.0.1"},
		{"rubbish behind", "10.0.0.1:5000", []string{"<script>, 192.0.2.9"}, "192.0.2.9"},
		{"with a port", "10.0.0.1:5000", []string{"203.0.113.7:4711"}, "203.0.113.7"},
		{"of version 6", "[fd00::1]:5000", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"of version 6 in brackets", "[fd00::1]:5000", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"of version 4 in 6", "[::ffff:10.0.0.1]:5000", []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		{"a zone does not make another of it", "[fd00::1%eth0]:5000", []string{"2001:db8::7"}, "2001:db8::7"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		for _, line := range c.told {
			r.Header.Add("X-Forwarded-For", line)
		}
		if got := ours.visitor(r); got != netip.MustParseAddr(c.want) {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
		if got := Proxies(nil).visitor(r); len(c.told) > 0 && got.String() == c.want && c.want == "198.51.100.1" {
			t.Errorf("%s: without proxies %v is believed", c.name, got)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "@"
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	if got := ours.visitor(r); got.IsValid() {
		t.Errorf("a peer without an address is %v", got)
	}
}

// TestSecure: by what people came is told by our proxies only.
func TestSecure(t *testing.T) {
	ours := Proxies{netip.MustParsePrefix("10.0.0.0/24")}
	for _, c := range []struct {
		name, peer, told string
		tls, want        bool
	}{
		{"in the open", "203.0.113.7:5000", "", false, false},
		{"a visitor who says so", "203.0.113.7:5000", "https", false, false},
		{"by itself", "203.0.113.7:5000", "", true, true},
		{"through a proxy", "10.0.0.1:5000", "https", false, true},
		{"through a proxy in the open", "10.0.0.1:5000", "http", false, false},
		{"forged before a proxy", "10.0.0.1:5000", "https, http", false, false},
		{"a proxy that tells nothing", "10.0.0.1:5000", "", false, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if c.told != "" {
			r.Header.Set("X-Forwarded-Proto", c.told)
		}
		if got := ours.secure(r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestParseProxies(t *testing.T) {
	for _, bad := range []string{"", "proxy.example", "10.0.0.0/33", "10.0.0.0/24/24", "fe80::1%eth0/64"} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is a proxy", bad)
		}
	}
	if all, err := ParseProxies([]string{"10.0.0.7/24", "::1"}); err != nil || all[0].String() != "10.0.0.0/24" || all[1].String() != "::1/128" {
		t.Errorf("%v, %v", all, err)
	}
}

func FuzzVisitor(f *testing.F) {
	f.Add("10.0.0.1:5000", "203.0.113.7, 10.0.0.2")
	f.Add("[fd00::1%x]:1", "[::1]:0,::ffff:1.2.3.4")
	ours := Proxies{netip.MustParsePrefix("10.0.0.0/24")}
	f.Fuzz(func(t *testing.T, peer, told string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", told)
		at, ok := addressOf(peer)
		if got := ours.visitor(r); ok && !ours.contain(at) && got != at {
			t.Errorf("the peer %v is taken for %v", at, got)
		}
	})
}
