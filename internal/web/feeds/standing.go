package feeds

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/web"
)

// feedLine is how a feed stands in the visitor's area.
type feedLine struct {
	ID, Name, Department string
	Newest               calendar.Date // delivered, 0 for never
	Counties, Fresh      int           // in the area, and with a delivery that is not late
	Never, Late          int
	LateIn               string // which, named
	Rows, Rejected       int64
	Matched              string // share of the rows about somebody registered, "" where nothing came
}

type standingPage struct {
	Feeds        []feedLine
	Waiting      []batchLine
	Late         bool // only late ones are asked for
	LateCount    int
	OwnName      string // of the department whose feeds these are
	AllFeedCount int
}

// standing lists the feeds.
func (p *Pages) standing(v *web.Visit) error {
	page := standingPage{Late: v.R.FormValue("late") == "1"}
	if v.Session.Posting.Role == access.Department {
		page.OwnName = p.departmentName(v.Session.Posting.Department, v)
	}
	var all []ingest.Freshness
	err := p.as(v, "", func(ctx context.Context, tx pgx.Tx) (err error) {
		if all, err = p.Record.Freshness(ctx, tx, v.Today()); err != nil {
			return err
		}
		staged, err := p.Record.Staged(ctx, tx, 50)
		if err != nil {
			return err
		}
		page.Waiting = p.batchLines(v, staged)
		return nil
	})
	if err != nil {
		return err
	}
	lines, late := p.lines(v, all)
	page.LateCount = late
	page.AllFeedCount = len(lines)
	for _, line := range lines {
		if line.late() || !page.Late {
			page.Feeds = append(page.Feeds, line)
		}
	}
	return v.Render(http.StatusOK, p.templates, "feeds", page)
}

// lines are how all feeds stand that the visitor sees, and how many of them are late.
func (p *Pages) lines(v *web.Visit, all []ingest.Freshness) (lines []feedLine, late int) {
	for _, f := range p.seenFeeds(v) {
		line := p.line(v, f, all)
		if line.late() {
			late++
		}
		lines = append(lines, line)
	}
	return lines, late
}

// late reports whether a feed is late or never came somewhere.
func (l *feedLine) late() bool { return l.Late+l.Never > 0 }

