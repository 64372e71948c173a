package disks

import (
	"context"
	"crypto/hmac"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	dialTime  = 2 * time.Second
	probeTime = 3 * time.Second
	idleConn  = 10 * time.Second // less than servers keep idle connections
	idleConns = 32               // to one instance
)

// ProbePath is where an instance proves to another one that it has a disk: [Disks.ServeProbe].
const ProbePath = "/api/instance"

// other is a disk of another instance.
type other struct {
	disk string
	entry
	transport *http.Transport

	mu     sync.Mutex
	base   string    // URL at which it was found; empty: it is to be looked for
	absent time.Time // since when it hasn't been found; zero: it has
}

func newOther(disk string, is entry) *other {
	dialer := net.Dialer{Timeout: dialTime, Control: boundSends, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 5 * time.Second, Interval: 3 * time.Second, Count: 3,
	}}
	secure := &tls.Config{ServerName: is.Name}
	if is.Authority != "" {
		secure.RootCAs = x509.NewCertPool()
		secure.RootCAs.AppendCertsFromPEM([]byte(is.Authority))
	}
	return &other{disk: disk, entry: is, transport: &http.Transport{
		DialContext: dialer.DialContext, TLSClientConfig: secure, TLSHandshakeTimeout: dialTime,
		MaxIdleConnsPerHost: idleConns, IdleConnTimeout: idleConn, DisableCompression: true,
	}}
}

func (o *other) close() { o.transport.CloseIdleConnections() }

// reach finds the instance that has a disk.
func (d *Disks) reach(ctx context.Context, disk string) (*other, string, error) {
	o := d.other(disk)
	if o == nil || d.cfg.Key() == nil {
		return nil, "", ErrAway
	}
	o.mu.Lock()
	base := o.base
	o.mu.Unlock()
	if base == "" {
		base = d.find(ctx, o)
	}
	if base == "" {
		d.lost(ctx, o)
		return nil, "", ErrAway
	}
	return o, base, nil
}

// find asks at all of an instance's addresses at once, and returns the first that it answers at.
func (d *Disks) find(ctx context.Context, o *other) string {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	found := make(chan string, len(o.URLs))
	for _, base := range o.URLs {
		go func() {
			if !d.probe(ctx, o, base) {
				base = ""
			}
			found <- base
		}()
	}
	for range o.URLs {
		if base := <-found; base != "" {
			o.mu.Lock()
			o.base, o.absent = base, time.Time{}
			o.mu.Unlock()
			return base
		}
	}
	return ""
}

// probe reports whether the instance that has the disk is at a URL.
func (d *Disks) probe(ctx context.Context, o *other, base string) bool {
	q, err := d.request(ctx, http.MethodGet, o, base, ProbePath)
	if err != nil {
		return false
	}
	res, err := o.transport.RoundTrip(q)
	if err != nil {
		return false
	}
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	_ = res.Body.Close()
	return hmac.Equal([]byte(res.Header.Get(Header)), []byte(mac(d.cfg.Key(), "answer", o.disk, q.Header.Get(Header))))
}

// mostOfAnswer bounds what Ask reads, in bytes.
const mostOfAnswer = 4 << 20

// Ask gets a small answer of the instance that has a disk.
func (d *Disks) Ask(ctx context.Context, disk, path string) ([]byte, error) {
	o, base, err := d.reach(ctx, disk)
	if err != nil {
		return nil, err
	}
	q, err := d.request(ctx, http.MethodGet, o, base, path)
	if err != nil {
		return nil, err
	}
	res, err := o.transport.RoundTrip(q)
	if err != nil {
		d.lost(ctx, o)
		return nil, errors.Join(ErrAway, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: it answered %s", ErrAway, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, mostOfAnswer))
}

// request makes a signed request of this instance's own.
func (d *Disks) request(ctx context.Context, method string, o *other, base, path string) (*http.Request, error) {
	q, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(base, "/")+path, nil)
	if err == nil {
		d.sign(q.Header, method, path, o.disk, "")
	}
	return q, err
}

// ServeProbe proves to another instance that this one has the disk that the request was signed for,
// which [Disks.Signed] has found to be so.
func (d *Disks) ServeProbe(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(Header, mac(d.cfg.Key(), "answer", d.cfg.Disk, r.Header.Get(Header)))
	w.WriteHeader(http.StatusNoContent)
}

// lost notes that an instance isn't reached, unless it was the caller who went away.
func (d *Disks) lost(ctx context.Context, o *other) {
	if ctx.Err() != nil {
		return
	}
	o.mu.Lock()
	first := o.absent.IsZero()
	o.base = ""
	if first {
		o.absent = time.Now()
	}
	o.mu.Unlock()
	if first {
		d.cfg.Log.Warn("disk_unreached", "disk", o.disk, "urls", strings.Join(o.URLs, " "))
	}
}

// Absent returns for how long requests have failed to reach the instance that has a disk, as far as this one has
// tried; 0 where the last one did, or none was made. A disk that nobody has announced is absent for ever.
func (d *Disks) Absent(disk string) time.Duration {
	d.mu.Lock()
	o, loaded := d.others[disk], d.loaded
	d.mu.Unlock()
	switch {
	case !loaded:
		return 0
	case o == nil:
		return 1<<63 - 1
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.absent.IsZero() {
		return 0
	}
	return time.Since(o.absent)
}
