// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tools

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Texts returns the texts in the Go files of a folder, without tests. A concatenation is
// one text, in which %s stands for what only the program knows.
func Texts(t testing.TB, folder string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	read := texts{constants: map[string]ast.Expr{}, parts: map[string]bool{}}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
		read.declarations(file)
	}
	for _, file := range files {
		ast.Inspect(file, read.visit)
	}
	return read.found
}

type texts struct {
	constants map[string]ast.Expr
	// parts are the constants that are only parts of texts.
	parts map[string]bool
	found []string
}

// declarations collects the constants of a file, and which of them are parts.
func (x *texts) declarations(file *ast.File) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GenDecl:
			for _, spec := range n.Specs {
				if value, is := spec.(*ast.ValueSpec); is && n.Tok == token.CONST && len(value.Names) == len(value.Values) {
					for i, name := range value.Names {
						x.constants[name.Name] = value.Values[i]
					}
				}
			}
		case *ast.BinaryExpr:
			for _, side := range []ast.Expr{n.X, n.Y} {
				if name, is := side.(*ast.Ident); is && n.Op == token.ADD {
					x.parts[name.Name] = true
				}
			}
		}
		return true
	})
}

func (x *texts) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.ValueSpec:
		return len(n.Names) != 1 || !x.parts[n.Names[0].Name]
	case *ast.BinaryExpr:
		text, rest := x.text(n)
		if strings.Trim(text, "%s") == "" {
			return true
		}
		x.found = append(x.found, text)
		for _, expression := range rest {
			ast.Inspect(expression, x.visit)
		}
		return false
	case *ast.BasicLit:
		if text, _ := x.text(n); n.Kind == token.STRING {
			x.found = append(x.found, text)
		}
	}
	return true
}

// text returns the text of an expression, and the parts of it that are not known.
func (x *texts) text(e ast.Expr) (text string, rest []ast.Expr) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err == nil && e.Kind == token.STRING {
			return text, nil
		}
	case *ast.Ident:
		if value := x.constants[e.Name]; value != nil {
			return x.text(value)
		}
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			left, unknown := x.text(e.X)
			right, more := x.text(e.Y)
			return left + right, append(unknown, more...)
		}
	}
	return "%s", []ast.Expr{e}
}
