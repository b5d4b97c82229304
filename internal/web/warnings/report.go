package warnings

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

// reportPage is the form by which somebody reports a family, for the public or for whoever takes a report for them.
type reportPage struct {
	At        area.Code // of the code, or as it was chosen
	Where     string    // by name
	Below     []choice  // to be chosen from
	Up        string    // one place wider, "" of the widest
	Source    string
	Name      string
	Place     string
	What      string
	Contact   string
	Firm      string
	Query     string // what the operator looked for
	Found     []found
	Household int64
	Called    string // its head, masked
	Faults    []problem
}

// problem is something wrong with a form, at its field.
type problem struct{ Field, Message string }

// found is a household that was looked for.
type found struct {
	Household int64
	Name      string
	Where     string
	Born      int
}

// Fault is what is wrong with a field, "" for nothing.
func (r *reportPage) Fault(field string) string {
	for _, f := range r.Faults {
		if f.Field == field {
			return f.Message
		}
	}
	return ""
}

// where sets the place of a form and what can be chosen below it.
func (p *Pages) where(v *web.Visit, page *reportPage, at, widest area.Code) {
	if !p.Pack.Areas.Has(at) || widest != 0 && !widest.Contains(at) {
		at = widest
	}
	page.At = at
	top := at
	if at == 0 {
		top = p.Pack.Area
	} else {
		page.Where = p.Pack.Areas.Path(at)
	}
	if at != widest && at != 0 && at.Level() > area.County {
		page.Up = at.Parent().String()
	}
	for _, c := range p.Pack.Areas.Children(top) {
		page.Below = append(page.Below, choice{c.String(), p.Pack.Areas.Short(c)})
	}
}

// reportPage shows the public form. It shows nothing of anybody.
func (p *Pages) reportPage(v *web.Visit) error {
	page := &reportPage{Source: warning.ByCode}
	p.where(v, page, codeOf(v.R.URL.Query().Get("at")), 0)
	v.W.Header().Set("Cache-Control", "no-store")
	return v.Render(http.StatusOK, p.templates, "report", page)
}

// report takes what the public reports, and leads to the receipt.
func (p *Pages) report(v *web.Visit) error {
	form := v.R.PostForm
	page := &reportPage{Source: warning.ByCode, Name: form.Get("name"), Place: form.Get("place"), What: form.Get("what"), Contact: form.Get("contact")}
	p.where(v, page, codeOf(form.Get("at")), 0)
	return p.receive(v, page, "report", func(take func(context.Context, pgx.Tx) (string, error)) error {
		var to string
		err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) { to, err = take(ctx, tx); return err })
		if err != nil {
			return err
		}
		return v.Redirect(to)
	})
}

// receive takes a report in and goes to its receipt, and shows its form again with what was written if it cannot. The report holds the key of its form,
// by which one that is sent twice is one, whoever sends it.
func (p *Pages) receive(v *web.Visit, page *reportPage, name string, act func(func(context.Context, pgx.Tx) (to string, err error)) error) error {
	r := warning.Report{Source: page.Source, Area: page.At, Household: page.Household, Name: page.Name, Place: page.Place, What: page.What, Contact: page.Contact,
		Organisation: page.Firm, Once: v.Key(), On: v.Today()}
	if page.Source == warning.ByCode {
		r.Sender = sender(v.R)
	}
	err := fault.List(p.Warnings.CheckReport(r)).Err()
	if err == nil {
		err = act(func(ctx context.Context, tx pgx.Tx) (string, error) {
			got, err := p.Warnings.Receive(ctx, tx, r)
			if err == nil && !got.Known {
				err = p.Telling.ReportArrived(ctx, tx, got)
			}
			return "/report/receipt?new=1&number=" + url.QueryEscape(got.Receipt), err
		})
	}
	if err == nil {
		return nil
	}
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	status := http.StatusUnprocessableEntity
	for _, f := range faultsOf(err) {
		at := f.At.Field
		if at == "area" {
			at = "at"
		}
		f = f.In(fault.At{})
		page.Faults = append(page.Faults, problem{at, f.Message(v.Lang)})
	}
	if fault.KindOf(err) != fault.Invalid {
		status, _ = v.Explain(err)
	}
	return v.Render(status, p.templates, name, page)
}

func faultsOf(err error) []*fault.Error {
	if list, ok := err.(fault.List); ok {
		return list
	}
	if f, ok := err.(*fault.Error); ok {
		return []*fault.Error{f}
	}
	return nil
}

