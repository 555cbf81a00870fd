// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package auditfile appends whole lines to an audit file, which is a file, a pipe or a
// standard stream.
//
// It guarantees:
//
//   - A line that Append accepted is complete. In a file it is also on disk.
//   - A line that Append did not accept is not in the file. Where that is impossible (a
//     stream, a file that is append-only), the next line at least begins on its own line.
//   - It creates the file with its first line, and as root for the owner of the folder.
//   - It follows the path: if the path is another file, as after a rotation by rename,
//     the next line goes there. It never truncates what others wrote.
//   - It does not wait for a reader of a named pipe for longer than a limit.
//
// It must not know what the lines mean.
package auditfile
