package api

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	// compressFrom is from how many bytes on an answer is compressed where it may be.
	compressFrom = 4 << 10
	// compressors is how many answers are compressed at once, each of which takes about 1 MiB. The
	// others are sent as they are.
	compressors = 16
	// heavyFrom is from what cost on an answer counts for its address, in bytes, and answerBytes
	// is how much they may cost that an address hasn't taken yet.
	heavyFrom   = 64 << 10
	answerBytes = 32 << 20
)

// answering is a ResponseWriter that knows who is answered, and what is accepted.
type answering struct {
	http.ResponseWriter
	server *Server
	addr   netip.Addr
	gzip   bool
}

func (s *Server) answering(w http.ResponseWriter, r *http.Request) *answering {
	return &answering{w, s, access.AskedOf(r).Addr, acceptsGzip(r.Header.Values("Accept-Encoding"))}
}

// Unwrap is for http.ResponseController.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ReadFrom lets the system send files as it can best.
func (a *answering) ReadFrom(src io.Reader) (int64, error) { return io.Copy(a.ResponseWriter, src) }

// acceptsGzip reads Accept-Encoding.
func acceptsGzip(headers []string) bool {
	for coding := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			_, q, said := strings.Cut(quality, "=")
			weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
			return !said || err == nil && weight > 0
		}
	}
	return false
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := plainjson.Marshal(v)
	if err != nil { // a value of ours that can't be written
		status, b = http.StatusInternalServerError, []byte(`{"success":false,"error":{"code":"`+wire.CodeInternal+`","message":"the server could not do that"}}`)
	}
	writeText(w, status, session.Whole(b))
}

// writeText answers with a JSON text.
func writeText(w http.ResponseWriter, status int, text session.JSON) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	to, ok := w.(*answering)
	if !ok {
		w.WriteHeader(status)
		_, _ = text.WriteTo(w)
		return
	}
	if cost := int64(text.Cost()); cost >= heavyFrom {
		if !to.server.heavy.take(to.addr, cost) {
			writeError(w, 0, tooMuchUnread)
			return
		}
		defer to.server.heavy.give(to.addr, cost)
	}
	to.send(status, text)
}

// send sends a text, compressed where that is accepted and worth it.
func (a *answering) send(status int, text session.JSON) {
	h := a.Header()
	if text.Len() >= compressFrom {
		h.Add("Vary", "Accept-Encoding")
		if z := a.compressor(); z != nil {
			h.Set("Content-Encoding", "gzip")
			a.WriteHeader(status)
			_, _ = text.WriteTo(z)
			_ = z.Close()
			a.server.compressors <- z
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	a.WriteHeader(status)
	_, _ = text.WriteTo(a.ResponseWriter)
}

// compressor returns one that writes to the answer, nil where none is wanted or free.
func (a *answering) compressor() *gzip.Writer {
	if !a.gzip {
		return nil
	}
	select {
	case z := <-a.server.compressors:
		if z == nil {
			z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // a level that there is
		}
		z.Reset(a.ResponseWriter)
		return z
	default:
		return nil
	}
}

// newCompressors returns places for as many as there may be, each made when it is first needed.
func newCompressors() chan *gzip.Writer {
	c := make(chan *gzip.Writer, compressors)
	for range compressors {
		c <- nil
	}
	return c
}

// heavy counts the bytes of answers that are being sent, by address.
type heavy struct {
	mu sync.Mutex
	of map[netip.Prefix]int64
}

// take counts an answer, unless its address has too much of others to take yet. One of any size
// goes alone.
func (h *heavy) take(addr netip.Addr, bytes int64) bool {
	at := access.Network(addr)
	h.mu.Lock()
	defer h.mu.Unlock()
	if before := h.of[at]; before > 0 && before+bytes > answerBytes {
		return false
	}
	h.of[at] += bytes
	return true
}

// give counts an answer no more.
func (h *heavy) give(addr netip.Addr, bytes int64) {
	at := access.Network(addr)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of[at] -= bytes; h.of[at] == 0 {
		delete(h.of, at)
	}
}
