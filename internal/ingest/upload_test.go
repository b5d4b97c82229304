package ingest_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/encoding/simplifiedchinese"

	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/postgres"
)

// oneByOne gives files as a form would.
func oneByOne(files ...any) func() (string, io.Reader, error) {
	return func() (string, io.Reader, error) {
		if len(files) == 0 {
			return "", nil, io.EOF
		}
		name, content := files[0].(string), files[1]
		files = files[2:]
		if r, ok := content.(io.Reader); ok {
			return name, r, nil
		}
		return name, strings.NewReader(content.(string)), nil
	}
}

// zipped is an archive of files.
func zipped(t *testing.T, files fstest.MapFS, names func(*zip.FileHeader)) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, f := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if names != nil {
			names(h)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newUploads(t *testing.T) (*ingest.Uploads, *ingest.Record, *postgres.DB, string) {
	t.Helper()
	r, db := newRecord(t, twoFeeds())
	dir := filepath.Join(t.TempDir(), "uploads")
	u, err := ingest.NewUploads(r, dir)
	if err != nil {
		t.Fatal(err)
	}
	return u, r, db, dir
}

var (
	health = postgres.Principal{Account: 7, Role: "department", Area: 371424000000, Department: "health"}
	admin  = postgres.Principal{Account: 8, Role: "administrator", Area: 371400000000}
)

// keep receives and writes down, as the pages do.
func keep(t *testing.T, u *ingest.Uploads, db *postgres.DB, who postgres.Principal, d ingest.Door, hold bool, files ...any) (int64, bool) {
	t.Helper()
	sent, err := u.Receive(t.Context(), oneByOne(files...))
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	var known bool
	err = db.As(t.Context(), who, func(tx pgx.Tx) (err error) {
		id, known, err = u.Keep(t.Context(), tx, sent, ingest.FromUpload, d, hold)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, known
}

func taken(t *testing.T, u *ingest.Uploads, db *postgres.DB, id int64) *ingest.Upload {
	t.Helper()
	for range 2 { // a job may be begun twice
		if err := u.Take(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	var up *ingest.Upload
	err := db.Work(t.Context(), func(tx pgx.Tx) (err error) {
		up, err = u.Get(t.Context(), tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return up
}

func TestUpload(t *testing.T) {
	u, r, db, dir := newUploads(t)
	files := delivery(t, "two-cancers-1", "2026-10-01", "A,"+number(1)+",王芳,是,否,2026-05-01")
	archive := zipped(t, files, nil)
	department := dezhouFeed("two-cancers").Department
	health.Department = department
	door := ingest.Door{Department: department, Area: 371424_000000}
	id, _ := keep(t, u, db, health, door, true, "2026.zip", bytes.NewReader(archive))
	if again, known := keep(t, u, db, health, door, true, "2026.zip", bytes.NewReader(archive)); again != id || !known {
		t.Errorf("sent twice it is %d, known %t, and was %d", again, known, id)
	}
	up := taken(t, u, db, id)
	if up.State != ingest.Done || len(up.Batches) != 1 || up.Rows != 1 {
		t.Fatalf("%+v", up)
	}
	if err := r.Promote(t.Context(), 8, up.Batches[0]); err != nil {
		t.Fatal(err)
	}
	compare(t, whole(t, r, db), readBy(t, twoFeeds(), files))
	later, known := keep(t, u, db, health, door, true, "2026.zip", bytes.NewReader(archive))
	if known || later == id {
		t.Errorf("what was taken in is still waiting")
	}
	if up := taken(t, u, db, later); up.State != ingest.Done || len(up.Batches) != 1 || up.Batches[0] != 1 {
		t.Errorf("the same again: %+v", up)
	}
	for name, d := range map[string]ingest.Door{
		"ingest.not-your-feed": {Department: "transport", Area: 371424_000000}, "ingest.not-your-area": {Area: 371402_000000},
		"ingest.not-this-feed": {Feed: "marriages", Area: 371424_000000},
	} {
		who := admin
		id, _ := keep(t, u, db, who, d, false, "2026.zip", bytes.NewReader(archive))
		if up := taken(t, u, db, id); up.State != ingest.Refused || up.Faults[0].Text.Key != name {
			t.Errorf("%s: %+v", name, up)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left { // of what was sent twice
		old := time.Now().Add(-48 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, e.Name()), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := u.Sweep(t.Context(), time.Now()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%d folders stay, %v", len(left), err)
	}
}

// An account sends in its own name, for its own department and within its area; what a department sends is held.
func TestWhoMaySend(t *testing.T) {
	u, _, db, _ := newUploads(t)
	n := 0
	try := func(who postgres.Principal, d ingest.Door, hold bool) bool {
		t.Helper()
		n++
		sent, err := u.Receive(t.Context(), oneByOne("two-cancers.csv", strings.Repeat("x\n", n)))
		if err != nil {
			t.Fatal(err)
		}
		return db.As(t.Context(), who, func(tx pgx.Tx) error {
			_, _, err := u.Keep(t.Context(), tx, sent, ingest.FromUpload, d, hold)
			return err
		}) == nil
	}
	own := ingest.Door{Department: health.Department, Area: health.Area}
	if !try(health, own, true) {
		t.Error("a department cannot send its own")
	}
	officer := postgres.Principal{Account: 9, Role: "officer", Area: 371424100000}
	for name, sent := range map[string]bool{
		"promoted at once": try(health, own, false), "another department's": try(health, ingest.Door{Department: "x", Area: health.Area}, true),
		"of everybody": try(health, ingest.Door{Area: health.Area}, true), "elsewhere": try(health, ingest.Door{Department: health.Department, Area: 371402_000000}, true),
		"an officer": try(officer, ingest.Door{Area: officer.Area}, true), "nobody": try(postgres.Principal{}, own, true),
	} {
		if sent {
			t.Errorf("%s: it was sent", name)
		}
	}
}

// What cannot be taken is named, and nothing of it stays on the disk.
func TestUploadsThatCannotBeTaken(t *testing.T) {
	defer ingest.SetUploadLimits(ingest.SetUploadLimits(1000, 3))
	u, _, _, dir := newUploads(t)
	archive := func(files fstest.MapFS) io.Reader { return bytes.NewReader(zipped(t, files, nil)) }
	file := func(size int) *fstest.MapFile { return &fstest.MapFile{Data: bytes.Repeat([]byte{'0'}, size)} }
	whole := zipped(t, fstest.MapFS{"a.csv": {Data: []byte("a,b\n1,2\n3,4\n5,6\n")}}, nil)
	damaged := bytes.Clone(whole)
	damaged[40] ^= 0xff
	tests := []struct {
		name, want string
		files      []any
	}{
		{"a bomb", "ingest.upload-too-large", []any{"a.zip", archive(fstest.MapFS{"a.csv": file(100_000)})}},
		{"an archive cut off", "ingest.bad-archive", []any{"a.zip", bytes.NewReader(whole[:len(whole)-30])}},
		{"a damaged archive", "ingest.bad-archive", []any{"a.zip", bytes.NewReader(damaged)}},
		{"no archive", "ingest.bad-archive", []any{"a.zip", "hello"}},
		{"a way out", "ingest.upload-name", []any{"a.zip", archive(fstest.MapFS{"../a.csv": file(1)})}},
		{"the root", "ingest.upload-name", []any{"a.zip", archive(fstest.MapFS{"/a.csv": file(1)})}},
		{"an archive in an archive", "ingest.upload-type", []any{"a.zip", archive(fstest.MapFS{"b.zip": file(1)})}},
		{"a program in an archive", "ingest.upload-type", []any{"a.zip", archive(fstest.MapFS{"a.exe": file(1)})}},
		{"too many in an archive", "ingest.upload-too-many", []any{"a.zip", archive(fstest.MapFS{"a.csv": file(1), "b.csv": file(1), "c.csv": file(1), "d.csv": file(1)})}},
		{"too large", "ingest.upload-too-large", []any{"a.csv", strings.Repeat("x", 600), "b.csv", strings.Repeat("x", 600)}},
		{"a path", "ingest.upload-name", []any{"../a.csv", "x"}},
		{"a path of Windows", "ingest.upload-name", []any{`C:\a.csv`, "x"}},
		{"no name", "ingest.upload-name", []any{"", "x"}},
		{"twice", "ingest.upload-name", []any{"a.csv", "x", "a.csv", "y"}},
		{"a program", "ingest.upload-type", []any{"a.exe", "x"}},
		{"a text", "ingest.upload-type", []any{"notes.txt", "x"}},
		{"what a spreadsheet leaves", "ingest.upload-type", []any{"~$a.xlsx", "x"}},
		{"nothing", "ingest.nothing-sent", nil},
		{"an empty file", "ingest.nothing-sent", []any{"a.csv", ""}},
	}
	for _, test := range tests {
		if _, err := u.Receive(t.Context(), oneByOne(test.files...)); key(err) != test.want {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%d folders stay, %v", len(left), err)
	}
}

// Archives that Windows makes name their files in GB18030.
func TestNamesInArchives(t *testing.T) {
	u, _, _, _ := newUploads(t)
	archive := zipped(t, fstest.MapFS{"数据/两癌.csv": {Data: []byte("x")}}, func(h *zip.FileHeader) {
		h.Name, _ = simplifiedchinese.GB18030.NewEncoder().String(h.Name)
		h.NonUTF8 = true
	})
	sent, err := u.Receive(t.Context(), oneByOne("a.zip", bytes.NewReader(archive)))
	if err != nil || len(sent.Files) != 1 || sent.Files[0] != "数据/两癌.csv" {
		t.Errorf("%+v, %v", sent, err)
	}
}
