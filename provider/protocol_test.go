// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/relay-secrets/terraform-provider-relay/internal/foreign/foreigntest"
	"github.com/relay-secrets/terraform-provider-relay/internal/vaulttest"
)

// shown are the texts of a response for a person, each with the end of its line.
func shown(response any) string {
	var out strings.Builder
	for _, text := range textFields(reflect.ValueOf(response)) {
		out.WriteString(text.String() + "\n")
	}
	return out.String()
}

// textFields finds the texts for a person anywhere in a response.
func textFields(v reflect.Value) (out []reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		return textFields(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, textFields(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			kind, name := v.Type().String(), v.Type().Field(i).Name
			switch {
			case kind == "tfprotov6.Diagnostic" && (name == "Summary" || name == "Detail"),
				kind == "tfprotov6.FunctionError" && name == "Text", kind == "tfprotov6.StopProviderResponse" && name == "Error",
				kind == "tfprotov6.ListResourceResult" && name == "DisplayName":
				out = append(out, v.Field(i))
			case slices.Contains([]string{"Diagnostics", "Error"}, name):
				out = append(out, textFields(v.Field(i))...)
			}
		}
	}
	return out
}

// responseTypes are the types of what the protocol's methods return.
func responseTypes() map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for method := range reflect.TypeFor[protocol]().Methods() {
		out[method.Name] = method.Type.Out(0).Elem()
	}
	return out
}

// shortTexts are the hostile texts without the long one, which costs most of the time.
func shortTexts() map[string]string {
	out := maps.Clone(foreigntest.Texts)
	delete(out, "long")
	return out
}

func TestEveryResponseOfTheProtocolIsMadePrintable(t *testing.T) {
	t.Parallel()
	for kind, text := range shortTexts() {
		for method, response := range responseTypes() {
			if method == "ListResource" {
				response = reflect.TypeFor[tfprotov6.ListResourceResult]()
			}
			filled := reflect.New(response)
			for i := range response.NumField() {
				switch field := filled.Elem().Field(i).Addr().Interface().(type) {
				case *[]*tfprotov6.Diagnostic:
					*field = []*tfprotov6.Diagnostic{{Summary: text, Detail: text}, {Summary: text, Detail: text}}
				case **tfprotov6.FunctionError:
					*field = &tfprotov6.FunctionError{Text: text}
				case *string:
					if response.Field(i).Name == "Error" {
						*field = text
					}
				}
			}
			if !strings.Contains(shown(filled.Interface()), text) {
				t.Fatalf("%s: the response has no text for a person; add where it is", method)
			}
			printText(filled.Interface())
			if foreigntest.Check(t, shown(filled.Interface())); t.Failed() {
				t.Fatalf("%s: %s", method, kind)
			}
		}
	}
}

// quoting are the methods that quote the name of an unknown type or function.
var quoting = []string{
	"ApplyResourceChange", "CallFunction", "ImportResourceState", "ListResource", "MoveResourceState", "OpenEphemeralResource",
	"PlanResourceChange", "ReadDataSource", "ReadResource", "UpgradeResourceIdentity", "UpgradeResourceState",
	"ValidateDataResourceConfig", "ValidateEphemeralResourceConfig", "ValidateListResourceConfig", "ValidateResourceConfig",
}

func TestMethodsOfTheProtocolQuoteAnUnknownNamePrintable(t *testing.T) {
	t.Parallel()
	server := reflect.ValueOf((&relayProvider{version: "test", env: environmentOf(nil)}).protocolServer())
	for kind, text := range foreigntest.Texts {
		for _, method := range quoting {
			call := server.MethodByName(method)
			request := reflect.New(call.Type().In(1).Elem())
			for _, name := range []string{"TypeName", "Name", "TargetTypeName"} {
				if field := request.Elem().FieldByName(name); field.IsValid() {
					field.SetString(text)
				}
			}
			response := call.Call([]reflect.Value{reflect.ValueOf(t.Context()), request})[0].Interface()
			if stream, ok := response.(*tfprotov6.ListResourceServerStream); ok {
				response = slices.Collect(stream.Results)
			}
			output := shown(response)
			foreigntest.CheckText(t, output)
			if t.Failed() || !strings.Contains(output, foreigntest.Canary) {
				t.Fatalf("%s, %s: %.300q", method, kind, output)
			}
		}
	}
}

// observed is what a server shows of a workflow: in its list, in the data source, and in the
// failed creation of the secret "name".
func (s *server) observed(t *testing.T, workflow string) string {
	t.Helper()
	output := ""
	for _, result := range s.list(t, workflow, true, 100) {
		output += shown(&result)
	}
	const name = "relay_workflow_secrets"
	read, err := s.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: name, Config: object(t, s.schemas.DataSourceSchemas[name], map[string]string{"workflow": workflow}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return output + shown(read) + s.create(t, workflow, "name")
}

// create plans and creates a secret, and returns what both show.
func (s *server) create(t *testing.T, workflow, name string) string {
	t.Helper()
	const kind = "relay_workflow_secret"
	schema := s.schemas.ResourceSchemas[kind]
	config := object(t, schema, map[string]string{"workflow": workflow, "name": name, "value_wo": "x", "value_wo_version": "1"})
	none, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: kind, PriorState: &none, ProposedNewState: config, Config: config,
	})
	if err != nil {
		t.Fatal(err)
	}
	apply, err := s.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: kind, PriorState: &none, PlannedState: plan.PlannedState, Config: config, PlannedPrivate: plan.PlannedPrivate,
	})
	if err != nil {
		t.Fatal(err)
	}
	return shown(plan) + shown(apply)
}

