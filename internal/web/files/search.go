package files

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
)

// mostHits is how many people a page of a search shows.
const mostHits = 20

// found is a page of a search.
type found struct {
	By     registry.By
	Wanted string
	People []person
	Next   string // the query of the next page, "" of the last
	Asked  bool
}

// person is somebody who was found.
type person struct {
	Name, Sex, Birth, Place, Address, Number string
	Household                                int64 // 0 of nobody's
}

// search finds people in the name of who asks. That somebody searched is an act, with what by and how many were found, and never for whom.
func (f *Files) search(ctx context.Context, who postgres.Principal, by registry.By, wanted string, after registry.After, lang fault.Lang) (found, registry.Page, error) {
	out := found{By: by, Wanted: wanted}
	if strings.TrimSpace(wanted) == "" || !utf8.ValidString(wanted) {
		return out, registry.Page{}, nil
	}
	out.Asked = true
	if by == "" {
		by = registry.Guess(wanted)
	}
	var page registry.Page
	err := f.DB.As(ctx, who, func(tx pgx.Tx) (err error) {
		if page, err = f.Registry.Search(ctx, tx, by, wanted, after, mostHits); err != nil {
			return err
		}
		ids := make([]int64, len(page.Hits))
		for i, h := range page.Hits {
			ids[i] = h.Person
		}
		homes, err := f.Registry.HouseholdsOf(ctx, tx, ids)
		if err != nil {
			return err
		}
		for _, h := range page.Hits {
			out.People = append(out.People, f.person(&h, homes[h.Person], lang))
		}
		_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "people.search", Subject: "people", Detail: map[string]any{"by": string(by), "found": len(page.Hits)}})
		return err
	})
	return out, page, err
}

func (f *Files) person(h *registry.Hit, household int64, lang fault.Lang) person {
	p := person{Name: h.Name, Sex: sexName(h.Sex, lang), Place: f.place(h.Area), Address: h.Address, Number: h.Number.Masked(), Household: household}
	if h.Birth != calendar.Forever {
		p.Birth = h.Birth.String()
	}
	return p
}
