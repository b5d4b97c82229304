package feeds

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/web"
)

var (
	notAnUpload = fault.Text{Key: "feeds.not-an-upload", Zh: "没有收到完整的文件，请重新选择并上传", En: "the files did not come whole: choose and send them again"}
	tooLarge    = fault.Text{Key: "feeds.too-large", Zh: "上传超过{limit}兆字节，请分开上传", En: "the upload is more than {limit} MiB: send it in parts"}
	halfTold    = fault.Text{Key: "feeds.half-told",
		Zh: "没有清单时，数据来源、所属期、行数都要填写，并且只能选一个数据文件", En: "without a manifest the feed, the period and the number of rows are all needed, and one data file only"}
)

type choice struct{ ID, Name string }

type uploadsPage struct {
	Uploads []uploadLine
	Feeds   []choice
	Form    told
	Holds   bool // what the visitor sends waits for an administrator
	Wrong   string
	Area    string
	Today   string
}

// told is what somebody writes about a file that has no manifest.
type told struct {
	Feed, From, To, Rows string
	Hold                 bool
}

// Told reports whether something is written of it.
func (t told) Told() bool { return t.From+t.To+t.Rows != "" }

type uploadLine struct {
	ID      int64
	Files   string
	Count   int
	KiB     int64
	State   string
	Class   string
	Came    string
	Rows    int64
	Batches []int64
	Faults  []string
	Waits   bool
}

func (p *Pages) uploadLine(v *web.Visit, u *ingest.Upload) uploadLine {
	line := uploadLine{ID: u.ID, Files: strings.Join(u.Files[:min(3, len(u.Files))], v.Say("、", ", ")), Count: len(u.Files), KiB: (u.Bytes + 1023) / 1024,
		Came: u.SentAt.In(v.Now().Location()).Format("2006-01-02 15:04"), Rows: u.Rows, Batches: u.Batches}
	switch u.State {
	case ingest.Waiting:
		line.State, line.Class, line.Waits = v.Say("正在处理", "being taken in"), "due", true
	case ingest.Done:
		line.State, line.Class = v.Say("已接收", "taken in"), "good"
	default:
		line.State, line.Class = v.Say("未接收", "not taken in"), "bad"
	}
	for _, f := range u.Faults {
		line.Faults = append(line.Faults, f.Message(v.Lang))
	}
	return line
}

// uploadsShown is how many uploads a page lists.
const uploadsShown = 30

// uploads shows the form and what was sent.
func (p *Pages) uploads(v *web.Visit) error {
	return p.showUploads(v, http.StatusOK, told{Feed: v.R.URL.Query().Get("feed"), Hold: true}, nil)
}

func (p *Pages) showUploads(v *web.Visit, status int, form told, wrong error) error {
	page := uploadsPage{Form: form, Holds: !v.Session.May(access.PromoteBatch), Area: v.Place(v.Session.Posting.Area), Today: v.Today().String()}
	for _, f := range p.seenFeeds(v) {
		page.Feeds = append(page.Feeds, choice{f.ID, v.Say(f.Name.Zh, f.Name.En)})
	}
	err := p.as(v, "", func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Uploads.List(ctx, tx, uploadsShown)
		for _, u := range all {
			page.Uploads = append(page.Uploads, p.uploadLine(v, u))
		}
		return err
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		status, page.Wrong = v.Explain(wrong)
	}
	return v.Render(status, p.templates, "uploads", page)
}

