package cases

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// itemPage is a case.
type itemPage struct {
	Item              *casework.ItemFile
	Filing            *casework.FilingFile
	Left              left
	Steps             []step             // the procedure, as it stands
	Main              *casework.Possible // what the visitor may do now, nil for nothing
	Optional          []*casework.Possible
	Waits             *casework.Possible // what is next and for somebody else
	Forms             form
	Open              string // the form that is open: a step's id, or what else was sent
	File              *registry.File
	Reason            *reason
	Meetings          []choice
	Colleagues        []choice
	Told              []notification.Told
	Appeals           []casework.Appeal
	Answers           []casework.LackingAnswer
	Postings          []casework.Posting
	Reviews           []casework.Review
	Asked             []*casework.Supervision
	Names             map[int64]string
	History           []line
	Query             string // of the queue from which the case was opened
	NextLink          string // the next item of that queue
	Catalogue         *casework.Catalogue
	Department        string
	Visited           []visit.Made // by which the survey that is next can be written down
	Evidence          []evidence
	Surveys           bool              // the visitor may send people to the home for the survey that is next
	Checks            bool              // and ask for the check of means that is next
	Parts             map[string]string // the programme's components by their ids, as people call them
	Role              access.Role
	Account           int64 // the visitor's
	Handles           bool  // the visitor may act on cases at all
	Supervises        bool
	Decides           bool
	MayReturn         bool
	Ends              bool                // the visitor may end help
	Refiles           bool                // and may file anew what an appeal undid
	Appealable        bool                // and may write down an appeal
	Hears             bool                // and what came of one
	AnswersObjections bool                // and may answer an objection
	Answerable        map[string][]string // the kinds of answer, by what is objected to
	Today             calendar.Date
	Signed            map[int64]means.Signed // what authorises a check of means already, by person, where it is to be authorised
	opened            opened
	lang              fault.Lang
}

// step is a step of a procedure as a case stands.
type step struct {
	*casework.Step
	State string // did, at, later, left-out
	Done  *casework.StepDone
}

// line is a line of a case's history.
type line struct {
	At     time.Time
	Head   string
	Who    string
	Lines  []string
	Undone bool // taken back by a return
}

// reason is what the policy comes to for a case.
type reason struct {
	Outcome    string
	Lines      []string
	Components []component
	Asks       []string // questions that can still decide
	Awaits     []string
	Cites      []pack.Cite
	Assumed    bool   // it rests on figures that are not official
	Fault      string // why there is none
	Changed    bool   // it is another outcome than at filing
}

type component struct {
	Name   string
	Amount *money.Decimal
	Per    string
	ID     string
}

func (p *Pages) item(v *web.Visit) error {
	return p.showItem(v, http.StatusOK, newForm(), "")
}

// showItem shows a case with a form as it was sent, if it comes back.
func (p *Pages) showItem(v *web.Visit, status int, f form, open string) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	if v.Session.Posting.Role == access.Resident {
		return v.Redirect(matterPath(id))
	}
	return p.renderItem(v, status, &itemPage{Forms: f, Open: open}, id)
}

// renderItem shows a case on a page that holds what came back or was opened.
func (p *Pages) renderItem(v *web.Visit, status int, page *itemPage, id int64) error {
	page.Query, page.Today, page.lang = queueOf(v), dayOf(v.Now()), v.Lang
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error { return p.readItem(ctx, tx, v, page, id) })
	if err != nil {
		return err
	}
	p.explain(v, page)
	page.Steps = stepsOf(page.Item)
	if page.Item.Procedure.Step(page.Open) == nil {
		page.Forms.Other = page.Open
	}
	page.History = p.history(v, page)
	return v.Render(status, p.templates, "item", page)
}

// queueOf is the filters of the queue from which a case was opened.
func queueOf(v *web.Visit) string {
	q := url.Values{}
	for _, name := range []string{"view", "programme", "area", "kin"} {
		if s := v.R.FormValue(name); s != "" && len(s) < 100 {
			q.Set(name, s)
		}
	}
	return q.Encode()
}

