// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/relay-secrets/terraform-provider-relay/internal/await"
)

var (
	kills      = flag.Int("kills", 2, "how often TestKilledAtRandomLosesNothing kills each program (make proof: 100)")
	randomSeed = flag.Uint64("seed", 0, "the seed of tests with random moments and bytes; 0 for a new one, which they log")
)

// newRandom is a random source that a failure can be repeated with.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := *randomSeed
	if seed == 0 {
		seed = rand.Uint64() //nolint:gosec // not a secret
	}
	t.Logf("repeat with -seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // not a secret
}

// TestKilledAtRandomLosesNothing kills an apply, the daemon, or the git of the daemon at random moments,
// each time while it applies a commit that adds, changes and deletes secrets. The next run of the
// program converges. In the end each version is that of one request, each was announced in the audit
// file, and nothing is left in the folders.
func TestKilledAtRandomLosesNothing(t *testing.T) {
	t.Parallel()
	for name, kill := range map[string]func(*installation, time.Duration){
		"apply": (*installation).killApply, "daemon": (*installation).killDaemon, "git": (*installation).killGit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := newRandom(t)
			i := newInstallation(t)
			i.next()
			i.converges()
			i.next()
			begun := time.Now()
			i.converges()
			usual := time.Since(begun)
			for n := range *kills {
				i.next()
				kill(i, time.Duration(random.Int64N(int64(usual)*5/4)))
				i.converges()
				if t.Failed() {
					t.Fatalf("at kill %d", n+1)
				}
			}
			i.next()
			i.converges()
			i.isExplained()
			i.isTidy()
			t.Attr("tried", strconv.Itoa(*kills))
		})
	}
}

// installation is relay-sync with a remote repository, an audit file and folders of its own.
type installation struct {
	*world
	folder, config      string
	generation, adopted int
	path                string // PATH of the programs
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	w := newWorld(t, 1)
	w.overHTTPS(t)
	i := &installation{world: w, folder: t.TempDir(), path: os.Getenv("PATH")}
	for _, name := range []string{"tmp", "data"} {
		if err := os.Mkdir(filepath.Join(i.folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := w.cfg.Sources[0]
	w.cfg.Mirrors = filepath.Join(i.folder, "data", "mirrors")
	i.config = fmt.Sprintf("controller: %s\naudit: %q\nmirrors: %q\nvault: {address: %q, token_file: %q, settle: 1s}\n"+
		"sources:\n- {name: shop, repository: %q, remote: {token_file: %q, ca_cert: %q, poll: 5s}, files: [\"*.yaml\"], workflows: [%q], age_keys: [%q]}\n",
		w.cfg.Controller, filepath.Join(i.folder, "data", "audit.jsonl"), w.cfg.Mirrors, w.proxy.Address, w.cfg.Vault.TokenFile,
		s.Repository, s.Remote.TokenFile, s.Remote.CACert, s.Workflows[0], s.AgeKeys[0])
	w.vault.Write(t, w.workflow(0), "foreign", "untouched")
	return i
}

// next commits another generation: values change, one secret is added and one is gone.
func (i *installation) next() {
	i.t.Helper()
	i.generation++
	text := "workflows:\n  " + i.workflow(0) + ":\n"
	for _, name := range i.wanted() {
		text += fmt.Sprintf("    %s: \"%d\"\n", name, i.generation)
	}
	i.seal("a.yaml", text)
	i.commit()
}

func (i *installation) wanted() []string {
	names := []string{fmt.Sprint("new-", i.generation-1), fmt.Sprint("new-", i.generation)}
	for n := range 10 {
		names = append(names, fmt.Sprint("s", n))
	}
	return names
}

func (i *installation) command(args ...string) *exec.Cmd {
	cmd := exec.Command(relaySync(i.t), append(args, "-c", write(i.t, i.folder, "relay-sync.yaml", i.config))...)
	cmd.Env = []string{"PATH=" + i.path, "TMPDIR=" + filepath.Join(i.folder, "tmp")}
	return cmd
}

func (i *installation) killApply(after time.Duration) {
	cmd := i.command("apply")
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait() // killed, or ended before
	timer.Stop()
}

func (i *installation) killDaemon(after time.Duration) {
	cmd := i.command("run")
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
}

// killGit kills a git that the daemon has started, and lets the daemon converge.
func (i *installation) killGit(after time.Duration) {
	var log bytes.Buffer
	cmd := i.command("run")
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() {
		// The daemon may have no git at this moment; its next poll has.
		await.Until(10*time.Second, func() bool { return killChildren(cmd.Process.Pid) })
	})
	if !await.Until(time.Minute, i.reads) {
		i.t.Errorf("the daemon does not converge:\n%s", &log)
	}
	timer.Stop()
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		i.t.Errorf("the daemon ended: %v\n%s", err, &log)
	}
}

func killChildren(pid int) (killed bool) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)) // it may have ended
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		more, _ := os.ReadFile(task)
		text = append(text, more...)
	}
	for field := range strings.FieldsSeq(string(text)) {
		if child, err := strconv.Atoi(field); err == nil && syscall.Kill(child, syscall.SIGKILL) == nil {
			killed = true
		}
	}
	return killed
}

