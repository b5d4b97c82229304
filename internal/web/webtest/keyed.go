// Package webtest sends forms as browsers do, in tests of pages.
package webtest

import (
	"crypto/rand"
	"maps"
	"net/url"
)

// Keyed is a form with the key that a page gives each showing of it, unless it has one.
func Keyed(fields url.Values) url.Values {
	if fields.Has("once") {
		return fields
	}
	all := url.Values{"once": {rand.Text()}}
	maps.Copy(all, fields)
	return all
}