// readItem reads all that a case shows, in the visitor's name.
func (p *Pages) readItem(ctx context.Context, tx pgx.Tx, v *web.Visit, page *itemPage, id int64) (err error) {
	now := v.Now()
	if page.Item, err = p.Casework.Item(ctx, tx, id, now); err != nil {
		return err
	}
	if page.Filing, err = p.Casework.Filing(ctx, tx, page.Item.Filing); err != nil {
		return err
	}
	page.Left = p.left(v, page.Item.Queued)
	role := v.Session.Posting.Role
	page.Role, page.Account = role, v.Session.Account
	page.Handles, page.Supervises, page.Decides = handles.Admits(v.Session), role == access.Supervisor, role == access.Decider
	page.MayReturn = page.Handles && role != access.Assistant
	page.Ends = role == access.Decider || role == access.Supervisor || role == access.Department
	page.Refiles, page.Hears = files.Admits(v.Session), role == access.Supervisor || role == access.Department
	page.Appealable = page.Hears || role == access.Officer
	page.AnswersObjections, page.Answerable = page.Appealable, map[string][]string{}
	for _, o := range page.Item.Objections {
		page.Answerable[o.Against] = p.Casework.AnswersTo(o.Against, now)
	}
	page.Department, page.Parts = p.department(v, page.Item.Department), p.parts(v.Lang, page.Item.Programme)
	if err := p.nextOf(ctx, tx, v, page); err != nil {
		return err
	}
	if page.Item.Household != 0 && v.Session.May(access.SearchPeople) {
		if page.File, err = p.Registry.File(ctx, tx, page.Item.Household); err != nil {
			return err
		}
	}
	if page.File != nil && page.Main != nil && page.Main.Gives == "authorisation" {
		if page.Signed, err = p.signedBefore(ctx, tx, page.File, page.Today); err != nil {
			return err
		}
	}
	if page.Main != nil && (page.Main.Gives == "survey" || page.Main.Gives == "visit") {
		if page.Visited, err = p.Casework.Surveys(ctx, tx, page.Item, page.Main.Step); err != nil {
			return err
		}
	}
	if err := p.readEvidence(ctx, tx, page); err != nil {
		return err
	}
	if page.Appeals, err = p.Casework.Appeals(ctx, tx, id); err != nil {
		return err
	}
	if page.Postings, err = p.Casework.Postings(ctx, tx, id); err != nil {
		return err
	}
	if page.Answers, err = p.Casework.LackingAnswers(ctx, tx, id); err != nil {
		return err
	}
	if err := p.readForStaff(ctx, tx, page, id); err != nil {
		return err
	}
	if page.Item.Next != nil && page.Item.Household != 0 {
		page.Surveys = page.Item.Next.Gives == "survey" && v.Session.May(access.Survey)
		page.Checks = page.Item.Next.Gives == "check" && v.Session.May(access.CheckMeans) && p.Means != nil
	}
	if err := p.readColleagues(ctx, tx, v, page); err != nil {
		return err
	}
	if page.NextLink, err = p.nextLink(ctx, tx, v, page); err != nil {
		return err
	}
	page.Names, err = access.StaffNames(ctx, tx, accountsOf(page))
	return err
}

// readForStaff reads what is the administration's own.
func (p *Pages) readForStaff(ctx context.Context, tx pgx.Tx, page *itemPage, id int64) (err error) {
	if page.Reviews, err = p.Casework.ReviewsOf(ctx, tx, id); err != nil {
		return err
	}
	if page.Asked, err = p.Casework.SupervisionsOf(ctx, tx, id); err != nil {
		return err
	}
	if page.Told, err = notification.TellOf(ctx, tx, about(id), aboutFiling(page.Item.Filing)); err != nil {
		return err
	}
	if page.Item.State != "ended" {
		return nil
	}
	page.Catalogue, err = p.Casework.Catalogue(ctx, tx, page.Item.Filing)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	return err
}

func about(item int64) string         { return fmt.Sprint("item:", item) }
func aboutFiling(filing int64) string { return fmt.Sprint("filing:", filing) }

