package device

import (
	"cmp"
	"context"
	"io"
	"net/http"

	"github.com/downbeat-sync/downbeat/upload"
)

// Upload sends the size bytes of a recording to the server, and returns once
// they are on its disk. It doesn't need the session's connection, comes back after whatever happens to
// its own, and goes on where the server is, until ctx ends. name is what the file is called,
// mediaType what it holds; both may be empty. A refusal is an [upload.Error].
func (d *Device) Upload(ctx context.Context, recordingID, name, mediaType string, r io.ReadSeeker, size int64) error {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: d.cfg.NetDial, TLSClientConfig: d.cfg.TLS.Clone()}
	defer transport.CloseIdleConnections()
	c := upload.Client{URL: d.cfg.URL, Secret: cmp.Or(d.cfg.Key, d.cfg.Token), HTTP: &http.Client{Transport: transport}}
	return c.Send(ctx, upload.File{RecordingID: recordingID, Name: name, Type: mediaType, Size: size}, r)
}
