// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package config

import (
	"reflect"
	"testing"
)

func TestNearestKey(t *testing.T) {
	t.Parallel()
	top, source := keysOf(reflect.TypeFor[Config]()), keysOf(reflect.TypeFor[Source]())
	for key, test := range map[string]struct {
		keys []string
		want string
	}{
		"controler":      {top, "controller"},
		"conrtoller":     {top, "controller"},
		"source":         {top, "sources"},
		"socket_mod":     {top, "socket_mode"},
		"valt":           {top, "vault"},
		"workflow":       {source, "workflows"},
		"agekeys":        {source, "age_keys"},
		"drift-interval": {source, "drift_interval"},
		"kubernetes":     {top, ""},
		"ab":             {top, ""},
		"x":              {top, ""},
		"":               {top, ""},
	} {
		if got := nearest(key, test.keys); got != test.want {
			t.Errorf("nearest(%q) = %q, want %q", key, got, test.want)
		}
	}
}
