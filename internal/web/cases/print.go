package cases

import (
	"context"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/web"
)

// printPage is a paper of a case.
type printPage struct {
	What     string
	Item     *casework.ItemFile
	Filing   *casework.FilingFile
	File     *registry.File
	Members  []registry.Person
	Posting  *casework.Posting
	Survey   *casework.StepDone
	Decision *casework.Decision
	Letter   letterHead
	Names    map[int64]string
	Who      string // who surveyed
	Place    string
	Office   string
	County   string
	Page     *itemPage
	Shown    []string // the fields of a posting, in the order of the regime's list
	Draft    bool
}

// letterHead is what the authority gives a letter: its name, whose seal it bears.
type letterHead struct {
	Title, Seal string
	Unit        string // in whose name
}

// shownOrder is the order of a posting's fields on paper.
var shownOrder = []string{"applicant", "village", "member-count", "programme", "reason", "amount", "contact"}

var nothingToPrint = fault.Text{Key: "cases.nothing-to-print", Zh: "还没有可以打印的内容：办到那一步之后才有", En: "there is nothing to print yet: it comes with its step"}

// printed are the papers that a case has, each with a page of its own.
var printed = []string{"application", "authorisation", "survey", "notice", "publication", "letter"}

func (p *Pages) print(v *web.Visit) error {
	what := v.R.PathValue("what")
	id, err := pathID(v, "id")
	if err != nil || !slices.Contains(printed, what) {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	page := &itemPage{Today: dayOf(v.Now())}
	if err := p.as(v, func(ctx context.Context, tx pgx.Tx) error { return p.readItem(ctx, tx, v, page, id) }); err != nil {
		return err
	}
	out := &printPage{What: what, Item: page.Item, Filing: page.Filing, File: page.File, Names: page.Names, Page: page, Place: v.Place(page.Item.Area),
		Office: p.short(page.Item.Area.At(area.Township)), County: p.short(page.Item.Area.At(area.County))}
	out.Members = page.Members()
	page.Steps = stepsOf(page.Item)
	if what == "survey" {
		p.explain(v, page)
	}
	if err := out.fill(v, page); err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "print", out)
}

// fill finds what the paper is about.
func (out *printPage) fill(v *web.Visit, page *itemPage) error {
	switch out.What {
	case "survey":
		for i := range page.Item.Steps {
			if s := &page.Item.Steps[i]; s.Gives == "survey" && s.Counts {
				out.Survey, out.Who = s, page.who(v, s.By, s.People)
			}
		}
	case "notice", "publication":
		for i := range page.Postings {
			if page.Postings[i].Kind == out.What {
				out.Posting = &page.Postings[i]
			}
		}
		if out.Posting == nil {
			return fault.New(fault.Conflict, nothingToPrint, nil)
		}
		for _, f := range shownOrder {
			if _, ok := out.Posting.Shows[f]; ok {
				out.Shown = append(out.Shown, f)
			}
		}
	case "letter":
		if len(page.Item.Decisions) == 0 {
			return fault.New(fault.Conflict, nothingToPrint, nil)
		}
		out.Decision = &page.Item.Decisions[len(page.Item.Decisions)-1]
		a := out.Decision.Authority
		out.Letter = letterHead{Title: a.Letter.In(v.Lang), Seal: a.Seal.In(v.Lang), Unit: a.Seal.In(v.Lang)}
		if out.Decision.Result == "refused" {
			out.Letter.Title = a.Refusal.In(v.Lang)
		}
		out.Draft = true
	}
	return nil
}
