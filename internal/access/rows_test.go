package access_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/packs"
)

// row is what the walk knows of a row that it wrote: everything in it is made from its place in the table.
type row struct {
	id         int64 // its id, and of what it refers to
	area       area.Code
	department string
	staff      bool
}

// sees is whether somebody should see a row.
type sees func(p postgres.Principal, r row) bool

func among(p postgres.Principal, roles ...access.Role) bool {
	return slices.Contains(roles, access.Role(p.Role))
}

// of is the row's area lying in the principal's.
func of(p postgres.Principal, r row) bool { return r.area != 0 && p.Area.Contains(r.area) }

// inArea is a row that some roles see in their area.
func inArea(roles ...access.Role) sees {
	return func(p postgres.Principal, r row) bool { return among(p, roles...) && of(p, r) }
}

// orOwn is a row that is also seen by the account that it is about.
func orOwn(rest sees) sees {
	return func(p postgres.Principal, r row) bool { return p.Account != 0 && p.Account == r.id || rest(p, r) }
}

// orSaid is a row that is also seen by the resident who said it.
func orSaid(rest sees) sees {
	return func(p postgres.Principal, r row) bool { return among(p, access.Resident) && own(p, r) || rest(p, r) }
}

// own is a row that only the account sees that it is about.
func own(p postgres.Principal, r row) bool { return p.Account != 0 && p.Account == r.id }

// everybody sees what holds nothing about anybody.
func everybody(postgres.Principal, row) bool { return true }

var (
	withMeans  = []access.Role{access.Officer, access.Decider, access.Supervisor, access.Administrator, access.Inspector}
	withPeople = []access.Role{access.Assistant, access.Officer, access.Decider, access.Supervisor, access.Administrator, access.Inspector, access.Hotline}
	withCases  = []access.Role{access.Assistant, access.Officer, access.Decider, access.Supervisor, access.Administrator, access.Inspector}
)

// tied is the person, and the household, whose an account is in the walk: not the one with its own number, so that neither is taken for the other.
func tied(account int64) int64 { return account + 1 }

// filed is a row of a filing's item: seen by who works on cases in the area, by the department in charge, by the resident whose it is or of whose
// household it is.
func filed(p postgres.Principal, r row) bool {
	return among(p, access.Resident) && p.Account != 0 && (p.Account == r.id || tied(p.Account) == r.id) ||
		of(p, r) && (among(p, withCases...) || among(p, access.Department) && p.Department == r.department)
}

// looked is a row of what the county looks at, seen by its desk and by those who answer it.
func looked(p postgres.Principal, r row) bool { return of(p, r) && calls(p, r) }

// reviewed is a row of a review: an item's, without the resident.
func reviewed(p postgres.Principal, r row) bool { return !among(p, access.Resident) && filed(p, r) }

// convened is a row of a case conference: seen by the desks of the county and around it, and by the departments that are called.
func convened(p postgres.Principal, r row) bool {
	return calls(p, r) && (of(p, r) || p.Area != 0 && r.area.Contains(p.Area) || among(p, access.Department))
}

func calls(p postgres.Principal, r row) bool {
	return among(p, access.Officer, access.Decider, access.Supervisor, access.Administrator, access.Inspector) ||
		among(p, access.Department) && p.Department == r.department
}

// delivered is a row of what departments deliver.
func delivered(p postgres.Principal, r row) bool { return of(p, r) && readsFeed(p, r) }

// reaching is a delivery, which also those see who answer for a part of its area only.
func reaching(p postgres.Principal, r row) bool {
	return (of(p, r) || p.Area != 0 && r.area.Contains(p.Area)) && readsFeed(p, r)
}

func readsFeed(p postgres.Principal, r row) bool {
	return among(p, access.Officer, access.Decider, access.Supervisor, access.Administrator, access.Inspector) ||
		among(p, access.Department) && p.Department == r.department
}

// worked is a round of work on a warning: of whoever works on cases there, and of the department whose it is.
func worked(p postgres.Principal, r row) bool {
	return of(p, r) && (among(p, withCases...) || among(p, access.Department) && p.Department == r.department)
}

