package cases

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/web"
)

// largestText is characters of one field of a form.
const largestText = 4000

var (
	tooLong    = fault.Text{Key: "cases.too-long", Zh: "文字太长：最多{limit}字，现在{found}字", En: "the text is too long: it may have {limit} characters and has {found}"}
	lacks      = fault.Text{Key: "cases.lacks", Zh: "请填写：{what}", En: "please fill in: {what}"}
	stale      = fault.Text{Key: "cases.stale", Zh: "在您打开页面之后，这个事项已被别人办理过。请看清现在的状态再提交，您写的内容还在", En: "somebody acted on this case after you opened the page; look at how it stands now and send again: what you wrote is still here"}
	notADate   = fault.Text{Key: "cases.not-a-date", Zh: "“{found}”不是日期，应写作 2026-11-01", En: `"{found}" is no date; write 2026-11-01`}
	notAnWhole = fault.Text{Key: "cases.not-a-number", Zh: "“{found}”不是正整数", En: `"{found}" is no whole number above zero`}
	unsigned   = fault.Text{Key: "cases.adults-unsigned", Zh: "还有成年成员没有签授权书和承诺书：{who}。每个成年成员都要签，签不了的写明由谁代签", En: "adult members who have not signed the authorisation and pledge: {who}; every adult signs, or somebody for who cannot"}
	noResult   = fault.Text{Key: "cases.no-result", Zh: "请选择予以确认还是不予确认", En: "choose whether it is granted or refused"}
	noSaying   = fault.Text{Key: "cases.otherwise", Zh: "这个决定与政策预判（{outcome}）不一致，请写明理由。决定会自动报县级查看", En: "this decides otherwise than the engine ({outcome}): give the reasons; it goes to the county by itself"}
)

// texts refuses a form of which a field is longer than anybody writes, or has characters that no text has.
func texts(v *web.Visit) error {
	for name, all := range v.R.PostForm {
		for _, s := range all {
			if n := utf8.RuneCountInString(s); n > largestText {
				return fault.New(fault.Invalid, tooLong, fault.Args{"limit": largestText, "found": n}).In(fault.At{Field: name})
			}
		}
	}
	return nil
}

// text is a field of a form, with its lines' ends as we write them and nothing that a page cannot show.
func text(v *web.Visit, name string) string {
	s := strings.ReplaceAll(v.R.FormValue(name), "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == utf8.RuneError || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

func needed(v *web.Visit, name, zh, en string) (string, error) {
	s := text(v, name)
	if s == "" {
		return "", fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say(zh, en)}).In(fault.At{Field: name})
	}
	return s, nil
}

func date(v *web.Visit, name string) (calendar.Date, error) {
	s := text(v, name)
	if s == "" {
		return 0, nil
	}
	d, err := calendar.Parse(s)
	if err != nil {
		return 0, fault.New(fault.Invalid, notADate, fault.Args{"found": fault.Excerpt(s)}).In(fault.At{Field: name})
	}
	return d, nil
}

// dateOr is a day that is another where the form has none.
func dateOr(v *web.Visit, name string, other calendar.Date) (calendar.Date, error) {
	d, err := date(v, name)
	if err == nil && d == 0 {
		d = other
	}
	return d, err
}

// comesBack reports whether a fault is shown on the page of the form, which gets what was written in it.
func comesBack(err error) bool {
	kind := fault.KindOf(err)
	return err != nil && (kind == fault.Invalid || kind == fault.Conflict || kind == fault.Forbidden)
}

// seen refuses an act on a case that somebody changed since its page was made.
func seen(v *web.Visit, item *casework.ItemFile) error {
	if v.R.PostFormValue("seen") != stamp(item) {
		return fault.New(fault.Conflict, stale, nil)
	}
	return nil
}

// stamp is how a case stands, as a form carries it.
func stamp(item *casework.ItemFile) string {
	return fmt.Sprintf("%d.%d.%d", item.Last.UnixMicro(), len(item.Steps), len(item.Events)+len(item.Objections))
}

