package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"dajiuzhu/internal/fault"
)

var noLetter = fault.Text{Key: "chart.no-letter",
	Zh: "这台机器上的字体写不出“{found}”；请安装中文字体（如 fonts-noto-cjk）、用 --font 指定字体文件，或改存 SVG",
	En: `no font on this machine has the letter "{found}"; install a Chinese font (such as fonts-noto-cjk), name one with --font, or write SVG instead`}

// sharpness is how many pixels of the picture are one of the page.
const sharpness = 2

// PNG is the page as a picture of pixels, its letters from the font. The error names a letter that the font does not have.
func (p *Page) PNG(f *Font) ([]byte, error) {
	if missing, ok := f.lacks(p.letters()); ok {
		return nil, fault.New(fault.NotFound, noLetter, fault.Args{"found": string(missing)})
	}
	w, h := p.size()
	s := &pixels{image: image.NewRGBA(image.Rect(0, 0, w*sharpness, h*sharpness)), font: f, faces: map[int]font.Face{}}
	p.draw(s)
	if s.err != nil {
		return nil, fmt.Errorf("drawing letters: %w", s.err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, s.image); err != nil {
		return nil, fmt.Errorf("encoding the picture: %w", err)
	}
	return b.Bytes(), nil
}

// letters is everything that is written on the page.
func (p *Page) letters() string {
	l := &lettering{}
	p.draw(l)
	return l.all.String()
}

// lettering notes what would be written.
type lettering struct{ all bytes.Buffer }

func (l *lettering) rectangle(int, int, int, int, string) {}

func (l *lettering) text(_, _, _ int, _ anchor, _ bool, _, s string) { l.all.WriteString(s) }

// pixels draws on an image.
type pixels struct {
	image *image.RGBA
	font  *Font
	faces map[int]font.Face // by size
	err   error
}

func (s *pixels) rectangle(x, y, w, h int, color string) {
	area := image.Rect(x*sharpness, y*sharpness, (x+w)*sharpness, (y+h)*sharpness)
	draw.Draw(s.image, area, image.NewUniform(colorOf(color)), image.Point{}, draw.Src)
}

func (s *pixels) text(x, y, size int, at anchor, bold bool, color, text string) {
	face := s.face(size)
	if face == nil {
		return
	}
	d := font.Drawer{Dst: s.image, Src: image.NewUniform(colorOf(color)), Face: face}
	width := d.MeasureString(text)
	left := fixed.I(x * sharpness)
	switch at {
	case middle:
		left -= width / 2
	case end:
		left -= width
	}
	for i := range boldness(bold) {
		d.Dot = fixed.Point26_6{X: left + fixed.I(i), Y: fixed.I(y * sharpness)}
		d.DrawString(text)
	}
}

// boldness is how often letters are drawn beside each other: fonts of one weight have no bold ones.
func boldness(bold bool) int {
	if bold {
		return 2
	}
	return 1
}

func (s *pixels) face(size int) font.Face {
	if face := s.faces[size]; face != nil || s.err != nil {
		return face
	}
	face, err := opentype.NewFace(s.font.font, &opentype.FaceOptions{Size: float64(size * sharpness), DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		s.err = err
		return nil
	}
	s.faces[size] = face
	return face
}

// colorOf reads "#1f6fb4".
func colorOf(text string) color.RGBA {
	n, err := strconv.ParseUint(text[1:], 16, 32)
	if err != nil {
		panic("chart: a colour that is none")
	}
	return color.RGBA{R: uint8(n >> 16), G: uint8(n >> 8), B: uint8(n), A: 255}
}

// Font is letters.
type Font struct {
	font   *sfnt.Font
	buffer sfnt.Buffer
}

// lacks is the first letter that the font does not have; false if it has all.
func (f *Font) lacks(text string) (letter rune, some bool) {
	for _, c := range text {
		if i, err := f.font.GlyphIndex(&f.buffer, c); err != nil || i == 0 {
			return c, true
		}
	}
	return 0, false
}
