package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// progressBar is one line on a terminal that says how far reading has come.
type progressBar struct {
	w     io.Writer
	unit  func(done, total int64) string // how far, in words; nil: megabytes
	last  time.Time
	shown bool
}

const (
	barWidth = 40
	barEvery = 100 * time.Millisecond
)

func (b *progressBar) show(done, total int64) {
	now := time.Now()
	if total <= 0 || now.Sub(b.last) < barEvery {
		return
	}
	b.last, b.shown = now, true
	share := min(float64(done)/float64(total), 1)
	full := int(share * barWidth)
	words := fmt.Sprintf("%d of %d MB", done>>20, total>>20)
	if b.unit != nil {
		words = b.unit(done, total)
	}
	fmt.Fprintf(b.w, "\r  [%s%s] %3.0f%%  %s ", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), share*100, words)
}

func (b *progressBar) clear() {
	if b.shown {
		fmt.Fprintf(b.w, "\r%s\r", strings.Repeat(" ", barWidth+40))
	}
}
