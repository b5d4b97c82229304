package synth

import "dajiuzhu/internal/calendar"

// Names are put together by draws; whoever bears one of them does so by chance.

var surnames = []string{
	"王", "李", "张", "刘", "陈", "杨", "赵", "孙", "马", "高", "于", "徐", "郭", "胡", "朱", "宋", "林", "郑", "董", "吴",
	"韩", "孟", "田", "崔", "邢", "霍", "路", "翟", "牛", "尹", "曹", "冯", "任", "魏", "许", "贾", "石", "夏", "苏", "卢",
}

// given are the characters of given names by the time of birth, for men and women.
var given = []struct {
	before       int
	male, female [2][]string
}{
	{1960, [2][]string{{"玉", "金", "学", "兆", "振", "洪", "万", "德"}, {"山", "生", "田", "祥", "林", "忠", "贵", "海"}},
		[2][]string{{"秀", "桂", "玉", "凤", "淑", "兰"}, {"英", "兰", "芝", "荣", "珍", "香", "芳", "云"}}},
	{1980, [2][]string{{"建", "国", "志", "卫", "庆", "新", "立", "文"}, {"军", "华", "强", "民", "平", "东", "明", "峰"}},
		[2][]string{{"春", "红", "秀", "爱", "玉", "海"}, {"梅", "霞", "华", "红", "燕", "玲", "芹", "莲"}}},
	{2000, [2][]string{{"晓", "志", "文", "海", "俊", "振", "亚", "永"}, {"鹏", "超", "磊", "涛", "杰", "飞", "龙", "波"}},
		[2][]string{{"晓", "雪", "丽", "海", "文", "艳"}, {"丽", "敏", "静", "娟", "婷", "燕", "慧", "娜"}}},
	{3000, [2][]string{{"子", "宇", "浩", "俊", "嘉", "梓", "明", "一"}, {"轩", "涵", "宇", "泽", "辰", "博", "睿", "航"}},
		[2][]string{{"梓", "欣", "雨", "诗", "佳", "若", "一", "语"}, {"涵", "怡", "萱", "琪", "诺", "妍", "彤", "晴"}}},
}

func givenName(d die, female bool, birth calendar.Date) string {
	for _, g := range given {
		if birth.Year() >= g.before {
			continue
		}
		names := g.male
		if female {
			names = g.female
		}
		last := pick(d, "name-last", names[1])
		if birth.Year() >= 1960 && birth.Year() < 2000 && d.chance("name-short", 0.18) {
			return last
		}
		return pick(d, "name-first", names[0]) + last
	}
	return "某"
}

// surname is one of the few that most of a village bears, or any.
func (v *place) surname(root, d die) string {
	if d.chance("local-surname", 0.55) {
		village := root.of("place", int(v.code))
		if v.code == guozhai && d.chance("guo", 0.5) {
			return "国"
		}
		return surnames[village.of("surname", d.choose("which", 5, 3, 2)).below("it", len(surnames))]
	}
	return pick(d, "surname", surnames)
}
