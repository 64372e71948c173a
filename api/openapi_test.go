package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/downbeat-sync/downbeat/session"
)

// openAPI is the description, ready to be compared with answers.
type openAPI struct {
	Paths map[string]map[string]json.RawMessage

	compiler *jsonschema.Compiler
	mu       sync.Mutex
}

var theAPI = sync.OnceValues(func() (*openAPI, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(description))
	if err != nil {
		return nil, err
	}
	api := &openAPI{compiler: jsonschema.NewCompiler()}
	api.compiler.AssertFormat()
	if err := api.compiler.AddResource("openapi.json", doc); err != nil {
		return nil, err
	}
	return api, json.Unmarshal(description, api)
})

// operations lists what is described as the router writes it.
func (a *openAPI) operations() (list []string) {
	for path, methods := range a.Paths {
		for method := range methods {
			if method != "parameters" {
				list = append(list, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(list)
	return list
}

// of finds the description of a call; ok is false for one that isn't described.
func (a *openAPI) of(method, path string) (pattern string, ok bool) {
	for _, pattern := range slices.Sorted(maps.Keys(a.Paths)) {
		shape := "^" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(pattern, "[^/]+") + "$"
		if a.Paths[pattern][strings.ToLower(method)] != nil && regexp.MustCompile(shape).MatchString(path) {
			return pattern, true
		}
	}
	return "", false
}

// conforms holds an answer against its description; what isn't described must be an error.
func conforms(t testing.TB, method, path string, status int, body []byte) {
	t.Helper()
	api, err := theAPI()
	must(t, err)
	at := "#/components/responses/Error"
	if pattern, ok := api.of(method, path); ok {
		var op struct{ Responses map[string]any }
		must(t, json.Unmarshal(api.Paths[pattern][strings.ToLower(method)], &op))
		if _, ok := op.Responses[strconv.Itoa(status)]; ok {
			escaped := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(pattern)
			at = "#/paths/" + escaped + "/" + strings.ToLower(method) + "/responses/" + strconv.Itoa(status)
		}
	}
	api.mu.Lock()
	defer api.mu.Unlock()
	schema, err := api.compiler.Compile("openapi.json" + at + "/content/application~1json/schema")
	must(t, err)
	answer, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	must(t, err)
	if err := schema.Validate(answer); err != nil {
		t.Errorf("%s %s answered %d %s: %v", method, path, status, body, err)
	}
}

// TestOpenAPIIsWhole: what is described is what is served, nothing more and nothing less.
func TestOpenAPIIsWhole(t *testing.T) {
	api, err := theAPI()
	must(t, err)
	w := onSockets(t, session.Config{})
	var served []string
	for _, r := range w.server.api() {
		served = append(served, r.pattern)
	}
	slices.Sort(served)
	if described := api.operations(); !slices.Equal(described, served) {
		t.Errorf("described are\n%v, served\n%v", described, served)
	}
	w.Join(t, `{"sessionId":"studio"}`)
	operations := api.operations() // DELETE first
	for _, op := range slices.Backward(operations) {
		method, path, _ := strings.Cut(op, " ")
		path = strings.NewReplacer("{id}", "studio", "{command}", "x", "{recording}", "x", "{take}", "x").Replace(path)
		r := w.call(t, method, path, `{"name":"flash"}`, nil)
		if r.Error.Code == "not_found" || r.Status >= 500 {
			t.Errorf("%s answered %+v", op, r)
		}
	}
	if r := w.call(t, http.MethodGet, "/api/nothing", "", nil); r.Error.Code != "not_found" {
		t.Errorf("answered %+v", r)
	}
}
