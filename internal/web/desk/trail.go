package desk

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/ledger"
	"dajiuzhu/internal/web"
)

var (
	acts     = web.May(access.SeeActs)
	openings = web.May(access.SeeOpenings)
)

// Trail is the pages of those who look at what was done and opened, which stand at the end of the bar.
func (p *Pages) Trail() web.Pages { return trail{p} }

type trail struct{ pages *Pages }

// Routes are the acts and the openings.
func (t trail) Routes() []web.Route {
	return []web.Route{{Pattern: "GET /acts", Who: acts, Do: t.pages.acts}, {Pattern: "GET /openings", Who: openings, Do: t.pages.openings}}
}

// Nav is where they are.
func (t trail) Nav() []web.Link {
	return []web.Link{{Path: "/openings", Zh: "敏感信息查看", En: "Openings", Who: openings}, {Path: "/acts", Zh: "操作记录", En: "Acts", Who: acts}}
}

// openedWithin is how far back openings of sensitive values are looked at, actedWithin how far acts are counted.
const (
	openedWithin = 7 * 24 * time.Hour
	actedWithin  = 24 * time.Hour
)

// opened is who opened most sensitive values of people in a week.
func (p *Pages) opened(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := access.Openers(ctx, tx, d.Now().Add(-openedWithin), rowsOf)
	if err != nil {
		return err
	}
	s := part{Title: d.Say("七天内谁查看敏感信息最多", "Who opened most in seven days"), To: "/openings", Empty: d.Say("七天内没有人查看过敏感信息", "Nobody opened a sensitive value in seven days"),
		How: d.Say("身份证号、电话、账号、病情，谁打开、为了什么，都有记录", "Who opens a number, a phone, an account or a diagnosis, and what for, is on record")}
	for _, o := range all {
		s.Rows = append(s.Rows, row{To: "/openings?account=" + strconv.FormatInt(o.Account, 10), Title: d.nameOf(o.Account, o.Name),
			Detail: d.Say(fmt.Sprintf("%d次，涉及%d人", o.Openings, o.Subjects), fmt.Sprintf("%s, of %d", web.Plural(o.Openings, "time"), o.Subjects))})
	}
	d.add(s)
	return nil
}

// nameOf is an account's name; of one that has none its number.
func (d *on) nameOf(account int64, name string) string {
	if account == 0 {
		return d.Say("平台", "the platform")
	}
	if name == "" {
		return d.Say(fmt.Sprintf("%d号账号", account), fmt.Sprintf("account %d", account))
	}
	return name
}

// trail is what was done in a day, by kind.
func (p *Pages) trail(ctx context.Context, tx pgx.Tx, d *on) error {
	all, err := ledger.Kinds(ctx, tx, d.Now().Add(-actedWithin), most)
	if err != nil {
		return err
	}
	n := 0
	s := part{Title: d.Say("一天内做了什么", "What was done in a day"), To: "/acts", Empty: d.Say("一天内没有操作", "Nothing was done in a day"),
		How: d.Say("每个操作都写进存证日志，按种类列在这里", "Each act has its leaf in the ledger; they stand here by kind")}
	for _, k := range all {
		n += k.Acts
		s.Rows = append(s.Rows, row{To: "/acts?kind=" + url.QueryEscape(k.Kind), Title: d.actName(k.Kind), Detail: k.Kind, When: d.count(k.Acts)})
	}
	d.figure(n, "一天内的操作", "Acts in a day", "/acts")
	d.add(s)
	return nil
}

// proof is how the ledger stands: what anybody can check without trusting the platform.
func (p *Pages) proof(ctx context.Context, tx pgx.Tx, d *on) error {
	head, err := ledger.NewestHead(ctx, tx)
	if err != nil {
		return err
	}
	seen, err := ledger.Witnessed(ctx, tx, "")
	if err != nil {
		return err
	}
	s := part{Title: d.Say("存证日志", "The ledger"), Empty: d.Say("存证日志还是空的", "The ledger is empty"),
		How: d.Say("有了操作，签过名的检查点会列在这里，可以离线验证", "Once there are acts its signed checkpoint stands here, to be verified offline")}
	if head.Tree.N > 0 {
		s.Rows = append(s.Rows, row{To: "/ledger/checkpoint", Title: d.Say("平台签名的检查点", "The platform's signed checkpoint"),
			Detail: d.Say(fmt.Sprintf("到第%d条", head.Tree.N), fmt.Sprintf("up to act %d", head.Tree.N)), Mark: head.Tree.Hash.String()[:12]})
		late := head.Tree.N - seen.Tree.N
		r := row{To: "/ledger/checkpoint", Title: d.Say("见证人共同签名", "Cosigned by a witness"), Detail: d.Say(fmt.Sprintf("到第%d条", seen.Tree.N), fmt.Sprintf("up to act %d", seen.Tree.N))}
		if seen.Tree.N == 0 {
			r.Detail = d.Say("还没有见证人签过", "no witness has signed yet")
		}
		if late > 0 {
			r.When, r.Soon = d.Say(fmt.Sprintf("还差%d条", late), fmt.Sprintf("%d behind", late)), true
		}
		s.Rows = append(s.Rows, r)
	}
	d.add(s)
	return nil
}

