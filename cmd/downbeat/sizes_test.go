package main

import (
	"go/ast"
	"go/token"
	"testing"
)

// What a function and a file of the product have at most, in lines. A function's are those from its name to its last
// brace; generated files don't count.
const (
	mostOfFunction = 50
	meanOfFunction = 11
	mostOfFile     = 400
)

// TestSizes: functions and files are as long as somebody reads at once.
func TestSizes(t *testing.T) {
	functions, lines := 0, 0
	for _, p := range listPackages(t) {
		set, files := parseFiles(t, p)
		for _, f := range files {
			if ast.IsGenerated(f) {
				continue
			}
			if n := set.File(f.Pos()).LineCount(); n > mostOfFile {
				t.Errorf("%s: %d lines in a file, %d are allowed", set.Position(f.Package), n, mostOfFile)
			}
			for _, d := range f.Decls {
				d, ok := d.(*ast.FuncDecl)
				if !ok || d.Body == nil {
					continue
				}
				n := linesOf(set, d)
				functions, lines = functions+1, lines+n
				if n > mostOfFunction {
					t.Errorf("%s: %s has %d lines, %d are allowed", set.Position(d.Pos()), d.Name.Name, n, mostOfFunction)
				}
			}
		}
	}
	if mean := float64(lines) / float64(functions); mean > meanOfFunction || functions < 1000 {
		t.Errorf("%d functions have %.1f lines on average, %d are allowed", functions, mean, meanOfFunction)
	} else {
		t.Logf("%d functions have %.1f lines on average", functions, mean)
	}
}

func linesOf(set *token.FileSet, d *ast.FuncDecl) int {
	return set.Position(d.End()).Line - set.Position(d.Pos()).Line + 1
}
