// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package bench

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/relay-secrets/terraform-provider-relay/internal/tools"
)

// BenchmarkStart is what every command of Terraform waits for at least once: from
// starting the provider to having its schema.
func BenchmarkStart(b *testing.B) {
	program := tools.Path(b, "terraform-provider-relay")
	size := 0
	for b.Loop() {
		schema, err := start(b.Context(), program)
		if err != nil {
			b.Fatal(err)
		}
		size = len(schema)
	}
	b.ReportMetric(float64(size), "schema-bytes")
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/start")
}

// BenchmarkSyncStart is what each command of relay-sync waits for before it does anything.
func BenchmarkSyncStart(b *testing.B) { programStart(b, "relay-sync", "version") }

// programStart runs a command that does nothing.
func programStart(b *testing.B, program string, args ...string) {
	b.Helper()
	path := tools.Path(b, program)
	for b.Loop() {
		if err := exec.CommandContext(b.Context(), path, args...).Run(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/start")
}

// start starts the provider as Terraform does, asks for its schema and ends it.
func start(ctx context.Context, program string) (schema []byte, err error) {
	ctx, end := context.WithCancel(ctx)
	command := exec.CommandContext(ctx, program)
	command.Env = []string{
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2", "PLUGIN_PROTOCOL_VERSIONS=6",
	}
	output, err := command.StdoutPipe()
	if err != nil {
		end()
		return nil, err
	}
	if err := command.Start(); err != nil {
		end()
		return nil, err
	}
	defer func() {
		end()
		_ = command.Wait() // killed by end
	}()
	// The handshake of go-plugin: its version | the protocol's | network | address | ...
	line, err := bufio.NewReader(output).ReadString('\n')
	fields := strings.Split(line, "|")
	if err != nil || len(fields) < 4 {
		return nil, errors.Join(errors.New("invalid handshake of the provider"), err)
	}
	connection, err := grpc.NewClient(fields[2]+":"+fields[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	err = connection.Invoke(ctx, "/tfplugin6.Provider/GetProviderSchema", []byte{}, &schema, grpc.ForceCodec(asIs{}))
	return schema, err
}

// asIs is a codec that leaves messages encoded: the request is empty, and the response is
// not decoded.
type asIs struct{}

func (asIs) Name() string { return "proto" }

func (asIs) Marshal(message any) ([]byte, error) { return message.([]byte), nil }

func (asIs) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = data
	return nil
}
