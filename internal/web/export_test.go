package web

import (
	"context"

	"dajiuzhu/internal/access"
)

// Route is a route for tests.
type Route struct{ Pattern string }

// Routes are the patterns of all routes.
func Routes() []Route {
	var all []Route
	for _, r := range routes {
		all = append(all, Route{r.pattern})
	}
	return all
}

// Admits reports whether a route admits a session.
func (r Route) Admits(s access.Session) bool {
	for _, known := range routes {
		if known.pattern == r.Pattern {
			return known.who.admits(s)
		}
	}
	return false
}

// ActAs makes every request with a session cookie that of a session, to be looked at by the guard alone.
func (s *Site) ActAs(session access.Session) {
	s.session = func(context.Context, string) (access.Session, error) { return session, nil }
}
