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
