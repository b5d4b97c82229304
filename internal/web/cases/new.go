package cases

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/web"
)

// newPage is a filing that is being made.
type newPage struct {
	Forms      form
	Household  int64
	File       *registry.File
	Groups     []group
	Categories []offered         // statuses in which it may be recognised
	Members    []registry.Person // who may apply
	Places     []choice          // villages, of somebody who is not in the record
	Emergency  []choice          // programmes of an emergency
	Asks       []string          // what the platform does not know and can still decide
	Check      bool              // the answers are shown before they are sent
	Chosen     []offered
	Unwished   []offered
	NeedsProxy bool
	Channel    string
	Problem    string // the policy could not be asked
	Today      calendar.Date
	Anew       *casework.Want // of a filing on an appeal: what alone is proposed
}

// group is what a department offers.
type group struct {
	Name  string
	Items []offered
}

// offered is a programme that a filing may ask for.
type offered struct {
	Value   string // as the form carries it
	Name    string
	Called  string
	Outcome string
	Grants  []casework.Grant
	Bring   []string
	Held    []string // papers that the platform has
	Note    string   // why it is not proposed
	Propose bool
	Want    casework.Want
}

var (
	nobodyChosen = fault.Text{Key: "cases.whom", Zh: "请写清求助的是谁、在哪里", En: "say who is in need and where"}
	needsProxy   = fault.Text{Key: "cases.proxy", Zh: "代为申报要有委托书：请写明委托书存放处", En: "filing for a family takes its written proxy: say where it is kept"}
	signIt       = fault.Text{Key: "cases.sign-unwished", Zh: "“不愿申请”要本人签字：请写明签字人和签字材料存放处", En: "that something is not wished for is signed: say who signed and where the paper is kept"}
)

func (p *Pages) newPage(v *web.Visit) error {
	f := newForm("warning", v.R.FormValue("warning"), "appeal", v.R.FormValue("appeal"), "discovered", v.R.FormValue("discovered"), "occasion", v.R.FormValue("occasion"))
	return p.showNew(v, http.StatusOK, f, false)
}

// showNew shows a filing with what was written, to be changed or to be checked.
func (p *Pages) showNew(v *web.Visit, status int, f form, check bool) error {
	page := &newPage{Forms: f, Household: number(v.R.FormValue("household")), Check: check, Today: dayOf(v.Now()), Channel: channelOf(v.Session.Posting.Role)}
	page.NeedsProxy = v.Session.Posting.Role == access.Assistant
	if page.Household != 0 && v.Session.Posting.Role == access.Hotline {
		return fault.New(fault.NotFound, noSuchThing, nil) // it files for nobody's household
	}
	if page.Household == 0 {
		page.Places, page.Emergency = p.villages(v), p.emergencies(v.Lang)
		page.choose(v, p)
		return v.Render(status, p.templates, "new", page)
	}
	if err := p.readAppeal(v, page); err != nil {
		return err
	}
	draft, err := p.readNew(v, page)
	if err != nil {
		return err
	}
	if draft != nil {
		page.Groups = p.groups(v, draft)
	}
	page.Categories = p.statuses(v.Lang, draft)
	page.choose(v, p)
	page.Asks = asks(v, draft)
	return v.Render(status, p.templates, "new", page)
}

// readAppeal reads what is filed anew, if the filing is made on an appeal.
func (p *Pages) readAppeal(v *web.Visit, page *newPage) error {
	appeal := number(v.R.FormValue("appeal"))
	if appeal == 0 {
		return nil
	}
	return p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		household, want, _, err := p.Casework.Anew(ctx, tx, appeal)
		if err == nil && household != page.Household {
			err = fault.New(fault.NotFound, noSuchThing, nil)
		}
		page.Anew = &want
		return err
	})
}

// readNew reads the household and what the platform would file for it. Where the policy cannot be asked, a filing can still be made.
func (p *Pages) readNew(v *web.Visit, page *newPage) (draft *casework.Draft, err error) {
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		if page.File, err = p.Registry.File(ctx, tx, page.Household); err != nil {
			return err
		}
		page.Members = adults(page.File, page.Today)
		draft, err = p.Casework.Draft(ctx, tx, page.Household, page.Today)
		return err
	})
	if kind := fault.KindOf(err); page.File != nil && (kind == fault.Unready || kind == fault.NotFound) {
		_, page.Problem = v.Explain(err)
		return nil, nil
	}
	return draft, err
}