// Seen is the stamp of the case that a page shows.
func (p *itemPage) Seen() string { return stamp(p.Item) }

// act does something on a case, once and not from a page that is out of date, in one transaction with what is told of it, and goes back to the case; a
// fault comes back with the form, which is the one that is open.
func (p *Pages) act(v *web.Visit, open string, do func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	now := v.Now()
	if err = texts(v); err == nil {
		err = v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
			item, err := p.Casework.Item(ctx, tx, id, now)
			if err != nil {
				return "", err
			}
			if err := seen(v, item); err != nil {
				return "", err
			}
			return backTo(v, id), do(ctx, tx, item, now)
		})
	}
	if !comesBack(err) {
		return err
	}
	f, status := again(v, err)
	return p.showItem(v, status, f, open)
}

func backTo(v *web.Visit, id int64) string {
	to := fmt.Sprintf("/cases/%d", id)
	if q := queueOf(v); q != "" {
		to += "?" + q
	}
	return to
}

func (p *Pages) do(v *web.Visit) error {
	id := v.R.PathValue("step")
	return p.act(v, id, func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		s := item.Procedure.Step(id)
		if s == nil {
			return fault.New(fault.NotFound, noSuchThing, nil)
		}
		d, err := p.doing(ctx, tx, v, item, s)
		if err != nil {
			return err
		}
		if _, err := p.Casework.Do(ctx, tx, item.ID, s.ID, d, now); err != nil {
			return err
		}
		return p.tellOfStep(ctx, tx, v, item, s, d)
	})
}

// doing reads the form of a step.
func (p *Pages) doing(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile, s *casework.Step) (d casework.Doing, err error) {
	d = casework.Doing{Signer: text(v, "signer"), Signature: text(v, "signature"), Reason: text(v, "reason"), Result: text(v, "result"), Place: text(v, "place"),
		Meeting: number(text(v, "meeting")), Visit: number(text(v, "visit")), Detail: map[string]any{}}
	for _, one := range v.R.PostForm["with"] {
		d.With = append(d.With, number(one))
	}
	for _, x := range details {
		if t := text(v, x.key); t != "" {
			d.Detail[x.key] = t
		}
	}
	if kept := text(v, "kept"); kept != "" {
		paper, err := paperOf(v)
		if err != nil {
			return d, err
		}
		d.Papers = append(d.Papers, paper)
	}
	switch s.Gives {
	case "authorisation":
		err = p.authorise(ctx, tx, v, item, &d)
	case "letter":
		if s.OnlyIf == "papers-lacking" {
			_, err = needed(v, "papers", "缺的材料", "what lacks")
		}
	case "survey", "visit", "check", "review":
		_, err = needed(v, "result", "结果", "the result")
	case "opinion":
		d.Grants, err = grants(v)
	case "confirmation":
		err = p.deciding(v, item, &d)
	case "papers":
		err = p.brought(ctx, tx, v, item, &d)
	}
	return d, err
}

// brought refuses to call papers complete of which none is there.
func (p *Pages) brought(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile, d *casework.Doing) error {
	f, err := p.Casework.Filing(ctx, tx, item.Filing)
	if err != nil || len(f.Papers)+len(d.Papers) > 0 {
		return err
	}
	_, err = needed(v, "kept", "补齐的材料（名称、页数和存放处）", "the papers that were brought: what, how many pages, where kept")
	return err
}

// deciding reads a decision. Reasons are asked for before the database does, at the field.
func (p *Pages) deciding(v *web.Visit, item *casework.ItemFile, d *casework.Doing) (err error) {
	if d.Result != "granted" && d.Result != "refused" {
		return fault.New(fault.Invalid, noResult, nil).In(fault.At{Field: "result"})
	}
	if d.Result == "refused" && d.Reason == "" {
		return fault.New(fault.Invalid, lacks, fault.Args{"what": v.Say("不予确认的理由", "the reasons of the refusal")}).In(fault.At{Field: "reason"})
	}
	if outcome := text(v, "outcome"); d.Reason == "" && d.Result == "granted" && outcome == "ineligible" {
		return fault.New(fault.Invalid, noSaying, fault.Args{"outcome": word("outcome", outcome, v.Lang)}).In(fault.At{Field: "reason"})
	}
	if d.Result == "granted" {
		d.Grants, err = grants(v)
	}
	return err
}

