package pack_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"dajiuzhu/internal/area"
	"dajiuzhu/internal/pack"
)

// A county whose villages have every ending that the real table has.
const areasOfAllEndings = `code,name,level,parent_code,urban_rural
371400,德州市,city,,
371424,临邑县,county,371400,
371424200,翟家镇,township,371424,
371424100,临邑镇,township,371424,
371424100281,国寨村村民委员会,village,371424100,
371424100001,国棉社区居委会,village,371424100,
371424100002,广场社区居民委员会,village,371424100,
371424100003,魏庄村委会,village,371424100,
371424100004,王楼村村委会,village,371424100,
371424100005,前进社区村民委员会,village,371424100,
371424100006,兴牧村村民委员,village,371424100,
371424100007,苏陈村,village,371424100,
371424100008,坤河旅游类似居委会,village,371424100,
`

func areaTree(t *testing.T) *pack.AreaTree {
	t.Helper()
	p, faults := pack.Load(fstest.MapFS{
		"pack.yaml": {Data: []byte("pack: p\nname: {zh: 包, en: pack}\narea: \"3714\"\nengine: \"1\"\n")},
		"areas.csv": {Data: []byte(areasOfAllEndings)},
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p.Areas
}

func TestAreaNames(t *testing.T) {
	tree := areaTree(t)
	for _, c := range []struct {
		code        area.Code
		short, path string
	}{
		{371400000000, "德州市", "德州市"},
		{371424000000, "临邑县", "临邑县"},
		{371424100000, "临邑镇", "临邑县临邑镇"},
		{371424100281, "国寨村", "临邑县临邑镇国寨村"},
		{371424100001, "国棉社区", "临邑县临邑镇国棉社区"},
		{371424100002, "广场社区", "临邑县临邑镇广场社区"},
		{371424100003, "魏庄村", "临邑县临邑镇魏庄村"}, // the committee's 村 is the village's own
		{371424100004, "王楼村", "临邑县临邑镇王楼村"},
		{371424100005, "前进社区", "临邑县临邑镇前进社区"},
		{371424100006, "兴牧村", "临邑县临邑镇兴牧村"}, // cut off in the register
		{371424100007, "苏陈村", "临邑县临邑镇苏陈村"},
		{371424100008, "坤河旅游类似居委会", "临邑县临邑镇坤河旅游类似居委会"}, // no village, and no other name
		{371424100999, "", "临邑县临邑镇"},                   // not in the table
		{0, "", ""},
	} {
		if got := tree.Short(c.code); got != c.short {
			t.Errorf("%s is short %q, want %q", tree.Name(c.code), got, c.short)
		}
		if got := tree.Path(c.code); got != c.path {
			t.Errorf("%s lies at %q, want %q", tree.Name(c.code), got, c.path)
		}
	}
}

func TestAreasBelow(t *testing.T) {
	tree := areaTree(t)
	if diff := cmp.Diff([]area.Code{371424100000, 371424200000}, tree.Children(371424000000)); diff != "" {
		t.Errorf("children are not ordered by code (-want +got):\n%s", diff)
	}
	if got := len(tree.Villages(371400000000)); got != strings.Count(areasOfAllEndings, "village") {
		t.Errorf("%d villages in the city", got)
	}
	if diff := cmp.Diff([]area.Code{371424100007}, tree.Villages(371424100007)); diff != "" {
		t.Errorf("a village is its own (-want +got):\n%s", diff)
	}
	if got := tree.Villages(371424100999); got != nil {
		t.Errorf("a village that is not there has %v", got)
	}
}

// An area is found by parts of its path within an area, or by its whole code.
func TestFindArea(t *testing.T) {
	tree := areaTree(t)
	for _, c := range []struct {
		text string
		in   area.Code
		most int
		want []area.Code
	}{
		{"国寨", 371400000000, 9, []area.Code{371424100281}},
		{" 临邑县  国 ", 371424000000, 9, []area.Code{371424100001, 371424100281}},
		{"临邑镇", 371400000000, 2, []area.Code{371424100000, 371424100001}},
		{"国寨", 371424200000, 9, nil},
		{"371424100281", 371400000000, 9, []area.Code{371424100281}},
		{"371424100281", 371424200000, 9, nil},
		{"没有这里", 371400000000, 9, nil},
		{"  ", 371400000000, 9, nil},
	} {
		if diff := cmp.Diff(c.want, tree.Find(c.text, c.in, c.most)); diff != "" {
			t.Errorf("%q in %s (-want +got):\n%s", c.text, c.in, diff)
		}
	}
}

// A pack without a table knows no area.
func TestNoAreas(t *testing.T) {
	var none *pack.AreaTree
	if none.Has(371400000000) || none.Name(371400000000) != "" || none.Path(371424100281) != "" || none.Villages(371400000000) != nil {
		t.Error("no table knows an area")
	}
}
