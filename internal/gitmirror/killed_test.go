// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestFetchAfterKilledGitSucceeds kills git with SIGKILL during a response of the
// remote, and then fetches again.
func TestFetchAfterKilledGitSucceeds(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Log("no /proc here: git cannot be found to be killed")
		return
	}
	w := overHTTPS(t)
	first := w.repo.Commit("main", "a.yaml", "1")
	w.update(true, first)
	second := w.repo.Commit("main", "b.yaml", random(200_000))
	var killing atomic.Bool
	var killed atomic.Int32
	killing.Store(true)
	w.web.Before = func(_ http.ResponseWriter, r *http.Request) bool {
		if killing.Load() && r.Method == http.MethodPost {
			killed.Add(killGits(w.cfg.Folder))
		}
		return false
	}
	w.fails(nil, "git")
	if killed.Load() == 0 {
		t.Fatal("no git was killed: the test shows nothing")
	}
	if w.at() != first {
		t.Error("the mirror moved")
	}
	killing.Store(false)
	w.update(true, second)
}

// killGits kills the processes that name the folder in their arguments.
func killGits(folder string) (killed int32) {
	paths, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		arguments, _ := os.ReadFile(path) // processes come and go
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && pid != os.Getpid() && strings.Contains(string(arguments), folder) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}
