package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

// frames are the frame of every page and the components that every page may use.
//
//go:embed frame/*.html
var frames embed.FS

// Templates are the pages of a package, each with the frame and all components.
type Templates struct {
	pages map[string]*template.Template
}

// ParseTemplates reads pages/*.html of a package. A page defines "title" and "main"; what is in files whose names begin with an underscore is
// there for all of its pages. The page's data are .Page, and of the frame .Say, .Lang, .Session, .Today, .Place and others: see [View].
func ParseTemplates(from fs.FS, more ...template.FuncMap) (*Templates, error) {
	functions := maps.Clone(functions)
	for _, m := range more {
		maps.Copy(functions, m)
	}
	base, err := template.New("frame.html").Funcs(functions).ParseFS(frames, "frame/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the frame of the pages: %w", err)
	}
	if shared, _ := fs.Glob(from, "pages/_*.html"); len(shared) > 0 {
		if base, err = base.ParseFS(from, shared...); err != nil {
			return nil, fmt.Errorf("reading what pages share: %w", err)
		}
	}
	names, err := fs.Glob(from, "pages/[^_]*.html")
	if err != nil {
		return nil, fmt.Errorf("listing pages: %w", err)
	}
	t := &Templates{pages: map[string]*template.Template{}}
	for _, name := range names {
		page, err := template.Must(base.Clone()).ParseFS(from, name)
		if err != nil {
			return nil, fmt.Errorf("reading the page %s: %w", name, err)
		}
		t.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return t, nil
}

// View is what a template sees.
type View struct {
	*Visit
	Page any
}

// Path is that of the request.
func (v View) Path() string { return v.R.URL.Path }

// Posting names the posting in which the session acts.
func (v View) Posting() string { return v.site.postingName(v.Session.Posting, v.Lang) }

// Back is where the change of language comes back to: this page with its filters, or the first page where this one only took something.
func (v View) Back() string {
	if v.R.Method != http.MethodGet {
		return "/"
	}
	return v.R.URL.RequestURI()
}

// nav is the places where a visitor works: those in the bar, and those aside. Many says that they are no row on a phone, where a menu holds them.
type nav struct {
	Bar, Aside []Link
	Many       bool
}

// All are the places in their order.
func (n nav) All() []Link { return slices.Concat(n.Bar, n.Aside) }

// face is a width at which the bar is shown, by which it is known, without a script, what fits in one line. All are pixels, of the style sheet.
type face struct{ room, letter, between, more int }

var (
	atDesk  = face{room: 1280 - 2*14, letter: 14, between: 24, more: 84}
	onPhone = face{room: 390 - 2*7, letter: 17, between: 24}
)

// wide is how much a place takes in the bar, in the language in which that is more: the bar is the same in both.
func (f face) wide(l Link) int {
	latin := utf8.RuneCountInString(l.En) * f.letter * 11 / 20 // half a Chinese letter, and a little
	return max(utf8.RuneCountInString(l.Zh)*f.letter, latin) + f.between
}

// fit is how many of some places stand in one line.
func (f face) fit(places []Link, room int) int {
	for n, l := range places {
		if room -= f.wide(l); room < 0 {
			return n
		}
	}
	return len(places)
}

// leastAside is how many places are put aside at least.
const leastAside = 2

// Nav is the places where the visitor works. One place alone is not put aside; what the bar has no room for is.
func (v View) Nav() (n nav) {
	if v.Session.Account == 0 {
		return n
	}
	for _, l := range v.site.nav {
		switch {
		case !l.Who.Admits(v.Session):
		case l.Aside:
			n.Aside = append(n.Aside, l)
		default:
			n.Bar = append(n.Bar, l)
		}
	}
	if len(n.Aside) < leastAside {
		n.Bar, n.Aside = append(n.Bar, n.Aside...), nil
	}
	room := atDesk.room
	if len(n.Aside) > 0 || atDesk.fit(n.Bar, room) < len(n.Bar) {
		room -= atDesk.more
	}
	if fit := atDesk.fit(n.Bar, room); fit < len(n.Bar) {
		n.Bar, n.Aside = n.Bar[:fit:fit], slices.Concat(n.Bar[fit:], n.Aside)
	}
	n.Many = len(n.Aside) > 0 || onPhone.fit(n.Bar, onPhone.room) < len(n.Bar)
	return n
}

