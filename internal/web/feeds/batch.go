package feeds

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/web"
)

// stepLine is a step in the life of a batch.
type stepLine struct {
	Name, Told string
	Done, Bad  bool
}

type fileLine struct {
	ingest.BatchFile
	Why string
}

type sampleLine struct {
	Change string
	Before []sampleCell
	After  []sampleCell
}

type sampleCell struct {
	Text   string
	Differ bool
}

type differenceLine struct {
	Place string
	ingest.Difference
}

type batchPage struct {
	ID                  int64
	Feed, FeedID, Name  string
	State, Class        string
	Line                batchLine
	Period              string
	Steps               []stepLine
	Files               []fileLine
	Faults              []string
	Open                int64 // rows that wait to be mended
	Rejected            int
	Depends             []string // what is not known to be absent while the batch lacks a file
	Differences         []differenceLine
	Total               ingest.Difference
	Columns             []string
	Sample              []sampleLine
	Replaces            []int64
	Blocked             string // why it cannot be undone
	Ask                 string // promote, discard or undo: what is to be confirmed
	CanPromote, CanUndo bool
	Wrong               string
	Said                string
}

// batch shows a batch: how far it came, what it holds, what it would change.
func (p *Pages) batch(v *web.Visit) error { return p.showBatch(v, http.StatusOK, nil) }

func (p *Pages) showBatch(v *web.Visit, status int, wrong error) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	page := &batchPage{ID: id, Ask: v.R.FormValue("ask"), Said: said(v)}
	var b *ingest.Batch
	err = p.as(v, "", func(ctx context.Context, tx pgx.Tx) (err error) {
		if b, err = p.Record.Batch(ctx, tx, id); err != nil {
			return err
		}
		return p.readBatch(ctx, tx, v, b, page)
	})
	if err != nil {
		return err
	}
	err = p.work(v, func(ctx context.Context, tx pgx.Tx) error { return p.compare(ctx, tx, v, b, page) })
	if err != nil {
		return err
	}
	if wrong != nil {
		status, page.Wrong = v.Explain(wrong)
	}
	return v.Render(status, p.templates, "batch", page)
}

// said is what a form on the page before came to.
func said(v *web.Visit) string {
	switch v.R.FormValue("said") {
	case "promote":
		return v.Say("已启用。涉及到的人正在重新判定", "It is in use. Whom it touches is being determined again")
	case "undo":
		return v.Say("已撤销，退回的行仍可下载、更正、重新提交", "It is undone. The rows in its quarantine can still be downloaded, mended and sent again")
	case "discard":
		return v.Say("已放弃", "It is given up")
	}
	return ""
}

