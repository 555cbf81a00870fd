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

// position is a line and a column of the file, from 1, in characters.
type position struct{ line, column int }

func positionOf(n *yaml.Node) position { return position{n.Line, n.Column} }

// source converts between positions and offsets in the text of a file.
type source struct {
	data []byte
	// lines has the offset of each line, and the length of the file.
	lines []int
	// wide caches the offsets of characters in lines that are not all ASCII.
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

// characters returns the offsets of a line's characters, nil if each is one byte.
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

// offset returns the offset of a position; -1 for an invalid position.
func (s source) offset(p position) int {
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

// position is the reverse of offset.
func (s source) position(offset int) position {
	line, found := slices.BinarySearch(s.lines[:len(s.lines)-1], offset)
	if found {
		line++
	}
	characters := s.characters(line)
	if characters == nil {
		return position{line, offset - s.lines[line-1] + 1}
	}
	column, _ := slices.BinarySearch(characters, offset)
	return position{line, column + 1}
}

// within returns a finder for the templates of a text.
func (s source) within(n *yaml.Node) *finder {
	f := &finder{source: s, node: n, at: s.offset(positionOf(n))}
	// Quotes, escapes and indentation add at most this much.
	f.end = min(len(s.data), f.at+4*len(n.Value)+1024)
	return f
}

// finder finds the position in the file of each ${ of a text.
type finder struct {
	source
	node *yaml.Node
	// passed is the offset in the node's value up to which the finder has searched.
	passed int
	// at is the same offset in the file; -1 after a mismatch.
	at, end int
}

// of returns the position of the ${ at an offset of the value. If the file writes the
// text with escapes, it returns the position of the text. Offsets must increase.
func (f *finder) of(offset int) position {
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
		return positionOf(f.node)
	}
	return f.position(f.at - 2)
}

// plainStart returns the start of a text that is the same in every YAML style.
func plainStart(text string) string {
	text = text[:min(len(text), 64)]
	if end := strings.IndexAny(text, " \t\r\n'\"\\"); end >= 0 {
		text = text[:end]
	}
	return text
}

// block finds the positions of parts of a text. They are exact if the text is a literal
// block, which is a copy of lines of the file, and that of the text otherwise.
type block struct {
	source
	node *yaml.Node
	// line is the line of the file that has the text from start to end; base is the offset
	// in the file of start.
	line, start, end, base int
}

func (s source) block(n *yaml.Node) *block {
	return &block{source: s, node: n, line: n.Line, end: -1}
}

// of returns the position of an offset of the text. Offsets must increase.
func (b *block) of(offset int) position {
	if b.node.Style&yaml.LiteralStyle == 0 {
		return positionOf(b.node)
	}
	for offset > b.end {
		b.line++
		b.start = b.end + 1
		b.end = len(b.node.Value)
		if length := strings.IndexByte(b.node.Value[b.start:], '\n'); length >= 0 {
			b.end = b.start + length
		}
		if b.line >= len(b.lines) {
			return positionOf(b.node)
		}
		in, text := b.data[b.lines[b.line-1]:b.lines[b.line]], b.node.Value[b.start:b.end]
		indent := len(in) - len(bytes.TrimLeft(in, " ")) - len(text) + len(strings.TrimLeft(text, " "))
		b.base = b.lines[b.line-1] + indent
	}
	return b.position(min(b.base+offset-b.start, len(b.data)))
}
