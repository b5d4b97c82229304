package telling_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/access"
	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/ingest"
	"dajiuzhu/internal/jobs"
	"dajiuzhu/internal/means"
	"dajiuzhu/internal/notification"
	"dajiuzhu/internal/pack"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/telling"
	"dajiuzhu/internal/visit"
	"dajiuzhu/internal/warning"
)

const (
	village area.Code = 371424100281
	town    area.Code = 371424100000
	county  area.Code = 371424000000
)

var (
	officer = postgres.Principal{Account: 2, Role: "officer", Area: town}
	today   = calendar.Must(2026, 11, 2)
)

// Whoever must be told of something is told, and by which words; told twice, they are told once; and nobody is told of what they did themselves.
func TestWhoIsTold(t *testing.T) {
	db := postgrestest.New(t)
	p := dezhou(t)
	clock := func() time.Time { return time.Date(2026, 11, 2, 10, 0, 0, 0, jobs.Zone) }
	tell, err := telling.New(notification.New(notification.Config{DB: db, Messages: p.Messages, Clock: clock}), p, "12345")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Own().Exec(t.Context(), fmt.Sprintf(`insert into account (login, name, area, staff, created_at) select 'account' || n, '某', 371400000000, true, now() from generate_series(1, 4) n;
		insert into household (key, area, from_date) values ('k', %[1]d, '2026-01-01');
		insert into visit (household, area, purpose, people, both_sign, visitors, due, account) values (1, %[1]d, 'warning', 1, false, '{1,2}', '2026-11-05', 2)`, village))
	if err != nil {
		t.Fatal(err)
	}
	going := visit.Going{ID: 1, Area: village, Purpose: visit.Warning, Due: calendar.Must(2026, 11, 5), State: visit.Planned, Visitors: []int64{1, 2}}
	changed := func(change func(*visit.Going)) visit.Going {
		g := going
		change(&g)
		return g
	}
	feed := p.Feeds[0]
	for _, test := range []struct {
		name string
		do   func(ctx context.Context, tx pgx.Tx) error
		want string
	}{
		{"a visit is planned, by one of its visitors", func(ctx context.Context, tx pgx.Tx) error {
			return tell.VisitChanged(ctx, tx, visit.Going{}, going, "planned")
		}, "visit-given to account 1 of visit:1: 国寨村的一户请您走访（核实预警，编号1），最迟2026-11-05。"},
		{"it goes to others", func(ctx context.Context, tx pgx.Tx) error {
			return tell.VisitChanged(ctx, tx, going, changed(func(g *visit.Going) { g.Visitors = []int64{3} }), "k")
		}, "visit-given to account 3 of visit:1: 国寨村的一户请您走访（核实预警，编号1），最迟2026-11-05。\nvisit-taken to account 1 of visit:1: 国寨村的走访（核实预警，编号1）改派他人或取消了，您不用去了。手机上还没有上传的，请照常上传。"},
		{"it is due on another day", func(ctx context.Context, tx pgx.Tx) error {
			return tell.VisitChanged(ctx, tx, going, changed(func(g *visit.Going) { g.Due++ }), "l")
		}, "visit-given to account 1 of visit:1: 国寨村的一户请您走访（核实预警，编号1），最迟2026-11-06。"},
		{"it is called off", func(ctx context.Context, tx pgx.Tx) error {
			return tell.VisitChanged(ctx, tx, going, changed(func(g *visit.Going) { g.State = visit.Cancelled }), "m")
		}, "visit-taken to account 1 of visit:1: 国寨村的走访（核实预警，编号1）改派他人或取消了，您不用去了。手机上还没有上传的，请照常上传。"},
		{"nobody went in time", func(ctx context.Context, tx pgx.Tx) error {
			missed, err := visit.Missed(ctx, tx, calendar.Must(2026, 11, 6), 7)
			if err != nil {
				return err
			}
			return tell.VisitsMissed(ctx, tx, missed)
		}, "visit-late to officer 3714241 of visit:1: 国寨村的走访（核实预警，编号1）应在2026-11-05前完成，请马上去，或者改派。\n" +
			"visit-late to account 1 of visit:1: 国寨村的走访（核实预警，编号1）应在2026-11-05前完成，请马上去，或者改派。\n" +
			"visit-late to account 2 of visit:1: 国寨村的走访（核实预警，编号1）应在2026-11-05前完成，请马上去，或者改派。"},
		{"long ago is told no more", func(ctx context.Context, tx pgx.Tx) error {
			missed, err := visit.Missed(ctx, tx, calendar.Must(2026, 11, 13), 7)
			if err != nil || len(missed) > 0 {
				return fmt.Errorf("%d missed, %v", len(missed), err)
			}
			return nil
		}, ""},
		{"two phones say different things", func(ctx context.Context, tx pgx.Tx) error {
			return tell.Answered(ctx, tx, 1, visit.Received{Bundle: "b", State: "taken", Answers: []visit.Taken{{State: "conflict"}, {State: "taken"}, {State: "conflict"}}}, village)
		}, "answers-differ to officer 3714241 of conflicts: 国寨村的走访（1）有2处和别的手机记的不一样，没有裁定前都不作数，请裁定。"},
		{"a bundle is set aside", func(ctx context.Context, tx pgx.Tx) error {
			return tell.Answered(ctx, tx, 99, visit.Received{Bundle: "c", State: "aside"}, village)
		}, "answers-aside to officer 3714241 of conflicts: 走访99传来的内容没有直接采用（改派、取消或不在原户），请看过再决定用不用。"},
		{"all was taken", func(ctx context.Context, tx pgx.Tx) error {
			return tell.Answered(ctx, tx, 1, visit.Received{Bundle: "d", State: "taken", Answers: []visit.Taken{{State: "taken"}}}, village)
		}, ""},
		{"warnings are given to somebody, and to oneself", func(ctx context.Context, tx pgx.Tx) error {
			if err := tell.WarningsGiven(ctx, tx, []int64{7, 8}, 1, 2, town, "k"); err != nil {
				return err
			}
			return tell.WarningsGiven(ctx, tx, []int64{9}, 2, 2, town, "l")
		}, "warning-given to account 1 of warnings:given: 临邑镇有2条预警派给您办理，请按期限核实。"},
		{"warnings are passed on", func(ctx context.Context, tx pgx.Tx) error {
			return tell.WarningsPassed(ctx, tx, []warning.Passed{{To: "township", Area: town, Rounds: 2}, {To: "county", Area: town, Rounds: 1},
				{To: "county", Area: town + 1000, Rounds: 4}, {To: "department", Department: "health", Area: town, Rounds: 5}}, today)
		}, "warnings-passed to officer 3714241 of warnings:passed: 临邑镇有2条预警在原岗位超期没有办，转到您这一级，请安排办理。\n" +
			"warnings-passed to supervisor 371424 of warnings:passed: 临邑县有5条预警在原岗位超期没有办，转到您这一级，请安排办理。\n" +
			"warnings-passed to department 371424 health of warnings:passed: 临邑县有5条预警在原岗位超期没有办，转到您这一级，请安排办理。"},
		{"somebody in need is reported", func(ctx context.Context, tx pgx.Tx) error {
			return tell.ReportArrived(ctx, tx, warning.Received{ID: 3, Round: 12, Area: village, Route: "village-assistant"})
		}, "report-arrived to assistant 371424100281 of warning:12: 国寨村有人反映困难（12），请尽快核实。"},
		{"of a place that is no village", func(ctx context.Context, tx pgx.Tx) error {
			return tell.ReportArrived(ctx, tx, warning.Received{ID: 4, Round: 13, Area: town, Route: "village-assistant"})
		}, "report-arrived to officer 3714241 of warning:13: 临邑镇有人反映困难（13），请尽快核实。"},
		{"a check of means is asked for, reported, objected to and ends", func(ctx context.Context, tx pgx.Tx) error {
			for _, state := range []means.State{means.Drafted, means.Requested, means.Reported, means.Objected, means.Expired} {
				if err := tell.CheckMoved(ctx, tx, &means.Check{ID: 5, Area: village, State: state, Expires: today}); err != nil {
					return err
				}
			}
			return nil
		}, "check-asked to supervisor 371424 of check:5: 国寨村的一户已授权，申请核对（5），请组织核对并登记报告。\n" +
			"check-reported to officer 3714241 of check:5: 国寨村的核对（5）已出报告，有效期到2026-11-02，请接着办理。\n" +
			"check-objected to supervisor 371424 of check:5: 国寨村的一户对核对报告（5）有异议，请复核。\n" +
			"check-ended to officer 3714241 of check:5: 国寨村的核对报告（5）已到期，不能再作依据，还要用的请重新核对。"},
		{"a feed is late", func(ctx context.Context, tx pgx.Tx) error {
			return tell.FeedsLate(ctx, tx, []ingest.Freshness{{Feed: feed.ID, County: county, Batch: 1, Due: today}}, today)
		}, strings.NewReplacer("DEP", feed.Department, "ID", feed.ID, "NAME", feed.Name.Zh).Replace(
			"feed-late to department 371424 DEP of feed:ID: 临邑县的“NAME”应在2026-11-02前送来，还没有收到。没有数据，系统就不能判断，请尽快报送。\n" +
				"feed-late to department 3714 DEP of feed:ID: 临邑县的“NAME”应在2026-11-02前送来，还没有收到。没有数据，系统就不能判断，请尽快报送。\n" +
				"feeds-late to administrator 371424 of feeds: 临邑县新增1项数据过期没有送来，请催报。\nfeeds-late to administrator 3714 of feeds: 德州市新增1项数据过期没有送来，请催报。")},
		{"figures lapse", func(ctx context.Context, tx pgx.Tx) error { return tell.LapsesAhead(ctx, tx, 3, today, today) },
			"lapses-ahead to administrator 3714 of lapses: 有3项政策标准到期后没有接续，最早的是2026-11-02。到期后相关项目不能判定，请先写明以后的标准。"},
		{"none lapses", func(ctx context.Context, tx pgx.Tx) error { return tell.LapsesAhead(ctx, tx, 0, today, today) }, ""},
		{"jobs are dead", func(ctx context.Context, tx pgx.Tx) error {
			return tell.JobsDead(ctx, tx, []jobs.Job{{ID: 9, EndedAt: clock()}, {ID: 7, EndedAt: clock()}})
		}, "jobs-dead to administrator 3714 of jobs: 有2个后台任务多次重试仍失败，请在“平台运行”里看原因，重做或放弃。"},
		{"one of them is settled", func(ctx context.Context, tx pgx.Tx) error {
			return tell.JobsDead(ctx, tx, []jobs.Job{{ID: 9, EndedAt: clock()}})
		}, ""},
		{"another died", func(ctx context.Context, tx pgx.Tx) error {
			return tell.JobsDead(ctx, tx, []jobs.Job{{ID: 8, EndedAt: clock().Add(time.Hour)}, {ID: 9, EndedAt: clock()}})
		}, "jobs-dead to administrator 3714 of jobs: 有2个后台任务多次重试仍失败，请在“平台运行”里看原因，重做或放弃。"},
		{"an account is tied", func(ctx context.Context, tx pgx.Tx) error {
			return tell.AccountGiven(ctx, tx, access.Given{Account: 3, Area: village, At: clock()})
		}, "account-tied to account 3 of account:3: 2026-11-02起，您可以用自己的账号查看和申请家里的救助。如果不是您本人办的，请马上打12345或到临邑镇社会救助窗口，我们会停用这个账号。"},
		{"its password is set anew", func(ctx context.Context, tx pgx.Tx) error {
			return tell.AccountGiven(ctx, tx, access.Given{Account: 3, Area: village, Again: true, At: clock()})
		}, "account-password to account 3 of account:3: 2026-11-02，窗口给您的账号换了初始密码，以前的登录都已退出。如果不是您本人办的，请马上打12345或到临邑镇社会救助窗口。"},
		{"an export is ready", func(ctx context.Context, tx pgx.Tx) error {
			return tell.ExportEnded(ctx, tx, telling.Export{ID: 4, Account: 2, Area: town, Name: pack.Text{Zh: "预警清单", En: "warnings"}, Until: clock()})
		}, "export-ready to account 2 of export:4: 您要的“预警清单”已导出，保留到2026-11-02，请及时下载。"},
		{"an export failed", func(ctx context.Context, tx pgx.Tx) error {
			return tell.ExportEnded(ctx, tx, telling.Export{ID: 5, Account: 2, Area: town, Name: pack.Text{Zh: "预警清单", En: "warnings"}, Why: pack.Text{Zh: "岗位已结束", En: "the posting ended"}})
		}, "export-fails to account 2 of export:5: 您要的“预警清单”没有导出：岗位已结束。请到“导出的文件”查看，需要时重新导出。"},
	} {
		before := last(t, db)
		for range 2 {
			if err := db.As(t.Context(), officer, func(tx pgx.Tx) error { return test.do(t.Context(), tx) }); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		}
		if diff := cmp.Diff(test.want, since(t, db, before)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func last(t *testing.T, db *postgres.DB) (id int64) {
	t.Helper()
	if err := db.Own().QueryRow(t.Context(), "select coalesce(max(id), 0) from notification").Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// since are the messages that were written after one, as lines.
func since(t *testing.T, db *postgres.DB, before int64) string {
	t.Helper()
	rows, err := db.Own().Query(t.Context(), `select template || ' to ' || coalesce('account ' || account, role || ' ' || rtrim(rtrim(office_from::text, '0'), '') ||
		case department when '' then '' else ' ' || department end) || ' of ' || about || ': ' || text_zh from notification where id > $1 order by id`, before)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, "\n")
}

// What a message is about leads to its page.
func TestLink(t *testing.T) {
	for about, want := range map[string]string{"item:12": "/cases/12", "visit:3": "/visits/3", "warning:4": "/warnings/4", "check:5": "/checks/5", "export:6": "/exports#export-6",
		"meeting:7": "/meetings/7", "feed:settlement": "/feeds/settlement", "conflicts": "/visit-conflicts", "jobs": "/operations", "filing:8": "", "item:x": "", "": "", "feed:": ""} {
		if got := telling.Link(about); got != want {
			t.Errorf("%q leads to %q, want %q", about, got, want)
		}
	}
}
