package library

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/check"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/rules"
)

// Page is a file of the library: its name, with slashes, and its bytes.
type Page struct {
	Name    string
	Content []byte
}

// book is a policy being written down.
type book struct {
	policy     *rules.Policy
	pack       *pack.Pack
	on         calendar.Date // the day as of which things are "now"
	report     *check.Report
	programmes map[string]*pack.Programme
	feeds      map[string]*pack.Feed
	facts      map[string]*pack.Fact
	reached    map[string]*reach // by programme
	ofIndex    *reach
	ofWarnings *reach
	matrix     *matrix
	anchors    map[fault.Lang]map[string]string // of variables, parameters and facts, by path; of the workflow's rules, by name
}

// Pages is the whole library, sorted by name. What is said to be so "now" is so on the day.
func Pages(policy *rules.Policy, on calendar.Date) ([]Page, error) {
	b := newBook(policy, on)
	var err error
	if b.matrix, err = b.countMatrix(); err != nil {
		return nil, err
	}
	var pages []Page
	for _, lang := range []fault.Lang{fault.Zh, fault.En} {
		pages = append(pages, b.inLanguage(lang)...)
	}
	examples, err := b.examples()
	if err != nil {
		return nil, err
	}
	pages = append(pages, examples...)
	slices.SortFunc(pages, func(a, b Page) int { return strings.Compare(a.Name, b.Name) })
	return pages, nil
}

func newBook(policy *rules.Policy, on calendar.Date) *book {
	p := policy.Pack()
	b := &book{policy: policy, pack: p, on: on, report: check.Survey(p), programmes: map[string]*pack.Programme{},
		feeds: map[string]*pack.Feed{}, facts: map[string]*pack.Fact{}, reached: map[string]*reach{}}
	for _, q := range p.Programmes {
		b.programmes[q.ID] = q
		b.reached[q.ID] = reachOf(policy, q)
	}
	b.ofIndex, b.ofWarnings = reachOfAll(policy, indexExpressions(p)), reachOfAll(policy, warningExpressions(p))
	for _, f := range p.Feeds {
		b.feeds[f.ID] = f
	}
	for _, f := range p.Facts {
		b.facts[f.Path()] = f
	}
	b.anchors = map[fault.Lang]map[string]string{fault.Zh: b.nameAnchors(fault.Zh), fault.En: b.nameAnchors(fault.En)}
	return b
}

func indexExpressions(p *pack.Pack) []pack.Expr {
	if p.Index == nil {
		return nil
	}
	var all []pack.Expr
	for _, d := range p.Index.Dimensions {
		all = append(all, d.Score, d.Before)
	}
	return all
}

func warningExpressions(p *pack.Pack) []pack.Expr {
	var all []pack.Expr
	for _, m := range p.Mechanisms {
		for _, r := range m.Rules {
			all = append(all, r.When)
		}
	}
	return all
}

// inLanguage is the pages in one language.
func (b *book) inLanguage(lang fault.Lang) []Page {
	pages := []Page{
		b.page(lang, "README", (*writer).contents),
		b.page(lang, "variables", (*writer).variables),
		b.page(lang, "figures", (*writer).figures),
		b.page(lang, "facts", (*writer).factsPage),
		b.page(lang, "matrix", (*writer).matrixPage),
		b.page(lang, "assumed", (*writer).assumed),
		b.page(lang, "warnings", (*writer).warnings),
	}
	if b.pack.Index != nil {
		pages = append(pages, b.page(lang, "index", (*writer).index))
	}
	if b.pack.Household != nil {
		pages = append(pages, b.page(lang, "household", (*writer).household))
	}
	if len(b.rulesOfWorkflow()) > 0 {
		pages = append(pages, b.page(lang, "procedures", (*writer).procedures))
	}
	for _, q := range b.pack.Programmes {
		pages = append(pages, b.page(lang, "programmes/"+q.ID, func(w *writer) { w.programme(q) }))
	}
	for _, f := range b.pack.Feeds {
		pages = append(pages, b.page(lang, "feeds/"+f.ID, func(w *writer) { w.feed(f) }))
	}
	return pages
}

// Write writes the library into a folder, which it makes if need be. Pages there that the pack no longer gives are taken
// away; anything else is left alone.
func Write(dir string, pages []Page) error {
	kept := map[string]bool{}
	for _, p := range pages {
		path := filepath.Join(dir, filepath.FromSlash(p.Name))
		kept[path] = true
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("writing the library: %w", err)
		}
		if err := os.WriteFile(path, p.Content, 0o644); err != nil {
			return fmt.Errorf("writing the library: %w", err)
		}
	}
	for _, pattern := range []string{"programmes/*.md", "feeds/*.md", "feeds/examples/*.csv"} {
		old, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil {
			return fmt.Errorf("writing the library: %w", err)
		}
		for _, path := range old {
			if kept[path] {
				continue
			}
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("writing the library: %w", err)
			}
		}
	}
	return nil
}
