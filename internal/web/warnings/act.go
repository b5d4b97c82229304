package warnings

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

// doAct does what a form asks for to some rounds.
func (p *Pages) doAct(ctx context.Context, tx pgx.Tx, v *web.Visit, ids []int64) (warning.Done, error) {
	form := v.R.Form // a button's own address may say what it does
	d := warning.Doing{On: v.Today(), Note: form.Get("note")}
	switch form.Get("act") {
	case "claim":
		return p.Warnings.Claim(ctx, tx, ids, d)
	case "release":
		return p.Warnings.Release(ctx, tx, ids, d)
	case "assign":
		return p.assign(ctx, tx, v, ids, d)
	case "visit":
		return p.sendVisit(ctx, tx, v, ids, d)
	case "need", "no-need", "unclear":
		return p.Warnings.Verify(ctx, tx, ids, warning.Finding(form.Get("act")), d)
	case "confirm":
		return p.Warnings.Confirm(ctx, tx, ids, d)
	case "dismiss":
		return p.Warnings.Dismiss(ctx, tx, ids, form.Get("reason"), d)
	case "helped":
		return p.Warnings.Helped(ctx, tx, ids, form.Get("by"), d)
	}
	return warning.Done{}, fault.New(fault.Invalid, noSuchAct, nil)
}

// assign gives rounds to somebody, and tells them.
func (p *Pages) assign(ctx context.Context, tx pgx.Tx, v *web.Visit, ids []int64, d warning.Doing) (warning.Done, error) {
	to := atoi(v.R.Form.Get("to"))
	done, err := p.Warnings.Assign(ctx, tx, ids, to, d)
	if err != nil {
		return done, err
	}
	return done, p.Telling.WarningsGiven(ctx, tx, done.Done, to, v.Session.Account, v.Session.Posting.Area, v.Key())
}

// sendVisit plans a visit by whom the form names, the visitor themself if nobody.
func (p *Pages) sendVisit(ctx context.Context, tx pgx.Tx, v *web.Visit, ids []int64, d warning.Doing) (warning.Done, error) {
	visitor := atoi(v.R.PostFormValue("to"))
	if visitor == 0 {
		visitor = v.Session.Account
	}
	due := dayOf(v.R.PostFormValue("due"))
	if due == calendar.Forever {
		due = p.soon(v.Today())
	}
	return p.Warnings.SendVisit(ctx, tx, ids, []int64{visitor}, due, d)
}

// soon is the day by which a visit is due where nobody says one: three working days on, or that many days where the calendar does not reach.
func (p *Pages) soon(today calendar.Date) calendar.Date {
	const days = 3
	if p.Pack.Calendar != nil {
		if day, err := p.Pack.Calendar.Add(today, days); err == nil {
			return day
		}
	}
	return today.AddDays(days)
}

// onePage is one warning.
type onePage struct {
	Number      int64
	Title       string
	Row         row
	Round       *warning.Round
	Score       string
	Where       string
	Mechanism   string
	Evidence    []evidence
	Live        bool // the evidence is what the engine sees today, with its sources
	Doubt       string
	History     []event
	OthersOf    []row
	Before      []before
	Reports     []report
	May         offers
	Reasons     []reason
	Workers     []choice
	Soon        calendar.Date
	Purposes    []choice
	Opened      map[int64]string // contacts of reports that were opened just now
	Wrong       string
	Note        string
	To          string
	FindingName string
}

// evidence is a value in words.
type evidence struct {
	Text   string
	Origin string
	Notes  []string
	Hidden bool
}

// event is a step of the history in words.
type event struct {
	Text, Who, Note string
	At              string
}

type before struct {
	ID                   int64
	State, Why, On, Till string
}

type report struct {
	warning.Told
	From, At string
}

// reason is a reason for a "no", and whether it is the visitor's to give alone.
type reason struct {
	*pack.Reason
	Name  string
	Alone bool
	Quiet int
}

func (p *Pages) one(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	page := &onePage{}
	if err := p.readOne(v, id, page); err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "one", page)
}

// act does what a button asks for to one round, and shows the page again with what was written if it cannot.
func (p *Pages) act(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	err = v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		round := id
		if v.R.FormValue("act") == "reopen" {
			round, err = p.Warnings.Reopen(ctx, tx, id, warning.Doing{On: v.Today(), Note: v.R.PostFormValue("note")})
		} else {
			_, err = p.doAct(ctx, tx, v, []int64{id})
		}
		return fmt.Sprintf("/warnings/%d", round), err
	})
	if err == nil {
		return nil
	}
	status, message := v.Explain(err)
	page := &onePage{Wrong: message, Note: v.R.PostFormValue("note"), To: v.R.PostFormValue("to")}
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	if err := p.readOne(v, id, page); err != nil {
		return err
	}
	return v.Render(status, p.templates, "one", page)
}

