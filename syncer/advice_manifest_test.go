// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package syncer

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/relay-secrets/terraform-provider-relay/internal/sopsfile"
	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// add commits a file that sops encrypted. In its text, WF is the second workflow and OTHER
// the first.
func (w *world) add(file, plain string) {
	w.t.Helper()
	w.seal(file, strings.NewReplacer("WF", w.workflow(1), "OTHER", w.workflow(0)).Replace(plain))
	w.commit()
}

// edit changes a plain text with sops edit, whose editor is sed.
func (w *world) edit(file, script string) {
	w.t.Helper()
	w.run("env", "SOPS_EDITOR=sed -i -e '"+script+"'", tools.Path(w.t, "sops"), "edit", file)
	w.commit()
}

// again decrypts a file and encrypts it again, with what .sops.yaml has then.
func (w *world) again(file string, options ...string) {
	w.t.Helper()
	w.sops("decrypt", "--in-place", file)
	w.sops(slices.Concat([]string{"encrypt"}, options, []string{"--in-place", file})...)
	w.commit()
}

// one secret, in a file of its own.
const oneSecret = "workflows:\n  WF:\n    new: value\n"

// written commits a file, and then a corrected one.
func written(plain, corrected string) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		w.add("new.yaml", plain)
		return func() { w.add("new.yaml", corrected) }
	}
}

// edited commits a file, and then what sops edit makes of it.
func edited(plain, script string) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		w.add("new.yaml", plain)
		return func() { w.edit("new.yaml", script) }
	}
}

// byHand commits a change of an encrypted file by hand, restores the file from git, and
// repeats a change with sops edit.
func byHand(old, new string) func(w *world) func() {
	return func(w *world) func() {
		w.secretsIn("one.yaml", w.workflow(0), "one", "two", "three")
		w.applied()
		good := w.read("one.yaml")
		changed := strings.Replace(good, old, new, 1)
		if changed == good {
			w.t.Fatalf("no %q in:\n%s", old, good)
		}
		write(w.t, w.repo, "one.yaml", changed)
		w.commit()
		return func() {
			w.run("git", "restore", "--source", "HEAD~1", "one.yaml")
			w.edit("one.yaml", "s/value of two/other/")
		}
	}
}

// removed commits a change of an encrypted file by hand, and then the file without it.
func removed(old, new string) func(w *world) func() {
	return func(w *world) func() {
		follow := byHand(old, new)(w)
		return func() {
			follow()
			write(w.t, w.repo, "one.yaml", strings.Replace(w.read("one.yaml"), new, old, 1))
			w.commit()
		}
	}
}

// configured commits a file that sops encrypted as .sops.yaml orders, and then, without
// the order, the file that is decrypted and encrypted again.
func configured(order, corrected, plain string) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		rules := "creation_rules:\n  - age: " + w.recipient + "\n"
		write(w.t, w.repo, ".sops.yaml", rules+order)
		w.add("new.yaml", plain)
		return func() {
			write(w.t, w.repo, ".sops.yaml", rules+corrected)
			w.again("new.yaml")
		}
	}
}

// groups commits a file whose data key needs a part of each of n groups, and then another
// threshold by hand.
func groups(n int, threshold string) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		write(w.t, w.repo, ".sops.yaml", "creation_rules:\n  - key_groups:\n"+strings.Repeat("    - age: ["+w.recipient+"]\n", n))
		write(w.t, w.repo, "new.yaml", strings.ReplaceAll(oneSecret, "WF", w.workflow(1)))
		w.run("env", "-u", "SOPS_AGE_RECIPIENTS", tools.Path(w.t, "sops"), "encrypt", "--in-place", "new.yaml")
		w.commit()
		w.run("sed", "-i", "s/shamir_threshold: .*/"+threshold+"/", "new.yaml")
		w.commit()
		return func() {
			w.run("git", "restore", "--source", "HEAD~1", "new.yaml")
			w.commit()
		}
	}
}

// keys is a workflow with many secrets.
func keys(workflow string, first, n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "    secret_%d: value\n", first+i)
	}
	return "  " + workflow + ":\n" + out.String()
}

// split commits a file, and then two.
func split(whole, first, second string) func(w *world) func() {
	return func(w *world) func() {
		w.two()
		w.add("new.yaml", whole)
		return func() {
			w.add("new.yaml", first)
			w.add("more.yaml", second)
		}
	}
}

