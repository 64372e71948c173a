package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/downbeat-sync/downbeat/"

// edges are the imports between the project's packages, each with its reason.
// cmd/downbeat wires them all and is not listed.
var edges = map[string]map[string]string{
	"wire":        {},
	"clock":       {},
	"clock/sim":   {"clock": "plays exchanges to the estimator"},
	"clock/trace": {"clock": "reads and writes its exchanges"},
	"clock/frame": {"clock": "maps, and times in their types"},
	"clock/loop":  {"clock": "runs an estimator, follows its maps", "clock/frame": "what goes over the transport"},
	"clock/utc":   {"clock": "steers session time, and learns each NTP server's clock with its estimator"},
	"light":       {"clock": "session time"},
	"light/film":  {"light": "the light that it films", "clock": "session time"},
	"ntpserver":   {"clock": "tells session time"},
	"reference": {
		"clock":          "learns the reference's clock with its estimator, and steers session time",
		"internal/pause": "waits between tries",
	},
	"session": {
		"clock":         "session time, and the estimates that choose a command's lead",
		"internal/text": "what of people's writing it keeps",
		"wire":          "names of events, codes of errors",
		"store":         "where sessions are kept",

		"session/internal/rules": "what requests come to, what is due, what the members are told",
	},
	"session/internal/rules": {
		"clock":         "session time",
		"internal/text": "what of people's writing is kept",
		"wire":          "names of events, codes of refusals",
	},
	"access": {
		"session":             "says how somebody may join, in its words, and refuses with its error",
		"internal/atomicfile": "the admin key",
		"wire":                "codes of refusals",
	},
	"store":           {},
	"store/storetest": {"store": "tests whatever implements Store"},
	"store/nats": {
		"internal/pause":      "waits between tries",
		"store":               "implements Store: the entries and errors of one",
		"internal/atomicfile": "the data directory's format, the journal of what was acknowledged",
	},
	"peer": {
		"clock":       "runs an estimator per path, sends its maps",
		"clock/frame": "what goes over a path",
		"clock/loop":  "session time as a device knows it",
	},
	"api": {
		"access":             "asks it who may do what",
		"clock":              "times in the list of recordings",
		"objects":            "what can be wrong with a bucket",
		"disks":              "passes on what another instance has, and knows what was passed on to it",
		"internal/httplimit": "lifts deadlines from uploads and downloads, and leaves bodies unread",
		"internal/plainjson": "bodies of calls and answers",
		"session":            "what calls read and command",
		"signaling":          "the body of a command is the request's data; its words for what is refused",
		"wire":               "codes and their statuses",
	},
	"internal/plainjson": {
		"clock":   "a session time is called a number of milliseconds",
		"session": "refuses with its error",
		"wire":    "the code of fields that are wrong",
	},
	"internal/testsocket": {
		"clock":              "when frames came",
		"internal/plainjson": "writes what is compared",
		"session":            "what joining is answered with",
		"wire":               "names of what it sends and waits for",
	},
	"signaling": {
		"access":             "asks it who may do what",
		"internal/plainjson": "data of messages",
		"session":            "turns messages into a member's requests",
		"clock":              "session time on the wire, T4 of clock frames",
		"wire":               "requests, what answers them and who may send them; codes",
	},
	"internal/engineio": {},
	"socketio": {
		"access":             "the address that a connection comes from",
		"clock":              "session time: when what is to arrive",
		"clock/loop":         "measures the clock of a client that asks for it",
		"internal/engineio":  "the transport of Socket.IO",
		"internal/plainjson": "arguments of events",
		"session":            "joins its sessions as a member without a clock",
		"signaling":          "its limits and its access, which also carries requests out; its words for who comes and goes",
		"wire":               "names of requests and events; codes",
	},
	"device": {
		"internal/pause": "waits between tries, and for instants",
		"signaling":      "joins through its client half",
		"peer":           "connects through its dialling half",
		"clock":          "device time and session time",
		"clock/loop":     "session time as the device knows it",
		"upload":         "sends recordings through its client half",

		"internal/text": "notes of statuses",
		"session":       "what joining is answered with, and the errors of requests",
		"wire":          "which events are commands; names of requests; codes",
	},
	"examples/device": {
		"device": "what it shows",
		"wire":   "which acts are commands",
	},
	"examples/peer": {
		"peer":  "what it shows",
		"clock": "session time and device time",
	},
	"internal/testserver": {"server": "what it starts"},
	"internal/testact": {
		"device":              "the device that acts",
		"internal/testserver": "the server that it joins",
		"internal/testutil":   "waits for what it says of itself",
		"session":             "how the device says that it is, what it recorded",
	},
	"acts/osc": {
		"device":    "whose acts it tells, and whose requests it makes",
		"clock":     "instants in time tags",
		"session":   "how it tells that nobody listens; refusals",
		"signaling": "the error of a device that isn't connected",
		"wire":      "which acts are what; codes",
	},
	"acts/mpv": {
		"device":         "whose timeline it follows",
		"clock":          "where the timeline is",
		"internal/pause": "waits between tries",
		"session":        "the timeline's states; how it tells how mpv is",
		"signaling":      "messages that change the timeline",
		"wire":           "names of those messages, codes of warnings",
	},
	"acts/obs": {
		"device":         "whose takes it records",
		"internal/pause": "waits between tries",
		"session":        "how it tells how OBS is",
		"wire":           "which acts are takes; codes of warnings",
	},
	"acts/exec": {
		"device":  "whose acts it carries out",
		"clock":   "the instants that commands are told",
		"session": "how it tells that the command failed",
		"wire":    "which acts are takes",
	},
	"examples/clock": {
		"clock":       "session time and device time",
		"clock/frame": "how long frames are",
		"clock/loop":  "what it shows",
	},
	"internal/atomicfile": {},
	"internal/chronysock": {
		"clock":  "session time and device time",
		"device": "whose session time it feeds",
	},
	"internal/httplimit": {},
	"internal/lab": {
		"clock":       "the estimator that it judges",
		"clock/sim":   "the networks and clocks of which it knows the truth",
		"clock/trace": "exchanges in files",
		"server":      "the server that the demo's devices join",
		"device":      "those devices",
		"session":     "the command that they act on",
		"access":      "the demo is open to anybody",
	},
	"e2e": {},
	"internal/shell": {
		"access":      "its modes in words",
		"api":         "what a server tells of its time",
		"clock":       "exchanges that are recorded",
		"clock/trace": "their file",
		"device":      "a device at a shell",

		"lan":       "a server's certificate authority on this machine",
		"peer":      "over which path an exchange went",
		"server":    "what it is greeted with; where its authority is",
		"session":   "what a server answers",
		"signaling": "leads a session for a request",
		"takes":     "exports",
		"wire":      "names of requests, codes",
	},
	"internal/verify": {
		"light":               "what films tell",
		"clock":               "session time",
		"takes":               "the manifest beside films",
		"internal/atomicfile": "the aligned manifest",
	},
	"internal/testutil": {"internal/pause": "waits between looks"},
	"internal/pause":    {},
	"server": {
		"access":              "who may do what",
		"api":                 "serves them over HTTP",
		"clock":               "session time",
		"clock/loop":          "measures clients of Socket.IO",
		"clock/utc":           "keeps it near UTC",
		"container":           "makes recordings whole",
		"disks":               "files of other instances",
		"internal/atomicfile": "the name of a disk",
		"internal/httplimit":  "its own HTTP server",
		"internal/pause":      "waits for what is under way at the end",
		"lan":                 "TLS in a network without public names",
		"metrics":             "counts for Prometheus",
		"ntpserver":           "session time for NTP clients",
		"peer":                "measures devices",
		"reference":           "one session time for all instances",
		"objects":             "the bucket that keeps recordings",
		"session":             "the sessions",
		"signaling":           "serves them over the WebSocket",
		"socketio":            "lets clients of Socket.IO in",
		"store":               "sessions in memory",
		"store/nats":          "sessions that are kept",
		"takes":               "what lies beside recordings, and is exported",
		"upload":              "takes recordings in",
		"web":                 "the pages",
		"wire":                "codes of refusals",
	},
	"examples/embed":   {"server": "shows how it is embedded"},
	"internal/testnet": {},
	"internal/text":    {},
	"objects":          {},
	"disks":            {"store": "says where each disk is", "internal/pause": "waits between tries"},
	"upload": {
		"internal/pause":      "waits between tries of the client",
		"disks":               "names of uploads on several disks",
		"objects":             "uploads in a bucket",
		"internal/text":       "names of files",
		"internal/atomicfile": "checkpoints, files that were rewritten",
		"wire":                "codes of refusals and their statuses",
	},
	"container": {},
	"takes": {
		"session":             "the recordings that it describes",
		"clock":               "their times",
		"internal/atomicfile": "replaces a manifest as a whole",
		"objects":             "a manifest in a bucket",
		"wire":                "the code of a recording that is gone",
	},
	"metrics": {
		"clock":     "states and reasons are labels",
		"clock/utc": "what session time follows",
		"ntpserver": "what becomes of NTP clients' packets is a label",
		"wire":      "events of commands are labels",
	},
	"web": {},
	"lan": {"internal/atomicfile": "the authority's key and certificate"},
}

