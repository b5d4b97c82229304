package web

import (
	"net/url"
	"slices"
	"strings"

	"dajiuzhu/internal/area"
)

// placePick is the choosing of an area by its name, without scripts: a form shows places to choose from, and what is searched for in it brings
// others, with everything else in the form as it was.
type placePick struct {
	Wanted string
	Places []pickedPlace
	Asked  bool
	More   bool // there are more places of that name
}

// pickedPlace is a place to choose.
type pickedPlace struct {
	Code area.Code
	Name string
	On   bool
}

// mostPlaces is how many places a search shows.
const mostPlaces = 20

// findPlace is what the button sends that searches; the form then asks for nothing else.
const findPlace = "find-place"

// pickPlace is the choice in a form: what was chosen, and what was found or, before anything is searched for, what lies directly below the
// visitor's own area.
func (s *Site) pickPlace(v *Visit, f url.Values, chosen string) placePick {
	p := placePick{Wanted: strings.TrimSpace(f.Get("place")), Asked: f.Get("do") == findPlace && strings.TrimSpace(f.Get("place")) != ""}
	own := v.Session.Posting.Area
	var codes []area.Code
	at, err := area.Parse(chosen)
	if err == nil {
		codes = append(codes, at)
	}
	switch {
	case s.Places == nil:
	case p.Asked:
		found := s.Places.Find(p.Wanted, own, mostPlaces+1)
		p.More = len(found) > mostPlaces
		codes = append(codes, found[:min(len(found), mostPlaces)]...)
	default:
		codes = append(append(codes, own), s.Places.Children(own)...)
	}
	for _, c := range codes {
		if !slices.ContainsFunc(p.Places, func(o pickedPlace) bool { return o.Code == c }) {
			p.Places = append(p.Places, pickedPlace{c, s.place(c), c == at})
		}
	}
	return p
}
