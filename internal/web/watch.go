package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"time"

	"dajiuzhu/internal/fault"
)

func asFault(err error, e **fault.Error) bool { return errors.As(err, e) }

// policy allows our own style, scripts, pictures and service worker, and what a page made itself, as a photograph taken in it: no script stands
// in a page, no other site frames us or gets our forms.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; " +
	"img-src 'self' data: blob:; media-src 'self' blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

type requestKey struct{}

// requestID is the number by which a request is found in the log.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// watch is what every request passes: its number, the headers of security, the access log, the metrics, and what a panic comes to. The log
// and the metrics name the route and not the path, which may hold what is personal.
func (s *Site) watch(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, id := time.Now(), rand.Text()[:12]
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
		h := w.Header()
		h.Set("X-Request-Id", id)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=(self)")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if s.Secure || cameBy(r).secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		_, pattern := mux.Handler(r)
		a := &answer{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			if p := recover(); p != nil {
				s.Log.Error("a page panicked", "request", id, "route", pattern, "panic", p)
				if !a.begun {
					a.WriteHeader(http.StatusInternalServerError)
				}
			}
			took := time.Since(start)
			s.count.WithLabelValues(pattern, strconv.Itoa(a.status)).Inc()
			s.took.WithLabelValues(pattern).Observe(took.Seconds())
			s.Log.Info("request", "request", id, "method", r.Method, "route", pattern, "status", a.status, "took", took.Round(time.Microsecond))
		}()
		next.ServeHTTP(a, r)
	})
}

// answer remembers the status.
type answer struct {
	http.ResponseWriter
	status int
	begun  bool
}

func (a *answer) WriteHeader(status int) {
	if !a.begun {
		a.status, a.begun = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