// Here is the place to which the page belongs, nil of none.
func (v View) Here(places []Link) *Link {
	if n := slices.IndexFunc(places, func(l Link) bool { return v.At(l.Path) }); n >= 0 {
		return &places[n]
	}
	return nil
}

// At reports whether the page belongs to a place of work.
func (v View) At(place string) bool {
	return v.Path() == place || place != "/" && strings.HasPrefix(v.Path(), place+"/")
}

// Static is the address of one of the frame's own files, which changes with its content.
func (v View) Static(name string) string { return "/static/" + name + "?" + v.site.versions[name] }

// May reports whether the visitor may do something, so that a page offers it.
func (v View) May(p string) bool { return v.Session.May(access.Permission(p)) }

// Of is the same view of a part of the page, for a template that shows the part.
func (v View) Of(part any) View { return View{v.Visit, part} }

// Render answers with a page in the frame.
func (v *Visit) Render(status int, t *Templates, name string, page any) error {
	found, ok := t.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	var b bytes.Buffer
	if err := found.Execute(&b, View{v, page}); err != nil {
		return fmt.Errorf("making the page %s: %w", name, err)
	}
	v.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.W.WriteHeader(status)
	_, _ = v.W.Write(b.Bytes()) // the visitor may have left
	return nil
}

// place names a place as officials write it, from the county down.
func (s *Site) place(code area.Code) string {
	if s.Places != nil {
		if name := s.Places.Path(code); name != "" {
			return name
		}
	}
	return code.String()
}

func (s *Site) postingName(p access.Posting, lang fault.Lang) string {
	if p.ID == 0 {
		return ""
	}
	name := p.Role.Name(lang)
	if p.Department != "" {
		name += " · " + s.office(p.Department, lang)
	}
	return name + " · " + s.place(p.Area)
}

// office names a department.
func (s *Site) office(id string, lang fault.Lang) string {
	if s.Offices != nil {
		year, month, day := s.Clock().In(zone).Date()
		for _, o := range s.Offices(calendar.Must(year, month, day)) {
			if o.ID == id {
				return lang.Say(o.Zh, o.En)
			}
		}
	}
	return id
}

// functions are what every template may call: see each.
var functions = template.FuncMap{"qr": qrImage, "date": date, "longdate": LongDate, "yuan": yuan, "dict": dict, "neg": neg, "level": level, "plural": Plural}

// dict is a map of names and values, for a part that needs more than one.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict has a name without a value")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict has %v for a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

func neg(n int) int { return -n }

// Plural is a number with what is counted, in English, whose words take an s but for one of them.
func Plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// levels are those of warnings, each with a shape and a word beside its colour.
var levels = map[string]struct{ shape, zh, en string }{
	"red": {"▲", "红色", "red"}, "orange": {"◆", "橙色", "orange"}, "yellow": {"■", "黄色", "yellow"}, "blue": {"●", "蓝色", "blue"},
}

// level is the badge of a level.
func level(lang fault.Lang, code string) template.HTML {
	l, ok := levels[code]
	if !ok {
		return template.HTML(template.HTMLEscapeString(code))
	}
	return template.HTML(fmt.Sprintf(`<span class="level level-%s">%s %s</span>`, code, l.shape, lang.Say(l.zh, l.en)))
}

// date is a day as tables show it, nothing for none.
func date(d calendar.Date) string {
	if d == 0 || d == calendar.Forever {
		return ""
	}
	return d.String()
}

// LongDate is a day as sentences have it, 2026年11月1日 or 1 November 2026.
func LongDate(lang fault.Lang, d calendar.Date) string {
	year, month, day := d.YMD()
	return lang.Say(d.Zh(), fmt.Sprintf("%d %s %d", day, month, year))
}

// yuan is an amount as officials write it, with its unit: 1,166.67 元.
func yuan(lang fault.Lang, amount money.Decimal) string {
	return lang.Say(amount.Zh("元"), amount.En("yuan"))
}
