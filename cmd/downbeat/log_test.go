package main

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
)

// logCalls visits the calls that log, of all the product's files: the method's name and the arguments.
func logCalls(t *testing.T, visit func(at token.Position, method string, args []ast.Expr)) {
	t.Helper()
	methods := []string{"Debug", "Info", "Warn", "Error", "With"}
	for _, p := range listPackages(t) {
		set, files := parseFiles(t, p)
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				to, ok := call.Fun.(*ast.SelectorExpr)
				if ok && slices.Contains(methods, to.Sel.Name) && isLogger(to.X) {
					visit(set.Position(call.Pos()), to.Sel.Name, call.Args)
				}
				return true
			})
		}
	}
}

// isLogger reports whether an expression is called as the project calls its loggers.
func isLogger(x ast.Expr) bool {
	name := ""
	switch x := x.(type) {
	case *ast.Ident:
		name = x.Name
	case *ast.SelectorExpr:
		name = x.Sel.Name
	}
	return strings.EqualFold(name, "log")
}

// TestNamesOfLogKeys: keys are constants in one style, and errors have one key.
func TestNamesOfLogKeys(t *testing.T) {
	calls := 0
	logCalls(t, func(at token.Position, method string, args []ast.Expr) {
		calls++
		if method != "With" {
			args = args[1:]
		}
		for i := 0; i < len(args); i += 2 {
			lit, ok := args[i].(*ast.BasicLit)
			if !ok {
				if id, named := args[i].(*ast.Ident); named && id.Name == "libraryKey" {
					continue
				}
				t.Errorf("%v: the key isn't a constant", at)
				continue
			}
			key, err := strconv.Unquote(lit.Value)
			check(t, err)
			value, _ := args[min(i+1, len(args)-1)].(*ast.Ident)
			switch {
			case key == "error":
				t.Errorf("%v: the key of an error is err", at)
			case value != nil && value.Name == "err" && key != "err":
				t.Errorf("%v: an error has the key %q", at, key)
			case strings.ToLower(key) != key || strings.ContainsAny(key, " -."):
				t.Errorf("%v: the key %q", at, key)
			}
		}
	})
	if calls < 40 {
		t.Errorf("found %d calls only", calls)
	}
}

// TestLogEvents: what is logged above debug has a fixed name and fixed keys, which
// docs/operating.md lists, and nothing else is listed there.
func TestLogEvents(t *testing.T) {
	table := testutil.EventTable(t)
	used := map[string]bool{}
	logCalls(t, func(at token.Position, method string, args []ast.Expr) {
		if method == "With" || method == "Debug" {
			return
		}
		lit, ok := args[0].(*ast.BasicLit)
		if !ok {
			if words := filepath.ToSlash(at.Filename); !strings.HasSuffix(words, "peer/log.go") && !strings.HasSuffix(words, "store/nats/engine.go") { // libraries' words
				t.Errorf("%v: the event isn't a constant", at)
			}
			return
		}
		name, err := strconv.Unquote(lit.Value)
		check(t, err)
		row := table[name]
		used[name] = true
		if row.Level != "any" && row.Level != strings.ToLower(method) {
			t.Errorf("%v: %s is logged as %s, docs/operating.md has it as %q", at, name, method, row.Level)
		}
		for i := 1; i < len(args); i += 2 {
			if key, ok := args[i].(*ast.BasicLit); ok && !strings.Contains(row.Keys, " "+strings.Trim(key.Value, `"`)+" ") {
				t.Errorf("%v: %s has the key %s, which docs/operating.md doesn't list", at, name, key.Value)
			}
		}
	})
	for _, kind := range session.HappeningKinds {
		used[string(kind)] = true
	}
	for _, name := range []string{"device_joined", "device_left", "refused", "disk_well", "disk_low", "disk_full"} {
		used[name] = true
	}
	for name := range used {
		if table[name].Level == "" {
			t.Errorf("docs/operating.md has no row for the event %s", name)
		}
	}
	for name := range table {
		if !used[name] {
			t.Errorf("docs/operating.md lists %s, which nothing logs", name)
		}
	}
}
