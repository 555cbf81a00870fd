// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
)

// sopsLocations lists the leaves in the reading of SOPS, without comments. It is false
// if SOPS finds anything but strings at the paths of a manifest.
func sopsLocations(branches sops.TreeBranches) (places []location, ok bool) {
	if len(branches) != 1 {
		return nil, false
	}
	ok = eachItem(branches[0], func(top string, workflows any) bool {
		if top == connectionsKey {
			found, ok := sopsConnections(workflows)
			places = append(places, found...)
			return ok
		}
		return top == workflowsKey && eachItem(workflows, func(workflow string, leaves any) bool {
			return eachItem(leaves, func(name string, leaf any) bool {
				sealed, ok := leaf.(string)
				places = append(places, secretLocation(workflow, name, sealed))
				return ok
			})
		})
	})
	return places, ok
}

func sopsConnections(types any) (places []location, ok bool) {
	ok = eachItem(types, func(kind string, connections any) bool {
		return eachItem(connections, func(connection string, fields any) bool {
			return eachItem(fields, func(field string, leaf any) bool {
				sealed, ok := leaf.(string)
				places = append(places, fieldLocation(kind, connection, field, sealed))
				return ok
			})
		})
	})
	return places, ok
}

// eachItem calls see for every item of a branch except comments. It is false if value
// is not a branch, a key is not a string, or see returns false.
func eachItem(value any, see func(key string, value any) bool) bool {
	branch, ok := value.(sops.TreeBranch)
	if !ok {
		return false
	}
	for _, item := range branch {
		if _, comment := item.Key.(sops.Comment); comment {
			continue
		}
		key, ok := item.Key.(string)
		if !ok || !see(key, item.Value) {
			return false
		}
	}
	return true
}

const tooManyRecipients = "has %d recipients; at most %d are allowed"

// listedRecipients counts the recipients in the plain reading of the sops section: each is
// an element of a list, of a kind or of a kind in a key group. In a dotenv or INI file it
// is 0, and the number of keys is limited.
func listedRecipients(meta entry) int {
	n := 0
	for _, e := range meta.value.entries {
		n += e.value.elements
		if e.key == "key_groups" {
			n -= e.value.length
		}
	}
	return n
}

// checkMetadata applies the rules for the sops section. meta is the plain reading of
// that section, for its lines.
func checkMetadata(metadata sops.Metadata, meta entry, problems *Problems) {
	add := func(key, format string, args ...any) {
		line := meta.line
		if e, found := meta.value.get(key); found {
			line = e.line
		}
		problems.add(line, []string{sopsKey, key}, format, args...)
	}
	if groups := len(metadata.KeyGroups); groups > 1 && (metadata.ShamirThreshold < 2 || metadata.ShamirThreshold > groups) {
		add("shamir_threshold", "must be 2 to %d, the number of key groups; "+restore, groups)
	}
	if count := metadata.MasterKeyCount(); count > MaxRecipients {
		problems.add(meta.line, []string{sopsKey}, tooManyRecipients, count, MaxRecipients)
	}
	switch {
	case metadata.MessageAuthenticationCode == "":
		add("mac", "is required, because it shows whether the file was changed; "+restore)
	case sealProblem(metadata.MessageAuthenticationCode) != "":
		add("mac", "is not a valid MAC: it was truncated or edited by hand; "+restore)
	}
	if metadata.MACOnlyEncrypted {
		add("mac_only_encrypted", "must not be set: it leaves parts of the file unauthenticated; remove it from .sops.yaml"+encryptAgain)
	}
	if key := foreignSelector(metadata); key != "" {
		add(key, "must not be set: every value of a manifest is encrypted; remove it from .sops.yaml"+encryptAgain)
	}
	if regex := metadata.EncryptedRegex; regex != "" && compileSelector(regex) == nil {
		add("encrypted_regex", "must be a regular expression of at most %d bytes; remove it from .sops.yaml"+encryptAgain, maxSelectorBytes)
	}
}

// foreignSelector returns a selector that manifests must not have, or "". SOPS refuses a
// file with two selectors, and adds the default suffix to a file without one.
func foreignSelector(m sops.Metadata) string {
	switch {
	case m.UnencryptedSuffix != "" && m.UnencryptedSuffix != sops.DefaultUnencryptedSuffix:
		return "unencrypted_suffix"
	case m.EncryptedSuffix != "":
		return "encrypted_suffix"
	case m.UnencryptedRegex != "":
		return "unencrypted_regex"
	case m.UnencryptedCommentRegex != "":
		return "unencrypted_comment_regex"
	case m.EncryptedCommentRegex != "":
		return "encrypted_comment_regex"
	}
	return ""
}

// maxSelectorBytes limits the cost of a malicious expression.
const maxSelectorBytes = 256

func compileSelector(regex string) *regexp.Regexp {
	if len(regex) > maxSelectorBytes {
		return nil
	}
	compiled, err := regexp.Compile(regex)
	if err != nil {
		return nil
	}
	return compiled
}

// maxAhead is how far the clock of the machine that encrypts may be ahead.
const maxAhead = 5 * time.Minute

// checkTime reports a time of encryption in the future: the record of the value would have
// it, and every later file would look older than that.
func checkTime(metadata sops.Metadata, meta entry, now time.Time, problems *Problems) {
	if !metadata.LastModified.After(now.Add(maxAhead)) {
		return
	}
	line := meta.line
	if at, found := meta.value.get("lastmodified"); found {
		line = at.line
	}
	problems.MayPass = true
	problems.add(line, nil, "was encrypted at %s, which is in the future; set the clock of the machine that encrypts (or of this one), and encrypt the file again with sops rotate --in-place",
		metadata.LastModified.UTC().Format(time.RFC3339))
}

// checkSealed reports every leaf that is not encrypted, once: by the selector of the file
// that leaves it in clear text, so that SOPS would return its text as the value, or else by
// its own form.
func checkSealed(metadata sops.Metadata, places []location, lines []int, problems *Problems) {
	if foreignSelector(metadata) != "" {
		return // reported already
	}
	regex := compileSelector(metadata.EncryptedRegex)
	for i, p := range places {
		suffixed := func(segment string) bool { return strings.HasSuffix(segment, sops.DefaultUnencryptedSuffix) }
		switch problem := sealProblem(p.sealed); {
		case metadata.UnencryptedSuffix != "" && slices.ContainsFunc(p.path(), suffixed):
			problems.add(lines[i], p.path(), "has a name that ends with %s, which SOPS leaves in clear text; rename it with sops edit, and change the value, because others could read it", sops.DefaultUnencryptedSuffix)
		case metadata.EncryptedRegex != "" && regex != nil && !slices.ContainsFunc(p.path(), regex.MatchString):
			problems.add(lines[i], p.path(), "is not selected by sops.encrypted_regex, so SOPS leaves it in clear text; remove encrypted_regex from .sops.yaml"+encryptAgain+", and change the value, because others could read it")
		case problem != "":
			problems.add(lines[i], p.path(), "%s", problem)
		}
	}
}
