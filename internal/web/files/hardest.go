package files

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/discovery"
	"dajiuzhu/internal/money"
	"dajiuzhu/internal/pack"
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
	Share  string // of the people who are the hardest, as the pack has it: 3%, "" where it marks nobody
	Within string // within what
}

type hardRow struct {
	Rank      int
	Household int64
	Name      string
	Place     string
	Members   int
	Score     string
	Hardest   bool // among those who are always on the table
	Ends      bool // the first who is not, where the list is of no more than one area within which they are told apart
}

const hardestShown = 50

// hardest lists the households of an area, the hardest first.
func (f *Files) hardest(v *web.Visit) error {
	page := hardestPage{In: f.chosen(v), Share: f.hardestShare()}
	page.Name = v.Place(page.In)
	page.Below = f.below(v.Session.Posting.Area, page.In)
	after, rank := hardAfter(v.R.URL.Query())
	err := f.DB.As(v.R.Context(), v.Principal(""), func(tx pgx.Tx) error {
		all, err := discovery.Hardest(v.R.Context(), tx, page.In, after, hardestShown+1)
		if err != nil {
			return err
		}
		if len(all) > hardestShown {
			all = all[:hardestShown]
			page.Next = "/hardest?" + url.Values{"area": {page.In.String()}, "after": {hardPlace(all[hardestShown-1], rank+hardestShown)}}.Encode()
		}
		page.Rows, err = f.hardRows(v.R.Context(), tx, page.In, all, rank)
		return err
	})
	if err != nil {
		return err
	}
	if rank > 0 {
		page.First = "/hardest?" + url.Values{"area": {page.In.String()}}.Encode()
	}
	if page.Share != "" {
		page.Within = withinNames[f.pack.Index.Hardest.Level].In(v.Lang)
	}
	return v.Render(http.StatusOK, f.templates, "hardest", page)
}

// withinNames are what the areas are called within which the hardest are told apart.
var withinNames = map[area.Level]pack.Text{
	area.City: {Zh: "全市", En: "the city"}, area.County: {Zh: "各县", En: "each county"}, area.Township: {Zh: "各乡镇", En: "each township"}, area.Village: {Zh: "各村", En: "each village"},
}

// hardestShare is the share of the people who are always on the table, "" where the pack marks nobody.
func (f *Files) hardestShare() string {
	if i := f.pack.Index; i != nil && i.Hardest.Share > 0 {
		if share, ok := i.Hardest.Share.Mul(100 * money.Scale); ok {
			return share.String() + "%"
		}
	}
	return ""
}

// chosen is the area whose households are listed: what the address names within the visitor's own.
func (f *Files) chosen(v *web.Visit) area.Code {
	own := v.Session.Posting.Area
	if code, err := area.Parse(v.R.URL.Query().Get("area")); err == nil && own.Contains(code) {
		return code
	}
	return own
}

// hardPlace is a place in the list: a household, its index, and how many come up to it.
func hardPlace(h discovery.Hard, rank int) string {
	return fmt.Sprintf("%s_%d_%d", h.Score, h.Household, rank)
}

// hardAfter is where a page begins, and how many come before it. What is mistyped in an address begins at the beginning.
func hardAfter(q url.Values) (after discovery.Hard, before int) {
	parts := strings.Split(q.Get("after"), "_")
	if len(parts) != 3 {
		return discovery.Hard{}, 0
	}
	score, err := money.Parse(parts[0])
	household, wrong := strconv.ParseInt(parts[1], 10, 64)
	n, no := strconv.Atoi(parts[2])
	if err != nil || wrong != nil || no != nil || household <= 0 || n <= 0 {
		return discovery.Hard{}, 0
	}
	return discovery.Hard{Household: household, Score: score}, n
}

// hardRows are some households of an area in their order, of whom so many come before.
func (f *Files) hardRows(ctx context.Context, tx pgx.Tx, in area.Code, all []discovery.Hard, before int) (rows []hardRow, err error) {
	var households []int64
	for _, h := range all {
		households = append(households, h.Household)
	}
	homes, err := f.Registry.Homes(ctx, tx, households)
	if err != nil {
		return nil, err
	}
	ends, err := discovery.HardestEnds(ctx, tx)
	if err != nil {
		return nil, err
	}
	one := f.pack.Index != nil && in.Level() >= f.pack.Index.Hardest.Level
	for n, h := range all {
		home := homes[h.Household]
		r := hardRow{Rank: before + n + 1, Household: h.Household, Name: web.MaskedName(home.Name), Place: f.placeOf(h.Area), Members: home.Members, Score: hundredths(h.Score)}
		if end, marked := f.hardestEnd(ends, h.Area); marked {
			r.Hardest = h.Score >= end
			r.Ends = one && !r.Hardest && n > 0 && rows[n-1].Hardest
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// hardestEnd is where the hardest end of the area in which a household is told apart.
func (f *Files) hardestEnd(ends map[area.Code]money.Decimal, of area.Code) (money.Decimal, bool) {
	if f.pack.Index == nil || of.Level() < f.pack.Index.Hardest.Level {
		return 0, false
	}
	end, ok := ends[of.At(f.pack.Index.Hardest.Level)]
	return end, ok
}

// hundredths is an index to two places, both always written, so that a column of them reads down.
func hundredths(n money.Decimal) string {
	if short, ok := n.Round(2); ok {
		n = short
	}
	return n.Text()
}

// exportedHardest gives the list as a file.
func (f *Files) exportedHardest() *web.Export {
	return &web.Export{Zh: "困难指数排序", En: "Hardest households", Personal: true,
		Head: func(v *web.Visit) []string {
			return []string{v.Say("位次", "Rank"), v.Say("户档编号", "File"), v.Say("户主", "Head"), v.Say("地方", "Place"), v.Say("人口", "Members"), v.Say("困难指数", "Index"),
				v.Say("最困难", "Among the hardest")}
		},
		Page: func(ctx context.Context, tx pgx.Tx, v *web.Visit) (rows [][]string, next string, err error) {
			after, rank := hardAfter(v.R.URL.Query())
			all, err := discovery.Hardest(ctx, tx, f.chosen(v), after, web.ExportPage)
			if err != nil {
				return nil, "", err
			}
			shown, err := f.hardRows(ctx, tx, f.chosen(v), all, rank)
			for _, r := range shown {
				hardest := ""
				if r.Hardest {
					hardest = v.Say("是", "yes")
				}
				rows = append(rows, []string{strconv.Itoa(r.Rank), strconv.FormatInt(r.Household, 10), r.Name, r.Place, strconv.Itoa(r.Members), r.Score, hardest})
			}
			if len(all) == web.ExportPage {
				next = hardPlace(all[len(all)-1], rank+len(all))
			}
			return rows, next, err
		}}
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
