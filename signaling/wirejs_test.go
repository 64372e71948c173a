package signaling

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

var update = flag.Bool("update", false, "write web/static/lib/wire.js")

const wireJS = "../web/static/lib/wire.js"

// eventData are the types of what the server tells, by event. Each message that a test of this
// package gets is held against them.
var eventData = map[string]reflect.Type{
	wire.OK:                 nil,
	wire.Scheduled:          reflect.TypeFor[session.Scheduled](),
	wire.Error:              reflect.TypeFor[ErrorData](),
	wire.SessionJoined:      reflect.TypeFor[session.SessionJoined](),
	wire.JoinedSession:      reflect.TypeFor[session.JoinedSession](),
	wire.UserJoined:         reflect.TypeFor[session.UserJoined](),
	wire.UserLeft:           reflect.TypeFor[session.UserLeft](),
	wire.UserChanged:        reflect.TypeFor[session.UserChanged](),
	wire.DeviceJoined:       reflect.TypeFor[session.DeviceJoined](),
	wire.DeviceDisconnected: reflect.TypeFor[session.DeviceDisconnected](),
	wire.DeviceChanged:      reflect.TypeFor[session.DeviceChanged](),
	wire.DeviceRemoved:      reflect.TypeFor[session.DeviceRemoved](),
	wire.SessionChanged:     reflect.TypeFor[session.SessionChanged](),
	wire.SessionEnded:       reflect.TypeFor[session.SessionEnded](),
	wire.LeadershipChanged:  reflect.TypeFor[session.LeadershipChanged](),
	wire.MediaLoaded:        reflect.TypeFor[session.MediaLoaded](),
	wire.PlaybackSync:       reflect.TypeFor[session.PlaybackSync](),
	wire.MediaInfo:          reflect.TypeFor[session.MediaInfo](),
	wire.StartRecording:     reflect.TypeFor[session.StartRecording](),
	wire.StopRecording:      reflect.TypeFor[session.StopRecording](),
	wire.SessionCompleted:   reflect.TypeFor[session.SessionCompleted](),
	wire.Command:            reflect.TypeFor[session.Command](),
	wire.Cancelled:          reflect.TypeFor[session.Cancelled](),
	wire.DesyncRecovery:     reflect.TypeFor[session.Desync](),
	wire.TakeChanged:        reflect.TypeFor[session.TakeChanged](),
	wire.RecordingPart:      reflect.TypeFor[session.Part](),
	wire.CameraSettings:     reflect.TypeFor[session.CameraChanged](),
	wire.MonitorWanted:      reflect.TypeFor[session.MonitorWanted](),
	wire.Monitor:            reflect.TypeFor[session.Monitored](),
	wire.HeartbeatAck:       reflect.TypeFor[HeartbeatAck](),
	wire.SessionState:       reflect.TypeFor[session.Snapshot](),
	wire.CommandReport:      reflect.TypeFor[session.Report](),
	wire.SyncStatus:         reflect.TypeFor[session.SyncStatus](),
	wire.Answer:             reflect.TypeFor[SDP](),
	wire.Exchange:           reflect.TypeFor[Exchange](),
	wire.Goodbye:            reflect.TypeFor[Goodbye](),
}

// checkTold reports a message that isn't what eventData has.
func checkTold(t testing.TB, m testsocket.Message) {
	t.Helper()
	of, listed := eventData[m.Event]
	switch {
	case !listed:
		t.Errorf("the server told %s, which isn't listed", m.Event)
	case of == nil && m.Data != nil:
		t.Errorf("the server told %s with %s", m.Event, m.Data)
	case of != nil:
		d := json.NewDecoder(bytes.NewReader(m.Data))
		d.DisallowUnknownFields()
		if err := d.Decode(reflect.New(of).Interface()); err != nil {
			t.Errorf("the server told %s with %s: %v", m.Event, m.Data, err)
		}
	}
}

// TestWireJS: lib/wire.js is what the tables and the types come to.
func TestWireJS(t *testing.T) {
	want := writeWireJS(t)
	if *update {
		must(t, os.WriteFile(wireJS, want, 0o666))
		return
	}
	have, err := os.ReadFile(wireJS)
	must(t, err)
	if !bytes.Equal(have, want) {
		t.Errorf("%s is stale: go generate ./signaling", wireJS)
	}
}