func TestNamesAndRecordsOfAnotherWriterArePrintable(t *testing.T) {
	t.Parallel()
	vault := vaulttest.Start(t)
	workflow := vaulttest.Workflow(t)
	vault.Write(t, workflow, "name", "x")
	for _, text := range shortTexts() {
		// Vault refuses other names, and some of the records: the rest another writer can write.
		if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			vault.Call(t, vault.RootToken, http.MethodPut, "customers/data/workflows/"+workflow+"/"+url.PathEscape(text), map[string]any{"data": map[string]string{"value": "x"}})
		}
		vault.Call(t, vault.RootToken, http.MethodPatch, "customers/metadata/workflows/"+workflow+"/name", map[string]any{"custom_metadata": map[string]string{
			"relay.gitops/prod/" + text: text, text: text,
		}})
	}
	s := newServer(t, map[string]string{"VAULT_ADDR": vault.Address, "VAULT_TOKEN": vault.Writer(t), "RELAY_OWNER": "shop"})
	output := s.observed(t, workflow)
	if foreigntest.CheckText(t, output); !strings.Contains(output, "add-mask::"+foreigntest.Canary) || !strings.Contains(output, "already exists") {
		t.Errorf("got\n%s", output)
	}
}

func TestAnswersOfAHostileVaultArePrintable(t *testing.T) {
	t.Parallel()
	texts, records := slices.Collect(maps.Values(shortTexts())), map[string]string{}
	for _, text := range texts {
		records["relay.gitops/prod/"+text], records[text] = text, text
	}
	all := strings.Join(texts, "")
	answer, err := json.Marshal(map[string]any{
		"errors": texts, "warnings": texts, "version": all, "request_id": all, "lease_id": all,
		"data": map[string]any{"keys": append(texts, "name"), "type": "kv", "options": map[string]string{"version": "2"}, "path": all, "capabilities": texts, "policies": texts,
			"custom_metadata": records, "created_time": all, "display_name": all},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{200, 307, 400, 403, 404} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "http://evil.example/"+url.PathEscape(all))
				w.WriteHeader(status)
				_, _ = w.Write(answer)
			}))
			t.Cleanup(vault.Close)
			s := newServer(t, map[string]string{"VAULT_ADDR": vault.URL, "VAULT_TOKEN": "x", "RELAY_OWNER": "shop"})
			output := s.observed(t, "deploy")
			if foreigntest.CheckText(t, output); !strings.Contains(output, "Cannot ") {
				t.Errorf("got\n%s", output)
			}
		})
	}
}

func TestErrorsOfAHostileWorkflowFileArePrintable(t *testing.T) {
	t.Parallel()
	s := (&relayProvider{version: "test", env: environmentOf(nil)}).protocolServer()
	for kind, text := range foreigntest.Texts {
		quoted, _ := json.Marshal(text)
		for _, file := range []string{text, "steps: " + string(quoted), "steps: [{name: a, " + string(quoted) + ": 1}]", string(quoted) + ": 1", "a: b: " + text, "kind: " + string(quoted)} {
			argument, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, file))
			if err != nil {
				t.Fatal(err)
			}
			called, err := s.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "secret_references", Arguments: []*tfprotov6.DynamicValue{&argument}})
			if err != nil {
				t.Fatal(err)
			}
			if foreigntest.CheckText(t, shown(called)); t.Failed() {
				t.Fatalf("%s: %q", kind, file)
			}
		}
	}
}

func TestHostileSettingsArePrintable(t *testing.T) {
	t.Parallel()
	for kind, text := range foreigntest.Texts {
		for variable, value := range map[string]string{"VAULT_ADDR": "http://127.0.0.1:1/" + text, "VAULT_NAMESPACE": text, "RELAY_OWNER": text, "VAULT_CACERT": text} {
			variables := map[string]string{"VAULT_ADDR": "http://127.0.0.1:1", "VAULT_TOKEN": "x", "RELAY_OWNER": "shop"}
			maps.Copy(variables, map[string]string{variable: value})
			s := (&relayProvider{version: "test", env: environmentOf(variables)}).protocolServer()
			schemas, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
			if err != nil {
				t.Fatal(err)
			}
			configured, err := s.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: object(t, schemas.Provider, nil)})
			if err != nil {
				t.Fatal(err)
			}
			if foreigntest.CheckText(t, shown(configured)); t.Failed() {
				t.Fatalf("%s in %s", kind, variable)
			}
		}
	}
}

func TestContextWithoutLoggersEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	type key struct{}
	request, stop := context.WithCancel(context.WithValue(t.Context(), key{}, "logger"))
	ctx, end := withoutLoggers(request)
	if ctx.Value(key{}) != nil || ctx.Err() != nil {
		t.Errorf("value %v, %v", ctx.Value(key{}), ctx.Err())
	}
	stop()
	<-ctx.Done()
	end()
	ctx, end = withoutLoggers(t.Context())
	end()
	<-ctx.Done()
}