// reads reports whether every secret has the value of the last generation, and no other secret is live.
func (i *installation) reads() bool {
	for _, name := range i.wanted() {
		if got, _ := i.vault.ReadAs(i.t, i.vault.RootToken, i.workflow(0), name); got != fmt.Sprint(i.generation) {
			return false
		}
	}
	_, live := i.vault.ReadAs(i.t, i.vault.RootToken, i.workflow(0), fmt.Sprint("new-", i.generation-2))
	return !live
}

// converges runs apply until it succeeds. A secret that was created without a record needs a person,
// who does what the report advises.
func (i *installation) converges() {
	i.t.Helper()
	var out []byte
	if !await.Until(time.Minute, func() bool {
		var err error
		if out, err = i.command("apply").CombinedOutput(); err != nil && bytes.Contains(out, []byte("unmanaged")) {
			i.adopted++
			out, err = i.command("adopt", "--unmanaged", "--reason", "after a crash").CombinedOutput()
		}
		return err == nil
	}) {
		i.t.Fatalf("relay-sync apply fails:\n%s", out)
	}
	if !i.reads() {
		i.t.Errorf("a value is not that of generation %d, or a deleted secret is live:\n%s", i.generation, out)
	}
	if got, _ := i.vault.ReadAs(i.t, i.vault.RootToken, i.workflow(0), "foreign"); got != "untouched" {
		i.t.Errorf("the foreign secret reads %q", got)
	}
}

// isExplained compares the versions in Vault with the requests and with the audit file.
func (i *installation) isExplained() {
	i.t.Helper()
	made, lost := map[string]int{}, map[string]int{}
	for _, r := range i.proxy.Requests() {
		path, is := strings.CutPrefix(r.Path, "/v1/customers/data/workflows/")
		switch {
		case is && r.Status == http.StatusOK:
			made[path]++
		case is && (r.Status == 0 || r.Status >= 500):
			lost[path]++ // the program was killed meanwhile: it may have been made
		}
	}
	begun := i.audited()
	again := -i.generation * 10 // of ten secrets
	for path, n := range made {
		workflow, name, _ := strings.Cut(path, "/")
		if version := i.version(workflow, name); version < n || version > n+lost[path] {
			i.t.Errorf("%s has %d versions; %d writes, and %d that were lost", path, version, n, lost[path])
		}
		if begun[name] < n {
			i.t.Errorf("%s has %d versions; the audit file announces %d", path, n, begun[name])
		}
		if strings.HasPrefix(name, "s") {
			again += n
		}
	}
	i.t.Logf("%d generations, %d versions written again, %d adopts", i.generation, again, i.adopted)
	if again > 10**kills {
		i.t.Errorf("%d versions were written again", again)
	}
	i.writes()
}

// audited counts the writes that the audit file announces, by secret.
func (i *installation) audited() map[string]int {
	i.t.Helper()
	file, err := os.Open(filepath.Join(i.folder, "data", "audit.jsonl"))
	if err != nil {
		i.t.Fatal(err)
	}
	defer file.Close()
	begun := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var line struct{ Event, Action, Name string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			i.t.Errorf("the audit file has the line %q: %v", lines.Text(), err)
		}
		if line.Event == "begin" && line.Action != "delete" {
			begun[line.Name]++
		}
	}
	return begun
}

// isTidy looks for what the killed programs left.
func (i *installation) isTidy() {
	i.t.Helper()
	err := filepath.WalkDir(i.folder, func(path string, entry fs.DirEntry, err error) error {
		name := filepath.Base(path)
		left := strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "tmp_") || name == "building.git" || name == "old.git" || name == "relay-fetching"
		if left || filepath.Base(filepath.Dir(path)) == "tmp" {
			i.t.Errorf("left over: %s", path)
		}
		return err
	})
	if err != nil {
		i.t.Fatal(err)
	}
}
