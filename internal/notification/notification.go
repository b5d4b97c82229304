package notification

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

const (
	addressField = "notification.address"
	emailField   = "notification.email"
)

// SealedColumns are where this package keeps sealed values, for [sealed.Keys.Renew].
func SealedColumns() []sealed.Column {
	return []sealed.Column{
		{Table: "notification_preference", Key: "account", Sealed: "email_sealed", Field: emailField},
		{Table: "notification_sending", Key: "id", Sealed: "address_sealed", Digest: "address_digest", Field: addressField},
	}
}

// Config is what notifications need.
type Config struct {
	DB       *postgres.DB
	Keys     *sealed.Keys
	Messages *pack.Messages
	Enqueue  func(context.Context, pgx.Tx, jobs.Args) (bool, error) // [jobs.Queue.Enqueue]; nil: only in the platform
	Clock    func() time.Time
	People   People
	Staff    Staff
	SMS      Carrier // nil: none is sent
	Email    Carrier // nil: none is sent
}

// People knows the telephones of people of the record, for a job's transaction: a [registry.Registry].
type People interface {
	PhoneOf(ctx context.Context, tx pgx.Tx, person int64) (sealed.Secret, error) // zero: none is known
}

// Staff knows the telephones of accounts and who is posted where, for a job's transaction: an [access.Access].
type Staff interface {
	PhoneOf(ctx context.Context, tx pgx.Tx, account int64) (sealed.Secret, error) // zero: none is known
	Posted(ctx context.Context, tx pgx.Tx, role access.Role, at area.Code, department string, on calendar.Date) ([]int64, error)
}

// Notifications has the functions on notifications. It is safe for concurrent use.
type Notifications struct{ Config }

// New is notifications by a pack's templates. A pack without messages tells nothing.
func New(c Config) *Notifications {
	if c.Messages == nil {
		c.Messages = &pack.Messages{}
	}
	return &Notifications{c}
}

// Office is whoever is posted in a role at an area, and in a department where the role has one.
type Office struct {
	Role       access.Role
	Area       area.Code
	Department string
}

// To is who is told: at least one of an account, an office and a person. An account and a person together are one and the same, told in the
// platform by the one and by telephone by the other. Of a person alone, the account that is tied to them, if there is one, is found as it is told.
type To struct {
	Account int64
	Office  Office
	Person  int64
}

// Args fill a template, in both languages.
type Args map[string]pack.Text

// Same is a value that both languages have in common: a number, a day.
func Same(s string) pack.Text { return pack.Text{Zh: s, En: s} }

// Message is something to be told.
type Message struct {
	To       To
	Template string
	Args     Args
	About    string    // the matter: "item:12"; with the template and the recipient it is what makes the message the same
	Once     string    // what sets apart one from another of the same template about the same matter: a day, an act's id
	Area     area.Code // where the matter is; who works on cases there sees what applicants were told
}

var (
	noTemplate = fault.Text{Key: "notification.no-template",
		Zh: "政策包里没有通知文本“{template}”。请管理员补上", En: `the pack has no message "{template}"; ask the administrator to add it`}
	unfilled = fault.Text{Key: "notification.unfilled",
		Zh: "通知“{template}”缺少要填的内容：{names}", En: `the message "{template}" lacks what fills it: {names}`}
	nobody = fault.Text{Key: "notification.nobody", Zh: "通知“{template}”没有写告诉谁", En: `the message "{template}" has no recipient`}
)

// Tell writes a message in the transaction of what it tells of.
func (n *Notifications) Tell(ctx context.Context, tx pgx.Tx, m Message) error {
	t := n.Messages.Message(m.Template)
	if t == nil {
		return fault.New(fault.Internal, noTemplate, fault.Args{"template": m.Template})
	}
	if m.To == (To{}) {
		return fault.New(fault.Internal, nobody, fault.Args{"template": m.Template})
	}
	if lacking := m.lacks(t); len(lacking) > 0 {
		return fault.New(fault.Internal, unfilled, fault.Args{"template": m.Template, "names": strings.Join(lacking, ", ")})
	}
	title, text, sms := m.fill(t.Title), m.fill(t.Text), m.fill(t.SMS)
	from, _ := m.To.Office.Area.Range()
	var id *int64
	err := tx.QueryRow(ctx, `select tell((null, $1, nullif($2::bigint, 0), $3, $4, $5, nullif($6::bigint, 0), $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, $17)::notification)`,
		m.once(), m.To.Account, string(m.To.Office.Role), int64(from), m.To.Office.Department, m.To.Person, int64(m.Area), m.Template, m.About, t.Urgent,
		title.Zh, title.En, text.Zh, text.En, sms.Zh, sms.En, n.Clock()).Scan(&id)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("writing a notification %q: %w", m.Template, err)
	}
	if id == nil {
		return nil // told already
	}
	if _, err := ledger.Record(ctx, tx, ledger.Act{Kind: "notification.tell", Subject: m.About, Detail: map[string]any{"notification": *id, "template": m.Template}}); err != nil {
		return err
	}
	if n.Enqueue == nil {
		return nil
	}
	_, err = n.Enqueue(ctx, tx, deliver{*id})
	return err
}

// once is what makes a message the same as another.
func (m Message) once() string {
	return fmt.Sprintf("%s|%s|%s|%d|%s:%d:%s|%d", m.Template, m.About, m.Once, m.To.Account, m.To.Office.Role, int64(m.To.Office.Area), m.To.Office.Department, m.To.Person)
}

func (m Message) lacks(t *pack.Message) []string {
	var all []string
	for _, name := range pack.Arguments(t.Title.Zh + t.Text.Zh + t.SMS.Zh) {
		if value, ok := m.Args[name]; !ok || value.Zh == "" || value.En == "" {
			all = append(all, name)
		}
	}
	return all
}

func (m Message) fill(t pack.Text) pack.Text {
	pairs := map[fault.Lang][]string{}
	for name, value := range m.Args {
		place := "{" + name + "}"
		pairs[fault.Zh] = append(pairs[fault.Zh], place, value.Zh)
		pairs[fault.En] = append(pairs[fault.En], place, value.En)
	}
	return pack.Text{Zh: strings.NewReplacer(pairs[fault.Zh]...).Replace(t.Zh), En: strings.NewReplacer(pairs[fault.En]...).Replace(t.En)}
}
