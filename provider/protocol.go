// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign"
)

// protocol is what the provider serves: no actions, and no stores of states.
type protocol interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// printableServer makes the text of each response for a person printable: names and records
// in it are of other writers, messages of servers. It embeds no server, so that the compiler
// finds a method that is missing.
type printableServer struct {
	server protocol
	// quiet is as in Options.
	quiet bool
}

var _ protocol = printableServer{}

// protocolServer returns the server of the plugin protocol.
func (p *relayProvider) protocolServer() tfprotov6.ProviderServer {
	return printableServer{server: providerserver.NewProtocol6(p)().(protocol), quiet: p.quiet}
}

// printable makes the response of a method printable, as printText does.
func printable[Request, Response any](ctx context.Context, s printableServer, method func(context.Context, *Request) (*Response, error), r *Request) (*Response, error) {
	if s.quiet {
		var end func()
		ctx, end = withoutLoggers(ctx)
		defer end()
	}
	response, err := method(ctx, r)
	if response != nil {
		printText(response)
	}
	return response, err
}

// withoutLoggers returns a context that ends with ctx, and has no values. The framework
// would otherwise make a logger for each request, and collect fields for each attribute:
// a tenth of the provider's processor time.
func withoutLoggers(ctx context.Context) (context.Context, func()) {
	out, cancel := context.WithCancelCause(context.Background())
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return out, func() {
		stop()
		cancel(nil)
	}
}

// printText makes the diagnostics and the error of a response printable, and nothing else:
// states and plans must stay as they are. Each response has these fields by their names,
// or none.
func printText(response any) {
	fields := reflect.ValueOf(response).Elem()
	if field := fields.FieldByName("Diagnostics"); field.IsValid() {
		for _, d := range field.Interface().([]*tfprotov6.Diagnostic) {
			d.Summary, d.Detail = foreign.Line(d.Summary), foreign.Lines(d.Detail)
		}
	}
	field := fields.FieldByName("Error")
	if !field.IsValid() {
		return
	}
	switch failure := field.Addr().Interface().(type) {
	case *string:
		*failure = foreign.Lines(*failure)
	case **tfprotov6.FunctionError:
		if *failure != nil {
			(*failure).Text = foreign.Lines((*failure).Text)
		}
	}
}

// ListResource makes each result printable. Its display name has the owner.
func (s printableServer) ListResource(ctx context.Context, r *tfprotov6.ListResourceRequest) (*tfprotov6.ListResourceServerStream, error) {
	stream, err := s.server.ListResource(ctx, r)
	if stream == nil || stream.Results == nil {
		return stream, err
	}
	return &tfprotov6.ListResourceServerStream{Results: func(push func(tfprotov6.ListResourceResult) bool) {
		for result := range stream.Results {
			printText(&result)
			result.DisplayName = foreign.Line(result.DisplayName)
			if !push(result) {
				return
			}
		}
	}}, err
}

func (s printableServer) GetMetadata(ctx context.Context, r *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return printable(ctx, s, s.server.GetMetadata, r)
}

func (s printableServer) GetProviderSchema(ctx context.Context, r *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return printable(ctx, s, s.server.GetProviderSchema, r)
}

func (s printableServer) GetResourceIdentitySchemas(ctx context.Context, r *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return printable(ctx, s, s.server.GetResourceIdentitySchemas, r)
}

func (s printableServer) ValidateProviderConfig(ctx context.Context, r *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return printable(ctx, s, s.server.ValidateProviderConfig, r)
}

func (s printableServer) ConfigureProvider(ctx context.Context, r *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return printable(ctx, s, s.server.ConfigureProvider, r)
}

func (s printableServer) StopProvider(ctx context.Context, r *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return printable(ctx, s, s.server.StopProvider, r)
}

func (s printableServer) ValidateResourceConfig(ctx context.Context, r *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return printable(ctx, s, s.server.ValidateResourceConfig, r)
}

func (s printableServer) UpgradeResourceState(ctx context.Context, r *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return printable(ctx, s, s.server.UpgradeResourceState, r)
}

func (s printableServer) ReadResource(ctx context.Context, r *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return printable(ctx, s, s.server.ReadResource, r)
}

func (s printableServer) PlanResourceChange(ctx context.Context, r *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return printable(ctx, s, s.server.PlanResourceChange, r)
}

func (s printableServer) ApplyResourceChange(ctx context.Context, r *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return printable(ctx, s, s.server.ApplyResourceChange, r)
}

func (s printableServer) ImportResourceState(ctx context.Context, r *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return printable(ctx, s, s.server.ImportResourceState, r)
}

func (s printableServer) MoveResourceState(ctx context.Context, r *tfprotov6.MoveResourceStateRequest) (*tfprotov6.MoveResourceStateResponse, error) {
	return printable(ctx, s, s.server.MoveResourceState, r)
}

func (s printableServer) UpgradeResourceIdentity(ctx context.Context, r *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return printable(ctx, s, s.server.UpgradeResourceIdentity, r)
}

func (s printableServer) GenerateResourceConfig(ctx context.Context, r *tfprotov6.GenerateResourceConfigRequest) (*tfprotov6.GenerateResourceConfigResponse, error) {
	return printable(ctx, s, s.server.GenerateResourceConfig, r)
}

func (s printableServer) ValidateDataResourceConfig(ctx context.Context, r *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return printable(ctx, s, s.server.ValidateDataResourceConfig, r)
}

func (s printableServer) ReadDataSource(ctx context.Context, r *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return printable(ctx, s, s.server.ReadDataSource, r)
}

func (s printableServer) CallFunction(ctx context.Context, r *tfprotov6.CallFunctionRequest) (*tfprotov6.CallFunctionResponse, error) {
	return printable(ctx, s, s.server.CallFunction, r)
}

func (s printableServer) GetFunctions(ctx context.Context, r *tfprotov6.GetFunctionsRequest) (*tfprotov6.GetFunctionsResponse, error) {
	return printable(ctx, s, s.server.GetFunctions, r)
}

func (s printableServer) ValidateEphemeralResourceConfig(ctx context.Context, r *tfprotov6.ValidateEphemeralResourceConfigRequest) (*tfprotov6.ValidateEphemeralResourceConfigResponse, error) {
	return printable(ctx, s, s.server.ValidateEphemeralResourceConfig, r)
}

func (s printableServer) OpenEphemeralResource(ctx context.Context, r *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	return printable(ctx, s, s.server.OpenEphemeralResource, r)
}

func (s printableServer) RenewEphemeralResource(ctx context.Context, r *tfprotov6.RenewEphemeralResourceRequest) (*tfprotov6.RenewEphemeralResourceResponse, error) {
	return printable(ctx, s, s.server.RenewEphemeralResource, r)
}

func (s printableServer) CloseEphemeralResource(ctx context.Context, r *tfprotov6.CloseEphemeralResourceRequest) (*tfprotov6.CloseEphemeralResourceResponse, error) {
	return printable(ctx, s, s.server.CloseEphemeralResource, r)
}

func (s printableServer) ValidateListResourceConfig(ctx context.Context, r *tfprotov6.ValidateListResourceConfigRequest) (*tfprotov6.ValidateListResourceConfigResponse, error) {
	return printable(ctx, s, s.server.ValidateListResourceConfig, r)
}
