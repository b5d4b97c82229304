package notification

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/sealed"
)

// State is what became of an SMS or an e-mail.
type State string

// The states.
const (
	Queued    State = "queued"    // waits, also after a failure that may pass
	InHand    State = "sending"   // handed to the carrier, which has not answered
	Sent      State = "sent"      // the carrier took it
	Delivered State = "delivered" // the carrier says that it arrived
	Failed    State = "failed"    // it will not be tried again
)

// Parcel is an SMS or an e-mail on its way.
type Parcel struct {
	ID          int64 // the same whenever it is tried again
	Address     sealed.Secret
	Title, Text string
}

// Carrier hands parcels on. An error is tried again later, unless it is [Refused].
type Carrier interface {
	Send(ctx context.Context, p Parcel) (reference string, err error)
}

// Refused is an error after which a parcel is not tried again: the address is wrong, the text is forbidden.
func Refused(err error) error { return &refused{err} }

type refused struct{ err error }

func (r *refused) Error() string { return r.err.Error() }
func (r *refused) Unwrap() error { return r.err }

const (
	smsChannel   = "sms"
	emailChannel = "email"

	attempts   = 8                // before an SMS or an e-mail is given up
	firstPause = 2 * time.Minute  // before the second attempt; three times as long before each further one
	carryTime  = 30 * time.Second // of one attempt
	brokenOff  = 10 * time.Minute // after which an attempt that has no end is taken for broken off
	atATime    = 200              // parcels that one job sends
)

// The kinds of jobs.
type (
	deliver struct {
		Notification int64 `json:"notification"`
	}
	sendDue struct {
		Due string `json:"due"`
	}
)

func (deliver) Kind() string { return "notification.deliver" }
func (sendDue) Kind() string { return "notification.due" }

// Handlers do the jobs of this package.
func (n *Notifications) Handlers() []jobs.Handler {
	return []jobs.Handler{
		jobs.Handle(func(ctx context.Context, j deliver) error { return n.deliver(ctx, j.Notification) }),
		jobs.Handle(func(ctx context.Context, _ sendDue) error { return n.SendDue(ctx) }),
	}
}

// Periodic is what is due again and again: what waits for the end of quiet hours, and what failed.
func (n *Notifications) Periodic() jobs.Periodic {
	return jobs.Periodic{Name: "waiting notifications", When: jobs.Every(5 * time.Minute),
		Make: func(due time.Time) jobs.Args { return sendDue{due.Format(time.RFC3339)} }}
}

// deliver makes the SMS and e-mails of a notification, and sends what may go out now.
func (n *Notifications) deliver(ctx context.Context, id int64) error {
	if err := n.DB.Work(ctx, func(tx pgx.Tx) error { return n.expand(ctx, tx, id) }); err != nil {
		return err
	}
	return n.sendWaiting(ctx, "notification = $3", id)
}

// SendDue sends everything that waits and may go out now.
func (n *Notifications) SendDue(ctx context.Context) error {
	return n.sendWaiting(ctx, "$3 = 0", int64(0))
}

// written is a notification as a job reads it.
type written struct {
	id, account, person int64
	office              Office
	area                area.Code
	urgent              bool
	title, text, sms    pack.Text
}

// expand makes a notification's SMS and e-mails, each once.
func (n *Notifications) expand(ctx context.Context, tx pgx.Tx, id int64) error {
	w := written{id: id}
	var from int64
	err := tx.QueryRow(ctx, `select coalesce(account, 0), coalesce(person, 0), role, office_from, department, area, urgent, title_zh, title_en, text_zh, text_en, sms_zh, sms_en
		from notification where id = $1`, id).Scan(&w.account, &w.person, &w.office.Role, &from, &w.office.Department, &w.area, &w.urgent,
		&w.title.Zh, &w.title.En, &w.text.Zh, &w.text.En, &w.sms.Zh, &w.sms.En)
	if err != nil {
		return fmt.Errorf("reading a notification: %w", err)
	}
	w.office.Area = area.Code(from)
	if w.person != 0 {
		phone, err := n.People.PhoneOf(ctx, tx, w.person)
		if err != nil {
			return err
		}
		if err := n.queueSMS(ctx, tx, w, 0, phone, fault.Zh); err != nil {
			return err
		}
		return n.toAccount(ctx, tx, w, w.account, !phone.IsZero())
	}
	accounts := []int64{w.account}
	if w.office.Role != "" {
		if accounts, err = n.Staff.Posted(ctx, tx, w.office.Role, w.office.Area, w.office.Department, n.today()); err != nil {
			return err
		}
	}
	for _, account := range accounts {
		if err := n.toAccount(ctx, tx, w, account, false); err != nil {
			return err
		}
	}
	return nil
}