func channelOf(r access.Role) string {
	switch r {
	case access.Assistant:
		return "village"
	case access.Hotline:
		return "hotline"
	}
	return "window"
}

// groups are what a draft has, by department, what is surest first.
func (p *Pages) groups(v *web.Visit, d *casework.Draft) []group {
	departments := map[string]string{}
	for _, q := range p.Pack.Programmes {
		departments[q.ID] = q.Department
	}
	var all []group
	index := map[string]int{}
	for _, i := range d.Items {
		if p.Pack.Workflow.ProcedureOf(i.Programme) == nil {
			continue
		}
		id := departments[i.Programme]
		at, ok := index[id]
		if !ok {
			at = len(all)
			index[id], all = at, append(all, group{Name: p.department(v, id)})
		}
		all[at].Items = append(all[at].Items, offerOf(v, i))
	}
	return all
}

// statuses are those in which a household may be recognised; the one of which it is known to be is proposed.
func (p *Pages) statuses(lang fault.Lang, d *casework.Draft) []offered {
	var all []offered
	for _, c := range p.categories(lang) {
		o := offered{Value: c.Value, Name: c.Name, Want: casework.Want{Programme: c.Value, Recognises: true}}
		if d != nil {
			for _, i := range d.Items {
				if i.Recognises && i.Programme == c.Value {
					o.Outcome, o.Propose = i.Outcome, !i.Held && i.Running == 0 && !i.Declined
				}
			}
		}
		all = append(all, o)
	}
	return all
}

func offerOf(v *web.Visit, i casework.Drafted) offered {
	o := offered{Value: fmt.Sprintf("%s/%d", i.Programme, i.Person), Name: i.Name.In(v.Lang), Called: i.Called, Outcome: i.Outcome, Grants: i.Grants, Want: i.Want,
		Propose: !i.Held && i.Running == 0 && !i.Declined && (i.Outcome == rules.Eligible.String() || i.Outcome == rules.Likely.String())}
	for _, d := range i.Papers {
		if d.Held != "" {
			o.Held = append(o.Held, d.Name.In(v.Lang))
		} else {
			o.Bring = append(o.Bring, d.Name.In(v.Lang))
		}
	}
	switch {
	case i.Held:
		o.Note = v.Say("已在享受", "received already")
	case i.Running != 0:
		o.Note = v.Say(fmt.Sprintf("已在办理（%d号）", i.Running), fmt.Sprintf("under way as %d", i.Running))
	case i.Declined:
		o.Note = v.Say("一年内签字表示不愿申请", "signed within a year that it is not wished for")
	}
	return o
}

// asks are the questions that can still decide, each once, as the draft's determination has them.
func asks(v *web.Visit, d *casework.Draft) (all []string) {
	if d == nil || d.Explained == nil {
		return nil
	}
	for _, o := range d.Explained.Outcomes {
		for _, m := range o.Missing {
			all = addOnce(all, ofPerson(v.Lang, m.Of, m.Ask.In(v.Lang)))
		}
	}
	return all
}

// choose finds what was chosen among what is offered. A new page proposes; one that comes back has what was chosen.
func (page *newPage) choose(v *web.Visit, p *Pages) {
	posted := v.R.Method == http.MethodPost
	for g := range page.Groups {
		for i := range page.Groups[g].Items {
			o := &page.Groups[g].Items[i]
			switch {
			case posted:
				o.Propose = page.Forms.Has("want", o.Value)
			case page.Anew != nil:
				o.Propose = !page.Anew.Recognises && o.Value == fmt.Sprintf("%s/%d", page.Anew.Programme, page.Anew.Person)
			}
			if o.Propose {
				page.Chosen = append(page.Chosen, *o)
			}
			if page.Forms.Has("unwished", o.Value) {
				page.Unwished = append(page.Unwished, *o)
			}
		}
	}
	for i := range page.Categories {
		c := &page.Categories[i]
		switch {
		case posted:
			c.Propose = page.Forms.Has("category", c.Value)
		case page.Anew != nil:
			c.Propose = page.Anew.Recognises && page.Anew.Programme == c.Value
		}
		if c.Propose {
			page.Chosen = append(page.Chosen, *c)
		}
	}
	for i := range page.Emergency {
		c := &page.Emergency[i]
		if c.Chosen = page.Forms.Has("want", c.Value+"/0"); c.Chosen {
			page.Chosen = append(page.Chosen, offered{Value: c.Value, Name: c.Name, Want: casework.Want{Programme: c.Value}})
		}
	}
}

