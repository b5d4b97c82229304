package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

// Export gives a list as a file. A job makes it as whoever asked for it, from what they may see when it runs.
type Export struct {
	Zh, En   string         // what the list is called
	Personal bool           // it is about people: whoever takes it out says what for
	As       access.Purpose // for which its page asks the database, "" for none
	Head     func(v *Visit) []string
	// Page is the rows of a page of the list with the filters and the place, "after", of the visit's address, as the page shows them; next is the
	// place after them, "" of the last. It writes nothing.
	Page func(ctx context.Context, tx pgx.Tx, v *Visit) (rows [][]string, next string, err error)
}

// ExportJob makes a file of a list.
type ExportJob struct {
	Export int64 `json:"export"`
	Turn   int   `json:"turn"` // another once a job has died
}

// Kind is that of the job.
func (ExportJob) Kind() string { return "pages.export" }

// ExportPage is how many rows of a list an export asks for at a time.
const ExportPage = 200

const (
	exportQuery   = "page_export.query"
	exportContent = "page_export.content"

	keptExport   = 7 * 24 * time.Hour
	mostExports  = 20               // of an account at a time
	exportAtRest = 5 * time.Minute  // without another page of rows, after which its job is taken for dead
	exportInLine = 15 * time.Minute // until a job begins, after which there is taken to be none
	mostTurns    = 5
)

// SealedColumns are where the frame keeps sealed values, for [sealed.Keys.Renew].
func SealedColumns() []sealed.Column {
	return []sealed.Column{
		{Table: "page_export", Key: "id", Sealed: "query", Field: exportQuery},
		{Table: "page_export_part", Key: "n", Sealed: "content", Field: exportContent},
	}
}

var (
	noExport    = fault.Text{Key: "web.no-export", Zh: "这个页面不能导出", En: "this page cannot be taken out as a file"}
	noReason    = fault.Text{Key: "web.export-purpose", Zh: "请选择导出的用途", En: "say what the file is for"}
	manyExports = fault.Text{Key: "web.many-exports", Zh: "您已有{most}个导出文件，请先删掉不用的", En: "you have {most} files: drop some that you do not use"}
	notMade     = fault.Text{Key: "web.export-not-made", Zh: "这个文件还没有生成好", En: "this file is not ready"}
)

// exporting are lists that can be taken out, by their paths; none where nothing makes files.
func (s *Site) exporting(path string) (Route, *Export) {
	if s.Queue == nil || s.Keys == nil {
		return Route{}, nil
	}
	for _, r := range s.routes {
		if r.Export != nil && r.Pattern == "GET "+path {
			return r, r.Export
		}
	}
	return Route{}, nil
}

// offer is how a list offers to be taken out.
type offer struct {
	Name     string
	Purposes []option // to choose from, none where none is asked for
}

// Exports offers the list that is shown as a file, nil where it is none.
func (v View) Exports() *offer {
	r, e := v.site.exporting(v.Path())
	if e == nil || v.R.Method != http.MethodGet || !r.Who.Admits(v.Session) || v.Session.Due != access.Ready {
		return nil
	}
	o := &offer{Name: v.Say(e.Zh, e.En)}
	if e.Personal {
		for _, p := range access.PurposesOf(v.Session.Posting.Role) {
			o.Purposes = append(o.Purposes, option{string(p), p.Name(v.Lang)})
		}
		if len(o.Purposes) == 0 {
			return nil // a role without a purpose takes nothing out about people
		}
	}
	return o
}

// exportRoutes are somebody's own files.
func (s *Site) exportRoutes() []Route {
	return []Route{
		{Pattern: "GET /exports", Who: Ready, Do: s.exports},
		{Pattern: "POST /exports", Who: Ready, Do: s.askExport},
		{Pattern: "POST /exports/{id}/drop", Who: Ready, Do: s.dropExport},
		{Pattern: "POST /exports/{id}/file", Who: Ready, Do: s.exportFile, Keyless: "gives a file, and is recorded each time"},
	}
}

