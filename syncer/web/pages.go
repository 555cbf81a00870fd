// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
	"github.com/relay-secrets/terraform-provider-relay/syncer/render"
)

//go:embed templates static
var files embed.FS

// pages are the templates, and the files that they refer to.
type pages struct {
	templates map[string]*template.Template
	// version is a hash of all files below static: it is in their URLs, so that browsers
	// may keep them.
	version string
}

// view is what every template gets.
type view struct {
	Title string
	// Section is the marked part of the navigation.
	Section string
	// Person is the name of who is logged in; empty without a session.
	Person string
	// Connections and Daemon show those parts of the navigation.
	Connections, Daemon bool
	// Note is the result of the last change.
	Note string
	// Warning is a sentence for every page of the session.
	Warning string
	Data    any
}

func loadPages() (*pages, error) {
	p := &pages{templates: map[string]*template.Template{}}
	hash := sha256.New()
	err := fs.WalkDir(files, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		hash.Write(content)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.version = hex.EncodeToString(hash.Sum(nil))[:16]
	layout, err := template.New("layout.html").Funcs(p.functions()).ParseFS(files, "templates/layout.html", "templates/part_*.html")
	if err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	names, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		if base == "layout" || strings.HasPrefix(base, "part_") {
			continue
		}
		page, err := layout.Clone()
		if err == nil {
			page, err = page.ParseFS(files, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read the template %s: %w", base, err)
		}
		p.templates[base] = page
	}
	return p, nil
}

func (p *pages) functions() template.FuncMap {
	return template.FuncMap{
		"asset":   func(name string) string { return "/static/" + p.version + "/" + name },
		"age":     func(t time.Time) string { return age(time.Now(), t) },
		"stamp":   stamp,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":   clock,
		"binary":  secrets.MaxBinaryBytes,
		"owner":   render.Owner,
		"changes": render.Changes,
		"short":   func(commit string) string { return commit[:min(len(commit), 8)] },
		"link":    link,
		"add":     func(a, b int) int { return a + b },
	}
}

// clock is a time of a plan as stamp writes one; any other text stays as it is.
func clock(text string) string {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return stamp(t)
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// link is a path of this page, of segments that are escaped.
func link(segments ...string) string {
	var out strings.Builder
	for _, s := range segments {
		out.WriteString("/" + url.PathEscape(s))
	}
	return out.String()
}

// age is how long ago a time is, for people.
func age(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	in := d < -time.Second
	if in {
		if d = -d; d > time.Minute {
			d += time.Minute / 2 // so that a new session ends in 8 hours, not in 7
		}
	}
	var text string
	switch {
	case in && d < 10*time.Second:
		return "in a moment"
	case d < 10*time.Second:
		return "just now"
	case d < time.Minute:
		text = render.Count(int(d/time.Second), "second")
	case d < time.Hour:
		text = render.Count(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		text = render.Count(int(d/time.Hour), "hour")
	case d < 90*24*time.Hour:
		text = render.Count(int(d/(24*time.Hour)), "day")
	default:
		text = render.Count(int(d/(30*24*time.Hour)), "month")
	}
	if in {
		return "in " + text
	}
	return text + " ago"
}

// show renders a page for the visit.
func (v *visit) show(status int, page, title string, data any) error {
	out := view{Title: title, Section: sectionOf(v.r.URL.Path), Connections: v.vault.Domain != "", Daemon: v.daemon != nil, Data: data}
	if v.ticket != "" && v.login.Token != "" {
		out.Person, out.Note = nameOf(v.login), v.sessions.TakeNote(v.ticket)
		if v.login.Person.MayWrite != nil {
			out.Warning = "With this login you can only look. " + strings.ToUpper(v.login.Person.MayWrite.Error()[:1]) + v.login.Person.MayWrite.Error()[1:]
		}
	}
	return v.pages.render(v.w, status, page, out)
}

// nameOf is the name of who is logged in.
func nameOf(l login) string {
	if l.Person.Name != "" {
		return l.Person.Name
	}
	return "Vault token"
}

// sectionOf is the part of the navigation of a path.
func sectionOf(path string) string {
	section, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return section
}

// render writes a page. Names from Vault, git and people are in it: html/template escapes
// them for HTML, and foreign.Writer what does not show there.
func (p *pages) render(w http.ResponseWriter, status int, page string, out view) error {
	var text bytes.Buffer
	if err := p.templates[page].ExecuteTemplate(&text, "layout.html", out); err != nil {
		return fmt.Errorf("render the page %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	printable := foreign.NewWriter(w, false)
	_, _ = text.WriteTo(printable) // an error means that the browser is gone
	_ = printable.Flush()
	return nil
}

// showProblem renders an error. v is nil before the session of the request is known.
func (s *Server) showProblem(w http.ResponseWriter, r *http.Request, v *visit, p errorView) {
	if v == nil {
		v = &visit{Server: s, w: w, r: r}
	}
	if p.Back == "" {
		p.Back, p.BackLabel = "/workflows", "Workflows"
	}
	if p.Ended {
		p.Back, p.BackLabel = "/login", "Log in"
	}
	if v.login.Token == "" {
		p.Detail = "" // a stranger; the log has it
	}
	if err := v.show(p.Status, "problem", p.Title, p); err != nil {
		s.log.Error("page failed", "err", err)
		http.Error(w, p.Title, p.Status)
	}
}

// types are the content types of the files below static.
var types = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// asset serves a file below static, which browsers may keep: another version has another URL.
func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	content, err := files.ReadFile("static/" + name)
	kind := types[path.Ext(name)]
	if err != nil || kind == "" || r.PathValue("version") != p.version {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(content) //nolint:gosec // a file of this program, not of the request
}
