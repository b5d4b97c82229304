package registry

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// surnames are read otherwise as surnames than the first reading of the character.
var surnames = map[rune]string{
	'曾': "zeng", '单': "shan", '解': "xie", '仇': "qiu", '查': "zha", '朴': "piao", '区': "ou", '任': "ren", '尉': "wei", '乐': "yue",
	'盖': "ge", '翟': "zhai", '覃': "qin", '华': "hua", '缪': "miao", '折': "she", '种': "chong", '秘': "bi", '员': "yun", '召': "shao",
	'洗': "xian", '繁': "po", '黑': "he", '牟': "mu", '宓': "mi", '燕': "yan", '纪': "ji", '褚': "chu",
}

// spell writes a name in pinyin without tones or blanks, "wangxiaoming", and by its initials, "wxm". Letters stay, in small; of a character
// with several readings the most common is taken, and of a surname the surname's.
func spell(name string) (full, initials string) {
	var f, i strings.Builder
	args := pinyin.NewArgs()
	inWord := false
	for n, r := range []rune(name) {
		syllable, isSurname := "", false
		if n == 0 {
			syllable, isSurname = surnames[r]
		}
		if readings := pinyin.SinglePinyin(r, args); !isSurname && len(readings) > 0 {
			syllable = readings[0]
		}
		if syllable != "" {
			f.WriteString(syllable)
			i.WriteByte(syllable[0])
			inWord = false
			continue
		}
		letter := r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r))
		if letter {
			f.WriteRune(unicode.ToLower(r))
			if !inWord {
				i.WriteRune(unicode.ToLower(r))
			}
		}
		inWord = letter
	}
	return f.String(), i.String()
}