// exportsNav leads whoever has lists to the files of them.
var exportsNav = Link{Path: "/exports", Zh: "导出的文件", En: "Exports", Aside: true, Who: Ready.But(access.SeeOwnFile)}

// exportLine is a file as its owner sees it.
type exportLine struct {
	ID             int64
	Name, To       string
	State          string
	Rows           int64
	Why            string
	At, Until      time.Time
	path, purpose  string
	sealed         []byte
	PurposeInWords string
}

// Waits reports whether it is on its way.
func (e exportLine) Waits() bool { return e.State == "waiting" || e.State == "running" }

type exportsPage struct {
	Files []exportLine
	Waits bool
}

func (s *Site) exports(v *Visit) error {
	var p exportsPage
	ctx := v.R.Context()
	err := s.DB.As(ctx, v.Principal(""), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select id, path, query, purpose, state, rows, why, at from page_export where account = acting_account() order by id desc limit $1", 2*mostExports)
		if err != nil {
			return fmt.Errorf("reading somebody's files: %w", err)
		}
		p.Files, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (e exportLine, err error) {
			return e, r.Scan(&e.ID, &e.path, &e.sealed, &e.purpose, &e.State, &e.Rows, &e.Why, &e.At)
		})
		if err != nil {
			return fmt.Errorf("reading somebody's files: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range p.Files {
		e := &p.Files[i]
		e.Name, e.To, e.Until = e.path, e.path, e.At.Add(keptExport)
		if _, of := s.exporting(e.path); of != nil {
			e.Name = v.Say(of.Zh, of.En)
		}
		query, err := s.Keys.Open(exportQuery, e.sealed)
		if err != nil {
			return err
		}
		if query != "" {
			e.To += "?" + query
		}
		if e.purpose != "" {
			e.PurposeInWords = access.Purpose(e.purpose).Name(v.Lang)
		}
		p.Waits = p.Waits || e.Waits()
	}
	return s.render(v, http.StatusOK, "exports", p)
}

// askExport has a list that the visitor may see made a file.
func (s *Site) askExport(v *Visit) error {
	path, purpose := v.R.PostFormValue("path"), access.Purpose(v.R.PostFormValue("purpose"))
	asked, err := url.ParseQuery(v.R.PostFormValue("query"))
	query := filters(asked)
	r, e := s.exporting(path)
	switch {
	case err != nil || e == nil:
		return fault.New(fault.Invalid, noExport, nil)
	case !r.Who.Admits(v.Session):
		return fault.New(fault.Forbidden, notYours, nil)
	case len(query) > longestQuery:
		return fault.New(fault.Invalid, longQuery, nil)
	case !e.Personal:
		purpose = ""
	case !slices.Contains(access.PurposesOf(v.Session.Posting.Role), purpose):
		return fault.New(fault.Invalid, noReason, nil)
	}
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		var n int
		if err := tx.QueryRow(ctx, "select count(*) from page_export where account = acting_account()").Scan(&n); err != nil {
			return "", fmt.Errorf("counting somebody's files: %w", err)
		}
		if n >= mostExports {
			return "", fault.New(fault.Conflict, manyExports, fault.Args{"most": mostExports})
		}
		var id int64
		err := tx.QueryRow(ctx, "insert into page_export (posting, path, query, lang, purpose, at, touched_at) values ($1, $2, $3, $4, $5, $6, $6) returning id", v.Session.Posting.ID, path,
			s.Keys.Seal(exportQuery, query), string(v.Lang), string(purpose), s.Clock()).Scan(&id)
		if err != nil {
			return "", fmt.Errorf("asking for a file: %w", err)
		}
		if _, err := s.Queue.Enqueue(ctx, tx, ExportJob{Export: id}); err != nil {
			return "", err
		}
		return "/exports", exportAct(ctx, tx, "list.export", id, path, purpose)
	})
}

