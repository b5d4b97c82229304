package web

import (
	"context"

	"dajiuzhu/internal/access"
)

// ActAs makes every request with a session cookie that of a session, to be looked at by the guard alone.
func (s *Site) ActAs(session access.Session) {
	s.session = func(context.Context, string) (access.Session, error) { return session, nil }
}
