package cases

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/web"
)

// messagesPage lists the SMS and e-mails that went out, or one message's with every receipt.
type messagesPage struct {
	ID     int64 // of the one message, 0 of the list
	Title  pack.Text
	States []choice
	Rows   []sent
	More   string
	Forms  form
}

// sent is an SMS or an e-mail in the list.
type sent struct {
	notification.Gone
	Place   string
	Name    string // of the template
	Channel string
	Said    string // the state in words
	Class   string
	Link    string // of the matter, "" of none
}

// sendingStates are what the states of an SMS or an e-mail are called, and how they are shown.
var sendingStates = []struct {
	state         notification.State
	zh, en, class string
}{
	{notification.Failed, "失败", "failed", "bad"}, {notification.Queued, "待发", "waiting", "due"}, {notification.InHand, "发送中", "being sent", "due"},
	{notification.Sent, "已发出", "sent", ""}, {notification.Delivered, "已送达", "delivered", "good"},
}

func sendingState(v *web.Visit, s notification.State) (name, class string) {
	for _, n := range sendingStates {
		if n.state == s {
			return v.Say(n.zh, n.en), n.class
		}
	}
	return string(s), ""
}

// StateName is a receipt's state in words.
func (p *messagesPage) StateName(v web.View, s notification.State) string {
	name, _ := sendingState(v.Visit, s)
	return name
}

// messages lists what was sent in the visitor's area: what failed, to begin with nothing else.
func (p *Pages) messages(v *web.Visit) error {
	state := notification.State(v.R.URL.Query().Get("state"))
	page := &messagesPage{}
	page.States = append(page.States, choice{"", v.Say("全部", "All"), state == ""})
	for _, s := range sendingStates {
		page.States = append(page.States, choice{string(s.state), v.Say(s.zh, s.en), s.state == state})
	}
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := notification.Sendings(ctx, tx, state, number(v.R.URL.Query().Get("before")), perPage+1)
		if len(all) > perPage {
			all = all[:perPage]
			page.More = "/messages?" + url.Values{"state": {string(state)}, "before": {fmt.Sprint(all[perPage-1].ID)}}.Encode()
		}
		for _, g := range all {
			page.Rows = append(page.Rows, p.sent(v, g))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "messages", page)
}

func (p *Pages) sent(v *web.Visit, g notification.Gone) sent {
	s := sent{Gone: g, Place: p.short(g.Area), Name: g.Template, Channel: v.Say("短信", "SMS"), Link: telling.Link(g.About)}
	if g.Channel == "email" {
		s.Channel = v.Say("邮件", "e-mail")
	}
	if p.Pack.Messages != nil {
		if t := p.Pack.Messages.Message(g.Template); t != nil {
			s.Name = t.Name.In(v.Lang)
		}
	}
	s.Said, s.Class = sendingState(v, g.State)
	return s
}

func (p *Pages) message(v *web.Visit) error { return p.showMessage(v, http.StatusOK, newForm()) }

// showMessage shows one message's SMS and e-mails with every receipt.
func (p *Pages) showMessage(v *web.Visit, status int, f form) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	page := &messagesPage{ID: id, Forms: f}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := notification.SendingsOf(ctx, tx, id)
		for _, g := range all {
			page.Title = g.Title
			page.Rows = append(page.Rows, p.sent(v, g))
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(page.Rows) == 0 {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	return v.Render(status, p.templates, "messages", page)
}

// resend has something that failed be sent again.
func (p *Pages) resend(v *web.Visit) error {
	id, err := pathID(v, "id")
	if err != nil || p.Notes == nil {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	err = v.Act("", func(ctx context.Context, tx pgx.Tx) (string, error) {
		return fmt.Sprint("/messages/", id), p.Notes.Resend(ctx, tx, number(v.R.PostFormValue("sending")))
	})
	if fault.KindOf(err) == fault.Conflict {
		f, status := again(v, err)
		return p.showMessage(v, status, f)
	}
	return err
}
