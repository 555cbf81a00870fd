// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/gitsource"
	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/syncer/config"
	"github.com/relay-secrets/terraform-provider-relay/syncer/report"
)

// VerifyFile checks one manifest. name is for messages and decides the format.
func VerifyFile(name string, data []byte) report.Verified {
	manifest, err := sopsfile.Verify(name, data)
	if err != nil {
		return report.Verified{File: name, Err: err}
	}
	v := report.Verified{File: name}
	problems := &sopsfile.Problems{File: name}
	if checkConnections(manifest.Leaves, problems); len(problems.List) > 0 {
		v.Err = problems
		return v
	}
	setContents(&v, manifest.Leaves)
	return v
}

// VerifyFile checks a file on disk as each source does that follows it: in the format of
// its map entry, with the workflows of the source and its recipients. A file that no
// source follows is checked as a manifest, unless sources are named.
func (c *Controller) VerifyFile(names []string, name string, data []byte) ([]report.Verified, error) {
	sources, err := c.cfg.Select(names)
	if err != nil {
		return nil, err
	}
	top, path, err := inRepository(name)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", name, err)
	}
	var followed []config.Source
	if path != "" {
		followed, err = follow(sources, top, path, len(names) > 0)
	}
	switch {
	case err != nil:
		return []report.Verified{{File: name, Err: fmt.Errorf("%s: %w", name, err)}}, nil
	case len(followed) == 0 && len(names) > 0:
		return []report.Verified{{File: name, Err: fmt.Errorf("%s: not selected by files or map of source %s", name, strings.Join(names, " or "))}}, nil
	case len(followed) == 0:
		return []report.Verified{VerifyFile(name, data)}, nil
	}
	var out []report.Verified
	for _, cfg := range followed {
		s := &source{Source: cfg}
		out = append(out, s.verifyFile(path, name, data))
	}
	return out, nil
}

// CheckManifest refuses a file that a source rejects in a commit for its name, or as a link
// (CheckLinks).
func CheckManifest(name string) error {
	if conffile.IsDescriptor(name) {
		return nil
	}
	_, path, err := inRepository(name)
	if err != nil {
		return err
	}
	if path == "" {
		path = filepath.Base(name)
	}
	if err := gitsource.CheckName(path); err != nil {
		return err
	}
	return CheckLinks(name)
}

// CheckLinks refuses a file that is, or is below, a symbolic link: the file that it leads to
// may be one that the person who named the link must not read. A source reads the commit,
// in which a link has no content.
func CheckLinks(name string) error {
	if conffile.IsDescriptor(name) {
		return nil
	}
	top, path, err := inRepository(name)
	switch {
	case err != nil:
		return err
	case path != "":
		return gitsource.CheckLinks(top, path)
	}
	if top, path, err = belowWorkingDirectory(name); err != nil {
		return err
	}
	if link, found := gitsource.FirstLink(top, path); found {
		return fmt.Errorf("%s is a symbolic link, which is not followed", link)
	}
	return nil
}

// belowWorkingDirectory splits the path of a file outside of work trees: the folders below
// the working directory, or those of a relative path, can be those of another person. Above
// them, and elsewhere, links are of the machine, such as /tmp on macOS.
func belowWorkingDirectory(name string) (top, path string, err error) {
	here, err := filepath.Abs(".")
	if err != nil {
		return "", "", err
	}
	path = filepath.Clean(name)
	if filepath.IsAbs(path) {
		if below, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(below) {
			return here, filepath.ToSlash(below), nil
		}
		return filepath.Dir(path), filepath.Base(path), nil
	}
	path = filepath.ToSlash(path)
	for strings.HasPrefix(path, "../") {
		here, path = filepath.Dir(here), path[len("../"):]
	}
	return here, path, nil
}

// inRepository returns the top folder of the work tree that has a file, and the path of
// the file in it; nothing if it is in none.
func inRepository(name string) (top, path string, err error) {
	name, err = filepath.Abs(name)
	if err != nil {
		return "", "", err
	}
	for top = filepath.Dir(name); ; top = filepath.Dir(top) {
		if isWorkTree(top) {
			path, err = filepath.Rel(top, name)
			return top, filepath.ToSlash(path), err
		}
		if top == filepath.Dir(top) {
			return "", "", nil
		}
	}
}

// follow returns the sources that follow a file of a work tree. Sources whose repository
// is this work tree come before those with a remote or bare repository, of which it may be
// a clone. Named sources follow it wherever it is.
func follow(sources []config.Source, top, path string, named bool) ([]config.Source, error) {
	var here, elsewhere []config.Source
	for _, s := range sources {
		switch {
		case !gitsource.Selects(s.Patterns(), path):
		case named || !s.IsRemote() && sameFolder(s.Repository, top):
			here = append(here, s)
		case s.IsRemote() || !isWorkTree(s.Repository):
			elsewhere = append(elsewhere, s)
		}
	}
	if len(here) > 0 {
		return here, nil
	}
	other := func(s config.Source) bool { return s.Repository != elsewhere[0].Repository }
	if slices.ContainsFunc(elsewhere, other) {
		return nil, errors.New("several sources with different repositories select this path; name the source with --source")
	}
	return elsewhere, nil
}

func isWorkTree(folder string) bool {
	_, err := os.Lstat(filepath.Join(folder, ".git"))
	return err == nil
}

func sameFolder(a, b string) bool {
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// verifyFile checks a file by its path in the repository. name is for messages.
func (s *source) verifyFile(path, name string, data []byte) report.Verified {
	v := report.Verified{Source: s.Name, File: name}
	manifest, err := s.manifest(path, name, data)
	if err == nil {
		err = s.allowed(manifest)
	}
	if err == nil {
		err = checkRecipients(manifest, s.Recipients)
	}
	if v.Err = err; err == nil {
		setContents(&v, manifest.Leaves)
	}
	return v
}

// checkRecipients refuses a file that is not encrypted for a required recipient.
func checkRecipients(m *sopsfile.Manifest, required []string) error {
	problems := &sopsfile.Problems{File: m.Name}
	for _, recipient := range m.Missing(required) {
		problems.Add(sopsfile.Problem{
			Text: fmt.Sprintf("is not encrypted for %s, which recipients in the configuration requires; add it to .sops.yaml and run sops updatekeys on the file", recipient),
		})
	}
	if len(problems.List) > 0 {
		return problems
	}
	return nil
}
