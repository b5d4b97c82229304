package notification_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/packs"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var (
	township = code("371424100")
	village  = code("371424100281")
)

func code(s string) area.Code {
	c, err := area.Parse(s)
	if err != nil {
		panic(err)
	}
	return c
}

// noon is when each test begins, outside quiet hours.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, jobs.Zone)

// recorder is a carrier that answers as it is told.
type recorder struct {
	mu     sync.Mutex
	sent   []string
	answer func(p notification.Parcel) error
}

func (r *recorder) Send(_ context.Context, p notification.Parcel) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answer != nil {
		if err := r.answer(p); err != nil {
			return "", err
		}
	}
	r.sent = append(r.sent, p.Address.Plain()+" "+p.Text)
	return fmt.Sprint("ref-", p.ID), nil
}

// post is notifications with what a test moves. Jobs are collected and done by work.
type post struct {
	*notification.Notifications
	t        *testing.T
	db       *postgres.DB
	keys     *sealed.Keys
	queue    *jobs.Queue
	sms      *recorder
	email    *recorder
	now      time.Time
	access   *access.Access
	registry *registry.Registry
}

func dezhou(t testing.TB) *pack.Pack {
	t.Helper()
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

var theQuiet = &pack.Messages{Quiet: &pack.Quiet{From: 21, To: 8}, Templates: []*pack.Message{
	{ID: "granted", Name: text("给予"), Title: text("已确认{programme}"), Text: text("已确认{programme}：{amount}"), SMS: text("申请{number}已决定")},
	{ID: "urgent", Name: text("急"), Title: text("急"), Text: text("急{number}"), SMS: text("急{number}"), Urgent: true},
	{ID: "arrived", Name: text("新到"), Title: text("新到{number}"), Text: text("新到{number}")},
}}

// text is a text whose English is the Chinese behind a mark.
func text(zh string) pack.Text { return pack.Text{Zh: zh, En: "EN " + zh} }

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{t: t, db: postgrestest.New(t), keys: sealed.NewKeys(), sms: &recorder{}, email: &recorder{}, now: noon}
	clock := func() time.Time { return p.now }
	var err error
	p.access, err = access.New(access.Config{DB: p.db, Keys: p.keys, Clock: clock, Hashing: access.Hashing{Memory: 64, Passes: 1, Threads: 1}, Site: access.Site{Name: "大救助", URL: "https://jiuzhu.example.cn"}})
	p.must(err)
	p.registry = registry.New(p.keys)
	p.queue, err = jobs.New(jobs.Config{DB: p.db, Log: slog.New(slog.DiscardHandler), Clock: clock})
	p.must(err)
	p.Notifications = notification.New(notification.Config{DB: p.db, Keys: p.keys, Messages: theQuiet, Enqueue: p.queue.Enqueue, Clock: clock,
		People: p.registry, Staff: p.access, SMS: p.sms, Email: p.email})
	return p
}

func (p *post) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// account makes an account posted as an officer of the township.
func (p *post) account(login, phone string) int64 {
	p.t.Helper()
	id, _, err := p.access.Create(p.t.Context(), access.Machine(), access.NewAccount{Login: login, Name: "张" + login, Staff: true, Area: code("371424"), Phone: sealed.NewSecret(sealed.Phone, phone)})
	p.must(err)
	_, err = p.access.Post(p.t.Context(), access.Machine(), id, access.Posting{Role: access.Officer, Area: township, Span: calendar.Since(calendar.Must(2026, 1, 1))})
	p.must(err)
	return id
}

// person is somebody of the village with a telephone.
func (p *post) person(phone string) (id int64) {
	p.t.Helper()
	p.must(p.db.Own().QueryRow(p.t.Context(), "insert into person (name, area, phone_digest, phone_sealed) values ('国志强', $1, $2, $3) returning id",
		int64(village), p.keys.Digest("person.phone", phone), p.keys.Seal("person.phone", phone)).Scan(&id))
	return id
}

func officer(account int64) postgres.Principal {
	return postgres.Principal{Account: account, Role: "officer", Area: township}
}

func (p *post) tell(who postgres.Principal, m notification.Message) {
	p.t.Helper()
	if m.About == "" {
		m.About, m.Area = "item:34", village
	}
	if m.Args == nil {
		m.Args = notification.Args{"number": notification.Same("34"), "programme": text("低保"), "amount": text("554.40元")}
	}
	p.must(p.db.As(p.t.Context(), who, func(tx pgx.Tx) error { return p.Tell(p.t.Context(), tx, m) }))
}

