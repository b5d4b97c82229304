package main

import (
	"fmt"
	"os"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/ingest"
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
	return nil
}
