package web_test

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/web"
)

// counting are pages with one act, which counts.
type counting struct {
	sync.Mutex
	done  int
	fails bool
	acts  func(context.Context) // what happens while it acts beyond its transaction; nil is nothing
}

func (c *counting) Routes() []web.Route {
	return []web.Route{
		{Pattern: "GET /count/{n}", Who: web.Ready, Do: func(v *web.Visit) error { _, err := v.W.Write([]byte(v.R.PathValue("n"))); return err }},
		{Pattern: "POST /count", Who: web.Ready, Do: func(v *web.Visit) error {
			return v.Act("", func(context.Context, pgx.Tx) (string, error) {
				c.Lock()
				defer c.Unlock()
				if c.fails {
					return "", errors.New("the disk is full")
				}
				c.done++
				return "/count/" + strconv.Itoa(c.done), nil
			})
		}},
		{Pattern: "POST /beyond", Who: web.Ready, Do: func(v *web.Visit) error {
			return v.ActBeyond(func() (string, error) {
				c.Lock()
				defer c.Unlock()
				if c.fails {
					return "", errors.New("the disk is full")
				}
				c.done++
				if c.acts != nil {
					c.acts(v.R.Context())
				}
				return "/count/" + strconv.Itoa(c.done), nil
			})
		}},
		{Pattern: "POST /careless", Who: web.Ready, Do: func(v *web.Visit) error { return v.Redirect("/count/0") }},
	}
}

// A form does something once however often it is sent, and leads to the same page; one that failed may be sent again; one that was changed is told so.
func TestOnce(t *testing.T) {
	c := &counting{}
	w := newWorldOf(t, []web.Pages{c})
	w.signedIn("wang.fang", access.Officer, "371424100")
	send := func(key, text string) page { return w.post("/count", url.Values{"once": {key}, "text": {text}}) }
	send("", "a").want(t, "/count", 422, "表单不完整")
	send("one", "a").want(t, "/count/1", 200)
	send("one", "a").want(t, "/count/1", 200)
	send("one", "b").want(t, "/count", 409, "已提交并办理过")
	send("two", "a").want(t, "/count/2", 200)
	c.fails = true
	send("three", "a").want(t, "/count", 500)
	c.fails = false
	send("three", "a").want(t, "/count/3", 200)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { send("four", "a").want(t, "/count/4", 200) })
	}
	all.Wait()
	beyond := func(key, text string) page { return w.post("/beyond", url.Values{"once": {key}, "text": {text}}) }
	c.fails = true
	beyond("five", "a").want(t, "/beyond", 500)
	c.fails = false
	for range 8 {
		all.Go(func() { beyond("five", "a").want(t, "/count/5", 200) })
	}
	all.Wait()
	beyond("five", "b").want(t, "/beyond", 409, "已提交并办理过")
	// A browser that sends a form again gives up the first request: what that had done is not done again.
	gone, leave := context.WithCancel(t.Context())
	c.acts = func(ctx context.Context) { leave(); <-ctx.Done() }
	if err := w.leave(gone, "/beyond", url.Values{"once": {"six"}, "text": {"a"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever went away got %v", err)
	}
	c.acts = nil
	beyond("six", "a").want(t, "/count/6", 200)
	w.post("/careless", nil).want(t, "/careless", 500) // a handler that looks at no key
	w = w.another()                                    // somebody else's key is another key
	w.signedIn("li.na", access.Officer, "371424101")
	send("one", "a").want(t, "/count/7", 200)
}
