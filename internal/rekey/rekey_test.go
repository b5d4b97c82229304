package rekey_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rekey"
	"dajiuzhu/internal/sealed"
)

const renewing = "DAJIUZHU_TEST_RENEWS"

func TestMain(m *testing.M) {
	postgrestest.AsChild(renewing, renewAsChild)
	postgrestest.Main(m)
}

var columns = append(append(registry.SealedColumns(), access.SealedColumns()...), means.SealedColumns()...)

// renewAsChild seals everything anew until it is killed or through.
func renewAsChild() error {
	keys, err := sealed.LoadKeys(os.Getenv("DAJIUZHU_TEST_KEYS"))
	if err != nil {
		return err
	}
	db, err := postgres.Open(context.Background(), postgres.Config{URL: os.Getenv("DAJIUZHU_TEST_URL"), Dir: os.Getenv("DAJIUZHU_TEST_DIR"), Key: keys.Newest()})
	if err != nil {
		return err
	}
	fmt.Println("begins")
	_, err = rekey.New(db, keys, columns).Renew(context.Background(), func(rekey.Progress) {})
	return err
}

// world is a database and its key file.
type world struct {
	*testing.T
	url, file string
}

// program is a program that runs: its connections, and the keys as they were when it began.
type program struct {
	db   *postgres.DB
	keys *sealed.Keys
	*rekey.Rekey
}

func newWorld(t *testing.T) *world {
	w := &world{t, postgrestest.NewURL(t), filepath.Join(t.TempDir(), "keys")}
	w.must(sealed.GenerateKeys(w.file))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start starts a program; stop ends it.
func (w *world) start() program {
	w.Helper()
	keys, err := sealed.LoadKeys(w.file)
	w.must(err)
	db, err := postgres.Open(w.Context(), postgres.Config{URL: w.url, Dir: postgrestest.Dir(), Key: keys.Newest()})
	w.must(err)
	p := program{db, keys, rekey.New(db, keys, columns)}
	w.must(rekey.Use(w.Context(), db, keys))
	w.Cleanup(func() { db.Close() })
	return p
}

// number is an identity number of nobody.
func number(t *testing.T, n int) idno.Number {
	t.Helper()
	body := fmt.Sprintf("37149919%02d0101%03d", 60+n/1000, n%1000)
	weights, sum := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}, 0
	for i, c := range body {
		sum += int(c-'0') * weights[i]
	}
	parsed, err := idno.Parse(body + string("10X98765432"[sum%11]))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func (w *world) add(p program, n int) {
	err := p.db.Work(w.Context(), func(tx pgx.Tx) error {
		_, err := registry.New(p.keys).AddPerson(w.Context(), tx, registry.Registration{Number: number(w.T, n), Name: "张三", Birth: calendar.Must(1960, 1, 1),
			Phone: fmt.Sprintf("138%08d", n), Died: calendar.Forever})
		return err
	})
	if err != nil && w.Context().Err() == nil {
		w.Error(err)
	}
}

func faultKey(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return f.Text.Key
}

// open counts the persons whose number and phone open, all of them or the test fails.
func (w *world) open(p program) (n int) {
	w.Helper()
	rows, err := p.db.Own().Query(w.Context(), "select number_sealed, phone_sealed from person")
	w.must(err)
	var number, phone []byte
	_, err = pgx.ForEachRow(rows, []any{&number, &phone}, func() error {
		n++
		_, err := p.keys.Open("person.number", number)
		_, other := p.keys.Open("person.phone", phone)
		return errors.Join(err, other)
	})
	w.must(err)
	return n
}

// TestRotation: a new key while others write, the renewal killed and begun again, until nothing is left under the old key; which is let go only then,
// and with which nobody may come again.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	writer := w.start()
	for n := range 1200 {
		w.add(writer, n)
	}
	old, err := os.ReadFile(w.file)
	w.must(err)
	_, err = sealed.AddKey(w.file, sealed.Sealing)
	w.must(err)
	ctx, stop := context.WithCancel(t.Context())
	wrote := make(chan int)
	go func() {
		n := 1200
		for ; ctx.Err() == nil && n < 30000; n++ {
			w.add(writer, n)
		}
		wrote <- n
	}()
	kills := 0
	for after := range 4 {
		if postgrestest.Kill(t, renewing, time.Duration(5+15*after)*time.Millisecond,
			"DAJIUZHU_TEST_URL="+w.url, "DAJIUZHU_TEST_DIR="+postgrestest.Dir(), "DAJIUZHU_TEST_KEYS="+w.file) {
			kills++
		}
	}
	p := w.start()
	drop := func() error { return sealed.DropKey(w.file, sealed.Sealing, 1) }
	if due, err := p.Due(t.Context()); err != nil || !due && kills == 4 {
		t.Errorf("the renewal that was killed is not due: %v", err)
	}
	_, err = p.Renew(t.Context(), func(rekey.Progress) {})
	w.must(err)
	if err := p.Retire(t.Context(), 1, drop); faultKey(err) != "rekey.still-used" {
		t.Errorf("a key is retired that somebody seals with: %v", err)
	}
	w.open(writer) // who began before the new key reads what is under it
	stop()
	total := <-wrote
	writer.db.Close()
	err = p.Retire(t.Context(), 1, drop)
	for late := time.Now().Add(20 * time.Second); faultKey(err) == "rekey.still-used" && time.Now().Before(late); time.Sleep(50 * time.Millisecond) {
		err = p.Retire(t.Context(), 1, drop) // the server ends a closed connection in its own time
	}
	if faultKey(err) != "rekey.still-sealed" {
		t.Errorf("a key is retired under which something was written since: %v", err)
	}
	_, err = p.Renew(t.Context(), func(rekey.Progress) {})
	w.must(err)
	w.must(p.Retire(t.Context(), 1, drop))
	w.must(p.Retire(t.Context(), 1, func() error { return nil }))
	if due, err := p.Due(t.Context()); err != nil || due {
		t.Errorf("after the end a renewal is due: %v", err)
	}
	p.db.Close()
	after := w.start()
	if n := w.open(after); n != total {
		t.Errorf("of %d persons %d are there", total, n)
	}
	text, err := os.ReadFile(w.file)
	w.must(err)
	if strings.Contains(string(text), "seal 1 ") {
		t.Error("the old key is in the file still")
	}
	w.must(os.WriteFile(w.file, old, 0o600))
	stale, err := sealed.LoadKeys(w.file)
	w.must(err)
	if _, err := postgres.Open(t.Context(), postgres.Config{URL: w.url, Dir: postgrestest.Dir(), Key: stale.Newest()}); faultKey(err) != "postgres.key-retired" {
		t.Errorf("who would seal with the old key is let in: %v", err)
	}
	if got := acts(w, after); got != "key.use key:1, key.use key:2, key.renew key:2, key.renew key:2, key.retire key:1" && got != "key.use key:1, key.use key:2, key.renew key:2, key.retire key:1" {
		t.Errorf("recorded was %s", got)
	}
	t.Logf("%d persons, %d renewals killed", total, kills)
}

