package feeds

import (
	"context"
	"embed"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/web"
)

//go:embed pages/*.html
var pages embed.FS

// Deps are what the pages stand on.
type Deps struct {
	DB      *postgres.DB
	Pack    *pack.Pack
	Record  *ingest.Record
	Uploads *ingest.Uploads
	Access  *access.Access
	Queue   *jobs.Queue
}

// Pages are the pages on feeds.
type Pages struct {
	Deps
	templates *web.Templates
}

// New reads the templates and returns the pages.
func New(d Deps) (*Pages, error) {
	t, err := web.ParseTemplates(pages)
	if err != nil {
		return nil, err
	}
	return &Pages{d, t}, nil
}

// largestUpload is how many bytes of a request hold an upload.
const largestUpload = 2<<30 + 1<<20

// Routes are the pages, and who may call each.
func (p *Pages) Routes() []web.Route {
	sees, delivers, promotes, operates := web.May(access.SeeFeeds), web.May(access.Deliver), web.May(access.PromoteBatch), web.May(access.Operate)
	return []web.Route{
		{Pattern: "GET /feeds", Who: sees, Do: p.standing, List: true, Export: p.exportedStanding()},
		{Pattern: "GET /feeds/{feed}", Who: sees, Do: p.feed},
		{Pattern: "GET /feeds/uploads", Who: delivers, Do: p.uploads},
		{Pattern: "POST /feeds/uploads", Who: delivers, Do: p.upload, Largest: largestUpload, Keyless: "a file is known by its contents: the same twice is one upload"},
		{Pattern: "GET /feeds/uploads/{id}", Who: delivers, Do: p.uploaded},
		{Pattern: "GET /feeds/batches/{id}", Who: sees, Do: p.batch},
		{Pattern: "POST /feeds/batches/{id}/{act}", Who: promotes, Do: p.act},
		{Pattern: "GET /feeds/batches/{id}/quarantine", Who: sees, Do: p.quarantine},
		{Pattern: "POST /feeds/batches/{id}/download", Who: delivers, Do: p.download, Keyless: "shows, and is recorded each time"},
		{Pattern: "POST /feeds/batches/{id}/mended", Who: delivers, Do: p.mended, Largest: largestMended, Keyless: "a mended row that comes again is mended already"},
		{Pattern: "POST /feeds/rows/{id}/open", Who: delivers, Do: p.openRow, Keyless: "shows, and is recorded each time"},
		{Pattern: "POST /feeds/rows/{id}", Who: delivers, Do: p.mendRow},
		{Pattern: "GET /feeds/tokens", Who: delivers, Do: p.tokens},
		{Pattern: "POST /feeds/tokens", Who: delivers, Do: p.newToken},
		{Pattern: "POST /feeds/tokens/{id}/revoke", Who: delivers, Do: p.revokeToken},
		{Pattern: "GET /operations", Who: operates, Do: p.operations},
		{Pattern: "POST /operations/jobs/{id}/{act}", Who: operates, Do: p.settleJob},
		{Pattern: "POST /api/deliveries/{feed}", Who: web.Anybody, Do: p.deliver, Largest: largestUpload, Keyless: "of programs; a file is known by its contents"}, // by a token or a session: see deliver
		{Pattern: "GET /api/uploads/{id}", Who: web.Anybody, Do: p.apiUpload},
	}
}

// Nav are the places of work that the pages offer.
func (p *Pages) Nav() []web.Link {
	return []web.Link{
		{Path: "/feeds", Zh: "数据报送", En: "Feeds", Who: web.May(access.SeeFeeds)},
		{Path: "/operations", Zh: "运行", En: "Operations", Aside: true, Who: web.May(access.Operate)},
	}
}

var (
	noSuchFeed = fault.Text{Key: "feeds.no-such-feed", Zh: "没有这个数据来源，或不是本部门的", En: "there is no such feed, or it is not your department's"}
	noSuchRow  = fault.Text{Key: "feeds.no-such-thing", Zh: "没有这个页面", En: "there is no such page"}
	tooWide    = fault.Text{Key: "feeds.too-wide", Zh: "这一批覆盖的区划超出了您的辖区，请由上级管理员办理", En: "this batch is of areas beyond yours: an administrator of the wider area has to deal with it"}
)

