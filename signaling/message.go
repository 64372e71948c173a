package signaling

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
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
		return Message{}, badMessage("a message must be a JSON object {event, data, id}: %s", plainjson.FaultOf(err))
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
	return plainjson.Marshal(struct {
		Event   string `json:"event"`
		Data    any    `json:"data,omitempty"`
		ReplyTo int64  `json:"replyTo,omitempty"`
	}{event, data, replyTo})
}

// Decode reads the message's data into v; absent data is an empty object.
func (m Message) Decode(v any) error { return plainjson.Decode(m.Data, v) }

// forDevice says what a Peer found wrong, as far as its error says so to the device.
func forDevice(what string, err error) string {
	var said interface{ ForDevice() string }
	if errors.As(err, &said) {
		return what + ": " + said.ForDevice()
	}
	return what
}
