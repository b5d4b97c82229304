package visits

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// sheet is the page of a visit.
type sheet struct {
	visit.Sheet
	Mine     bool // whoever looks is among the visitors
	Asked    []asked
	Token    string // of this showing of the form: sent twice, it is one sending
	Faults   []wrong
	Files    []visit.File
	Results  []visit.Result
	SaidBy   string
	Phone    string // opened, or masked
	Lacks    []pack.Text
	Answered int
}

// asked is a question on the page.
type asked struct {
	visit.Question
	N        int
	Key      string
	Value    string   // of a text, a number or a date
	Chosen   []string // of a code, a set, a truth; also unknown and refused
	Before   string   // what was answered, to see whether it changed
	Wrong    string
	Decimal  bool
	Step     string
	Settling []string
}

// wrong is a fault of a field of the form.
type wrong struct{ Field, Message string }

func (p *Pages) sheet(v *web.Visit) error {
	allow(v)
	s, err := p.read(v)
	if err != nil {
		return err
	}
	if !s.Mine { // who does not go there reads what was answered
		return v.Redirect(fmt.Sprintf("/visits/%d/check", s.Visit.ID))
	}
	return v.Render(http.StatusOK, p.templates, "sheet", s)
}

// read makes the page of a visit.
func (p *Pages) read(v *web.Visit) (*sheet, error) {
	number, err := id(v, "visit")
	if err != nil {
		return nil, err
	}
	s := &sheet{Token: newToken(v.Now()), Results: visit.Results()}
	err = p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if s.Sheet, err = p.Visits.Sheet(ctx, tx, number, v.Today()); err != nil {
			return err
		}
		s.Files, err = p.Visits.Files(ctx, tx, number)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.Mine = s.Visit.Has(v.Session.Account)
	s.Phone = s.Visit.Home.Phone.Masked()
	for i, q := range s.Questions {
		a := asked{Question: q, N: i + 1, Key: fmt.Sprintf("%s:%d:%s", q.Unit, q.Of, q.Fact), Decimal: q.Type == pack.Decimal}
		for _, name := range q.Settles {
			a.Settling = append(a.Settling, name.In(v.Lang))
		}
		a.answer()
		if q.Said != nil {
			s.Answered++
		}
		s.Asked = append(s.Asked, a)
	}
	return s, nil
}

// answer fills a question in with what was answered before.
func (a *asked) answer() {
	if a.Said == nil {
		return
	}
	if a.Said.Kind != visit.Value {
		a.Chosen = []string{"?" + string(a.Said.Kind)}
	} else {
		switch value := a.Said.Value.(type) {
		case bool:
			a.Chosen = []string{strconv.FormatBool(value)}
		case []string:
			a.Chosen = append([]string{}, value...)
			if len(value) == 0 {
				a.Chosen = []string{"?none"}
			}
		default:
			a.Value = fmt.Sprint(value)
			a.Chosen = []string{a.Value}
		}
	}
	a.Before = strings.Join(append([]string{a.Value}, a.Chosen...), "|")
}

// Is reports whether a choice was made.
func (a asked) Is(choice string) bool { return slices.Contains(a.Chosen, choice) }

// newToken names a showing of a form: when it was, and which.
func newToken(now time.Time) string { return fmt.Sprintf("%d.%s", now.UnixMilli(), rand.Text()) }

var (
	badToken  = fault.Text{Key: "visits.bad-form", Zh: "这张表单已经失效，请返回重新打开", En: "this form is no longer good: go back and open it again"}
	notMine   = fault.Text{Key: "visits.not-mine", Zh: "这次走访没有派给您", En: "this visit was not given to you"}
	noAnswers = fault.Text{Key: "visits.no-answers", Zh: "没有填写任何回答", En: "nothing was answered"}
)

// tokenOf reads a form's token: the time, and an id for what is made of a name in it.
func tokenOf(v *web.Visit) (at time.Time, uuid func(string) string, err error) {
	token := v.R.PostFormValue("token")
	written, _, ok := strings.Cut(token, ".")
	milli, wrong := strconv.ParseInt(written, 10, 64)
	if !ok || wrong != nil || len(token) > 100 {
		return at, nil, fault.New(fault.Invalid, badToken, nil)
	}
	at = time.UnixMilli(milli)
	if at.After(v.Now()) {
		at = v.Now()
	}
	return at, func(name string) string {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%d\x00%s\x00%s", v.Session.Account, token, name)))
		h := hex.EncodeToString(sum[:16])
		return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:32]}, "-")
	}, nil
}

