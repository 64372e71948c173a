package device

import (
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/downbeat-sync/downbeat/upload"
)

// Upload sends the size bytes of a recording to the server, and returns once
// they are on its disk. It doesn't need the session's connection, comes back after whatever happens to
// its own, and goes on where the server is, until ctx ends. name is what the file is called,
// mediaType what it holds; both may be empty. A refusal is an [upload.Error].
func (d *Device) Upload(ctx context.Context, recordingID, name, mediaType string, r io.ReadSeeker, size int64) error {
	if d.err != nil {
		return d.err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: d.cfg.NetDial, TLSClientConfig: d.cfg.TLS.Clone()}
	defer transport.CloseIdleConnections()
	at := d.at.inTurn()
	c := upload.Client{URL: at[0], URLs: at[1:], Secrets: d.proofs(), HTTP: &http.Client{Transport: transport}}
	return c.Send(ctx, upload.File{RecordingID: recordingID, Name: name, Type: mediaType, Size: size}, r)
}

// proofs are what shows that a recording may be uploaded from here: the resumeTokens that this
// device has had, the latest first, and what else lets it in.
func (d *Device) proofs() []string {
	d.mu.Lock()
	all := slices.Clone(d.proven)
	d.mu.Unlock()
	slices.Reverse(all)
	for _, secret := range []string{d.cfg.ResumeToken, d.cfg.Key, d.cfg.Token} {
		if secret != "" && !slices.Contains(all, secret) {
			all = append(all, secret)
		}
	}
	return all
}
