package site_test

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"html"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/postgres"
)

const (
	users       = 50
	heaviest    = 200 << 10 // bytes of a page as it is sent
	perRoute    = 2         // addresses of a route that each user knows
	thinks      = time.Second
	asksAtOnce  = 40 // pages of each user in a round without thinking
	asksThought = 12 // and in one with
)

// BenchmarkPages has fifty people of all roles read every list and file page at once, first without a pause and then with a second between two pages,
// beside a page that needs no database. DAJIUZHU_CITY names the folder of a platform's data into which a city was imported and everybody was determined;
// without it an invented county of DAJIUZHU_PEOPLE is made. DAJIUZHU_FILINGS is how many households are worked on; where fewer are, filings, visits
// and reports are added, to the data of that folder too. It fails on any page that is not answered with 200, and on one above 200 KB.
func BenchmarkPages(b *testing.B) {
	began := time.Now()
	w, filings := cityToRead(b)
	w.tell("the record is there after %s", time.Since(began))
	s := w.staff()
	s.work(max(0, filings-w.number("select count(*) from filing")))
	w.own("analyze")
	w.tell("%d filings, %d warnings, %d visits are there after %s", w.number("select count(*) from filing"), w.number("select count(*) from warning where state <> 'closed'"),
		w.number("select count(*) from visit"), time.Since(began))
	all := s.readers()
	s.gather(all)
	w.tell("everybody knows their pages after %s", time.Since(began))
	w.atOnce(all, asksAtOnce, 0, 0, func(*reader, string, string, reply, error) {}) // as after some hours of work: the database has planned what is asked for
	b.Run("healthz", func(b *testing.B) { w.load(b, still(all), asksAtOnce, 0) })
	b.Run("closed", func(b *testing.B) { w.load(b, all, asksAtOnce, 0) })
	b.Run("thinking", func(b *testing.B) { w.load(b, all, asksThought, thinks) })
}

// tell says how far a benchmark has come, which takes long over a city.
func (w *world) tell(what string, values ...any) { fmt.Fprintf(os.Stderr, what+"\n", values...) }

// cityToRead is the platform, and how many filings it is to have.
func cityToRead(b *testing.B) (w *world, filings int) {
	b.Helper()
	people, filings := 20_000, 300
	dir := os.Getenv("DAJIUZHU_CITY")
	if dir != "" {
		filings = 20_000
	}
	for name, n := range map[string]*int{"DAJIUZHU_PEOPLE": &people, "DAJIUZHU_FILINGS": &filings} {
		if text := os.Getenv(name); text != "" {
			var err error
			if *n, err = strconv.Atoi(text); err != nil {
				b.Fatalf("%s: %v", name, err)
			}
		}
	}
	if dir != "" {
		return storedCity(b, dir), filings
	}
	return sampleCounty(b, people), filings
}

func (w *world) number(query string) (n int) {
	w.Helper()
	w.must(w.db.Work(w.Context(), func(tx pgx.Tx) error { return tx.QueryRow(w.Context(), query).Scan(&n) }))
	return n
}

// reader is a user: who they are, and which pages they know, by route.
type reader struct {
	who     postgres.Principal
	token   string
	session access.Session
	pages   map[string][]string
	client  *http.Client
}

