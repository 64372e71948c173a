package shell

import (
	"bufio"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/smallstep/truststore"

	"github.com/downbeat-sync/downbeat/lan"
	"github.com/downbeat-sync/downbeat/server"
)

// Authority is the certificate authority of a server's TLS mode local, on this machine.
type Authority struct {
	Data string // directory of the server
}

// read is there for those who don't run the server too: the data directory may be in use.
func (f Authority) read() (*lan.Authority, error) {
	dir := server.AuthorityDir(f.Data)
	a, err := lan.ReadAuthority(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no certificate authority in %s yet: downbeat serve --tls local --data %s makes it", dir, f.Data)
	}
	return a, err
}

// Show prints its certificate and fingerprint to w.
func (f Authority) Show(w io.Writer) error {
	a, err := f.read()
	if err != nil {
		return err
	}
	return describe(w, a)
}

// Install lets this machine's browsers trust it; yes: without asking.
func (f Authority) Install(w io.Writer, yes bool) error {
	return f.change(w, yes, "This machine will trust that authority: its system, and Firefox's and Chrome's own stores where certutil is there. It may ask for the administrator's password.",
		truststore.Install)
}

// Uninstall undoes that.
func (f Authority) Uninstall(w io.Writer, yes bool) error {
	return f.change(w, yes, "This machine will trust that authority no longer.", truststore.Uninstall)
}

// describe says what an authority is and what it may sign for.
func describe(w io.Writer, a *lan.Authority) error {
	cert := a.Certificate()
	var networks []string
	for _, n := range cert.PermittedIPRanges {
		networks = append(networks, n.String())
	}
	use := "servers"
	if !a.ServersAlone() {
		use = "anything: it is an older one, docs/tls.md says how to renew it"
	}
	_, err := fmt.Fprintf(w, "%s\n  file      %s\n  SHA-256   %s\n  valid     %s to %s\n  signs for %s\n  names     %s\n  networks  %s\n",
		cert.Subject.CommonName, a.File(), a.Fingerprint(), cert.NotBefore.Format(time.DateOnly), cert.NotAfter.Format(time.DateOnly), use,
		strings.Join(cert.PermittedDNSDomains, " "), strings.Join(networks, " "))
	return err
}

// change asks, and does it to the system's store and to the browsers'.
func (f Authority) change(w io.Writer, yes bool, what string, do func(*x509.Certificate, ...truststore.Option) error) error {
	a, err := f.read()
	if err != nil {
		return err
	}
	if err := describe(w, a); err != nil {
		return err
	}
	fmt.Fprintln(w, what)
	if !yes && !agreed(os.Stdin, w) {
		return errors.New("nothing was changed")
	}
	if err := do(a.Certificate(), truststore.WithPrefix("downbeat-")); err != nil {
		return fmt.Errorf("the system's certificates: %w", err)
	}
	fmt.Fprintln(w, "Done for the system.")
	if nss, err := truststore.NewNSSTrust(); err == nil && nss.PreCheck() == nil {
		if err := do(a.Certificate(), truststore.WithNoSystem(), truststore.WithFirefox()); err != nil {
			return fmt.Errorf("the browsers' certificates: %w", err)
		}
		fmt.Fprintln(w, "Done for the browsers' own stores. Restart them.")
	}
	return nil
}

// agreed asks for a yes.
func agreed(r io.Reader, w io.Writer) bool {
	fmt.Fprint(w, "Go on? Type yes: ")
	line, _ := bufio.NewReader(r).ReadString('\n')
	return strings.EqualFold(strings.TrimSpace(line), "yes")
}
