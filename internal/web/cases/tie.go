package cases

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"
)

// residentPage is a person of the record at the window, with the account that is tied to them.
type residentPage struct {
	Forms     form
	Person    registry.Person
	Household int64
	Tied      *access.Tied
	By        string // who tied it
	Proofs    []string
}

// slipPage is what is handed over to a resident, this once.
type slipPage struct {
	Person    registry.Person
	Household int64
	Login     string
	First     sealed.Secret
	Again     bool // another first password
	Site      string
}

// proofs are the papers by which it is seen who somebody is.
func proofs(v *web.Visit) []string {
	return []string{v.Say("居民身份证原件", "identity card"), v.Say("临时身份证", "temporary identity card"), v.Say("户口簿", "household register"), v.Say("社会保障卡（有照片）", "social security card with a photograph")}
}

func (p *Pages) residentPage(v *web.Visit) error { return p.showResident(v, http.StatusOK, newForm()) }

func (p *Pages) showResident(v *web.Visit, status int, f form) error {
	id, err := pathID(v, "person")
	if err != nil {
		return err
	}
	page := &residentPage{Forms: f, Proofs: proofs(v)}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if page.Person, page.Household, err = p.personAt(ctx, tx, id); err != nil {
			return err
		}
		if page.Tied, err = access.TiedTo(ctx, tx, page.Person.ID); err != nil || page.Tied == nil {
			return err
		}
		page.By, err = access.StaffName(ctx, tx, page.Tied.By)
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(status, p.templates, "resident", page)
}

// personAt is a person whom the visitor may see, in the household where they are now.
func (p *Pages) personAt(ctx context.Context, tx pgx.Tx, id int64) (found registry.Person, household int64, err error) {
	homes, err := p.Registry.HouseholdsOf(ctx, tx, []int64{id})
	if err != nil {
		return found, 0, err
	}
	if household = homes[id]; household == 0 {
		return found, 0, fault.New(fault.NotFound, noSuchThing, nil)
	}
	f, err := p.Registry.File(ctx, tx, household)
	if err != nil {
		return found, 0, err
	}
	for _, x := range f.Persons {
		if x.ID == id || slices.Contains(x.Same, id) {
			return x, household, nil
		}
	}
	return found, 0, fault.New(fault.NotFound, noSuchThing, nil)
}

// residentAct ties an account to the person, gives another first password, or ends the account.
func (p *Pages) residentAct(v *web.Visit) error {
	id, err := pathID(v, "person")
	if err != nil {
		return err
	}
	if p.Access == nil {
		return fault.New(fault.NotFound, noSuchThing, nil)
	}
	var slip slipPage
	ctx := v.R.Context()
	to, given, err := v.Beyond(func() (_ string, err error) {
		switch v.R.PathValue("act") {
		case "tie":
			slip.Login, slip.First, err = p.Access.TieResident(ctx, v.Session, access.Tie{Person: id, Proof: text(v, "proof"), Login: strings.ToLower(text(v, "login"))})
		case "password":
			slip.Again = true
			slip.Login, slip.First, err = p.Access.ResetResident(ctx, v.Session, id, text(v, "proof"))
		case "end":
			err = p.Access.UntieResident(ctx, v.Session, id, text(v, "why"))
		default:
			err = fault.New(fault.NotFound, noSuchThing, nil)
		}
		return fmt.Sprintf("/residents/%d", id), err
	})
	if kind := fault.KindOf(err); access.ConfirmFirst(err) || err != nil && kind != fault.Invalid && kind != fault.Conflict && kind != fault.Forbidden {
		return err
	}
	if err != nil {
		f, status := again(v, err)
		return p.showResident(v, status, f)
	}
	if !given || slip.Login == "" { // sent twice: the password is shown once
		return v.Redirect(to)
	}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		slip.Person, slip.Household, err = p.personAt(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	slip.Site = p.Site
	return v.Render(http.StatusOK, p.templates, "slip", slip)
}
