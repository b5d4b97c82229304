package ledger_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// officer is somebody who acts in Linyi.
var officer = postgres.Principal{Account: 7, Role: "officer", Area: code("371424100"), Department: "civil"}

func code(s string) area.Code {
	c, err := area.Parse(s)
	if err != nil {
		panic(err)
	}
	return c
}

// record records an act in a transaction of its own, in somebody's name.
func record(t testing.TB, db *postgres.DB, p postgres.Principal, a ledger.Act) (id int64) {
	t.Helper()
	err := db.As(context.Background(), p, func(tx pgx.Tx) (err error) {
		id, err = ledger.Record(context.Background(), tx, a)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAnActSaysWhoDidIt(t *testing.T) {
	db := postgrestest.New(t)
	act := ledger.Act{Kind: "person.open", Subject: "person:12", Detail: map[string]any{"purpose": "核对 <a>", "fields": []string{"phone"}, "at": 3}}
	id := record(t, db, officer, act)
	var account, where int64
	var role, department, kind, subject, detail string
	err := db.Own().QueryRow(t.Context(), "select account, role, area, department, kind, subject, detail from act where id = $1", id).
		Scan(&account, &role, &where, &department, &kind, &subject, &detail)
	if err != nil {
		t.Fatal(err)
	}
	if account != 7 || role != "officer" || where != 371424100000 || department != "civil" || kind != "person.open" || subject != "person:12" {
		t.Errorf("the act is of %d, %s, %d, %s: %s %s", account, role, where, department, kind, subject)
	}
	if want := `{"at":3,"fields":["phone"],"purpose":"核对 <a>"}`; detail != want {
		t.Errorf("its detail is %s, want %s", detail, want)
	}
}

func TestJobsAndCommandsAct(t *testing.T) {
	db := postgrestest.New(t)
	ctx := t.Context()
	do := func(tx pgx.Tx) error {
		_, err := ledger.Record(ctx, tx, ledger.Act{Kind: "batch.promote", Subject: "batch:3"})
		return err
	}
	if err := db.Work(ctx, do); err != nil {
		t.Fatal(err)
	}
	if err := pgx.BeginFunc(ctx, db.Own(), do); err != nil {
		t.Fatal(err)
	}
	var roles string
	if err := db.Own().QueryRow(ctx, "select string_agg(role, ' ' order by id) from act join leaf on act = id").Scan(&roles); err != nil || roles != "worker owner" {
		t.Errorf("they act as %q, %v", roles, err)
	}
}

func TestNumbersOfPeopleAreMasked(t *testing.T) {
	db := postgrestest.New(t)
	const number = "371499196001010012"
	record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:" + number, Detail: map[string]any{number: []any{"为" + number + "核对，账号6222020200112233445，电话13805341234", 371499196001010012, 1795000000000000}}})
	var all string
	if err := db.Own().QueryRow(t.Context(), "select act::text || subject || detail from act").Scan(&all); err != nil {
		t.Fatal(err)
	}
	want := `{"371499********0012":["为371499********0012核对，账号622202*********3445，电话138****1234","371499********0012",1795000000000000]}`
	if strings.Contains(all, number) || !strings.HasSuffix(all, want) {
		t.Errorf("the act is %s", all)
	}
}

func TestWhatIsNoActIsRefused(t *testing.T) {
	db := postgrestest.New(t)
	for name, act := range map[string]ledger.Act{
		"no kind":             {Subject: "person:1"},
		"digits in the kind":  {Kind: "person.371424", Subject: "person:1"},
		"spaces in the kind":  {Kind: "person open", Subject: "person:1"},
		"a long subject":      {Kind: "person.open", Subject: strings.Repeat("x", 201)},
		"what JSON has not":   {Kind: "person.open", Detail: func() {}},
		"what a text has not": {Kind: "person.open", Detail: "secret\x00"},
	} {
		err := db.As(t.Context(), officer, func(tx pgx.Tx) error { _, err := ledger.Record(t.Context(), tx, act); return err })
		if err == nil {
			t.Errorf("%s was recorded", name)
		} else if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "xxx") {
			t.Errorf("%s: the error quotes what was refused: %v", name, err)
		}
	}
}

func TestNobodyChangesTheLedger(t *testing.T) {
	db := postgrestest.New(t)
	ctx := t.Context()
	record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:12"})
	statements := []string{
		"update act set subject = 'person:13'", "delete from act", "truncate act", "update leaf set kind = 'x'", "delete from leaf", "truncate leaf",
	}
	own := []string{ // the owner may add: that is found by the proofs
		"insert into act overriding system value select 99, at, account, role, area, department, kind, subject, detail, salt from act",
		"insert into leaf select 99, kind, digest, xid from leaf",
	}
	for _, statement := range append(own, statements...) {
		if err := db.As(ctx, officer, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil {
			t.Errorf("the application did: %s", statement)
		}
		if err := db.Work(ctx, func(tx pgx.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil {
			t.Errorf("a job did: %s", statement)
		}
	}
	for _, statement := range statements {
		if _, err := db.Own().Exec(ctx, statement); err == nil {
			t.Errorf("the owner did: %s", statement)
		}
	}
}

func TestWhoSeesActs(t *testing.T) {
	db := postgrestest.New(t)
	ctx := t.Context()
	other := postgres.Principal{Account: 8, Role: "officer", Area: code("371422100")}
	mine := record(t, db, officer, ledger.Act{Kind: "person.open", Subject: "person:1"})
	theirs := record(t, db, other, ledger.Act{Kind: "person.open", Subject: "person:2"})
	nobodys := record(t, db, postgres.Principal{}, ledger.Act{Kind: "account.refuse", Subject: "account:7"})
	for _, c := range []struct {
		name string
		who  postgres.Principal
		sees []int64
	}{
		{"their own", officer, []int64{mine}},
		{"another's own", other, []int64{theirs}},
		{"a supervisor sees none of others", postgres.Principal{Account: 9, Role: "supervisor", Area: code("371424")}, nil},
		{"an inspector of the county", postgres.Principal{Account: 9, Role: "inspector", Area: code("371424")}, []int64{mine, nobodys}},
		{"an inspector of the city", postgres.Principal{Account: 9, Role: "inspector", Area: code("3714")}, []int64{mine, theirs, nobodys}},
		{"an administrator", postgres.Principal{Account: 9, Role: "administrator", Area: code("3714")}, []int64{mine, theirs, nobodys}},
		{"nobody", postgres.Principal{}, nil},
	} {
		var sees []int64
		err := db.As(ctx, c.who, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, "select array_agg(id order by id) from act").Scan(&sees)
		})
		if err != nil || len(sees) != len(c.sees) {
			t.Errorf("%s: sees %v, %v; want %v", c.name, sees, err, c.sees)
			continue
		}
		for i := range sees {
			if sees[i] != c.sees[i] {
				t.Errorf("%s: sees %v; want %v", c.name, sees, c.sees)
			}
		}
	}
}
