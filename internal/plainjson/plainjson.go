// Package plainjson reads and writes the JSON of the protocol, for the WebSocket and for HTTP, and
// says in the protocol's words what is wrong with one.
package plainjson

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Marshal writes JSON without making six bytes of each <, > and &.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Decode reads a message's data, or the body of a call, into v; none is an empty object. Its error
// is a *session.Error with the code bad_field.
func Decode(data json.RawMessage, v any) error {
	if len(data) == 0 || string(data) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(v); err != nil {
		return &session.Error{Code: wire.CodeBadField, Message: FaultOf(err)}
	}
	if _, err := d.Token(); err != io.EOF {
		return &session.Error{Code: wire.CodeBadField, Message: "data must be one JSON object"}
	}
	return nil
}

// Missing is the error of a field that isn't there.
func Missing(field string) error {
	return &session.Error{Code: wire.CodeBadField, Message: "field \"" + field + "\" is missing"}
}

// Millis turns milliseconds into a duration; what is out of its range
// becomes one that no request allows.
func Millis(ms *float64) *time.Duration {
	if ms == nil {
		return nil
	}
	d := time.Duration(-1)
	if *ms >= 0 && *ms < 1e12 {
		d = time.Duration(*ms * float64(time.Millisecond))
	}
	return &d
}