// grants reads the amounts of a form; none leaves them to the engine.
func grants(v *web.Visit) ([]casework.Grant, error) {
	var all []casework.Grant
	names, amounts, pers := v.R.PostForm["component"], v.R.PostForm["amount"], v.R.PostForm["per"]
	for i, name := range names {
		if i >= len(amounts) || i >= len(pers) {
			break
		}
		g := casework.Grant{Component: strings.TrimSpace(name), Per: pers[i]}
		s := strings.TrimSpace(amounts[i])
		if g.Component == "" && s == "" {
			continue
		}
		if s != "" {
			a, err := money.Parse(s)
			var f *fault.Error
			if errors.As(err, &f) {
				return nil, f.In(fault.At{Field: "amount"})
			}
			if err != nil {
				return nil, err
			}
			g.Amount = &a
		}
		all = append(all, g)
	}
	return all, nil
}

func paperOf(v *web.Visit) (casework.Paper, error) {
	paper := casework.Paper{Kind: text(v, "paper-kind"), Name: text(v, "paper-name"), Kept: text(v, "kept"), Pages: 1}
	if paper.Kind == "" {
		paper.Kind = "other"
	}
	if paper.Name == "" {
		paper.Name = word("paper", paper.Kind, fault.Zh)
	}
	if s := text(v, "pages"); s != "" {
		n := number(s)
		if n <= 0 || n > 10000 {
			return paper, fault.New(fault.Invalid, notAnWhole, fault.Args{"found": fault.Excerpt(s)}).In(fault.At{Field: "pages"})
		}
		paper.Pages = int(n)
	}
	return paper, nil
}

const majority = 18 // 《民法典》第17条

// living are the members of a household on a day.
func living(f *registry.File, on calendar.Date) []registry.Person {
	if f == nil {
		return nil
	}
	var all []registry.Person
	for _, x := range f.Persons {
		if x.Died > on && len(x.Belongs) > 0 && x.Belongs[len(x.Belongs)-1].Lasts.To > on {
			all = append(all, x)
		}
	}
	return all
}

func grownUp(x registry.Person, on calendar.Date) bool {
	return x.Birth == calendar.Forever || calendar.Years(x.Birth, on) >= majority
}

// adults are the members of a household who sign an authorisation.
func adults(f *registry.File, on calendar.Date) []registry.Person {
	return slices.DeleteFunc(living(f, on), func(x registry.Person) bool { return !grownUp(x, on) })
}

// minors are those for whom a guardian signs it.
func minors(f *registry.File, on calendar.Date) []registry.Person {
	return slices.DeleteFunc(living(f, on), func(x registry.Person) bool { return grownUp(x, on) })
}

// Adults are the members who sign.
func (p *itemPage) Adults() []registry.Person { return adults(p.File, p.Today) }

// Children are those for whom a guardian signs.
func (p *itemPage) Children() []registry.Person { return minors(p.File, p.Today) }

// AllSigned reports whether every adult has authorised it already, so that no paper is needed.
func (p *itemPage) AllSigned() bool {
	return !slices.ContainsFunc(p.Adults(), func(x registry.Person) bool { _, ok := p.Signed[x.ID]; return !ok })
}

