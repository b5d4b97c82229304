package chart

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"dajiuzhu/internal/fault"
)

var noFont = fault.Text{Key: "chart.no-font",
	Zh: "“{file}”不是能用的字体文件（TTF、OTF、TTC）", En: `"{file}" is no font file that can be used (TTF, OTF, TTC)`}

// fontMost bounds a file of fonts: the largest for Chinese have some tens of megabytes.
const fontMost = 128 << 20

// OpenFont reads a font, of a collection the first.
func OpenFont(path string) (*Font, error) {
	refuse := func(err error) error {
		return fault.New(fault.Invalid, noFont, fault.Args{"file": path}).Because(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, refuse(err)
	}
	if info.Size() > fontMost {
		return nil, refuse(fmt.Errorf("%d bytes", info.Size()))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, refuse(err)
	}
	all, err := sfnt.ParseCollection(content)
	if err != nil {
		return nil, refuse(err)
	}
	first, err := all.Font(0)
	if err != nil {
		return nil, refuse(err)
	}
	return &Font{font: first}, nil
}

// latin is the font that the program brings along, for what needs no other.
func latin() *Font {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic("chart: the font of the program cannot be read")
	}
	return &Font{font: f}
}

// folders are where systems keep fonts.
func folders() []string {
	all := []string{"/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts", `C:\Windows\Fonts`}
	if home, err := os.UserHomeDir(); err == nil {
		all = append(all, filepath.Join(home, ".fonts"), filepath.Join(home, ".local/share/fonts"), filepath.Join(home, "Library/Fonts"))
	}
	return all
}

// chinese are how the names of files of Chinese fonts begin, without regard to case, the better first.
var chinese = []string{"notosanssc", "notosanscjksc", "notosanscjk", "sourcehansanssc", "sourcehansans", "pingfang", "msyh", "wqy-microhei", "wqy-zenhei", "simhei", "droidsansfallback", "notoserifsc", "notoserifcjk"}

// FindFont is a font that has all letters of a page: the program's own if that does, else one of the system. The page's PNG tells
// which letter is lacking if there is none.
func FindFont(p *Page) *Font {
	own := latin()
	letters := p.letters()
	if _, lacks := own.lacks(letters); !lacks {
		return own
	}
	for _, path := range installed() {
		f, err := OpenFont(path)
		if err != nil {
			continue
		}
		if _, lacks := f.lacks(letters); !lacks {
			return f
		}
	}
	return own
}

// installed are the files of Chinese fonts on this machine, in the order of chinese and then of their paths.
func installed() []string {
	found := make([][]string, len(chinese))
	for _, folder := range folders() {
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil // what cannot be read has no font
			}
			name := strings.ToLower(strings.ReplaceAll(d.Name(), "_", ""))
			if i := slices.IndexFunc(chinese, func(begin string) bool { return strings.HasPrefix(name, begin) }); i >= 0 && isFont(name) {
				found[i] = append(found[i], path)
			}
			return nil
		})
	}
	return slices.Concat(found...)
}

func isFont(name string) bool {
	return slices.Contains([]string{".ttf", ".otf", ".ttc", ".otc"}, filepath.Ext(name))
}