// answer takes the answers of a plain form, as if it were a device of its own: what others answered meanwhile is not written over.
func (p *Pages) answer(v *web.Visit) error {
	at, uuid, err := tokenOf(v)
	if err != nil {
		return err
	}
	s, err := p.read(v)
	if err != nil {
		return err
	}
	if !s.Mine {
		return fault.New(fault.Forbidden, notMine, nil)
	}
	s.Token, s.SaidBy = v.R.PostFormValue("token"), v.R.PostFormValue("said_by")
	b := visit.Bundle{Device: uuid("device"), Visit: s.Visit.ID, SaidBy: s.SaidBy}
	for i := range s.Asked {
		a, err := s.Asked[i].posted(v, uuid, at)
		if err != nil {
			s.Asked[i].Wrong = err.Message(v.Lang)
			s.Faults = append(s.Faults, wrong{fmt.Sprintf("q%d", i+1), s.Asked[i].Ask.In(v.Lang) + " " + err.Message(v.Lang)})
			continue
		}
		if a == nil {
			continue
		}
		if err := p.Visits.Fits(*a); err != nil {
			s.Asked[i].Wrong = err.Message(v.Lang)
			s.Faults = append(s.Faults, wrong{fmt.Sprintf("q%d", i+1), s.Asked[i].Ask.In(v.Lang) + " " + err.Message(v.Lang)})
			continue
		}
		a.Seq = int64(i + 1)
		b.Answers = append(b.Answers, *a)
	}
	if len(b.Answers) == 0 && len(s.Faults) == 0 && v.R.PostFormValue("then") == "" {
		s.Faults = append(s.Faults, wrong{"", fault.New(fault.Invalid, noAnswers, nil).Message(v.Lang)})
	}
	if len(s.Faults) > 0 {
		return v.Render(http.StatusUnprocessableEntity, p.templates, "sheet", s)
	}
	b.ID = uuid("bundle")
	if b, err = b.Sealed(); err != nil {
		return err
	}
	if err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		r, err := p.Visits.Sync(ctx, tx, b, v.Today())
		if err != nil {
			return err
		}
		return p.Telling.Answered(ctx, tx, b.Visit, r, v.Session.Posting.Area)
	}); err != nil {
		return err
	}
	return v.Redirect(fmt.Sprintf("/visits/%d/check", s.Visit.ID))
}

// posted is what the form answers to a question, nil if nothing new. The base of the field is that of when the form was shown.
func (a *asked) posted(v *web.Visit, uuid func(string) string, at time.Time) (*visit.Answer, *fault.Error) {
	name := func(kind string) string { return kind + "." + a.Key }
	if !v.R.PostForm.Has(name("b")) {
		return nil, nil // it was not on the form: asked since
	}
	var base visit.Base
	if base.UnmarshalText([]byte(v.R.PostFormValue(name("b")))) != nil {
		return nil, fault.New(fault.Invalid, badToken, nil)
	}
	out := &visit.Answer{ID: uuid("answer " + a.Key), Unit: a.Unit, Of: a.Of, Fact: a.Fact, Base: base, At: at}
	a.Value, a.Chosen = strings.TrimSpace(v.R.PostFormValue(name("a"))), nil
	said := v.R.PostFormValue(name("s"))
	if said != "" {
		a.Chosen = []string{said}
	}
	switch a.Type {
	case pack.Bool, pack.CodeOf:
		if a.Value != "" {
			a.Chosen, a.Value = []string{a.Value}, ""
		}
	case pack.CodesOf:
		if set := v.R.PostForm[name("a")]; len(set) > 0 {
			a.Chosen, a.Value, said = set, "", ""
		}
	default:
		if a.Value != "" {
			said, a.Chosen = "", []string{a.Value}
		}
	}
	if len(a.Chosen) == 0 || strings.Join(append([]string{a.Value}, a.Chosen...), "|") == v.R.PostFormValue(name("w")) {
		return nil, nil
	}
	a.say(out)
	return out, nil
}

// say puts what was chosen into an answer.
func (a *asked) say(out *visit.Answer) {
	out.Kind = visit.Value
	switch first := a.Chosen[0]; {
	case first == "?"+string(visit.NotKnown):
		out.Kind = visit.NotKnown
	case first == "?"+string(visit.WouldNot):
		out.Kind = visit.WouldNot
	case first == "?none":
		out.Value = []any{}
	case a.Type == pack.Bool:
		out.Value = first == "true"
	case a.Type == pack.CodesOf:
		var set []any
		for _, c := range a.Chosen {
			set = append(set, c)
		}
		out.Value = set
	default:
		out.Value = first
	}
}

// check shows what was answered, before the visit ends.
func (p *Pages) check(v *web.Visit) error {
	allow(v)
	s, err := p.read(v)
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "check", s)
}

// end ends a visit from a plain form.
func (p *Pages) end(v *web.Visit) error {
	at, uuid, err := tokenOf(v)
	if err != nil {
		return err
	}
	s, err := p.read(v)
	if err != nil {
		return err
	}
	b := visit.Bundle{ID: uuid("end"), Device: uuid("device"), Visit: s.Visit.ID, End: &visit.Ending{Result: visit.Result(v.R.PostFormValue("result")), At: at}}
	if b, err = b.Sealed(); err != nil {
		s.Faults = append(s.Faults, wrong{"result", v.Say("请选择走访结果", "say how the visit ended")})
		return v.Render(http.StatusUnprocessableEntity, p.templates, "check", s)
	}
	var r visit.Received
	if err := p.as(v, func(ctx context.Context, tx pgx.Tx) (err error) {
		if r, err = p.Visits.Sync(ctx, tx, b, v.Today()); err != nil {
			return err
		}
		return p.Telling.Answered(ctx, tx, b.Visit, r, v.Session.Posting.Area)
	}); err != nil {
		return err
	}
	if !r.Done {
		for _, lack := range r.Lacks {
			s.Faults = append(s.Faults, wrong{"", lack.In(v.Lang)})
		}
		if r.Why != nil {
			s.Faults = append(s.Faults, wrong{"", r.Why.In(v.Lang)})
		}
		return v.Render(http.StatusConflict, p.templates, "check", s)
	}
	return v.Redirect("/visits")
}
