package notification

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/pack"
)

// Gone is an SMS or an e-mail in the list of all, with what it says and its last receipt.
type Gone struct {
	Sending
	Notification int64
	Template     string
	Title        pack.Text // of the message
	About        string
	Area         area.Code
	Staff        bool    // it is to an account that is told of work, not to a person of the record
	Last         Receipt // the newest
}

// Sendings is a page of the SMS and e-mails that whoever the transaction is of may see, the newest first: in a state, "" of all, or of one message,
// from before an id, 0 from the newest. Their receipts are only the newest of each, but of one message all.
func Sendings(ctx context.Context, tx pgx.Tx, state State, before int64, most int) ([]Gone, error) {
	return sendings(ctx, tx, "($1 = '' or s.state = $1) and ($2 = 0 or s.id < $2) order by s.id desc limit $3", string(state), before, most)
}

// SendingsOf are the SMS and e-mails of one message, in order, with every receipt.
func SendingsOf(ctx context.Context, tx pgx.Tx, notification int64) ([]Gone, error) {
	all, err := sendings(ctx, tx, "s.notification = $1 order by s.id", notification)
	if err != nil {
		return nil, err
	}
	at, ids := map[int64]*Gone{}, []int64{}
	for i := range all {
		at[all[i].ID] = &all[i]
		ids = append(ids, all[i].ID)
	}
	rows, err := tx.Query(ctx, "select sending, state, reason, at from notification_receipt where sending = any($1) order by id", ids)
	if err != nil {
		return nil, fmt.Errorf("reading receipts: %w", err)
	}
	var id int64
	var r Receipt
	_, err = pgx.ForEachRow(rows, []any{&id, &r.State, &r.Reason, &r.At}, func() error {
		at[id].Receipts = append(at[id].Receipts, r)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading receipts: %w", err)
	}
	return all, nil
}

func sendings(ctx context.Context, tx pgx.Tx, which string, args ...any) ([]Gone, error) {
	rows, err := tx.Query(ctx, `select s.id, s.channel, s.shown, s.state, n.id, n.template, n.title_zh, n.title_en, n.about, s.area, n.person is null, r.state, r.reason, r.at
		from notification_sending s join notification n on n.id = s.notification,
			lateral (select state, reason, at from notification_receipt r where r.sending = s.id order by r.id desc limit 1) r where `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("listing what was sent: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (g Gone, err error) {
		err = row.Scan(&g.ID, &g.Channel, &g.Shown, &g.State, &g.Notification, &g.Template, &g.Title.Zh, &g.Title.En, &g.About, (*int64)(&g.Area), &g.Staff,
			&g.Last.State, &g.Last.Reason, &g.Last.At)
		return g, err
	})
	if err != nil {
		return nil, fmt.Errorf("listing what was sent: %w", err)
	}
	return all, nil
}

var notFailed = fault.Text{Key: "notification.not-failed",
	Zh: "这一条没有失败，或不归您重发", En: "this one has not failed, or is not yours to send again"}

// Resend has something that failed be sent again, as if for the first time, outside quiet hours unless it is urgent. Whoever works on cases where
// the matter is may ask for it; the receipts before stay.
func (n *Notifications) Resend(ctx context.Context, tx pgx.Tx, sending int64) error {
	now := n.Clock()
	var again, urgent bool
	if err := tx.QueryRow(ctx, "select coalesce((select urgent from notification_sending where id = $1), false)", sending).Scan(&urgent); err != nil {
		return fmt.Errorf("looking for what is sent again: %w", err)
	}
	if err := tx.QueryRow(ctx, "select resend($1, $2, $3)", sending, n.notBefore(now, urgent), now).Scan(&again); err != nil {
		return fmt.Errorf("having something sent again: %w", err)
	}
	if !again {
		return fault.New(fault.Conflict, notFailed, nil)
	}
	_, err := ledger.Record(ctx, tx, ledger.Act{Kind: "notification.resend", Subject: fmt.Sprintf("sending:%d", sending)})
	return err
}
