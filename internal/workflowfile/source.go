// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// place is a line and a column of the file, from 1, in characters.
type place struct{ line, column int }

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// source finds places in the text of a file.
type source struct {
	data []byte
	// lines are the offsets at which lines begin, and one behind the end.
	lines []int
	// wide are the offsets of characters in lines that are not all ASCII, filled as
	// they are asked for.
	wide map[int][]int
}

func newSource(data []byte) source {
	s := source{data: data, lines: []int{0}, wide: map[int][]int{}}
	for i, b := range data {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	s.lines = append(s.lines, len(data))
	return s
}

// characters are the offsets of a line's characters, nil if all are of one byte.
func (s source) characters(line int) []int {
	offsets, known := s.wide[line]
	if known {
		return offsets
	}
	text := s.data[s.lines[line-1]:s.lines[line]]
	if utf8.RuneCount(text) < len(text) {
		for i := range string(text) {
			offsets = append(offsets, s.lines[line-1]+i)
		}
	}
	s.wide[line] = offsets
	return offsets
}

// offset is where a place lies in the file; -1 if there is no such place.
func (s source) offset(p place) int {
	if p.line < 1 || p.line >= len(s.lines) || p.column < 1 {
		return -1
	}
	if characters := s.characters(p.line); characters == nil {
		return min(s.lines[p.line-1]+p.column-1, len(s.data))
	} else if p.column <= len(characters) {
		return characters[p.column-1]
	}
	return -1
}

// place is the reverse of offset.
func (s source) place(offset int) place {
	line, found := slices.BinarySearch(s.lines[:len(s.lines)-1], offset)
	if found {
		line++
	}
	characters := s.characters(line)
	if characters == nil {
		return place{line, offset - s.lines[line-1] + 1}
	}
	column, _ := slices.BinarySearch(characters, offset)
	return place{line, column + 1}
}

// within prepares to find the templates of a text.
func (s source) within(n *yaml.Node) *finder {
	f := &finder{source: s, node: n, at: s.offset(placeOf(n))}
	// A value is written with at most so much of quotes and indentation.
	f.end = min(len(s.data), f.at+4*len(n.Value)+1024)
	return f
}

// finder finds the nth ${ of a text where the file has its nth ${.
type finder struct {
	source
	node *yaml.Node
	// passed is how far the node's value was looked through.
	passed int
	// at is how far the file was, -1 where the finder is lost.
	at, end int
}

// of says where the ${ at an offset of the value stands, or where the text begins
// if the file writes it otherwise, with escapes. Offsets must not shrink.
func (f *finder) of(offset int) place {
	for f.at >= 0 && f.passed <= offset {
		next := bytes.Index(f.data[min(f.at, f.end):f.end], []byte("${"))
		if next < 0 {
			f.at = -1
			break
		}
		f.at += next + 2
		f.passed += strings.Index(f.node.Value[f.passed:], "${") + 2
		if !bytes.HasPrefix(f.data[f.at:], []byte(plainStart(f.node.Value[f.passed:]))) {
			f.at = -1
		}
	}
	if f.at < 0 {
		return placeOf(f.node)
	}
	return f.place(f.at - 2)
}

// plainStart is the beginning of a text that no way of writing it changes.
func plainStart(text string) string {
	text = text[:min(len(text), 64)]
	if end := strings.IndexAny(text, " \t\r\n'\"\\"); end >= 0 {
		text = text[:end]
	}
	return text
}
