package casework

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
)

// Period is a length of time.
type Period struct {
	Count int    `json:"count"`
	Unit  string `json:"unit"` // hours, days, working-days, months, years
}

func periodOf(p pack.Period) Period { return Period{p.Count, p.Unit} }

// Step is a step of a procedure, as an item that goes by it has it.
type Step struct {
	ID       string    `json:"id"`
	Name     pack.Text `json:"name"`
	By       string    `json:"by"`
	People   int       `json:"people"`
	BothSign bool      `json:"both_sign"`
	NotBy    []string  `json:"not_by"`
	OnlyIf   string    `json:"only_if"`
	Gives    string    `json:"gives"`
	Within   *Period   `json:"within"`
	From     string    `json:"from"` // the step from which Within counts
	Note     pack.Text `json:"note"`
	Ord      int       `json:"-"` // its place, from 1
}

// Procedure is a version of a procedure.
type Procedure struct {
	ID    string    `json:"-"`
	Name  pack.Text `json:"name"`
	Steps []*Step   `json:"steps"`
	Total *Total    `json:"total"`
}

// Total is the limit from one step to another. AtMost is the count in special circumstances, 0 if there is no longer one.
type Total struct {
	Period
	From   string `json:"from"`
	To     string `json:"to"`
	AtMost int    `json:"at_most"`
}

// RemedyOpen is what can be done against a decision: its kind, until when from its being known, and where.
type RemedyOpen struct {
	Kind   string    `json:"kind"` // reconsideration, suit, complaint
	Within Period    `json:"within"`
	To     pack.Text `json:"to"`
}

type authorityContent struct {
	Name     pack.Text    `json:"name"`
	Basis    string       `json:"basis"`
	Letter   pack.Text    `json:"letter"`
	Refusal  pack.Text    `json:"refusal"`
	Seal     pack.Text    `json:"seal"`
	Remedies []RemedyOpen `json:"remedies"`
}

type publicityContent struct {
	Name        pack.Text `json:"name"`
	Notice      []string  `json:"notice"`
	Publication []string  `json:"publication"`
	Photograph  bool      `json:"photograph"`
	Minors      bool      `json:"minors"`
}

func contentOf(q *pack.Procedure, v *pack.ProcedureVersion) Procedure {
	p := Procedure{Name: q.Name}
	for _, s := range v.Steps {
		t := &Step{ID: s.ID, Name: s.Name, By: s.By, People: max(s.People, 1), BothSign: s.BothSign, NotBy: append([]string{}, s.NotBy...),
			OnlyIf: s.OnlyIf, Gives: s.Gives, Note: s.Note}
		if s.Within != nil {
			within := periodOf(s.Within.Period)
			t.Within, t.From = &within, s.Within.From
		}
		p.Steps = append(p.Steps, t)
	}
	if v.Total != nil {
		p.Total = &Total{Period: periodOf(v.Total.Period), From: v.Total.From, To: v.Total.To, AtMost: v.Total.AtMost}
	}
	return p
}

// Step is a step by its id, nil if there is none.
func (p *Procedure) Step(id string) *Step {
	for _, s := range p.Steps {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// giving is the first step that gives something, nil if none does.
func (p *Procedure) giving(what string) *Step {
	for _, s := range p.Steps {
		if s.Gives == what {
			return s
		}
	}
	return nil
}

// readProcedure makes a procedure of what the database keeps of a version.
func readProcedure(id string, content []byte) (*Procedure, error) {
	p := &Procedure{ID: id}
	if err := json.Unmarshal(content, p); err != nil {
		return nil, fmt.Errorf("reading procedure %s: %w", id, err)
	}
	for n, s := range p.Steps {
		s.Ord = n + 1
	}
	return p, nil
}

// procedureOf is a version of a procedure. None is ever changed, so that it is read once.
func (c *Casework) procedureOf(ctx context.Context, tx pgx.Tx, version int64) (*Procedure, error) {
	if p, ok := c.procedures.Load(version); ok {
		return p.(*Procedure), nil
	}
	var id string
	var content []byte
	if err := tx.QueryRow(ctx, "select procedure, content from workflow_procedure where id = $1", version).Scan(&id, &content); err != nil {
		return nil, fmt.Errorf("reading a procedure: %w", err)
	}
	p, err := readProcedure(id, content)
	if err == nil {
		c.procedures.Store(version, p)
	}
	return p, err
}

var notHandled = fault.Text{Key: "casework.not-handled",
	Zh: "{on}没有“{programme}”的办理程序，不能申请", En: `no procedure handles "{programme}" on {on}: it cannot be filed`}

// versionOn is the version of the procedure by which a programme, or the recognition of a category, is handled on a day.
func versionOn(ctx context.Context, tx pgx.Tx, w Want, on calendar.Date) (version int64, p *Procedure, err error) {
	var id string
	var content []byte
	err = tx.QueryRow(ctx, `select p.id, p.procedure, p.content from workflow_programme q join workflow_procedure p on p.procedure = q.procedure
		where q.programme = $1 and q.recognises = $2 and p.current and p.from_date <= $3::date and $3::date < p.to_date`,
		w.Programme, w.Recognises, on.String()).Scan(&version, &id, &content)
	if err == pgx.ErrNoRows {
		return 0, nil, fault.New(fault.Invalid, notHandled, fault.Args{"programme": fault.Excerpt(w.Programme), "on": on})
	}
	if err != nil {
		return 0, nil, fmt.Errorf("looking for the procedure of %s: %w", w.Programme, err)
	}
	p, err = readProcedure(id, content)
	return version, p, err
}

// standing is how an item stands, as far as the steps that are left and their limits depend on it.
type standing struct {
	position                            int
	nearKin, overLimit, drawn, objected bool
	decision                            string
	extended                            bool
	done                                map[string]time.Time // when each step was done last, of those that count
	noticeUntil                         time.Time
	stops                               []stop // for how long it was suspended
}

// stop is a time for which an item was suspended.
type stop struct{ from, to time.Time }

// leftOut reports whether a step is left out as an item stands. The database holds to the same (casework_left_out).
func (s *standing) leftOut(step *Step) bool {
	switch step.OnlyIf {
	case "":
		return false
	case "near-kin":
		return !s.nearKin
	case "over-limit":
		return !s.overLimit
	case "objection":
		return !s.objected
	case "granted", "refused":
		return s.decision != step.OnlyIf
	case "drawn":
		return !s.drawn
	}
	return true // papers-lacking is never waited for
}
