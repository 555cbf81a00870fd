// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package userapi

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"github.com/relay-secrets/terraform-provider-relay/internal/connections"
	"github.com/relay-secrets/terraform-provider-relay/internal/secrets"
)

// truncated is where Relay's command line cuts a value, without a message.
const truncated = 10_240

// fields reads the members of a body, and collects what is wrong with them.
type fields struct {
	body     object
	problems map[string]string
}

// fieldsOf are the members of a body that may have these and no others.
func fieldsOf(body object, names ...string) *fields {
	f := &fields{body: body, problems: map[string]string{}}
	f.only(body, "", names...)
	return f
}

func (f *fields) only(in object, path string, names ...string) {
	for _, key := range slices.Sorted(maps.Keys(in)) {
		if !slices.Contains(names, key) {
			// The key itself may be a value in the wrong position.
			f.problems[path+"(unknown key)"] = fmt.Sprintf("unknown key: the keys are %q", names)
		}
	}
}

// text is a member that is a string, checked.
func (f *fields) text(name string, check func(string) error) string {
	text, is := f.body[name].(string)
	switch _, sent := f.body[name]; {
	case !sent:
		f.problems[name] = "is required"
	case !is:
		f.problems[name] = "must be a string"
	default:
		if err := check(text); err != nil {
			f.problems[name] = err.Error()
		}
	}
	return text
}

// value is a member that is a value in Relay's form.
func (f *fields) value(name string) (value secrets.Value, warnings []string) {
	text, problem := "", "is required"
	if sent, is := f.body[name]; is {
		text, problem = plainText(sent)
	}
	switch {
	case problem != "":
		f.problems[name] = problem
	case len(text) == truncated:
		warnings = append(warnings, fmt.Sprintf("%s: it has exactly %d bytes, where Relay's command line cuts a longer value without a message; "+
			"if it was longer, set it on the web page or with relay-sync secret set", name, truncated))
	}
	return secrets.NewValue(text), warnings
}

// login are the fields of a connection of a type, in the member "auth".
func (f *fields) login(kind string) (values map[string]secrets.Value, warnings []string) {
	auth, is := f.body["auth"].(object)
	if !is {
		f.problems["auth"] = `is required: {"type":"secret","fields":{...}} with every field, because no field can be read back`
		return nil, nil
	}
	f.only(auth, "auth.", "type", "fields")
	if auth["type"] != "secret" {
		f.problems["auth.type"] = `must be "secret"`
	}
	sent, is := auth["fields"].(object)
	if !is || len(sent) == 0 {
		f.problems["auth.fields"] = "must be an object with at least one field"
		return nil, nil
	}
	if len(sent) > connections.MaxFields {
		f.problems["auth.fields"] = fmt.Sprintf("too many fields: at most %d are allowed", connections.MaxFields)
		return nil, nil
	}
	check := connections.CheckFields(kind, slices.Sorted(maps.Keys(sent)))
	if check.Problem != "" {
		f.problems["auth.fields"] = check.Problem
	}
	values = map[string]secrets.Value{}
	for name, member := range sent {
		if err := secrets.CheckName("field", name); err != nil {
			f.problems["auth.fields"] = err.Error()
			continue
		}
		text, problem := plainText(member)
		if problem != "" {
			f.problems["auth.fields."+name] = problem
		}
		values[name] = secrets.NewValue(text)
	}
	if check.Warning != "" {
		warnings = append(warnings, check.Warning)
	}
	return values, warnings
}

// err is what is wrong with the members; nil for nothing.
func (f *fields) err() error { return invalidFields(f.problems) }

// plainText is the plain text of a value: a string, or an object with its encoding
// (ARCHITECTURE.md, Transfer encoding). The problem quotes nothing of it. Pure.
func plainText(value any) (text, problem string) {
	switch value := value.(type) {
	case string:
		text = value
	case object:
		data, is := value["data"].(string)
		encoding, given := value["$encoding"].(string)
		switch {
		case !is || !given || len(value) != 2:
			return "", `must be a string, or an object with the strings "$encoding" and "data" alone`
		case encoding == "":
			text = data
		case encoding == "base64":
			decoded, err := base64.StdEncoding.DecodeString(data)
			if err != nil {
				return "", "invalid base64 in data; expected the standard alphabet with padding"
			}
			text = string(decoded)
		default:
			return "", `unsupported $encoding: must be "base64", or empty for plain text`
		}
	default:
		return "", `must be a string, or an object with "$encoding" and "data"`
	}
	if text == "" {
		return "", "the value is empty"
	}
	return text, ""
}
