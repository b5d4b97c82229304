package main

import (
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/registry"
)

// demoAccounts are an account for each role that is of the administration, in the sample county; of the decision two officers' and one department's.
var demoAccounts = []struct {
	login, name string
	role        access.Role
	area        string
	department  string
}{
	{"demo-admin", "演示管理员", access.Administrator, "371400", ""},
	{"demo-inspector", "演示纪检", access.Inspector, "371400", ""},
	{"demo-hotline", "演示话务员", access.Hotline, "371400", ""},
	{"demo-supervisor", "演示监管", access.Supervisor, "371424", ""},
	{"demo-officer", "演示经办", access.Officer, "371424100", ""},
	{"demo-decider", "演示审批", access.Decider, "371424100", ""},
	{"demo-assistant", "演示协理员", access.Assistant, "371424100281", ""},
	{"demo-medical", "演示医保", access.Department, "371424", "medical-insurance"},
}

// demo loads an invented county and makes the accounts that are not there, whose first passwords it prints this once.
func (c *serveCommand) demo(s *streams, p *platform) error {
	outcomes, err := p.record.Import(s.ctx, os.DirFS(c.Demo), ingest.Options{Workers: 2})
	if err != nil {
		return err
	}
	if err := printOutcomes(s, outcomes); err != nil {
		return err
	}
	today, err := day("")
	if err != nil {
		return err
	}
	for _, d := range demoAccounts {
		_, err := p.access.FindAccount(s.ctx, d.login)
		if err == nil {
			continue
		}
		if fault.KindOf(err) != fault.NotFound {
			return err
		}
		where, err := area.Parse(d.area)
		if err != nil {
			return err
		}
		id, first, err := p.access.Create(s.ctx, access.Machine(), access.NewAccount{Login: d.login, Name: d.name, Staff: true, Area: where})
		if err != nil {
			return err
		}
		if _, err := p.access.Post(s.ctx, access.Machine(), id, access.Posting{Role: d.role, Area: where, Department: d.department, Span: calendar.Since(today)}); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "account %s %s %s\n", d.login, first.Plain(), d.role.Name(fault.Zh))
	}
	return c.demoResident(s, p, today)
}

// Whom the sample's resident is: the head of the family that the sample's story is about, whom the sample's assistant gives an account.
const demoResidentLogin, demoResidentName, demoAssistantLogin = "demo-resident", "国志强", "demo-assistant"

// demoResident gives a resident of the sample an account, as its assistant does at the window, unless that was done or nobody there has the name.
func (c *serveCommand) demoResident(s *streams, p *platform, today calendar.Date) error {
	if _, err := p.access.FindAccount(s.ctx, demoResidentLogin); fault.KindOf(err) != fault.NotFound {
		return err
	}
	if _, err := p.discovery.Run(s.ctx, today, func(int, int) {}); err != nil { // which tells who lives with whom
		return err
	}
	assistant, err := p.access.FindAccount(s.ctx, demoAssistantLogin)
	if err != nil {
		return err
	}
	acts := access.Session{Account: assistant.ID, Staff: true, Posting: access.Posting{ID: 1, Role: access.Assistant, Area: assistant.Area}, Fresh: true}
	var found registry.Page
	err = p.db.As(s.ctx, acts.Principal(""), func(tx pgx.Tx) (err error) {
		found, err = p.people.Search(s.ctx, tx, registry.ByName, demoResidentName, registry.After{}, 1)
		return err
	})
	if err != nil || len(found.Hits) == 0 {
		return err
	}
	tie := access.Tie{Person: found.Hits[0].Person, Proof: "模拟数据，没有证件", Login: demoResidentLogin}
	login, first, err := p.access.TieResident(s.ctx, acts, tie)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "account %s %s %s\n", login, first.Plain(), access.Resident.Name(fault.Zh))
	return nil
}
