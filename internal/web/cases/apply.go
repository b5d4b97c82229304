package cases

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/web"
)

// chance is a programme as a family is told of it.
type chance struct {
	offered
	Asks      []question // what is still asked
	Automatic bool       // it comes without an application
	Received  bool       // the household has it already
	Running   int64      // the item that asks for it
	Whose     string     // the department
}

// ownChances are what the policy comes to for a household, sorted as a family reads it. What is not known is still asked, and no "no".
type ownChances struct {
	Due       []chance // by right, as things are known
	Open      []chance // something is still asked
	Automatic []chance
	Held      []chance
	Not       []chance // not as things are known
	Others    []othersOf
	Problem   string // the policy could not be asked
	known     map[string]casework.Want
	asks      map[string][]question
}

// othersOf are programmes that the engine does not propose, by department: anybody may apply for any of them.
type othersOf struct {
	Name  string
	Items []choice
}

// chances asks the policy for the household, in the resident's name.
func (p *Pages) chances(ctx context.Context, tx pgx.Tx, v *web.Visit, household int64) (*ownChances, error) {
	all := &ownChances{known: map[string]casework.Want{}, asks: map[string][]question{}}
	d, err := p.Casework.Draft(ctx, tx, household, v.Today())
	if kind := fault.KindOf(err); err != nil && (kind == fault.Unready || kind == fault.NotFound) {
		_, all.Problem = v.Explain(err)
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	drafted := map[string]casework.Drafted{}
	for _, i := range d.Items {
		drafted[valueOf(i.Want)] = i
	}
	for i := range d.Explained.Outcomes {
		o := &d.Explained.Outcomes[i]
		if procedureOf(p.Pack, o.Programme, o.Recognises) == nil || o.Outcome == rules.NotInForce.String() {
			continue
		}
		want := casework.Want{Programme: o.Programme, Recognises: o.Recognises, Person: o.Person, Outcome: o.Outcome}
		i, proposed := drafted[valueOf(want)]
		if !proposed {
			i = casework.Drafted{Want: want, Name: o.Name, Called: o.Called, Open: o.Outcome != rules.Ineligible.String()}
		}
		c := p.chanceOf(v, i, o)
		all.add(c)
		all.known[c.Value], all.asks[c.Value] = i.Want, c.Asks
	}
	all.others()
	return all, nil
}

// valueOf is something that is wanted as the form carries it.
func valueOf(w casework.Want) string {
	if w.Recognises {
		return w.Programme + "/status"
	}
	return fmt.Sprintf("%s/%d", w.Programme, w.Person)
}

// procedureOf is the way of a programme or a recognition, nil if the pack has none.
func procedureOf(p *pack.Pack, programme string, recognises bool) *pack.Procedure {
	if !recognises {
		return p.Workflow.ProcedureOf(programme)
	}
	for _, q := range p.Workflow.Procedures {
		if slices.Contains(q.Recognises, programme) {
			return q
		}
	}
	return nil
}

// automatic reports whether a programme comes without anybody's application on a day: no step of its way is one.
func automatic(q *pack.Procedure, on calendar.Date) bool {
	for _, v := range q.Versions {
		if v.Span.Contains(on) {
			return !slices.ContainsFunc(v.Steps, func(s *pack.Step) bool { return s.Gives == "application" })
		}
	}
	return false
}

func (p *Pages) whose(v *web.Visit, programme string, recognises bool) string {
	if recognises {
		return v.Say("身份认定", "Recognition of a status")
	}
	for _, q := range p.Pack.Programmes {
		if q.ID == programme {
			return p.department(v, q.Department)
		}
	}
	return ""
}

func (p *Pages) chanceOf(v *web.Visit, i casework.Drafted, o *casework.Outcome) chance {
	c := chance{offered: offerOf(v, i), Running: i.Running, Received: i.Held, Whose: p.whose(v, i.Programme, i.Recognises)}
	c.Value, c.Automatic = valueOf(i.Want), automatic(procedureOf(p.Pack, i.Programme, i.Recognises), v.Today())
	for _, m := range o.Missing {
		c.Asks = askOnce(c.Asks, p.questionOf(v.Lang, m))
	}
	return c
}

// add puts a programme where a family looks for it.
func (all *ownChances) add(c chance) {
	switch {
	case c.Received:
		all.Held = append(all.Held, c)
	case c.Outcome == rules.Ineligible.String():
		all.Not = append(all.Not, c)
	case c.Automatic:
		all.Automatic = append(all.Automatic, c)
	case c.Outcome == rules.Eligible.String():
		all.Due = append(all.Due, c)
	default:
		all.Open = append(all.Open, c)
	}
}

// others sorts what is not proposed by department.
func (all *ownChances) others() {
	index := map[string]int{}
	for _, c := range all.Not {
		at, ok := index[c.Whose]
		if !ok {
			at = len(all.Others)
			index[c.Whose], all.Others = at, append(all.Others, othersOf{Name: c.Whose})
		}
		name := c.Name
		if c.Called != "" {
			name += " · " + c.Called
		}
		all.Others[at].Items = append(all.Others[at].Items, choice{Value: c.Value, Name: name})
	}
}

// Offers are what can be applied for, what is surest first.
func (all *ownChances) Offers() []chance {
	return slices.DeleteFunc(slices.Concat(all.Due, all.Open), func(c chance) bool { return c.Running != 0 })
}

// merged are programmes of one kind once, with all of the household for whom they are.
func merged(all []chance) (out []chance) {
	index := map[string]int{}
	for _, c := range all {
		key := fmt.Sprint(c.Want.Programme, c.Want.Recognises, c.Running != 0, c.Sums())
		at, ok := index[key]
		if !ok || c.Running != 0 {
			index[key] = len(out)
			c.Asks = slices.Clone(c.Asks)
			out = append(out, c)
			continue
		}
		out[at].Called += "、" + c.Called
		for _, q := range c.Asks {
			out[at].Asks = askOnce(out[at].Asks, q)
		}
	}
	return out
}

// Sums are the amounts that are known.
func (c chance) Sums() (all []string) {
	for _, g := range c.Grants {
		if g.Amount != nil {
			all = append(all, g.Amount.Text()+" "+g.Per)
		}
	}
	return all
}

// None reports whether nothing at all is to be told.
func (all *ownChances) None() bool {
	return len(all.Due)+len(all.Open)+len(all.Automatic)+len(all.Held) == 0
}

// helpPage says what a household may be entitled to.
type helpPage struct {
	ownPage
	*ownChances
}

// readHelp reads the visitor's household and what it may be entitled to.
func (p *Pages) readHelp(v *web.Visit) (page helpPage, err error) {
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if page.ownPage, err = p.readFamily(ctx, tx, v); err != nil {
			return err
		}
		page.ownChances, err = p.chances(ctx, tx, v, page.Family.Household)
		return err
	})
	return page, err
}

