// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package tools

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/relay-secrets/terraform-provider-relay"

// depguard checks direct imports; this test checks what a program links in all.
func TestProgramsLinkOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ needs, forbidden []string }{
		module: {
			needs: []string{module + "/provider", module + "/internal/secrets"},
			forbidden: []string{
				module + "/syncer", module + "/internal/sopsfile", module + "/internal/gitcommand", module + "/internal/gitmirror",
				module + "/internal/gitsource", module + "/internal/signature", "github.com/getsops/sops", module + "/internal/step",
			},
		},
		module + "/syncer/cmd/relay-sync": {
			needs:     []string{module + "/syncer", module + "/internal/sopsfile"},
			forbidden: []string{module + "/provider", "github.com/hashicorp/terraform-plugin-framework", module + "/internal/step"},
		},
		module + "/syncer/cmd/relay-step": {
			needs: []string{module + "/internal/step", module + "/internal/vault", "github.com/puppetlabs/relay-core/pkg/expr/evaluate"},
			forbidden: []string{
				module + "/syncer/config", module + "/syncer/plan", module + "/provider", module + "/internal/sopsfile", module + "/internal/gitcommand",
				module + "/internal/gitmirror", module + "/internal/gitsource", module + "/internal/signature", "github.com/getsops/sops",
				"k8s.io", "github.com/tektoncd",
			},
		},
	}
	for program, test := range tests {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			folder := "../.." + strings.TrimPrefix(program, module) // relay-step is a module of its own
			out, err := exec.CommandContext(t.Context(), "go", "-C", folder, "list", "-deps", ".").Output()
			if err != nil {
				t.Fatal(err)
			}
			packages := strings.Fields(string(out))
			for _, needed := range test.needs {
				if !slices.Contains(packages, needed) {
					t.Errorf("%s is not linked, so the test proves nothing", needed)
				}
			}
			for _, linked := range packages {
				for _, forbidden := range test.forbidden {
					if strings.HasPrefix(linked+"/", forbidden+"/") {
						t.Errorf("%s is linked", linked)
					}
				}
			}
		})
	}
}
