// Package site puts all packages of pages together to the one site that is served.
//
//	site, err := site.New(web.Config{…}, site.Deps{…})
package site

import (
	"context"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
	"dajiuzhu/internal/web/cases"
	"dajiuzhu/internal/web/checks"
	"dajiuzhu/internal/web/desk"
	"dajiuzhu/internal/web/feeds"
	"dajiuzhu/internal/web/files"
	"dajiuzhu/internal/web/visits"
	"dajiuzhu/internal/web/warnings"
)

// Deps are what the pages stand on, beside the frame's.
type Deps struct {
	Policy    *rules.Policy
	Registry  *registry.Registry
	Discovery *discovery.Discovery
	Record    *ingest.Record
	Uploads   *ingest.Uploads
	Queue     *jobs.Queue
	Means     *means.Checks
	Warnings  *warning.Warnings
	Visits    *visit.Visits
	Casework  *casework.Casework
	Notes     *notification.Notifications
	Telling   *telling.Telling
	Contact   string // whom residents call
	Home      string // under which the public comes: "https://dajiuzhu.example"
}

// New returns the site with all pages there are, in the order of the bar on top.
func New(c web.Config, d Deps) (*web.Site, error) {
	c.Places, c.Offices, c.Exported = d.Policy.Pack().Areas, offices(d.Policy.Pack()), exported(d.Telling)
	var all []web.Pages
	for _, make := range []func(web.Config, Deps) (web.Pages, error){desked, warned, visited, cased, checked, filed, fed, trailed} {
		pages, err := make(c, d)
		if err != nil {
			return nil, err
		}
		all = append(all, pages)
	}
	return web.New(c, all...)
}

// exported tells whoever asked for a file what became of it.
func exported(t *telling.Telling) func(context.Context, pgx.Tx, web.Exported) error {
	return func(ctx context.Context, tx pgx.Tx, e web.Exported) error {
		return t.ExportEnded(ctx, tx, telling.Export{ID: e.ID, Account: e.Account, Area: e.Area, Name: pack.Text{Zh: e.Zh, En: e.En}, Until: e.Until,
			Why: pack.Text{Zh: e.Why.Zh, En: e.Why.En}})
	}
}

// offices are the departments of a pack.
func offices(p *pack.Pack) func(calendar.Date) []web.Office {
	return func(on calendar.Date) []web.Office {
		var all []web.Office
		for _, d := range p.Departments {
			name := d.Name(on)
			all = append(all, web.Office{ID: d.ID, Zh: name.Zh, En: name.En})
		}
		return all
	}
}

func desked(c web.Config, d Deps) (web.Pages, error) { return deskOf(c, d) }

func trailed(c web.Config, d Deps) (web.Pages, error) {
	p, err := deskOf(c, d)
	if err != nil {
		return nil, err
	}
	return p.Trail(), nil
}

func deskOf(c web.Config, d Deps) (*desk.Pages, error) {
	return desk.New(desk.Deps{DB: c.DB, Pack: d.Policy.Pack(), Record: d.Record, Registry: d.Registry, Queue: d.Queue, Warnings: d.Warnings, Visits: d.Visits, Casework: d.Casework})
}

func warned(c web.Config, d Deps) (web.Pages, error) {
	return warnings.New(warnings.Config{DB: c.DB, Warnings: d.Warnings, Registry: d.Registry, Pack: d.Policy.Pack(), Explain: d.Discovery,
		Hides: files.Hides(d.Policy), Site: d.Home, Telling: d.Telling})
}

func visited(c web.Config, d Deps) (web.Pages, error) {
	return visits.New(visits.Deps{DB: c.DB, Visits: d.Visits, Registry: d.Registry, Areas: d.Policy.Pack().Areas, Telling: d.Telling})
}

func cased(c web.Config, d Deps) (web.Pages, error) {
	return cases.New(cases.Deps{DB: c.DB, Pack: d.Policy.Pack(), Casework: d.Casework, Registry: d.Registry, Means: d.Means, Visits: d.Visits,
		Explain: d.Discovery.Explain, Notes: d.Notes, Telling: d.Telling, Contact: d.Contact, Site: d.Home, Access: c.Access})
}

func filed(c web.Config, d Deps) (web.Pages, error) {
	return files.New(files.Deps{DB: c.DB, Registry: d.Registry, Discovery: d.Discovery, Policy: d.Policy, Warnings: d.Warnings, Visits: d.Visits,
		Casework: d.Casework})
}

func checked(c web.Config, d Deps) (web.Pages, error) {
	return checks.New(checks.Deps{DB: c.DB, Pack: d.Policy.Pack(), Means: d.Means, Registry: d.Registry, Telling: d.Telling})
}

func fed(c web.Config, d Deps) (web.Pages, error) {
	return feeds.New(feeds.Deps{DB: c.DB, Pack: d.Policy.Pack(), Record: d.Record, Uploads: d.Uploads, Access: c.Access, Queue: d.Queue})
}
