package cases

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/media"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

const (
	mostPapers    = 10       // files of one form
	largestPapers = 64 << 20 // bytes of one form
)

// paper adds a paper to a case, or to its whole filing: where it lies, its files, or both.
func (p *Pages) paper(v *web.Visit) error {
	files, failed := v.Uploads("file", mostPapers, casework.LargestPaper)
	return p.act(v, "paper", func(ctx context.Context, tx pgx.Tx, item *casework.ItemFile, now time.Time) error {
		if failed != nil {
			return failed
		}
		all, err := papersOf(v, files)
		if err != nil {
			return err
		}
		of := item.ID
		if text(v, "whole") != "" {
			of = 0
		}
		for _, one := range all {
			if err := p.Casework.AddPaper(ctx, tx, item.Filing, of, one, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// papersOf are the papers of a form: one for each of its files, or one that lies somewhere.
func papersOf(v *web.Visit, files []web.Upload) ([]casework.Paper, error) {
	if len(files) == 0 {
		if _, err := needed(v, "kept", "文件，或存放处", "a file, or where the paper is kept"); err != nil {
			return nil, err
		}
	}
	one, err := paperOf(v)
	if err != nil || len(files) == 0 {
		return []casework.Paper{one}, err
	}
	if one.Kept == "" {
		one.Kept = casework.KeptHere
	}
	var all []casework.Paper
	for i, f := range files {
		if f.Content == nil {
			return nil, casework.TooLarge(f.Size)
		}
		paper := one
		paper.Content = f.Content
		if len(files) > 1 {
			paper.Name += fmt.Sprintf("（%d）", i+1)
		}
		all = append(all, paper)
	}
	return all, nil
}

// endings are how the names of the kinds of files end.
var endings = map[string]string{media.JPEG: ".jpg", media.PNG: ".png", media.WebP: ".webp", media.PDF: ".pdf"}

// openPaper answers with the file of a paper of the case. Nothing in it acts in our name, and nothing keeps it; a document is saved and not opened here.
func (p *Pages) openPaper(v *web.Visit) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	number, err := pathID(v, "paper")
	if err != nil {
		return err
	}
	var paper casework.PaperKept
	var content []byte
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		item, err := p.Casework.Item(ctx, tx, id, v.Now())
		if err != nil {
			return err
		}
		if paper, content, err = p.Casework.PaperContent(ctx, tx, number); err == nil && paper.Filing != item.Filing {
			err = fault.New(fault.NotFound, noSuchThing, nil)
		}
		return err
	})
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", paper.Media)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "no-store")
	if paper.Media == media.PDF {
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(paper.Name+endings[paper.Media]))
	}
	v.W.WriteHeader(http.StatusOK)
	_, _ = v.W.Write(content) // the visitor may have left
	return nil
}

// keptAt is where a paper is, as people read it.
func keptAt(lang fault.Lang, kept string) string {
	if kept == casework.KeptHere {
		return lang.Say("平台内，加密保存", "in the platform, sealed")
	}
	if id, ok := strings.CutPrefix(kept, "visit:"); ok && number(id) > 0 {
		return lang.Say("走访"+id+"号，手机上", "visit "+id+", on the phone")
	}
	return kept
}

// evidence is what a visit brought back that a step of the case writes down.
type evidence struct {
	visit.Made
	Step  string
	Found []visit.Found
}

// readEvidence reads what the visits brought back that steps of the case write down.
func (p *Pages) readEvidence(ctx context.Context, tx pgx.Tx, page *itemPage) error {
	if p.Visits == nil {
		return nil
	}
	for _, s := range page.Item.Steps {
		if s.Visit == 0 || s.Step == nil {
			continue
		}
		made, err := visit.MadeOf(ctx, tx, s.Visit)
		if err != nil || len(made) == 0 {
			return err // of a department's officer, who sees no visit
		}
		found, err := p.Visits.Found(ctx, tx, s.Visit)
		if err != nil {
			return err
		}
		page.Evidence = append(page.Evidence, evidence{made[0], s.StepID, found})
	}
	return nil
}

// Who is whom something was found of, "" of the household.
func (p *itemPage) Who(person int64) string {
	if p.File == nil {
		return ""
	}
	for _, x := range p.File.Persons {
		if x.ID == person {
			return x.Name
		}
	}
	return ""
}
