// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package sopsfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/keyservice"
)

// NoKeyError is a file that no held key opens.
type NoKeyError struct {
	File string
	// Wants are the file's recipients, Held the public forms of the keys at hand.
	Wants, Held []string
}

func (e *NoKeyError) Error() string {
	held := "no key is held"
	if len(e.Held) > 0 {
		held = "held are " + abbreviated(e.Held)
	}
	out := fmt.Sprintf("%s: no held key opens this file: it wants %s; %s", show(e.File), abbreviated(e.Wants), held)
	if slices.ContainsFunc(e.Wants, func(want string) bool { return slices.Contains(e.Held, want) }) {
		return out + "; the file's entry for a held key is damaged: restore it from git, or run sops updatekeys"
	}
	return out + "; add a held key to .sops.yaml and run sops updatekeys, or give this source a key that the file wants"
}

// abbreviated joins recipients, the long ones with their middle left out.
func abbreviated(recipients []string) string {
	short := slices.Clone(recipients)
	for i, recipient := range short {
		if len(recipient) > 120 {
			short[i] = recipient[:20] + "..." + recipient[len(recipient)-20:]
		}
	}
	return strings.Join(short, ", ")
}

const (
	dataKeyBytes = 32
	// maxWrappedKeyBytes is several times a data key wrapped for a post-quantum
	// recipient; a longer one could carry thousands of stanzas to try.
	maxWrappedKeyBytes = 16 << 10
)

// dataKey opens the file's data key with held keys alone.
func (m *Manifest) dataKey(ctx context.Context, keys *Keys) ([]byte, error) {
	if keys == nil {
		keys = &Keys{}
	}
	service := keyservice.NewCustomLocalClient(&heldKeys{ctx: ctx, identities: keys.identities})
	metadata := m.metadata // SOPS keeps the key in it
	key, err := metadata.GetDataKeyWithKeyServices([]keyservice.KeyServiceClient{service}, sops.DefaultDecryptionOrder)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("opening the data key of %s: %w", show(m.Name), context.Cause(ctx))
	}
	if err != nil { // its text can quote the file
		return nil, &NoKeyError{File: m.Name, Wants: m.Recipients, Held: keys.Held()}
	}
	return key, nil
}

// heldKeys is SOPS's key service with the held age keys and nothing else. It does
// not use SOPS's age package, which searches the environment and the home folder
// when it is given no key.
type heldKeys struct {
	keyservice.UnimplementedKeyServiceServer
	// ctx is the caller's: SOPS calls key services with one of its own.
	ctx        context.Context
	identities []age.Identity
}

var (
	errNotEnabled = errors.New("this kind of recipient is not enabled")
	errNotDataKey = errors.New("not a data key of SOPS")
)

// Decrypt implements keyservice.KeyServiceServer.
func (h *heldKeys) Decrypt(_ context.Context, request *keyservice.DecryptRequest) (*keyservice.DecryptResponse, error) {
	if err := h.ctx.Err(); err != nil {
		return nil, err
	}
	if _, ok := request.GetKey().GetKeyType().(*keyservice.Key_AgeKey); !ok {
		return nil, errNotEnabled
	}
	if len(h.identities) == 0 || len(request.Ciphertext) > maxWrappedKeyBytes {
		return nil, errNotDataKey
	}
	opened, err := age.Decrypt(armor.NewReader(bytes.NewReader(request.Ciphertext)), h.identities...)
	if err != nil {
		return nil, err
	}
	key, err := io.ReadAll(io.LimitReader(opened, dataKeyBytes+1))
	if err != nil {
		return nil, err
	}
	if len(key) != dataKeyBytes {
		return nil, errNotDataKey
	}
	return &keyservice.DecryptResponse{Plaintext: key}, nil
}
