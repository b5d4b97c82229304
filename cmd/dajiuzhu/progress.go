package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// bar shows how far long work has come, on a terminal only: in a pipe it would be noise.
type bar struct {
	out   io.Writer // nil: nobody watches
	title string
	shown int
}

func newBar(w io.Writer, title string) *bar {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{out: w, title: title, shown: -1}
}

const barWidth = 40

// progress draws the bar when it has grown.
func (b *bar) progress(done, total int) {
	if b.out == nil || total == 0 {
		return
	}
	percent := done * 100 / total
	if percent == b.shown {
		return
	}
	b.shown = percent
	full := percent * barWidth / 100
	fmt.Fprintf(b.out, "\r%s [%s%s] %3d%%", b.title, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), percent)
}

// done clears the line.
func (b *bar) done() {
	if b.out != nil && b.shown >= 0 {
		fmt.Fprintf(b.out, "\r%s\r", strings.Repeat(" ", len(b.title)+barWidth+10))
	}
}
