package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
)

var (
	notMendable = fault.Text{
		Key: "ingest.not-mendable",
		Zh:  "这不是下载的退回行：前两列应为“{number}”和“{reason}”，后面是原来的列",
		En:  "these are not rows as they were downloaded: the first columns must be “{number}” and “{reason}”, followed by those of the file",
	}
	notInQuarantine = fault.Text{
		Key: "ingest.not-in-quarantine",
		Zh:  "第{batch}批没有待改的退回行{number}，可能已经改过",
		En:  "batch {batch} has no row {number} in quarantine: it may have been mended already",
	}
)

// The columns that stand before the row itself where quarantined rows are downloaded.
const (
	numberHeader = "退回编号"
	reasonHeader = "退回原因"
)

// mostMended is how many bytes of mended rows are taken at once.
const mostMended = 64 << 20

// Mended is what became of rows that were sent again.
type Mended struct {
	Batch int64 // their batch; 0 if none was good
	Used  int   // rows that are in use now
	Bad   int   // rows that stay in quarantine, with their new reasons
}

// Correction is mended rows of a quarantine.
type Correction struct{ sheets []sheet }

// CorrectionOf is the mended cells of one entry.
func CorrectionOf(e *Entry, cells []string) *Correction {
	return &Correction{[]sheet{{e.Header, []int64{e.ID}, [][]string{cells}}}}
}

// ReadCorrection reads mended rows as [Record.Download] wrote them, as CSV or as a workbook.
func ReadCorrection(in io.Reader, format Format) (*Correction, error) {
	in = io.LimitReader(in, mostMended)
	if format == CSV {
		sheets, err := readMended(in)
		return &Correction{sheets}, err
	}
	lines, err := feed.WorkbookLines(in)
	if err != nil {
		return nil, err
	}
	sheets, err := sheetsOf(lines)
	return &Correction{sheets}, err
}

// ids are the numbers of the entries.
func (c *Correction) ids() (ids []int64) {
	for _, s := range c.sheets {
		ids = append(ids, s.ids...)
	}
	return ids
}

// Resubmit takes mended rows of a batch's quarantine, of which somebody must see all. Each goes through the same checks; a good one takes the place in
// its file that it would have had, and closes its entry. Those of a batch that was undone come in as a file without a manifest. A row that is left
// out stays where it is.
func (r *Record) Resubmit(ctx context.Context, who postgres.Principal, batch int64, c *Correction) (m Mended, err error) {
	err = r.db.As(ctx, who, func(tx pgx.Tx) error { return r.seesAll(ctx, tx, batch, c.ids()) })
	if err != nil {
		return m, err
	}
	err = r.act(ctx, who.Account, func(tx pgx.Tx) error {
		b, err := r.lock(ctx, tx, batch, Promoted, Undone)
		if err != nil {
			return err
		}
		m, err = r.mend(ctx, tx, b, who.Account, c.sheets)
		return err
	})
	return m, err
}

// seesAll is a fault if the transaction's principal does not see some entries of a batch.
func (r *Record) seesAll(ctx context.Context, tx pgx.Tx, batch int64, ids []int64) error {
	rows, err := tx.Query(ctx, `select wanted from unnest($2::bigint[]) wanted where not exists (
		select from quarantine q join batch_file f on f.id = q.file where q.id = wanted and f.batch = $1) limit 1`, batch, ids)
	if err != nil {
		return fmt.Errorf("reading the quarantine: %w", err)
	}
	hidden, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return fmt.Errorf("reading the quarantine: %w", err)
	}
	if len(hidden) > 0 {
		return fault.New(fault.Conflict, notInQuarantine, fault.Args{"batch": batch, "number": hidden[0]})
	}
	return nil
}

// sheet is mended rows with one header.
type sheet struct {
	header []string
	ids    []int64 // of their entries
	rows   [][]string
}

// table is the header and the rows.
func (s *sheet) table() [][]string { return append([][]string{s.header}, s.rows...) }