// parts are what a programme gives, by the components' ids.
func (p *Pages) parts(lang fault.Lang, programme string) map[string]string {
	all := map[string]string{"status": lang.Say("身份", "status"), "aid": lang.Say("救助", "aid")}
	for _, q := range p.Pack.Programmes {
		if q.ID != programme {
			continue
		}
		for _, w := range q.Versions {
			for _, c := range w.Components {
				all[c.ID] = c.Name.In(lang)
			}
		}
	}
	return all
}

// Part is what a component is called.
func (p *itemPage) Part(id string) string { return cmp.Or(p.Parts[id], id) }

// plain is an amount as a form takes it back: with two decimals at least and without separators.
func plain(a *money.Decimal) string { return strings.ReplaceAll(a.Text(), ",", "") }

// nextOf tells what may be done next, and by whom.
func (p *Pages) nextOf(ctx context.Context, tx pgx.Tx, v *web.Visit, page *itemPage) error {
	all, err := p.Casework.Next(ctx, tx, page.Item.ID, v.Principal(""), v.Now())
	if err != nil {
		return err
	}
	for i := range all {
		n := &all[i]
		switch {
		case n.Optional && n.May && page.Handles:
			page.Optional = append(page.Optional, n)
		case n.Optional:
		case n.May && page.Handles:
			page.Main = n
		default:
			page.Waits = n
		}
	}
	if page.Main == nil || page.Main.Gives != "meeting" {
		return nil
	}
	meetings, err := p.Casework.Meetings(ctx, tx, 0, perPage)
	if err != nil {
		return err
	}
	for _, m := range meetings {
		if !m.Held.IsZero() && slices.Contains(m.Items, page.Item.ID) {
			page.Meetings = append(page.Meetings, choice{Value: fmt.Sprint(m.ID), Name: m.Held.In(zone).Format("2006-01-02") + " " + m.Place})
		}
	}
	return nil
}

// readColleagues lists with whom a step is done that takes several.
func (p *Pages) readColleagues(ctx context.Context, tx pgx.Tx, v *web.Visit, page *itemPage) error {
	if page.Main == nil || page.Main.People < 2 {
		return nil
	}
	all, err := access.Colleagues(ctx, tx, dayOf(v.Now()))
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Account != v.Session.Account {
			page.Colleagues = append(page.Colleagues, choice{Value: fmt.Sprint(c.Account), Name: c.Name + v.Say("（", " (") + c.Role.Name(v.Lang) + v.Say("）", ")")})
		}
	}
	return nil
}

// nextLink is the item after this one in the queue from which it was opened.
func (p *Pages) nextLink(ctx context.Context, tx pgx.Tx, v *web.Visit, page *itemPage) (string, error) {
	if page.Query == "" {
		return "", nil
	}
	f, q, err := p.filter(v)
	if err != nil {
		return "", nil // an address that asks for nothing
	}
	f.After, f.Most = page.Item.Place(), 1
	items, err := p.Casework.Queue(ctx, tx, f)
	if err != nil || len(items) == 0 {
		return "", err
	}
	return fmt.Sprintf("/cases/%d?%s", items[0].ID, q.Query.Encode()), nil
}

// department is what a department is called where the visitor works.
func (p *Pages) department(v *web.Visit, id string) string {
	for _, d := range p.Pack.Departments {
		if d.ID == id {
			return d.Name(dayOf(v.Now())).In(v.Lang)
		}
	}
	return id
}