// emergencies are the programmes that are filed for somebody who is not in the record: those whose way begins with a report.
func (p *Pages) emergencies(lang fault.Lang) []choice {
	var all []choice
	for _, q := range p.Pack.Workflow.Procedures {
		if len(q.Versions) == 0 || len(q.Versions[0].Steps) == 0 || q.Versions[0].Steps[0].By != "village-assistant" || q.Versions[0].Steps[0].Gives != "application" {
			continue
		}
		for _, id := range q.Programmes {
			for _, programme := range p.Pack.Programmes {
				if programme.ID == id {
					all = append(all, choice{Value: id, Name: programme.Name.In(lang)})
				}
			}
		}
	}
	return all
}

// villages are those in the visitor's area, where that is no larger than a township; otherwise its townships.
func (p *Pages) villages(v *web.Visit) []choice {
	t, in := p.Pack.Areas, v.Session.Posting.Area
	if t == nil || in == 0 {
		return nil
	}
	if in.Level() == area.Village {
		return []choice{{Value: in.String(), Name: t.Name(in)}}
	}
	codes := t.Villages(in)
	if in.Level() != area.Township {
		codes = t.Children(in)
	}
	var all []choice
	for _, c := range codes {
		all = append(all, choice{Value: c.String(), Name: t.Name(c)})
	}
	return all
}

func (p *Pages) newFiling(v *web.Visit) error {
	if err := texts(v); err != nil {
		f, status := again(v, err)
		return p.showNew(v, status, f, false)
	}
	f := form{Values: v.R.PostForm}
	switch v.R.PostFormValue("go") {
	case "change":
		return p.showNew(v, http.StatusOK, f, false)
	case "file":
	default:
		if err := p.checkNew(v); err != nil {
			f, status := again(v, err)
			return p.showNew(v, status, f, false)
		}
		return p.showNew(v, http.StatusOK, f, true)
	}
	err := p.fileNew(v)
	if !comesBack(err) {
		return err
	}
	f, status := again(v, err)
	return p.showNew(v, status, f, false)
}

// checkNew refuses what a filing lacks before its answers are shown.
func (p *Pages) checkNew(v *web.Visit) error {
	want := len(v.R.PostForm["want"]) + len(v.R.PostForm["category"]) + len(v.R.PostForm["unwished"])
	if number(v.R.PostFormValue("household")) == 0 && (text(v, "about") == "" || text(v, "area") == "") {
		return fault.New(fault.Invalid, nobodyChosen, nil).In(fault.At{Field: "about"})
	}
	if want == 0 {
		return fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say("要申请的项目", "what is applied for")}).In(fault.At{Field: "want"})
	}
	if v.Session.Posting.Role == access.Assistant && number(v.R.PostFormValue("household")) != 0 && text(v, "proxy") == "" {
		return fault.New(fault.Invalid, needsProxy, nil).In(fault.At{Field: "proxy"})
	}
	if len(v.R.PostForm["unwished"]) > 0 && (text(v, "signer") == "" || text(v, "signature") == "") {
		return fault.New(fault.Invalid, signIt, nil).In(fault.At{Field: "signer"})
	}
	_, err := date(v, "discovered")
	return err
}

// wantOf reads a programme as the form carries it.
func wantOf(s string) casework.Want {
	programme, person, _ := strings.Cut(s, "/")
	return casework.Want{Programme: programme, Person: number(person)}
}

// fileNew makes the filing, and goes to its first item.
func (p *Pages) fileNew(v *web.Visit) error {
	if err := p.checkNew(v); err != nil {
		return err
	}
	discovered, err := date(v, "discovered")
	if err != nil {
		return err
	}
	f := casework.Filing{Household: number(v.R.PostFormValue("household")), About: text(v, "about"), Applicant: number(text(v, "applicant")), Occasion: casework.Application,
		Channel: channelOf(v.Session.Posting.Role), Proxy: text(v, "proxy"), Discovered: discovered}
	if f.Household == 0 {
		f.Occasion = casework.Emergency
		if f.Area, err = area.Parse(text(v, "area")); err != nil {
			return err
		}
	} else if text(v, "occasion") == "emergency" {
		f.Occasion = casework.Emergency
	}
	if w := number(text(v, "warning")); w != 0 {
		f.Cause = fmt.Sprint("warning:", w)
		if f.Occasion == casework.Application {
			f.Occasion = casework.FromWarning
		}
	}
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		first, err := p.makeFiling(ctx, tx, v, f)
		if v.Session.Posting.Role == access.Hotline {
			return "/", err // where the hotline follows what it wrote down: the case is for others
		}
		return fmt.Sprint("/cases/", first), err
	})
}

