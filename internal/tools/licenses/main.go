// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("expected a file and the folders of programs")
	}
	packages, err := linkedPackages(ctx, args[1:])
	if err != nil {
		return err
	}
	goroot, err := goCommand(ctx, "env", "GOROOT")
	if err != nil {
		return err
	}
	modules, err := readModules(packages, strings.TrimSpace(string(goroot)))
	if err != nil {
		return err
	}
	if found := problems(modules); len(found) > 0 {
		return errors.New(strings.Join(found, "\n"))
	}
	return os.WriteFile(args[0], []byte(text(modules)), 0o644) //nolint:gosec // public texts
}

// goPackage is a package as "go list -json" prints it. One of Go's own packages has no module.
type goPackage struct {
	Dir      string
	Standard bool
	Module   *goModule
}

type goModule struct {
	Path, Version, Dir string
	Main               bool
}

func goCommand(ctx context.Context, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // arguments of the developer
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

// linkedPackages are the packages of programs, each listed from its own folder: a program can be
// in a module of its own.
func linkedPackages(ctx context.Context, programs []string) ([]goPackage, error) {
	var out []goPackage
	for _, program := range programs {
		listing, err := goCommand(ctx, "-C", program, "list", "-deps", "-json=Dir,Standard,Module", ".")
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(listing))
		for {
			var p goPackage
			if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("list packages: %w", err)
			}
			out = append(out, p)
		}
	}
	return out, nil
}

// readModules reads the licences of packages, sorted by module. Go is a module, too.
func readModules(packages []goPackage, goroot string) ([]linked, error) {
	modules, seen := map[string]*linked{}, map[string]bool{}
	for _, p := range packages {
		// One licence is for all of Go but the code of the BoringCrypto experiment.
		path, version, root, folder := "Go", "standard library", goroot, goroot
		switch {
		case p.Standard:
		case p.Module == nil:
			return nil, fmt.Errorf("%s: belongs to no module", p.Dir)
		case p.Module.Main:
			continue
		default:
			path, version, root, folder = p.Module.Path, p.Module.Version, p.Module.Dir, p.Dir
		}
		if modules[path] == nil {
			modules[path] = &linked{path: path, version: version}
		}
		for ; strings.HasPrefix(folder, root) && !seen[folder]; folder = filepath.Dir(folder) {
			seen[folder] = true
			if err := modules[path].read(root, folder); err != nil {
				return nil, err
			}
		}
	}
	var out []linked
	for _, m := range modules {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b linked) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

var (
	licenseName = regexp.MustCompile(`(?i)^(un)?(licen[sc]e|copying)([-._].*)?$`)
	noticeName  = regexp.MustCompile(`(?i)^notice([-._].*)?$`)
)

// read adds the licences and notices of a folder of the module.
func (m *linked) read(root, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		isLicense := licenseName.MatchString(entry.Name())
		if !entry.Type().IsRegular() || strings.HasSuffix(entry.Name(), ".go") || !isLicense && !noticeName.MatchString(entry.Name()) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		path, err := filepath.Rel(root, filepath.Join(folder, entry.Name()))
		if err != nil {
			return err
		}
		if !isLicense {
			m.notices = append(m.notices, license{path: path, text: string(data)})
			continue
		}
		cover := licensecheck.Scan(data)
		l := license{path: path, coverage: cover.Percent, text: string(data)}
		for _, match := range cover.Match {
			if !slices.Contains(l.ids, match.ID) {
				l.ids = append(l.ids, match.ID)
			}
		}
		m.licenses = append(m.licenses, l)
	}
	return nil
}
