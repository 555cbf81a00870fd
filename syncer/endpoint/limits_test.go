// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestClientOfAnAddress(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:443":                     "192.0.2.1",
		"[::ffff:192.0.2.1]:443":            "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:443":        "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::]:9":           "2001:db8:1:2::/64",
		"[2001:db8:1:3::1]:443":             "2001:db8:1:3::/64",
		"[fe80::1%eth0]:443":                "fe80::/64",
		"@":                                 "",
		"/run/relay-sync/relay-sync.sock":   "",
		"198.51.100.7:443, 192.0.2.1:65536": "",
	} {
		if got := Client(remote); got != want {
			t.Errorf("%s: %q, want %q", remote, got, want)
		}
	}
}

// The letters are the clients of the open connections, oldest first.
func TestSurplusConnectionIsTheOldestOfTheClientWithTheMost(t *testing.T) {
	t.Parallel()
	limits := Limits{Connections: 6, ConnectionsPerClient: 3}
	for _, row := range []struct {
		name, open string
		want       int
	}{
		{"none", "", -1},
		{"at both limits", "aaabbb", -1},
		{"one client has too many", "baaaca", 1},
		{"in total too many", "abbcdee", 1},
		{"every client has one: the oldest", "abcdefg", 0},
		{"the new one is the first of its client", "bbcdefa", 0},
		{"the client of the new one has the most", "bacdeaa", 1},
	} {
		var open []*connection
		for _, client := range strings.Split(row.open, "") {
			open = append(open, &connection{client: client})
		}
		got := -1
		for i, c := range open {
			if c == limits.surplus(open) {
				got = i
			}
		}
		if got != row.want {
			t.Errorf("%s: %s closes %d, want %d", row.name, row.open, got, row.want)
		}
	}
}

func TestHostIsAnAddressOrListed(t *testing.T) {
	t.Parallel()
	names := []string{"relay-sync.monitoring.svc", "status.example.com."}
	rows := map[bool][]string{
		true: {
			"", "localhost", "LOCALHOST:9460", "localhost.:9460", "127.0.0.1", "127.0.0.1:9460", "10.42.0.17:9460", "[::1]", "[::1]:9460", "[fe80::1%eth0]:9460",
			"relay-sync.monitoring.svc", "Relay-Sync.Monitoring.Svc:9460", "relay-sync.monitoring.svc.:80", "status.example.com",
		},
		false: {
			"rebind.example", "rebind.example:9460", "127.0.0.1.rebind.example", "localhost.rebind.example", "rebind.localhost", "example.com", "x.status.example.com",
			"localhost@rebind.example", "rebind.example@localhost", "ada:secret@localhost:9460", "localhost:9460:80", "127.1", "0x7f000001", "2130706433", ".", "localhost..", "[localhost", "localhost/", " localhost",
		},
	}
	for want, hosts := range rows {
		for _, host := range hosts {
			if allowedHost(host, names) != want {
				t.Errorf("%q: allowed is %t", host, !want)
			}
		}
	}
}

func TestForeignHostGetsNoStatus(t *testing.T) {
	t.Parallel()
	handler := OnlyHosts(nil, "hosts", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("names of secrets")) }))
	for host, want := range map[string]int{"localhost:9460": 200, "rebind.example:9460": 421} {
		r, w := httptest.NewRequest("GET", "/status", nil), httptest.NewRecorder()
		r.Host = host
		handler.ServeHTTP(w, r)
		if body := w.Body.String(); w.Code != want || strings.Contains(body, "names") != (want == 200) || strings.Contains(body, "rebind") {
			t.Errorf("%s: %d, %q", host, w.Code, body)
		}
	}
}