// exportAct records what happens with a file: which list, what for, and never with which filters, which may name somebody.
func exportAct(ctx context.Context, tx pgx.Tx, kind string, id int64, path string, purpose access.Purpose) error {
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: kind, Subject: fmt.Sprintf("export:%d", id), Detail: map[string]any{"list": path, "purpose": string(purpose)}})
	return err
}

// exportID is the file that the path names.
func exportID(v *Visit) (int64, error) {
	id, err := strconv.ParseInt(v.R.PathValue("id"), 10, 64)
	if err != nil {
		return 0, fault.New(fault.NotFound, noSuchPage, nil)
	}
	return id, nil
}

// dropExport forgets a file of the visitor's own.
func (s *Site) dropExport(v *Visit) error {
	id, err := exportID(v)
	if err != nil {
		return err
	}
	return v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		var path, purpose string
		err := tx.QueryRow(ctx, "delete from page_export where account = acting_account() and id = $1 returning path, purpose", id).Scan(&path, &purpose)
		if errors.Is(err, pgx.ErrNoRows) {
			return "", fault.New(fault.NotFound, noSuchPage, nil)
		}
		if err != nil {
			return "", fmt.Errorf("forgetting a file: %w", err)
		}
		return "/exports", exportAct(ctx, tx, "list.export-drop", id, path, access.Purpose(purpose))
	})
}

// exportFile gives a file of the visitor's own, as CSV or as a workbook, and records that.
func (s *Site) exportFile(v *Visit) error {
	id, err := exportID(v)
	if err != nil {
		return err
	}
	ctx := v.R.Context()
	var path, purpose, state string
	err = s.DB.As(ctx, v.Principal(""), func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "select path, purpose, state from page_export where account = acting_account() and id = $1", id).Scan(&path, &purpose, &state)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fault.New(fault.NotFound, noSuchPage, nil)
		case err != nil:
			return fmt.Errorf("looking for a file: %w", err)
		case state != "ready":
			return fault.New(fault.Conflict, notMade, nil)
		}
		return exportAct(ctx, tx, "list.export-open", id, path, access.Purpose(purpose))
	})
	if err != nil {
		return err
	}
	format := formats["csv"]
	if f, ok := formats[v.R.PostFormValue("format")]; ok {
		format = f
	}
	_ = http.NewResponseController(v.W).SetWriteDeadline(time.Now().Add(exportTime)) // a writer that knows none has none
	v.W.Header().Set("Content-Type", format.media)
	v.W.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="export-%d.%s"`, id, format.ending))
	v.W.Header().Set("Cache-Control", "no-store")
	rows := csv.NewReader(&exportParts{ctx: ctx, site: s, who: v.Principal(""), id: id})
	rows.FieldsPerRecord = -1
	if err := format.write(v.W, rows.Read); err != nil {
		s.Log.Error("giving a file broke off", "request", requestID(ctx), "error", fault.HideNumbers(err.Error()))
		panic(http.ErrAbortHandler) // what was sent is no whole file, and must not look like one
	}
	return nil
}

// exportTime is how long somebody may take to get a file.
const exportTime = 15 * time.Minute

// exportParts reads the parts of a file one by one.
type exportParts struct {
	ctx  context.Context
	site *Site
	who  postgres.Principal
	id   int64
	part int
	left bytes.Reader
}

// Read is that of a reader of the whole.
func (p *exportParts) Read(b []byte) (int, error) {
	for p.left.Len() == 0 {
		var content []byte
		err := p.site.DB.As(p.ctx, p.who, func(tx pgx.Tx) error {
			return tx.QueryRow(p.ctx, "select content from page_export_part where export = $1 and part = $2", p.id, p.part).Scan(&content)
		})
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("reading a part of a file: %w", err)
		}
		plain, err := p.site.Keys.Open(exportContent, content)
		if err != nil {
			return 0, err
		}
		p.left.Reset([]byte(plain))
		p.part++
	}
	return p.left.Read(b)
}
