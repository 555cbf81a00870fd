// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package conffile reads configuration and credential files.
//
// Every file whose path comes from a configuration is read by this package. It
// guarantees three things:
//
//   - It never blocks and never fills memory: a path that is not a regular file (a
//     FIFO, a device, a directory) is refused at once, and each file has a size limit.
//     Symbolic links are followed, because Kubernetes mounts secrets as links.
//     ReadArgument alone waits for a pipe, until its context ends.
//   - Errors have the form "read PATH: cause". They never contain anything from the
//     file, because it may be a credential.
//   - It reads only the paths that it is given, never the environment or a home
//     directory.
package conffile