func (p *Pages) help(v *web.Visit) error {
	page, err := p.readHelp(v)
	if err != nil {
		return err
	}
	for _, group := range []*[]chance{&page.Due, &page.Open, &page.Automatic, &page.Held} {
		*group = merged(*group)
	}
	return v.Render(http.StatusOK, p.templates, "ownhelp", &page)
}

// applyPage is an application that a resident makes.
type applyPage struct {
	helpPage
	Forms    form
	Check    bool // the answers are shown before they are sent
	Chosen   []chance
	Asks     []question // of what is chosen
	Text     signedText
	Unsigned []access.Kin // adults who still have to sign, but for who applies
}

func (p *Pages) applyPage(v *web.Visit) error {
	return p.showApply(v, http.StatusOK, newForm("occasion", v.R.FormValue("occasion")), false)
}

func (p *Pages) showApply(v *web.Visit, status int, f form, check bool) error {
	read, err := p.readHelp(v)
	if err != nil {
		return err
	}
	page := &applyPage{helpPage: read, Forms: f, Check: check, Text: signing}
	page.Unsigned = unsignedOf(page.Family, v)
	page.choose(v)
	return v.Render(status, p.templates, "ownapply", page)
}

// choose finds what was chosen. A new page proposes what the household is or is likely to be entitled to.
func (page *applyPage) choose(v *web.Visit) {
	fresh := v.R.Method == http.MethodGet
	for _, group := range [][]chance{page.Due, page.Open} {
		for i := range group {
			c := &group[i]
			c.Propose = fresh && c.Propose || !fresh && page.Forms.Has("want", c.Value)
			if c.Propose {
				page.Chosen = append(page.Chosen, *c)
			}
		}
	}
	for _, c := range page.Not {
		if page.Forms.Has("want", c.Value) {
			page.Chosen = append(page.Chosen, c)
		}
	}
	for _, c := range page.Chosen {
		for _, q := range c.Asks {
			q.Said = page.Forms.Get(q.Field)
			page.Asks = askOnce(page.Asks, q)
		}
	}
}

// unsignedOf are the adults of a household who have not signed, but for who acts.
func unsignedOf(family *access.Family, v *web.Visit) (all []access.Kin) {
	for _, k := range family.Members {
		if k.Counted && !k.Self && k.Signed == 0 && k.Adult(v.Today()) {
			all = append(all, k)
		}
	}
	return all
}

func spanUntil(v *web.Visit, until calendar.Date) calendar.Span {
	return calendar.Span{From: v.Today(), To: until}
}

func (p *Pages) apply(v *web.Visit) error {
	if err := texts(v); err != nil {
		f, status := again(v, err)
		return p.showApply(v, status, f, false)
	}
	f := form{Values: v.R.PostForm}
	switch v.R.PostFormValue("go") {
	case "change":
		return p.showApply(v, http.StatusOK, f, false)
	case "file":
	default:
		if len(wantedOf(v)) == 0 {
			f, status := again(v, fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say("要申请的项目", "what you apply for")}).In(fault.At{Field: "want"}))
			return p.showApply(v, status, f, false)
		}
		return p.showApply(v, http.StatusOK, f, true)
	}
	err := v.Act(access.ForOwn, func(ctx context.Context, tx pgx.Tx) (string, error) { return p.applyOwn(ctx, tx, v) })
	if kind := fault.KindOf(err); err == nil || kind != fault.Invalid && kind != fault.Conflict && kind != fault.Forbidden {
		return err
	}
	f, status := again(v, err)
	return p.showApply(v, status, f, f.Field != "want")
}

