package cases

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// happenings are who may say that something happened to a case, as the database lets them; a return is for whose step is next.
var happenings = map[string][]access.Role{
	"withdraw": {access.Assistant, access.Officer, access.Department}, "not-wished": {access.Assistant, access.Officer, access.Department},
	"died": {access.Assistant, access.Officer, access.Supervisor, access.Department}, "moved": {access.Officer, access.Supervisor},
	"near-kin": {access.Officer, access.Supervisor}, "extend": {access.Officer, access.Decider, access.Supervisor}, "suspend": {access.Supervisor}, "resume": {access.Supervisor},
}

// May reports whether one of some things may be said to have happened by the visitor, as the case stands.
func (p *itemPage) May(kinds ...string) bool {
	return slices.ContainsFunc(kinds, func(kind string) bool {
		if (kind == "withdraw" || kind == "not-wished") && p.Item.Decision != "" {
			return false
		}
		return slices.Contains(happenings[kind], p.Role)
	})
}

// FirstOf is the first of some things that may be said to have happened: the form's own.
func (p *itemPage) FirstOf(kinds ...string) string {
	for _, kind := range kinds {
		if p.May(kind) {
			return kind
		}
	}
	return kinds[0]
}

// formOf is in which form of the page something is said to have happened.
func formOf(kind string) string {
	switch kind {
	case "not-wished":
		return "withdraw"
	case "moved", "near-kin", "extend", "suspend", "resume":
		return "died"
	}
	return kind
}

// happen writes down what stops a case, lets it go on, or takes it back.
func (p *Pages) happen(v *web.Visit) error {
	kind := v.R.PathValue("kind")
	return p.act(v, formOf(kind), func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		why, err := needed(v, "reason", "原因", "the reason")
		if err != nil {
			return err
		}
		h := casework.Happening{Reason: why, Signer: text(v, "signer"), Signature: text(v, "signature")}
		switch kind {
		case "return":
			to, err := needed(v, "to", "退回到哪个环节", "the step to which it is returned")
			if err != nil {
				return err
			}
			if err := p.Casework.Return(ctx, tx, item.ID, to, why, now); err != nil {
				return err
			}
			return p.tellOfReturn(ctx, tx, v, item, to, why)
		case "withdraw":
			return p.Casework.Withdraw(ctx, tx, item.ID, h, now)
		case "not-wished":
			return p.Casework.Decline(ctx, tx, item.ID, h, now)
		case "suspend":
			if err := p.Casework.Suspend(ctx, tx, item.ID, why, now); err != nil {
				return err
			}
			return p.tellDelayed(ctx, tx, item, why)
		case "resume":
			return p.Casework.Resume(ctx, tx, item.ID, why, now)
		case "extend":
			if err := p.Casework.Extend(ctx, tx, item.ID, why, now); err != nil {
				return err
			}
			return p.tellDelayed(ctx, tx, item, why)
		case "near-kin":
			return p.Casework.RegisterKin(ctx, tx, item.ID, why, now)
		case "died":
			return p.Casework.Died(ctx, tx, item.ID, why, now)
		case "moved":
			return p.Casework.Moved(ctx, tx, item.ID, why, now)
		}
		return fault.New(fault.NotFound, noSuchThing, nil)
	})
}

func (p *Pages) object(v *web.Visit) error {
	return p.act(v, "object", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		said, err := needed(v, "said", "异议内容", "what is objected")
		if err != nil {
			return err
		}
		who := text(v, "who")
		if who == "" {
			who = v.Say("不愿署名", "unnamed")
		}
		id, err := p.Casework.Object(ctx, tx, item.ID, text(v, "against"), who, said, now)
		if err != nil {
			return err
		}
		return p.tellOfObjection(ctx, tx, v, item, id)
	})
}

// people are the names in a field, separated as people separate them.
func people(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("、，,；;\n ", r) })
}

func (p *Pages) answer(v *web.Visit) error {
	return p.act(v, "answer-"+v.R.PathValue("objection"), func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		objection, err := pathID(v, "objection")
		if err != nil {
			return err
		}
		found, err := needed(v, "found", "处理结果和理由", "what came out")
		if err != nil {
			return err
		}
		a := casework.Answer{Kind: text(v, "answer"), Found: found, Present: people(text(v, "present"))}
		if s := text(v, "upheld"); s != "" {
			upheld := s == "yes"
			a.Upheld = &upheld
		}
		if err := p.Casework.Answer(ctx, tx, objection, a, now); err != nil {
			return err
		}
		return p.tellOfAnswer(ctx, tx, v, item, objection, found)
	})
}

