// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package endpoint

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Client returns what counts as one client by the address of a connection: an IPv4
// address, or the network of an IPv6 address, because one client can use all addresses
// of a /64. All clients of a Unix socket are one, "".
func Client(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	address := at.Addr().Unmap().WithZone("")
	if address.Is4() {
		return address.String()
	}
	network, _ := address.Prefix(64) // fails for other bits than an address has
	return network.String()
}

// connections are the open connections of an endpoint. It is safe for concurrent use.
type connections struct {
	limits Limits
	// closed is called with the client of a connection that was closed for another one.
	closed func(client string)

	mu sync.Mutex
	// open has the connection first whose request, or which itself, began first.
	open []*connection
}

// connection is a connection that counts until it is closed.
type connection struct {
	net.Conn
	client string
	in     *connections
}

// listener counts the connections that it accepts.
type listener struct {
	net.Listener
	open *connections
}

func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: accepted, client: Client(accepted.RemoteAddr().String()), in: l.open}
	l.open.add(c)
	return c, nil
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.in.remove(c)
	return c.Conn.Close()
}

func (o *connections) add(c *connection) {
	o.mu.Lock()
	o.open = append(o.open, c)
	surplus := o.limits.surplus(o.open)
	o.mu.Unlock()
	if surplus != nil {
		_ = surplus.Close()
		o.closed(surplus.client)
	}
}

// begin notes that a request begins on a connection.
func (o *connections) begin(c *connection) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.Index(o.open, c); i >= 0 {
		o.open = append(slices.Delete(o.open, i, i+1), c)
	}
}

func (o *connections) remove(c *connection) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.Index(o.open, c); i >= 0 {
		o.open = slices.Delete(o.open, i, i+1)
	}
}

// surplus returns the connection to close, oldest first, if there are more than allowed:
// the oldest of the client with the most connections.
func (l Limits) surplus(open []*connection) *connection {
	count := map[string]int{}
	for _, c := range open {
		count[c.client]++
	}
	var found *connection
	for _, c := range open {
		if found == nil || count[c.client] > count[found.client] {
			found = c
		}
	}
	if found == nil || len(open) <= l.Connections && count[found.client] <= l.ConnectionsPerClient {
		return nil
	}
	return found
}