// modules are what the packages import of others' modules, each with its
// reason. A package that is not listed, cmd/downbeat apart, has the standard
// library only.
var modules = map[string]map[string]string{
	"clock/utc":              {"github.com/beevik/ntp": "the NTP query and the checks of its answer"},
	"session":                {"github.com/google/uuid": "ids"},
	"session/internal/rules": {"github.com/google/uuid": "names that follow from others"},
	"peer": {
		"github.com/pion/":       "WebRTC",
		"golang.org/x/time/rate": "what a device may make the server do",
	},
	"access": {
		"github.com/golang-jwt/jwt/v5":   "reads and verifies tokens",
		"github.com/go-jose/go-jose/v4":  "reads the keys of tokens (JWKS)",
		"golang.org/x/sync/singleflight": "one fetch of the keys at a time, however many wait for it",
		"golang.org/x/time/rate":         "how often an address may try",
		"golang.org/x/net/idna":          "names in letters of all languages, as they are asked for",
	},
	"signaling": {
		"github.com/gorilla/websocket": "the WebSocket",
		"golang.org/x/time/rate":       "how many messages a connection may send",
	},
	"internal/engineio": {"github.com/gorilla/websocket": "the WebSocket"},
	"socketio": {
		"github.com/gorilla/websocket": "close codes, for the log",
		"golang.org/x/time/rate":       "how many messages a connection may send",
	},
	"device": {
		"github.com/gorilla/websocket": "close codes that say not to come back",
		"github.com/pion/transport/v5": "a network of the caller's own",
	},
	"acts/obs":  {"github.com/gorilla/websocket": "the WebSocket of obs-websocket"},
	"acts/exec": {"golang.org/x/sys/unix": "the clock that a command's first frame is told by"},
	"store/nats": {
		"github.com/minio/highwayhash": "checksums of JetStream's files",
		"github.com/nats-io/":          "JetStream: the server inside the process, and its client",
		"golang.org/x/sync/errgroup":   "what Run runs ends together",
		"golang.org/x/sys/unix":        "the data directory's lock, free space of the disk",
	},
	"objects": {
		"github.com/aws/":            "S3 and its credentials",
		"golang.org/x/sync/errgroup": "removes several objects at a time",
	},
	"disks": {"golang.org/x/sys/unix": "how long what is sent may go unacknowledged"},
	"upload": {
		"github.com/google/uuid":             "ids of uploads",
		"github.com/tus/tusd/v2/pkg/handler": "the protocol of uploads",
		"golang.org/x/sync/errgroup":         "records of a bucket, several at a time",
		"golang.org/x/exp/slog":              "what tusd writes its log by: it is kept silent",
		"golang.org/x/sys/unix":              "free space of the disk",
	},
	"lan": {
		"github.com/pion/mdns/v2": "downbeat.local",
		"github.com/pion/logging": "what mdns asks for",
		"golang.org/x/net/ipv4":   "what mdns asks for",
		"github.com/google/uuid":  "ids of the profile for iOS",
		"howett.net/plist":        "the profile for iOS",
	},
	"internal/text": {
		"github.com/rivo/uniseg":         "characters as people count them",
		"golang.org/x/text/unicode/norm": "one spelling of each text",
	},
	"internal/testsocket": {"github.com/gorilla/websocket": "the WebSocket"},
	"internal/testnet": {
		"github.com/pion/transport/v5":      "the network that pion is handed",
		"github.com/pion/transport/v5/vnet": "datagrams between hosts that aren't there",
		"github.com/pion/logging":           "what vnet asks for",
	},
	"metrics": {"github.com/prometheus/client_golang/": "Prometheus' registry and format"},
	"server": {
		"github.com/caddyserver/certmagic": "certificates of a public authority",
		"go.uber.org/zap":                  "what certmagic asks for",
		"github.com/google/uuid":           "a name for each instance",
		"github.com/pion/transport/v5":     "a network of the tests' own",
		"golang.org/x/sync/errgroup":       "what Run runs ends together",
	},
	"internal/shell": {
		"github.com/alecthomas/kong":      "flags that the environment sets",
		"github.com/dustin/go-humanize":   "sizes with units",
		"github.com/gorilla/websocket":    "close codes in words",
		"github.com/mdp/qrterminal/v3":    "a QR code in the terminal",
		"github.com/smallstep/truststore": "trust of this machine's system and browsers",
		"github.com/willabides/kongplete": "completion in shells",
		"golang.org/x/term":               "whether this is a terminal",
	},
	"internal/chronysock": {"golang.org/x/sys/unix": "a clock that chronyd doesn't steer"},
	"examples/clock":      {"github.com/gorilla/websocket": "one of the transports that it shows"},
	"internal/testutil":   {"go.uber.org/goleak": "goroutines that tests leave"},
	"web":                 {"rsc.io/qr": "/qr.svg"},
}