// toAccount makes what an account is told beside the platform; rung is whether its holder gets the SMS already.
func (n *Notifications) toAccount(ctx context.Context, tx pgx.Tx, w written, account int64, rung bool) error {
	if account == 0 {
		return nil
	}
	p, err := n.preference(ctx, tx, "$1", account)
	if err != nil {
		return err
	}
	if p.SMS && !rung {
		phone, err := n.Staff.PhoneOf(ctx, tx, account)
		if err != nil {
			return err
		}
		if err := n.queueSMS(ctx, tx, w, account, phone, p.Lang); err != nil {
			return err
		}
	}
	if !p.Email || n.Email == nil {
		return nil
	}
	// An e-mail passes many hands, as an SMS does: it says what the SMS says, or else only that there is something to read.
	text := w.sms.In(p.Lang)
	if text == "" {
		text = p.Lang.Say("平台上有一条新通知，请登录查看。", "There is a new notification; sign in to read it.")
	}
	return n.queue(ctx, tx, w, emailChannel, account, p.Address, p.Lang.Say("大救助平台通知", "Notification of social assistance"), text)
}

func (n *Notifications) queueSMS(ctx context.Context, tx pgx.Tx, w written, account int64, phone sealed.Secret, lang fault.Lang) error {
	text := w.sms.In(lang)
	if text == "" || n.SMS == nil {
		return nil
	}
	return n.queue(ctx, tx, w, smsChannel, account, phone, "", text)
}

// queue makes a sending, once for each address. Where there is none, nothing can be sent, and nothing is lost: the message is in the platform.
func (n *Notifications) queue(ctx context.Context, tx pgx.Tx, w written, channel string, account int64, address sealed.Secret, title, text string) error {
	if address.IsZero() {
		return nil
	}
	plain, now := address.Plain(), n.Clock()
	shown := address.Masked()
	if channel == emailChannel {
		shown = maskedEmail(plain)
	}
	var id int64
	err := tx.QueryRow(ctx, `insert into notification_sending (notification, channel, account, area, address_sealed, address_digest, shown, title, body, urgent, next_at)
		values ($1, $2, nullif($3::bigint, 0), $4, $5, $6, $7, $8, $9, $10, $11) on conflict (notification, channel, address_digest) do nothing returning id`,
		w.id, channel, account, int64(w.area), n.Keys.Seal(addressField, plain), n.Keys.Digest(addressField, plain), shown, title, text, w.urgent,
		n.notBefore(now, w.urgent)).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("queuing what is sent of a notification: %w", err)
	}
	return n.receipt(ctx, tx, id, Queued, "", "")
}

// notBefore is when something may go out that is ready now.
func (n *Notifications) notBefore(now time.Time, urgent bool) time.Time {
	q := n.Messages.Quiet
	if q == nil || urgent || q.From == q.To {
		return now
	}
	local := now.In(jobs.Zone)
	hour := local.Hour()
	quiet := hour >= q.From && hour < q.To
	if q.From > q.To {
		quiet = hour >= q.From || hour < q.To
	}
	if !quiet {
		return now
	}
	end := time.Date(local.Year(), local.Month(), local.Day(), q.To, 0, 0, 0, jobs.Zone)
	if !end.After(local) {
		end = end.AddDate(0, 0, 1)
	}
	return end
}

func (n *Notifications) receipt(ctx context.Context, tx pgx.Tx, sending int64, state State, reference, reason string) error {
	_, err := tx.Exec(ctx, "insert into notification_receipt (sending, state, reference, reason, at) values ($1, $2, $3, $4, $5)",
		sending, string(state), reference, fault.HideNumbers(reason), n.Clock())
	if err != nil {
		return fmt.Errorf("keeping a receipt: %w", err)
	}
	return nil
}

