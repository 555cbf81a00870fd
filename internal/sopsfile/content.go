// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"unicode/utf8"
)

// sealBegin begins every value that SOPS encrypted, so every SOPS file contains it: its
// MAC is one.
const sealBegin = "ENC["

// restore is the advice for a file that sops did not write like this. sops decrypts and
// authenticates a whole file before it changes anything, so it cannot repair one.
const restore = "restore the file from git"

// repeatChange is restore, where a change by hand is the cause.
const repeatChange = restore + ", and repeat the change with sops edit"

// encryptAgain completes the advice to correct .sops.yaml or a name. sops encrypts no file
// that is encrypted already.
const encryptAgain = ", then decrypt the file and encrypt it again"

// isEmpty is the problem of a file without content.
const isEmpty = "is empty"

// lfsBegin begins a pointer of Git LFS, which git stores in place of the content.
const lfsBegin = "version https://git-lfs.github.com/spec/"

// maxMarks limits the characters that can begin a line, a key or an element of a list. The
// libraries need up to a thousand bytes of memory for each, whatever a later rule refuses.
// An encrypted value and its line have 10, so that a file within the other limits has a
// third of it.
const maxMarks = 50_000

// isMark are these characters. In the text of an encrypted value only a few of them occur.
var isMark = [256]bool{'\n': true, '\r': true, ',': true, ':': true, '-': true, '?': true, '[': true, '{': true}

func marks(data []byte) int {
	n := 0
	for _, b := range data {
		if isMark[b] {
			n++
		}
	}
	return n
}

// checkContent reports content that is not a file as sops wrote it, whatever its format.
func checkContent(data []byte, problems *Problems) {
	switch {
	case len(data) > MaxBytes:
		problems.add(0, nil, "is larger than %d bytes; split it", MaxBytes)
	case !utf8.Valid(data):
		problems.add(0, nil, "is not UTF-8; save it as UTF-8")
	case bytes.HasPrefix(data, []byte("\ufeff")):
		problems.add(1, nil, "begins with a byte order mark; save it as UTF-8 without one")
	case bytes.HasPrefix(data, []byte(lfsBegin)):
		problems.add(1, nil, "is a pointer of Git LFS, and its content is not in the repository; remove its pattern from .gitattributes, run git add --renormalize on the file, and commit it")
	case marks(data) > maxMarks:
		problems.add(0, nil, "has more than %d of the characters that can begin a line, a key or an element of a list; split the file, or remove comments", maxMarks)
	default:
		if line := conflictLine(data); line > 0 {
			problems.add(line, nil, "has a merge conflict (<<<<<<<); restore the whole file of one side with git restore --source COMMIT FILE, and repeat the change of the other side with sops edit: a merge by hand breaks the MAC")
		}
	}
}

// conflictLine is the line of the first conflict marker that git wrote; 0 if there is no
// conflict.
func conflictLine(data []byte) int {
	line, begin := 0, 0
	for text := range bytes.SplitSeq(data, []byte("\n")) {
		line++
		switch {
		case begin == 0 && bytes.HasPrefix(text, []byte("<<<<<<< ")):
			begin = line
		case begin > 0 && bytes.HasPrefix(text, []byte(">>>>>>> ")):
			return begin
		}
	}
	return 0
}

// checkEncrypted replaces the problems of a file in plain text by one: each of its
// values, keys and lines is then as wrong as the next.
func checkEncrypted(data []byte, problems *Problems) {
	if bytes.Contains(data, []byte(sealBegin)) || problems.found() && problems.List[0].Text == isEmpty {
		return
	}
	problems.List, problems.More, problems.bytes = nil, 0, 0
	problems.add(0, nil, "is not encrypted: SOPS encrypted nothing in it; encrypt it with sops encrypt --in-place, and change its values if others could read them. If it is not a manifest, exclude it by a pattern that begins with !")
}
