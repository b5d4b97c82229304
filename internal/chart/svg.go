package chart

import (
	"bytes"
	"encoding/xml"
	"fmt"
)

// fonts are those that people's systems have, for Chinese and Latin.
const fonts = "'Noto Sans SC','Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei','WenQuanYi Micro Hei',sans-serif"

// SVG is the page as a vector picture.
func (p *Page) SVG() []byte {
	w, h := p.size()
	s := &svg{}
	fmt.Fprintf(&s.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="%s" role="img">`+"\n", w, h, w, h, fonts)
	fmt.Fprintf(&s.b, "<title>%s</title>\n", escaped(p.Title))
	p.draw(s)
	s.b.WriteString("</svg>\n")
	return s.b.Bytes()
}

type svg struct{ b bytes.Buffer }

func (s *svg) rectangle(x, y, w, h int, color string) {
	if w > 0 && h > 0 {
		fmt.Fprintf(&s.b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", x, y, w, h, color)
	}
}

func (s *svg) text(x, y, size int, at anchor, bold bool, color, text string) {
	if text == "" {
		return
	}
	weight := ""
	if bold {
		weight = ` font-weight="bold"`
	}
	fmt.Fprintf(&s.b, `<text x="%d" y="%d" font-size="%d" text-anchor="%s"%s fill="%s">%s</text>`+"\n", x, y, size, anchorNames[at], weight, color, escaped(text))
}

var anchorNames = [...]string{start: "start", middle: "middle", end: "end"}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes everything
	return b.String()
}
