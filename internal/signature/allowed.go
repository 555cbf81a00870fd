// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package signature

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/relay-secrets/terraform-provider-relay/internal/conffile"
	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// allowedSigners is a file as in ssh-keygen(1), "ALLOWED SIGNERS".
type allowedSigners struct {
	file  string
	lines []allowedSigner
}

type allowedSigner struct {
	principals    string // as a message shows them
	key           []byte
	after, before time.Time // zero for no bound
}

// parseSigners parses a file. The error lists all problems with their lines.
func parseSigners(file string, data []byte) (*allowedSigners, error) {
	s := &allowedSigners{file: file}
	var problems []string
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		signer, forGit, problem := parseSigner(line)
		switch {
		case problem != "":
			problems = append(problems, fmt.Sprintf("line %d: %s", n, problem))
		case forGit:
			s.lines = append(s.lines, signer)
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s: %s", conffile.Display(file), strings.Join(problems, "; "))
	}
	if len(s.lines) == 0 {
		return nil, fmt.Errorf("%s: no signer found for git", conffile.Display(file))
	}
	return s, nil
}

func parseSigner(line string) (signer allowedSigner, forGit bool, problem string) {
	principals, rest := cutPrincipals(line)
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if principals == "" || err != nil {
		return signer, false, "expected principals, optional options, and a public key"
	}
	signer, forGit = allowedSigner{principals: foreign.Short(principals), key: key.Marshal()}, true
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "namespaces":
			forGit = matchesGit(value)
		case "valid-after":
			signer.after, err = parseTime(value)
		case "valid-before":
			signer.before, err = parseTime(value)
		case "cert-authority":
			return signer, false, "certificates are not supported (cert-authority); list the keys themselves"
		default:
			return signer, false, "unknown option " + foreign.Short(name)
		}
		if err != nil {
			return signer, false, name + " must be a time in the form YYYYMMDD or YYYYMMDDHHMM[SS], with Z for UTC"
		}
	}
	return signer, forGit, ""
}

// cutPrincipals returns the first field, which can be quoted, and the rest.
func cutPrincipals(line string) (principals, rest string) {
	if quoted, is := strings.CutPrefix(line, `"`); is {
		principals, rest, _ = strings.Cut(quoted, `"`)
		return principals, rest
	}
	at := strings.IndexAny(line, " \t")
	if at < 0 {
		return line, ""
	}
	return line[:at], line[at:]
}

// matchesGit reports whether a list of patterns matches the namespace git. A pattern that begins with ! excludes.
func matchesGit(patterns string) bool {
	found := false
	for pattern := range strings.SplitSeq(patterns, ",") {
		pattern, not := strings.CutPrefix(pattern, "!")
		if is, err := path.Match(pattern, namespace); err == nil && is {
			if not {
				return false
			}
			found = true
		}
	}
	return found
}

// parseTime parses a time of ssh-keygen(1), which is in the local zone unless it ends with Z.
func parseTime(text string) (time.Time, error) {
	zone := time.Local
	text, utc := strings.CutSuffix(text, "Z")
	if utc {
		zone = time.UTC
	}
	layout := "20060102150405"
	if len(text) == len("200601021504") || len(text) == len("20060102") {
		layout = layout[:len(text)]
	}
	return time.ParseInLocation(layout, text, zone)
}

// find returns the principals of a key that may sign now.
func (s *allowedSigners) find(key ssh.PublicKey, now time.Time) (string, error) {
	marshaled := key.Marshal()
	id := "SSH key " + ssh.FingerprintSHA256(key)
	problem := fmt.Errorf("%w: %s is not in %s", ErrUntrusted, id, conffile.Display(s.file))
	for _, line := range s.lines {
		switch {
		case !bytes.Equal(line.key, marshaled):
		case !line.after.IsZero() && now.Before(line.after), !line.before.IsZero() && !now.Before(line.before):
			problem = fmt.Errorf("%w: %s of %s is not valid now according to %s; sign a new commit with a valid key", ErrUntrusted, id, line.principals, conffile.Display(s.file))
		default:
			return line.principals + " (" + id + ")", nil
		}
	}
	return "", problem
}