// work does the jobs that were enqueued, and what is due besides.
func (p *post) work() {
	p.t.Helper()
	ids := column[int64](p, "select (args->>'notification')::bigint from river_job where kind = 'notification.deliver' order by id")
	for _, id := range ids {
		p.must(p.DeliverNow(p.t.Context(), id))
	}
	p.must(p.SendDue(p.t.Context()))
}

func column[T any](p *post, query string, args ...any) []T {
	p.t.Helper()
	rows, err := p.db.Own().Query(p.t.Context(), query, args...)
	p.must(err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[T])
	p.must(err)
	return all
}

func (p *post) states() string {
	p.t.Helper()
	return strings.Join(column[string](p, "select sending || ' ' || state || case reason when '' then '' else ': ' || reason end from notification_receipt order by id"), "\n")
}

// TestPersonIsToldByPhone: of the same told twice one SMS goes out, without anything private, with all its receipts, and who handles the case sees them.
func TestPersonIsToldByPhone(t *testing.T) {
	p := newPost(t)
	wang, person := p.account("wang", ""), p.person("13800001234")
	for range 2 {
		p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "granted"})
		p.work()
	}
	if diff := cmp.Diff([]string{"13800001234 申请34已决定"}, p.sms.sent); diff != "" {
		t.Fatal(diff)
	}
	p.must(p.Report(t.Context(), "ref-1", true, ""))
	p.must(p.Report(t.Context(), "ref-1", false, "too late")) // what arrived has arrived
	p.must(p.Report(t.Context(), "nobody's", true, ""))
	if got := p.states(); got != "1 queued\n1 sending\n1 sent\n1 delivered" {
		t.Errorf("receipts:\n%s", got)
	}
	p.must(p.db.As(t.Context(), officer(wang), func(tx pgx.Tx) error {
		told, err := notification.TellOf(t.Context(), tx, "item:34")
		if err == nil && (len(told) != 1 || told[0].Text.Zh != "已确认低保：554.40元" || len(told[0].Sendings) != 1 || told[0].Sendings[0].Shown != "138****1234" ||
			told[0].Sendings[0].State != notification.Delivered || len(told[0].Sendings[0].Receipts) != 4) {
			t.Errorf("told: %+v", told)
		}
		return err
	}))
	away := officer(wang)
	away.Area = code("371424101")
	p.must(p.db.As(t.Context(), away, func(tx pgx.Tx) error {
		told, err := notification.TellOf(t.Context(), tx, "item:34")
		if len(told) != 0 {
			t.Errorf("an officer elsewhere sees %+v", told)
		}
		return err
	}))
	if n := column[int](p, "select count(*)::int from notification_sending where notification_sending::text like '%13800001234%'")[0]; n != 0 {
		t.Error("a telephone lies open")
	}
	if n := column[int](p, "select count(*)::int from act where kind = 'notification.tell' and subject = 'item:34'")[0]; n != 1 {
		t.Errorf("%d acts of telling", n)
	}
}

// TestOffice: an office's message is new to each who is posted there, and to nobody else; each marks it for themselves.
func TestOffice(t *testing.T) {
	p := newPost(t)
	wang, zhao := p.account("wang", "13900000001"), p.account("zhao", "")
	office := notification.To{Office: notification.Office{Role: access.Officer, Area: township}}
	p.tell(officer(wang), notification.Message{To: office, Template: "arrived"})
	p.tell(officer(wang), notification.Message{To: office, Template: "urgent", Once: "a"})
	p.tell(officer(wang), notification.Message{To: office, Template: "urgent", Once: "b"})
	p.work()
	if got := len(p.sms.sent); got != 2 {
		t.Errorf("%d SMS, want one for each urgent message to the one who has a telephone", got)
	}
	unread := func(who postgres.Principal) (n int) {
		t.Helper()
		p.must(p.db.As(t.Context(), who, func(tx pgx.Tx) (err error) { n, err = notification.Unread(t.Context(), tx, p.now); return err }))
		return n
	}
	if a, b := unread(officer(wang)), unread(officer(zhao)); a != 3 || b != 3 {
		t.Fatalf("unread %d and %d", a, b)
	}
	p.must(p.db.As(t.Context(), officer(wang), func(tx pgx.Tx) error {
		all, err := notification.List(t.Context(), tx, 0, 2)
		if err != nil {
			return err
		}
		if len(all) != 2 || all[0].Title.En != "EN 急" || all[0].Read || all[1].ID >= all[0].ID {
			t.Errorf("the list: %+v", all)
		}
		rest, err := notification.List(t.Context(), tx, all[1].ID, 10)
		if len(rest) != 1 || rest[0].Title.Zh != "新到34" {
			t.Errorf("the rest: %+v", rest)
		}
		if err != nil {
			return err
		}
		for range 2 {
			if err := notification.Read(t.Context(), tx, all[1].ID); err != nil {
				return err
			}
		}
		return nil
	}))
	if a, b := unread(officer(wang)), unread(officer(zhao)); a != 1 || b != 3 {
		t.Errorf("after reading two: unread %d and %d", a, b)
	}
	decider := officer(wang)
	decider.Role = "decider"
	if n := unread(decider); n != 0 {
		t.Errorf("another office has %d unread", n)
	}
}