func (p *Pages) readBatch(ctx context.Context, tx pgx.Tx, v *web.Visit, b *ingest.Batch, page *batchPage) error {
	page.Feed, page.FeedID, page.Name, page.State, page.Class = p.feedName(b.Feed, v.Lang), b.Feed, b.Name, stateName(b, v.Lang), standingClass(b)
	page.Line = p.batchLines(v, []*ingest.Batch{b})[0]
	if b.Delivery != nil {
		page.Period = b.Delivery.Period.From.String() + " — " + b.Delivery.Period.Last().String()
	}
	files, err := p.Record.Files(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	refused := 0
	for _, f := range files {
		line := fileLine{BatchFile: f}
		page.Rejected += f.Rejected
		if f.Refused != nil {
			line.Why = f.Refused.In(fault.At{Field: f.Refused.At.Field}).Message(v.Lang)
			refused++
		}
		page.Files = append(page.Files, line)
	}
	for _, f := range b.Faults {
		page.Faults = append(page.Faults, f.Message(v.Lang))
	}
	if page.Open, err = p.Record.Open(ctx, tx, b.ID); err != nil {
		return err
	}
	mine := within(v, b)
	page.CanPromote = b.State == ingest.Staged && mine && v.Session.May(access.PromoteBatch)
	page.CanUndo = b.State == ingest.Promoted && mine && v.Session.May(access.PromoteBatch)
	if f := p.feedOf(b.Feed); f != nil && len(b.Faults) > 0 {
		page.Depends = p.depends(v, f)
	}
	page.Steps = steps(v, b, len(files), refused, page.Rejected)
	return nil
}

// within reports whether all of a batch lies in the visitor's area.
func within(v *web.Visit, b *ingest.Batch) bool {
	return !slices.ContainsFunc(b.Areas, func(a area.Code) bool { return !v.Session.Posting.Area.Contains(a) })
}

// depends is what the policy reads from a feed, of which silence says nothing while a delivery is not whole.
func (p *Pages) depends(v *web.Visit, f *pack.Feed) []string {
	var names []string
	for _, from := range f.Facts {
		if fact := p.Pack.Fact(from.Fact); fact != nil {
			names = append(names, v.Say(fact.Label.Zh, fact.Label.En))
		}
	}
	return names
}

// steps is the life of a batch up to now.
func steps(v *web.Visit, b *ingest.Batch, files, refused, rejected int) []stepLine {
	read := b.State != ingest.Staging
	all := []stepLine{
		{Name: v.Say("读取", "Read"), Done: read, Told: v.Say(fmt.Sprintf("%d 行，%d 个文件", b.Rows, files), fmt.Sprintf("%d rows of %d files", b.Rows, files))},
		{Name: v.Say("核对", "Checked"), Done: read, Bad: refused > 0 || len(b.Faults) > 0, Told: checked(v, b, refused, rejected)},
		{Name: v.Say("对上人口登记", "Matched"), Done: read && b.State != ingest.Stopped, Told: share(b.Matched, b.Rows)},
	}
	switch b.State {
	case ingest.Stopped:
		return append(all, stepLine{Name: v.Say("停下", "Stopped"), Bad: true, Told: v.Say("没有使用其中任何一行", "nothing of it is used")})
	case ingest.Undone:
		return append(all, stepLine{Name: v.Say("启用", "Promoted"), Done: true}, stepLine{Name: v.Say("撤销", "Undone"), Done: true})
	case ingest.Discarded:
		return append(all, stepLine{Name: v.Say("放弃", "Given up"), Done: true})
	}
	return append(all, stepLine{Name: v.Say("启用", "Promoted"), Done: b.State == ingest.Promoted})
}

func checked(v *web.Visit, b *ingest.Batch, refused, rejected int) string {
	switch {
	case b.State == ingest.Staging:
		return ""
	case refused > 0:
		return v.Say(fmt.Sprintf("%d 个文件未用，%d 行退回", refused, rejected), fmt.Sprintf("%d files are not used, %d rows wait to be mended", refused, rejected))
	}
	return v.Say(fmt.Sprintf("控制总数相符，%d 行退回", rejected), fmt.Sprintf("control totals balance, %d rows wait to be mended", rejected))
}

// sampleShown is how many rows of each change a page shows.
const sampleShown = 5

// compare reads what a batch that waits would change, and what an undoing would need. The visitor has read the batch in their own name.
func (p *Pages) compare(ctx context.Context, tx pgx.Tx, v *web.Visit, b *ingest.Batch, page *batchPage) (err error) {
	if b.State == ingest.Promoted && page.CanUndo && page.Ask == "undo" { // it reads every row of the batch
		later, err := p.Record.Later(ctx, tx, b.ID)
		if later != nil {
			page.Blocked = later.Message(v.Lang)
		}
		return err
	}
	if b.State != ingest.Staged {
		return nil
	}
	if page.Replaces, err = p.Record.Replaces(ctx, tx, b.ID); err != nil {
		return err
	}
	differences, err := p.Record.Difference(ctx, tx, b.ID)
	if err != nil {
		return err
	}
	for _, d := range differences {
		if d.County != 0 && !v.Session.Posting.Area.Contains(d.County) && !d.County.Contains(v.Session.Posting.Area) {
			continue
		}
		place := v.Say("说不清哪个县", "no county told")
		if d.County != 0 {
			place = v.Place(d.County)
		}
		page.Differences = append(page.Differences, differenceLine{place, d})
		page.Total = ingest.Difference{New: page.Total.New + d.New, Same: page.Total.Same + d.Same, Changed: page.Total.Changed + d.Changed,
			Older: page.Total.Older + d.Older, Gone: page.Total.Gone + d.Gone}
	}
	return p.sample(ctx, tx, v, b, page)
}

func (p *Pages) sample(ctx context.Context, tx pgx.Tx, v *web.Visit, b *ingest.Batch, page *batchPage) error {
	f := p.feedOf(b.Feed)
	rows, err := p.Record.Sample(ctx, tx, b.ID, v.Session.Posting.Area, sampleShown)
	if err != nil || f == nil {
		return err
	}
	for _, c := range f.Columns {
		page.Columns = append(page.Columns, v.Say(c.Label.Zh, c.Label.En))
	}
	names := map[ingest.Change]string{ingest.Added: v.Say("新增", "new"), ingest.Changed: v.Say("改变", "changed"), ingest.Removed: v.Say("不再有", "gone")}
	for _, r := range rows {
		page.Sample = append(page.Sample, sampleLine{names[r.Change], p.sampleCells(v, f, r.Before, r.Differ), p.sampleCells(v, f, r.After, r.Differ)})
	}
	return nil
}

// sampleCells is the cells of a row as officers read them.
func (p *Pages) sampleCells(v *web.Visit, f *pack.Feed, cells []string, differ []bool) []sampleCell {
	var shown []sampleCell
	for i, cell := range cells {
		c := f.Columns[i]
		if list := p.Pack.Codes[c.Codes]; list != nil && !c.Sealed {
			for _, code := range list.Codes {
				if code.ID == cell {
					cell = v.Say(code.Name.Zh, code.Name.En)
				}
			}
		}
		if c.Type == string(pack.Bool) && !c.Sealed {
			cell = map[string]string{"true": v.Say("是", "yes"), "false": v.Say("否", "no")}[cell]
		}
		shown = append(shown, sampleCell{cell, i < len(differ) && differ[i]})
	}
	return shown
}

// act promotes, discards or undoes a batch.
func (p *Pages) act(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	acts := map[string]func(context.Context, int64, int64) error{"promote": p.Record.Promote, "discard": p.Record.Discard, "undo": p.Record.Undo}
	name := v.R.PathValue("act")
	do := acts[name]
	if do == nil {
		return fault.New(fault.NotFound, noSuchRow, nil)
	}
	err = p.as(v, "", func(ctx context.Context, tx pgx.Tx) error {
		b, err := p.Record.Batch(ctx, tx, id)
		if err == nil && !within(v, b) {
			err = fault.New(fault.Forbidden, tooWide, nil)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = v.ActBeyond(func() (string, error) {
		return "/feeds/batches/" + strconv.FormatInt(id, 10) + "?said=" + name, do(v.R.Context(), v.Session.Account, id)
	})
	if err != nil {
		if status, _ := v.Explain(err); status == http.StatusConflict {
			return p.showBatch(v, status, err)
		}
	}
	return err
}