func (p *Pages) makeFiling(ctx context.Context, tx pgx.Tx, v *web.Visit, f casework.Filing) (first int64, err error) {
	now := v.Now()
	if appeal := number(text(v, "appeal")); appeal != 0 {
		household, _, cause, err := p.Casework.Anew(ctx, tx, appeal)
		if err != nil {
			return 0, err
		}
		if household != f.Household {
			return 0, fault.New(fault.NotFound, noSuchThing, nil)
		}
		f.Occasion, f.Cause = casework.FromAppeal, cause
	}
	known := map[string]casework.Want{}
	if f.Household != 0 {
		d, err := p.Casework.Draft(ctx, tx, f.Household, dayOf(now))
		if kind := fault.KindOf(err); err != nil && kind != fault.Unready && kind != fault.NotFound {
			return 0, err
		}
		if d != nil {
			for _, i := range d.Items {
				known[fmt.Sprintf("%s/%d", i.Programme, i.Person)] = i.Want
			}
		}
	}
	for _, s := range v.R.PostForm["want"] {
		w, ok := known[s]
		if !ok {
			w = wantOf(s)
		}
		f.Items = append(f.Items, w)
	}
	for _, c := range v.R.PostForm["category"] {
		f.Items = append(f.Items, casework.Want{Programme: c, Recognises: true})
	}
	for _, s := range v.R.PostForm["unwished"] {
		if err := p.Casework.NotWished(ctx, tx, f.Household, wantOf(s), text(v, "signer"), text(v, "signature"), now); err != nil {
			return 0, err
		}
	}
	if len(f.Items) == 0 {
		return 0, fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say("要申请的项目", "what is applied for")}).In(fault.At{Field: "want"})
	}
	filed, err := p.Casework.File(ctx, tx, f, now)
	if err != nil {
		return 0, err
	}
	if err := p.report(ctx, tx, v, filed.Items); err != nil {
		return 0, err
	}
	return filed.Items[0], p.tellOfFiling(ctx, tx, v, f, filed)
}

// report does the first step of what begins with a report: to write it down is to make it, and its hours run from now.
func (p *Pages) report(ctx context.Context, tx pgx.Tx, v *web.Visit, items []int64) error {
	for _, id := range items {
		all, err := p.Casework.Next(ctx, tx, id, v.Principal(""), v.Now())
		if err != nil {
			return err
		}
		for _, n := range all {
			if n.By != "village-assistant" || n.Gives != "application" || !n.May {
				continue
			}
			if _, err := p.Casework.Do(ctx, tx, id, n.ID, casework.Doing{Detail: map[string]any{}}, v.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

// tellOfFiling tells the applicant that the filing is there, once, and each office what came to it.
func (p *Pages) tellOfFiling(ctx context.Context, tx pgx.Tx, v *web.Visit, f casework.Filing, filed casework.Filed) error {
	if p.Notes == nil {
		return nil
	}
	for n, id := range filed.Items {
		item, err := p.Casework.Item(ctx, tx, id, v.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			if err := p.tellReceived(ctx, tx, item, f, filed.ID); err != nil {
				return err
			}
		}
		if f.Occasion == casework.Emergency {
			to := notification.To{Office: notification.Office{Role: access.Officer, Area: item.Area.At(area.Township)}}
			if err := p.tell(ctx, tx, item, to, telling.EmergencyReported, "", notification.Args{"due": byWhen(item.Deadline)}); err != nil {
				return err
			}
			continue
		}
		if err := p.tellNext(ctx, tx, item, "filed"); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pages) tellReceived(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, f casework.Filing, filing int64) error {
	to := notification.To{Account: f.Resident, Person: f.Applicant}
	if to == (notification.To{}) {
		return nil
	}
	return p.Notes.Tell(ctx, tx, notification.Message{To: to, Template: telling.FilingReceived, About: aboutFiling(filing), Area: item.Area,
		Args: notification.Args{"number": notification.Same(fmt.Sprint(filing)), "office": p.office(item.Area), "contact": notification.Same(p.Contact)}})
}