// readMended splits a download into sheets.
func readMended(in io.Reader) (sheets []sheet, err error) {
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1
	var lines [][]string
	for {
		line, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return sheetsOf(lines)
		}
		if err != nil {
			return nil, wrongMend().Because(err)
		}
		lines = append(lines, line)
	}
}

func wrongMend() *fault.Error {
	return fault.New(fault.Invalid, notMendable, fault.Args{"number": numberHeader, "reason": reasonHeader})
}

// sheetsOf takes the lines of a download apart. Rows under the same header are one sheet.
func sheetsOf(lines [][]string) (sheets []sheet, err error) {
	at, rows := -1, 0
	for _, line := range lines {
		if len(line) < 3 {
			return nil, wrongMend()
		}
		if isHeader := strings.TrimPrefix(line[0], "\ufeff") == numberHeader && line[1] == reasonHeader; isHeader {
			if at = slices.IndexFunc(sheets, func(s sheet) bool { return slices.Equal(s.header, line[2:]) }); at < 0 {
				at, sheets = len(sheets), append(sheets, sheet{header: line[2:]})
			}
			continue
		}
		id, err := strconv.ParseInt(line[0], 10, 64)
		if err != nil || at < 0 {
			return nil, wrongMend()
		}
		row := make([]string, max(len(line)-2, len(sheets[at].header)))
		for i, cell := range line[2:] {
			row[i] = armed(cell)
		}
		sheets[at].ids, sheets[at].rows, rows = append(sheets[at].ids, id), append(sheets[at].rows, row), rows+1
	}
	if rows == 0 {
		return nil, wrongMend()
	}
	return slices.DeleteFunc(sheets, func(s sheet) bool { return len(s.ids) == 0 }), nil
}

// entry is an open entry of the quarantine.
type entry struct {
	file    int32
	row     int
	header  []string
	persons []int64
}

// mend puts mended rows into their places.
func (r *Record) mend(ctx context.Context, tx pgx.Tx, b *Batch, account int64, sheets []sheet) (m Mended, err error) {
	if err := errors.Join(r.unlock(ctx), r.settleHomes(ctx, tx)); err != nil {
		return m, err
	}
	entries, err := r.openEntries(ctx, tx, b, sheets)
	if err != nil {
		return m, err
	}
	f, name := r.feedOf(b.Feed), b.Name
	if b.State == Undone {
		name = fmt.Sprintf("%s-mended-%d.csv", b.Feed, b.ID)
	}
	w := &mender{Record: r, tx: tx, feed: f, batch: b, entries: entries}
	err = tx.QueryRow(ctx, `insert into batch (feed, name, source, digest, areas, simulated, state, account, fixes, promoted_at)
		values ($1, $2, 'resubmitted', sha256(convert_to(gen_random_uuid()::text, 'UTF8')), $3, $4, 'promoted', $5, $6, now()) returning id`,
		b.Feed, name, codesOf(b.Areas), simulated(b), account, b.ID).Scan(&w.by)
	if err != nil {
		return m, fmt.Errorf("writing down that rows were mended: %w", err)
	}
	for i := range sheets {
		if err := w.sheet(ctx, name, &sheets[i]); err != nil {
			return m, err
		}
	}
	if err := w.end(ctx); err != nil {
		return m, err
	}
	return Mended{Batch: w.by, Used: len(w.places), Bad: w.bad}, nil
}

func simulated(b *Batch) bool { return b.Delivery != nil && b.Delivery.Simulated }

