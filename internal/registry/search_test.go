package registry_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// find is the names of all that a search finds, page by page.
func (w *world) find(p postgres.Principal, by registry.By, wanted string, most int) (names []string) {
	w.Helper()
	err := w.as(p, func(ctx context.Context, tx pgx.Tx) error {
		var after registry.After
		for {
			page, err := w.Search(ctx, tx, by, wanted, after, most)
			if err != nil {
				return err
			}
			for _, h := range page.Hits {
				names = append(names, h.Name)
			}
			if after = page.Next; !page.More {
				return nil
			}
		}
	})
	if err != nil {
		w.Fatal(err)
	}
	return names
}

func TestSearch(t *testing.T) {
	w := newWorld(t)
	all := []registry.Registration{registration(1, "王小明", village), registration(2, "王晓敏", village), registration(3, "王小明", hamlet),
		registration(4, "曾国强", village), registration(5, "李雨", abroad), registration(6, "欧阳%_", village)}
	all[0].Phone, all[4].Address = "+86 138 0000 1234", "外县李家村100%号"
	w.register(today, all...)
	county, everywhere := officer(371499000000), officer(371400000000)
	tests := []struct {
		name   string
		who    postgres.Principal
		by     registry.By
		wanted string
		want   []string
	}{
		{"a single surname", county, registry.ByName, "王", []string{"王小明", "王小明", "王晓敏"}},
		{"the same within a village", officer(village), registry.ByName, "王", []string{"王小明", "王晓敏"}},
		{"a whole name", county, registry.ByName, " 王小明 ", []string{"王小明", "王小明"}},
		{"another county's", county, registry.ByName, "李", nil},
		{"that county's too", everywhere, registry.ByName, "李", []string{"李雨"}},
		{"pinyin", county, registry.ByPinyin, "Wang Xiaom", []string{"王小明", "王小明", "王晓敏"}},
		{"a surname's reading", county, registry.ByPinyin, "zengguo", []string{"曾国强"}},
		{"initials", county, registry.ByInitials, "zgq", []string{"曾国强"}},
		{"an address", everywhere, registry.ByAddress, "李家村", []string{"李雨"}},
		{"an address with a sign of patterns", everywhere, registry.ByAddress, "100%号", []string{"李雨"}},
		{"a pattern is no pattern", everywhere, registry.ByAddress, "李%村", nil},
		{"an address elsewhere", county, registry.ByAddress, "李家村", nil},
		{"a number", county, registry.ByNumber, number(4).Plain(), []string{"曾国强"}},
		{"a number elsewhere", county, registry.ByNumber, number(5).Plain(), nil},
		{"a phone", county, registry.ByPhone, "13800001234", []string{"王小明"}},
		{"nothing", county, registry.ByName, " ", nil},
		{"signs in a name", county, registry.ByName, "欧阳%", []string{"欧阳%_"}},
		{"a resident", postgres.Principal{Account: 1, Role: "resident", Area: village}, registry.ByName, "王", nil},
		{"a department's officer", postgres.Principal{Account: 1, Role: "department", Department: "health", Area: 371400000000}, registry.ByName, "王", nil},
		{"nobody", postgres.Principal{}, registry.ByName, "王", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, most := range []int{1, 2, 20} {
				got := w.find(test.who, test.by, test.wanted, most)
				slices.Sort(got)
				if !slices.Equal(got, test.want) {
					t.Errorf("found %q by pages of %d, want %q", got, most, test.want)
				}
			}
		})
	}
}

