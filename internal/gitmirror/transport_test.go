// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package gitmirror

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

func TestSilentRemoteTimesOut(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	silent, end := net.Pipe()
	defer end.Close()
	w := watched{silent, func() { cancel(errStalled); _ = silent.Close() }, time.Millisecond}
	_, err := io.ReadAll(w)
	if err = because(ctx, err); !errors.Is(err, ErrUnreachable) || !errors.Is(err, errStalled) {
		t.Errorf("got %v", err)
	}
}

func TestTimeoutIsUnreachable(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	if err := because(ctx, io.ErrUnexpectedEOF); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}
