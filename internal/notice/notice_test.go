package notice_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/notice"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// A notice is raised once, again when it comes nearer, and closed when it no longer holds; done twice nothing more comes of it.
func TestKeep(t *testing.T) {
	db := postgrestest.New(t)
	due := calendar.Must(2026, 12, 31)
	at := func(subject string, step int) notice.Notice {
		return notice.Notice{Kind: "k", Subject: subject, Step: step, Due: due, Zh: "到期", En: "lapses"}
	}
	for i, test := range []struct {
		now            []notice.Notice
		opened, closed int64
		open           string
	}{
		{[]notice.Notice{at("a", 90), at("b", 90)}, 2, 0, "a 90, b 90, "},
		{[]notice.Notice{at("a", 30), at("b", 90)}, 1, 1, "a 30, b 90, "},
		{[]notice.Notice{at("a", 30)}, 0, 1, "a 30, "},
		{[]notice.Notice{at("a", 30), at("b", 90)}, 1, 0, "a 30, b 90, "},
		{[]notice.Notice{at("a", 90), at("b", 90)}, 0, 0, "a 30, b 90, "},
		{nil, 0, 2, ""},
	} {
		for _, again := range []bool{false, true} {
			err := db.Work(t.Context(), func(tx pgx.Tx) error {
				opened, closed, err := notice.Keep(t.Context(), tx, "k", test.now)
				if again {
					test.opened, test.closed = 0, 0
				}
				if opened != test.opened || closed != test.closed {
					t.Errorf("step %d, again %t: %d opened, %d closed", i, again, opened, closed)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := open(t, db, postgres.Principal{Account: 1, Role: "administrator", Area: 371400000000}); got != test.open {
			t.Errorf("step %d: open are %s", i, got)
		}
		if got := open(t, db, postgres.Principal{Account: 1, Role: "officer", Area: 371424100000}); got != "" {
			t.Errorf("an officer sees %s", got)
		}
	}
}

func open(t *testing.T, db *postgres.DB, p postgres.Principal) (all string) {
	t.Helper()
	err := db.As(t.Context(), p, func(tx pgx.Tx) error {
		found, err := notice.Open(t.Context(), tx, 10)
		for _, n := range found {
			all += fmt.Sprint(n.Subject, " ", n.Step, ", ")
		}
		if count, err := notice.Count(t.Context(), tx); err != nil || count != len(found) {
			t.Errorf("%d are counted, %v", count, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