// as runs something in the visitor's name.
func (p *Pages) as(v *web.Visit, purpose access.Purpose, do func(context.Context, pgx.Tx) error) error {
	return p.DB.As(v.R.Context(), v.Principal(purpose), func(tx pgx.Tx) error { return do(v.R.Context(), tx) })
}

// work runs something as the platform, for a visitor of whom it is known that it may be done for.
func (p *Pages) work(v *web.Visit, do func(context.Context, pgx.Tx) error) error {
	return p.DB.Work(v.R.Context(), func(tx pgx.Tx) error { return do(v.R.Context(), tx) })
}

// number is a number in a page's address.
func number(v *web.Visit, name string) (int64, error) {
	n, err := strconv.ParseInt(v.R.PathValue(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.NotFound, noSuchRow, nil)
	}
	return n, nil
}

// seenFeeds is the feeds that the posting has to do with: a department's its own.
func (p *Pages) seenFeeds(v *web.Visit) []*pack.Feed {
	department := v.Session.Posting.Department
	return slices.DeleteFunc(slices.Clone(p.Pack.Feeds), func(f *pack.Feed) bool {
		return v.Session.Posting.Role == access.Department && f.Department != department
	})
}

func (p *Pages) feedOf(id string) *pack.Feed {
	i := slices.IndexFunc(p.Pack.Feeds, func(f *pack.Feed) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return p.Pack.Feeds[i]
}

// feedName is what a feed is called.
func (p *Pages) feedName(id string, lang fault.Lang) string {
	if f := p.feedOf(id); f != nil {
		return lang.Say(f.Name.Zh, f.Name.En)
	}
	if id == "" {
		return lang.Say("未能认出", "not recognised")
	}
	return id
}

func (p *Pages) departmentName(id string, v *web.Visit) string {
	for _, d := range p.Pack.Departments {
		if d.ID == id {
			name := d.Name(v.Today())
			return v.Say(name.Zh, name.En)
		}
	}
	return id
}

// door is what the visitor's posting may bring in.
func door(s access.Session, feed string) ingest.Door {
	d := ingest.Door{Feed: feed, Area: s.Posting.Area}
	if s.Posting.Role == access.Department {
		d.Department = s.Posting.Department
	}
	return d
}

// places names areas.
func places(v *web.Visit, areas []area.Code) string {
	names := make([]string, len(areas))
	for i, a := range areas {
		names[i] = v.Place(a)
	}
	return strings.Join(names, v.Say("、", ", "))
}

// stateName is what a batch's state is called.
func stateName(b *ingest.Batch, lang fault.Lang) string {
	switch b.State {
	case ingest.Staging:
		return lang.Say("正在读取", "being read")
	case ingest.Staged:
		return lang.Say("待启用", "waits to be promoted")
	case ingest.Promoted:
		switch {
		case b.ReplacedBy > 0:
			return lang.Say("已被后来的取代", "replaced by a later one")
		case b.Delivery != nil && !b.Delivery.Whole:
			return lang.Say("部分文件已启用", "in use in part")
		}
		return lang.Say("已启用", "in use")
	case ingest.Stopped:
		return lang.Say("停下，未使用", "stopped")
	case ingest.Undone:
		return lang.Say("已撤销", "undone")
	}
	return lang.Say("已放弃", "given up")
}

// standingClass is how a state is shown.
func standingClass(b *ingest.Batch) string {
	switch {
	case b.State == ingest.Stopped, b.State == ingest.Promoted && b.Delivery != nil && !b.Delivery.Whole:
		return "bad"
	case b.State == ingest.Promoted && b.ReplacedBy == 0:
		return "good"
	case b.State == ingest.Staged:
		return "due"
	}
	return "quiet"
}
