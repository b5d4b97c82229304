package web

import (
	"net/http"
	"time"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/fault"
)

const (
	keptCookie = "dajiuzhu_form"
	keptField  = "kept-form"
)

// keptPage gives a form back.
type keptPage struct {
	Action string
	Fields []field
	Shown  []string // what was written in it, as far as it is words
}

// keep keeps the form that somebody sent after their session had ended, for the same person in the same browser once they have signed in again.
// Forms of the ways in, which may hold passwords, and files are not kept.
func (s *Site) keep(r Route, v *Visit) error {
	old, err := v.R.Cookie(sessionCookie)
	if err != nil || r.own || r.Largest > 0 || v.R.Method != http.MethodPost || s.Access == nil {
		return nil
	}
	form := access.KeptForm{Path: v.R.URL.RequestURI(), Fields: map[string][]string{}}
	for _, f := range keptFields(v.R.PostForm) {
		form.Fields.Add(f.Name, f.Value)
	}
	key, err := s.Access.KeepForm(v.R.Context(), old.Value, form)
	if err != nil || key == "" {
		return err
	}
	s.setCookie(v, keptCookie, key, 30*time.Minute)
	return nil
}

// onward is where a session goes next: to the form that was kept for it, if it lacks no step.
func (v *Visit) onward(step access.Step) string {
	if _, err := v.R.Cookie(keptCookie); err == nil && step == access.Ready {
		return "/kept"
	}
	return stepPage(step)
}

// kept shows what was kept, to be sent again or left.
func (s *Site) kept(v *Visit) error {
	cookie, err := v.R.Cookie(keptCookie)
	if err != nil {
		return v.Redirect("/")
	}
	form, err := s.Access.Form(v.R.Context(), v.Session, cookie.Value)
	if fault.KindOf(err) == fault.NotFound {
		s.setCookie(v, keptCookie, "", -1e9)
		return v.Redirect("/")
	}
	if err != nil {
		return err
	}
	p := keptPage{Action: form.Path, Fields: append(keptFields(form.Fields), field{keptField, cookie.Value})}
	for _, f := range p.Fields {
		if f.Name != onceField && f.Name != keptField && len([]rune(f.Value)) >= 6 {
			p.Shown = append(p.Shown, f.Value)
		}
	}
	return s.render(v, http.StatusOK, "kept", p)
}

// dropKept forgets what was kept.
func (s *Site) dropKept(v *Visit) error {
	if err := s.forget(v); err != nil {
		return err
	}
	return v.Redirect("/")
}

func (s *Site) forget(v *Visit) error {
	cookie, err := v.R.Cookie(keptCookie)
	if err != nil {
		return nil
	}
	s.setCookie(v, keptCookie, "", -1e9)
	return s.Access.DropForm(v.R.Context(), cookie.Value)
}

// taken forgets a form that is being sent again, and takes the mark of it out of what the page reads.
func (s *Site) taken(v *Visit) error {
	if v.R.PostForm.Get(keptField) == "" {
		return nil
	}
	v.R.PostForm.Del(keptField)
	v.R.Form.Del(keptField)
	return s.forget(v)
}