// seen is who should see which rows of each table that the application's role may read at all. A table that is not here fails the walk,
// and so does one that is here and cannot be read.
var seen = map[string]sees{
	"account": orOwn(func(p postgres.Principal, r row) bool {
		return of(p, r) && (among(p, access.Administrator) || r.staff && among(p, access.Supervisor, access.Inspector))
	}),
	"posting": orOwn(func(p postgres.Principal, r row) bool {
		return of(p, r) && (among(p, access.Administrator) || r.staff && among(p, access.Supervisor, access.Inspector))
	}),
	"account_person": orOwn(func(p postgres.Principal, r row) bool { // by where the person is
		r.area = places[tied(r.id-1)%int64(len(places))]
		last := r.id == int64(2*len(places)) // tied to nobody who is there
		return !last && inArea(access.Assistant, access.Officer, access.Supervisor, access.Administrator, access.Inspector)(p, r)
	}),
	"visit": inArea(withCases...), "visit_answer": inArea(withCases...), "visit_conflict": inArea(withCases...), "visit_place": inArea(withCases...),
	"visit_bundle": orOwn(inArea(withCases...)), "visit_file": orOwn(inArea(withCases...)), "visit_chunk": orOwn(inArea(withCases...)), // the sender's, whatever became of the posting
	"visit_device_key": own,
	"relative":         orOwn(inArea(access.Supervisor, access.Inspector)),
	"opening":          orOwn(inArea(access.Supervisor, access.Administrator, access.Inspector)),
	"act": orOwn(func(p postgres.Principal, r row) bool {
		return among(p, access.Inspector, access.Administrator) && (r.area == 0 || of(p, r))
	}),
	"leaf": everybody, "leaf_index": everybody, "tree_head": everybody, "cosignature": everybody, // kinds of acts and digests, without whom they are about
	"person": inArea(withPeople...), "household": inArea(withPeople...), "membership": inArea(withPeople...), "statement": orSaid(inArea(withPeople...)),
	"withdrawal": orSaid(inArea(withPeople...)), "change": inArea(withPeople...), "merging": inArea(withPeople...), "likeness": inArea(withPeople...),
	"consent_fact": everybody, // which facts need consent
	"means_check":  inArea(withMeans...), "means_scope": inArea(withMeans...), "means_report": inArea(withMeans...), "means_item": inArea(withMeans...),
	"authorisation": func(p postgres.Principal, r row) bool {
		return among(p, access.Resident) && p.Account != 0 && tied(p.Account) == r.id || inArea(append([]access.Role{access.Assistant}, withMeans...)...)(p, r)
	},
	"river_job":          everybody, // ids and days
	"feed":               readsFeed, // which feeds there are
	"feed_late":          delivered,
	"upload":             orOwn(inArea(access.Administrator, access.Inspector)),
	"notice":             func(p postgres.Principal, _ row) bool { return among(p, access.Administrator, access.Inspector) }, // what the pack says
	"batch":              reaching,
	"batch_file":         reaching,
	"quarantine":         delivered,
	"screening_run":      func(p postgres.Principal, _ row) bool { return among(p, withCases...) }, // when, and how many
	"hardest_end":        func(p postgres.Principal, _ row) bool { return among(p, withCases...) }, // an index, of nobody
	"workflow_procedure": everybody,
	"workflow_step":      everybody,
	"workflow_authority": everybody,
	"workflow_publicity": everybody,
	"workflow_programme": everybody,
	"filing":             orOwn(filed),
	"item":               filed,
	"item_step":          filed,
	"item_event":         filed,
	"item_answer":        filed,
	"decision":           filed,
	"award":              filed,
	"paper":              filed,
	"paper_chunk":        filed,
	"objection":          filed,
	"objection_answer":   filed,
	"page_once":          own,
	"page_view":          own,
	"page_export":        own, "page_export_part": own,
	"meeting":        convened,
	"meeting_held":   convened,
	"meeting_seat":   calls,
	"meeting_item":   filed,
	"meeting_voice":  filed,
	"finding":        inArea(withCases...),
	"finding_change": inArea(withCases...),
	"outcome_change": inArea(withCases...),
	"warning":        inArea(withCases...),
	"notification": orOwn(func(p postgres.Principal, r row) bool {
		from, _ := p.Area.Range()
		office := p.Role == "officer" && int64(from) == r.id && p.Department == r.department // the walk's rows are told to an officer of no area
		return office || inArea(withCases...)(p, r)
	}),
	"notification_read":       own,
	"notification_preference": own,
	"notification_sending":    orOwn(inArea(withCases...)),
	"notification_receipt":    orOwn(inArea(withCases...)),
	"supervision":             looked,
	"supervision_act":         looked,
	"posted":                  filed,
	"posted_photograph":       filed,
	"not_wished":              inArea(withCases...),
	"review":                  reviewed,
	"review_done":             reviewed,
	"award_end":               filed,
	"appeal":                  filed,
	"appeal_result":           filed,
	"archive":                 orOwn(filed),
	"window_call":             orOwn(inArea(access.Supervisor, access.Administrator, access.Inspector)),
	"warning_handling":        worked,
	"warning_step":            worked,
	"report":                  orOwn(inArea(withCases...)),
}