func acts(w *world, p program) string {
	var all string
	w.must(p.db.Own().QueryRow(w.Context(), "select string_agg(kind || ' ' || subject, ', ' order by id) from act where kind like 'key.%'").Scan(&all))
	return all
}

// TestNewestStays: the key in use is not retired.
func TestNewestStays(t *testing.T) {
	w := newWorld(t)
	p := w.start()
	if err := p.Retire(t.Context(), 1, func() error { t.Error("it was dropped"); return nil }); faultKey(err) != "rekey.not-old" {
		t.Error(err)
	}
	if due, err := p.Due(t.Context()); err != nil || due {
		t.Errorf("with one key a renewal is due: %v", err)
	}
}

// TestProgress: a column is told with how many there are, in pieces.
func TestProgress(t *testing.T) {
	w := newWorld(t)
	first := w.start()
	for n := range 1200 {
		w.add(first, n)
	}
	first.db.Close()
	_, err := sealed.AddKey(w.file, sealed.Sealing)
	w.must(err)
	var told []string
	n, err := w.start().Renew(t.Context(), func(p rekey.Progress) { told = append(told, fmt.Sprint(p.Column, " ", p.Done, "/", p.Left)) })
	w.must(err)
	want := "person.number_sealed 1000/1200, person.number_sealed 1200/1200, person.phone_sealed 1000/1200, person.phone_sealed 1200/1200"
	if got := strings.Join(told, ", "); n != 2400 || got != want {
		t.Errorf("%d values, %s", n, got)
	}
}