// accountsOf are the accounts that a case names.
func accountsOf(page *itemPage) []int64 {
	all := []int64{page.Filing.By}
	for _, x := range page.Filing.Papers {
		all = append(all, x.By)
	}
	for _, s := range page.Item.Steps {
		all = append(append(all, s.By), s.People...)
	}
	for _, e := range page.Item.Events {
		all = append(all, e.By)
	}
	for _, o := range page.Item.Objections {
		all = append(all, o.By)
	}
	for _, a := range page.Appeals {
		all = append(all, a.By)
	}
	for _, r := range page.Reviews {
		all = append(all, r.By)
	}
	for _, s := range page.Asked {
		for _, a := range s.Acts {
			all = append(all, a.By)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// explain tells what the policy comes to for the case today, after the visitor's own transaction has shown that they may see it.
func (p *Pages) explain(v *web.Visit, page *itemPage) {
	if p.Explain == nil || page.Item.Household == 0 || page.Item.Recognises || page.Item.State == "ended" {
		return
	}
	e, err := p.Explain(v.R.Context(), page.Item.Household, dayOf(v.Now()))
	if err != nil {
		_, message := v.Explain(err)
		page.Reason = &reason{Fault: message}
		return
	}
	if page.Item.Recognises {
		page.Reason = p.statusReason(v, e, page.Item)
		return
	}
	page.Reason = p.reasonOf(v.Lang, e, page.Item)
}

// statusReason is what the engine says of a recognition: whether the household is of the category, and otherwise of which it is.
func (p *Pages) statusReason(v *web.Visit, e *discovery.Explanation, item *casework.ItemFile) *reason {
	outcome, is := casework.StatusOf(p.Pack, e.Value, item.Programme)
	if outcome == "" {
		return nil
	}
	r := &reason{Outcome: outcome, Changed: item.Outcome != "" && item.Outcome != outcome}
	if is != "" && is != item.Programme {
		name := p.categoryName(is).In(v.Lang)
		r.Lines = []string{v.Say("按现有数据，这一户是："+name, "as the record stands, the household is: "+name)}
	}
	return r
}

func (p *Pages) reasonOf(lang fault.Lang, e *discovery.Explanation, item *casework.ItemFile) *reason {
	i := slices.IndexFunc(e.Outcomes, func(o rules.OutcomeReport) bool {
		return o.Programme == item.Programme && !o.Unit.Supporter && e.Person(o.Unit) == item.Person
	})
	if i < 0 {
		return nil
	}
	o := &e.Outcomes[i]
	r := &reason{Outcome: o.Outcome, Lines: e.Decided(p.Pack, lang, o.Programme, o.Unit), Assumed: o.Assumed, Changed: item.Outcome != "" && item.Outcome != o.Outcome}
	for _, c := range o.Components {
		if c.State == "none" || c.State == "not-in-force" {
			continue
		}
		x := component{Name: c.Name.In(lang), Amount: c.Amount, ID: c.ID}
		if c.ComponentNote != nil {
			x.Per = c.Per
		}
		r.Components = append(r.Components, x)
	}
	for _, m := range o.Missing.Tell() {
		if m.Ask == nil {
			r.Awaits = addOnce(r.Awaits, m.Name.In(lang))
			continue
		}
		r.Asks = addOnce(r.Asks, ofPerson(lang, m.Unit.Name, m.Ask.In(lang)))
	}
	if o.Sourced != nil {
		r.Cites, r.Assumed = o.Cites, r.Assumed || o.Status != "" && o.Status != string(pack.Found)
	}
	return r
}

// stepsOf are the steps of a case's procedure as it stands.
func stepsOf(f *casework.ItemFile) []step {
	done := map[string]*casework.StepDone{}
	for i := range f.Steps {
		if f.Steps[i].Counts {
			done[f.Steps[i].StepID] = &f.Steps[i]
		}
	}
	var all []step
	for _, s := range f.Procedure.Steps {
		t := step{Step: s, State: "later", Done: done[s.ID]}
		switch {
		case t.Done != nil:
			t.State = "did"
		case f.Next != nil && f.Next.ID == s.ID:
			t.State = "at"
		case s.Ord <= f.Position || s.OnlyIf == "papers-lacking" || f.Next != nil && s.Ord < f.Next.Ord || f.Decision != "" && (s.OnlyIf == "granted" || s.OnlyIf == "refused") && s.OnlyIf != f.Decision:
			t.State = "left-out"
		}
		if t.State == "left-out" || t.State == "later" && slices.Contains([]string{"near-kin", "over-limit", "objection", "refused", "drawn"}, s.OnlyIf) && !occasion(f, s.OnlyIf) {
			continue
		}
		all = append(all, t)
	}
	return all
}

func occasion(f *casework.ItemFile, what string) bool {
	switch what {
	case "near-kin":
		return f.NearKin
	case "over-limit":
		return f.OverLimit
	case "objection":
		return f.Objected
	case "drawn":
		return f.Drawn
	}
	return f.Decision == what
}

// history is everything that happened, the latest first.
func (p *Pages) history(v *web.Visit, page *itemPage) []line {
	f, lang := page.Item, v.Lang
	all := []line{{At: page.Filing.Filed, Head: v.Say("申报：", "Filed: ") + word("occasion", string(page.Filing.Occasion), lang) + v.Say("，", ", ") + word("channel", page.Filing.Channel, lang),
		Who: page.who(v, page.Filing.By, nil), Lines: labelled(v.Say("委托书", "Proxy"), page.Filing.Proxy)}}
	for _, s := range f.Steps {
		l := line{At: s.At, Head: s.StepID, Who: page.who(v, s.By, s.People), Undone: !s.Counts}
		if s.Step != nil {
			l.Head = s.Step.Name.In(lang)
		}
		l.Lines = stepLines(v, s)
		all = append(all, l)
	}
	for _, e := range f.Events {
		l := line{At: e.At, Head: word("event", e.Kind, lang), Who: page.who(v, e.By, nil), Lines: labelled(v.Say("原因", "Reason"), e.Reason, v.Say("签字", "Signed"), signed(e.Signer, e.Signature))}
		if s := f.Procedure.Step(e.To); s != nil {
			l.Head += v.Say("到：", " to: ") + s.Name.In(lang)
		}
		all = append(all, l)
	}
	for _, a := range page.Answers {
		all = append(all, line{At: a.At, Head: v.Say("申请人答复缺件告知", "The applicant answers the notice of what lacks"), Who: f.Called, Lines: []string{a.Said}})
	}
	for _, o := range f.Objections {
		all = append(all, line{At: o.At, Head: v.Say("对", "Objection to ") + word("against", o.Against, lang) + v.Say("提出异议", ""), Who: o.Who, Lines: []string{o.Said}})
		if o.Answer != "" {
			all = append(all, line{At: o.Answered, Head: v.Say("异议处理：", "Objection answered: ") + word("answer", o.Answer, lang), Lines: []string{o.Found}})
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return b.At.Compare(a.At) })
	return all
}

// who are those who did something.
func (page *itemPage) who(v *web.Visit, by int64, people []int64) string {
	if len(people) == 0 {
		people = []int64{by}
	}
	out := ""
	for _, a := range people {
		name := page.Names[a]
		if name == "" {
			name = v.Say("申请人或系统", "the applicant or the platform")
		}
		if out != "" {
			out += v.Say("、", ", ")
		}
		out += name
	}
	return out
}

func signed(signer, signature string) string {
	if signer == "" || signature == "" {
		return cmp.Or(signer, signature)
	}
	return signer + " (" + signature + ")"
}

// labelled are lines of what is not empty.
func labelled(pairs ...string) []string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, pairs[i]+": "+pairs[i+1])
		}
	}
	return all
}

