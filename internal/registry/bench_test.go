package registry_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/calendar"
	"dajiuzhu/internal/idno"
	"dajiuzhu/internal/postgres"
	"dajiuzhu/internal/postgres/postgrestest"
	"dajiuzhu/internal/registry"
	"dajiuzhu/internal/sealed"
)

// People of the invented register; DAJIUZHU_PEOPLE sets another number, 5611194 for a whole city.
func benchPeople(b *testing.B) int {
	if s := os.Getenv("DAJIUZHU_PEOPLE"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		return n
	}
	return 100_000
}

const (
	surnames = "王王王王王王王王李李李李李李李张张张张张张刘刘刘刘刘陈陈陈杨杨赵赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文国"
	given    = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰春梅秀珍建国志红文晓小雨泽桐燕飞鹏辉波宁丹萍云凤莲俊浩宇轩梓涵欣怡子墨思诗佳琪雪晨阳博睿"
)

// invented gives people of thirteen counties, each of thirty townships of thirty villages, in the order of the villages.
func invented(n int) func(yield func(registry.Registration, error) bool) {
	return func(yield func(registry.Registration, error) bool) {
		random := rand.New(rand.NewPCG(3, 4))
		first, second := []rune(surnames), []rune(given)
		birth := calendar.Must(1930, time.January, 1)
		const villages = 13 * 30 * 30
		for i := range n {
			v := i * villages / n
			county, township, village := v/900, v/30%30, v%30
			number, _ := idno.Make("371499", birth.AddDays(i/900), i%900)
			name := []rune{first[random.IntN(len(first))], second[random.IntN(len(second))]}
			if random.IntN(10) < 8 {
				name = append(name, second[random.IntN(len(second))])
			}
			r := registry.Registration{Number: number, Name: string(name), Sex: "male", Birth: number.Birth(), Died: calendar.Forever,
				Area:    area.Code(371401_000_000 + county*1_000_000 + (100+township)*1000 + 201 + village),
				Address: fmt.Sprintf("第%d县第%d镇%c家村%d号", county, township, first[v*7%len(first)], random.IntN(900)), Phone: fmt.Sprint(13_000_000_000 + i)}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// BenchmarkCity fills a register once and measures what is done on it.
func BenchmarkCity(b *testing.B) {
	n := benchPeople(b)
	db, keys := postgrestest.New(b), sealed.NewKeys()
	r := registry.New(keys)
	ctx := context.Background()
	work := func(do func(pgx.Tx) error) {
		b.Helper()
		if err := db.Work(ctx, do); err != nil {
			b.Fatal(err)
		}
	}
	began := time.Now()
	work(func(tx pgx.Tx) error {
		_, err := r.Register(ctx, tx, registry.Update{Rows: invented(n), Whole: []area.Code{371400000000}, On: today, Cause: "batch:1"})
		return err
	})
	b.Logf("registered %d persons in %.1f s", n, time.Since(began).Seconds())
	began = time.Now()
	work(func(tx pgx.Tx) error {
		known, err := registry.LoadIdentities(ctx, tx, keys)
		if err == nil {
			b.Logf("loaded %d identities in %.1f s", known.Len(), time.Since(began).Seconds())
		}
		return err
	})
	began = time.Now()
	work(func(tx pgx.Tx) error {
		out, err := r.Compose(ctx, tx, registry.Composing{Households: families(b, ctx, tx), On: today, Source: "composed", Cause: "run:1"})
		b.Logf("composed %d households in %.1f s", out.Founded, time.Since(began).Seconds())
		return err
	})
	if _, err := db.Own().Exec(ctx, "vacuum analyze person, household, membership"); err != nil {
		b.Fatal(err)
	}
	searches(b, db, r)
	b.Run("file", func(b *testing.B) {
		p := officer(371400000000)
		lasted := measure(b, func(i int) error {
			return db.As(ctx, p, func(tx pgx.Tx) error { _, err := r.File(ctx, tx, int64(1+i*7919%(n/3))); return err })
		})
		b.ReportMetric(lasted, "p95-ms")
	})
}

// families are three persons each, in the order of their ids.
func families(b *testing.B, ctx context.Context, tx pgx.Tx) func(yield func(registry.Composition) bool) {
	rows, err := tx.Query(ctx, "select id, area from person order by id")
	if err != nil {
		b.Fatal(err)
	}
	type at struct {
		ID   int64
		Area area.Code
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[at])
	if err != nil {
		b.Fatal(err)
	}
	return func(yield func(registry.Composition) bool) {
		for three := range slices.Chunk(all, 3) {
			c := registry.Composition{Key: "k", Area: three[0].Area}
			for _, p := range three {
				c.Members = append(c.Members, registry.Member{Person: p.ID, Counted: true})
			}
			if !yield(c) {
				return
			}
		}
	}
}

// measure runs something b.N times and gives the 95th percentile, in milliseconds.
func measure(b *testing.B, do func(i int) error) float64 {
	var all []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		if err := do(i); err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return float64(all[len(all)*95/100].Microseconds()) / 1000
}

// searches measures each search from each height, beside the same query under row-level security.
func searches(b *testing.B, db *postgres.DB, r *registry.Registry) {
	ctx := context.Background()
	tests := []struct {
		name, by, wanted, policy string
	}{
		{"surname", "name", "王", "name >= '王' and name < '王' || chr(1114111)"},
		{"whole-name", "name", "王志强", "name >= '王志强' and name < '王志强' || chr(1114111)"},
		{"rare-surname", "name", "国", "name >= '国' and name < '国' || chr(1114111)"},
		{"pinyin", "pinyin", "zhangwei", "pinyin >= 'zhangwei' and pinyin < 'zhangwei' || chr(1114111)"},
		{"initials", "initials", "wzq", "initials >= 'wzq' and initials < 'wzq' || chr(1114111)"},
		{"address", "address", "第7镇国家村12号", "address like '%第7镇国家村12号%'"},
		{"nobody", "name", "犇犇", "name >= '犇犇' and name < '犇犇' || chr(1114111)"},
	}
	places := []struct {
		name string
		area area.Code
	}{{"city", 371400000000}, {"county", 371406000000}, {"township", 371406107000}, {"village", 371406107207}}
	for _, test := range tests {
		for _, place := range places {
			b.Run(test.name+"/"+place.name, func(b *testing.B) {
				p := officer(place.area)
				lasted := measure(b, func(int) error {
					return db.As(ctx, p, func(tx pgx.Tx) error {
						_, err := r.Search(ctx, tx, registry.By(test.by), test.wanted, registry.After{}, 20)
						return err
					})
				})
				b.ReportMetric(lasted, "p95-ms")
				began, rounds := time.Now(), 3
				for range rounds {
					err := db.As(ctx, p, func(tx pgx.Tx) error {
						order := "id"
						if test.by != "address" {
							order = test.by + ", area, id"
						}
						_, err := tx.Exec(ctx, "select id, name from person where merged_into is null and "+test.policy+" order by "+order+" limit 20")
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(time.Since(began).Microseconds())/1000/float64(rounds)/lasted, "policy/search")
			})
		}
	}
}