// TestQuietHours: what is not urgent waits until morning, what is goes out at night.
func TestQuietHours(t *testing.T) {
	p := newPost(t)
	wang, person := p.account("wang", ""), p.person("13800001234")
	p.now = time.Date(2026, 11, 25, 23, 0, 0, 0, jobs.Zone)
	p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "granted"})
	p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "urgent"})
	p.work()
	if diff := cmp.Diff([]string{"13800001234 急34"}, p.sms.sent); diff != "" {
		t.Error(diff)
	}
	p.now = time.Date(2026, 11, 26, 7, 59, 0, 0, jobs.Zone)
	p.work()
	if len(p.sms.sent) != 1 {
		t.Error("sent a minute early")
	}
	p.now = p.now.Add(time.Minute)
	p.work()
	if len(p.sms.sent) != 2 {
		t.Error("not sent in the morning")
	}
}

// TestFailures: what may pass is tried again ever later and given up in the end; what is refused is not; what broke off is sent again.
func TestFailures(t *testing.T) {
	p := newPost(t)
	wang, person := p.account("wang", ""), p.person("13800001234")
	p.sms.answer = func(notification.Parcel) error { return errors.New("no route for 371499198001010010") }
	p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "urgent"})
	p.work()
	p.work() // too early
	if got := p.states(); strings.Contains(got, "371499198001010010") || !strings.HasPrefix(got, "1 queued\n1 sending\n1 queued: no route") || strings.Count(got, "\n") != 2 {
		t.Fatalf("receipts:\n%s", got)
	}
	for range 20 {
		p.now = p.now.Add(36 * 24 * time.Hour)
		p.work()
	}
	if got := p.states(); strings.Count(got, "sending") != 8 || !strings.Contains(got, "1 failed") {
		t.Errorf("given up:\n%s", got)
	}
	p.sms.answer = func(notification.Parcel) error { return notification.Refused(errors.New("a blacklisted number")) }
	p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "urgent", Once: "2"})
	p.work()
	if got := p.states(); !strings.HasSuffix(got, " failed: a blacklisted number") || strings.Count(got, "blacklisted") != 1 {
		t.Errorf("refused:\n%s", got)
	}
	broken := errors.New("the machine stops")
	p.sms.answer = func(notification.Parcel) error { panic(broken) }
	p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "urgent", Once: "3"})
	func() {
		defer func() { _ = recover() }()
		p.work()
	}()
	p.sms.answer = nil
	p.work()
	if len(p.sms.sent) != 0 {
		t.Error("what is in hand was sent a second time")
	}
	p.now = p.now.Add(11 * time.Minute)
	p.work()
	if len(p.sms.sent) != 1 {
		t.Error("what broke off was lost")
	}
}

