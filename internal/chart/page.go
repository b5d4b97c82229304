package chart

import (
	"dajiuzhu/internal/money"
)

// Page is panels under a title: the first stands left, the others right of it, one below the other.
type Page struct {
	Title    string
	Subtitle string
	Panels   []Panel
	Notes    []string
}

// Panel is rows that are drawn to one scale.
type Panel struct {
	Title      string
	Less, More string // what the bars to the left and to the right are
	Rows       []Row
}

// Row is a label with a bar to the left and one to the right. Lengths are not negative; texts stand at their ends.
type Row struct {
	Label              string
	Less, More         money.Decimal
	LessText, MoreText string
}

// The colours differ in lightness too, so that they can be told apart without seeing them.
const (
	inkColor   = "#1f2933"
	quietColor = "#616e7c"
	lineColor  = "#cbd2d9"
	paperColor = "#ffffff"
	moreColor  = "#1f6fb4"
	lessColor  = "#e08214"
)

// The measures of a page, in pixels.
const (
	margin      = 32
	gap         = 40
	panelWidth  = 700
	labelWidth  = 216
	rowHeight   = 26
	barHeight   = 14
	titleSize   = 24
	headSize    = 16
	textSize    = 13
	noteHeight  = 20
	headHeight  = 58 // of a panel: its title and what the sides are
	valueWidth  = 92 // room for a text at the end of a bar
	titleHeight = 84
)

// surface is what a page is drawn on.
type surface interface {
	rectangle(x, y, w, h int, color string)
	text(x, y, size int, at anchor, bold bool, color, s string)
}

// anchor says which part of a text stands at its place.
type anchor uint8

const (
	start anchor = iota
	middle
	end
)

func (p *Panel) height() int { return headHeight + len(p.Rows)*rowHeight }

// size is the width and the height of the page.
func (p *Page) size() (w, h int) {
	left, right := 0, 0
	for i := range p.Panels {
		if i == 0 {
			left = p.Panels[i].height()
			continue
		}
		if i > 1 {
			right += gap
		}
		right += p.Panels[i].height()
	}
	w = 2*margin + panelWidth
	if len(p.Panels) > 1 {
		w += gap + panelWidth
	}
	return w, margin + titleHeight + max(left, right) + gap/2 + len(p.Notes)*noteHeight + margin
}

func (p *Page) draw(s surface) {
	w, h := p.size()
	s.rectangle(0, 0, w, h, paperColor)
	s.text(margin, margin+titleSize, titleSize, start, true, inkColor, p.Title)
	s.text(margin, margin+titleSize+26, textSize, start, false, quietColor, p.Subtitle)
	y := margin + titleHeight
	for i := range p.Panels {
		if i == 0 {
			p.Panels[i].draw(s, margin, y)
			continue
		}
		p.Panels[i].draw(s, margin+panelWidth+gap, y)
		y += p.Panels[i].height() + gap
	}
	for i, note := range p.Notes {
		s.text(margin, h-margin-(len(p.Notes)-1-i)*noteHeight, textSize, start, false, quietColor, note)
	}
}

func (p *Panel) draw(s surface, x, y int) {
	s.text(x, y+headSize, headSize, start, true, inkColor, p.Title)
	side := (panelWidth - labelWidth) / 2
	zero := x + labelWidth + side
	s.text(zero-10, y+headSize+24, textSize, end, false, lessColor, p.Less)
	s.text(zero+10, y+headSize+24, textSize, start, false, moreColor, p.More)
	top := y + headHeight - 8
	s.rectangle(zero, top, 1, len(p.Rows)*rowHeight+8, lineColor)
	most := p.most()
	for i, row := range p.Rows {
		middleY := y + headHeight + i*rowHeight + rowHeight/2
		if i%2 == 0 {
			s.rectangle(x, middleY-rowHeight/2, panelWidth, rowHeight, "#f5f7fa")
			s.rectangle(zero, middleY-rowHeight/2, 1, rowHeight, lineColor)
		}
		s.text(x+labelWidth-8, middleY+textSize/3+1, textSize, end, false, inkColor, shorten(row.Label, labelWidth-12))
		less, more := length(row.Less, most, side-valueWidth), length(row.More, most, side-valueWidth)
		s.rectangle(zero-less, middleY-barHeight/2, less, barHeight, lessColor)
		s.rectangle(zero+1, middleY-barHeight/2, more, barHeight, moreColor)
		s.text(zero-less-6, middleY+textSize/3+1, textSize, end, false, inkColor, row.LessText)
		s.text(zero+more+7, middleY+textSize/3+1, textSize, start, false, inkColor, row.MoreText)
	}
}

// most is the longest bar of the panel.
func (p *Panel) most() money.Decimal {
	most := money.Decimal(0)
	for _, row := range p.Rows {
		most = max(most, row.Less, row.More)
	}
	return most
}

// length is a bar's in pixels: at least one if it is not nothing.
func length(of, most money.Decimal, room int) int {
	if of <= 0 || most <= 0 {
		return 0
	}
	share, ok := of.Quo(most)
	if !ok {
		return 0
	}
	return max(1, int(share)*room/money.Scale)
}

// shorten cuts a text that is too long for its room. A Chinese character is as wide as it is high, a Latin one about half.
func shorten(s string, room int) string {
	width := 0
	for i, c := range s {
		if width += wide(c); width > room {
			return s[:i] + "…"
		}
	}
	return s
}

func wide(c rune) int {
	if c > 0x2e80 {
		return textSize
	}
	return textSize * 11 / 20
}
