package site_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
)

// asked is an address that somebody asks for.
type asked struct {
	reader *reader
	path   string
}

// No list and no file asks the database more often because there is more to show, and none is heavy when it is full: everybody reads all they can come
// to with a few rows of everything, and the same again with many times as many.
func TestPagesWithMoreRows(t *testing.T) {
	w := sampleCounty(t, 800)
	s := w.staff()
	busy := s.households(8, false)
	s.work(8)
	s.more(busy, 0, 2)
	w.own("analyze")
	readers := s.ofEachRole()
	s.gather(readers)
	before := map[asked]reply{}
	for _, r := range readers {
		for _, paths := range r.pages {
			for _, path := range paths {
				before[asked{r, path}] = w.warm(r, path)
			}
		}
	}
	if len(before) < 100 {
		t.Errorf("only %d pages were found", len(before))
	}
	s.more(busy, 2, 20)
	s.work(80)
	w.own("analyze")
	heavier := 0
	for page, was := range before {
		is := w.warm(page.reader, page.path)
		if is.queries > was.queries {
			t.Errorf("%s asks the database %d times for %s where it asked %d times with fewer rows", page.path, is.queries, page.reader.who.Role, was.queries)
		}
		if is.size > heaviest {
			t.Errorf("%s weighs %d bytes for %s", page.path, is.size, page.reader.who.Role)
		}
		if len(is.body) > len(was.body)*5/4 {
			heavier++
		}
	}
	if heavier < 20 {
		t.Errorf("only %d pages show more than before: the rows came to none", heavier)
	}
}

// ofEachRole is one of the readers of each role.
func (s *staff) ofEachRole() []*reader {
	s.Helper()
	seen := map[string]bool{}
	var all []*reader
	for _, r := range s.readers() {
		if !seen[r.who.Role] {
			seen[r.who.Role] = true
			all = append(all, r)
		}
	}
	return all
}

// warm asks for a page several times and gives the answer for which the database was asked least: what is read once only has been read then, and that
// somebody is there is written down once a minute.
func (w *world) warm(r *reader, path string) (least reply) {
	w.Helper()
	for n := range 3 {
		a, err := w.get(r, path, true)
		if err != nil || a.status != http.StatusOK {
			w.Fatalf("%s for %s: %d %v", path, r.who.Role, a.status, err)
		}
		if n == 0 || a.queries < least.queries {
			least = a
		}
	}
	return least
}

// others are programmes that a household may ask for beside.
var others = []string{"elder-hardship", "disabled-living", "disabled-care", "orphan-basic", "key-child", "public-rental", "legal-aid", "assistive", "funeral", "veteran"}

// more adds visits, reports, papers and filings of other programmes to each household: as if there had been some of each and were to be as many as to.
func (s *staff) more(households []busy, some, to int) {
	s.Helper()
	for i, h := range households {
		var item, filing int64
		s.must(s.db.Work(s.Context(), func(tx pgx.Tx) error {
			return tx.QueryRow(s.Context(), "select id, filing from item where household = $1 and state <> 'ended' order by id limit 1", h.id).Scan(&item, &filing)
		}))
		for k := some; k < to; k++ {
			s.made++
			s.visit(s.made, h)
			s.report(s.made, h)
			s.as(h.officer, func(ctx context.Context, tx pgx.Tx) error {
				return s.deps.Casework.AddPaper(ctx, tx, filing, item, casework.Paper{Kind: "application", Name: fmt.Sprint("材料", s.made), Pages: 1, Kept: "柜1"}, time.Now())
			})
			if k < len(others) {
				s.beside(h, others[(i+k)%len(others)])
			}
		}
	}
}

func (s *staff) beside(h busy, programme string) {
	s.Helper()
	s.as(h.assistant, func(ctx context.Context, tx pgx.Tx) error {
		_, err := s.deps.Casework.File(ctx, tx, casework.Filing{Household: h.id, Applicant: h.head, Occasion: casework.Application, Channel: "village", Proxy: "委托书",
			Items: []casework.Want{{Programme: programme, Person: h.head, Outcome: "possible"}}}, time.Now())
		return err
	})
}
