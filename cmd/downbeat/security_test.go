package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestDocsOfSecurity: the table of limits in docs/security.md has the program's figures, the
// codes that the protocol has and the flags that there are.
func TestDocsOfSecurity(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		check(t, err)
		return string(b)
	}
	doc, protocol, operating := read("security.md"), read("protocol.md"), read("operating.md")
	_, table, _ := strings.Cut(doc, "<!-- limits -->")
	table, _, _ = strings.Cut(table, "<!-- end -->")
	source := newFigures(t)
	figures := 0
	for i, row := range strings.Split(strings.TrimSpace(table), "\n") {
		cells := strings.Split(row, "|")
		if i < 2 {
			continue
		}
		if len(cells) != 7 {
			t.Errorf("a row has %d cells: %s", len(cells)-2, row)
			continue
		}
		what, limit, flag, answer, where := strings.TrimSpace(cells[1]), cells[2], cells[3], cells[4], cells[5]
		for _, f := range regexp.MustCompile("`(--[a-z-]+)").FindAllStringSubmatch(flag, -1) {
			if !strings.Contains(operating, "| `"+f[1]+"` |") {
				t.Errorf("%s: there is no flag %s", what, f[1])
			}
		}
		for _, c := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(answer, -1) {
			if !strings.Contains(protocol, "| `"+c[1]+"`") && !strings.Contains(protocol, "`, `"+c[1]+"`") {
				t.Errorf("%s: docs/protocol.md has no code %s", what, c[1])
			}
		}
		for _, c := range regexp.MustCompile("`([a-z/]+)\\.([A-Za-z.]+)`").FindAllStringSubmatch(where, -1) {
			value, err := source.value(c[1], c[2])
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			figures++
			if !told(limit, value) {
				t.Errorf("%s: %s.%s is %s, the document says %q", what, c[1], c[2], value[0], limit)
			}
		}
	}
	if figures < 50 {
		t.Errorf("found %d figures alone", figures)
	}
}

// told reports whether a text has a value in one of its spellings.
func told(text string, spellings []string) bool {
	for _, s := range spellings {
		if regexp.MustCompile(`(^|[^0-9.,])` + regexp.QuoteMeta(s) + `($|[^0-9.,]|[.,]($|[^0-9]))`).MatchString(text) {
			return true
		}
	}
	return false
}

// figures evaluates constants of this module's packages, and the defaults of their Configs.
type figures struct {
	fset     *token.FileSet
	standard types.Importer
	packages map[string]*evaluated
}

// evaluated is a package of which the constants are known.
type evaluated struct {
	pkg    *types.Package
	source string
}

func newFigures(t *testing.T) *figures {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output() // a test that is built with -trimpath doesn't know
	check(t, err)
	build.Default.GOROOT = strings.TrimSpace(string(root))
	fset := token.NewFileSet()
	return &figures{fset: fset, standard: importer.ForCompiler(fset, "source", nil), packages: map[string]*evaluated{}}
}

// Import gives packages what their constants need of others.
func (f *figures) Import(path string) (*types.Package, error) {
	if path == "time" {
		return f.standard.Import(path)
	}
	return nil, errors.New("not needed")
}

// value returns the spellings of a constant, or of what a field of the package's Config is
// where it is 0.
func (f *figures) value(dir, name string) ([]string, error) {
	p, err := f.load(dir)
	if err != nil {
		return nil, err
	}
	if field, ok := strings.CutPrefix(name, "Config."); ok {
		found := regexp.MustCompile(`cmp\.Or\((?:c|cfg)\.` + field + `, (.+?)\)+\n`).FindStringSubmatch(p.source)
		if found == nil {
			return nil, fmt.Errorf("%s: Config has no default for %s", dir, field)
		}
		return f.spell("package x\nimport \"time\"\nconst _ = time.Second\nconst V = "+found[1], "V")
	}
	c, ok := p.pkg.Scope().Lookup(name).(*types.Const)
	if !ok {
		return nil, fmt.Errorf("%s has no constant %s", dir, name)
	}
	return spellings(c)
}

// spell evaluates a constant of a file.
func (f *figures) spell(source, name string) ([]string, error) {
	file, err := parser.ParseFile(f.fset, "x.go", source, 0)
	if err != nil {
		return nil, err
	}
	pkg, err := (&types.Config{Importer: f}).Check("x", f.fset, []*ast.File{file}, nil)
	if err != nil {
		return nil, err
	}
	return spellings(pkg.Scope().Lookup(name).(*types.Const))
}

func (f *figures) load(dir string) (*evaluated, error) {
	if p := f.packages[dir]; p != nil {
		return p, nil
	}
	names, err := filepath.Glob(filepath.Join("..", "..", dir, "*.go"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("no package %s", dir)
	}
	var files []*ast.File
	var source strings.Builder
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(f.fset, name, b, 0)
		if err != nil {
			return nil, err
		}
		source.Write(b)
		files = append(files, file)
	}
	nothing := func(error) {} // what isn't imported is unknown, constants are known all the same
	pkg, _ := (&types.Config{Importer: f, Error: nothing, IgnoreFuncBodies: true}).Check(dir, f.fset, files, nil)
	p := &evaluated{pkg, source.String()}
	f.packages[dir] = p
	return p, nil
}

// spellings are how the document may write a constant: 10,000 or 64 KiB, or with a unit of time.
func spellings(c *types.Const) ([]string, error) {
	n, ok := constant.Int64Val(constant.ToInt(c.Val()))
	if !ok {
		return nil, fmt.Errorf("%s is no whole number", c.Name())
	}
	if c.Type().String() == "time.Duration" {
		return spellTime(time.Duration(n)), nil
	}
	all := []string{thousands(n), fmt.Sprint(n)}
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if size := int64(1) << (10 * (i + 1)); n%size == 0 {
			all = append(all, fmt.Sprintf("%d %s", n/size, unit))
		}
	}
	return all, nil
}

func spellTime(d time.Duration) (all []string) {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Millisecond, "ms"}, {time.Second, "s"}, {time.Minute, "min"}, {time.Hour, "h"}, {24 * time.Hour, "days"}} {
		if d%u.unit == 0 {
			all = append(all, fmt.Sprintf("%d %s", d/u.unit, u.name))
		}
	}
	return all
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