// exportedStanding gives the list as a file.
func (p *Pages) exportedStanding() *web.Export {
	return &web.Export{Zh: "数据报送情况", En: "How feeds stand",
		Head: func(v *web.Visit) []string {
			return []string{v.Say("数据来源", "Feed"), v.Say("标识", "Id"), v.Say("部门", "Department"), v.Say("最近报送", "Newest"), v.Say("县数", "Counties"), v.Say("按时的县", "In time"), v.Say("逾期的县", "Late"),
				v.Say("逾期在", "Late in"), v.Say("从未报送的县", "Never came"), v.Say("行数", "Rows"), v.Say("待更正", "To be mended"), v.Say("对上人口登记", "Matched")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			all, err := p.Record.Freshness(ctx, tx, v.Today())
			if err != nil {
				return nil, "", err
			}
			lines, _ := p.lines(v, all)
			for _, l := range lines {
				if v.R.URL.Query().Get("late") == "1" && !l.late() {
					continue
				}
				newest := ""
				if l.Newest != 0 {
					newest = l.Newest.String()
				}
				rows = append(rows, []string{l.Name, l.ID, l.Department, newest, strconv.Itoa(l.Counties), strconv.Itoa(l.Fresh), strconv.Itoa(l.Late), l.LateIn, strconv.Itoa(l.Never),
					strconv.FormatInt(l.Rows, 10), strconv.FormatInt(l.Rejected, 10), l.Matched})
			}
			return rows, "", nil
		}}
}

// line adds up how a feed stands in the counties of the visitor's area.
func (p *Pages) line(v *web.Visit, f *pack.Feed, all []ingest.Freshness) feedLine {
	line := feedLine{ID: f.ID, Name: v.Say(f.Name.Zh, f.Name.En), Department: p.departmentName(f.Department, v)}
	var matched int64
	var late []area.Code
	counted := map[int64]bool{} // a delivery of several counties is counted once
	for _, s := range inArea(all, f.ID, v.Session.Posting.Area) {
		line.Counties++
		switch {
		case s.Batch == 0:
			line.Never++
			continue
		case s.Late:
			line.Late++
			late = append(late, s.County)
		default:
			line.Fresh++
		}
		line.Newest = max(line.Newest, s.Delivered)
		if !counted[s.Batch] {
			counted[s.Batch] = true
			line.Rows, line.Rejected, matched = line.Rows+s.Rows, line.Rejected+s.Rejected, matched+s.Matched
		}
	}
	line.LateIn, line.Matched = places(v, late), share(matched, line.Rows)
	return line
}

// inArea is how a feed stands in the counties that lie in an area, or in which the area lies.
func inArea(all []ingest.Freshness, feed string, in area.Code) []ingest.Freshness {
	var some []ingest.Freshness
	for _, s := range all {
		if s.Feed == feed && (in.Contains(s.County) || s.County.Contains(in)) {
			some = append(some, s)
		}
	}
	return some
}

// share is a part of a whole in percent, to one place, cut off so that nothing lacking looks like all.
func share(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	tenths := part * 1000 / whole
	return fmt.Sprintf("%d.%d%%", tenths/10, tenths%10)
}

// countyLine is how a feed stands in a county.
type countyLine struct {
	County         string
	State, Class   string
	Batch          int64
	Delivered, Due calendar.Date
	Rows, Rejected int64
	Matched        string
}

// batchLine is a batch in a list.
type batchLine struct {
	ID             int64
	Feed, Name     string
	State, Class   string
	Areas          string
	Delivered      calendar.Date
	Came           string
	Rows           int64
	Matched        string
	HasAnyDelivery bool
}

func (p *Pages) batchLines(v *web.Visit, batches []*ingest.Batch) []batchLine {
	lines := make([]batchLine, len(batches))
	for i, b := range batches {
		lines[i] = batchLine{ID: b.ID, Feed: p.feedName(b.Feed, v.Lang), Name: b.Name, State: stateName(b, v.Lang), Class: standingClass(b), Areas: places(v, b.Areas),
			Came: moment(v, b), Rows: b.Rows, Matched: share(b.Matched, b.Rows)}
		if b.Delivery != nil {
			lines[i].Delivered, lines[i].HasAnyDelivery = b.Delivery.Delivered, true
		}
	}
	return lines
}

func moment(v *web.Visit, b *ingest.Batch) string {
	return b.BeganAt.In(v.Now().Location()).Format("2006-01-02 15:04")
}

type feedPage struct {
	Name, Department string
	ID               string
	MaxAge           int
	Counties         []countyLine
	Batches          []batchLine
	Next             int64 // the last batch shown, where there are more
	Columns          []columnLine
	MayDeliver       bool
}

type columnLine struct {
	Name, Label   string
	Key, Required bool
}

// batchesShown is how many batches a page lists.
const batchesShown = 50

// feed shows how a feed stands in each county, and its batches.
func (p *Pages) feed(v *web.Visit) error {
	f := p.feedOf(v.R.PathValue("feed"))
	if f == nil || v.Session.Posting.Role == access.Department && f.Department != v.Session.Posting.Department {
		return fault.New(fault.NotFound, noSuchFeed, nil)
	}
	before, _ := strconv.ParseInt(v.R.FormValue("before"), 10, 64)
	page := feedPage{Name: v.Say(f.Name.Zh, f.Name.En), Department: p.departmentName(f.Department, v), ID: f.ID, MaxAge: f.MaxAge, MayDeliver: v.Session.May(access.Deliver)}
	for _, c := range f.Columns {
		page.Columns = append(page.Columns, columnLine{c.Name, v.Say(c.Label.Zh, c.Label.En), c.Key, c.Required})
	}
	err := p.as(v, "", func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Record.Freshness(ctx, tx, v.Today())
		if err != nil {
			return err
		}
		for _, s := range inArea(all, f.ID, v.Session.Posting.Area) {
			page.Counties = append(page.Counties, county(v, s))
		}
		batches, err := p.Record.Batches(ctx, tx, f.ID, before, batchesShown+1)
		if err != nil {
			return err
		}
		if len(batches) > batchesShown {
			batches = batches[:batchesShown]
			page.Next = batches[batchesShown-1].ID
		}
		page.Batches = p.batchLines(v, batches)
		return nil
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "feed", page)
}

func county(v *web.Visit, s ingest.Freshness) countyLine {
	line := countyLine{County: v.Place(s.County), Batch: s.Batch, State: v.Say("从未报送", "never came"), Class: "bad"}
	if s.Batch == 0 {
		return line
	}
	line.Delivered, line.Due, line.Rows, line.Rejected, line.Matched = s.Delivered, s.Due, s.Rows, s.Rejected, share(s.Matched, s.Rows)
	line.State, line.Class = v.Say("按时", "fresh"), "good"
	if s.Late {
		days := calendar.Days(s.Due, v.Today())
		line.State, line.Class = v.Say(fmt.Sprintf("逾期%d天", days), web.Plural(days, "day")+" late"), "bad"
	}
	return line
}
