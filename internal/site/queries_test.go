package site_test

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// queries are those of one request: how many, in how many journeys to the server, and how long they took, of a request of which nothing runs at once.
type queries struct{ count, journeys, took atomic.Int64 }

type (
	queriesKey struct{}
	beganKey   struct{}
)

// queriesHeader tells whoever asks how many queries the answer took.
const queriesHeader = "X-Queries"

// counted counts the queries of each request, if the database has the tracer. The header is on answers that begin after their last query, as all
// pages do.
func counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &queries{}
		next.ServeHTTP(&countedAnswer{w, q}, r.WithContext(context.WithValue(r.Context(), queriesKey{}, q)))
	})
}

type countedAnswer struct {
	http.ResponseWriter
	queries *queries
}

func (a *countedAnswer) WriteHeader(status int) {
	q := a.queries
	a.Header().Set(queriesHeader, strconv.FormatInt(q.count.Load(), 10))
	a.Header().Set(queriesHeader+"-Journeys", strconv.FormatInt(q.journeys.Load(), 10))
	a.Header().Set(queriesHeader+"-Took", strconv.FormatInt(q.took.Load(), 10))
	a.ResponseWriter.WriteHeader(status)
}

// tracer counts queries for the request in whose context they run.
type tracer struct{}

func of(ctx context.Context) *queries {
	q, _ := ctx.Value(queriesKey{}).(*queries)
	if q == nil {
		return &queries{}
	}
	return q
}

func begins(ctx context.Context) context.Context {
	of(ctx).journeys.Add(1)
	return context.WithValue(ctx, beganKey{}, time.Now())
}

func ended(ctx context.Context) {
	if began, ok := ctx.Value(beganKey{}).(time.Time); ok {
		of(ctx).took.Add(int64(time.Since(began)))
	}
}

func (tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	of(ctx).count.Add(1)
	return begins(ctx)
}

func (tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) { ended(ctx) }

func (tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return begins(ctx)
}

func (tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchQueryData) {
	of(ctx).count.Add(1)
}

func (tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) { ended(ctx) }
