// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/scanner"
	"unicode"
)

// maxExpressionDepth bounds the nesting of parentheses, calls and keys.
const maxExpressionDepth = 100

// access is one path in an expression: secrets.a['b'] has the keys secrets, a and b; $
// has none.
type access struct {
	keys []key
	// optional is set inside the arguments of coalesce.
	optional bool
}

// key is one segment of a path, or another operand; text is valid only if known is set.
type key struct {
	text  string
	known bool
	// number is set for a numeric constant, which + adds; it joins other constants.
	number bool
	// root is set for $ alone.
	root bool
}

// expression parses the text between ${ and }. The grammar is relay-core's path
// language: gval's grammar over the tokens of text/scanner.
type expression struct {
	scan scanner.Scanner
	// token is the last token; with again set, next returns it once more.
	token rune
	again bool

	depth    int
	coalesce int
	// inner is set behind |>, where names refer to the value before it.
	inner bool
	parsed
}

// parsed is the content of an expression, in its order.
type parsed struct {
	accesses []access
	// calls lists the names of functions.
	calls []string
}

// parseExpression parses one expression and the } behind it at the start of text. It
// returns the content and the number of bytes, } included.
func parseExpression(text string) (parsed, int, error) {
	e := &expression{}
	e.scan.Init(strings.NewReader(text))
	e.scan.Error = func(*scanner.Scanner, string) {} // operand reports invalid tokens
	e.scan.Mode = scanner.GoTokens
	e.scan.IsIdentRune = isIdentRune
	if strings.HasPrefix(text, "\uFEFF") { // the scanner skips it
		return parsed{}, 0, errors.New("unexpected byte order mark")
	}
	if _, err := e.expression(); err != nil {
		return parsed{}, 0, err
	}
	if e.next() != '}' {
		return parsed{}, 0, e.unexpected("}")
	}
	return e.parsed, e.scan.Pos().Offset, nil
}

func isIdentRune(r rune, i int) bool {
	return r == '_' || unicode.IsLetter(r) || i > 0 && (r == '-' || unicode.IsDigit(r))
}

// operators lists the binary operators. Their precedence has no effect on the
// references of an expression.
var operators = []string{
	"&&", "||", "==", "!=", "<", "<=", ">", ">=", "=~", "!~",
	"+", "-", "*", "/", "%", "**", "^", "&", "|", "<<", ">>", pipe,
}

// pipe makes the value before it the context of the names behind it.
const pipe = "|>"

func beginsOperator(text string) bool {
	return slices.ContainsFunc(operators, func(o string) bool { return strings.HasPrefix(o, text) })
}

// expression parses operands and the operators between them. It returns their value if
// it is a constant.
func (e *expression) expression() (key, error) {
	if err := e.enter(); err != nil {
		return key{}, err
	}
	defer func(inner bool) { e.depth, e.inner = e.depth-1, inner }(e.inner)
	sum, err := e.operand()
	if err != nil {
		return key{}, err
	}
	for {
		operator, err := e.operator()
		if err != nil || operator == "" {
			return sum, err
		}
		if operator == pipe {
			// Names in the rest of this expression refer to the value before the pipe.
			// Only $ keeps the names of the template.
			if sum.root {
				e.dropRoot()
			} else {
				e.inner = true
			}
		}
		next, err := e.operand()
		if err != nil {
			return key{}, err
		}
		joined := operator == "+" && sum.known && next.known && !sum.number && !next.number
		text := ""
		if joined { // otherwise the text has no use, and a long sum would be copied for each operand
			text = sum.text + next.text
		}
		sum = key{text: text, known: joined, root: next.root && operator == pipe}
	}
}

func (e *expression) enter() error {
	if e.depth++; e.depth > maxExpressionDepth {
		return fmt.Errorf("more than %d nested expressions", maxExpressionDepth)
	}
	return nil
}

// operator parses the longest operator that follows, or returns "".
func (e *expression) operator() (string, error) {
	token := e.next()
	text := string(token)
	if token < 0 || !beginsOperator(text) {
		e.again = true
		return "", nil
	}
	for beginsOperator(text + string(e.scan.Peek())) {
		text += string(e.scan.Next())
	}
	switch {
	case slices.Contains(operators, text):
		return text, nil
	case len(text) == 1:
		e.again = true
		return "", nil
	}
	return "", fmt.Errorf("unknown operator %q", text)
}