// sender is from where a report comes, to bound how many do.
func sender(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// receiptPage is what became of a report.
type receiptPage struct {
	Number string
	Fresh  bool // it has just been sent
	State  string
	On     calendar.Date
	Done   calendar.Date
	Wrong  string
}

// receipt tells whoever has a receipt how far the report came.
func (p *Pages) receipt(v *web.Visit) error {
	q := v.R.URL.Query()
	page := &receiptPage{Number: q.Get("number"), Fresh: q.Get("new") != ""}
	status := http.StatusOK
	v.W.Header().Set("Cache-Control", "no-store")
	if page.Number != "" {
		err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
			got, err := p.Warnings.Progress(ctx, tx, page.Number)
			page.State, page.On, page.Done = got.State, got.On, got.Done
			return err
		})
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return err
		}
		if err != nil {
			status, page.Wrong = v.Explain(err)
			page.Fresh = false
		}
	}
	return v.Render(status, p.templates, "receipt", page)
}

// sourceOf is as what somebody takes a report.
func sourceOf(role access.Role) string {
	switch role {
	case access.Hotline:
		return warning.ByHotline
	case access.Organisation:
		return warning.ByOrganisation
	}
	return warning.ByVillage
}

// takePage shows the form of whoever takes reports for others; they may look for the household first.
func (p *Pages) takePage(v *web.Visit) error {
	q := v.R.URL.Query()
	page := &reportPage{Source: sourceOf(v.Session.Posting.Role), Query: q.Get("q"), Household: atoi(q.Get("household")), Name: q.Get("q")}
	p.where(v, page, codeOf(q.Get("at")), v.Session.Posting.Area)
	if err := p.search(v, page); err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "take", page)
}

func (p *Pages) take(v *web.Visit) error {
	form := v.R.PostForm
	page := &reportPage{Source: sourceOf(v.Session.Posting.Role), Name: form.Get("name"), Place: form.Get("place"), What: form.Get("what"), Contact: form.Get("contact"),
		Firm: form.Get("organisation"), Household: atoi(form.Get("household"))}
	p.where(v, page, codeOf(form.Get("at")), v.Session.Posting.Area)
	if err := p.search(v, page); err != nil {
		return err
	}
	return p.receive(v, page, "take", func(take func(context.Context, pgx.Tx) (string, error)) error { return v.Act("", take) })
}

// mostFound is how many households a search shows: who is not among them is looked for by more of the name, or by the number.
const mostFound = 20

// search looks for the household that is asked for, where the visitor may.
func (p *Pages) search(v *web.Visit, page *reportPage) error {
	if page.Query == "" && page.Household == 0 || !v.Session.May(access.SearchPeople) {
		page.Household = 0
		return nil
	}
	return p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		if page.Household != 0 {
			return p.known(ctx, tx, v, page)
		}
		all, err := p.look(ctx, tx, v, page.Query)
		page.Found = all
		return err
	})
}

// known tells of a household that was chosen, if the visitor may see it.
func (p *Pages) known(ctx context.Context, tx pgx.Tx, v *web.Visit, page *reportPage) error {
	file, err := p.Registry.File(ctx, tx, page.Household)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		page.Household = 0
		return nil
	}
	if err != nil {
		return err
	}
	page.At, page.Where, page.Below = file.Area, p.Pack.Areas.Path(file.Area), nil
	if len(file.Persons) > 0 {
		page.Called = web.MaskedName(file.Persons[0].Name)
	}
	return nil
}

// look finds households by a name, its spelling, a number or a telephone of somebody in them.
func (p *Pages) look(ctx context.Context, tx pgx.Tx, v *web.Visit, text string) ([]found, error) {
	by := byOf(text)
	got, err := p.Registry.Search(ctx, tx, by, text, registry.After{}, mostFound)
	if err != nil {
		return nil, err
	}
	var persons []int64
	for _, h := range got.Hits {
		persons = append(persons, h.Person)
	}
	homes, err := p.Registry.HouseholdsOf(ctx, tx, persons)
	if err != nil {
		return nil, err
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "people.search", Subject: "people", Detail: map[string]any{"by": string(by), "found": len(got.Hits)}})
	if err != nil {
		return nil, err
	}
	var all []found
	for _, h := range got.Hits {
		home, ok := homes[h.Person]
		if !ok || slices.ContainsFunc(all, func(f found) bool { return f.Household == home }) {
			continue
		}
		f := found{Household: home, Name: web.MaskedName(h.Name), Where: p.place(v, h.Area)}
		if h.Birth != calendar.Forever {
			f.Born = h.Birth.Year()
		}
		all = append(all, f)
	}
	return all, nil
}