// withoutSecurity are the tables that need no row-level security, since nothing in them is about anybody.
var withoutSecurity = []string{"goose_db_version", "leaf", "leaf_index", "tree_head", "cosignature", "county_columns",
	"acting_key",                                                     // the owner's alone
	"sealing_key",                                                    // keys by number
	"river_job", "river_leader", "river_queue", "river_notification", // jobs are told by ids and days
}

// writes are the tables that the application's role may write to, and how.
var writes = map[string][]string{"notification_read": {"INSERT"}, "notification_preference": {"INSERT", "UPDATE"}, "opening": {"INSERT"}, "statement": {"INSERT"}, "withdrawal": {"INSERT"}, "person": {"INSERT"}, "change": {"INSERT"},
	"visit": {"INSERT", "UPDATE"}, "visit_answer": {"INSERT", "UPDATE"}, "visit_conflict": {"INSERT", "UPDATE"}, "visit_place": {"INSERT"},
	"visit_bundle": {"INSERT", "UPDATE"}, "visit_file": {"INSERT", "UPDATE"}, "visit_chunk": {"INSERT", "DELETE"}, "visit_device_key": {"INSERT"},
	"means_check": {"INSERT", "UPDATE"}, "means_scope": {"INSERT"}, "authorisation": {"INSERT", "UPDATE"}, "means_report": {"INSERT"}, "means_item": {"INSERT"},
	"filing":      {"INSERT"},
	"item":        {"INSERT"},
	"item_step":   {"INSERT"},
	"item_event":  {"INSERT"},
	"decision":    {"INSERT"},
	"award":       {"INSERT"},
	"paper":       {"INSERT"},
	"paper_chunk": {"INSERT"},
	"item_answer": {"INSERT"},
	"objection":   {"INSERT"}, "objection_answer": {"INSERT"}, "page_once": {"INSERT"}, "page_view": {"INSERT", "DELETE"}, "page_export": {"INSERT", "DELETE"},
	"supervision": {"INSERT"}, "supervision_act": {"INSERT"}, "posted": {"INSERT"}, "posted_photograph": {"INSERT"}, "not_wished": {"INSERT"},
	"review_done": {"INSERT"}, "award_end": {"INSERT"}, "appeal": {"INSERT"}, "appeal_result": {"INSERT"}, "archive": {"INSERT"},
	"meeting": {"INSERT"}, "meeting_item": {"INSERT"}, "meeting_seat": {"INSERT"}, "meeting_held": {"INSERT"}, "meeting_voice": {"INSERT"},
	"upload":           {"INSERT"},
	"river_job":        {"INSERT", "UPDATE"}, // of the kind alone, as an insertion of what is there already does
	"warning_handling": {"UPDATE"},
	"warning_step":     {"INSERT"},
}

// asOwner are the functions with the owner's rights that the application's role may call. Each says itself what it shows to whom.
var asOwner = []string{"staff_name", "near_relations", "record_act",
	"begin_acting", "acting_said", // the first needs the program's key, the second tells what was said with it
	"search_people", "search_people_by_address", "search_people_by_digest", "merge_person", "split_person", "set_apart", // in the caller's area
	"acting_reaches_family", "means_authorised", "acting_has_item", "acting_is_called", // yes or no
	"served_family", "served_area", "served_aid", // of a household with an item of the caller's department
	"warning_page", "warning_people", "warning_figures", "match_report", "reopen_warning", // in the caller's area
	"receive_report", "report_state", // anybody's: the one gives a receipt, the other how far a report came
	"tell",                                                                                                  // shows nothing but whether the same was told
	"colleagues",                                                                                            // names of staff in the caller's own area, who sign with them
	"hold_sealing_key",                                                                                      // whether a key is retired
	"acting_person", "acting_household", "own_family", "acting_applied", "acting_family_has", "acting_ward", // a resident's own, and yes or no
	"call_at_window", "acting_window", "casework_taker", // who shows a card in the caller's own area, which is kept; yes or no; whose window it was
	"resident_login",                 // of who lives in the caller's own area
	"own_reports", "own_emergencies", // the caller's own reports and how far each came
	"resend",          // whether what failed in the caller's area goes once more
	"answer_by_grant", // the rounds that the caller's own grant answered
}

