package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/feed"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/pack"
)

// State is how far a batch has come.
type State string

// The states of a batch.
const (
	Staging   State = "staging"   // its rows are being read
	Staged    State = "staged"    // its rows are in the record and not yet used
	Promoted  State = "promoted"  // its rows are used
	Stopped   State = "stopped"   // something of it cannot be used, and so none of it is
	Discarded State = "discarded" // it was given up before it was promoted
	Undone    State = "undone"    // it was promoted and taken back
)

// Source is by which door a delivery came.
type Source string

// The doors.
const (
	FromFolder  Source = "folder"
	FromUpload  Source = "upload"
	FromAPI     Source = "api"
	Resubmitted Source = "resubmitted"
)

// digest is of the names and contents of a parcel's files.
func digest(fsys fs.FS, p *feed.Parcel) ([]byte, error) {
	h := sha256.New()
	put := func(name string, content io.Reader) error {
		one := sha256.New()
		if _, err := io.Copy(one, content); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		fmt.Fprintf(h, "%s\x00%x\x00", name, one.Sum(nil))
		return nil
	}
	if err := put(p.Name, bytes.NewReader(p.Manifest())); err != nil {
		return nil, err
	}
	for _, f := range p.Files {
		content, err := fsys.Open(f.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("opening %s: %w", f.Name, err)
		}
		if err := errors.Join(put(f.Name, content), content.Close()); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

// stager brings one parcel's rows into the record.
type stager struct {
	*Record
	batch   int64
	parcel  *feed.Parcel
	home    area.Code // where rows count whose person is not registered
	matched int64
	read    int64 // rows of the files before
	load    *load // nil unless the table is being filled for the first time
}

// stageFile brings in the rows of one file, in one transaction. A file that comes to be refused leaves nothing but its entry.
func (s *stager) stageFile(ctx context.Context, f *feed.File) error {
	err := pgx.BeginFunc(ctx, s.db.Worker(), func(tx pgx.Tx) error {
		if err := s.readFile(ctx, tx, f); err != nil {
			return err
		}
		if f.Refused != nil {
			return errRefused // what it brought is rolled back
		}
		return nil
	})
	if errors.Is(err, errRefused) {
		return s.db.Work(ctx, func(tx pgx.Tx) error { return s.putFile(ctx, tx, f) })
	}
	return err
}

var errRefused = errors.New("the file is refused")

// readFile reads one file into its feed's table and the quarantine.
func (s *stager) readFile(ctx context.Context, tx pgx.Tx, f *feed.File) error {
	if f.Refused != nil {
		return nil
	}
	id, err := s.reserveFile(ctx, tx, f)
	if err != nil {
		return err
	}
	w, err := s.newWriter(tx, f, id)
	if err != nil {
		return err
	}
	before := s.matched
	if err := s.parcel.Read(ctx, f, func(t *feed.Table, rejects []*feed.Reject) error { return w.piece(ctx, t, rejects) }); err != nil {
		return err
	}
	if f.Refused != nil {
		s.matched = before
		return nil
	}
	s.read += int64(f.Rows)
	return s.finishFile(ctx, tx, f, id)
}

// reserveFile makes a file's entry, whose number its rows bear.
func (s *stager) reserveFile(ctx context.Context, tx pgx.Tx, f *feed.File) (id int32, err error) {
	err = tx.QueryRow(ctx, "insert into batch_file (batch, name) values ($1, $2) returning id", s.batch, f.Name).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("writing down the file %s: %w", f.Name, err)
	}
	return id, nil
}

// putFile writes down a file that is refused.
func (s *stager) putFile(ctx context.Context, tx pgx.Tx, f *feed.File) error {
	id, err := s.reserveFile(ctx, tx, f)
	if err != nil {
		return err
	}
	return s.finishFile(ctx, tx, f, id)
}

func (s *stager) finishFile(ctx context.Context, tx pgx.Tx, f *feed.File, id int32) error {
	var refused []byte
	if f.Refused != nil {
		refused = wordsOf(fault.List{f.Refused})
	}
	_, err := tx.Exec(ctx, `update batch_file set header = $2, rows = $3, used = $4, rejected = $5, formulas = $6, missing = $7, refused = $8
		where id = $1`, id, notNil(f.Header()), f.Rows, f.Used, f.Rejected, f.Formulas, notNil(f.Missing), refused)
	if err != nil {
		return fmt.Errorf("writing down what the file %s came to: %w", f.Name, err)
	}
	return nil
}

func notNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// writer takes the pieces of one file.
type writer struct {
	*stager
	tx      pgx.Tx
	file    *feed.File
	id      int32
	encoder *encoder
	copying string
	rejects rejects
	pieces  int
	named   int // the column with the person's name as the register has it, -1 for none
}

func (s *stager) newWriter(tx pgx.Tx, f *feed.File, id int32) (*writer, error) {
	e, err := s.newEncoder(f.Feed)
	if err != nil {
		return nil, err
	}
	return &writer{stager: s, tx: tx, file: f, id: id, encoder: e, named: s.nameColumn(f.Feed),
		copying: copying(f.Feed)}, nil
}

// copying is the statement by which rows are copied into a feed's table.
func copying(f *pack.Feed) string {
	return fmt.Sprintf("copy %s (%s) from stdin (format binary)", tableOf(f).quoted(), columnsIn(f))
}

// piece brings in a piece: first the numbers that nobody has had, then the rows, then what is set aside.
func (w *writer) piece(ctx context.Context, t *feed.Table, set []*feed.Reject) error {
	if err := w.progress(ctx); err != nil {
		return err
	}
	if err := w.addPeople(ctx, t, set); err != nil {
		return err
	}
	if t.Len() > 0 {
		w.encoder.begin()
		var strangers [][]any
		for row := range t.Len() {
			_, number := t.File(row)
			place := placeOf(w.id, number)
			matched, err := w.encoder.row(t, row, place, w.home)
			if err != nil {
				return err
			}
			w.load.note(&w.encoder.key)
			if matched {
				w.matched++
				continue
			}
			strangers = append(strangers, w.strangersIn(t, row, place, w.named)...)
		}
		if err := putStrangers(ctx, w.tx, strangers); err != nil {
			return err
		}
		if err := copyIn(ctx, w.tx, w.copying, w.encoder.end()); err != nil {
			return fmt.Errorf("copying rows of %s: %w", w.file.Name, err)
		}
	}
	return w.quarantine(ctx, set)
}

// toldAfter is after how many pieces the batch says how far it is.
const toldAfter = 8

// progress lets others see how many rows were read so far.
func (w *writer) progress(ctx context.Context) error {
	if w.pieces++; w.pieces%toldAfter != 0 {
		return nil
	}
	return w.db.Work(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "update batch set rows = $2 where id = $1", w.batch, w.read+int64(w.file.Rows)); err != nil {
			return fmt.Errorf("saying how far batch %d is: %w", w.batch, err)
		}
		return nil
	})
}

