package cases

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/web"
)

// guarded is an act on a case that is done once and not on a page that is out of date.
func (p *Pages) guarded(v *web.Visit, open string, do func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error) error {
	return p.act(v, open, func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		before, err := p.done(ctx, tx, key)
		if err != nil || before {
			return err
		}
		if err := seen(v, item); err != nil {
			return err
		}
		return do(ctx, tx, item, now, key)
	})
}

// happen writes down what stops a case, lets it go on, or takes it back.
func (p *Pages) happen(v *web.Visit) error {
	kind := v.R.PathValue("kind")
	return p.guarded(v, kind, func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
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
			if err := p.Casework.Return(ctx, tx, item.ID, to, why, now, key); err != nil {
				return err
			}
			return p.tellOfReturn(ctx, tx, v, item, to, why)
		case "withdraw":
			return p.Casework.Withdraw(ctx, tx, item.ID, h, now, key)
		case "not-wished":
			return p.Casework.Decline(ctx, tx, item.ID, h, now, key)
		case "suspend":
			return p.Casework.Suspend(ctx, tx, item.ID, why, now, key)
		case "resume":
			return p.Casework.Resume(ctx, tx, item.ID, why, now, key)
		case "extend":
			return p.Casework.Extend(ctx, tx, item.ID, why, now, key)
		case "near-kin":
			return p.Casework.RegisterKin(ctx, tx, item.ID, why, now, key)
		case "died":
			return p.Casework.Died(ctx, tx, item.ID, why, now, key)
		case "moved":
			return p.Casework.Moved(ctx, tx, item.ID, why, now, key)
		}
		return fault.New(fault.NotFound, noSuchThing, nil)
	})
}

func (p *Pages) object(v *web.Visit) error {
	return p.guarded(v, "object", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		said, err := needed(v, "said", "异议内容", "what is objected")
		if err != nil {
			return err
		}
		who := text(v, "who")
		if who == "" {
			who = v.Say("不愿署名", "unnamed")
		}
		id, err := p.Casework.Object(ctx, tx, item.ID, text(v, "against"), who, said, now, key)
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
	return p.guarded(v, "answer", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
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
		if err := p.Casework.Answer(ctx, tx, objection, a, now, key); err != nil {
			return err
		}
		return p.tellOfAnswer(ctx, tx, v, item, objection, found)
	})
}

func (p *Pages) appeal(v *web.Visit) error {
	return p.guarded(v, "appeal", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
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
		_, err = p.Casework.Appeal(ctx, tx, casework.Appeal{Decision: item.Decisions[len(item.Decisions)-1].ID, Kind: text(v, "kind"), Who: who, Said: said, Filed: on}, key)
		return err
	})
}

func (p *Pages) appealed(v *web.Visit) error {
	return p.guarded(v, "appealed", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
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
		return p.Casework.AppealResult(ctx, tx, appeal, text(v, "result"), found, on, key)
	})
}

func (p *Pages) reviewed(v *web.Visit) error {
	return p.guarded(v, "reviewed", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		review, err := pathID(v, "review")
		if err != nil {
			return err
		}
		found, err := needed(v, "found", "核查情况", "what was found")
		if err != nil {
			return err
		}
		return p.Casework.Reviewed(ctx, tx, review, text(v, "result"), found, now, key)
	})
}

// end ends the help that goes on.
func (p *Pages) end(v *web.Visit) error {
	return p.guarded(v, "end", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		why, err := needed(v, "reason", "原因", "the reason")
		if err != nil {
			return err
		}
		on, err := date(v, "on")
		if err != nil {
			return err
		}
		if on == 0 {
			y, m, _ := dayOf(now).YMD()
			on = dayOf(time.Date(y, m, 1, 0, 0, 0, 0, zone)).AddMonths(1)
		}
		_, err = p.Casework.EndAwards(ctx, tx, item.ID, casework.Ending{On: on, Why: text(v, "why"), Reason: why, Review: number(text(v, "review"))}, key)
		return err
	})
}

func (p *Pages) paper(v *web.Visit) error {
	return p.act(v, "paper", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		if _, err := needed(v, "kept", "存放处", "where it is kept"); err != nil {
			return err
		}
		paper, err := paperOf(v)
		if err != nil {
			return err
		}
		return p.Casework.AddPaper(ctx, tx, item.Filing, item.ID, paper, now, key)
	})
}

func (p *Pages) photograph(v *web.Visit) error {
	return p.act(v, "photograph", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		posting, err := pathID(v, "posting")
		if err != nil {
			return err
		}
		kept, err := needed(v, "kept", "照片存放处", "where the photograph is kept")
		if err != nil {
			return err
		}
		return p.Casework.Photograph(ctx, tx, posting, kept, now, key)
	})
}

func (p *Pages) archive(v *web.Visit) error {
	return p.act(v, "archive", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		return p.Casework.Archive(ctx, tx, item.Filing, now, key)
	})
}

// planSurvey sends people to the household's home: the visit is on their phones.
func (p *Pages) planSurvey(v *web.Visit) error {
	return p.guarded(v, "survey-plan", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		visitors := []int64{v.Session.Account}
		for _, one := range v.R.PostForm["with"] {
			visitors = append(visitors, number(one))
		}
		id, err := p.Casework.PlanSurvey(ctx, tx, item.ID, visitors, text(v, "note"), now, key)
		if err != nil || p.Notes == nil {
			return err
		}
		for _, one := range visitors[1:] {
			err := p.tell(ctx, tx, item, notification.To{Account: one}, "item-arrived", fmt.Sprint("visit-", id), notification.Args{"step": item.Next.Name, "due": byWhen(item.Due)})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// requestCheck asks for a check of the household's means, which all who are grown up have authorised.
func (p *Pages) requestCheck(v *web.Visit) error {
	return p.guarded(v, "check-request", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time, key string) error {
		if p.Means == nil {
			return fault.New(fault.NotFound, noSuchThing, nil)
		}
		_, err := p.Casework.RequestCheck(ctx, tx, p.Means, item.ID, now, key)
		return err
	})
}
