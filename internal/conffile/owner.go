// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package conffile

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
)

// root is the user id of the administrator, whose files no other user changes.
const root = 0

// HintForOwner is what a person can do if a file or folder belongs to another user than
// that of this process, as a sentence; "" if it does not. change is the command that makes
// a file of root usable, or "" for chown.
func HintForOwner(path string, info fs.FileInfo, change string) string {
	owner, known := ownerOf(info)
	if !known {
		return ""
	}
	return hintForOwner(path, owner, os.Geteuid(), userName, change)
}

func hintForOwner(path string, owner, me int, name func(int) string, change string) string {
	switch {
	case owner == me:
		return ""
	case owner == root && change != "":
		return "Hint: another command ran as root; run " + change
	case owner == root:
		return fmt.Sprintf("Hint: another command ran as root; run sudo chown %s %s", name(me), Display(path))
	}
	return fmt.Sprintf("Hint: it belongs to %s; run the command as that user: sudo -u %s relay-sync ...", name(owner), name(owner))
}

// userName is the name of a user for sudo, or #id without a name.
func userName(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("'#%d'", id)
}
