package signaling

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestCodesAreDocumented: the tables of errors in docs/protocol.md have every code that
// the program can answer with, and no other.
func TestCodesAreDocumented(t *testing.T) {
	used := map[string]bool{}
	for _, dir := range []string{".", "../session", "../access", "../upload"} {
		collectCodes(t, dir, used)
	}
	doc, err := os.ReadFile("../docs/protocol.md")
	must(t, err)
	_, tables, _ := strings.Cut(string(doc), "\n## Errors\n")
	tables, _, _ = strings.Cut(tables, "\n## ")
	documented := map[string]bool{}
	for line := range strings.Lines(tables) {
		row, isRow := strings.CutPrefix(line, "| `")
		cell, _, _ := strings.Cut(row, " |")
		for code := range strings.SplitSeq(strings.TrimSuffix(cell, "`"), "`, `") {
			if isRow {
				documented[code] = true
			}
		}
	}
	if len(used) < 60 || len(documented) < 60 {
		t.Fatalf("found %d codes in the program, %d in the document", len(used), len(documented))
	}
	for code := range used {
		if !documented[code] {
			t.Errorf("docs/protocol.md doesn't have %s", code)
		}
	}
	for code := range documented {
		if !used[code] {
			t.Errorf("nothing answers with %s, which docs/protocol.md has", code)
		}
	}
}

// collectCodes finds the constants called Code… and the codes in literals of the
// types of errors.
func collectCodes(t *testing.T, dir string, used map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	must(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		must(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if strings.HasPrefix(n.Names[0].Name, "Code") && len(n.Values) == 1 {
					take(n.Values[0], used)
				}
			case *ast.CompositeLit:
				if isError(n.Type) {
					takeLiteral(n, used)
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "badRequest" {
					take(n.Args[0], used)
				}
			}
			return true
		})
	}
}

func isError(typ ast.Expr) bool {
	switch typ := typ.(type) {
	case *ast.Ident:
		return typ.Name == "Error" || typ.Name == "httpError"
	case *ast.SelectorExpr:
		return typ.Sel.Name == "Error"
	}
	return false
}

// takeLiteral takes the field Code, or the first text where fields have no names: that
// is the code in each of the types.
func takeLiteral(lit *ast.CompositeLit, used map[string]bool) {
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if kv.Key.(*ast.Ident).Name == "Code" {
				take(kv.Value, used)
			}
			continue
		}
		if take(e, used) {
			return
		}
	}
}

func take(e ast.Expr, used map[string]bool) bool {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return false
	}
	code, err := strconv.Unquote(b.Value)
	if err == nil && regexp.MustCompile(`^[a-z_0-9]+$`).MatchString(code) {
		used[code] = true
		return true
	}
	return false
}
