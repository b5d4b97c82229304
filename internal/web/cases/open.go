package cases

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/web"
)

// secrets are the sensitive values of a member that a case shows by their masks.
var secrets = map[string]func(registry.Person) sealed.Secret{
	"number": func(p registry.Person) sealed.Secret { return p.Number },
	"phone":  func(p registry.Person) sealed.Secret { return p.Phone },
}

var noSuchValue = fault.Text{Key: "cases.no-such-value", Zh: "这个事项没有这项可以查看的信息，可能刚有变动。请刷新后再试", En: "the case has no such value to open, or it has just changed: load the page again"}

// purpose is for what a value can be opened.
type purpose struct{ Code, Name string }

// opened is a member's value that was opened for this answer.
type opened struct {
	person int64
	field  string
	plain  string
}

// secret is a member's value as the page shows it.
type secret struct {
	Text   string
	Open   bool // as it is
	May    bool // the visitor may open it
	Person int64
	Field  string
}

// Secret is a member's value by its mask, or as it is once it was opened.
func (p *itemPage) Secret(who registry.Person, field string) secret {
	value := secrets[field](who)
	s := secret{Text: value.Masked(), Person: who.ID, Field: field}
	if p.opened.person == who.ID && p.opened.field == field {
		s.Text, s.Open = p.opened.plain, true
	}
	s.May = !value.IsZero() && slices.ContainsFunc(access.PurposesOf(p.Role), func(why access.Purpose) bool { return why.Opens(p.Role, value.Kind()) })
	return s
}

// Purposes are for what the visitor may open values.
func (p *itemPage) Purposes() []purpose {
	var all []purpose
	for _, one := range access.PurposesOf(p.Role) {
		all = append(all, purpose{string(one), one.Name(p.lang)})
	}
	return all
}

// openValue opens a member's value for a purpose: the opening is recorded and committed before the value is shown, on this answer alone.
func (p *Pages) openValue(v *web.Visit) error {
	id, err := pathID(v, "id")
	if err != nil {
		return err
	}
	person, err := pathID(v, "person")
	if err != nil {
		return err
	}
	field := v.R.PostFormValue("field")
	var what access.Sensitive
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		what, err = p.sensitive(ctx, tx, v, id, person, field)
		return err
	})
	if err != nil {
		return err
	}
	out := opened{person: person, field: field}
	err = p.DB.As(v.R.Context(), v.Principal(access.Purpose(v.R.PostFormValue("purpose"))), func(tx pgx.Tx) error {
		plain, err := access.Open(v.R.Context(), tx, what)
		if err == nil {
			out.plain = plain[0]
		}
		return err
	})
	if err != nil {
		return err
	}
	v.W.Header().Set("Cache-Control", "no-store")
	return p.renderItem(v, http.StatusOK, &itemPage{opened: out}, id)
}

// sensitive is a value of a member of a case's household, if the visitor sees them.
func (p *Pages) sensitive(ctx context.Context, tx pgx.Tx, v *web.Visit, id, person int64, field string) (s access.Sensitive, err error) {
	item, err := p.Casework.Item(ctx, tx, id, v.Now())
	if err != nil {
		return s, err
	}
	of, known := secrets[field]
	if item.Household == 0 || !known || !v.Session.May(access.SearchPeople) {
		return s, fault.New(fault.Invalid, noSuchValue, nil)
	}
	file, err := p.Registry.File(ctx, tx, item.Household)
	if err != nil {
		return s, err
	}
	at := slices.IndexFunc(file.Persons, func(one registry.Person) bool { return one.ID == person })
	if at < 0 || of(file.Persons[at]).IsZero() {
		return s, fault.New(fault.Invalid, noSuchValue, nil)
	}
	return access.Sensitive{Subject: fmt.Sprintf("person:%d", person), Area: file.Area, Field: "person." + field, Secret: of(file.Persons[at])}, nil
}
