package web

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
)

// onceField holds the key of a form.
const onceField = "once"

// keptOnce is for how long a form that comes again leads to where it led.
const keptOnce = 7 * 24 * time.Hour

// Once is the hidden field by which a form is known, another one for each form that a page shows: see [Visit.Once].
func (v View) Once() template.HTML {
	return onceInput(rand.Text())
}

// OnceOn is [View.Once] for a form that goes on from the one that was sent, as where what was written is looked through before it is sent for good:
// it keeps that one's key, so that whoever goes back and sends on again does nothing twice. A form that comes back with a fault takes a new one.
func (v View) OnceOn() template.HTML {
	if v.Key() == "" {
		return v.Once()
	}
	return onceInput(v.Key())
}

func onceInput(key string) template.HTML {
	return template.HTML(`<input type="hidden" name="` + onceField + `" value="` + template.HTMLEscapeString(key) + `">`)
}

// Key is that of the form that was sent, "" of one without.
func (v *Visit) Key() string { return v.R.PostFormValue(onceField) }

var (
	sentOtherwise = fault.Text{Key: "web.sent-otherwise",
		Zh: "这份表单已提交并办理过，这次改动的内容没有保存。请刷新页面，看清现在的情况后再改",
		En: "this form was sent and done before; what differs this time was not kept: load the page anew, see how things stand, and change that"}
	noKey = fault.Text{Key: "web.no-key", Zh: "表单不完整。请刷新页面后重新提交", En: "the form is not whole: load the page anew and send it again"}
)

// longestKey is how many letters a key has at most.
const longestKey = 64

// hasKey refuses a form without a key.
func (v *Visit) hasKey() error {
	if key := v.Key(); key == "" || len(key) > longestKey {
		return fault.New(fault.Invalid, noKey, nil)
	}
	return nil
}

// Once acts for a form and returns the path of the page that shows the result. A form that was sent before, twice in a row, from a page gone back
// to, or by whoever repeats a request, does nothing and gets the page to which it led the first time; one that was changed since is told so, as a
// fault of kind Conflict. What is kept about it stands or falls with the caller's transaction, which is in the visitor's name. Two that come at
// once wait for each other.
func (v *Visit) Once(ctx context.Context, tx pgx.Tx, act func() (to string, err error)) (to string, err error) {
	v.keyed = true
	if err := v.hasKey(); err != nil {
		return "", err
	}
	key := v.Key()
	digest, form := sha256.Sum256([]byte(key)), v.digest(key)
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('form ' || acting_account() || ' ' || encode($1, 'hex'), 0))", digest[:]); err != nil {
		return "", fmt.Errorf("waiting for a form that is sent twice: %w", err)
	}
	var before []byte
	err = tx.QueryRow(ctx, "select form, result from page_once where account = acting_account() and key = $1", digest[:]).Scan(&before, &to)
	switch {
	case err == nil && hmac.Equal(before, form):
		return to, nil
	case err == nil:
		return "", fault.New(fault.Conflict, sentOtherwise, nil)
	case !errors.Is(err, pgx.ErrNoRows):
		return "", fmt.Errorf("looking for a form that was sent before: %w", err)
	}
	if to, err = act(); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, "insert into page_once (key, form, result, at) values ($1, $2, $3, $4)", digest[:], form, to, v.site.Clock()); err != nil {
		return "", fmt.Errorf("keeping that a form was sent: %w", err)
	}
	return to, nil
}

// Act is [Visit.Once] in a transaction of its own, in the visitor's name, and goes to the page with the result.
func (v *Visit) Act(purpose access.Purpose, act func(context.Context, pgx.Tx) (to string, err error)) error {
	ctx, to := v.R.Context(), ""
	err := v.site.DB.As(ctx, v.Principal(purpose), func(tx pgx.Tx) (err error) {
		to, err = v.Once(ctx, tx, func() (string, error) { return act(ctx, tx) })
		return err
	})
	if err != nil {
		return err
	}
	return v.Redirect(to)
}

// mostBeyond is how many forms are acted for beyond their transactions at once: fewer than there are connections, since each holds one and takes another.
const mostBeyond = 6

// Beyond is [Visit.Once] for what acts in transactions of its own, which it is kept to have done after they ended: a form that comes again after the
// machine failed in between acts again. That the visitor goes away meanwhile, as a browser does that sends the form a second time, changes nothing of
// what is kept. It reports whether it acted now, for what is shown only once.
func (v *Visit) Beyond(act func() (to string, err error)) (to string, acted bool, err error) {
	ctx := v.R.Context()
	select {
	case v.site.beyond <- struct{}{}:
		defer func() { <-v.site.beyond }()
	case <-ctx.Done():
		return "", false, ctx.Err()
	}
	kept := context.WithoutCancel(ctx)
	err = v.site.DB.As(kept, postgres.Principal{Account: v.Session.Account}, func(tx pgx.Tx) (err error) {
		to, err = v.Once(kept, tx, func() (string, error) { acted = true; return act() })
		return err
	})
	return to, acted, err
}

// ActBeyond is [Visit.Beyond], and goes to the page with the result.
func (v *Visit) ActBeyond(act func() (to string, err error)) error {
	to, _, err := v.Beyond(act)
	if err != nil {
		return err
	}
	return v.Redirect(to)
}

// digest is of the form that was sent and of where to, by its key, without the proof of who sends it.
func (v *Visit) digest(key string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	write := func(s string) { fmt.Fprintf(h, "%d %s ", len(s), s) }
	write(v.R.URL.RequestURI()) // a button may add to the address what it does
	for _, name := range slices.Sorted(maps.Keys(v.R.PostForm)) {
		if isProof(name) {
			continue
		}
		write(name)
		for _, value := range v.R.PostForm[name] {
			write(value)
		}
	}
	return h.Sum(nil)
}

// Sweep deletes what the frame kept about forms and files and is no longer needed, and has files made anew whose job died, as a job.
func (s *Site) Sweep(ctx context.Context) error {
	now := s.Clock()
	return s.DB.Work(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "delete from page_once where at < $1", now.Add(-keptOnce)); err != nil {
			return fmt.Errorf("deleting what forms led to: %w", err)
		}
		return s.sweepExports(ctx, tx, now)
	})
}
