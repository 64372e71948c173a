package signaling

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Message is one JSON object on the wire, in either direction.
type Message struct {
	Event   string          `json:"event"`
	Data    json.RawMessage `json:"data,omitempty"`
	ID      int64           `json:"id,omitempty"`      // of a request, chosen by the client
	ReplyTo int64           `json:"replyTo,omitempty"` // the request that this answers
}

// maxEventName bounds an event's name in bytes.
const maxEventName = 64

// ParseMessage reads one message. Its error is a *session.Error with the code
// bad_message.
func ParseMessage(b []byte) (Message, error) {
	var m Message
	if !utf8.Valid(b) { // browsers would end the connection if it were passed on to them
		return Message{}, badMessage("a message must be UTF-8")
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return Message{}, badMessage("a message must be a JSON object {event, data, id}: %s", faultOf(err))
	}
	if m.Event == "" || len(m.Event) > maxEventName {
		return Message{}, badMessage("event must be a name of 1 to %d bytes", maxEventName)
	}
	return m, nil
}

func badMessage(format string, args ...any) error {
	return &session.Error{Code: wire.CodeBadMessage, Message: fmt.Sprintf(format, args...)}
}

// encode writes an event as one message; replyTo is 0 where nothing asked.
func encode(event string, data any, replyTo int64) ([]byte, error) {
	return marshal(struct {
		Event   string `json:"event"`
		Data    any    `json:"data,omitempty"`
		ReplyTo int64  `json:"replyTo,omitempty"`
	}{event, data, replyTo})
}

// marshal writes JSON without making six bytes of each <, > and &.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Decode reads the message's data into v; absent data is an empty object.
func (m Message) Decode(v any) error { return decode(m.Data, v) }

// decode reads a message's data into v; absent data is an empty object.
func decode(data json.RawMessage, v any) error {
	if len(data) == 0 || string(data) == "null" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(v); err != nil {
		return &session.Error{Code: wire.CodeBadField, Message: faultOf(err)}
	}
	if _, err := d.Token(); err != io.EOF {
		return &session.Error{Code: wire.CodeBadField, Message: "data must be one JSON object"}
	}
	return nil
}