// uploaded shows one upload and how far it is.
func (p *Pages) uploaded(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	var line uploadLine
	var batches []batchLine
	err = p.as(v, "", func(ctx context.Context, tx pgx.Tx) error {
		u, err := p.Uploads.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		line = p.uploadLine(v, u)
		for _, batch := range u.Batches {
			b, err := p.Record.Batch(ctx, tx, batch)
			if fault.KindOf(err) == fault.NotFound {
				continue // of a manifest that names no feed
			}
			if err != nil {
				return err
			}
			batches = append(batches, p.batchLines(v, []*ingest.Batch{b})...)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "upload", struct {
		Upload  uploadLine
		Batches []batchLine
	}{line, batches})
}

// receiveTime is how long an upload may take to come.
const receiveTime = 2 * time.Hour

// allowTime lets a large body come, and its answer be written after that.
func allowTime(v *web.Visit) {
	c := http.NewResponseController(v.W)
	_ = c.SetReadDeadline(time.Now().Add(receiveTime)) // a writer that knows none has none
	_ = c.SetWriteDeadline(time.Now().Add(receiveTime))
}

// upload receives files from the form, and leaves them to a job.
func (p *Pages) upload(v *web.Visit) error {
	allowTime(v)
	form := told{Hold: true}
	parts, err := v.R.MultipartReader()
	if err != nil {
		return p.showUploads(v, 0, form, fault.New(fault.Invalid, notAnUpload, nil).Because(err))
	}
	f := &formReader{parts: parts, told: &form, today: v.Today().String(), area: v.Session.Posting.Area.String()}
	hold := func() bool { return form.Hold || !v.Session.May(access.PromoteBatch) }
	id, err := p.receive(v.R.Context(), v.Principal(""), f.next, func() ingest.Door { return door(v.Session, "") }, hold, ingest.FromUpload)
	if err != nil {
		err = shown(err)
		if status, _ := v.Explain(err); status < http.StatusInternalServerError {
			return p.showUploads(v, status, form, err)
		}
		return err
	}
	return v.Redirect("/feeds/uploads/" + strconv.FormatInt(id, 10))
}

// shown is an error of receiving as its sender reads it.
func shown(err error) error {
	var large *http.MaxBytesError
	var told *fault.Error
	switch {
	case errors.As(err, &large):
		return fault.New(fault.Invalid, tooLarge, fault.Args{"limit": large.Limit >> 20})
	case errors.As(err, &told):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, multipart.ErrMessageTooLarge):
		return fault.New(fault.Invalid, notAnUpload, nil).Because(err)
	}
	return err
}

// receive writes files to the disk, and the upload and its job down together.
func (p *Pages) receive(ctx context.Context, who postgres.Principal, next func() (string, io.Reader, error), d func() ingest.Door, hold func() bool,
	source ingest.Source) (id int64, err error) {
	sent, err := p.Uploads.Receive(ctx, next)
	if err != nil {
		return 0, err
	}
	var known bool
	err = p.DB.As(ctx, who, func(tx pgx.Tx) (err error) {
		if id, known, err = p.Uploads.Keep(ctx, tx, sent, source, d(), hold()); err != nil || known {
			return err
		}
		_, err = p.Queue.Enqueue(ctx, tx, ingest.TakeUpload{Upload: id})
		return err
	})
	if err != nil || known {
		return id, errors.Join(err, p.Uploads.Drop(sent))
	}
	return id, nil
}

// formReader reads the upload form: first what is told, then the files. Where there is no manifest and one is told, it makes it.
type formReader struct {
	parts *multipart.Reader
	told  *told
	today string
	area  string
	names []string
	made  bool
}

// mostTold is the longest that a field of the form is.
const mostTold = 200

func (f *formReader) next() (string, io.Reader, error) {
	for {
		part, err := f.parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f.manifest()
		}
		if err != nil {
			return "", nil, err
		}
		if part.FormName() != "files" {
			if err := f.field(part); err != nil {
				return "", nil, err
			}
			continue
		}
		name := part.FileName()
		if name == "" {
			continue // nothing was chosen
		}
		f.names = append(f.names, name)
		return name, part, nil
	}
}

func (f *formReader) field(part *multipart.Part) error {
	content, err := io.ReadAll(io.LimitReader(part, mostTold))
	if err != nil {
		return err
	}
	value := strings.TrimSpace(string(content))
	switch part.FormName() {
	case "feed":
		f.told.Feed = value
	case "from":
		f.told.From = value
	case "to":
		f.told.To = value
	case "rows":
		f.told.Rows = value
	case "promote":
		f.told.Hold = value == ""
	}
	return nil
}

// manifest makes the manifest that was told, once, if there is none.
func (f *formReader) manifest() (string, io.Reader, error) {
	archives := slices.ContainsFunc(f.names, func(n string) bool { return strings.EqualFold(path.Ext(n), ".zip") })
	with := slices.ContainsFunc(f.names, func(n string) bool { return strings.HasSuffix(n, ".manifest.json") })
	if f.made || with || archives || !f.told.Told() {
		return "", nil, io.EOF
	}
	f.made = true
	rows, err := strconv.Atoi(f.told.Rows)
	if err != nil || len(f.names) != 1 || f.told.Feed == "" || f.told.From == "" || f.told.To == "" {
		return "", nil, fault.New(fault.Invalid, halfTold, nil)
	}
	content, err := json.Marshal(map[string]any{"feed": f.told.Feed, "delivered": f.today, "from": f.told.From, "to": f.told.To, "areas": []string{f.area},
		"files": []any{map[string]any{"name": f.names[0], "rows": rows}}})
	if err != nil {
		return "", nil, err
	}
	return strings.TrimSuffix(f.names[0], path.Ext(f.names[0])) + ".manifest.json", bytes.NewReader(content), nil
}