// wantedOf is what the form asks for.
func wantedOf(v *web.Visit) (all []string) {
	for _, s := range v.R.PostForm["want"] {
		if s != "" {
			all = addOnce(all, s)
		}
	}
	return all
}

var unknownWish = fault.Text{Key: "cases.unknown-wish", Zh: "所选的项目现在不能申请。请刷新页面重新选择", En: "what you chose cannot be applied for now: load the page again and choose anew"}

// applyOwn files for the own household, signs for who applies, and does the steps that an application is.
func (p *Pages) applyOwn(ctx context.Context, tx pgx.Tx, v *web.Visit) (to string, err error) {
	o, err := p.readFamily(ctx, tx, v)
	if err != nil {
		return "", err
	}
	chances, err := p.chances(ctx, tx, v, o.Family.Household)
	if err != nil {
		return "", err
	}
	f := casework.Filing{Household: o.Family.Household, Applicant: o.Family.Self().Person, Occasion: casework.Application, Channel: "web", Resident: v.Session.Account}
	if text(v, "occasion") == "emergency" {
		f.Occasion = casework.Emergency
	}
	var asked []question
	for _, s := range wantedOf(v) {
		want, ok := chances.known[s]
		if !ok {
			return "", fault.New(fault.Invalid, unknownWish, nil).In(fault.At{Field: "want"})
		}
		f.Items = append(f.Items, want)
		for _, q := range chances.asks[s] {
			asked = askOnce(asked, q)
		}
	}
	answers, err := p.declare(ctx, tx, v, asked)
	if err != nil {
		return "", err
	}
	if err := p.signOwn(ctx, tx, v, o.Family); err != nil {
		return "", err
	}
	filed, err := p.Casework.File(ctx, tx, f, v.Now())
	if err != nil {
		return "", err
	}
	for _, id := range filed.Items {
		if err := p.advance(ctx, tx, v, id, o.Family, answers); err != nil {
			return "", err
		}
	}
	if len(filed.Items) == 1 {
		to = matterPath(filed.Items[0])
	} else {
		to = "/my"
	}
	return to, p.tellOfFiling(ctx, tx, v, f, filed)
}

// offers reports whether a step is that a village's assistant tells a family that it may apply: who asks by themselves has taken that already.
func offers(n casework.Possible) bool {
	return n.By == "village-assistant" && n.Gives == "acknowledgement"
}

// advance does the steps of an item that an application by the family itself is: to take the offer, to apply, and to authorise once everybody has signed.
func (p *Pages) advance(ctx context.Context, tx pgx.Tx, v *web.Visit, item int64, family *access.Family, answers string) error {
	for {
		next, err := p.Casework.Next(ctx, tx, item, v.Principal(""), v.Now())
		if err != nil {
			return err
		}
		at := slices.IndexFunc(next, func(n casework.Possible) bool {
			return n.May && !n.Optional && (offers(n) || n.Gives == "application" || n.Gives == "authorisation" && n.By == "resident" && len(unsignedOf(family, v)) == 0)
		})
		if at < 0 {
			return nil
		}
		d := casework.Doing{Signer: v.Session.Name, Signature: onlineSignature(v), Detail: map[string]any{}}
		if next[at].Gives == "application" && answers != "" {
			d.Detail["answers"] = answers
		}
		if next[at].Gives == "authorisation" {
			if d.Signer, err = p.signersOf(ctx, tx, v, family); err != nil {
				return err
			}
			d.Detail["signed"], d.Detail["pledge"] = d.Signer, signing.Pledge.In(v.Lang)
		}
		if _, err := p.Casework.Do(ctx, tx, item, next[at].ID, d, v.Now()); err != nil {
			return err
		}
	}
}

// signersOf are the adults of a household, who all have signed, and who signed for its children.
func (p *Pages) signersOf(ctx context.Context, tx pgx.Tx, v *web.Visit, family *access.Family) (string, error) {
	var names []string
	var wards []int64
	for _, k := range family.Members {
		if k.Counted && k.Adult(v.Today()) {
			names = append(names, k.Name)
		}
	}
	for _, k := range family.Wards(v.Today()) {
		wards = append(wards, k.Person)
	}
	if p.Means == nil {
		return strings.Join(names, "、"), nil
	}
	valid, err := p.Means.Valid(ctx, tx, wards, v.Today())
	if err != nil {
		return "", err
	}
	for _, k := range family.Wards(v.Today()) {
		if s, ok := valid[k.Person]; ok {
			names = append(names, forWard(s.SignedBy, k.Name))
		}
	}
	return strings.Join(names, "、"), nil
}

// forWard is a guardian who signs for a child, as the papers name them.
func forWard(guardian, child string) string { return fmt.Sprintf("%s（代%s）", guardian, child) }
