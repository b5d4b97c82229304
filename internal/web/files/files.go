package files

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/casework"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/rules"
	"dajiuzhu/internal/sealed"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
	"dajiuzhu/internal/web"
)

var (
	noSuchField = fault.Text{Key: "files.no-such-field",
		Zh: "这一户的档案里没有这项可以查看的信息，可能刚有变动。请刷新后再试", En: "the file has no such value to open, or it has just changed: load the page again"}
)

// The fields of persons that are opened beside facts.
const (
	fieldNumber = "number"
	fieldPhone  = "phone"
)

// Deps is what the pages show.
type Deps struct {
	DB        *postgres.DB
	Registry  *registry.Registry
	Discovery *discovery.Discovery
	Policy    *rules.Policy
	Warnings  *warning.Warnings
	Visits    *visit.Visits
	Casework  *casework.Casework
}

// Files is the pages.
type Files struct {
	Deps
	pack      *pack.Pack
	secrets   secrets
	templates *web.Templates
}

// zone is where the platform's days begin.
var zone = time.FixedZone("UTC+8", 8*60*60)

// mostOpenings bounds how many openings a file shows.
const mostOpenings = 30

// asking is who asks for a file, and how it is to be shown.
type asking struct {
	who       postgres.Principal
	lang      fault.Lang
	household int64
	on        calendar.Date
	open      *asked // what is to be opened; nil for nothing
}

// asked is a value that somebody wants opened.
type asked struct {
	person  int64
	field   string // "number", "phone", or a fact's path
	purpose access.Purpose
}

func openKey(person int64, field string) string { return fmt.Sprintf("%d %s", person, field) }

// read makes a household's file for somebody: first, in the reader's own name, whether the household may be seen at all, then what it comes to.
func (f *Files) read(ctx context.Context, a asking) (*sheet, error) {
	s := &sheet{Files: f, lang: a.lang, role: access.Role(a.who.Role), department: a.who.Department, see: sights[access.Role(a.who.Role)], on: a.on,
		opened: map[string]string{}}
	file := f.Registry.File
	if s.role == access.Department {
		file = f.Registry.Served
	}
	err := f.DB.As(ctx, a.who, func(tx pgx.Tx) (err error) {
		s.file, err = file(ctx, tx, a.household)
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.file.Lasts.To == calendar.Forever {
		s.why, err = f.Discovery.Explain(ctx, a.household, a.on)
	}
	if err != nil && fault.KindOf(err) != fault.Unready {
		return nil, err
	}
	if a.open != nil {
		if err := f.open(ctx, a, s); err != nil {
			return nil, err
		}
	}
	if s.why != nil {
		s.words = s.why.Words(f.pack, a.lang, f.secrets.hide(s.see))
	}
	return s, nil
}

// open opens a value in the name of who asks, for the purpose: the opening is recorded and committed before the value is shown.
func (f *Files) open(ctx context.Context, a asking, s *sheet) error {
	secret, ok := s.secret(a.open)
	if !ok {
		return fault.New(fault.Invalid, noSuchField, nil)
	}
	who := a.who
	who.Purpose = string(a.open.purpose)
	what := access.Sensitive{Subject: subject(a.open.person), Area: s.file.Area, Field: fieldName(a.open.field), Secret: secret}
	return f.DB.As(ctx, who, func(tx pgx.Tx) error {
		plain, err := access.Open(ctx, tx, what)
		if err != nil {
			return err
		}
		s.opened[openKey(a.open.person, a.open.field)] = plain[0]
		return nil
	})
}

func subject(person int64) string { return fmt.Sprintf("person:%d", person) }

// fieldName is what the record of an opening calls a field.
func fieldName(field string) string {
	if field == fieldNumber || field == fieldPhone {
		return "person." + field
	}
	return field
}

// secret is the value that somebody wants opened, if the file has it.
func (s *sheet) secret(a *asked) (sealed.Secret, bool) {
	at := slices.IndexFunc(s.file.Persons, func(p registry.Person) bool { return p.ID == a.person })
	if at < 0 {
		return sealed.Secret{}, false
	}
	switch a.field {
	case fieldNumber:
		return s.file.Persons[at].Number, !s.file.Persons[at].Number.IsZero()
	case fieldPhone:
		return s.file.Persons[at].Phone, !s.file.Persons[at].Phone.IsZero()
	}
	lane := s.laneOf(a.person)
	if lane < 0 || !s.secrets.diagnoses[a.field] || !s.see.facts {
		return sealed.Secret{}, false
	}
	bare := s.why.Words(s.pack, s.lang, nil)
	for _, t := range s.why.Family.Told(s.why.Layout) {
		if t.Fact.Unit == pack.Person && t.Lane == lane && t.Fact.Path() == a.field {
			return sealed.NewSecret(sealed.Diagnosis, bare.Value(t.Fact, t.Value)), true
		}
	}
	return sealed.Secret{}, false
}

// subjects are whom a file is about, as openings name them.
func (s *sheet) subjects() []string {
	var all []string
	for _, id := range s.file.IDs() {
		all = append(all, subject(id))
	}
	return all
}
