package web

import (
	"strings"
	"time"

	"dajiuzhu/internal/access"
)

// option is something to choose from.
type option struct{ Code, Name string }

// doors are the ways to sign in beside the password.
type doors struct{ Passkeys, Outside bool }

// Doors are the ways in that are set up.
func (v View) Doors() doors {
	if v.site.Access == nil {
		return doors{}
	}
	return doors{v.site.Access.HasPasskeys(), v.site.Access.HasOutside()}
}

// Office names a department.
func (v View) Office(id string) string { return v.site.office(id, v.Lang) }

// Offices are the departments there are.
func (v View) Offices() []option {
	if v.site.Offices == nil {
		return nil
	}
	var all []option
	for _, o := range v.site.Offices(v.Today()) {
		all = append(all, option{o.ID, v.Say(o.Zh, o.En)})
	}
	return all
}

// PostingName names a posting.
func (v View) PostingName(p access.Posting) string { return v.site.postingName(p, v.Lang) }

// zone is that of the city.
var zone = time.FixedZone("UTC+8", 8*60*60)

// Moment is a time in the city, to the minute.
func (v View) Moment(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04") }

// MaskedName is a name of which lists show no more than is needed to tell families apart: 张*明, 张*.
func MaskedName(name string) string {
	all := []rune(name)
	switch len(all) {
	case 0, 1:
		return name
	case 2:
		return string(all[0]) + "*"
	}
	return string(all[0]) + strings.Repeat("*", len(all)-2) + string(all[len(all)-1])
}