// pkg is what `go list` says of a package; its files are those of the product.
type pkg struct {
	ImportPath, Dir  string
	GoFiles, Imports []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// packages lists the module's packages.
var packages = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var list []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
})

func listPackages(t *testing.T) []pkg {
	t.Helper()
	list, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// parseFiles reads the files of p that are part of the product.
func parseFiles(t *testing.T, p pkg) (*token.FileSet, []*ast.File) {
	t.Helper()
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return set, files
}

// TestImports keeps the direction of imports: docs/architecture.md.
func TestImports(t *testing.T) {
	used := map[string]bool{}
	for _, p := range listPackages(t) {
		if p.name() == "cmd/downbeat" {
			continue
		}
		if _, listed := edges[p.name()]; !listed {
			t.Errorf("%s is not in the table of edges: what may it import, and why?", p.name())
		}
		for _, path := range p.Imports {
			first, _, _ := strings.Cut(path, "/")
			switch to, own := strings.CutPrefix(path, module); {
			case own && edges[p.name()][to] == "":
				t.Errorf("%s imports %s, which the table of edges has no reason for", p.name(), to)
			case own:
				used[p.name()+" "+to] = true
			case strings.Contains(first, ".") && !mayImport(p.name(), path):
				t.Errorf("%s imports %s, which the table of modules has no reason for", p.name(), path)
			}
		}
	}
	for from, tos := range edges {
		for to := range tos {
			if !used[from+" "+to] {
				t.Errorf("%s doesn't import %s any more: take the edge off the table", from, to)
			}
		}
	}
}

// mayImport reports whether a package may import what lies at path; an entry that
// ends with a slash stands for all below it.
func mayImport(from, path string) bool {
	for to := range modules[from] {
		if path == to || strings.HasSuffix(to, "/") && strings.HasPrefix(path, to) {
			return true
		}
	}
	return false
}

// TestClockIsPure: time is an argument there, never read, and nothing runs by itself.
// The exceptions are clock/utc, which asks over the network, and clock/loop, which pings.
func TestClockIsPure(t *testing.T) {
	for _, p := range listPackages(t) {
		if (p.name() == "clock" || strings.HasPrefix(p.name(), "clock/")) && p.name() != "clock/utc" && p.name() != "clock/loop" {
			checkPure(t, p)
		}
	}
}

// TestLightIsPure: what a film tells follows from its frames.
func TestLightIsPure(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.name() == "light" {
			checkPure(t, p)
			return
		}
	}
	t.Error("there is no light")
}