// strangersIn is the entries of a row about nobody registered.
func (r *Record) strangersIn(t *feed.Table, row int, place int64, named int) (entries [][]any) {
	name := ""
	if named >= 0 {
		name = t.Text(named, row)
	}
	for _, i := range t.About() {
		person, ok := r.people.Find(t.ID(i, row))
		if ok && !slices.ContainsFunc(entries, func(e []any) bool { return e[0] == person }) {
			entries = append(entries, []any{person, place, r.strangerTrace(person, name)})
		}
	}
	return entries
}

func putStrangers(ctx context.Context, tx pgx.Tx, entries [][]any) error {
	if len(entries) == 0 {
		return nil
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"stranger"}, []string{"person", "place", "trace"}, pgx.CopyFromRows(entries))
	if err != nil {
		return fmt.Errorf("writing down rows about strangers: %w", err)
	}
	return nil
}

func copyIn(ctx context.Context, tx pgx.Tx, statement string, content []byte) error {
	_, err := tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(content), statement)
	return err
}

// addPeople makes persons of numbers that were never seen. They are committed by themselves: others may come to use them at once.
func (r *Record) addPeople(ctx context.Context, t *feed.Table, set []*feed.Reject) error {
	unknown := map[idno.Number]bool{}
	note := func(n idno.Number) {
		if n.IsZero() {
			return
		}
		if _, ok := r.people.Find(n); !ok {
			unknown[n] = true
		}
	}
	for i, c := range t.Feed.Columns {
		if c.Type != "id_no" {
			continue
		}
		for row := range t.Len() {
			note(t.ID(i, row))
		}
	}
	for _, r := range set {
		for _, n := range r.Persons {
			note(n)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	numbers := make([]idno.Number, 0, len(unknown))
	for n := range maps.Keys(unknown) {
		numbers = append(numbers, n)
	}
	sortNumbers(numbers)
	return r.people.Add(ctx, r.db, numbers)
}

// wordsOf is faults as they are kept: each with its field, its key and its words in both languages; those of a row without their file, which is the
// row's.
func wordsOf(faults fault.List) []byte {
	words := make([]word, len(faults))
	for i, f := range faults {
		plain := f.In(fault.At{})
		words[i] = word{Field: f.At.Field, Key: f.Text.Key, Zh: plain.Message(fault.Zh), En: plain.Message(fault.En)}
		if f.At.Row == 0 {
			words[i].File = f.At.File
		}
	}
	content, err := json.Marshal(words)
	if err != nil {
		panic(err) // texts always can be
	}
	return content
}

// word is a fault as it is kept.
type word struct {
	File  string `json:"file,omitempty"`
	Field string `json:"field,omitempty"`
	Key   string `json:"key"`
	Zh    string `json:"zh"`
	En    string `json:"en"`
}

// faultsOf is the inverse of wordsOf, at a place.
func faultsOf(content []byte, at fault.At) (fault.List, error) {
	var words []word
	if err := json.Unmarshal(content, &words); err != nil {
		return nil, fmt.Errorf("reading the reasons of a row: %w", err)
	}
	faults := make(fault.List, len(words))
	for i, w := range words {
		place := at
		place.Field = w.Field
		if w.File != "" {
			place.File = w.File
		}
		faults[i] = fault.New(fault.Invalid, fault.Text{Key: w.Key, Zh: w.Zh, En: w.En}, nil).In(place)
	}
	return faults, nil
}
