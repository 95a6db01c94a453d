package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode"
)

// say writes for people. What it is given comes from traffic, from other people and from files: no
// control character of it reaches a terminal, and none of it begins a line or a column of its own.
// Those of the format do.
func say(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, tame(args)...)
}

// sayf is say into a text.
func sayf(format string, args ...any) string { return fmt.Sprintf(format, tame(args)...) }

// tame are arguments of a format without control characters.
func tame(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case string:
			out[i] = oneLine(v)
		case error:
			out[i] = oneLine(v.Error())
		case fmt.Stringer:
			out[i] = oneLine(v.String())
		default:
			if out[i] = a; reflect.ValueOf(a).Kind() == reflect.String {
				out[i] = oneLine(reflect.ValueOf(a).String())
			}
		}
	}
	return out
}

// printable keeps control characters of names from reaching a terminal.
func printable(text string) string { return without(text, "\n") }

// oneLine is printable of what has no lines.
func oneLine(text string) string { return without(text, "") }

// without has a question mark for each control character but some.
func without(text, but string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !strings.ContainsRune(but, r) {
			return '?'
		}
		return r
	}, text)
}
