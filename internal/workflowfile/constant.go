// Copyright (c) The terraform-provider-relay authors
// SPDX-License-Identifier: MPL-2.0

package workflowfile

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

func constantNumber(text string) (key, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return key{}, errors.New("invalid number")
	}
	return key{text: strconv.FormatFloat(n, 'f', -1, 64), known: true, number: true}, nil
}

func constantString(token string) (key, error) {
	if !strings.HasPrefix(token, "'") {
		text, err := strconv.Unquote(token)
		if err != nil {
			return key{}, errors.New("invalid string: the closing quote is missing on the line, or an escape is unknown")
		}
		return key{text: text, known: true}, nil
	}
	var text strings.Builder
	rest, ended := strings.CutSuffix(token[1:], "'")
	for ended && rest != "" {
		r, multibyte, tail, err := strconv.UnquoteChar(rest, '\'')
		if err != nil {
			break
		}
		if multibyte || r < utf8.RuneSelf {
			text.WriteRune(r)
		} else { // \xe9 is a byte, not é
			text.Write([]byte{byte(r & 0xff)})
		}
		rest = tail
	}
	if !ended || rest != "" {
		return key{}, errors.New("invalid string: the closing quote is missing on the line, or an escape is unknown")
	}
	return key{text: text.String(), known: true}, nil
}
