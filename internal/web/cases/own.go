package cases

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/web"
)

// matterPath is where a resident follows an item of the own household.
func matterPath(item int64) string { return fmt.Sprint("/my/matters/", item) }

// ownPage is what every page of a resident knows.
type ownPage struct {
	Family  *access.Family
	Contact string // whom to call
	Office  string // where to go
}

var noFamily = fault.Text{Key: "cases.no-family",
	Zh: "您的账号没有对应到登记里的家庭，看不到也办不了家里的事。请带身份证到村（社区）或镇街救助窗口，或拨打12345",
	En: "your account is not tied to a household of the record, so that there is nothing here to see or to do: go to your village or township with your identity card, or call 12345"}

// readOwn reads the household of the resident who asks.
func (p *Pages) readOwn(ctx context.Context, tx pgx.Tx, v *web.Visit) (ownPage, error) {
	family, err := access.OwnFamily(ctx, tx, v.Today())
	if err != nil {
		return ownPage{}, err
	}
	o := ownPage{Family: family, Contact: p.Contact}
	if family.Self() != nil {
		office := p.office(family.Area)
		o.Office = office.In(v.Lang)
	}
	return o, nil
}

// readFamily is readOwn where there has to be a household.
func (p *Pages) readFamily(ctx context.Context, tx pgx.Tx, v *web.Visit) (ownPage, error) {
	o, err := p.readOwn(ctx, tx, v)
	if err == nil && o.Family.Self() == nil {
		err = fault.New(fault.NotFound, noFamily, nil)
	}
	return o, err
}

// homePage is where a resident begins.
type homePage struct {
	ownPage
	Todo    []todo
	Running []ownMatter
	Ended   []ownMatter
	Unread  int
}

// todo is something that waits for the resident.
type todo struct{ To, What, Why string }

// ownMatter is an item as the family sees it in a list.
type ownMatter struct {
	*casework.Queued
	To   string
	Says string // how it stands, in a sentence
}

func (p *Pages) home(v *web.Visit) error {
	page := &homePage{}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if page.ownPage, err = p.readOwn(ctx, tx, v); err != nil {
			return err
		}
		items, err := p.Casework.Own(ctx, tx)
		if err != nil {
			return err
		}
		if err := p.todos(ctx, tx, v, page, items); err != nil {
			return err
		}
		for _, q := range items {
			m := ownMatter{q, matterPath(q.ID), p.stands(v, q)}
			if q.State == "ended" {
				page.Ended = append(page.Ended, m)
			} else {
				page.Running = append(page.Running, m)
			}
		}
		page.Unread, err = notification.Unread(ctx, tx, v.Now())
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "own", page)
}

// todos are what waits for the resident: a signature, an answer.
func (p *Pages) todos(ctx context.Context, tx pgx.Tx, v *web.Visit, page *homePage, items []*casework.Queued) error {
	self := page.Family.Self()
	if self != nil && self.Signed == 0 && slices.ContainsFunc(items, waitsForSigning) {
		page.Todo = append(page.Todo, todo{"/my/sign", v.Say("签授权书和承诺书", "Sign the authorisation and the pledge"), v.Say("您家的申请要每个成年人自己签", "Your household's application needs every adult's own signature")})
	}
	if self != nil && self.Signed != 0 && unsignedWard(page.Family, v.Today()) && slices.ContainsFunc(items, waitsForSigning) {
		page.Todo = append(page.Todo, todo{"/my/sign", v.Say("替孩子签授权书", "Sign the authorisation for a child"), v.Say("您是监护人的话，签了孩子名下的存款才能一并核对", "if you are the guardian: the check then covers what is in the child's name")})
	}
	for _, q := range items {
		if q.State == "ended" || q.Next == nil {
			continue
		}
		if q.Next.By == "resident" && q.Next.Gives == "acknowledgement" {
			page.Todo = append(page.Todo, todo{matterPath(q.ID) + "#received", v.Say("确认收到：", "Say that you received: ") + q.Name.In(v.Lang), ""})
		}
		if q.Next.Gives != "acceptance" && q.Next.Gives != "survey" {
			continue // nothing is told as lacking any more
		}
		item, err := p.Casework.Item(ctx, tx, q.ID, v.Now())
		if err != nil {
			return err
		}
		answers, err := p.Casework.LackingAnswers(ctx, tx, q.ID)
		if err != nil {
			return err
		}
		if l := lackingOf(item, answers); l != nil && len(l.Answers) == 0 {
			page.Todo = append(page.Todo, todo{matterPath(q.ID) + "#lacking", v.Say("补材料：", "Bring what lacks: ") + q.Name.In(v.Lang), l.Papers})
		}
	}
	return nil
}