func (r *Record) openEntries(ctx context.Context, tx pgx.Tx, b *Batch, sheets []sheet) (map[int64]entry, error) {
	ids := (&Correction{sheets}).ids()
	rows, err := tx.Query(ctx, `select q.id, q.file, q.row, f.header, q.persons from batch_file f join quarantine q on q.file = f.id
		where f.batch = $1 and q.id = any($2) and q.closed_by is null for update of q`, b.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	entries := map[int64]entry{}
	var id int64
	var e entry
	if _, err := pgx.ForEachRow(rows, []any{&id, &e.file, &e.row, &e.header, &e.persons}, func() error {
		entries[id] = e
		e = entry{}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	seen := map[int64]bool{}
	for _, s := range sheets {
		for _, id := range s.ids {
			e, ok := entries[id]
			if !ok || seen[id] {
				return nil, fault.New(fault.Conflict, notInQuarantine, fault.Args{"batch": b.ID, "number": id})
			}
			if !slices.Equal(e.header, s.header) {
				return nil, wrongMend() // what is kept of a row is kept under its file's header
			}
			seen[id] = true
		}
	}
	return entries, nil
}

// mender reads mended rows.
type mender struct {
	*Record
	tx      pgx.Tx
	feed    *pack.Feed
	batch   *Batch
	by      int64
	entries map[int64]entry
	at      *sheet
	file    int32    // the file of its own to which the rows of an undone batch come, 0 where each goes to its place
	closed  []int64  // entries of good rows
	cells   [][]byte // as they were sent, sealed
	places  []int64  // of good rows
	persons []int64  // whom all of it touches
	bad     int
}

// sheet reads the rows of a sheet.
func (w *mender) sheet(ctx context.Context, name string, s *sheet) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(s.table()); err != nil {
		return fmt.Errorf("taking mended rows apart: %w", err)
	}
	w.at, w.file = s, 0
	before := len(w.places)
	if w.batch.State == Undone {
		err := w.tx.QueryRow(ctx, "insert into batch_file (batch, name, header) values ($1, $2, $3) returning id", w.by, name, s.header).Scan(&w.file)
		if err != nil {
			return fmt.Errorf("writing down mended rows: %w", err)
		}
	}
	file, err := feed.ReadText(ctx, w.pack, w.feed, w.batch.Name, &text, func(t *feed.Table, rejects []*feed.Reject) error { return w.piece(ctx, t, rejects) })
	if err != nil {
		return err
	}
	if file.Refused != nil {
		return file.Refused
	}
	if w.file == 0 {
		return nil
	}
	_, err = w.tx.Exec(ctx, "update batch_file set rows = $2, used = $2, formulas = $3, missing = $4 where id = $1", w.file, len(w.places)-before, file.Formulas, notNil(file.Missing))
	if err != nil {
		return fmt.Errorf("writing down mended rows: %w", err)
	}
	return nil
}

func (w *mender) piece(ctx context.Context, t *feed.Table, rejects []*feed.Reject) error {
	if err := w.addPeople(ctx, t, rejects); err != nil {
		return err
	}
	e, err := w.newEncoder(w.feed)
	if err != nil {
		return err
	}
	home := w.homeOf(w.batch.Areas)
	named := w.nameColumn(w.feed)
	e.begin()
	var strangers [][]any
	for row := range t.Len() {
		_, number := t.File(row)
		place := w.place(number)
		matched, err := e.row(t, row, place, home)
		if err != nil {
			return err
		}
		if !matched {
			strangers = append(strangers, w.strangersIn(t, row, place, named)...)
		}
		if err := w.good(t, row, number, place); err != nil {
			return err
		}
	}
	if err := putStrangers(ctx, w.tx, strangers); err != nil {
		return err
	}
	if err := copyIn(ctx, w.tx, copying(w.feed), e.end()); err != nil {
		return fmt.Errorf("copying mended rows: %w", err)
	}
	for _, reject := range rejects {
		if err := w.stillBad(ctx, reject); err != nil {
			return err
		}
	}
	return nil
}

// place is where a mended row goes.
func (w *mender) place(number int) int64 {
	if w.file != 0 {
		return placeOf(w.file, len(w.places)+1)
	}
	e := w.entries[w.at.ids[number-1]]
	return placeOf(e.file, e.row)
}

// good notes a row that is used from now on.
func (w *mender) good(t *feed.Table, row, number int, place int64) error {
	id := w.at.ids[number-1]
	at := w.entries[id]
	cells, err := w.sealCells(placeOf(at.file, at.row), w.at.rows[number-1])
	if err != nil {
		return err
	}
	w.places, w.closed, w.cells = append(w.places, place), append(w.closed, id), append(w.cells, cells)
	w.touches(t, row, at)
	return nil
}

// touches notes whom a mended row touches: those whom it is about now, and those it was held to be about.
func (w *mender) touches(t *feed.Table, row int, at entry) {
	w.persons = append(w.persons, at.persons...)
	for _, i := range t.About() {
		if person, ok := w.people.Find(t.ID(i, row)); ok {
			w.persons = append(w.persons, person)
		}
	}
}

// stillBad keeps a row in quarantine as it is now.
func (w *mender) stillBad(ctx context.Context, reject *feed.Reject) error {
	w.bad++
	id := w.at.ids[reject.Row-1]
	at := w.entries[id]
	cells, err := w.sealCells(placeOf(at.file, at.row), reject.Cells())
	if err != nil {
		return err
	}
	persons := w.personsOf(reject)
	_, err = w.tx.Exec(ctx, `update quarantine set faults = $2, persons = $3, unplaced = $4, delivered = coalesce(delivered, cells), cells = $5, traces = $6
		where id = $1`, id, wordsOf(reject.Faults), persons, reject.Unplaced, cells, w.tracesOf(w.feed, reject))
	if err != nil {
		return fmt.Errorf("keeping a row in quarantine: %w", err)
	}
	w.persons = append(append(w.persons, persons...), at.persons...)
	return nil
}

// end closes the entries of good rows, counts them as used, settles their keys and writes down whom they touch.
func (w *mender) end(ctx context.Context) error {
	slices.Sort(w.persons)
	type step struct {
		what, statement string
		args            []any
	}
	steps := []step{
		{"closing entries", `update quarantine q set closed_by = $1, delivered = coalesce(delivered, q.cells), cells = mended.cells
			from unnest($2::bigint[], $3::bytea[]) mended (id, cells) where q.id = mended.id`, []any{w.by, w.closed, w.cells}},
		{"writing down whom it touches", "insert into touched (batch, person) select $1, unnest($2::bigint[])", []any{w.by, slices.Compact(w.persons)}},
	}
	if w.batch.State == Promoted {
		steps = append(steps, step{"counting rows", `update batch_file f set used = used + n, rejected = rejected - n
			from (select place >> 32 as file, count(*) as n from unnest($1::bigint[]) place group by 1) mended where f.id = mended.file`, []any{w.places}})
	}
	for _, s := range steps {
		if _, err := w.tx.Exec(ctx, s.statement, s.args...); err != nil {
			return fmt.Errorf("%s of mended rows: %w", s.what, err)
		}
	}
	fill := fmt.Sprintf("insert into settling select distinct _key from %s where _place = any($1)", tableOf(w.feed).quoted())
	if err := settleKeys(ctx, w.tx, w.feed, fill, w.places); err != nil {
		return err
	}
	_, err := ledger.Record(ctx, w.tx, ledger.Act{Kind: "batch.resubmit", Subject: "batch:" + strconv.FormatInt(w.batch.ID, 10),
		Detail: map[string]any{"used": len(w.places), "bad": w.bad}})
	if err != nil {
		return err
	}
	if err := w.followMended(ctx); err != nil {
		return err
	}
	version, err := nextVersion(ctx, w.tx)
	if err != nil {
		return err
	}
	if _, err := w.tx.Exec(ctx, "update batch set promoted_as = $2, rows = $3 where id = $1", w.by, version, len(w.places)); err != nil {
		return fmt.Errorf("ending batch %d: %w", w.by, err)
	}
	return nil
}

// followMended lets other feeds' rows follow mended rows of the register.
func (w *mender) followMended(ctx context.Context) error {
	if w.feed.Role != feed.RolePersons {
		return nil
	}
	if err := flip(ctx, w.tx, "select distinct unnest($1::bigint[])", w.persons); err != nil {
		return err
	}
	return w.followRegister(ctx, w.tx, w.batch)
}
