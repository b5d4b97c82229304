package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

// Pages are pages that belong together, as the packages below this one give them.
type Pages interface {
	Routes() []Route
}

// Link is a place of work in the bar on top of every page. Pages whose value has a method Nav() []Link offer some.
type Link struct {
	Path   string
	Zh, En string
	Who    Who  // to whom it is shown
	Aside  bool // few come to it every day: it stands under "more", so that the bar is one line
}

// Route is a page, or what a form on one is sent to.
type Route struct {
	Pattern string // as of [http.ServeMux], with its method
	Who     Who
	Do      func(*Visit) error
	Largest int64   // bytes of a body; 0 is a form's, which is read before Do, a larger one is Do's to read
	List    bool    // a list with its filters in the address, of which everybody keeps views of their own
	Keyless string  // why what is posted here needs no key of the frame ([View.Once]); every other form does
	Export  *Export // how the list is taken out as a file, nil where it is not
	own     bool    // of the frame, which signs people in
}

// takesKey reports whether a form that is sent here has to bring the frame's key.
func (r Route) takesKey() bool { return strings.HasPrefix(r.Pattern, "POST ") && r.Keyless == "" }

// Who says who may call a route. The zero value is nobody.
type Who struct {
	anybody  bool
	signedIn bool
	ready    bool
	may      []access.Permission
	but      []access.Permission
}

// Who may call: anybody; whoever has a session, even one that still lacks a step; whoever has a session that may act.
var (
	Anybody  = Who{anybody: true}
	SignedIn = Who{signedIn: true}
	Ready    = Who{ready: true}
)

// May is whoever has a session whose posting allows one of some things.
func May(one ...access.Permission) Who { return Who{may: one} }

// But is the same without whoever's posting allows one of some things.
func (w Who) But(one ...access.Permission) Who {
	w.but = one
	return w
}

// Admits reports whether a session, the zero one being nobody's, may call.
func (w Who) Admits(s access.Session) bool {
	switch {
	case w.anybody:
		return true
	case s.Account == 0 || slices.ContainsFunc(w.but, s.May):
		return false
	case w.signedIn:
		return true
	case len(w.may) > 0:
		return slices.ContainsFunc(w.may, s.May)
	}
	return w.ready && s.Due == access.Ready
}

// Visit is one request on its way.
type Visit struct {
	W       http.ResponseWriter
	R       *http.Request
	Lang    fault.Lang
	Session access.Session // the zero one is nobody's
	token   string
	site    *Site
	route   Route
	keyed   bool        // the form's key was looked at
	views   []SavedView // the visitor's own of the list that is shown,
	viewed  bool        // once a page has asked for them
}

// Redirect sends the browser to another page, which it gets. A form that was taken without a look at its key fails: it would do twice what is sent twice.
func (v *Visit) Redirect(to string) error {
	if v.route.takesKey() && !v.keyed {
		return fmt.Errorf("%s takes a form without its key", v.route.Pattern)
	}
	return v.goTo(to)
}

func (v *Visit) goTo(to string) error {
	http.Redirect(v.W, v.R, to, http.StatusSeeOther)
	return nil
}

// Say chooses between Chinese and English.
func (v *Visit) Say(zh, en string) string { return v.Lang.Say(zh, en) }

// With is the filters of an address with one more value.
func With(q url.Values, name, value string) url.Values {
	all := maps.Clone(q)
	if all == nil {
		all = url.Values{}
	}
	all.Set(name, value)
	return all
}

// Counted is how many there are in a list in all, or that there are more than the most up to which it was counted.
func (v *Visit) Counted(n, most int) string {
	if n > most {
		return v.Say(fmt.Sprintf("%d条以上", most), fmt.Sprintf("more than %d", most))
	}
	return v.Say(fmt.Sprintf("共%d条", n), fmt.Sprintf("%d in all", n))
}

// Principal is in whose name the database is asked, for a purpose that has to be stated where sensitive fields are opened, "" otherwise.
func (v *Visit) Principal(purpose access.Purpose) postgres.Principal {
	return v.Session.Principal(purpose)
}

// Now is the time by the platform's clock, Today its day.
func (v *Visit) Now() time.Time { return v.site.Clock().In(zone) }

// Today is the day in the city by the platform's clock, wherever the machine believes to be.
func (v *Visit) Today() calendar.Date {
	now := v.Now()
	return calendar.Must(now.Year(), now.Month(), now.Day())
}

// Place is the name of a place, its code where there is no name.
func (v *Visit) Place(code area.Code) string { return v.site.place(code) }

// Explain is a fault as the visitor reads it, with its status; what is our own is logged and not shown.
func (v *Visit) Explain(err error) (status int, message string) { return v.site.explain(v, err) }