// waitsForSigning reports whether an item waits until the family has signed.
func waitsForSigning(q *casework.Queued) bool {
	return q.State != "ended" && q.Next != nil && q.Next.Gives == "authorisation"
}

// lacking is the one notice of what lacks, and what was answered.
type lacking struct {
	Step    int64
	Papers  string
	Due     string
	Answers []casework.LackingAnswer
}

// lackingOf is the notice of what lacks of an item, nil if none was given.
func lackingOf(item *casework.ItemFile, answers []casework.LackingAnswer) *lacking {
	for _, s := range item.Steps {
		if s.Step == nil || s.Step.OnlyIf != "papers-lacking" {
			continue
		}
		l := &lacking{Step: s.ID, Answers: answers}
		l.Papers, _ = s.Detail["papers"].(string)
		l.Due, _ = s.Detail["due"].(string)
		return l
	}
	return nil
}

// ownDoers are those who do a step, as a family knows them.
var ownDoers = map[string]pack.Text{
	"village-assistant": {Zh: "村级协理员", En: "the village assistant"}, "township-officer": {Zh: "镇街救助窗口", En: "the township's window"},
	"window":         {Zh: "受理的窗口", En: "the window that took it in"},
	"county-officer": {Zh: "县民政部门", En: "the county's civil affairs"}, "county-supervisor": {Zh: "县民政部门", En: "the county's civil affairs"},
	"community": {Zh: "村民代表", En: "the village's representatives"}, "coordination": {Zh: "县里的协调会", En: "the county's conference"},
	"decider": {Zh: "审批人", En: "whoever decides"}, "department-officer": {Zh: "主管部门", En: "the department in charge"},
	"fund": {Zh: "基金会", En: "the fund"}, "provider": {Zh: "服务单位", En: "whoever provides it"}, "finance": {Zh: "发放单位", En: "whoever pays"},
}

// ownDeciders are those who decide, by the rank of the authority.
var ownDeciders = map[string]pack.Text{
	"township": {Zh: "镇街", En: "the township"}, "county": ownDoers["county-officer"], "department": ownDoers["department-officer"], "fund": ownDoers["fund"],
}

// stands says in a sentence how an item stands, and until when the next step is due.
func (p *Pages) stands(v *web.Visit, q *casework.Queued) string {
	switch {
	case q.State == "suspended":
		return v.Say("县里暂停了这件事，正在查看。恢复后接着办，期限顺延", "The county has stopped it to look at it; it goes on afterwards and its limits are put off")
	case q.State == "ended" && q.EndedWhy != "done":
		return word("ended", q.EndedWhy, v.Lang)
	case q.State == "ended" && q.Decision == "refused", q.Decision == "refused":
		return v.Say("没有通过。理由和怎么申诉，点开看", "Refused. The reasons, and what you can do against it, are inside")
	case q.State == "ended" && q.Decision == "granted":
		return v.Say("已通过并办结", "Granted and done")
	case q.State == "ended":
		return v.Say("已办结", "Done")
	}
	return p.nextSays(v, q)
}

func (p *Pages) nextSays(v *web.Visit, q *casework.Queued) string {
	what, by := q.Comes()
	step := what.In(v.Lang)
	if by == "resident" {
		return v.Say("等您家："+step, "It waits for your household: "+step)
	}
	doer := ownDoers[by]
	if by == "decider" {
		doer = ownDeciders[q.NextRank]
	}
	said := v.Say("下一步由"+doer.In(v.Lang)+"办："+step, "Next, by "+doer.In(v.Lang)+": "+step)
	if q.Decision == "granted" {
		said = v.Say("已通过。", "Granted. ") + said
	}
	if !q.Due.IsZero() {
		last := dayOf(q.Due.Add(-time.Nanosecond))
		said += v.Say("，最晚"+last.Zh(), ", by "+web.LongDate(v.Lang, last))
	}
	return said
}

// ownMatterPage is one item as the family sees it.
type ownMatterPage struct {
	ownPage
	Forms    form
	Open     string // the form that came back
	Item     *casework.ItemFile
	Filing   *casework.FilingFile
	Says     string
	Steps    []step
	Lacking  *lacking
	Remedies []casework.RemedyUntil
	Appeals  []casework.Appeal
	Postings []casework.Posting
	Parts    map[string]string
	Applied  bool // whoever asks applied for it
	Against  []string
	Receives bool // it waits until the family says that it has received something
	Signs    bool // it waits for signatures
	Decider  string
}

