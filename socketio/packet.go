package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// kind is what a packet of Socket.IO is for; on the wire it is a digit.
type kind byte

const (
	kindConnect kind = '0' + iota
	kindDisconnect
	kindEvent
	kindAck
	kindConnectError
	kindBinaryEvent
	kindBinaryAck
)

const (
	mainNamespace = "/"
	maxNamespace  = 64 // bytes
	maxParts      = 16 // binary parts of a packet
	maxEventName  = 64 // bytes
)

// packet is one of Socket.IO's, protocol revision 5.
type packet struct {
	kind      kind
	namespace string
	parts     int             // binary ones, that follow
	id        *uint64         // of an event that wants an acknowledgement, or of that
	data      json.RawMessage // nil for none
}

var errPacket = errors.New("socketio: that is no packet")

// parsePacket reads what came as text.
func parsePacket(b []byte) (p packet, err error) {
	if len(b) == 0 || b[0] < byte(kindConnect) || b[0] > byte(kindBinaryAck) || !utf8.Valid(b) {
		return p, errPacket
	}
	p.kind, b = kind(b[0]), b[1:]
	if p.binary() {
		n, rest, found := bytes.Cut(b, []byte("-"))
		if p.parts, err = strconv.Atoi(string(n)); !found || err != nil || p.parts < 1 || p.parts > maxParts {
			return p, errPacket
		}
		b = rest
	}
	p.namespace = mainNamespace
	if len(b) > 0 && b[0] == '/' {
		name, rest, _ := bytes.Cut(b, []byte(","))
		if len(name) > maxNamespace {
			return p, errPacket
		}
		p.namespace, b = string(name), rest
	}
	digits := 0
	for digits < len(b) && b[digits] >= '0' && b[digits] <= '9' {
		digits++
	}
	if digits > 0 {
		id, err := strconv.ParseUint(string(b[:digits]), 10, 53)
		if err != nil {
			return p, errPacket
		}
		p.id, b = &id, b[digits:]
	}
	if len(b) > 0 {
		p.data = b
	}
	if !p.sound() {
		return p, errPacket
	}
	return p, nil
}

func (p *packet) binary() bool { return p.kind == kindBinaryEvent || p.kind == kindBinaryAck }

// sound reports whether a client may send the packet: its data is what its kind has.
func (p *packet) sound() bool {
	if p.data != nil && !json.Valid(p.data) {
		return false
	}
	switch p.kind {
	case kindConnect:
		return p.id == nil && (p.data == nil || p.data[0] == '{')
	case kindDisconnect:
		return p.id == nil && p.data == nil
	case kindEvent, kindBinaryEvent:
		args, ok := p.args()
		var name string
		return ok && len(args) > 0 && json.Unmarshal(args[0], &name) == nil && args[0][0] == '"' &&
			len(name) <= maxEventName && !slices.Contains(reserved, name)
	case kindAck, kindBinaryAck:
		_, ok := p.args()
		return ok && p.id != nil
	}
	return false // a client refuses nothing
}

// reserved are the events that a client makes itself.
var reserved = []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}

// args are the elements of the packet's array.
func (p *packet) args() (args []json.RawMessage, ok bool) {
	if len(p.data) == 0 || p.data[0] != '[' {
		return nil, false
	}
	return args, json.Unmarshal(p.data, &args) == nil
}

// append writes the packet as text.
func (p *packet) append(b []byte) []byte {
	b = append(b, byte(p.kind))
	if p.binary() {
		b = append(strconv.AppendInt(b, int64(p.parts), 10), '-')
	}
	if p.namespace != mainNamespace {
		b = append(append(b, p.namespace...), ',')
	}
	if p.id != nil {
		b = strconv.AppendUint(b, *p.id, 10)
	}
	return append(b, p.data...)
}

// asText puts the parts into the data in base64, as the protocol has bytes in JSON. It fails where
// the data names a part that there isn't.
func asText(data json.RawMessage, parts [][]byte) (json.RawMessage, error) {
	if len(parts) == 0 || !bytes.Contains(data, []byte(`"_placeholder"`)) {
		return data, nil
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, errPacket
	}
	v, err := filled(v, parts)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func filled(v any, parts [][]byte) (_ any, err error) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			if v[i], err = filled(v[i], parts); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if v["_placeholder"] == true {
			n, ok := v["num"].(float64)
			if i := int(n); ok && float64(i) == n && i >= 0 && i < len(parts) {
				return parts[i], nil // which JSON has in base64
			}
			return nil, errPacket
		}
		for k := range v {
			if v[k], err = filled(v[k], parts); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}
