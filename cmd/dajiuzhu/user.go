package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/sealed"
)

type userCommand struct {
	Add     userAddCommand     `cmd:"" help:"Make an account; prints its first password, which has to be changed."`
	List    userListCommand    `cmd:"" help:"List the accounts and their postings."`
	Posting userPostingCommand `cmd:"" help:"Give an account a role in an area."`
	Reset   userResetCommand   `cmd:"" help:"Give an account another first password, or take away its second factor."`
	Disable userDisableCommand `cmd:"" help:"Shut an account out at once."`
	Enable  userEnableCommand  `cmd:"" help:"Let an account in again."`
}

// withAccess opens the accounts.
func (f *accessFlags) withAccess(s *streams, do func(*postgres.DB, *access.Access) error) error {
	return f.withKeys(s.ctx, func(db *postgres.DB, keys *sealed.Keys) error {
		a, err := f.access(db, keys, nil, time.Now)
		if err != nil {
			return err
		}
		return do(db, a)
	})
}

// withAccount finds an account by its login.
func (f *accessFlags) withAccount(s *streams, login string, do func(*access.Access, access.Account) error) error {
	return f.withAccess(s, func(_ *postgres.DB, a *access.Access) error {
		found, err := a.FindAccount(s.ctx, login)
		if err != nil {
			return err
		}
		return do(a, found)
	})
}

type userAddCommand struct {
	accessFlags
	Login   string `arg:"" help:"With which the person signs in."`
	Name    string `required:"" help:"The person's name."`
	Area    string `required:"" help:"Code of the area whose administrators manage the account."`
	Outside bool   `help:"A resident or an organisation, and not of the administration."`
}

// Run makes the account.
func (c *userAddCommand) Run(s *streams) error {
	where, err := area.Parse(c.Area)
	if err != nil {
		return err
	}
	return c.withAccess(s, func(_ *postgres.DB, a *access.Access) error {
		_, first, err := a.Create(s.ctx, access.Machine(), access.NewAccount{Login: c.Login, Name: c.Name, Staff: !c.Outside, Area: where})
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s\t%s\n", c.Login, first.Plain())
		return nil
	})
}

type userListCommand struct{ platformFlags }

// accountsAtOnce is how many accounts are read at a time.
const accountsAtOnce = 500

// Run lists the accounts.
func (c *userListCommand) Run(s *streams) error {
	return c.with(s.ctx, func(db *postgres.DB) error {
		return pgx.BeginFunc(s.ctx, db.Own(), func(tx pgx.Tx) error {
			for after := ""; ; {
				page, err := access.Accounts(s.ctx, tx, "", after, accountsAtOnce)
				if err != nil || len(page) == 0 {
					return err
				}
				for _, account := range page {
					if err := c.print(s, tx, account); err != nil {
						return err
					}
				}
				after = page[len(page)-1].Login
			}
		})
	})
}

func (c *userListCommand) print(s *streams, tx pgx.Tx, account access.Account) error {
	postings, err := access.Postings(s.ctx, tx, account.ID)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range postings {
		names = append(names, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", p.Role, p.Area, p.Span, p.Department)))
	}
	state := "enabled"
	if account.Disabled {
		state = "disabled"
	}
	fmt.Fprintf(s.out, "%s\t%s\t%s\t%s\n", account.Login, account.Name, state, strings.Join(names, "; "))
	return nil
}

type userPostingCommand struct {
	accessFlags
	Login      string `arg:"" help:"Whose."`
	Role       string `arg:"" help:"As what: officer, decider, supervisor, department, administrator, inspector, hotline, assistant, organisation, resident."`
	Area       string `arg:"" help:"Code of the area."`
	Department string `help:"Of a department's officer."`
	From       string `help:"From which day; today if not given."`
	To         string `help:"Until which day, which is no longer of it; open if not given."`
}

var noRole = fault.Text{Key: "cmd.no-role", Zh: "没有角色“{found}”；有：{expected}", En: `there is no role "{found}"; there are: {expected}`}

// Run gives the posting.
func (c *userPostingCommand) Run(s *streams) error {
	p, err := c.posting()
	if err != nil {
		return err
	}
	return c.withAccount(s, c.Login, func(a *access.Access, account access.Account) error {
		_, err := a.Post(s.ctx, access.Machine(), account.ID, p)
		return err
	})
}

func (c *userPostingCommand) posting() (p access.Posting, err error) {
	role, ok := access.ParseRole(c.Role)
	if !ok {
		var all []string
		for _, r := range access.Roles() {
			all = append(all, string(r))
		}
		return p, fault.New(fault.NotFound, noRole, fault.Args{"found": c.Role, "expected": strings.Join(all, ", ")})
	}
	p = access.Posting{Role: role, Department: c.Department}
	if p.Area, err = area.Parse(c.Area); err != nil {
		return p, err
	}
	from, err := day(c.From)
	if err != nil {
		return p, err
	}
	p.Span = calendar.Since(from)
	if c.To != "" {
		p.Span.To, err = day(c.To)
	}
	return p, err
}

type userResetCommand struct {
	accessFlags
	Login  string `arg:"" help:"Whose."`
	Second bool   `help:"The second factor, and not the password."`
}

// Run resets the password or the second factor.
func (c *userResetCommand) Run(s *streams) error {
	return c.withAccount(s, c.Login, func(a *access.Access, account access.Account) error {
		if c.Second {
			return a.ResetSecond(s.ctx, access.Machine(), account.ID)
		}
		first, err := a.ResetPassword(s.ctx, access.Machine(), account.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s\t%s\n", c.Login, first.Plain())
		return nil
	})
}

type userDisableCommand struct {
	accessFlags
	Login string `arg:"" help:"Whose."`
}

// Run shuts the account out.
func (c *userDisableCommand) Run(s *streams) error {
	return c.withAccount(s, c.Login, func(a *access.Access, account access.Account) error {
		return a.Disable(s.ctx, access.Machine(), account.ID, true)
	})
}

type userEnableCommand struct {
	accessFlags
	Login string `arg:"" help:"Whose."`
}

// Run lets the account in again.
func (c *userEnableCommand) Run(s *streams) error {
	return c.withAccount(s, c.Login, func(a *access.Access, account access.Account) error {
		return a.Disable(s.ctx, access.Machine(), account.ID, false)
	})
}