func (p *ownMatterPage) Part(id string) string {
	if name := p.Parts[id]; name != "" {
		return name
	}
	return id
}

// Decision is the one that stands, nil if nothing is decided.
func (p *ownMatterPage) Decision() *casework.Decision {
	if n := len(p.Item.Decisions); n > 0 && p.Item.Decision != "" {
		return &p.Item.Decisions[n-1]
	}
	return nil
}

// Withdraws reports whether the applicant may still withdraw.
func (p *ownMatterPage) Withdraws() bool {
	return p.Applied && p.Item.State != "ended" && p.Item.Decision == ""
}

// Asked is what is done already against the decision and not answered yet, of a kind.
func (p *ownMatterPage) Asked(kind string) bool {
	return slices.ContainsFunc(p.Appeals, func(a casework.Appeal) bool { return a.Kind == kind })
}

// Reconsiders reports whether reconsideration is among the ways against the decision.
func (p *ownMatterPage) Reconsiders() bool {
	return slices.ContainsFunc(p.Remedies, func(r casework.RemedyUntil) bool { return r.Kind == "reconsideration" })
}

func (p *Pages) matter(v *web.Visit) error {
	return p.showMatter(v, http.StatusOK, newForm(), "")
}

func (p *Pages) showMatter(v *web.Visit, status int, f form, open string) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	page := &ownMatterPage{Forms: f, Open: open}
	if err := p.as(v, func(ctx context.Context, tx pgx.Tx) error { return p.readMatter(ctx, tx, v, page, id) }); err != nil {
		return err
	}
	return v.Render(status, p.templates, "ownmatter", page)
}

func (p *Pages) readMatter(ctx context.Context, tx pgx.Tx, v *web.Visit, page *ownMatterPage, id int64) (err error) {
	if page.ownPage, err = p.readOwn(ctx, tx, v); err != nil {
		return err
	}
	if page.Item, err = p.Casework.Item(ctx, tx, id, v.Now()); err != nil {
		return err
	}
	if page.Filing, err = p.Casework.Filing(ctx, tx, page.Item.Filing); err != nil {
		return err
	}
	answers, err := p.Casework.LackingAnswers(ctx, tx, id)
	if err != nil {
		return err
	}
	if page.Appeals, err = p.Casework.Appeals(ctx, tx, id); err != nil {
		return err
	}
	if page.Postings, err = p.Casework.Postings(ctx, tx, id); err != nil {
		return err
	}
	if page.Applied, err = casework.Applied(ctx, tx, id); err != nil {
		return err
	}
	page.Office = p.officeName(v, page.Item.Area)
	page.Says, page.Steps, page.Parts = p.stands(v, page.Item.Queued), stepsOf(page.Item), p.parts(v.Lang, page.Item.Programme)
	page.Lacking, page.Remedies = lackingOf(page.Item, answers), p.Casework.Remedies(page.Item)
	if page.Item.State != "ended" && page.Item.Decision == "" {
		page.Against = (&itemPage{Item: page.Item}).Objectionable()
	}
	if next := page.Item.Next; next != nil && page.Item.State != "ended" {
		page.Receives = next.By == "resident" && next.Gives == "acknowledgement"
		page.Signs = next.Gives == "authorisation"
	}
	page.Decider = page.Item.Authority.Seal.In(v.Lang)
	return nil
}

func (p *Pages) officeName(v *web.Visit, c area.Code) string {
	t := p.office(c)
	return t.In(v.Lang)
}

// ownAct is what a resident does about an item: withdraws it, answers what lacks, objects, acts against the decision, says that something came.
func (p *Pages) ownAct(v *web.Visit) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	act := v.R.PathValue("act")
	do, ok := ownActs[act]
	if !ok {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	if err = texts(v); err == nil {
		err = v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
			item, err := p.Casework.Item(ctx, tx, id, v.Now())
			if err != nil {
				return "", err
			}
			return matterPath(id), do(p, ctx, tx, v, item)
		})
	}
	if kind := fault.KindOf(err); err == nil || kind != fault.Invalid && kind != fault.Conflict && kind != fault.Forbidden {
		return err
	}
	f, status := again(v, err)
	f.Other = act
	return p.showMatter(v, status, f, act)
}

// ownActs are what a resident may do about an item. What is allowed is the database's to say.
var ownActs = map[string]func(p *Pages, ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile) error{
	"withdraw": (*Pages).ownWithdraw, "answer": (*Pages).ownAnswer, "object": (*Pages).ownObject, "appeal": (*Pages).ownAppeal, "received": (*Pages).ownReceived,
}