// authorise reads who signed, and keeps each consent with package means, where a later check finds it.
func (p *Pages) authorise(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile, d *casework.Doing) error {
	keptAt := func() (string, error) {
		return needed(v, "signature", "授权书存放处", "where the authorisation is kept")
	}
	if item.Household == 0 {
		_, err := keptAt()
		return err
	}
	f, err := p.Registry.File(ctx, tx, item.Household)
	if fault.KindOf(err) == fault.NotFound {
		_, err := keptAt()
		return err // a department's officer sees no household
	}
	if err != nil {
		return err
	}
	on := dayOf(v.Now())
	before, err := p.signedBefore(ctx, tx, f, on)
	if err != nil {
		return err
	}
	kept := d.Signature
	if onPaper(v, f, on) {
		if kept, err = keptAt(); err != nil {
			return err
		}
	}
	var signed, missing []string
	for _, x := range adults(f, on) {
		if !slices.Contains(v.R.PostForm["signed-by"], fmt.Sprint(x.ID)) {
			s, ok := before[x.ID]
			if !ok {
				missing = append(missing, x.Name)
				continue
			}
			signed, d.Signature = append(signed, s.SignedBy), cmp.Or(d.Signature, s.Paper)
			continue
		}
		by := text(v, fmt.Sprint("for-", x.ID))
		if by == "" {
			by = x.Name
		}
		signed = append(signed, by)
		if err := p.consent(ctx, tx, item, x.ID, by, kept, on); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, unsigned, fault.Args{"who": strings.Join(missing, v.Say("、", ", "))}).In(fault.At{Field: "signed-by"})
	}
	for _, x := range minors(f, on) {
		guardian := text(v, fmt.Sprint("for-", x.ID))
		if s, ok := before[x.ID]; ok && guardian == "" {
			signed = append(signed, forWard(s.SignedBy, x.Name))
			continue
		}
		if guardian == "" {
			continue // a check does not cover the child then, and what it would find stays unknown
		}
		signed = append(signed, forWard(guardian, x.Name))
		if err := p.consent(ctx, tx, item, x.ID, guardian, kept, on); err != nil {
			return err
		}
	}
	d.Detail["signed"] = strings.Join(signed, "、")
	d.Detail["pledge"] = v.Say("如实申报，提供虚假情况的愿意承担责任", "what was declared is true")
	if d.Signer == "" {
		d.Signer = strings.Join(signed, "、")
	}
	return nil
}

// signedBefore are the authorisations that members of a household have given already, online or on an earlier paper, by person.
func (p *Pages) signedBefore(ctx context.Context, tx pgx.Tx, f *registry.File, on calendar.Date) (map[int64]means.Signed, error) {
	if p.Means == nil {
		return nil, nil
	}
	var persons []int64
	for _, x := range living(f, on) {
		persons = append(persons, x.ID)
	}
	return p.Means.Valid(ctx, tx, persons, on)
}

// onPaper reports whether the form says of any member that a paper was signed.
func onPaper(v *web.Visit, f *registry.File, on calendar.Date) bool {
	return len(v.R.PostForm["signed-by"]) > 0 || slices.ContainsFunc(minors(f, on), func(x registry.Person) bool { return text(v, fmt.Sprint("for-", x.ID)) != "" })
}

// consent keeps that somebody authorises the check of a person's means.
func (p *Pages) consent(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, person int64, by, kept string, on calendar.Date) error {
	if p.Means == nil {
		return nil
	}
	_, err := p.Means.Authorise(ctx, tx, means.Authorisation{Person: person, SignedBy: by, Paper: kept, Holds: calendar.Span{From: on, To: p.consentUntil(item, on)}})
	return err
}

// consentUntil is until when an authorisation holds that a filing has signed: as long as the pack says for the programme, a year where it says nothing.
func (p *Pages) consentUntil(item *casework.ItemFile, on calendar.Date) calendar.Date {
	for _, r := range p.Pack.Workflow.Reviews {
		if !slices.Contains(r.Programmes, item.Programme) && !slices.Contains(r.Categories, item.Programme) {
			continue
		}
		for _, v := range r.Versions {
			if v.Span.Contains(on) && v.Authorisation != nil && v.Authorisation.Unit == "months" {
				return on.AddMonths(v.Authorisation.Count)
			}
		}
	}
	return on.AddMonths(12)
}
