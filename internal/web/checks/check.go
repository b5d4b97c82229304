package checks

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"
)

type itemLine struct {
	Who, Kind, Institution, Account, Amount string
	On                                      calendar.Date
}

type checkPage struct {
	checkLine
	Objection   string
	RecheckOf   int64
	Members     []memberLine
	Unsigned    int // covered, and without an authorisation today
	Items       []itemLine
	Form        url.Values
	Wrong       string
	Today       string
	NextYear    string
	MayDo       bool
	CanRequest  bool
	CanReport   bool
	CanObject   bool
	CanAnswer   bool
	CanCancel   bool
	CanSign     bool
	ItemExample string
}

// check shows a check and what can be done with it now.
func (p *Pages) check(v *web.Visit) error { return p.showCheck(v, http.StatusOK, nil) }

func (p *Pages) showCheck(v *web.Visit, status int, wrong error) error {
	id, err := number(v.R.PathValue("id"))
	if err != nil {
		return err
	}
	page := &checkPage{Form: v.R.PostForm, Today: v.Today().String(), NextYear: v.Today().AddDays(365).String(), MayDo: v.Session.May(access.CheckMeans),
		ItemExample: v.Say("王芳,bank,农商行临邑支行,6222…,12000.50,", "Wang Fang,bank,Rural Commercial Bank,6222…,12000.50,") + v.Today().String()}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		c, err := p.Means.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		page.checkLine, page.Objection, page.RecheckOf = line(v, c), c.Objection, c.RecheckOf
		page.CanRequest, page.CanReport, page.CanObject = c.State == means.Drafted, c.State == means.Requested, c.State == means.Reported
		page.CanAnswer, page.CanCancel = c.State == means.Objected, c.State == means.Drafted || c.State == means.Requested
		page.CanSign = page.CanCancel
		return p.readMembers(ctx, tx, v, c, page)
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		status, page.Wrong = v.Explain(wrong)
	}
	return v.Render(status, p.templates, "check", page)
}

// readMembers reads whom the check covers, and who has authorised it.
func (p *Pages) readMembers(ctx context.Context, tx pgx.Tx, v *web.Visit, c *means.Check, page *checkPage) error {
	f, err := p.Registry.File(ctx, tx, c.Household)
	if err != nil {
		return err
	}
	page.Members = members(v, f)
	for _, s := range c.Scope {
		i := slices.IndexFunc(page.Members, func(m memberLine) bool { return m.ID == s.Person })
		if i < 0 {
			i, page.Members = len(page.Members), append(page.Members, memberLine{ID: s.Person, Name: v.Say("户外人员", "somebody outside the household"), Supporter: true})
		}
		page.Members[i].Covered, page.Members[i].Role = true, s.Role
	}
	page.Members = slices.DeleteFunc(page.Members, func(m memberLine) bool { return !m.Covered })
	var persons []int64
	for _, m := range page.Members {
		persons = append(persons, m.ID)
	}
	all, err := p.Means.Authorisations(ctx, tx, persons)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for i := range page.Members {
		m := &page.Members[i]
		names[m.ID] = m.Name
		for _, s := range all {
			if s.Person == m.ID {
				m.Signed = append(m.Signed, signed(v, s, m.Name))
				m.Valid = m.Valid || s.Valid(v.Today())
			}
		}
		if !m.Valid {
			page.Unsigned++
		}
		m.Facts = p.factFields(v, m.ID)
	}
	for _, i := range c.Items {
		page.Items = append(page.Items, itemLine{names[i.Person], kindName(v, i.Kind), i.Institution, i.Account.String(), i.Amount.String(), i.On})
	}
	return nil
}

// factFields are the facts that only a report may state.
func (p *Pages) factFields(v *web.Visit, person int64) []factField {
	var fields []factField
	for _, f := range p.Pack.Facts {
		if f.Consent && f.Unit == pack.Person {
			name := fmt.Sprintf("fact-%d-%s", person, f.Path())
			fields = append(fields, factField{Name: name, Label: v.Say(f.Label.Zh, f.Label.En), Unit: f.Measure, Value: v.R.PostForm.Get(name)})
		}
	}
	return fields
}