// Who was merged is found by the former name as who goes on, once, and only where the other is seen.
func TestFormerName(t *testing.T) {
	w := newWorld(t)
	_, p := w.register(today, registration(1, "王小明", village), registration(2, "王晓敏", village))
	first, second, third, same := w.met("王大妮", today), w.met("王大妮", today), w.met("王大妞", today), w.met("王小明", today)
	for _, m := range [][2]int64{{first, second}, {second, p[0]}, {third, p[0]}, {same, p[0]}} {
		if err := w.merge(m[0], m[1], ""); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		who    postgres.Principal
		by     registry.By
		wanted string
		want   []string
	}{
		{"by the former name", officer(371499000000), registry.ByName, "王大妮", []string{"王小明"}},
		{"the same within a village", officer(village), registry.ByName, "王大妮", []string{"王小明"}},
		{"by its reading", officer(village), registry.ByPinyin, "wangdaniu", []string{"王小明"}},
		{"each name once", officer(village), registry.ByName, "王", []string{"王小明", "王小明", "王小明", "王晓敏"}},
		{"from elsewhere", officer(abroad), registry.ByName, "王大妮", nil},
	}
	for _, test := range tests {
		for _, most := range []int{1, 2, 20} {
			got := w.find(test.who, test.by, test.wanted, most)
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("%s: found %q by pages of %d, want %q", test.name, got, most, test.want)
			}
		}
	}
}

// What is seen by hand-written SQL is what the area lets be seen, and nothing is written past it.
func TestRowsAreHeldToTheArea(t *testing.T) {
	w := newWorld(t)
	_, p := w.register(today, registration(1, "甲", village), registration(2, "乙", abroad), registration(3, "丙", abroad))
	w.compose(today, []int64{p[0], p[2]}, []int64{p[1]})
	w.work(func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "update household set area = $1 where id = (select household from membership where person = $2)", abroad, p[1])
		return err
	})
	tests := []struct {
		role string
		area area.Code
		want string
	}{
		{"officer", village, "丙甲 1 2"}, // 丙 is registered elsewhere and lives in the family
		{"officer", abroad, "丙乙 1 1"},
		{"inspector", 371400000000, "丙乙甲 2 3"},
		{"resident", village, " 0 0"},
		{"organisation", 371400000000, " 0 0"},
		{"department", 371400000000, " 0 0"},
		{"", 371400000000, " 0 0"},
	}
	for _, test := range tests {
		err := w.as(postgres.Principal{Account: 7, Role: test.role, Area: test.area}, func(ctx context.Context, tx pgx.Tx) error {
			var got string
			err := tx.QueryRow(ctx, `select coalesce((select string_agg(name, '' order by name) from person), '') || ' ' || (select count(*) from household)
				|| ' ' || (select count(*) from membership)`).Scan(&got)
			if got != test.want {
				t.Errorf("a %s of %d sees %q, want %q", test.role, test.area, got, test.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{
		"update person set area = 371499100201", "delete from person", "update household set key = ''", "delete from membership",
		"insert into household (key, area, from_date) values ('x', 371499100201, now())",
		"insert into person (name, area) values ('外人', 371498100201)",
		"insert into person (name, area, registered) values ('假', 371499100201, true)",
		"update merging set split_at = now()", "select acting_merges(1, 2)", "alter table person disable row level security",
	} {
		err := w.as(officer(village), func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		})
		if err == nil {
			t.Errorf("the application ran %q", statement)
		}
	}
}

func FuzzSearch(f *testing.F) {
	for _, s := range []string{"王", "wang", "138", "%", "_", `\`, "'; drop table person; --", "\x00", "\xff", strings.Repeat("长", 101)} {
		f.Add(s)
	}
	db := postgrestest.New(f)
	r := registry.New(sealed.NewKeys())
	f.Fuzz(func(t *testing.T, wanted string) {
		for _, by := range []registry.By{registry.ByName, registry.ByPinyin, registry.ByInitials, registry.ByAddress, registry.ByNumber, registry.ByPhone} {
			err := db.As(t.Context(), officer(village), func(tx pgx.Tx) error {
				_, err := r.Search(t.Context(), tx, by, wanted, registry.After{Key: wanted}, 5)
				return err
			})
			var told *fault.Error
			if err != nil && (!errors.As(err, &told) || told.Kind != fault.Invalid) {
				t.Errorf("by %s: %v", by, err)
			}
		}
	})
}
