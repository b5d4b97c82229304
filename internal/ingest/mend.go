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

// Quarantined is a row that could not be used, without its cells.
type Quarantined struct {
	ID      int64
	File    string
	Row     int
	Reasons fault.List
	Open    bool // nobody has mended it yet
}

// Quarantine is the rows of a batch that could not be used, in the order of files and rows. Under a principal's transaction it shows what that
// principal may see.
func (r *Record) Quarantine(ctx context.Context, tx pgx.Tx, batch int64) ([]Quarantined, error) {
	rows, err := tx.Query(ctx, `select q.id, f.name, q.row, q.faults, q.closed_by is null
		from batch_file f join quarantine q on q.file = f.id where f.batch = $1 order by f.name collate "C", q.row`, batch)
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	var all []Quarantined
	var q Quarantined
	var reasons []byte
	_, err = pgx.ForEachRow(rows, []any{&q.ID, &q.File, &q.Row, &reasons, &q.Open}, func() (err error) {
		if q.Reasons, err = faultsOf(reasons, fault.At{File: q.File, Row: q.Row}); err != nil {
			return err
		}
		all = append(all, q)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	return all, nil
}

// Download writes the open rows of a batch's quarantine as CSV, to be mended and sent to [Record.Resubmit]: a number, the reasons, and the cells as
// they were delivered. A cell that a spreadsheet would take for a formula gets an apostrophe before it. It opens what is sealed, and is
// recorded; the transaction is that of the principal who may see the rows.
func (r *Record) Download(ctx context.Context, tx pgx.Tx, batch int64, lang fault.Lang, to io.Writer) error {
	rows, err := tx.Query(ctx, `select q.id, f.header, q.faults, q.cells from batch_file f join quarantine q on q.file = f.id
		where f.batch = $1 and q.closed_by is null order by f.name collate "C", q.row`, batch)
	if err != nil {
		return fmt.Errorf("reading the quarantine: %w", err)
	}
	w := csv.NewWriter(to)
	var id int64
	var header, before []string
	var reasons, sealed []byte
	n := 0
	_, err = pgx.ForEachRow(rows, []any{&id, &header, &reasons, &sealed}, func() error {
		if n == 0 || !slices.Equal(header, before) {
			if err := w.Write(append([]string{numberHeader, reasonHeader}, header...)); err != nil {
				return err
			}
		}
		before, n = slices.Clone(header), n+1
		return r.writeQuarantined(w, id, lang, reasons, sealed)
	})
	w.Flush()
	if err := errors.Join(err, w.Error()); err != nil {
		return fmt.Errorf("writing the quarantine: %w", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "quarantine.download", Subject: "batch:" + strconv.FormatInt(batch, 10), Detail: map[string]any{"rows": n}})
	return err
}

func (r *Record) writeQuarantined(w *csv.Writer, id int64, lang fault.Lang, reasons, sealed []byte) error {
	faults, err := faultsOf(reasons, fault.At{})
	if err != nil {
		return err
	}
	cells, err := r.openCells(sealed)
	if err != nil {
		return err
	}
	words := make([]string, len(faults))
	for i, f := range faults {
		words[i] = f.Message(lang)
	}
	line := []string{strconv.FormatInt(id, 10), strings.Join(words, "; ")}
	for _, c := range cells {
		line = append(line, disarmed(c))
	}
	return w.Write(line)
}

// disarmed is a cell that no spreadsheet takes for a formula; armed is its inverse.
func disarmed(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func armed(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && rest != "" && strings.ContainsRune("=+-@\t\r'", rune(rest[0])) {
		return rest
	}
	return cell
}

// Mended is what became of rows that were sent again.
type Mended struct {
	Batch int64 // their batch; 0 if none was good
	Used  int   // rows that are in use now
	Bad   int   // rows that stay in quarantine, with their new reasons
}

// Resubmit takes mended rows of a batch's quarantine, as [Record.Download] wrote them. Each goes through the same checks; a good one takes the place in
// its file that it would have had, and closes its entry. A row that is left out stays where it is.
func (r *Record) Resubmit(ctx context.Context, account, batch int64, in io.Reader) (Mended, error) {
	ids, rows, err := readMended(io.LimitReader(in, mostMended))
	if err != nil {
		return Mended{}, err
	}
	var m Mended
	err = r.act(ctx, account, func(tx pgx.Tx) error {
		b, err := r.lock(ctx, tx, batch, Promoted)
		if err != nil {
			return err
		}
		m, err = r.mend(ctx, tx, b, account, ids, rows)
		return err
	})
	return m, err
}

// readMended splits a download into the numbers of its rows and the rows themselves, header first.
func readMended(in io.Reader) (ids []int64, rows [][]string, err error) {
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1
	wrong := fault.New(fault.Invalid, notMendable, fault.Args{"number": numberHeader, "reason": reasonHeader})
	for {
		line, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, wrong.Because(err)
		}
		if len(line) < 3 {
			return nil, nil, wrong
		}
		if isHeader := strings.TrimPrefix(line[0], "\ufeff") == numberHeader && line[1] == reasonHeader; isHeader {
			if rows != nil && !slices.Equal(rows[0], line[2:]) {
				return nil, nil, wrong
			}
			if rows == nil {
				rows = append(rows, line[2:])
			}
			continue
		}
		id, err := strconv.ParseInt(line[0], 10, 64)
		if err != nil || rows == nil {
			return nil, nil, wrong
		}
		for i := range line {
			line[i] = armed(line[i])
		}
		ids, rows = append(ids, id), append(rows, line[2:])
	}
	if len(ids) == 0 {
		return nil, nil, wrong
	}
	return ids, rows, nil
}

// entry is an open entry of the quarantine.
type entry struct {
	file    int32
	row     int
	persons []int64
}

// mend puts mended rows into their places.
func (r *Record) mend(ctx context.Context, tx pgx.Tx, b *Batch, account int64, ids []int64, rows [][]string) (Mended, error) {
	if err := errors.Join(r.unlock(ctx), r.settleHomes(ctx, tx)); err != nil {
		return Mended{}, err
	}
	entries, err := r.openEntries(ctx, tx, b, ids)
	if err != nil {
		return Mended{}, err
	}
	f := r.feedOf(b.Feed)
	var m Mended
	err = tx.QueryRow(ctx, `insert into batch (feed, name, source, digest, areas, simulated, state, account, fixes, promoted_at)
		values ($1, $2, 'resubmitted', sha256(convert_to(gen_random_uuid()::text, 'UTF8')), $3, $4, 'promoted', $5, $6, now()) returning id`,
		b.Feed, b.Name, r.areasIn(b), simulated(b), account, b.ID).Scan(&m.Batch)
	if err != nil {
		return Mended{}, fmt.Errorf("writing down that rows were mended: %w", err)
	}
	w := &mender{Record: r, tx: tx, feed: f, batch: b, by: m.Batch, ids: ids, entries: entries}
	if err := w.read(ctx, rows); err != nil {
		return Mended{}, err
	}
	m.Used, m.Bad = len(w.places), w.bad
	if err := w.end(ctx); err != nil {
		return Mended{}, err
	}
	return m, nil
}

func (r *Record) areasIn(b *Batch) []int64 {
	if b.Delivery == nil {
		return []int64{int64(r.pack.Area)}
	}
	return areasOf(b.Delivery)
}

func simulated(b *Batch) bool { return b.Delivery != nil && b.Delivery.Simulated }

func (r *Record) openEntries(ctx context.Context, tx pgx.Tx, b *Batch, ids []int64) (map[int64]entry, error) {
	rows, err := tx.Query(ctx, `select q.id, q.file, q.row, q.persons from batch_file f join quarantine q on q.file = f.id
		where f.batch = $1 and q.id = any($2) and q.closed_by is null for update of q`, b.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	entries := map[int64]entry{}
	var id int64
	var e entry
	if _, err := pgx.ForEachRow(rows, []any{&id, &e.file, &e.row, &e.persons}, func() error {
		entries[id] = e
		e.persons = nil
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading the quarantine: %w", err)
	}
	for i, id := range ids {
		if _, ok := entries[id]; !ok || slices.Contains(ids[:i], id) {
			return nil, fault.New(fault.Conflict, notInQuarantine, fault.Args{"batch": b.ID, "number": id})
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
	ids     []int64 // by row
	entries map[int64]entry
	places  []int64 // of good rows
	persons []int64 // whom all of it touches
	bad     int
}

func (w *mender) read(ctx context.Context, rows [][]string) error {
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return fmt.Errorf("taking mended rows apart: %w", err)
	}
	file, err := feed.ReadText(ctx, w.pack, w.feed, w.batch.Name, &text, func(t *feed.Table, rejects []*feed.Reject) error { return w.piece(ctx, t, rejects) })
	if err != nil {
		return err
	}
	if file.Refused != nil {
		return file.Refused
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
	home := w.homeOf(w.batch.Delivery)
	named := w.nameColumn(w.feed)
	e.begin()
	var strangers [][]any
	for row := range t.Len() {
		_, number := t.File(row)
		at := w.entries[w.ids[number-1]]
		place := placeOf(at.file, at.row)
		matched, err := e.row(t, row, place, home)
		if err != nil {
			return err
		}
		if !matched {
			strangers = append(strangers, w.strangersIn(t, row, place, named)...)
		}
		w.places = append(w.places, place)
		w.touches(t, row, at)
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
	cells, err := w.sealCells(reject.Cells())
	if err != nil {
		return err
	}
	persons := w.personsOf(reject)
	_, err = w.tx.Exec(ctx, "update quarantine set faults = $2, persons = $3, unplaced = $4, cells = $5, traces = $6 where id = $1",
		w.ids[reject.Row-1], wordsOf(reject.Faults), persons, reject.Unplaced, cells, w.tracesOf(w.feed, reject))
	if err != nil {
		return fmt.Errorf("keeping a row in quarantine: %w", err)
	}
	w.persons = append(append(w.persons, persons...), w.entries[w.ids[reject.Row-1]].persons...)
	return nil
}

// end closes the entries of good rows, counts them as used, settles their keys and writes down whom they touch.
func (w *mender) end(ctx context.Context) error {
	slices.Sort(w.persons)
	steps := []struct {
		what, statement string
		args            []any
	}{
		{"closing entries", "update quarantine q set closed_by = $1 from unnest($2::bigint[]) place where q.file = place >> 32 and q.row = (place & 4294967295)",
			[]any{w.by, w.places}},
		{"counting rows", `update batch_file f set used = used + n, rejected = rejected - n
			from (select place >> 32 as file, count(*) as n from unnest($1::bigint[]) place group by 1) mended where f.id = mended.file`, []any{w.places}},
		{"writing down whom it touches", "insert into touched (batch, person) select $1, unnest($2::bigint[])", []any{w.by, slices.Compact(w.persons)}},
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
	if _, err := w.tx.Exec(ctx, "update batch set promoted_as = $2 where id = $1", w.by, version); err != nil {
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