var kindNames = map[string][2]string{"bank": {"银行", "bank"}, "securities": {"证券", "securities"}, "insurance": {"保险", "insurance"}, "other": {"其他", "other"}}

func kindName(v *web.Visit, kind string) string { return v.Say(kindNames[kind][0], kindNames[kind][1]) }

var (
	badDate = fault.Text{Key: "checks.bad-date", Zh: "“{found}”不是日期，应如2026-11-01", En: `"{found}" is no date such as 2026-11-01`}
	badItem = fault.Text{Key: "checks.bad-item",
		Zh: "核对内容第{line}行应为：姓名,类别（银行、证券、保险、其他）,机构,账号,金额,日期，其中姓名须在核对范围内；找到“{found}”",
		En: "line {line} of what was found should be name, kind (bank, securities, insurance, other), institution, account, amount, date, of somebody whom the check covers; found {found}"}
	nothingSaid = fault.Text{Key: "checks.nothing-said", Zh: "请填写“{what}”", En: "fill in “{what}”"}
)

func (p *Pages) date(v *web.Visit, name string) (calendar.Date, error) {
	text := strings.TrimSpace(v.R.PostFormValue(name))
	d, err := calendar.Parse(text)
	if err != nil {
		return 0, fault.New(fault.Invalid, badDate, fault.Args{"found": fault.Excerpt(text)})
	}
	return d, nil
}

// text is what must be written.
func text(v *web.Visit, name, zh, en string) (string, error) {
	s := strings.TrimSpace(v.R.PostFormValue(name))
	if s == "" {
		return "", fault.New(fault.Invalid, nothingSaid, fault.Args{"what": v.Say(zh, en)})
	}
	return s, nil
}

// act does something with a check.
func (p *Pages) act(v *web.Visit) error {
	id, err := number(v.R.PathValue("id"))
	if err != nil {
		return err
	}
	acts := map[string]func(context.Context, pgx.Tx, *web.Visit, int64) (int64, error){
		"authorise": p.authorise, "revoke": p.revoke, "request": p.request, "cancel": p.cancel, "report": p.report, "object": p.object, "uphold": p.uphold, "recheck": p.recheck}
	do := acts[v.R.PathValue("act")]
	if do == nil {
		return fault.New(fault.NotFound, noSuchPage, nil)
	}
	err = v.Act(access.ForMeans, func(ctx context.Context, tx pgx.Tx) (string, error) {
		to, err := do(ctx, tx, v, id)
		if err == nil && to == id {
			err = p.tell(ctx, tx, id, v.R.PathValue("act"))
		}
		return fmt.Sprintf("/checks/%d", to), err
	})
	var told *fault.Error
	if errors.As(err, &told) && told.Kind != fault.NotFound {
		return p.showCheck(v, 0, err)
	}
	return err
}

// tell tells whoever goes on with a check that was moved.
func (p *Pages) tell(ctx context.Context, tx pgx.Tx, id int64, act string) error {
	if !slices.Contains([]string{"request", "report", "object", "uphold"}, act) {
		return nil
	}
	c, err := p.Means.Get(ctx, tx, id)
	if err != nil {
		return err
	}
	return p.Telling.CheckMoved(ctx, tx, c)
}

func (p *Pages) authorise(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	person, err := number(v.R.PostFormValue("person"))
	if err != nil {
		return 0, err
	}
	a := means.Authorisation{Person: person}
	var errs [4]error
	a.SignedBy, errs[0] = text(v, "signed_by", "签署人", "signed by")
	a.Paper, errs[1] = text(v, "paper", "授权书存放处", "where the paper is kept")
	a.Holds.From, errs[2] = p.date(v, "from")
	a.Holds.To, errs[3] = p.date(v, "to")
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	_, err = p.Means.Authorise(ctx, tx, a)
	return id, err
}