// byOf is by what a text searches: eleven digits are a telephone, fifteen and more a number, letters the spelling of a name.
func byOf(text string) registry.By {
	digits, letters := 0, 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			letters++
		}
	}
	switch {
	case digits >= 15:
		return registry.ByNumber
	case digits == 11:
		return registry.ByPhone
	case letters > 0 && letters <= 3 && digits == 0:
		return registry.ByInitials
	case letters > 0:
		return registry.ByPinyin
	}
	return registry.ByName
}

// matchPage looks for the household that a report is about.
type matchPage struct {
	ID    int64
	Query string
	Found []found
	Asked bool
	Said  []report
	Wrong string
}

func (p *Pages) matchPage(v *web.Visit) error {
	page, err := p.matching(v, v.R.URL.Query().Get("q"))
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "match", page)
}

func (p *Pages) matching(v *web.Visit, query string) (*matchPage, error) {
	id, err := number(v, "id")
	if err != nil {
		return nil, err
	}
	page := &matchPage{ID: id, Query: query}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		r, err := p.Warnings.Round(ctx, tx, id, v.Today())
		if err != nil {
			return err
		}
		for _, t := range r.Said {
			page.Said = append(page.Said, report{t, sourceName(v, t.Source), t.At.In(cityZone).Format("2006-01-02 15:04")})
		}
		if page.Query == "" && len(r.Said) > 0 {
			page.Query = r.Said[0].Name
		}
		if page.Query == "" || !v.Session.May(access.SearchPeople) {
			return nil
		}
		page.Asked = true
		page.Found, err = p.look(ctx, tx, v, page.Query)
		return err
	})
	return page, err
}

func (p *Pages) match(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	err = v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		round, err := p.Warnings.Match(ctx, tx, id, atoi(v.R.PostFormValue("household")))
		return fmt.Sprintf("/warnings/%d", round), err
	})
	if err == nil {
		return nil
	}
	status, message := v.Explain(err)
	if fault.KindOf(err) == fault.Internal || fault.KindOf(err) == fault.NotFound {
		return err
	}
	page, err := p.matching(v, v.R.PostFormValue("q"))
	if err != nil {
		return err
	}
	page.Wrong = message
	return v.Render(status, p.templates, "match", page)
}

// open shows a reporter's telephone for a purpose; the opening is recorded first.
func (p *Pages) open(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	page := &onePage{Opened: map[int64]string{}}
	if err := p.readOne(v, id, page); err != nil {
		return err
	}
	field := atoi(v.R.PostFormValue("field"))
	at := slices.IndexFunc(page.Reports, func(r report) bool { return r.ID == field })
	if at < 0 {
		return fault.New(fault.NotFound, noSuchWarning, nil)
	}
	ctx := v.R.Context()
	err = p.DB.As(ctx, v.Principal(access.Purpose(v.R.PostFormValue("purpose"))), func(tx pgx.Tx) error {
		plain, err := access.Open(ctx, tx, access.Sensitive{Subject: fmt.Sprintf("report:%d", field), Area: page.Round.Area, Field: warning.ContactField, Secret: page.Reports[at].Contact})
		if err == nil {
			page.Opened[field] = plain[0]
		}
		return err
	})
	status := http.StatusOK
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		status, page.Wrong = v.Explain(err)
	}
	v.W.Header().Set("Cache-Control", "no-store")
	return v.Render(status, p.templates, "one", page)
}

// codePage is a place's code, to be printed and hung up.
type codePage struct {
	At    area.Code
	Where string
	Below []choice
	Image string
	Link  string
}

func (p *Pages) code(v *web.Visit) error {
	page := &codePage{}
	var at reportPage
	p.where(v, &at, codeOf(v.R.URL.Query().Get("at")), v.Session.Posting.Area)
	page.At, page.Where, page.Below = at.At, at.Where, at.Below
	page.Image, page.Link = "/reports/code.png?at="+at.At.String(), p.link(at.At)
	return v.Render(http.StatusOK, p.templates, "code", page)
}

// link is where a place's code leads.
func (p *Pages) link(at area.Code) string { return p.Site + "/report?at=" + at.String() }

func (p *Pages) codeImage(v *web.Visit) error {
	at := codeOf(v.R.URL.Query().Get("at"))
	if !p.Pack.Areas.Has(at) {
		return fault.New(fault.NotFound, noSuchWarning, nil)
	}
	code, err := qr.Encode(p.link(at), qr.M, qr.Auto)
	if err == nil {
		code, err = barcode.Scale(code, 480, 480)
	}
	if err != nil {
		return fmt.Errorf("drawing a code: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, code); err != nil {
		return fmt.Errorf("drawing a code: %w", err)
	}
	v.W.Header().Set("Content-Type", "image/png")
	_, _ = v.W.Write(b.Bytes()) // the visitor may have left
	return nil
}
