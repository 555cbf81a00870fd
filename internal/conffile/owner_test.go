// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import "testing"

func TestHintNamesTheUserWhoMayUseTheFile(t *testing.T) {
	t.Parallel()
	name := func(id int) string { return map[int]string{0: "root", 7: "relay", 8: "ada"}[id] }
	for _, row := range []struct {
		owner, me    int
		change, want string
	}{
		{7, 7, "", ""},
		{7, 8, "", "Hint: it belongs to relay; run the command as that user: sudo -u relay relay-sync ..."},
		{7, 0, "sudo rm -r /x", "Hint: it belongs to relay; run the command as that user: sudo -u relay relay-sync ..."},
		{0, 7, "", "Hint: another command ran as root; run sudo chown relay /x"},
		{0, 7, "sudo rm -r /x", "Hint: another command ran as root; run sudo rm -r /x"},
	} {
		if got := hintForOwner("/x", row.owner, row.me, name, row.change); got != row.want {
			t.Errorf("%+v: %q", row, got)
		}
	}
}