const app = "dajiuzhu_app"

// list is a column of a query by the owner.
func list[T any](t testing.TB, db *postgres.DB, query string, args ...any) []T {
	t.Helper()
	rows, err := db.Own().Query(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wholeDatabase is a database with all tables, those of the pack's feeds too.
func wholeDatabase(t *testing.T) *postgres.DB {
	t.Helper()
	db := postgrestest.New(t)
	p, faults := pack.Load(packs.Dezhou())
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if err := ingest.ApplyPack(t.Context(), db.Own(), p); err != nil {
		t.Fatal(err)
	}
	return db
}

const ours = `from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`

func TestEveryTableIsHeld(t *testing.T) {
	db := wholeDatabase(t)
	for _, name := range list[string](t, db, "select relname::text "+ours+" and relkind in ('r', 'p', 'f') and not relrowsecurity order by 1") {
		if !slices.Contains(withoutSecurity, name) {
			t.Errorf("table %s has no row-level security: enable it, or say in withoutSecurity why it holds nothing about anybody", name)
		}
	}
	for _, name := range list[string](t, db, "select relname::text "+ours+` and relkind in ('v', 'm') and has_table_privilege($1, c.oid, 'SELECT')
			and not coalesce('security_invoker=true' = any(c.reloptions), false)
			and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`, app) {
		t.Errorf("view %s shows its owner's rows to the application", name)
	}
	for _, name := range list[string](t, db, "select distinct relname::text "+ours+" and relkind in ('r', 'p', 'v', 'm', 'f') and exists (select from aclexplode(relacl) where grantee = 0) order by 1") {
		t.Errorf("everybody has a right to %s", name)
	}
	for _, name := range list[string](t, db, `select distinct p.proname::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
			where n.nspname = 'public' and prosecdef and prorettype <> 'trigger'::regtype and has_function_privilege($1, p.oid, 'EXECUTE') order by 1`, app) {
		if !slices.Contains(asOwner, name) {
			t.Errorf("the application may call %s with its owner's rights: say in asOwner what it shows", name)
		}
	}
	for _, name := range list[string](t, db, "select relname::text "+ours+" and relkind in ('r', 'p') order by 1") {
		for _, right := range []string{"INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"} {
			query := "select has_table_privilege($1, $2::regclass, $3)"
			if right == "INSERT" || right == "UPDATE" || right == "REFERENCES" {
				query = "select has_any_column_privilege($1, $2::regclass, $3)"
			}
			if may := list[bool](t, db, query, app, `"`+name+`"`, right)[0]; may != slices.Contains(writes[name], right) {
				t.Errorf("the application's right to %s %s is %v", right, name, may)
			}
		}
	}
}

func TestTheApplicationIsNobodyElse(t *testing.T) {
	db := wholeDatabase(t)
	if list[bool](t, db, "select rolsuper or rolbypassrls or rolcreatedb or rolcreaterole or rolreplication from pg_roles where rolname = $1", app)[0] {
		t.Error("the application's role may what no page needs")
	}
	if n := list[int](t, db, "select count(*)::int from pg_auth_members m join pg_roles r on r.oid = m.member where r.rolname = $1", app)[0]; n != 0 {
		t.Error("the application's role belongs to another")
	}
	for _, catalogue := range []string{"pg_class where relowner", "pg_proc where proowner", "pg_namespace where nspowner", "pg_type where typowner", "pg_database where datdba"} {
		if n := list[int](t, db, "select count(*)::int from "+catalogue+" = (select oid from pg_roles where rolname = $1)", app)[0]; n != 0 {
			t.Errorf("the application owns something: %s", catalogue)
		}
	}
	inspector := postgres.Principal{Account: 3, Role: "inspector", Area: city}
	for _, statement := range []string{
		"set role dajiuzhu_worker", "set role dajiuzhu", "set session authorization dajiuzhu_worker", "set session authorization postgres",
		"alter table person disable row level security", "alter role dajiuzhu_app bypassrls", "create table mine (x int)", "create policy mine on person using (true)",
		"grant dajiuzhu_worker to dajiuzhu_app", "select password from credential", "select digest from session", "select totp_sealed from credential",
		"copy credential to stdout", "copy (select 1) to program 'true'", "select pg_read_file('/etc/passwd')", "create function public.f() returns int language sql return 1",
		"insert into opening (account, area, field, subject) values (4, 371424100281, 'person.phone', 'person:1')",
		"insert into opening (area, field, subject, purpose) values (371424100281, 'person.phone', 'person:1', 'visit')",
		"update account set name = 'x'", "delete from opening", "select lo_import('/etc/passwd')",
	} {
		err := db.As(t.Context(), inspector, func(tx pgx.Tx) error { _, err := tx.Exec(t.Context(), statement); return err })
		if err == nil {
			t.Errorf("the application did: %s", statement)
		}
	}
}

// TestNobodySeesWhatIsNotTheirs fills every table with rows of several areas, departments and accounts, and asks for all of them as
// every role in every area and department.
func TestNobodySeesWhatIsNotTheirs(t *testing.T) {
	db := wholeDatabase(t)
	w := fill(t, db)
	readable := list[string](t, db, "select relname::text "+ours+" and relkind in ('r', 'p') and has_any_column_privilege($1, c.oid, 'SELECT') order by 1", app)
	for _, name := range readable {
		if w.expect(name) == nil {
			t.Errorf("the application may read table %s: say in seen who should see which of its rows", name)
		}
	}
	for name := range seen {
		if !slices.Contains(readable, name) {
			t.Errorf("seen has a table %s, which the application cannot read", name)
		}
	}
	readable = slices.DeleteFunc(readable, func(name string) bool { return w.expect(name) == nil })
	shown := map[string]bool{} // tables of which somebody saw a row, and some other not
	for _, p := range w.principals() {
		got := w.look(t, p, readable)
		for _, name := range readable {
			for at, r := range w.rows[name] {
				should, does := w.expect(name)(p, w.rowOf(name, r)), got[name][at]
				if should != does {
					t.Errorf("%s row %d (area %s, %s): %+v sees it: %v, should: %v", name, r.id, r.area, w.rowOf(name, r).department, p, does, should)
				}
				shown[fmt.Sprint(name, does)] = true
			}
			if len(got[name]) > len(w.rows[name]) {
				t.Errorf("%s shows rows that the walk did not write", name)
			}
		}
		if t.Failed() {
			return // one principal's errors are enough to read
		}
	}
	for _, name := range readable {
		if !shown[name+"true"] {
			t.Errorf("nobody saw a row of %s: the walk shows nothing of it", name)
		}
	}
}

// walk is a database full of rows.
type walk struct {
	db      *postgres.DB
	rows    map[string]map[string]row // by table and place in it
	feeds   map[string]string         // departments of the pack's feeds by the names of their tables
	numbers []string                  // departments
}

var places = []area.Code{village, code("371424100282"), code("371424101201"), elsewhere + 201, code("371400000000"), code("370102001001"), 0}

// expect is who should see the rows of a table, nil where nobody has said.
func (w *walk) expect(name string) sees {
	if _, ok := w.feeds[name]; ok {
		return delivered
	}
	return seen[name]
}

// rowOf is a row with the department that it is of: a feed's table has one.
func (w *walk) rowOf(name string, r row) row {
	if department, ok := w.feeds[name]; ok {
		r.department = department
	}
	return r
}

// principals are somebody in every role, area and department.
func (w *walk) principals() []postgres.Principal {
	roles := []string{"", "worker", "owner"}
	for _, r := range access.Roles() {
		roles = append(roles, string(r))
	}
	areas := []area.Code{0, city, county, code("371422"), township, elsewhere, village, code("371424100283"), code("3701"), code("370000")}
	var all []postgres.Principal
	for _, r := range roles {
		for _, a := range areas {
			for _, d := range append([]string{""}, w.numbers...) {
				for _, account := range []int64{0, 3} {
					if account == 0 && (a != city || d != "") {
						continue
					}
					all = append(all, postgres.Principal{Account: account, Role: r, Area: a, Department: d, Purpose: "visit"})
				}
			}
		}
	}
	return all
}

// look is the places of the rows that somebody sees, by table.
func (w *walk) look(t *testing.T, p postgres.Principal, tables []string) map[string]map[string]bool {
	t.Helper()
	parts := make([]string, len(tables))
	for i, name := range tables {
		parts[i] = fmt.Sprintf(`select '%s', ctid::text from "%s"`, name, name)
	}
	got := map[string]map[string]bool{}
	err := w.db.As(t.Context(), p, func(tx pgx.Tx) error {
		rows, err := tx.Query(t.Context(), strings.Join(parts, " union all "))
		if err != nil {
			return err
		}
		var name, at string
		_, err = pgx.ForEachRow(rows, []any{&name, &at}, func() error {
			if got[name] == nil {
				got[name] = map[string]bool{}
			}
			got[name][at] = true
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	return got
}

// fill writes to every table a row for each place and department. Only row-level security is looked at: what else a row must fulfil is lifted
// in this database first.
func fill(t *testing.T, db *postgres.DB) *walk {
	t.Helper()
	ctx := t.Context()
	own := db.Own()
	w := &walk{db: db, rows: map[string]map[string]row{}, feeds: map[string]string{}}
	rows, err := own.Query(ctx, "select 'feed_' || replace(id, '-', '_'), department from feed order by 1")
	if err != nil {
		t.Fatal(err)
	}
	var name, department string
	if _, err := pgx.ForEachRow(rows, []any{&name, &department}, func() error { w.feeds[name] = department; return nil }); err != nil {
		t.Fatal(err)
	}
	departments := slices.Compact(slices.Sorted(maps.Values(w.feeds)))
	w.numbers = departments[:2]
	for _, statement := range list[string](t, db, `select format('alter table %s drop constraint %I cascade', conrelid::regclass, conname)
			from pg_constraint where contype in ('f', 'c') and connamespace = 'public'::regnamespace and conparentid = 0 order by contype desc, 1`) {
		if _, err := own.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range list[string](t, db, "select relname::text "+ours+" and relkind in ('r', 'p') and relname not in ('goose_db_version', 'acting_key') order by 1") {
		w.fillTable(t, own, name)
	}
	return w
}

func (w *walk) fillTable(t *testing.T, own *pgxpool.Pool, name string) {
	t.Helper()
	ctx := context.Background()
	for _, statement := range []string{`alter table "%s" disable trigger user`, `delete from "%s"`} {
		if name == "feed" && strings.HasPrefix(statement, "delete") {
			continue // the tables of the pack's feeds need theirs
		}
		if _, err := own.Exec(ctx, fmt.Sprintf(statement, name)); err != nil {
			t.Fatal(err)
		}
	}
	columns := columnsOf(t, own, name)
	w.rows[name] = map[string]row{}
	for i := range len(places) * len(w.numbers) {
		r := row{id: int64(i + 1), area: places[i%len(places)], department: w.numbers[i/len(places)], staff: i%2 == 0}
		var names, values []string
		for _, c := range columns {
			names, values = append(names, `"`+c.name+`"`), append(values, c.value(name, r))
		}
		insert := fmt.Sprintf(`insert into "%s" (%s) overriding system value values (%s) returning ctid::text`, name, strings.Join(names, ", "), strings.Join(values, ", "))
		var at string
		err := own.QueryRow(ctx, insert).Scan(&at)
		if name == "record_version" || isOnce(err) {
			return
		}
		if err != nil {
			t.Fatalf("filling %s: %v\n%s", name, err, insert)
		}
		w.rows[name][at] = r
	}
	if name != "feed" {
		return
	}
	for feedTable, department := range w.feeds {
		var at string
		if err := own.QueryRow(ctx, "select ctid::text from feed where 'feed_' || replace(id, '-', '_') = $1", feedTable).Scan(&at); err != nil {
			t.Fatal(err)
		}
		w.rows[name][at] = row{department: department}
	}
}

// isOnce reports whether a table takes only one row of the kind.
func isOnce(err error) bool { return err != nil && strings.Contains(err.Error(), "23505") }

type column struct{ name, kind string }

func columnsOf(t *testing.T, own *pgxpool.Pool, name string) []column {
	t.Helper()
	rows, err := own.Query(context.Background(), `select column_name::text, udt_name::text from information_schema.columns
		where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' order by ordinal_position`, name)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (c column, err error) { return c, r.Scan(&c.name, &c.kind) })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// value is what a row has in a column: by its name where that decides who sees the row, otherwise something of its type.
func (c column) value(table string, r row) string {
	switch c.name {
	case "area", "_area", "county":
		return fmt.Sprint(int64(r.area))
	case "areas":
		return fmt.Sprintf("'{%d}'", int64(r.area))
	case "department":
		return "'" + r.department + "'"
	case "staff":
		return fmt.Sprint(r.staff)
	case "role":
		if table == "posting" && !r.staff {
			return "'resident'"
		}
		return "'officer'"
	case "feed":
		return fmt.Sprintf("'walk-%d'", r.id)
	case "unit":
		return "'household'"
	case "ended_at", "died_on", "merged_into": // of accounts that are tied, and of people who live
		if table == "account_person" || table == "person" {
			return "null"
		}
	case "to_date":
		if table == "membership" || table == "household" {
			return "null"
		}
	case "person":
		if table == "account_person" {
			return fmt.Sprint(tied(r.id))
		}
	case "unique_states":
		return "b'00000000'"
	}
	if table == "feed" && c.name == "id" {
		return fmt.Sprintf("'walk-%d'", r.id)
	}
	switch c.kind {
	case "int2", "int4", "int8", "numeric", "float8":
		return fmt.Sprint(r.id)
	case "bool":
		return "true"
	case "bytea":
		return fmt.Sprintf(`'\x%064x'`, r.id)
	case "uuid":
		return fmt.Sprintf("'00000000-0000-0000-0000-%012d'", r.id)
	case "date":
		return fmt.Sprintf("date '2026-01-01' + %d", r.id)
	case "timestamptz":
		return "now()"
	case "jsonb", "json":
		return "'{}'"
	case "pg_snapshot":
		return "'1:1:'"
	case "xid8":
		return fmt.Sprintf("'%d'", r.id)
	}
	if c.kind == "river_job_state" {
		return "'completed'"
	}
	if strings.HasPrefix(c.kind, "_") {
		return "'{}'"
	}
	return fmt.Sprintf("'%s%d'", c.name, r.id)
}

// TestHandWrittenQueries asks for the rows of a table in ways that try to get round the policies.
func TestHandWrittenQueries(t *testing.T) {
	db := wholeDatabase(t)
	w := fill(t, db)
	assistant := postgres.Principal{Account: 99, Role: "assistant", Area: village}
	ctx := t.Context()
	for _, query := range []string{
		"select area from person", "select area from only person", "select area from (table person) p", "select area from person where true or area = 0",
		"select area from person union all select area from person", "select p.area from person p right join person q on true",
		"with p as materialized (select * from person) select area from p", "select area from person tablesample system (100)",
		"select area from (select * from person offset 0) p", "select area from person where area / (case when name like 'name%' then 1 else 0 end) > 0",
		"select max(area) from person", "select area from person order by number_sealed desc", "select (p).area from (select person as p from person) x",
	} {
		err := db.As(ctx, assistant, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, query)
			if err != nil {
				return err
			}
			all, err := pgx.CollectRows(rows, pgx.RowTo[*int64])
			for _, a := range all {
				if a != nil && area.Code(*a) != village {
					t.Errorf("%s shows a row of %d", query, *a)
				}
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	leak := `create function pg_temp.leak(a bigint) returns boolean language plpgsql cost 0.0000001 as
		$$ begin if a not between 371424100281 and 371424100281 then raise exception 'leaked %', a; end if; return true; end $$`
	err := db.As(ctx, assistant, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, leak); err != nil {
			return nil // no function, no leak
		}
		_, err := tx.Exec(ctx, "select from person where pg_temp.leak(area)")
		return err
	})
	if err != nil {
		t.Errorf("a cheap function is called with hidden rows: %v", err)
	}
	if len(w.rows["person"]) == 0 {
		t.Error("there were no rows to hide")
	}
}
