package shell

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/mdp/qrterminal/v3"
	"golang.org/x/term"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/server"
)

// Greeting is what people are told of a server that it doesn't know itself.
type Greeting struct {
	Data string // its directory
	NATS bool   // sessions are kept there
	ACME bool   // certificates come from a public authority
	QR   bool   // draw a code of the address, if this is a terminal
}

// Greet says where to go.
func Greet(w io.Writer, s *server.Server, c Greeting) {
	urls, key := s.URLs(), s.AdminKey()
	if key != "" {
		for i, u := range urls {
			urls[i] = strings.TrimSuffix(u, "/") + "/#admin=" + url.QueryEscape(key)
		}
	}
	fmt.Fprintln(w, "Downbeat is ready. Open one of these in a browser:\n  "+strings.Join(urls, "\n  "))
	fmt.Fprintln(w, "Ctrl-C stops it. "+words[s.AccessMode()])
	switch {
	case c.NATS:
		fmt.Fprintln(w, "Sessions are kept in NATS, and shared with all instances there.")
	case c.Data != "":
		fmt.Fprintf(w, "Sessions are kept in %s.\n", c.Data)
	default:
		fmt.Fprintln(w, "Sessions are in memory and end with the server; --data DIR keeps them.")
	}
	code, opens := urls[0], "This code opens the console"
	if key != "" {
		opens += ", admin key included: keep it off other people’s cameras"
	}
	if setup := s.SetupURL(); setup != "" {
		code, opens = setup, "This code leads a new phone through trusting this server"
		fmt.Fprintf(w, "A device that doesn't trust this server yet begins at\n  %s\n", setup)
		fmt.Fprintf(w, "The certificate authority's SHA-256 fingerprint, to compare with what the device shows, is\n  %s\n", s.Fingerprint())
		fmt.Fprintf(w, "The browsers of this machine trust it after: downbeat ca install --data %s\n", c.Data)
	}
	if c.ACME {
		fmt.Fprintln(w, "The certificate comes by ACME, to whose authority's terms using it agrees; the first one takes some seconds.")
	}
	if c.QR && term.IsTerminal(int(os.Stdout.Fd())) {
		fmt.Fprintln(w, opens+".")
		qrterminal.GenerateHalfBlock(code, qrterminal.L, w)
	}
}

// words say who may do what.
var words = map[access.Mode]string{
	access.Open:  "Anybody who reaches this address may create, join and lead sessions: use it on a network that you trust.",
	access.Link:  "The links have the admin key, which creates sessions and leads them: keep them to yourself, and pass on the links of the sessions.",
	access.Token: "Everybody needs a token.",
}
