// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

// Package browsertest provides a real browser for tests of web pages. A test finds the
// elements of a page as a person does who uses a screen reader: by role and name.
//
// A test that needs a browser has one or fails; it is never skipped. If no Chrome or
// Chromium is installed, a test that runs as root on Debian installs Chromium. All
// tests of a process share one browser process. Each has its own browser context:
// no cookies, no cache and no storage in common. No browser outlives the test process.
//
// The browser reaches loopback addresses only, so a page that loads something from
// another host fails the test. Host names below "test" lead to 127.0.0.1. Certificates
// are not checked.
//
// testdata/axe is axe-core 4.14.1, unchanged, from the npm package of that name.
//
// It must only be imported by tests.
package browsertest