// operand parses one operand.
func (e *expression) operand() (key, error) {
	if err := e.enter(); err != nil {
		return key{}, err
	}
	defer func() { e.depth-- }()
	switch token := e.next(); token {
	case '!', '-', '~':
		_, err := e.operand()
		return key{}, err
	case '(':
		return e.closed(')')
	case '[':
		return key{}, e.elements(']', e.element)
	case '{':
		return key{}, e.elements('}', e.member)
	case '$':
		return e.path(nil)
	case scanner.Ident:
		return e.name(e.scan.TokenText())
	case scanner.Int, scanner.Float:
		return constantNumber(e.scan.TokenText())
	case scanner.String, scanner.RawString, scanner.Char:
		return constantString(e.scan.TokenText())
	}
	return key{}, e.unexpected("value")
}

// closed parses an expression and its closing token.
func (e *expression) closed(end rune) (key, error) {
	k, err := e.expression()
	if err == nil && e.next() != end {
		err = e.unexpected(string(end))
	}
	return k, err
}

// elements parses a list or an object; gval accepts any number of commas.
func (e *expression) elements(end rune, one func() error) error {
	for {
		switch e.next() {
		case end:
			return nil
		case ',':
		default:
			e.again = true
			if err := one(); err != nil {
				return err
			}
		}
	}
}

func (e *expression) element() error {
	_, err := e.expression()
	return err
}

func (e *expression) member() error {
	if _, err := e.expression(); err != nil {
		return err
	}
	e.next() // the colon; gval accepts any token
	return e.element()
}

// name parses a constant, a call, or a path.
func (e *expression) name(name string) (key, error) {
	switch name {
	case "true", "false", "null":
		return key{}, nil
	}
	if e.nextOfPath() == '(' {
		return key{}, e.call(name)
	}
	e.again = true
	return e.path([]key{{text: name, known: true}})
}

// call parses the arguments of a function: all by position or all by keyword.
func (e *expression) call(function string) error {
	e.calls = append(e.calls, function)
	if function == "coalesce" {
		e.coalesce++
		defer func() { e.coalesce-- }()
	}
	if e.next() == ')' {
		return nil
	}
	keywords := e.token == scanner.Ident && e.scan.Peek() == ':'
	for first := true; ; first = false {
		switch {
		case keywords:
			if !first && e.next() != scanner.Ident {
				return e.unexpected("argument name")
			}
			if e.next() != ':' {
				return e.unexpected(":")
			}
		case first:
			e.again = true
		}
		if _, err := e.expression(); err != nil {
			return err
		}
		switch e.next() {
		case ')':
			return nil
		case ',':
		default:
			return e.unexpected(", or )")
		}
	}
}

// path parses the keys behind a name or $, and records the path.
func (e *expression) path(keys []key) (key, error) {
	for {
		var next key
		var err error
		switch e.nextOfPath() {
		case '.':
			if e.nextOfPath() == scanner.Ident {
				next = key{text: e.scan.TokenText(), known: true}
			} else {
				e.again = true
				next, err = e.operand()
			}
		case '[':
			next, err = e.closed(']')
		default:
			e.again = true
			if !e.inner {
				e.accesses = append(e.accesses, access{keys, e.coalesce > 0})
			}
			return key{root: len(keys) == 0 && !e.inner}, nil
		}
		if err != nil {
			return key{}, err
		}
		keys = append(keys, next)
	}
}

// dropRoot removes the $ before |>, which is not a reference by itself.
func (e *expression) dropRoot() { e.accesses = e.accesses[:len(e.accesses)-1] }

func (e *expression) next() rune {
	if !e.again {
		e.token = e.scan.Scan()
	}
	e.again = false
	return e.token
}

// nextOfPath reads a token of a path: in a.0.1, "0.1" is two keys and not a number.
func (e *expression) nextOfPath() rune {
	e.scan.Mode = (scanner.GoTokens | scanner.ScanInts) &^ scanner.ScanFloats
	defer func() { e.scan.Mode = scanner.GoTokens }()
	return e.next()
}

// unexpected returns the error for the current token. It shows no string, because a
// workflow file may contain a secret by mistake.
func (e *expression) unexpected(want string) error {
	got := scanner.TokenString(e.token)
	switch e.token {
	case scanner.EOF:
		got = "end of text"
	case scanner.String, scanner.RawString, scanner.Char:
		got = "string"
	case scanner.Ident:
		got = fmt.Sprintf("%q", cut(e.scan.TokenText()))
	case scanner.Int, scanner.Float:
		got = "number"
	}
	return fmt.Errorf("unexpected %s, expected %s", got, want)
}
