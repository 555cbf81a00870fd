// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitcommand

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"crypto/sha1" // git's own choice
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
)

// packBuilder builds packs that git would not write.
type packBuilder struct {
	t       *testing.T
	objects [][]byte
}

// The types of objects in a pack.
const (
	commitObject = 1
	blobObject   = 3
	deltaObject  = 7
)

// add adds an object of size bytes, of which compressed is the zlib form.
func (p *packBuilder) add(kind int, prefix []byte, size int, compressed []byte) {
	var out []byte
	head := byte(kind<<4 | size&15)
	for size >>= 4; size > 0; size >>= 7 {
		out = append(out, head|0x80)
		head = byte(size & 0x7f)
	}
	p.objects = append(p.objects, slices.Concat(append(out, head), prefix, compressed))
}

// base adds a blob of whole MiB of zeros, and returns its id.
func (p *packBuilder) base(mib int) (id []byte) {
	p.t.Helper()
	p.add(blobObject, nil, mib<<20, zeros(p.t, mib))
	return blobID(make([]byte, mib<<20))
}

// zeros is the zlib form of MiB of zeros: one block again and again, because compressing
// all of them takes long under the race detector.
func zeros(t *testing.T, mib int) []byte {
	t.Helper()
	var block bytes.Buffer
	w, err := flate.NewWriter(&block, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	out := append([]byte{0x78, 0x9c}, bytes.Repeat(block.Bytes(), mib)...)
	out = append(out, 1, 0, 0, 0xff, 0xff) // an empty last block
	return binary.BigEndian.AppendUint32(out, uint32(mib<<20%65521)<<16|1)
}

// delta adds a blob of size bytes as a delta of a blob of fromSize bytes.
func (p *packBuilder) delta(from []byte, fromSize, size int, tag byte) {
	p.t.Helper()
	d := binary.AppendUvarint(nil, uint64(fromSize))
	d = binary.AppendUvarint(d, uint64(size))
	d = append(d, 1, tag) // one byte of its own
	for left := size - 1; left > 0; {
		n := min(left, fromSize, 0xff_ff_ff)
		d = append(d, 0x80|0x70, byte(n), byte(n>>8), byte(n>>16)) // copy n bytes from the begin
		left -= n
	}
	var compressed bytes.Buffer
	w := zlib.NewWriter(&compressed)
	_, err := w.Write(d)
	if err = errors.Join(err, w.Close()); err != nil {
		p.t.Fatal(err)
	}
	p.add(deltaObject, from, len(d), compressed.Bytes())
}

// deltaContent is the blob that delta makes of zeros, or of such a blob.
func deltaContent(size int, tag byte, from []byte) []byte {
	out := []byte{tag}
	for len(out) < size {
		out = append(out, from[:min(len(from), size-len(out), 0xff_ff_ff)]...)
	}
	return out
}

func blobID(content []byte) []byte {
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return h.Sum(nil)
}

func (p *packBuilder) pack() []byte {
	out := append([]byte("PACK"), 0, 0, 0, 2)
	out = binary.BigEndian.AppendUint32(out, uint32(len(p.objects)))
	for _, o := range p.objects {
		out = append(out, o...)
	}
	sum := sha1.Sum(out)
	return append(out, sum[:]...)
}

// measureVariable makes the test program run a command and print the memory of its process
// in KiB: a process that the test starts itself has the memory of the test until it becomes
// another program, and that counts.
const measureVariable = "RELAY_TEST_MEASURE"

func TestMain(m *testing.M) {
	if os.Getenv(measureVariable) == "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	cmd.Env = os.Environ()
	cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	_ = cmd.Run() // the exit code has the outcome
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	_, _ = fmt.Fprint(os.Stdout, usage.Maxrss)
	os.Exit(cmd.ProcessState.ExitCode())
}

// measured runs a command of git and returns the memory of its process in MiB.
func (g Git) measured(t *testing.T, input []byte, args ...string) (memory int, stderr string, failed bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := g.command(t.Context(), args...)
	cmd.Args = append([]string{self, cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.Env = self, append(cmd.Env, measureVariable+"=1")
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &errs
	err = cmd.Run()
	kib, notNumber := strconv.Atoi(out.String())
	if notNumber != nil {
		t.Fatalf("%v, %q: %s", err, out.String(), errs.Bytes())
	}
	return kib >> 10, OneLine(errs.Bytes()), err != nil
}

// TestPackBombsNeedLittleMemory lets git store packs as a fetch does.
func TestPackBombsNeedLittleMemory(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, row := range map[string]struct {
		build   func(p *packBuilder)
		refused bool
	}{
		"a blob of 256 MiB":   {func(p *packBuilder) { p.base(256) }, false},
		"a commit of 256 MiB": {func(p *packBuilder) { p.add(commitObject, nil, 256*mib, zeros(p.t, 256)) }, true},
		"a delta of 256 MiB":  {func(p *packBuilder) { p.delta(p.base(1), mib, 256*mib, 1) }, true},
		"deltas of deltas of 60 MiB": {func(p *packBuilder) {
			from, content := p.base(1), make([]byte, mib)
			for tag := range byte(5) {
				p.delta(from, len(content), 60*mib, tag)
				content = deltaContent(60*mib, tag, content)
				from = blobID(content)
			}
		}, false},
		"2,000,000 objects": {func(p *packBuilder) {
			p.add(blobObject, nil, mib, zeros(p.t, 1))
			p.objects = append(p.objects, make([][]byte, 2_000_000)...)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, err := Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			g = g.At(filepath.Join(t.TempDir(), "r.git")).ForFetch(t.TempDir())
			if _, err := g.Output(t.Context(), "init", "--quiet", "--bare", "--template="); err != nil {
				t.Fatal(err)
			}
			p := &packBuilder{t: t}
			row.build(p)
			pack := p.pack()
			memory, stderr, failed := g.measured(t, pack, "index-pack", "--stdin", "--fix-thin", "--strict")
			t.Logf("%d KiB: %d MiB of memory: %s", len(pack)>>10, memory, stderr)
			if limit := 3*DefaultMemory>>20 + 16; memory > limit {
				t.Errorf("git needed %d MiB, want at most %d", memory, limit)
			}
			if failed != row.refused || row.refused && !OverMemory(stderr) {
				t.Errorf("refused: %v, want %v: %s", failed, row.refused, stderr)
			}
		})
	}
}