func (p *Pages) appeal(v *web.Visit) error {
	return p.act(v, "appeal", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		said, err := needed(v, "said", "请求和理由", "what is asked for and why")
		if err != nil {
			return err
		}
		who, err := needed(v, "who", "提出人", "who appeals")
		if err != nil {
			return err
		}
		on, err := dateOr(v, "on", dayOf(now))
		if err != nil {
			return err
		}
		if len(item.Decisions) == 0 {
			return fault.New(fault.Conflict, noSuchThing, nil)
		}
		id, err := p.Casework.Appeal(ctx, tx, casework.Appeal{Decision: item.Decisions[len(item.Decisions)-1].ID, Kind: text(v, "kind"), Who: who, Said: said, Filed: on})
		if err != nil {
			return err
		}
		return p.tellOfAppeal(ctx, tx, item, id)
	})
}

func (p *Pages) appealed(v *web.Visit) error {
	return p.act(v, "appealed-"+v.R.PathValue("appeal"), func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		appeal, err := pathID(v, "appeal")
		if err != nil {
			return err
		}
		found, err := needed(v, "found", "结果和理由", "what came out and why")
		if err != nil {
			return err
		}
		on, err := dateOr(v, "on", dayOf(now))
		if err != nil {
			return err
		}
		if err := p.Casework.AppealResult(ctx, tx, appeal, text(v, "result"), found, on); err != nil {
			return err
		}
		return p.tellOfAppealResult(ctx, tx, item, appeal, found)
	})
}

func (p *Pages) reviewed(v *web.Visit) error {
	return p.act(v, "reviewed-"+v.R.PathValue("review"), func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		review, err := pathID(v, "review")
		if err != nil {
			return err
		}
		found, err := needed(v, "found", "核查情况", "what was found")
		if err != nil {
			return err
		}
		return p.Casework.Reviewed(ctx, tx, review, text(v, "result"), found, now)
	})
}

// end ends the help that goes on.
func (p *Pages) end(v *web.Visit) error {
	return p.act(v, "end", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		why, err := needed(v, "reason", "原因", "the reason")
		if err != nil {
			return err
		}
		e := casework.Ending{Why: text(v, "why"), Reason: why}
		if e.On, err = date(v, "on"); err != nil {
			return err
		}
		y, m, _ := dayOf(now).YMD()
		usual := calendar.Must(y, m, 1).AddMonths(1)
		if e.Why == "review" || e.Why == "exit" {
			r, err := p.lastReview(ctx, tx, item.ID)
			if err != nil {
				return err
			}
			e.Review = r.ID
			if r.Until != 0 {
				usual = r.Until
			}
		}
		if e.On == 0 {
			e.On = usual
		}
		n, err := p.Casework.EndAwards(ctx, tx, item.ID, e)
		if err != nil || n == 0 {
			return err
		}
		return p.tellOfEnd(ctx, tx, item, e.On, why)
	})
}

var noReview = fault.Text{Key: "cases.no-review", Zh: "还没有登记核查结果。停止、渐退要先登记核查", En: "no review says so yet: write down what the review came to first"}

// lastReview is the review of a case that was done last.
func (p *Pages) lastReview(ctx context.Context, tx pgx.Tx, item int64) (r casework.Review, err error) {
	all, err := p.Casework.ReviewsOf(ctx, tx, item)
	if err != nil {
		return r, err
	}
	for _, r := range slices.Backward(all) {
		if r.Result != "" {
			return r, nil
		}
	}
	return r, fault.New(fault.Conflict, noReview, nil).In(fault.At{Field: "why"})
}

func (p *Pages) photograph(v *web.Visit) error {
	return p.act(v, "photograph-"+v.R.PathValue("posting"), func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		posting, err := pathID(v, "posting")
		if err != nil {
			return err
		}
		kept, err := needed(v, "kept", "照片存放处", "where the photograph is kept")
		if err != nil {
			return err
		}
		return p.Casework.Photograph(ctx, tx, posting, kept, now)
	})
}

func (p *Pages) archive(v *web.Visit) error {
	return p.act(v, "archive", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		return p.Casework.Archive(ctx, tx, item.Filing, now)
	})
}

// planSurvey sends people to the household's home: the visit is on their phones.
func (p *Pages) planSurvey(v *web.Visit) error {
	return p.act(v, "survey-plan", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		visitors := []int64{v.Session.Account}
		for _, one := range v.R.PostForm["with"] {
			visitors = append(visitors, number(one))
		}
		id, err := p.Casework.PlanSurvey(ctx, tx, item.ID, visitors, text(v, "note"), now)
		if err != nil {
			return err
		}
		planned, err := visit.GoingOf(ctx, tx, id)
		if err != nil {
			return err
		}
		return p.Telling.VisitChanged(ctx, tx, visit.Going{}, planned, "planned")
	})
}

// requestCheck asks for a check of the household's means, which all who are grown up have authorised.
func (p *Pages) requestCheck(v *web.Visit) error {
	return p.act(v, "check-request", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		if p.Means == nil {
			return fault.New(fault.NotFound, noSuchThing, nil)
		}
		id, err := p.Casework.RequestCheck(ctx, tx, p.Means, item.ID, now)
		if err != nil {
			return err
		}
		check, err := p.Means.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		return p.Telling.CheckMoved(ctx, tx, check)
	})
}
