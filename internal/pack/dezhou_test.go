package pack_test

import (
	"strings"
	"testing"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
	"dajiuzhu/packs"
)

// The real tree of areas, with what is odd in it left as it is.
func TestDezhouAreas(t *testing.T) {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	tree, city := p.Areas, area.Code(371400000000)
	counties := tree.Children(city)
	townships := 0
	for _, county := range counties {
		townships += len(tree.Children(county))
	}
	villages := tree.Villages(city)
	if len(counties) != 12 || townships != 135 || len(villages) != 5307 {
		t.Errorf("%d counties, %d townships, %d villages; want 12, 135, 5307", len(counties), townships, len(villages))
	}

	at := map[string]area.Code{}
	names := map[string]int{}
	for _, v := range villages {
		short, path := tree.Short(v), tree.Path(v)
		names[tree.Name(v)]++
		if short == "" || strings.HasSuffix(short, "委员会") || strings.HasSuffix(short, "村村") {
			t.Errorf("%s %s is short %q", v, tree.Name(v), short)
		}
		if strings.HasSuffix(short, "居委会") && !strings.HasSuffix(short, "类似居委会") {
			t.Errorf("%s %s is short %q", v, tree.Name(v), short)
		}
		if other, ok := at[path]; ok {
			t.Errorf("%s and %s both lie at %s", other, v, path)
		}
		at[path] = v
	}
	twice := 0
	for _, n := range names {
		if n > 1 {
			twice++
		}
	}
	if twice != 374 {
		t.Errorf("%d names are used more than once, want 374: a name never tells a village", twice)
	}

	for code, path := range map[area.Code]string{
		371424100281: "临邑县临邑镇国寨村",
		371471000000: "德州天衢新区",                         // a functional zone with a county's statistical code
		371471400000: "德州天衢新区新区服务管理办公室",                // no township, and counted as one
		371471100200: "德州天衢新区赵虎镇韩春村",                   // 韩春村委员会
		371426202341: "平原县三唐乡兴牧村",                      // 兴牧村村民委员, cut off in the register
		371403002319: tree.Path(371403002000) + "小吕新村", // without a committee
	} {
		if got := tree.Path(code); got != path {
			t.Errorf("%s lies at %s, want %s", code, got, path)
		}
	}
	if tree.Has(371499000000) {
		t.Error("the area of invented people is in the real table")
	}
}

// A yes or no to the question after a fact is a yes or no to the fact: what the question asks is what the fact is called by, the right way round.
func TestAYesIsTheFactsYes(t *testing.T) {
	p, faults := pack.Load(packs.Dezhou())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	same := map[string]pack.Text{ // of facts that are easily asked the wrong way round
		"household.only_home": {Zh: "唯一", En: "the only one"}, "person.credit_good": {Zh: "良好", En: "good credit"},
		"person.living_in_institution": {Zh: "是不是住在", En: "live in a home"}, "person.alive": {Zh: "健在", En: "alive"},
	}
	for _, f := range p.Facts {
		if f.Type != "bool" {
			continue
		}
		if strings.Contains(f.Ask.Zh, "选“") || strings.Contains(f.Ask.Zh, "还是住") || strings.Contains(f.Ask.En, " or at home?") {
			t.Errorf("%s asks %q: no yes and no no", f.Path(), f.Ask.Zh)
		}
		if w, ok := same[f.Path()]; ok {
			delete(same, f.Path())
			if !strings.Contains(f.Ask.Zh, w.Zh) || !strings.Contains(f.Ask.En, w.En) {
				t.Errorf("%s asks %q, %q: want what says %q, %q", f.Path(), f.Ask.Zh, f.Ask.En, w.Zh, w.En)
			}
		}
	}
	if len(same) > 0 {
		t.Errorf("no facts %v", same)
	}
}