// actsPage lists acts.
type actsPage struct {
	Kind  string
	Kinds []kind
	Rows  []actRow
	Next  string
}

type kind struct {
	Code, Name string
}

type actRow struct {
	ledger.Done
	Name, Who, Role string
	About, To       string // what it is about, and where that is
}

const trailShown = 50

// acts lists what was done, of one kind or of all, the newest first.
func (p *Pages) acts(v *web.Visit) error {
	q := v.R.URL.Query()
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	page := actsPage{Kind: q.Get("kind")}
	err := p.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error {
		kinds, err := ledger.Kinds(v.R.Context(), tx, v.Now().Add(-actedWithin), most)
		if err != nil {
			return err
		}
		d := &on{Visit: v}
		for _, k := range kinds {
			page.Kinds = append(page.Kinds, kind{k.Kind, fmt.Sprintf("%s (%d)", d.actName(k.Kind), k.Acts)})
		}
		all, err := ledger.Acts(v.R.Context(), tx, page.Kind, before, trailShown+1)
		if err != nil {
			return err
		}
		if len(all) > trailShown {
			all = all[:trailShown]
			page.Next = "/acts?" + url.Values{"kind": {page.Kind}, "before": {strconv.FormatInt(all[trailShown-1].ID, 10)}}.Encode()
		}
		page.Rows, err = actRows(v.R.Context(), tx, d, all)
		return err
	})
	if err != nil {
		return err
	}
	return v.Render(http.StatusOK, p.templates, "acts", page)
}

func actRows(ctx context.Context, tx pgx.Tx, d *on, all []ledger.Done) (rows []actRow, err error) {
	var accounts []int64
	for _, a := range all {
		accounts = append(accounts, a.Account)
	}
	names, err := access.StaffNames(ctx, tx, accounts)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		r := actRow{Done: a, Name: d.actName(a.Kind), Who: d.nameOf(a.Account, names[a.Account])}
		r.About, r.To = d.about(a.Subject)
		if role, ok := access.ParseRole(a.Role); ok {
			r.Role = role.Name(d.Lang)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// openingsPage lists who opened sensitive values, and the openings of one of them or of all.
type openingsPage struct {
	Openers []openerRow
	Rows    []openingRow
	Who     string // whose openings are listed, "" for everybody's
	Most    int
}

type openerRow struct {
	access.Opener
	Who string
}

type openingRow struct {
	access.Opening
	Who, Role, For, What string
	About, To            string
}

const openingsShown = 100

// openings lists who opened sensitive values in a week, of whom and what for.
func (p *Pages) openings(v *web.Visit) error {
	account, _ := strconv.ParseInt(v.R.URL.Query().Get("account"), 10, 64)
	page, d, since := openingsPage{Most: openingsShown}, &on{Visit: v}, v.Now().Add(-openedWithin)
	err := p.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error {
		openers, err := access.Openers(v.R.Context(), tx, since, trailShown)
		if err != nil {
			return err
		}
		for _, o := range openers {
			page.Openers = append(page.Openers, openerRow{o, d.nameOf(o.Account, o.Name)})
		}
		all, err := access.OpeningsSince(v.R.Context(), tx, since, account, openingsShown)
		for _, o := range all {
			r := openingRow{Opening: o, Who: d.nameOf(o.Account, o.Name), Role: o.Role.Name(v.Lang), For: o.Purpose.Name(v.Lang), What: p.fieldName(d, o.Field)}
			r.About, r.To = d.about(o.Subject)
			page.Rows = append(page.Rows, r)
		}
		return err
	})
	if err != nil {
		return err
	}
	if account != 0 && len(page.Rows) > 0 {
		page.Who = page.Rows[0].Who
	}
	return v.Render(http.StatusOK, p.templates, "openings", page)
}
