package feeds

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/web"
)

// largestMended is how many bytes of mended rows are taken at once.
const largestMended = 64 << 20

// rowsShown is how many rows of a quarantine a page lists.
const rowsShown = 100

type waitingRow struct {
	ID      int64
	File    string
	Row     int
	Reasons []string
	Open    bool
}

type quarantinePage struct {
	Batch   int64
	Feed    string
	Name    string
	State   string
	Undone  bool
	MayMend bool
	Open    int64
	Rows    []waitingRow
	Next    int64
	Said    string
	Wrong   string
}

// quarantine lists the rows of a batch that wait to be mended.
func (p *Pages) quarantine(v *web.Visit) error { return p.showQuarantine(v, http.StatusOK, nil) }

func (p *Pages) showQuarantine(v *web.Visit, status int, wrong error) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	query := v.R.URL.Query() // the form of a file is read by itself
	after, _ := strconv.ParseInt(query.Get("after"), 10, 64)
	page := quarantinePage{Batch: id}
	if used, bad := query.Get("used"), query.Get("bad"); used != "" {
		page.Said = v.Say(fmt.Sprintf("%s 行已更正并使用，%s 行仍有误", fault.Excerpt(used), fault.Excerpt(bad)),
			fmt.Sprintf("%s rows are mended and in use, %s are still wrong", fault.Excerpt(used), fault.Excerpt(bad)))
	}
	err = p.as(v, "", func(ctx context.Context, tx pgx.Tx) error {
		b, err := p.Record.Batch(ctx, tx, id)
		if err != nil {
			return err
		}
		page.Feed, page.Name, page.State, page.Undone = p.feedName(b.Feed, v.Lang), b.Name, stateName(b, v.Lang), b.State == ingest.Undone
		page.MayMend = v.Session.May(access.Deliver) && (b.State == ingest.Promoted || b.State == ingest.Undone)
		if page.Open, err = p.Record.Open(ctx, tx, id); err != nil {
			return err
		}
		rows, err := p.Record.Quarantine(ctx, tx, id, after, rowsShown+1)
		if err != nil {
			return err
		}
		if len(rows) > rowsShown {
			rows = rows[:rowsShown]
			page.Next = rows[rowsShown-1].ID
		}
		for _, r := range rows {
			page.Rows = append(page.Rows, waitingRow{r.ID, r.File, r.Row, p.reasons(v, b.Feed, r.Reasons), r.Open})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		status, page.Wrong = v.Explain(wrong)
	}
	return v.Render(status, p.templates, "quarantine", page)
}

// reasons are why a row cannot be used, each with the column as officers call it.
func (p *Pages) reasons(v *web.Visit, feed string, faults fault.List) []string {
	words := make([]string, len(faults))
	for i, f := range faults {
		words[i] = f.In(fault.At{}).Message(v.Lang)
		if label := p.label(v, feed, f.At.Field); label != "" {
			words[i] = label + v.Say("：", ": ") + words[i]
		}
	}
	return words
}

func (p *Pages) label(v *web.Visit, feed, column string) string {
	if f := p.feedOf(feed); f != nil {
		for _, c := range f.Columns {
			if c.Name == column || c.Label.Zh == column {
				return v.Say(c.Label.Zh, c.Label.En)
			}
		}
	}
	return column
}

// download sends the open rows of a batch, to be mended in a spreadsheet.
func (p *Pages) download(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	format, kind := ingest.CSV, "text/csv; charset=utf-8"
	if v.R.PostFormValue("format") == string(ingest.XLSX) {
		format, kind = ingest.XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	var file bytes.Buffer
	err = p.as(v, access.ForMending, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := p.Record.Batch(ctx, tx, id); err != nil {
			return err
		}
		return p.Record.Download(ctx, tx, id, v.Lang, format, &file)
	})
	if err != nil {
		return err
	}
	v.W.Header().Set("Content-Type", kind)
	v.W.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="batch-%d-quarantine.%s"`, id, format))
	_, _ = v.W.Write(file.Bytes()) // the visitor may have left
	return nil
}

var noMendedFile = fault.Text{Key: "feeds.no-mended-file", Zh: "请选择更正好的文件（csv或xlsx），最大{limit}兆字节", En: "choose the file with the mended rows (csv or xlsx), of at most {limit} MiB"}

// mended takes mended rows as a file.
func (p *Pages) mended(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	correction, err := readMended(v)
	var m ingest.Mended
	if err == nil {
		m, err = p.Record.Resubmit(v.R.Context(), v.Principal(access.ForMending), id, correction)
	}
	if status, _ := statusOf(v, err); err != nil && status < http.StatusInternalServerError && status != http.StatusNotFound {
		return p.showQuarantine(v, status, err)
	}
	if err != nil {
		return err
	}
	return v.Redirect(fmt.Sprintf("/feeds/batches/%d/quarantine?used=%d&bad=%d", id, m.Used, m.Bad))
}

func statusOf(v *web.Visit, err error) (int, string) {
	if err == nil {
		return http.StatusOK, ""
	}
	return v.Explain(err)
}

func readMended(v *web.Visit) (*ingest.Correction, error) {
	none := fault.New(fault.Invalid, noMendedFile, fault.Args{"limit": largestMended >> 20})
	parts, err := v.R.MultipartReader()
	if err != nil {
		return nil, none.Because(err)
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, none.Because(err)
		}
		if part.FileName() == "" {
			continue
		}
		format := ingest.CSV
		if strings.EqualFold(path.Ext(part.FileName()), ".xlsx") {
			format = ingest.XLSX
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, none.Because(err)
		}
		return ingest.ReadCorrection(bytes.NewReader(content), format)
	}
}

type rowField struct {
	Name, Label, Value string
	Wrong              []string
}

type rowPage struct {
	ID, Batch int64
	File      string
	Row       int
	Others    []string // reasons that are of no column
	Fields    []rowField
	Wrong     string
}

// openRow opens a row to be mended: it is asked for by a form, since what is sealed is shown and that is recorded.
func (p *Pages) openRow(v *web.Visit) error { return p.showRow(v, http.StatusOK, nil, nil) }

// showRow shows a row with the cells as they are, or as somebody has just written them.
func (p *Pages) showRow(v *web.Visit, status int, written []string, wrong error) error {
	e, err := p.entry(v)
	if err != nil {
		return err
	}
	if written != nil {
		e.Cells = written
	}
	page := p.rowOf(v, e)
	if wrong != nil {
		_, page.Wrong = v.Explain(wrong)
	}
	return v.Render(status, p.templates, "row", page)
}

func (p *Pages) entry(v *web.Visit) (e *ingest.Entry, err error) {
	id, err := number(v, "id")
	if err != nil {
		return nil, err
	}
	err = p.as(v, access.ForMending, func(ctx context.Context, tx pgx.Tx) error {
		e, err = p.Record.OpenEntry(ctx, tx, id)
		return err
	})
	return e, err
}

func (p *Pages) rowOf(v *web.Visit, e *ingest.Entry) rowPage {
	page := rowPage{ID: e.ID, Batch: e.Batch, File: e.File, Row: e.Row}
	f := p.feedOfBatch(v, e.Batch)
	for i, name := range e.Header {
		field := rowField{Name: "cell" + strconv.Itoa(i), Label: name, Value: e.Cells[i]}
		for _, reason := range e.Reasons {
			if reason.At.Field == name || f != nil && sameColumn(f, reason.At.Field, name) {
				field.Wrong = append(field.Wrong, reason.In(fault.At{}).Message(v.Lang))
			}
		}
		if f != nil {
			field.Label = p.label(v, f.ID, name)
		}
		page.Fields = append(page.Fields, field)
	}
	for _, reason := range e.Reasons {
		if reason.At.Field == "" {
			page.Others = append(page.Others, reason.In(fault.At{}).Message(v.Lang))
		}
	}
	return page
}

// sameColumn reports whether two names are of one column of a feed.
func sameColumn(f *pack.Feed, a, b string) bool {
	for _, c := range f.Columns {
		if (a == c.Name || a == c.Label.Zh) && (b == c.Name || b == c.Label.Zh) {
			return true
		}
	}
	return false
}

func (p *Pages) feedOfBatch(v *web.Visit, batch int64) *pack.Feed {
	var f *pack.Feed
	_ = p.as(v, "", func(ctx context.Context, tx pgx.Tx) error {
		b, err := p.Record.Batch(ctx, tx, batch)
		if err == nil {
			f = p.feedOf(b.Feed)
		}
		return err
	}) // without it the columns have the names that they have in the file
	return f
}

var stillWrong = fault.Text{Key: "feeds.still-wrong", Zh: "这一行仍然有误，请按下面的提示更正", En: "the row is still wrong: mend it as told below"}

// mendRow takes a row as somebody mended it on the page.
func (p *Pages) mendRow(v *web.Visit) error {
	var cells []string
	var m ingest.Mended
	err := v.ActBeyond(func() (string, error) {
		e, err := p.entry(v)
		if err != nil {
			return "", err
		}
		cells = make([]string, len(e.Header))
		for i := range cells {
			cells[i] = v.R.PostFormValue("cell" + strconv.Itoa(i))
		}
		m, err = p.Record.Resubmit(v.R.Context(), v.Principal(access.ForMending), e.Batch, ingest.CorrectionOf(e, cells))
		if err == nil && m.Bad > 0 {
			err = fault.New(fault.Invalid, stillWrong, nil)
		}
		return fmt.Sprintf("/feeds/batches/%d/quarantine?used=%d&bad=%d", e.Batch, m.Used, m.Bad), err
	})
	var refused *fault.Error
	switch {
	case m.Bad > 0:
		return p.showRow(v, http.StatusUnprocessableEntity, nil, err)
	case errors.As(err, &refused) && refused.Kind == fault.Invalid:
		return p.showRow(v, http.StatusUnprocessableEntity, cells, err)
	}
	return err
}
