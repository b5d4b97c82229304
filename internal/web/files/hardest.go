package files

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/web"
)

// hardestPage is a page of the households of an area by their difficulty index.
type hardestPage struct {
	Rows   []hardRow
	In     area.Code // what is chosen; the visitor's own area without
	Name   string
	Below  []purpose // the places of the visitor's area to choose from
	First  string
	Next   string
	Shares string // of the hardest that are always on the table, as the pack has it
}

type hardRow struct {
	Rank      int
	Household int64
	Name      string
	Place     string
	Members   int
	Score     string
}

const hardestShown = 50

// hardest lists the households of an area, the hardest first.
func (f *Files) hardest(v *web.Visit) error {
	q := v.R.URL.Query()
	page := hardestPage{In: v.Session.Posting.Area}
	if code, err := area.Parse(q.Get("area")); err == nil && page.In.Contains(code) {
		page.In = code
	}
	page.Name = v.Place(page.In)
	page.Below = f.below(v.Session.Posting.Area, page.In)
	after, rank := hardAfter(q)
	err := f.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error {
		all, err := discovery.Hardest(v.R.Context(), tx, page.In, after, hardestShown+1)
		if err != nil {
			return err
		}
		if len(all) > hardestShown {
			all = all[:hardestShown]
			last := all[hardestShown-1]
			page.Next = "/hardest?" + url.Values{"area": {page.In.String()}, "score": {last.Score.String()}, "household": {strconv.FormatInt(last.Household, 10)},
				"n": {strconv.Itoa(rank + hardestShown)}}.Encode()
		}
		page.Rows, err = f.hardRows(v, tx, all, rank)
		return err
	})
	if err != nil {
		return err
	}
	if rank > 0 {
		page.First = "/hardest?" + url.Values{"area": {page.In.String()}}.Encode()
	}
	if i := f.pack.Index; i != nil && i.Hardest.Share > 0 {
		if share, ok := i.Hardest.Share.Mul(100 * money.Scale); ok {
			page.Shares = share.String() + "%"
		}
	}
	return v.Render(http.StatusOK, f.templates, "hardest", page)
}

// hardAfter is where a page begins, and how many come before it. What is mistyped in an address begins at the beginning.
func hardAfter(q url.Values) (after discovery.Hard, before int) {
	score, err := money.Parse(q.Get("score"))
	household, wrong := strconv.ParseInt(q.Get("household"), 10, 64)
	n, no := strconv.Atoi(q.Get("n"))
	if err != nil || wrong != nil || no != nil || household <= 0 || n <= 0 {
		return discovery.Hard{}, 0
	}
	return discovery.Hard{Household: household, Score: score}, n
}

func (f *Files) hardRows(v *web.Visit, tx pgx.Tx, all []discovery.Hard, before int) (rows []hardRow, err error) {
	var households []int64
	for _, h := range all {
		households = append(households, h.Household)
	}
	homes, err := f.Registry.Homes(v.R.Context(), tx, households)
	if err != nil {
		return nil, err
	}
	for n, h := range all {
		home := homes[h.Household]
		rows = append(rows, hardRow{Rank: before + n + 1, Household: h.Household, Name: web.MaskedName(home.Name), Place: f.placeOf(h.Area), Members: home.Members,
			Score: twoDigits(h.Score)})
	}
	return rows, nil
}

// placeOf is a village with the township and, of a city, the county in which it lies.
func (f *Files) placeOf(c area.Code) string {
	if f.pack.Areas == nil || !f.pack.Areas.Has(c) {
		return c.String()
	}
	return f.pack.Areas.Path(c)
}

// below are the places right below an area, and below one of them that is chosen.
func (f *Files) below(own, chosen area.Code) []purpose {
	if f.pack.Areas == nil {
		return nil
	}
	var all []purpose
	for _, c := range f.pack.Areas.Children(own) {
		all = append(all, purpose{c.String(), f.pack.Areas.Short(c)})
		if !c.Contains(chosen) {
			continue
		}
		for _, d := range f.pack.Areas.Children(c) {
			all = append(all, purpose{d.String(), "　" + f.pack.Areas.Short(d)})
		}
	}
	return all
}