// stepLines say what a step gave.
func stepLines(v *web.Visit, s casework.StepDone) []string {
	result := s.Result
	if s.Gives == "confirmation" {
		result = word("decision", s.Result, v.Lang)
	}
	amount := ""
	if s.Amount != nil {
		amount = s.Amount.Text()
	}
	all := labelled(v.Say("结果", "Result"), result, v.Say("金额（元）", "Amount (yuan)"), amount, v.Say("理由", "Reasons"), s.Reason, v.Say("家庭签字", "Signed by the family"), signed(s.Signer, keptAt(v.Lang, s.Signature)))
	for _, d := range details {
		if text, ok := s.Detail[d.key].(string); ok && text != "" {
			all = append(all, v.Say(d.zh, d.en)+": "+text)
		}
	}
	return all
}

// details are what steps keep beside their own columns.
var details = []struct{ key, zh, en string }{
	{"found", "情况", "Found"}, {"papers", "缺的材料", "What lacks"}, {"due", "补交期限", "To be brought by"}, {"contact", "联系电话", "Telephone"}, {"pledge", "承诺", "Pledge"},
	{"signed", "签字成员", "Signed by"}, {"answers", "申请人回答", "The applicant answers"}, {"care", "自理能力", "Self-care"}, {"delivered", "送达", "Delivered"}, {"note", "说明", "Note"},
}

