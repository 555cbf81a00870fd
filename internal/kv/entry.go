// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package kv

import "time"

// DefaultConcurrency is how many requests to one Vault are under way at once, unless
// a setting replaces it.
const DefaultConcurrency = 16

// Entry names one KV v2 entry: the namespace ("" for root), the mount and the path below it. Callers build
// it from validated names only; it is not escaped here beyond what a URL needs.
type Entry struct {
	Namespace string
	Mount     string
	Path      string
}

// Metadata is what Vault returns for an entry without its values
// (Vault API, KV v2, "Read secret metadata").
type Metadata struct {
	CurrentVersion     int               `json:"current_version"`
	OldestVersion      int               `json:"oldest_version"`
	MaxVersions        int               `json:"max_versions"`
	DeleteVersionAfter string            `json:"delete_version_after"`
	CustomMetadata     map[string]string `json:"custom_metadata"`
	// CurrentMetadataVersion is what metadata_cas of an update must equal, nil where the
	// server does not have it. OpenBao has it.
	CurrentMetadataVersion *int            `json:"current_metadata_version"`
	Versions               map[int]Version `json:"versions"`

	// Date is Vault's clock when it answered, zero where the answer had no date.
	Date time.Time `json:"-"`
}

// Mount is a secrets engine, as sys/internal/ui/mounts returns it.
type Mount struct {
	// Path ends with "/".
	Path string `json:"path"`
	Type string `json:"type"`
	// UUID is another one after the engine was disabled and enabled again.
	UUID    string `json:"uuid"`
	Options struct {
		Version string `json:"version"`
	} `json:"options"`
}

// Version is one version of an entry. Vault writes an unset time as "".
type Version struct {
	CreatedTime  string `json:"created_time"`
	DeletionTime string `json:"deletion_time"`
	Destroyed    bool   `json:"destroyed"`
}

// Written is Vault's answer to a data write.
type Written struct {
	Version      int    `json:"version"`
	CreatedTime  string `json:"created_time"`
	DeletionTime string `json:"deletion_time"`
}
