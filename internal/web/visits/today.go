package visits

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/web"
)

// row is a visit in a list.
type row struct {
	visit.Visit
	Name    string // masked
	Overdue bool
	Today   bool // due today
	Level   string
	Number  int // in the list, and on the map
	Who     []string
}

func rowOf(v *web.Visit, one visit.Visit) row {
	r := row{Visit: one, Name: web.MaskedName(one.Home.Name), Overdue: one.Overdue(v.Today()), Today: one.Due == v.Today(), Level: one.Level()}
	for _, who := range one.Visitors {
		r.Who = append(r.Who, who.Name)
	}
	return r
}

// list is today's visits.
type list struct {
	Rows    []row
	Decides int // how many things wait for a decision of whoever looks
	Map     *plan
}

func (p *Pages) today(v *web.Visit) error {
	allow(v)
	var l list
	err := p.as(v, func(ctx context.Context, tx pgx.Tx) error {
		all, err := p.Visits.Today(ctx, tx, v.Session.Account, v.Today())
		if err != nil {
			return err
		}
		for i, one := range all {
			r := rowOf(v, one)
			r.Number = i + 1
			l.Rows = append(l.Rows, r)
		}
		if v.Session.May(access.ConfirmWarning) {
			var waiting int64
			waiting, err = p.Visits.Waiting(ctx, tx)
			l.Decides = int(waiting)
		}
		return err
	})
	if err != nil {
		return err
	}
	l.Map = draw(l.Rows)
	return v.Render(http.StatusOK, p.templates, "today", l)
}

// outbox shows what waits on the device; the device itself fills it.
func (p *Pages) outbox(v *web.Visit) error {
	return v.Render(http.StatusOK, p.templates, "outbox", nil)
}

// plan is a picture of where the homes lie to each other, north on top. Its corner and its scale are there for the phone, which draws in where it is.
type plan struct {
	Spots       []spot
	West, South float64    // degrees, at the margin to the left and below
	PerDegree   [2]float64 // units of the picture of a degree of longitude and of latitude
	Scale       string     // what the bar below is long
	Bar         int
	After       int // where the words beside the bar begin
}

// spot is a home on the picture, in its units.
type spot struct {
	X, Y   int
	Number int
	ID     int64
	Name   string
}

const (
	wide, high, margin = 340, 260, 26
	metresPerDegree    = 111320.0 // of a meridian
)

// draw draws the homes of which a place is known; nil where there is none.
func draw(rows []row) *plan {
	known := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return r.Point == nil })
	if len(known) == 0 {
		return nil
	}
	first := known[0].Point
	west, south := math.Inf(1), math.Inf(1)
	east, north := math.Inf(-1), math.Inf(-1)
	metres := func(r row) (x, y float64) {
		return (r.Point.Longitude - first.Longitude) * metresPerDegree * math.Cos(first.Latitude*math.Pi/180), (r.Point.Latitude - first.Latitude) * metresPerDegree
	}
	for _, r := range known {
		x, y := metres(r)
		west, east, south, north = min(west, x), max(east, x), min(south, y), max(north, y)
	}
	perMetre := min(float64(wide-2*margin)/max(east-west, 50), float64(high-2*margin)/max(north-south, 50))
	perDegree := [2]float64{metresPerDegree * math.Cos(first.Latitude*math.Pi/180) * perMetre, metresPerDegree * perMetre}
	m := &plan{West: first.Longitude + west*perMetre/perDegree[0], South: first.Latitude + south*perMetre/perDegree[1], PerDegree: perDegree}
	for _, r := range known {
		x, y := metres(r)
		m.Spots = append(m.Spots, spot{margin + int((x-west)*perMetre), high - margin - int((y-south)*perMetre), r.Number, r.ID, r.Name})
	}
	for _, length := range []int{10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000} {
		if m.Bar = int(float64(length) * perMetre); m.Bar >= 40 {
			m.Scale, m.After = fmt.Sprintf("%d m", length), m.Bar+22
			break
		}
	}
	return m
}