var large = strings.Repeat("x", 450<<10)

var manifestAdvice = []advice{
	{message: "bytes; split it", test: "TestVerifyLimits"},
	{message: "bytes, the limit is %d; split the file", begin: split("workflows:\n  WF:\n    a: "+large+"\n    b: "+large+"\n",
		"workflows:\n  WF:\n    a: "+large+"\n", "workflows:\n  WF:\n    b: "+large+"\n")},
	{message: "are allowed; split it", begin: split("workflows:\n"+keys("WF", 0, 600)+keys("OTHER", 0, 401),
		"workflows:\n"+keys("WF", 0, 5), "workflows:\n"+keys("WF", 600, 5))},
	{message: "keys; split the file", begin: split("workflows:\n"+keys("WF", 0, sopsfile.MaxLeaves+1),
		"workflows:\n"+keys("WF", 0, 5), "workflows:\n"+keys("WF", 600, 5))},
	{message: "is not UTF-8; save it as UTF-8", begin: func(w *world) func() {
		return w.commitAfter("one.yaml", func(good string) string {
			text := "\xff\xfe"
			for _, unit := range utf16.Encode([]rune(good)) {
				text += string([]byte{byte(unit), byte(unit >> 8)})
			}
			return text
		})
	}},
	{message: "save it as UTF-8 without one", begin: func(w *world) func() {
		return w.commitAfter("one.yaml", func(good string) string { return "\ufeff" + good })
	}},
	{message: "remove its pattern from .gitattributes, run git add --renormalize on the file", begin: func(w *world) func() {
		w.two()
		w.run("git", "config", "filter.lfs.clean", `cat >/dev/null; printf 'version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n'`)
		write(w.t, w.repo, ".gitattributes", "one.yaml filter=lfs\n")
		w.run("git", "add", "--renormalize", "one.yaml")
		w.commit()
		return func() {
			write(w.t, w.repo, ".gitattributes", "")
			w.run("git", "add", "--renormalize", "one.yaml")
			w.commit()
		}
	}},
	{message: "contains no secret and no connection; delete the file with git rm", begin: func(w *world) func() {
		w.commitAfter("two.yaml", func(good string) string {
			return "workflows:\n    " + w.workflow(0) + ": {}\n" + good[strings.Index(good, "sops:"):]
		})
		return func() { w.remove("two.yaml") }
	}},
	{message: "has a merge conflict (<<<<<<<)", begin: func(w *world) func() {
		w.two()
		w.run("git", "switch", "-q", "-c", "other")
		w.edit("one.yaml", "s/value of one/theirs/")
		w.run("git", "switch", "-q", "main")
		w.edit("one.yaml", "$a\\        again: more")
		w.run("sh", "-c", "git merge -q other || git add -A")
		w.commit()
		return func() {
			w.run("git", "restore", "--source", "HEAD^1", "one.yaml")
			w.edit("one.yaml", "s/value of one/theirs/")
		}
	}},
	{message: "encrypt it with sops encrypt --in-place", begin: adviceAbout("is not encrypted: SOPS encrypted nothing in it")},
	{message: "If it is not a manifest, exclude it by a pattern", begin: func(w *world) func() {
		w.two()
		write(w.t, w.repo, "values.yaml", "replicas: 2\n")
		w.commit()
		return func() { w.cfg.Sources[0].Files = append(w.cfg.Sources[0].Files, "!values.yaml") }
	}},

	{message: "is in clear text; restore the file from git", begin: byHand("sops:\n", "        by_hand: value\nsops:\n")},
	{message: "is not a complete ENC[...] value", begin: byHand(",type:str]", "")},
	{message: "is not a valid ENC[...] value", begin: byHand("=,tag:", ",tag:")},
	{message: "is not encrypted as type:str", begin: byHand("type:str]", "type:bytes]")},
	{message: "put it in quotes in sops edit", begin: edited("workflows:\n  WF:\n    port: 80\n", `s/80/"80"/`)},
	{message: "in clear text; values must be strings", begin: byHand("sops:\n", "        by_hand: 80\nsops:\n")},
	{message: "cannot be decrypted: it was moved from another workflow or name", begin: byHand("two:", "renamed:")},
	{message: "does not match the file: a value was added", begin: adviceAbout("does not match the file")},
	{message: "set its value with sops edit", begin: edited("workflows:\n  WF:\n    new: "+sopsfile.Placeholder+"\n", "s/new: .*/new: value/")},
	{message: "still has the placeholder of relay-sync new", begin: edited("workflows:\n  WF:\n    a: value\n    new: "+sopsfile.Placeholder+"\n", "/new/d")},

	{message: "has names and values at the top level, and no address", begin: adviceAbout("no address; set its workflow by an entry under map")},
	{message: "or write secrets as", begin: written("token: value\n", oneSecret)},
	{message: "at the top level; write secrets as", begin: written("other:\n  WF:\n    token: value\n", oneSecret)},
	{message: "is empty; remove it or add", begin: edited("workflows:\n  WF:\n    new: value\n  hollow: {}\n", "/hollow/d")},
	{message: "is a list, in which SOPS", begin: edited("workflows:\n  WF:\n    new: [value]\n", "s/new:.*/new_0: value/; /- value/d")},
	{message: "is null, which SOPS neither encrypts nor authenticates; give it a value", begin: edited("workflows:\n  WF:\n    a: value\n    new:\n", "s/new:.*/new: value/")},
	{message: "is null, which SOPS neither encrypts nor authenticates", begin: edited("workflows:\n  WF:\n    a: value\n    new:\n", "/new:/d")},
	{message: "is an empty string, which SOPS neither encrypts nor authenticates; give it a value", begin: edited("workflows:\n  WF:\n    a: value\n    new: \"\"\n", "s/new:.*/new: value/")},
	{message: "is an empty string, which SOPS neither encrypts nor authenticates", begin: edited("workflows:\n  WF:\n    a: value\n    new: \"\"\n", "/new:/d")},

	{message: "its end was lost; restore the file from git", begin: func(w *world) func() {
		return w.commitAfter("one.yaml", func(good string) string { return good[:strings.Index(good, "sops:")] })
	}},
	{message: "or an invalid time; restore the file from git", begin: byHand("lastmodified: ", "lastmodified: x")},
	{message: "ambiguous: SOPS parses it differently", test: "TestDifferentReadingsAreRefused"},
	{message: "cannot be read by SOPS; restore", test: "TestPanicOfSopsFailsOnlyItsFile"},
	{message: "cannot be decrypted by SOPS; restore", test: "TestPanicOfSopsFailsOnlyItsFile"},
	{message: "is required, because it shows", begin: byHand("    mac: ", "    #mac: ")},
	{message: "is not a valid MAC", begin: byHand("    mac: ENC", "    mac: ENX")},
	{message: "the number of key groups; restore the file from git", begin: groups(2, "shamir_threshold: 1")},
	{message: "decrypt to parts of different data keys", begin: groups(3, "shamir_threshold: 2")},
	{message: "leaves parts of the file unauthenticated", begin: configured("    mac_only_encrypted: true\n", "", oneSecret)},
	{message: "every value of a manifest is encrypted", begin: configured("    encrypted_suffix: _secret\n", "", oneSecret)},
	{message: "must be a regular expression of at most", begin: configured("    encrypted_regex: ("+strings.Repeat("x|", 150)+"new)\n", "", oneSecret)},
	{message: "rename it with sops edit", begin: edited("workflows:\n  WF:\n    a: value\n    new_unencrypted: value\n", "s/new_unencrypted: value/new: other/")},
	{message: "is not selected by sops.encrypted_regex", begin: configured("    encrypted_regex: ^a$\n", "", "workflows:\n  WF:\n    a: value\n    b: value\n")},
	{message: "is a duplicate key", begin: removed("        two:", "        one: ENC[x]\n        two:")},
	{message: "has a second YAML document here", begin: split(oneSecret+"---\nworkflows:\n  WF:\n    more: value\n", oneSecret, "workflows:\n  WF:\n    more: value\n")},
	{message: "has an anchor (&...)", begin: removed("two: ", "two: &x ")},
	{message: "has a tag (!...)", begin: removed("two: ", "two: !x ")},
	{message: "is an alias (*...)", begin: byHand("one: ", "other: &x a\n        more: *x\n        one: ")},
	{message: "has a merge key (<<)", begin: byHand("one:", "<<: {}\n        one:")},
	{message: "has a key that is not a plain string", begin: byHand("one:", "1:")},
	{message: "has a key with an anchor (&...) or a tag (!...)", begin: removed("two:", "&x two:")},
}