func (p *Pages) ownWithdraw(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile) error {
	why, err := needed(v, "reason", "撤回的原因", "why you withdraw")
	if err != nil {
		return err
	}
	if err := p.Casework.Withdraw(ctx, tx, item.ID, casework.Happening{Reason: why}, v.Now()); err != nil || item.Next == nil {
		return err
	}
	return p.tell(ctx, tx, item, officeOf(item.Next, item.NextRank, item.Department, item.Area), telling.ItemArrived, "withdrawn",
		notification.Args{"step": pack.Text{Zh: "申请人已撤回，不用再办", En: "withdrawn by the applicant: nothing to be done"}, "due": byWhen(item.Due)})
}

func (p *Pages) ownAnswer(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile) error {
	said, err := needed(v, "said", "您的答复", "your answer")
	if err != nil {
		return err
	}
	l := lackingOf(item, nil)
	if l == nil || item.Next == nil {
		return fault.New(fault.Conflict, noSuchThing, nil)
	}
	if err := p.Casework.AnswerLacking(ctx, tx, item.ID, l.Step, said, v.Now()); err != nil {
		return err
	}
	return p.tell(ctx, tx, item, officeOf(item.Next, item.NextRank, item.Department, item.Area), telling.ItemArrived, "answered-"+v.Key(),
		notification.Args{"step": pack.Text{Zh: "申请人答复了缺件告知", En: "the applicant answered the notice of what lacks"}, "due": byWhen(item.Due)})
}

func (p *Pages) ownObject(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile) error {
	said, err := needed(v, "said", "异议内容", "what you object to")
	if err != nil {
		return err
	}
	id, err := p.Casework.Object(ctx, tx, item.ID, text(v, "against"), v.Session.Name, said, v.Now())
	if err != nil {
		return err
	}
	return p.tellOfObjection(ctx, tx, v, item, id)
}

var askedBefore = fault.Text{Key: "cases.asked-before", Zh: "您已经提出过，正在处理，不用再提", En: "you have asked for it already and it is being looked at: there is no need to ask again"}

func (p *Pages) ownAppeal(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile) error {
	said, err := needed(v, "said", "请求和理由", "what you ask for and why")
	if err != nil {
		return err
	}
	n := len(item.Decisions)
	if n == 0 {
		return fault.New(fault.Conflict, noSuchThing, nil)
	}
	before, err := p.Casework.Appeals(ctx, tx, item.ID)
	if err != nil {
		return err
	}
	kind := text(v, "kind")
	if slices.ContainsFunc(before, func(a casework.Appeal) bool { return a.Kind == kind && a.Result == "" }) {
		return fault.New(fault.Conflict, askedBefore, nil)
	}
	id, err := p.Casework.Appeal(ctx, tx, casework.Appeal{Decision: item.Decisions[n-1].ID, Kind: kind, Who: v.Session.Name, Said: said, Filed: v.Today()})
	if err != nil {
		return err
	}
	return p.tellOfAppeal(ctx, tx, item, id)
}

// ownReceived says that what was granted came to the family.
func (p *Pages) ownReceived(ctx context.Context, tx pgx.Tx, v *web.Visit, item *casework.ItemFile) error {
	if item.Next == nil || item.Next.By != "resident" || item.Next.Gives != "acknowledgement" {
		return fault.New(fault.Conflict, stale, nil)
	}
	_, err := p.Casework.Do(ctx, tx, item.ID, item.Next.ID, casework.Doing{Signer: v.Session.Name, Signature: onlineSignature(v), Detail: map[string]any{}}, v.Now())
	return err
}

// onlineSignature is where something is kept that was signed here: as an act of the account.
func onlineSignature(v *web.Visit) string {
	return fmt.Sprint("网上签署，账号", v.Session.Account)
}

// ownSignPage is what each adult of the household signs.
type ownSignPage struct {
	ownPage
	Forms form
	Text  signedText
}

// Waits reports whether there is something to sign: for oneself, or for a child.
func (p *ownSignPage) Waits(on calendar.Date) bool {
	return p.Family.Self().Signed == 0 || unsignedWard(p.Family, on)
}

// unsignedWard reports whether nobody has signed for some child of a household.
func unsignedWard(family *access.Family, on calendar.Date) bool {
	return slices.ContainsFunc(family.Wards(on), func(k access.Kin) bool { return k.Signed == 0 })
}