// script is a JavaScript file that is being written.
type script struct {
	bytes.Buffer

	comments map[string]string // of fields, by type and field
	types    map[reflect.Type]bool
	typedefs bytes.Buffer
}

func (s *script) line(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

func writeWireJS(t *testing.T) []byte {
	s := &script{comments: fieldComments(t), types: map[reflect.Type]bool{}}
	s.line("// Written by go generate ./signaling, from package wire and the types of the data. Don't edit.")
	s.names()
	s.codes()
	s.data()
	return append(s.Bytes(), s.typedefs.Bytes()...)
}

// names writes a constant for each name, and lists of those that belong together.
func (s *script) names() {
	var all, commands, twice, again []string
	for _, q := range wire.Requests() {
		all = append(all, q.Name)
		if q.Again {
			again = append(again, constant(q.Name))
		}
	}
	for _, e := range wire.Events() {
		if !slices.Contains(all, e.Name) {
			all = append(all, e.Name)
		}
		if e.Command {
			commands = append(commands, constant(e.Name))
		}
		if e.TwoWays {
			twice = append(twice, constant(e.Name))
		}
	}
	s.line("\n// Requests and events.")
	for _, name := range all {
		s.line("export const %s = '%s'", constant(name), name)
	}
	s.line("\n/**\n * Events at whose timestamp all devices act.\n *\n * @type {readonly ('%s')[]}\n */", strings.Join(wire.Commands(), "' | '"))
	s.line("export const COMMANDS = /* @__PURE__ */ Object.freeze([%s])", strings.Join(commands, ", "))
	s.line("\n/** Events that come over the control channel as well. */")
	s.line("export const TWO_WAYS = /* @__PURE__ */ Object.freeze([%s])", strings.Join(twice, ", "))
	s.line("\n/** Requests that report something: sent until they are answered, after coming back too. */")
	s.line("export const REPORTS = /* @__PURE__ */ Object.freeze([%s])", strings.Join(again, ", "))
}

func constant(name string) string { return strings.ToUpper(name) }

func (s *script) codes() {
	s.line("\n// Codes of errors.")
	for _, c := range wire.Codes() {
		s.line("export const CODE_%s = '%s'", constant(c.Name), c.Name)
	}
	s.line("\n// Codes of closes, and the code of the error that the library makes of those that are for good.")
	for _, c := range wire.Closes() {
		name := strings.ReplaceAll(constant(c.Reason), " ", "_")
		s.line("export const CLOSE_%s = %d", name, c.Code)
		if c.Final {
			s.line("export const CODE_CLOSED_%s = 'closed_%d'", name, c.Code)
		}
	}
}

// data writes the types of all data, and which is whose.
func (s *script) data() {
	var events, requests, answers []string
	for _, e := range wire.Events() {
		data := "undefined"
		if of := eventData[e.Name]; of != nil {
			data = s.typeOf(of, false)
		}
		events = append(events, fmt.Sprintf(" * @property {%s} %s", data, e.Name))
	}
	for _, q := range wire.Requests() {
		requests = append(requests, fmt.Sprintf(" * @property {%s} %s", s.requestType(q.Name), q.Name))
		answer := "undefined"
		if of := eventData[q.Answer]; of != nil {
			answer = s.typeOf(of, false)
		}
		answers = append(answers, fmt.Sprintf(" * @property {%s} %s", answer, q.Name))
	}
	s.line("\n/**\n * The data of each event.\n *\n * @typedef {object} EventData\n%s\n */", strings.Join(events, "\n"))
	s.line("\n/**\n * An event as it comes.\n *\n * @typedef {{[K in keyof EventData]: {event: K, data: EventData[K], replyTo?: number}}[keyof EventData]} WireEvent\n */")
	s.line("\n/**\n * The name of an event and its data, which the name tells the type of.\n *\n * @typedef {{[K in keyof EventData]: [event: K, data: EventData[K]]}[keyof EventData]} Told\n */")
	s.line("\n/**\n * The data of each request; null where it has none.\n *\n * @typedef {object} RequestData\n%s\n */", strings.Join(requests, "\n"))
	for _, of := range []reflect.Type{reflect.TypeFor[session.Recording](), reflect.TypeFor[session.Summary](), reflect.TypeFor[session.Issued]()} {
		s.typeOf(of, false) // of the lists that HTTP answers with
	}
	s.line("\n/**\n * The data of what answers each request.\n *\n * @typedef {object} AnswerData\n%s\n */", strings.Join(answers, "\n"))
}

// requestType writes the type of a request's data under the request's name.
func (s *script) requestType(request string) string {
	of := requests[request].data
	if of == nil {
		return "null"
	}
	var name strings.Builder
	for part := range strings.SplitSeq(request, "_") {
		name.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	name.WriteString("Request")
	if of.PkgPath() == reflect.TypeFor[session.Snapshot]().PkgPath() {
		fmt.Fprintf(&s.typedefs, "\n/**\n * The data of the request %s.\n *\n * @typedef {Partial<%s>} %s\n */\n", request, s.typeOf(of, false), name.String())
	} else {
		s.object(of, name.String(), "the request "+request, true)
	}
	return name.String()
}

// typeOf returns the type of a value, and writes that of an object unless it is there already.
// What a client sends may be less than what the server tells.
func (s *script) typeOf(t reflect.Type, sent bool) string {
	switch {
	case t == reflect.TypeFor[clock.SessionTime]():
		return "number"
	case t == reflect.TypeFor[json.RawMessage]() && sent:
		return "unknown"
	case t == reflect.TypeFor[json.RawMessage]():
		return "any" // an application's own: it knows what it sent
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.typeOf(t.Elem(), sent)
	case reflect.Slice:
		return s.typeOf(t.Elem(), sent) + "[]"
	case reflect.Struct:
		name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
		if !s.types[t] {
			s.types[t] = true
			s.object(t, name, "", false)
		}
		if sent {
			return "Partial<" + name + ">"
		}
		return name
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	}
	return "number"
}

// object writes the type of an object.
func (s *script) object(t reflect.Type, name, of string, sent bool) {
	lines := []string{"\n/**"}
	if of != "" {
		lines = append(lines, " * The data of "+of+".", " *")
	}
	lines = append(lines, " * @typedef {object} "+name)
	for _, f := range reflect.VisibleFields(t) {
		tag, found := f.Tag.Lookup("json")
		if !found || f.Anonymous || tag == "-" {
			continue
		}
		field, options, _ := strings.Cut(tag, ",")
		optional := strings.Contains(options, "omitempty")
		comment := s.comments[ownerOf(t, f)+"."+f.Name]
		typ := s.typeOf(f.Type, sent)
		switch {
		case strings.Contains(options, "string"):
			typ = "string"
		case typ == "string" && choices.MatchString(comment):
			typ = "'" + strings.NewReplacer(", ", "' | '", " or ", "' | '").Replace(comment) + "'"
		case !sent && !optional && (f.Type.Kind() == reflect.Pointer || strings.Contains(comment, "null: ")):
			typ += " | null"
		}
		if optional {
			field = "[" + field + "]"
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf(" * @property {%s} %s  %s", typ, field, comment), " "))
	}
	fmt.Fprintf(&s.typedefs, "%s\n */\n", strings.Join(lines, "\n"))
}

// choices is a comment that lists what a text can be.
var choices = regexp.MustCompile(`^[a-z0-9_]+(, [a-z0-9_]+)* or [a-z0-9_]{4,}$`)

// ownerOf returns the name of the type that declares a field.
func ownerOf(t reflect.Type, f reflect.StructField) string {
	if len(f.Index) > 1 {
		return t.FieldByIndex(f.Index[:len(f.Index)-1]).Type.Name()
	}
	return t.Name()
}

// fieldComments returns what stands behind the fields of types, by type and field.
func fieldComments(t *testing.T) map[string]string {
	comments := map[string]string{}
	for _, dir := range []string{".", "../session", "../session/internal/rules"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		must(t, err)
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			must(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				if object, ok := spec.Type.(*ast.StructType); ok {
					maps.Copy(comments, commentsOf(spec.Name.Name, object))
				}
				return true
			})
		}
	}
	return comments
}

func commentsOf(name string, object *ast.StructType) map[string]string {
	comments := map[string]string{}
	for _, f := range object.Fields.List {
		if f.Comment != nil && len(f.Names) > 0 {
			comments[name+"."+f.Names[0].Name] = strings.TrimSpace(f.Comment.Text())
		}
	}
	return comments
}