// sendWaiting sends those of some sendings that wait and may go out now, one by one: each is taken before it is handed on, and its end is written before the next.
func (n *Notifications) sendWaiting(ctx context.Context, which string, arg int64) error {
	var ids []int64
	err := n.DB.Work(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select id from notification_sending where state in ('queued', 'sending') and next_at <= $1 and `+which+` order by next_at, id limit $2`,
			n.Clock(), atATime, arg)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what waits to be sent: %w", err)
	}
	for _, id := range ids {
		if err := n.sendOne(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// taken is a sending that this job has taken.
type taken struct {
	Parcel
	channel string
	tries   int
}

func (n *Notifications) sendOne(ctx context.Context, id int64) error {
	var t taken
	err := n.DB.Work(ctx, func(tx pgx.Tx) (err error) {
		t, err = n.take(ctx, tx, id)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // another job has it
	}
	if err != nil {
		return fmt.Errorf("taking what is sent: %w", err)
	}
	reference, failure := n.carry(ctx, t)
	state, reason, next := Sent, "", n.Clock()
	var no *refused
	switch {
	case failure == nil:
	case errors.As(failure, &no) || t.tries >= attempts:
		state, reason = Failed, failure.Error()
	default:
		state, reason, next = Queued, failure.Error(), next.Add(pause(t.tries))
	}
	return n.DB.Work(ctx, func(tx pgx.Tx) error {
		// A carrier that tells of the arrival may have been quicker.
		changed, err := tx.Exec(ctx, "update notification_sending set state = $2, next_at = $3 where id = $1 and state = 'sending'", id, string(state), next)
		if err != nil {
			return fmt.Errorf("keeping what became of what is sent: %w", err)
		}
		if changed.RowsAffected() == 0 {
			return nil
		}
		return n.receipt(ctx, tx, id, state, reference, reason)
	})
}

// pause is before the next attempt after so many.
func pause(tries int) time.Duration {
	d := firstPause
	for range tries - 1 {
		d *= 3
	}
	return d
}

// take makes a sending this job's for a while.
func (n *Notifications) take(ctx context.Context, tx pgx.Tx, id int64) (taken, error) {
	t := taken{Parcel: Parcel{ID: id}}
	var address []byte
	now := n.Clock()
	err := tx.QueryRow(ctx, `update notification_sending set state = 'sending', attempts = attempts + 1, next_at = $3
		where id = $1 and state in ('queued', 'sending') and next_at <= $2 returning channel, address_sealed, title, body, attempts`,
		id, now, now.Add(brokenOff)).Scan(&t.channel, &address, &t.Title, &t.Text, &t.tries)
	if err != nil {
		return t, err
	}
	kind := sealed.Phone
	if t.channel == emailChannel {
		kind = sealed.Other
	}
	if t.Address, err = n.Keys.Secret(kind, addressField, address); err != nil {
		return t, err
	}
	return t, n.receipt(ctx, tx, id, InHand, "", "")
}

var errNoCarrier = errors.New("no carrier is configured for this channel")

func (n *Notifications) carry(ctx context.Context, t taken) (string, error) {
	carrier := n.SMS
	if t.channel == emailChannel {
		carrier = n.Email
	}
	if carrier == nil {
		return "", errNoCarrier
	}
	ctx, cancel := context.WithTimeout(ctx, carryTime)
	defer cancel()
	return carrier.Send(ctx, t.Parcel)
}

// Report is what a carrier says later of what it took: whether it arrived, and why not. What is not known, or known already, changes nothing.
func (n *Notifications) Report(ctx context.Context, reference string, arrived bool, reason string) error {
	state := Delivered
	if !arrived {
		state = Failed
	}
	return n.DB.Work(ctx, func(tx pgx.Tx) error {
		var id int64
		err := tx.QueryRow(ctx, `update notification_sending s set state = $2 from notification_receipt r
			where r.reference = $1 and r.reference <> '' and s.id = r.sending and s.state = 'sent' returning s.id`, reference, string(state)).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("keeping what a carrier reports: %w", err)
		}
		return n.receipt(ctx, tx, id, state, reference, reason)
	})
}

func (n *Notifications) today() calendar.Date {
	local := n.Clock().In(jobs.Zone)
	return calendar.Must(local.Year(), local.Month(), local.Day())
}