// TestPreference: an account is told as it wants, in its language, and by e-mail without contents.
func TestPreference(t *testing.T) {
	p := newPost(t)
	wang := p.account("wang", "13900000001")
	prefer := func(q notification.Preference) error {
		return p.db.As(t.Context(), officer(wang), func(tx pgx.Tx) error { return p.SetPreference(t.Context(), tx, q) })
	}
	for _, c := range []struct{ name, address, key string }{
		{"none", "", "notification.needs-email"},
		{"no address", "wang", "notification.bad-email"},
		{"a header", "wang@example.cn\r\nBcc: x@example.cn", "notification.bad-email"},
		{"a name", "Wang <wang@example.cn>", "notification.bad-email"},
	} {
		var f *fault.Error
		if err := prefer(notification.Preference{Email: true, Address: sealed.NewSecret(sealed.Other, c.address), Lang: fault.En}); !errors.As(err, &f) || f.Text.Key != c.key || f.At.Field != "email" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p.must(prefer(notification.Preference{Email: true, Address: sealed.NewSecret(sealed.Other, "wang@example.cn"), Lang: fault.En}))
	p.must(prefer(notification.Preference{Email: true, Lang: fault.En})) // the address stays
	p.tell(officer(wang), notification.Message{To: notification.To{Account: wang}, Template: "arrived"})
	p.tell(officer(wang), notification.Message{To: notification.To{Account: wang}, Template: "granted"})
	p.work()
	if len(p.sms.sent) != 0 {
		t.Errorf("SMS to who wants none: %q", p.sms.sent)
	}
	if diff := cmp.Diff([]string{"wang@example.cn There is a new notification; sign in to read it.", "wang@example.cn EN 申请34已决定"}, p.email.sent); diff != "" {
		t.Error(diff)
	}
	if got := column[string](p, "select shown from notification_sending limit 1"); len(got) != 1 || got[0] != "w***@example.cn" {
		t.Errorf("shown as %q", got)
	}
}

// TestTellIsPartOfTheAct: nobody is told of what did not happen, and a message that cannot be made is a defect that is seen at once.
func TestTellIsPartOfTheAct(t *testing.T) {
	p := newPost(t)
	wang, undone := p.account("wang", ""), errors.New("undone")
	err := p.db.As(t.Context(), officer(wang), func(tx pgx.Tx) error {
		m := notification.Message{To: notification.To{Account: wang}, Template: "arrived", About: "item:1", Area: village, Args: notification.Args{"number": notification.Same("1")}}
		return errors.Join(p.Tell(t.Context(), tx, m), undone)
	})
	if !errors.Is(err, undone) || column[int](p, "select count(*)::int from notification")[0] != 0 || column[int](p, "select count(*)::int from river_job")[0] != 0 {
		t.Errorf("%v: something was told", err)
	}
	for key, m := range map[string]notification.Message{
		"notification.no-template": {To: notification.To{Account: wang}, Template: "unknown"},
		"notification.unfilled":    {To: notification.To{Account: wang}, Template: "arrived"},
		"notification.nobody":      {Template: "arrived"},
	} {
		var f *fault.Error
		err := p.db.As(t.Context(), officer(wang), func(tx pgx.Tx) error { return p.Tell(t.Context(), tx, m) })
		if !errors.As(err, &f) || f.Text.Key != key {
			t.Errorf("%s: %v", key, err)
		}
	}
	err = p.db.As(t.Context(), postgres.Principal{Account: wang}, func(tx pgx.Tx) error {
		return p.Tell(t.Context(), tx, notification.Message{To: notification.To{Account: wang}, Template: "arrived", About: "item:1", Args: notification.Args{"number": notification.Same("1")}})
	})
	if err != nil || column[int](p, "select count(*)::int from notification")[0] != 0 {
		t.Errorf("who acts as nothing told something: %v", err)
	}
}

// TestFolder: what would be sent is written with masked addresses.
func TestFolder(t *testing.T) {
	folder := t.TempDir()
	f, err := notification.NewFolder(filepath.Join(folder, "out"), "sms.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := f.Send(t.Context(), notification.Parcel{ID: int64(i + 1), Address: sealed.NewSecret(sealed.Phone, "13800001234"), Text: "您的申请"}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(filepath.Join(folder, "out", "sms.jsonl"))
	if want := "{\"id\":1,\"to\":\"138****1234\",\"text\":\"您的申请\"}\n{\"id\":2,\"to\":\"138****1234\",\"text\":\"您的申请\"}\n"; err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

// TestPackFills: every template of the city's pack fills, and its SMS names nobody.
func TestPackFills(t *testing.T) {
	p := newPost(t)
	n := notification.New(notification.Config{DB: p.db, Keys: p.keys, Messages: dezhou(t).Messages, Clock: func() time.Time { return noon }})
	wang := p.account("wang", "")
	args := notification.Args{}
	for _, name := range []string{"name", "programme", "step", "reason", "papers", "amount", "village", "feed", "file", "count", "number", "due", "days", "office", "contact"} {
		args[name] = text("‹" + name + "›")
	}
	for _, m := range n.Messages.Templates {
		p.must(p.db.As(t.Context(), officer(wang), func(tx pgx.Tx) error {
			return n.Tell(t.Context(), tx, notification.Message{To: notification.To{Account: wang}, Template: m.ID, About: "item:1", Area: village, Args: args})
		}))
	}
	left := column[string](p, "select template from notification where concat(title_zh, title_en, text_zh, text_en, sms_zh, sms_en) ~ '[{}]'")
	private := column[string](p, "select template from notification where concat(sms_zh, sms_en) ~ '‹(name|programme|reason|amount)›'")
	if len(left)+len(private) != 0 || column[int](p, "select count(*)::int from notification")[0] != len(n.Messages.Templates) {
		t.Errorf("unfilled %q, private %q", left, private)
	}
}

// TestResident: what a person is told stands in the platform for the account that is tied to them, and for no account any more once it is not.
func TestResident(t *testing.T) {
	p := newPost(t)
	wang, person := p.account("wang", ""), p.person("13800001234")
	own, _, err := p.access.Create(t.Context(), access.Machine(), access.NewAccount{Login: "guozq", Name: "国志强", Area: village})
	p.must(err)
	_, err = p.db.Own().Exec(t.Context(), fmt.Sprintf(`insert into household (key, area, from_date) values ('k', %d, '2026-01-01');
		insert into membership (household, person, head, role, counted, source, from_date) values (1, %d, true, '', true, 'composed', '2026-01-01')`, int64(village), person))
	p.must(err)
	_, err = p.db.Own().Exec(t.Context(), "insert into account_person (account, person, how, proof, tied_at) values ($1, $2, 'outside', 'x', now())", own, person)
	p.must(err)
	count := func() (n int) {
		p.must(p.db.As(t.Context(), postgres.Principal{Account: own, Role: "resident", Area: village}, func(tx pgx.Tx) error {
			list, err := notification.List(t.Context(), tx, 0, 10)
			n = len(list)
			return err
		}))
		return n
	}
	for range 2 {
		p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "granted"})
	}
	if n := count(); n != 1 {
		t.Errorf("the person's account sees %d messages", n)
	}
	_, err = p.db.Own().Exec(t.Context(), "update account_person set ended_at = now(), ended_by = 1, ended_why = 'x'")
	p.must(err)
	p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "granted", Once: "2"})
	if n := count(); n != 1 {
		t.Errorf("after the tie has ended the account sees %d messages", n)
	}
}