// readers are fifty people where there is work: of each ten, three officers, two assistants, a decider, a supervisor, somebody of a department, and two
// of those of whom the city has few.
func (s *staff) readers() []*reader {
	s.Helper()
	places := s.households(users, true)
	var all []*reader
	for n := range users {
		h := places[n%len(places)]
		township, county, city := at(h.village, area.Township), at(h.village, area.County), at(h.village, area.City)
		var p postgres.Principal
		switch nth := 10 + n; n % 10 {
		case 0, 1, 2:
			p = s.at(access.Officer, township, "", nth)
		case 3, 4:
			p = s.at(access.Assistant, h.village, "", 0) // to whom the visits are given
		case 5:
			p = s.at(access.Decider, township, "", nth)
		case 6:
			p = s.at(access.Supervisor, county, "", nth)
		case 7:
			p = s.at(access.Department, county, "medical-insurance", nth)
		case 8:
			p = s.at([]access.Role{access.Administrator, access.Inspector, access.Hotline}[n/10%3], city, "", nth)
		case 9:
			p = s.at([]access.Role{access.Inspector, access.Administrator}[n/10%2], county, "", nth)
		}
		r := &reader{who: p, pages: map[string][]string{}}
		r.token = s.token(p)
		r.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		var err error
		r.session, err = s.access.Session(s.Context(), r.token)
		s.must(err)
		all = append(all, r)
	}
	return all
}

// still is the same people, who know a page only that needs no database.
func still(all []*reader) []*reader {
	var out []*reader
	for _, r := range all {
		c := *r
		c.pages = map[string][]string{"GET /healthz": {"/healthz"}}
		out = append(out, &c)
	}
	return out
}

// reply is what a request came to.
type reply struct {
	status   int
	kind     string
	size     int // bytes as sent
	took     time.Duration
	queries  int
	journeys int
	database time.Duration
	body     []byte // if it was kept
}

