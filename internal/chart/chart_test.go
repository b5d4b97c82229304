package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"strings"
	"testing"

	"dajiuzhu/internal/chart"
	"dajiuzhu/internal/fault"
	"dajiuzhu/internal/money"
)

func page(label string) *chart.Page {
	return &chart.Page{
		Title: "A <change> & what it costs", Subtitle: "2026",
		Panels: []chart.Panel{
			{Title: "Cost", Less: "less", More: "more", Rows: []chart.Row{
				{Label: label, More: money.Must("300"), MoreText: "+300.00"},
				{Label: "other", Less: money.Must("150"), LessText: "-150.00"},
				{Label: "next to nothing", More: money.Must("0.000001")},
			}},
			{Title: "Nobody", Less: "lose", More: "gain"},
		},
		Notes: []string{"a note"},
	}
}

// TestSVG: the picture is well formed, says everything once, and bars are as long as their numbers.
func TestSVG(t *testing.T) {
	content := page("低保").SVG()
	var bars []string
	d := xml.NewDecoder(bytes.NewReader(content))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "rect" {
			of := map[string]string{}
			for _, a := range e.Attr {
				of[a.Name.Local] = a.Value
			}
			if of["fill"] == "#1f6fb4" || of["fill"] == "#e08214" {
				bars = append(bars, of["fill"]+" "+of["width"])
			}
		}
	}
	if want := "#1f6fb4 150,#e08214 75,#1f6fb4 1"; strings.Join(bars, ",") != want {
		t.Errorf("the bars are %v, want %s", bars, want)
	}
	for _, text := range []string{"低保", "A &lt;change&gt; &amp; what it costs", "+300.00", "-150.00", "a note"} {
		if !strings.Contains(string(content), text) {
			t.Errorf("the picture does not say %q", text)
		}
	}
	if !bytes.Equal(content, page("低保").SVG()) {
		t.Error("the same page is other bytes")
	}
}

func TestPNG(t *testing.T) {
	p := page("dibao")
	content, err := p.PNG(chart.FindFont(p))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	inked := 0
	for x := range picture.Bounds().Dx() {
		if r, _, _, _ := picture.At(x, 100).RGBA(); r < 0x8000 {
			inked++
		}
	}
	if picture.Bounds().Dx() < 1000 || inked == 0 {
		t.Errorf("a picture %v with %d dark points where the title is", picture.Bounds(), inked)
	}
}

// TestLettersThatNoFontHas: a picture is refused whole, with the letter, rather than drawn with holes.
func TestLettersThatNoFontHas(t *testing.T) {
	p := page("\U0001F9FF") // in no font for texts
	_, err := p.PNG(chart.FindFont(p))
	var f *fault.Error
	if !errors.As(err, &f) || !strings.Contains(f.Message(fault.Zh), "\U0001F9FF") {
		t.Errorf("the fault is %v", err)
	}
	if _, err := chart.OpenFont("chart_test.go"); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "chart_test.go") {
		t.Errorf("a program is taken for a font: %v", err)
	}
}