func (p *Pages) readOne(v *web.Visit, id int64, page *onePage) error {
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if page.Round, err = p.Warnings.Round(ctx, tx, id, v.Today()); err != nil {
			return err
		}
		if offersTo(v.Session).Assign {
			page.Workers, err = p.workers(ctx, tx, v)
		}
		return err
	})
	if err != nil {
		return err
	}
	r := page.Round
	page.Number, page.Row, page.Mechanism = r.ID, p.row(v, r.Item), p.mechanismName(r.Item.Mechanism, v.Lang)
	page.Score = strings.TrimSuffix(strings.TrimRight(r.Score, "0"), ".")
	page.Title, page.Where = page.Row.Name, page.Row.Where
	if r.Finding != "" {
		page.FindingName = findingName(v.Lang, r.Finding)
	}
	page.May, page.Soon = offersTo(v.Session), p.soon(v.Today())
	page.Reasons = p.reasons(v, r)
	for _, s := range r.Steps {
		page.History = append(page.History, p.event(v, s))
	}
	for _, o := range r.Others {
		page.OthersOf = append(page.OthersOf, p.row(v, o))
	}
	for _, b := range r.Before {
		page.Before = append(page.Before, before{b.ID, b.State.Name(v.Lang), p.reasonName(b.Reason, v.Lang), b.Answered.In(cityZone).Format("2006-01-02"), dayText(b.Quiet)})
	}
	for _, t := range r.Said {
		page.Reports = append(page.Reports, report{t, sourceName(v, t.Source), t.At.In(cityZone).Format("2006-01-02 15:04")})
	}
	for _, purpose := range access.PurposesOf(v.Session.Posting.Role) {
		if purpose.Opens(v.Session.Posting.Role, contactKind) {
			page.Purposes = append(page.Purposes, choice{string(purpose), purpose.Name(v.Lang)})
		}
	}
	return p.evidence(v, page)
}

// reasons are those that the visitor may give or propose for a round.
func (p *Pages) reasons(v *web.Visit, r *warning.Round) []reason {
	role := v.Session.Posting.Role
	var all []reason
	for _, why := range p.Warnings.Reasons() {
		alone := role == access.Officer || role == access.Supervisor || r.Route == p.desk(role) && why.AloneAt(r.Route)
		quiet := 0
		if rule := p.Warnings.Rule(r.Item.Rule); rule != nil {
			quiet = rule.Quiet
		}
		if why.Quiet != nil {
			quiet = *why.Quiet
		}
		all = append(all, reason{why, why.Name.In(v.Lang), alone, quiet})
	}
	return all
}

// evidence puts into words why the engine warns: as it sees the household today where it still does, with sources and days; otherwise as it was.
func (p *Pages) evidence(v *web.Visit, page *onePage) error {
	if page.Round.Household != 0 && p.Explain != nil && page.Round.Warning != 0 && v.Session.Posting.Role != access.Department && !page.Round.Ended {
		e, err := p.Explain.Explain(v.R.Context(), page.Round.Household, v.Today())
		switch {
		case err == nil:
			if page.Evidence, page.Live = p.live(v, page.Round, e); page.Live {
				return nil
			}
		case fault.KindOf(err) == fault.Unready || fault.KindOf(err) == fault.NotFound:
			_, page.Doubt = v.Explain(err)
		default:
			return err
		}
	}
	for _, e := range page.Round.Evidence {
		text, hidden := p.inWords(v, e)
		page.Evidence = append(page.Evidence, evidence{Text: text, Hidden: hidden})
	}
	return nil
}

// live is the evidence of a warning in a determination of today; ok is false where the engine does not warn of it any more.
func (p *Pages) live(v *web.Visit, r *warning.Round, e *discovery.Explanation) (all []evidence, ok bool) {
	words := e.Words(p.Pack, v.Lang, p.hides(v))
	names := slices.Concat(e.Determination.Household.Members, e.Determination.Household.Registered)
	for i := range e.Warnings {
		w := &e.Warnings[i]
		if w.ID != r.Item.Rule || e.Person(w.Unit) != r.Item.Person {
			continue
		}
		for _, step := range words.Evidence(w) {
			all = append(all, evidence{Text: hideNames(step.Text, names), Origin: step.Origin, Notes: step.Notes})
		}
		return all, true
	}
	return nil, false
}

// hideNames masks the names of a household's people in a sentence, as they are masked beside it.
func hideNames(text string, names []string) string {
	for _, name := range names {
		if utf8.RuneCountInString(name) > 1 {
			text = strings.ReplaceAll(text, name, web.MaskedName(name))
		}
	}
	return text
}

// hides is which values the visitor does not see: they stand masked in the household's file, and are opened there for a purpose.
func (p *Pages) hides(v *web.Visit) func(path string) bool {
	if p.Hides != nil {
		return p.Hides(v.Session.Posting.Role)
	}
	return func(path string) bool {
		f := p.Pack.Fact(path)
		return f != nil && f.Sensitive != ""
	}
}

// inWords is a value as it was when the engine raised the warning.
func (p *Pages) inWords(v *web.Visit, e warning.Evidence) (text string, hidden bool) {
	lang := v.Lang
	label, measure, typ, codes := p.valueOf(e.Path)
	name := label.In(lang)
	if name == "" {
		name = e.Path
	}
	colon := lang.Say("：", ": ")
	if p.hides(v)(e.Path) {
		return name + colon + lang.Say("已隐藏，请到家庭档案按用途查看", "hidden; open it for a purpose in the household's file"), true
	}
	return name + colon + valueText(lang, p.Pack, e.Value, measure, typ, codes), false
}

func (p *Pages) valueOf(path string) (label pack.Text, measure string, typ pack.Type, codes string) {
	if f := p.Pack.Fact(path); f != nil {
		return f.Label, f.Measure, f.Type, f.Codes
	}
	for _, w := range p.Pack.Variables {
		if w.Path() == path {
			return w.Label, w.Measure, w.Type, w.Codes
		}
	}
	return pack.Text{}, "", "", ""
}
