package main

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
)

// messageFlags say how SMS and e-mails are sent.
type messageFlags struct {
	SMS        string `help:"File that says how an SMS operator's HTTP interface is asked; none are sent without." type:"path" env:"DAJIUZHU_SMS"`
	MailServer string `help:"Server that takes e-mails by SMTP, as HOST:PORT; none are sent without." env:"DAJIUZHU_MAIL_SERVER"`
	MailFrom   string `help:"Address that e-mails come from." env:"DAJIUZHU_MAIL_FROM"`
	MailUser   string `help:"Name by which the platform signs in at the mail server." env:"DAJIUZHU_MAIL_USER"`
	MessagesTo string `help:"Folder into which SMS and e-mails are written with masked addresses, and not sent: for training." type:"path"`
	Contact    string `help:"Telephone that residents are told to call." default:"12345" env:"DAJIUZHU_CONTACT"`
}

// carriers are who takes SMS and e-mails; nil is nobody.
func (f *messageFlags) carriers() (sms, email notification.Carrier, err error) {
	if f.MessagesTo != "" {
		a, err := notification.NewFolder(f.MessagesTo, "sms.jsonl")
		if err != nil {
			return nil, nil, err
		}
		b, err := notification.NewFolder(f.MessagesTo, "email.jsonl")
		if err != nil {
			return nil, nil, err
		}
		return a, b, nil
	}
	if f.SMS != "" {
		text, err := os.ReadFile(f.SMS)
		if err != nil {
			return nil, nil, err
		}
		if sms, err = notification.ReadGateway(text, &http.Client{Timeout: time.Minute}); err != nil {
			return nil, nil, err
		}
	}
	if f.MailServer != "" {
		email = notification.Mail{Server: f.MailServer, From: f.MailFrom, User: f.MailUser, Password: os.Getenv("DAJIUZHU_MAIL_PASSWORD"), Clock: time.Now}
	}
	return sms, email, nil
}

// work prepares what people work on: warnings, visits, casework, and what anybody is told of it.
func (p *platform) work(f *messageFlags, keys *sealed.Keys, policy *pack.Pack) error {
	sms, email, err := f.carriers()
	if err != nil {
		return err
	}
	people := registry.New(keys)
	p.contact = f.Contact
	p.visits = visit.New(policy, people, keys, visit.Explaining(p.discovery, policy))
	p.warnings = warning.New(policy, keys, planner{p})
	p.casework = casework.New(policy, casework.Discovered{Discovery: p.discovery, Pack: policy}).Telling(p.warnings).Sealing(keys)
	p.notes = notification.New(notification.Config{DB: p.db, Keys: keys, Messages: policy.Messages, Clock: p.clock, People: people, Staff: p.access, SMS: sms, Email: email,
		Enqueue: func(ctx context.Context, tx pgx.Tx, args jobs.Args) (bool, error) {
			return p.queue.Enqueue(ctx, tx, args)
		}})
	if p.telling, err = telling.New(p.notes, policy, f.Contact); err != nil {
		return err
	}
	p.access.Telling(p.telling)
	return nil
}

// planner sends somebody to look into warnings.
type planner struct{ *platform }

// Plan plans the visit, and tells whoever is sent.
func (p planner) Plan(ctx context.Context, tx pgx.Tx, v warning.Visit) (int64, error) {
	id, err := visit.Plan(ctx, tx, visit.Task{Household: v.Household, Purpose: visit.Warning, Warnings: v.Warnings, Visitors: v.Visitors, Due: v.Due, Note: v.Note})
	if err != nil {
		return 0, err
	}
	planned, err := visit.GoingOf(ctx, tx, id)
	if err != nil {
		return 0, err
	}
	return id, p.telling.VisitChanged(ctx, tx, visit.Going{}, planned, "planned")
}