func (p *Pages) revoke(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	authorisation, err := number(v.R.PostFormValue("authorisation"))
	if err != nil {
		return 0, err
	}
	reason, err := text(v, "reason", "撤销原因", "why it is revoked")
	if err != nil {
		return 0, err
	}
	return id, p.Means.Revoke(ctx, tx, authorisation, v.Today(), reason)
}

func (p *Pages) request(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	return id, p.Means.Request(ctx, tx, id, v.Today())
}

func (p *Pages) cancel(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	reason, err := text(v, "reason", "取消原因", "why it is cancelled")
	if err != nil {
		return 0, err
	}
	return id, p.Means.Cancel(ctx, tx, id, reason)
}

func (p *Pages) object(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	objection, err := text(v, "objection", "异议内容", "what the household objects to")
	if err != nil {
		return 0, err
	}
	return id, p.Means.Object(ctx, tx, id, objection)
}

func (p *Pages) uphold(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	reason, err := text(v, "reason", "维持原因", "why the report stands")
	if err != nil {
		return 0, err
	}
	return id, p.Means.Uphold(ctx, tx, id, reason)
}

// recheck begins a check again whose report was objected to, of the same persons, and goes to it.
func (p *Pages) recheck(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	c, err := p.Means.Get(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	return p.Means.Draft(ctx, tx, means.Draft{Household: c.Household, Scope: c.Scope, RecheckOf: id, Reason: v.Say("复核：", "checked again: ") + c.Objection})
}

// report takes a report: what it found, line by line, and the facts that it states.
func (p *Pages) report(ctx context.Context, tx pgx.Tx, v *web.Visit, id int64) (int64, error) {
	var r means.Report
	var errs [4]error
	r.Paper, errs[0] = text(v, "paper", "报告编号或存放处", "number of the report, or where it is kept")
	r.From, errs[1] = text(v, "from", "出具单位", "who made it")
	r.On, errs[2] = p.date(v, "on")
	r.Expires, errs[3] = p.date(v, "expires")
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	c, err := p.Means.Get(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	page := &checkPage{}
	if err := p.readMembers(ctx, tx, v, c, page); err != nil {
		return 0, err
	}
	if r.Items, err = items(page.Members, v.R.PostFormValue("items")); err != nil {
		return 0, err
	}
	for _, m := range page.Members {
		for _, f := range p.Pack.Facts {
			if value := strings.TrimSpace(v.R.PostFormValue(fmt.Sprintf("fact-%d-%s", m.ID, f.Path()))); value != "" && f.Consent && f.Unit == pack.Person {
				r.Facts = append(r.Facts, means.Fact{Unit: pack.Person, Of: m.ID, Path: f.Path(), Value: value})
			}
		}
	}
	return id, p.Means.Report(ctx, tx, p.Pack, id, r)
}

// items reads what a report found, as comma-separated values: name, kind, institution, account, amount, date.
func items(covered []memberLine, content string) ([]means.Item, error) {
	reader := csv.NewReader(strings.NewReader(strings.ReplaceAll(content, "，", ",")))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = -1, true
	var all []means.Item
	for n := 1; ; n++ {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		wrong := func() error {
			return fault.New(fault.Invalid, badItem, fault.Args{"line": n, "found": fault.Excerpt(strings.Join(cells, ","))})
		}
		if err != nil || len(cells) != 6 {
			return nil, wrong()
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		i := slices.IndexFunc(covered, func(m memberLine) bool { return m.Name == cells[0] })
		amount, failed := money.Parse(cells[4])
		on, err := calendar.Parse(cells[5])
		kind := kindOf(cells[1])
		if i < 0 || failed != nil || err != nil || kind == "" {
			return nil, wrong()
		}
		all = append(all, means.Item{Person: covered[i].ID, Kind: kind, Institution: cells[2], Account: sealed.NewSecret(sealed.Account, cells[3]), Amount: amount, On: on})
	}
}

func kindOf(said string) string {
	for kind, names := range kindNames {
		if said == kind || said == names[0] {
			return kind
		}
	}
	return ""
}