// TestRulesArePure: what happens in a session follows from its state, a request and a time.
func TestRulesArePure(t *testing.T) {
	for _, p := range listPackages(t) {
		if p.name() == "session/internal/rules" {
			checkPure(t, p)
			return
		}
	}
	t.Error("there are no rules")
}

// checkPure finds what waits, locks, logs, draws random numbers or reads a clock.
func checkPure(t *testing.T, p pkg) {
	t.Helper()
	reads := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	for _, path := range []string{"log", "log/slog", "os", "net", "sync", "context", "math/rand", "crypto/rand"} {
		if slices.Contains(p.Imports, path) {
			t.Errorf("%s imports %s", p.name(), path)
		}
	}
	set, files := parseFiles(t, p)
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s: starts a goroutine", set.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(reads, n.Sel.Name) {
					t.Errorf("%s: uses time.%s", set.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestFilesAreReplacedWhole: no package but internal/atomicfile renames a file into the
// place of another. A finished upload, which is moved to a place of its own, is the exception.
func TestFilesAreReplacedWhole(t *testing.T) {
	for _, p := range listPackages(t) {
		set, files := parseFiles(t, p)
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.SelectorExpr)
				if !ok || call.Sel.Name != "Rename" {
					return true
				}
				at := set.Position(call.Pos())
				file := p.name() + "/" + filepath.Base(at.Filename)
				if x, ok := call.X.(*ast.Ident); ok && x.Name == "os" && file != "internal/atomicfile/atomicfile.go" && file != "upload/settle.go" {
					t.Errorf("%s: renames a file: is that what internal/atomicfile does?", at)
				}
				return true
			})
		}
	}
}

// TestExportedNamesAreDocumented, and every package is.
func TestExportedNamesAreDocumented(t *testing.T) {
	for _, p := range listPackages(t) {
		set, files := parseFiles(t, p)
		if !slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc != nil }) {
			t.Errorf("package %s has no comment", p.name())
		}
		for _, f := range files {
			for _, d := range f.Decls {
				for _, name := range undocumented(d) {
					t.Errorf("%s: %s has no comment", set.Position(name.Pos()), name.Name)
				}
			}
		}
	}
}

// undocumented returns the exported names of a declaration without a comment. A
// group's comment speaks for the group's constants and variables.
func undocumented(d ast.Decl) (names []*ast.Ident) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && !ofUnexported(d) && !explained[d.Name.Name] {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						names = append(names, name)
					}
				}
			}
		}
	}
	return names
}

// explained are methods that an interface of the standard library explains.
var explained = map[string]bool{"Error": true, "ServeHTTP": true}

// ofUnexported reports whether d is a method of a type that nobody else sees.
func ofUnexported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return false
	}
	exported := true
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			exported = exported && id.IsExported()
			return false
		}
		return true
	})
	return !exported
}