// TestResend: what failed is sent again by whoever works where the matter is, once, and keeps all its receipts.
func TestResend(t *testing.T) {
	p := newPost(t)
	wang, person := p.account("wang", ""), p.person("13800001234")
	p.sms.answer = func(notification.Parcel) error { return notification.Refused(errors.New("空号")) }
	p.tell(officer(wang), notification.Message{To: notification.To{Person: person}, Template: "granted"})
	p.work()
	list := func(who postgres.Principal, state notification.State) (all []notification.Gone) {
		p.must(p.db.As(t.Context(), who, func(tx pgx.Tx) (err error) {
			all, err = notification.Sendings(t.Context(), tx, state, 0, 10)
			return err
		}))
		return all
	}
	failed := list(officer(wang), notification.Failed)
	if len(failed) != 1 || failed[0].Last.Reason != "空号" || failed[0].Shown != "138****1234" || failed[0].Staff || failed[0].Template != "granted" {
		t.Fatalf("failed are %+v", failed)
	}
	away, decider := officer(wang), officer(wang)
	away.Area, decider.Role = code("371424101"), "decider"
	if all := list(away, ""); len(all) != 0 {
		t.Errorf("an officer elsewhere sees %+v", all)
	}
	resend := func(who postgres.Principal) error {
		return p.db.As(t.Context(), who, func(tx pgx.Tx) error { return p.Resend(t.Context(), tx, failed[0].ID) })
	}
	for _, who := range []postgres.Principal{away, decider} {
		if err := resend(who); fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s in %v sends it again: %v", who.Role, who.Area, err)
		}
	}
	p.sms.answer = nil
	p.must(resend(officer(wang)))
	if err := resend(officer(wang)); fault.KindOf(err) != fault.Conflict {
		t.Errorf("what waits is sent again: %v", err)
	}
	p.work()
	if diff := cmp.Diff([]string{"13800001234 申请34已决定"}, p.sms.sent); diff != "" {
		t.Error(diff)
	}
	p.must(p.db.As(t.Context(), officer(wang), func(tx pgx.Tx) error {
		all, err := notification.SendingsOf(t.Context(), tx, failed[0].Notification)
		if err == nil && (len(all) != 1 || all[0].State != notification.Sent || len(all[0].Receipts) != 6) {
			t.Errorf("the message has %+v", all)
		}
		return err
	}))
}
