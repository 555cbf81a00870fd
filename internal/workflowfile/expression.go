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

// maxExpressionDepth bounds how deep parentheses, calls and keys of an
// expression nest.
const maxExpressionDepth = 100

// access is one path in an expression, from the names that a template sees:
// secrets.a['b'] has the keys secrets, a and b; $ has none.
type access struct {
	keys []key
	// optional is set inside the arguments of coalesce.
	optional bool
}

// key is one segment of a path, or another operand; text means something only
// where known.
type key struct {
	text  string
	known bool
	// number is set for a constant that + adds instead of joining.
	number bool
	// root is set for $ alone.
	root bool
}

// expression parses what stands between ${ and }. It follows relay-core's path
// language, which is gval's grammar over the tokens of text/scanner.
type expression struct {
	scan scanner.Scanner
	// token is the last one; again means that the next call of next returns it once
	// more.
	token rune
	again bool

	depth    int
	coalesce int
	// inner is set behind |>, where names are of what stands before it.
	inner bool
	parsed
}

// parsed is what an expression holds, in its order.
type parsed struct {
	accesses []access
	// calls are the names of functions.
	calls []string
}

// parseExpression reads one expression from the start of text, and the } behind
// it. It returns what is in it, and how many bytes it and the } have.
func parseExpression(text string) (parsed, int, error) {
	e := &expression{}
	e.scan.Init(strings.NewReader(text))
	e.scan.Error = func(*scanner.Scanner, string) {} // a broken token is refused by its reader
	e.scan.Mode = scanner.GoTokens
	e.scan.IsIdentRune = isIdentRune
	if strings.HasPrefix(text, "\uFEFF") { // the scanner would skip it
		return parsed{}, 0, errors.New("an invisible byte order mark")
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

// operators stand between two operands. All take what is on both sides, so their
// precedence does not matter here.
var operators = []string{
	"&&", "||", "==", "!=", "<", "<=", ">", ">=", "=~", "!~",
	"+", "-", "*", "/", "%", "**", "^", "&", "|", "<<", ">>", pipe,
}

// pipe lets what stands behind it see what stands before it.
const pipe = "|>"

func beginsOperator(text string) bool {
	return slices.ContainsFunc(operators, func(o string) bool { return strings.HasPrefix(o, text) })
}

// expression reads operands and the operators between them. It returns the
// constant that they are, if they are one.
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
			// The rest of this expression sees what stands left of it. Only $ passes
			// on the names of the template.
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
		sum = key{text: sum.text + next.text, known: joined, root: next.root && operator == pipe}
	}
}

func (e *expression) enter() error {
	if e.depth++; e.depth > maxExpressionDepth {
		return fmt.Errorf("more than %d expressions inside each other", maxExpressionDepth)
	}
	return nil
}

// operator reads an operator, as long a one as there is, or nothing if none
// follows.
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

// operand reads what stands between operators.
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
	return key{}, e.unexpected("a value")
}

// closed reads an expression and the token that ends it.
func (e *expression) closed(end rune) (key, error) {
	k, err := e.expression()
	if err == nil && e.next() != end {
		err = e.unexpected(string(end))
	}
	return k, err
}

// elements reads a list or object; gval takes any number of commas.
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
	e.next() // the colon; gval takes anything else as well
	return e.element()
}

// name reads what begins with a name: a constant, a call, or a path.
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

// call reads the arguments of a function, either all by position or all by
// keyword.
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
				return e.unexpected("the name of an argument")
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

// path reads the keys behind a name or $, and keeps it.
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

// dropRoot forgets the $ that stands left of |>: by itself it takes nothing.
func (e *expression) dropRoot() { e.accesses = e.accesses[:len(e.accesses)-1] }

func (e *expression) next() rune {
	if !e.again {
		e.token = e.scan.Scan()
	}
	e.again = false
	return e.token
}

// nextOfPath reads a token where a.0.1 is no fraction.
func (e *expression) nextOfPath() rune {
	e.scan.Mode = (scanner.GoTokens | scanner.ScanInts) &^ scanner.ScanFloats
	defer func() { e.scan.Mode = scanner.GoTokens }()
	return e.next()
}

// unexpected says what stands where something else should. It shows no string: a
// workflow file should hold no secret, and may.
func (e *expression) unexpected(want string) error {
	got := scanner.TokenString(e.token)
	switch e.token {
	case scanner.EOF:
		got = "the end of the text"
	case scanner.String, scanner.RawString, scanner.Char:
		got = "a string"
	case scanner.Ident:
		got = fmt.Sprintf("%q", cut(e.scan.TokenText()))
	case scanner.Int, scanner.Float:
		got = "a number"
	}
	return fmt.Errorf("%s where %s was expected", got, want)
}

// cut shortens what a message quotes.
func cut(text string) string {
	const most = 64
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// quoteKey writes a key as it stands in a path: bare, or quoted.
func quoteKey(name string) string {
	for i, r := range name {
		if !isIdentRune(r, i) {
			return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(cut(name)) + "'"
		}
	}
	return cut(name)
}
