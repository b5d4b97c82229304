package notification

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// MostUnread is up to how many unread notifications are counted.
const MostUnread = 100

// remembered is for how long an office's messages are new to who is posted there: whoever begins today has not a year's of them to read.
const remembered = 30 * 24 * time.Hour

// mine are the notifications of whoever the transaction is of: told to the account, or to the office in which it acts.
const mine = `(n.account = acting_account() or n.role <> '' and n.role = acting_role() and n.office_from = acting_area_from() and n.department = acting_department())`

// Entry is a notification in its recipient's list.
type Entry struct {
	ID          int64
	Title, Text pack.Text
	Template    string
	About       string
	Urgent      bool
	Read        bool
	At          time.Time
}

// Unread counts what whoever the transaction is of has not read, up to [MostUnread].
func Unread(ctx context.Context, tx pgx.Tx, now time.Time) (count int, err error) {
	err = tx.QueryRow(ctx, `select count(*) from (select from notification n where `+mine+` and n.told_at > $1
		and not exists (select from notification_read r where r.notification = n.id and r.account = acting_account()) limit $2) u`,
		now.Add(-remembered), MostUnread).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("counting unread notifications: %w", err)
	}
	return count, nil
}

// List is what whoever the transaction is of was told, newest first, from before an id (0: from the newest).
func List(ctx context.Context, tx pgx.Tx, before int64, limit int) ([]Entry, error) {
	rows, err := tx.Query(ctx, `select n.id, n.title_zh, n.title_en, n.text_zh, n.text_en, n.template, n.about, n.urgent, r.account is not null, n.told_at
		from notification n left join notification_read r on r.notification = n.id and r.account = acting_account()
		where `+mine+` and ($1 = 0 or n.id < $1) order by n.id desc limit $2`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("listing notifications: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (e Entry, err error) {
		err = r.Scan(&e.ID, &e.Title.Zh, &e.Title.En, &e.Text.Zh, &e.Text.En, &e.Template, &e.About, &e.Urgent, &e.Read, &e.At)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing notifications: %w", err)
	}
	return all, nil
}

// Read marks notifications up to an id as read by whoever the transaction is of: those that the reader had on the page, and none that came since.
func Read(ctx context.Context, tx pgx.Tx, upTo int64) error {
	_, err := tx.Exec(ctx, `insert into notification_read (notification) select n.id from notification n where `+mine+` and n.id <= $1
		and not exists (select from notification_read r where r.notification = n.id and r.account = acting_account())`, upTo)
	if err != nil {
		return fmt.Errorf("marking notifications as read: %w", err)
	}
	return nil
}

// Told is something that an applicant was told about a matter, with what became of each SMS and e-mail.
type Told struct {
	Entry
	Sendings []Sending
}

// Sending is an SMS or an e-mail as its handlers see it.
type Sending struct {
	ID       int64
	Channel  string // sms, email
	Shown    string // the address, masked
	State    State
	Receipts []Receipt
}

// Receipt is a state that a sending came to.
type Receipt struct {
	State  State
	Reason string
	At     time.Time
}

// TellOf is what was told of a matter to people of the record, oldest first, with every receipt.
func TellOf(ctx context.Context, tx pgx.Tx, about ...string) ([]Told, error) {
	rows, err := tx.Query(ctx, `select n.id, n.title_zh, n.title_en, n.text_zh, n.text_en, n.template, n.about, n.urgent, n.told_at,
			s.id, s.channel, s.shown, s.state, r.state, r.reason, r.at
		from notification n left join notification_sending s on s.notification = n.id left join notification_receipt r on r.sending = s.id
		where n.about = any($1) and n.person is not null order by n.id, s.id, r.id`, about)
	if err != nil {
		return nil, fmt.Errorf("reading what was told of a matter: %w", err)
	}
	defer rows.Close()
	var all []Told
	for rows.Next() {
		var t Told
		var sending *int64
		var channel, shown, state, receipt, reason *string
		var at *time.Time
		if err := rows.Scan(&t.ID, &t.Title.Zh, &t.Title.En, &t.Text.Zh, &t.Text.En, &t.Template, &t.About, &t.Urgent, &t.At,
			&sending, &channel, &shown, &state, &receipt, &reason, &at); err != nil {
			return nil, fmt.Errorf("reading what was told of a matter: %w", err)
		}
		if len(all) == 0 || all[len(all)-1].ID != t.ID {
			all = append(all, t)
		}
		last := &all[len(all)-1]
		if sending == nil {
			continue
		}
		if len(last.Sendings) == 0 || last.Sendings[len(last.Sendings)-1].ID != *sending {
			last.Sendings = append(last.Sendings, Sending{ID: *sending, Channel: *channel, Shown: *shown, State: State(*state)})
		}
		if receipt != nil {
			s := &last.Sendings[len(last.Sendings)-1]
			s.Receipts = append(s.Receipts, Receipt{State(*receipt), *reason, *at})
		}
	}
	return all, rows.Err()
}

// Preference is how an account wants to be told beside the platform.
type Preference struct {
	SMS, Email bool
	Address    sealed.Secret // of e-mail
	Lang       fault.Lang
}

// PreferenceOf is the preference of whoever the transaction is of.
func (n *Notifications) PreferenceOf(ctx context.Context, tx pgx.Tx) (Preference, error) {
	return n.preference(ctx, tx, "acting_account()")
}

func (n *Notifications) preference(ctx context.Context, tx pgx.Tx, account string, args ...any) (Preference, error) {
	p := Preference{SMS: true, Lang: fault.Zh}
	rows, err := tx.Query(ctx, "select sms, email, email_sealed, lang from notification_preference where account = "+account, args...)
	if err != nil {
		return p, fmt.Errorf("reading how an account wants to be told: %w", err)
	}
	var address []byte
	if _, err := pgx.ForEachRow(rows, []any{&p.SMS, &p.Email, &address, &p.Lang}, func() error { return nil }); err != nil {
		return p, fmt.Errorf("reading how an account wants to be told: %w", err)
	}
	if p.Address, err = n.Keys.Secret(sealed.Other, emailField, address); err != nil {
		return p, err
	}
	return p, nil
}

var (
	badEmail = fault.Text{Key: "notification.bad-email",
		Zh: "“{found}”不是邮箱地址，应类似 name@example.cn", En: `"{found}" is no e-mail address; it is like name@example.cn`}
	needsEmail = fault.Text{Key: "notification.needs-email", Zh: "要收邮件请填写邮箱地址", En: "to be told by e-mail, give an address"}
)

// SetPreference changes the preference of whoever the transaction is of. An address that is empty keeps the one there is.
func (n *Notifications) SetPreference(ctx context.Context, tx pgx.Tx, p Preference) error {
	plain := p.Address.Plain()
	if plain != "" && !isAddress(plain) {
		return fault.New(fault.Invalid, badEmail, fault.Args{"found": plain}).In(fault.At{Field: "email"})
	}
	old, err := n.PreferenceOf(ctx, tx)
	if err != nil {
		return err
	}
	if plain == "" {
		plain = old.Address.Plain()
	}
	if p.Email && plain == "" {
		return fault.New(fault.Invalid, needsEmail, nil).In(fault.At{Field: "email"})
	}
	_, err = tx.Exec(ctx, `insert into notification_preference (sms, email, email_sealed, lang) values ($1, $2, $3, $4)
		on conflict (account) do update set sms = $1, email = $2, email_sealed = $3, lang = $4`, p.SMS, p.Email, n.Keys.Seal(emailField, plain), string(p.Lang))
	if err != nil {
		return fmt.Errorf("changing how an account wants to be told: %w", err)
	}
	_, err = ledger.Record(ctx, tx, ledger.Act{Kind: "notification.prefer", Subject: "notification", Detail: map[string]any{"sms": p.SMS, "email": p.Email}})
	return err
}
