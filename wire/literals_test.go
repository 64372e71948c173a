package wire

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// homonyms are words of the program's own that happen to be names of the wire as well, by file
// and word, each with what it is there.
var homonyms = map[string]string{
	"counts.go cancelled":            "a label: how a command went",
	"counts.go missed":               "a label: how a device did",
	"refuse.go exchange":             "why an answer of NTP is refused",
	"polling.go ok":                  "what a POST of Engine.IO is answered with",
	"status.go buffering":            "a state of what a device plays",
	"keys.go command":                "a kind of key of the store",
	"sync.go buffering":              "in what a device is left behind",
	"playback.go buffering":          "a field of a request",
	"recordingreport.go ok":          "how the sound of a recording is",
	"happening.go recording_failed":  "a line of the log",
	"happening.go session_completed": "a line of the log",
	"happening.go command_cancelled": "a line of the log",
	"observer.go device_joined":      "a line of the log",
	"observer.go command":            "an attribute of the log",
	"observer.go missed":             "an attribute of the log",
	"tls_acme.go error":              "a field of what certmagic tells",
	"http.go command":                "a part of a path",
	"disk.go disk_full":              "a state of the disk",
	"exec.go command":                "an attribute of the log",
	"told.go command":                "an attribute of the log",
	"receiver.go ok":                 "a part of an OSC address",
	"receiver.go error":              "a part of an OSC address",
	"receiver.go command":            "a part of an OSC address",
	"reach.go answer":                "what a code of authentication is of: an answer",
}

// sources calls f with each Go file of the product outside this package.
func sources(t *testing.T, f func(path string, file *ast.File)) {
	t.Helper()
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path == "wire" || d.Name() == "node_modules" || len(path) > 1 && strings.HasPrefix(d.Name(), ".")):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", path), nil, parser.SkipObjectResolution)
		if err == nil {
			f(path, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// texts calls f with each literal text of a file, but for imports and tags of fields.
func texts(file *ast.File, f func(text string)) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			n.Tag = nil
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				f(text)
			}
		}
		return true
	})
}

// TestNamesAreWrittenHereAlone: no other Go file has a literal of a name of the wire.
func TestNamesAreWrittenHereAlone(t *testing.T) {
	found := map[string]bool{}
	sources(t, func(path string, file *ast.File) {
		texts(file, func(text string) {
			if RequestOf(text).Name+EventOf(text).Name+CodeOf(text).Name == "" {
				return
			}
			at := filepath.Base(path) + " " + text
			if found[at] = true; homonyms[at] == "" {
				t.Errorf("%s has the literal %q: use the constant of package wire", path, text)
			}
		})
	})
	for at := range homonyms {
		if !found[at] {
			t.Errorf("%s isn't there any more: take it off the list", at)
		}
	}
}

// TestEveryNameIsUsed: a code that nothing answers with is no part of the protocol.
func TestEveryNameIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, q := range requests {
		used[q.Answer] = true
	}
	sources(t, func(path string, file *ast.File) {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "wire" {
					used[s.Sel.Name] = true
				}
			}
			return true
		})
	})
	for _, name := range []string{"names.go", "codes.go", "closing.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.CONST {
				for _, s := range d.Specs {
					s := s.(*ast.ValueSpec)
					value, _ := strconv.Unquote(s.Values[0].(*ast.BasicLit).Value)
					if !used[s.Names[0].Name] && !used[value] {
						t.Errorf("nothing uses %s", s.Names[0].Name)
					}
				}
			}
		}
	}
}

// TestNamesInJavaScript: the pages and the library have no literal of a name of the wire but in
// lib/wire.js. Short names are words as well: they count where an event or a request is meant.
func TestNamesInJavaScript(t *testing.T) {
	var long, short []string
	for name := range named() {
		if strings.Contains(name, "_") {
			long = append(long, name)
		} else {
			short = append(short, name)
		}
	}
	quoted := regexp.MustCompile(`['"](` + strings.Join(long, "|") + `)['"]`)
	meant := regexp.MustCompile(`(?:\b(?:on|request|send|sendAside|onCommand)\(|\bevent [!=]== )['"](` + strings.Join(short, "|") + `)['"]`)
	err := fs.WalkDir(os.DirFS("../web/static"), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".js" || strings.HasPrefix(path, "vendor/") || path == "lib/wire.js" {
			return err
		}
		text, err := os.ReadFile(filepath.Join("../web/static", path))
		for i, line := range strings.Split(string(text), "\n") {
			for _, m := range append(quoted.FindAllString(line, -1), meant.FindAllString(line, -1)...) {
				t.Errorf("web/static/%s:%d has %s: use the constant of lib/wire.js", path, i+1, m)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// named are the names of requests and events.
func named() map[string]bool {
	all := map[string]bool{}
	for _, q := range requests {
		all[q.Name] = true
	}
	for _, e := range events {
		all[e.Name] = true
	}
	return all
}
