package feeds

import (
	"net/http"
	"strconv"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/web"
)

type tokenLine struct {
	ID               int64
	Name             string
	Made, Ends, Used string
}

type tokensPage struct {
	Tokens []tokenLine
	Plain  string // one that was just made, shown this once
	Name   string
	Days   string
	Wrong  string
}

// tokens shows the tokens by which programs deliver in the visitor's name.
func (p *Pages) tokens(v *web.Visit) error {
	return p.showTokens(v, http.StatusOK, tokensPage{Days: "180"})
}

func (p *Pages) showTokens(v *web.Visit, status int, page tokensPage) error {
	all, err := p.Access.Tokens(v.R.Context(), v.Session)
	if err != nil {
		return err
	}
	for _, t := range all {
		line := tokenLine{ID: t.ID, Name: t.Name, Made: day(v, t), Ends: t.EndsAt.In(v.Now().Location()).Format("2006-01-02"), Used: v.Say("没有用过", "never used")}
		if t.UsedAt.Year() > 1 {
			line.Used = t.UsedAt.In(v.Now().Location()).Format("2006-01-02 15:04")
		}
		page.Tokens = append(page.Tokens, line)
	}
	return v.Render(status, p.templates, "tokens", page)
}

func day(v *web.Visit, t access.Token) string {
	return t.MadeAt.In(v.Now().Location()).Format("2006-01-02")
}

// newToken makes a token and shows it this once.
func (p *Pages) newToken(v *web.Visit) error {
	page := tokensPage{Name: v.R.PostFormValue("name"), Days: v.R.PostFormValue("days")}
	days, _ := strconv.Atoi(page.Days) // what is no number is out of bounds
	plain := ""
	to, made, err := v.Beyond(func() (to string, err error) {
		plain, err = p.Access.NewToken(v.R.Context(), v.Session, page.Name, days)
		return "/feeds/tokens", err
	})
	if err != nil {
		status, message := v.Explain(err)
		page.Wrong = message
		return p.showTokens(v, status, page)
	}
	if !made {
		return v.Redirect(to)
	}
	return p.showTokens(v, http.StatusOK, tokensPage{Plain: plain, Days: "180"})
}

// revokeToken ends a token.
func (p *Pages) revokeToken(v *web.Visit) error {
	id, err := number(v, "id")
	if err != nil {
		return err
	}
	return v.ActBeyond(func() (string, error) { return "/feeds/tokens", p.Access.RevokeToken(v.R.Context(), v.Session, id) })
}