// signedText is what is signed: that means may be checked, and that what was said is true.
type signedText struct{ Authorisation, Pledge pack.Text }

// signing is the text of the authorisation and of the pledge.
var signing = signedText{
	Authorisation: pack.Text{
		Zh: "本人同意救助部门为办理本户的救助申请，向银行、证券、保险、车辆、不动产、税务、社保等单位查询核对本人的收入和财产。查询结果只用于救助审核，期限一年；可以随时到窗口撤销。",
		En: "So that my household's application can be handled, I agree that the assistance authorities ask banks, securities firms, insurers and the registers of vehicles, property, tax and insurance what I earn and own. What they tell is used for this alone and for one year; I can revoke it at the window at any time."},
	Pledge: pack.Text{
		Zh: "本人申报的家庭成员、收入、财产和支出都是真实的；情况有变化会在一个月内告诉窗口。故意隐瞒或者说假话的，愿意退回救助并承担责任。",
		En: "What I declared of the members, the income, the property and the expenses of my household is true, and I will tell the window within a month if it changes. If I hide something or lie on purpose, I give the help back and answer for it."},
}

func (p *Pages) signPage(v *web.Visit) error {
	return p.showSign(v, http.StatusOK, newForm())
}

func (p *Pages) showSign(v *web.Visit, status int, f form) error {
	page := &ownSignPage{Forms: f, Text: signing}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		page.ownPage, err = p.readFamily(ctx, tx, v)
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(status, p.templates, "ownsign", page)
}

var tickBoth = fault.Text{Key: "cases.tick-both", Zh: "请读完后，在授权和承诺两处都打勾", En: "read both texts and tick the authorisation and the pledge"}

func (p *Pages) sign(v *web.Visit) error {
	err := v.Act(access.ForOwn, func(ctx context.Context, tx pgx.Tx) (string, error) {
		o, err := p.readFamily(ctx, tx, v)
		if err != nil {
			return "", err
		}
		if err := p.signOwn(ctx, tx, v, o.Family); err != nil {
			return "", err
		}
		return "/my", p.signedAll(ctx, tx, v)
	})
	if fault.KindOf(err) != fault.Invalid {
		return err
	}
	f, status := again(v, err)
	return p.showSign(v, status, f)
}

// signOwn keeps the authorisation and the pledge of the resident who acts, unless they are signed, and for each child whose guardian they say that
// they are: a check does not cover a child for whom nobody signs, and what it would find stays unknown.
func (p *Pages) signOwn(ctx context.Context, tx pgx.Tx, v *web.Visit, family *access.Family) error {
	var signs []*access.Kin
	if self := family.Self(); self.Signed == 0 {
		signs = append(signs, self)
	}
	for i := range family.Members {
		k := &family.Members[i]
		if k.Counted && !k.Self && k.Signed == 0 && !k.Adult(v.Today()) && slices.Contains(v.R.PostForm["ward"], fmt.Sprint(k.Person)) {
			signs = append(signs, k)
		}
	}
	if len(signs) == 0 {
		return nil
	}
	if text(v, "authorise") != "yes" || text(v, "pledge") != "yes" {
		return fault.New(fault.Invalid, tickBoth, nil).In(fault.At{Field: "authorise"})
	}
	if p.Means == nil {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	for _, k := range signs {
		k.Signed = v.Today().AddMonths(12)
		_, err := p.Means.Authorise(ctx, tx, means.Authorisation{Person: k.Person, SignedBy: family.Self().Name, Paper: onlineSignature(v), Pledge: signing.Pledge.In(v.Lang),
			Holds: spanUntil(v, k.Signed)})
		if err != nil {
			return err
		}
	}
	return nil
}

// signedAll lets go on what waited for the household's signatures, if now everybody who is grown up has signed.
func (p *Pages) signedAll(ctx context.Context, tx pgx.Tx, v *web.Visit) error {
	family, err := access.OwnFamily(ctx, tx, v.Today())
	if err != nil || len(unsignedOf(family, v)) > 0 {
		return err
	}
	items, err := p.Casework.Own(ctx, tx)
	if err != nil {
		return err
	}
	for _, q := range items {
		if !waitsForSigning(q) || q.Household != family.Household {
			continue
		}
		if err := p.advance(ctx, tx, v, q.ID, family, ""); err != nil {
			return err
		}
		item, err := p.Casework.Item(ctx, tx, q.ID, v.Now())
		if err != nil {
			return err
		}
		if err := p.tellNext(ctx, tx, item, "signed"); err != nil {
			return err
		}
	}
	return nil
}
