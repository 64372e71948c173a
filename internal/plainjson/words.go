package plainjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/downbeat-sync/downbeat/clock"
)

// FaultOf says what is wrong with a JSON text, in words of the protocol.
func FaultOf(err error) string {
	var typ *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &typ):
		return faultOfType(typ)
	case errors.As(err, &syntax):
		return fmt.Sprintf("it isn't valid JSON, at byte %d", syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the JSON ends too early"
	}
	return "a session time must be a number of milliseconds since 1970, of at most 15 digits" // the one type of ours that reads itself
}

func faultOfType(e *json.UnmarshalTypeError) string {
	want := nameOf(e.Type)
	got, number, _ := strings.Cut(e.Value, " ")
	if got = kinds[got]; number != "" { // of the right kind, and no such number
		got = number
	}
	if e.Field == "" {
		return fmt.Sprintf("it must be %s, not %s", want, got)
	}
	return fmt.Sprintf("field %q must be %s, not %s", e.Field, want, got)
}

// kinds are JSON's types as encoding/json calls them, and as people do.
var kinds = map[string]string{"string": "text", "number": "a number", "bool": "true or false", "array": "a list", "object": "an object"}

// nameOf says what of JSON a value of a type is made of.
func nameOf(t reflect.Type) string {
	if t == reflect.TypeFor[clock.SessionTime]() {
		return "a number of milliseconds"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nameOf(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	}
	return "an object"
}