// stepForm is the form of a step on a case's page.
type stepForm struct {
	Page *itemPage
	Step *casework.Possible
}

// Form is what was written in it, if it came back.
func (f stepForm) Form() form {
	if f.Page.Open != f.Step.ID {
		return newForm()
	}
	return f.Page.Forms
}

// grantRow is an amount in a form.
type grantRow struct {
	Component, Amount, Per string
	Name                   string // of a part that is the policy's; "" of another, which is named in the form
}

// GrantRows are the amounts to begin a form with: as they were sent, as the opinion proposed them, or as the engine finds; and an empty one.
func (p *itemPage) GrantRows() []grantRow {
	var rows []grantRow
	if names := p.Forms.Values["component"]; len(names) > 0 {
		amounts, pers := p.Forms.Values["amount"], p.Forms.Values["per"]
		for i := range min(len(names), len(amounts), len(pers)) {
			rows = append(rows, grantRow{Component: names[i], Amount: amounts[i], Per: pers[i], Name: p.Parts[names[i]]})
		}
		return rows
	}
	for _, s := range slices.Backward(p.Item.Steps) {
		if s.Gives == "opinion" && s.Counts {
			rows = p.proposed(s)
			break
		}
	}
	if rows == nil && p.Reason != nil {
		for _, c := range p.Reason.Components {
			r := grantRow{Component: c.ID, Per: c.Per, Name: c.Name}
			if c.Amount != nil {
				r.Amount = plain(c.Amount)
			}
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		rows = append(rows, grantRow{Component: "aid", Per: "once", Name: p.Parts["aid"]})
	}
	return rows
}

// proposed are the amounts of an opinion, as it was kept.
func (p *itemPage) proposed(s casework.StepDone) []grantRow {
	all, _ := s.Detail["grants"].([]any)
	var rows []grantRow
	for _, one := range all {
		g, _ := one.(map[string]any)
		var r grantRow
		r.Component, _ = g["component"].(string)
		r.Per, _ = g["per"].(string)
		r.Name = p.Parts[r.Component]
		if text, ok := g["amount"].(string); ok {
			if a, err := money.Parse(text); err == nil {
				r.Amount = plain(&a)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// Others are what else was filed with the case.
func (p *itemPage) Others() []*casework.Queued {
	return slices.DeleteFunc(slices.Clone(p.Filing.Items), func(q *casework.Queued) bool { return q.ID == p.Item.ID })
}

// Members are those who belong to the household today.
func (p *itemPage) Members() []registry.Person {
	if p.File == nil {
		return nil
	}
	var all []registry.Person
	for _, x := range p.File.Persons {
		if n := len(x.Belongs); n > 0 && x.Belongs[n-1].Lasts.To > p.Today {
			all = append(all, x)
		}
	}
	return all
}

// Returnable are the steps to which a case can be returned.
func (p *itemPage) Returnable() []*casework.Step {
	var all []*casework.Step
	for _, s := range p.Steps {
		if s.Done != nil {
			all = append(all, s.Step)
		}
	}
	return all
}

// OtherOpen reports whether one of the other acts came back with a fault.
func (p *itemPage) OtherOpen() bool {
	return slices.Contains([]string{"return", "object", "withdraw", "died", "look", "appeal", "end", "archive"}, p.Open)
}

// Sent is what was written in a field of a form that came back, "" of another form.
func (p *itemPage) Sent(form, field string) string {
	if p.Open != form {
		return ""
	}
	return p.Forms.Get(field)
}

// Lost is what was written in a form that came back and is there no more, because what it was to do was done meanwhile.
func (p *itemPage) Lost() []string {
	if p.Forms.Wrong == "" || p.offers(p.Open) {
		return nil
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p.Forms.Values)) {
		if !slices.Contains(written, name) && !strings.HasPrefix(name, "for-") {
			continue
		}
		for _, s := range p.Forms.Values[name] {
			if s = strings.TrimSpace(s); s != "" && s != "granted" && s != "refused" {
				all = addOnce(all, s)
			}
		}
	}
	return all
}

// written are the fields in which people write themselves.
var written = []string{"amount", "care", "contact", "delivered", "due", "found", "kept", "note", "on", "paper-name", "papers", "place", "present", "reason", "result", "said", "signature",
	"signer", "who"}

// offers reports whether the page still has a form.
func (p *itemPage) offers(form string) bool {
	if p.Item.Procedure.Step(form) != nil {
		return p.Main != nil && p.Main.ID == form || slices.ContainsFunc(p.Optional, func(s *casework.Possible) bool { return s.ID == form })
	}
	kind, id, _ := strings.Cut(form, "-")
	switch kind {
	case "answer":
		return slices.ContainsFunc(p.Item.Objections, func(o casework.Objection) bool { return o.ID == number(id) && o.Answer == "" })
	case "reviewed":
		return slices.ContainsFunc(p.Reviews, func(r casework.Review) bool { return r.ID == number(id) && r.Result == "" })
	case "appealed":
		return slices.ContainsFunc(p.Appeals, func(a casework.Appeal) bool { return a.ID == number(id) && a.Result == "" })
	}
	return true
}

// PaperForm is the form by which a paper is added, as it was sent if it came back.
func (p *itemPage) PaperForm() form {
	f := newForm()
	if p.Open == "paper" {
		f = p.Forms
	}
	f.Other = "paper"
	return f
}

// Adds reports whether the visitor may add papers: whoever handles cases, and whose own it is.
func (p *itemPage) Adds() bool { return p.Handles || p.Role == access.Resident }

// OfDepartment reports whether a department's officer looks, who sees as much of the household as the department's cases need.
func (p *itemPage) OfDepartment() bool { return p.Role == access.Department }

// PaperName is what a paper is called: of a visit's file what it is and whose.
func (p *itemPage) PaperName(paper casework.PaperKept) string {
	for _, e := range p.Evidence {
		for _, f := range e.Files {
			if f.ID == paper.VisitFile {
				return strings.TrimSpace(f.Kind.Name(p.lang) + " " + f.Signer)
			}
		}
	}
	return paper.Name
}

// Went reports whether the visitor went on a visit.
func (p *itemPage) Went(m visit.Made) bool {
	return slices.ContainsFunc(m.Visitors, func(o visit.Visitor) bool { return o.Account == p.Account })
}

// Chose reports whether a value was chosen in a form that came back.
func (p *itemPage) Chose(form, field, value string) bool {
	return p.Open == form && p.Forms.Has(field, value)
}

// MayReview reports whether the visitor writes down what a review came to.
func (p *itemPage) MayReview() bool {
	return p.Role == access.Officer || p.Role == access.Supervisor || p.Role == access.Department
}

// OpenObjection is the first objection that is not answered, 0 of none.
func (p *itemPage) OpenObjection() int64 {
	for _, o := range p.Item.Objections {
		if o.Answer == "" {
			return o.ID
		}
	}
	return 0
}

// Objectionable is what was done to which somebody can object.
func (p *itemPage) Objectionable() []string {
	var all []string
	for _, x := range [][2]string{{"notice", "notice"}, {"survey", "survey"}, {"check", "means-check"}} {
		if slices.ContainsFunc(p.Item.Steps, func(s casework.StepDone) bool { return s.Counts && s.Gives == x[0] }) {
			all = append(all, x[1])
		}
	}
	return all
}

// ofPerson is a question with whom it is about, where that is somebody.
func ofPerson(lang fault.Lang, name, ask string) string {
	if name == "" {
		return ask
	}
	return name + lang.Say("：", ": ") + ask
}

func addOnce(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}