func (w *world) get(r *reader, path string, keep bool) (a reply, err error) {
	request, err := http.NewRequestWithContext(w.Context(), "GET", w.server.URL+path, nil)
	if err != nil {
		return a, err
	}
	request.AddCookie(&http.Cookie{Name: "dajiuzhu_session", Value: r.token})
	request.Header.Set("Accept-Encoding", "gzip")
	began := time.Now()
	got, err := r.client.Do(request)
	if err != nil {
		return a, err
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	a.took, a.status, a.kind, a.size = time.Since(began), got.StatusCode, got.Header.Get("Content-Type"), len(body)
	a.queries, _ = strconv.Atoi(got.Header.Get(queriesHeader))
	a.journeys, _ = strconv.Atoi(got.Header.Get(queriesHeader + "-Journeys"))
	ns, _ := strconv.ParseInt(got.Header.Get(queriesHeader+"-Took"), 10, 64)
	a.database = time.Duration(ns)
	if keep && err == nil {
		a.body = body
		if got.Header.Get("Content-Encoding") == "gzip" {
			a.body, err = unpacked(body)
		}
	}
	return a, err
}

func unpacked(body []byte) ([]byte, error) {
	r, err := gzip.NewReader(strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// atlas tells of which route an address is.
func (w *world) atlas() func(path string) string {
	mux := http.NewServeMux()
	for _, r := range w.site.Routes() {
		mux.HandleFunc(r.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	return func(path string) string {
		u, err := url.Parse(path)
		if err != nil {
			return ""
		}
		_, pattern := mux.Handler(&http.Request{Method: "GET", URL: u, Host: "localhost"})
		return pattern
	}
}

// left are pages that are no list and no file, or that are no page.
var left = regexp.MustCompile(`^GET /(signin|second|enrol|password|posting|outside|kept|static|ledger|healthz|readyz|api|warnings/export|visit-files|visits/(sw|app|me))`)

// gather has everybody follow links from what they can ask for without any, until they know some addresses of each route.
func (s *staff) gather(all []*reader) {
	s.Helper()
	route, names := s.atlas(), s.names()
	var wait sync.WaitGroup
	lanes := make(chan struct{}, 4)
	for n, r := range all {
		wait.Add(1)
		lanes <- struct{}{}
		go func() {
			defer wait.Done()
			s.walkLinks(r, route, names, uint64(n))
			<-lanes
		}()
	}
	wait.Wait()
}

// names are what people search for: parts of the names, letters and addresses of some who are registered.
func (s *staff) names() []string {
	s.Helper()
	var all []string
	s.must(s.db.Work(s.Context(), func(tx pgx.Tx) error {
		rows, err := tx.Query(s.Context(), `select name, pinyin, initials, address from person
			where registered and merged_into is null and id % (select greatest(1, max(id) / 50) from person) = 0`)
		if err != nil {
			return err
		}
		var name, pinyin, initials, address string
		_, err = pgx.ForEachRow(rows, []any{&name, &pinyin, &initials, &address}, func() error {
			for by, q := range map[string]string{"name": name, "pinyin": pinyin, "initials": initials, "address": address} {
				all = append(all, "/people?"+url.Values{"by": {by}, "q": {q}}.Encode())
			}
			return nil
		})
		return err
	}))
	slices.Sort(all)
	return all
}

var link = regexp.MustCompile(`(?:href)="(/[^"#]*)`)

func (s *staff) walkLinks(r *reader, route func(string) string, names []string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	var waiting []string
	for _, p := range s.site.Routes() {
		if path, ok := strings.CutPrefix(p.Pattern, "GET "); ok && !strings.Contains(path, "{") && p.Who.Admits(r.session) {
			waiting = append(waiting, path)
		}
	}
	waiting = append(waiting, "/")
	for range 4 * perRoute {
		waiting = append(waiting, names[random.IntN(len(names))])
	}
	known, asked := map[string]bool{}, map[string]int{}
	for len(waiting) > 0 {
		at := random.IntN(min(len(waiting), 200))
		path := waiting[at]
		waiting = slices.Delete(waiting, at, at+1)
		pattern := route(path)
		if known[path] || pattern == "" || pattern == "/" || left.MatchString(pattern) || len(r.pages[pattern]) >= perRoute || asked[pattern] > perRoute+1 {
			continue
		}
		known[path] = true
		asked[pattern]++
		a, err := s.get(r, path, true)
		if err != nil || a.status >= 500 {
			s.Errorf("%s for %s: %d %v %s", path, r.who.Role, a.status, err, s.log.String())
			continue
		}
		if a.status != http.StatusOK || !strings.HasPrefix(a.kind, "text/html") {
			continue
		}
		r.pages[pattern] = append(r.pages[pattern], path)
		for _, m := range link.FindAllSubmatch(a.body, -1) {
			waiting = append(waiting, html.UnescapeString(string(m[1])))
		}
	}
}

// measured is what was measured of a route.
type measured struct {
	replies []reply
	errors  int
}

// atOnce has everybody ask for some pages, each of any route that they know as likely as of another.
func (w *world) atOnce(all []*reader, asks int, thinking time.Duration, round uint64, got func(r *reader, pattern, path string, a reply, err error)) {
	var wait sync.WaitGroup
	for n, r := range all {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(round, uint64(n)))
			patterns := slices.Sorted(maps.Keys(r.pages))
			for range asks {
				if thinking > 0 {
					time.Sleep(thinking/2 + time.Duration(random.Int64N(int64(thinking))))
				}
				pattern := patterns[random.IntN(len(patterns))]
				path := r.pages[pattern][random.IntN(len(r.pages[pattern]))]
				a, err := w.get(r, path, false)
				got(r, pattern, path, a, err)
			}
		})
	}
	wait.Wait()
}

// load has everybody ask for pages, round by round, and tells how long they waited.
func (w *world) load(b *testing.B, all []*reader, asks int, thinking time.Duration) {
	var mu sync.Mutex
	routes := map[string]*measured{}
	var first error
	round := uint64(0)
	began, spent := time.Now(), w.spent()
	for b.Loop() {
		round++
		w.atOnce(all, asks, thinking, round, func(r *reader, pattern, path string, a reply, err error) {
			mu.Lock()
			defer mu.Unlock()
			if routes[pattern] == nil {
				routes[pattern] = &measured{}
			}
			if m := routes[pattern]; err != nil || a.status != http.StatusOK || a.size > heaviest {
				m.errors++
				first = cmp.Or(first, fmt.Errorf("%s for %s: %d, %d bytes, %v", path, r.who.Role, a.status, a.size, err))
			} else {
				m.replies = append(m.replies, a)
			}
		})
	}
	if first != nil {
		b.Errorf("%v\n%s", first, w.log.String())
	}
	tell(b, routes, time.Since(began))
	if spent > 0 {
		pages := 0
		for _, m := range routes {
			pages += len(m.replies)
		}
		b.ReportMetric(milliseconds(w.spent()-spent)/float64(max(1, pages)), "processor-ms/page")
	}
}

// spent is the time of processors that this program, which asks and serves, and the database's connections have used; 0 where it cannot be told.
func (w *world) spent() time.Duration {
	w.Helper()
	pids := []int64{int64(os.Getpid())}
	w.must(w.db.Work(w.Context(), func(tx pgx.Tx) error {
		rows, err := tx.Query(w.Context(), "select pid from pg_stat_activity where datname = current_database()")
		if err != nil {
			return err
		}
		backends, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		pids = append(pids, backends...)
		return err
	}))
	ticks := int64(0)
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return 0
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		user, _ := strconv.ParseInt(fields[11], 10, 64)
		system, _ := strconv.ParseInt(fields[12], 10, 64)
		ticks += user + system
	}
	return time.Duration(ticks) * 10 * time.Millisecond // a tick is a hundredth of a second
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// tell gives the figures of all routes together, and of each.
func tell(b *testing.B, routes map[string]*measured, took time.Duration) {
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s\n%-46s %6s %3s %8s %8s %8s %7s %8s %9s %7s\n", b.Name(), "route", "pages", "err", "p50 ms", "p95 ms", "p99 ms", "KB", "queries", "journeys", "db ms")
	var whole []reply
	errors, slow, worst := 0, 0, 0.0
	at := func(all []reply, percent int) float64 { return milliseconds(all[len(all)*percent/100].took) }
	quickest := func(a, b reply) int { return cmp.Compare(a.took, b.took) }
	lines := map[string]float64{}
	for _, pattern := range slices.Sorted(maps.Keys(routes)) {
		m := routes[pattern]
		errors += m.errors
		if len(m.replies) == 0 {
			continue
		}
		slices.SortFunc(m.replies, quickest)
		whole = append(whole, m.replies...)
		size, queries, journeys, database := 0, 0, 0, time.Duration(0)
		for _, r := range m.replies {
			size, queries, journeys = max(size, r.size), max(queries, r.queries), max(journeys, r.journeys)
			database += r.database
		}
		p95 := at(m.replies, 95)
		worst = max(worst, p95)
		if p95 > 100 {
			slow++
		}
		lines[fmt.Sprintf("%-46s %6d %3d %8.1f %8.1f %8.1f %7.1f %8d %9d %7.1f", strings.TrimPrefix(pattern, "GET "), len(m.replies), m.errors, at(m.replies, 50), p95,
			at(m.replies, 99), float64(size)/1024, queries, journeys, milliseconds(database)/float64(len(m.replies)))] = -p95
	}
	for _, line := range slices.SortedFunc(maps.Keys(lines), func(a, b string) int { return cmp.Or(cmp.Compare(lines[a], lines[b]), cmp.Compare(a, b)) }) {
		fmt.Fprintln(&text, line)
	}
	slices.SortFunc(whole, quickest)
	fmt.Fprint(os.Stderr, text.String())
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(whole))/took.Seconds(), "pages/s")
	b.ReportMetric(at(whole, 50), "p50-ms")
	b.ReportMetric(at(whole, 95), "p95-ms")
	b.ReportMetric(at(whole, 99), "p99-ms")
	b.ReportMetric(worst, "slowest-route-p95-ms")
	b.ReportMetric(float64(slow), "routes-above-100ms")
	b.ReportMetric(float64(len(routes)), "routes")
	b.ReportMetric(float64(errors), "errors")
}
