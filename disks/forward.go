package disks

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// Forward has the instance that has a disk answer a request, whose sender this one has found to
// be as it says: letters and digits. It fails with ErrAway before anything of the request was sent; what happens
// afterwards refused tells, which must answer.
func (d *Disks) Forward(w http.ResponseWriter, r *http.Request, disk, as string, refused func(http.ResponseWriter, error)) error {
	o, base, err := d.reach(r.Context(), disk)
	if err != nil {
		return err
	}
	to, err := url.Parse(base)
	if err != nil {
		return ErrAway
	}
	proxy := httputil.ReverseProxy{
		Rewrite: func(q *httputil.ProxyRequest) {
			q.SetURL(to)
			for _, own := range []string{"Authorization", "Cookie", "Origin", "X-Http-Method-Override"} { // between the client and this instance
				q.Out.Header.Del(own)
			}
			d.sign(q.Out.Header, r.Method, r.URL.RequestURI(), disk, as)
		},
		ModifyResponse: func(res *http.Response) error { return d.answered(w.Header(), res) },
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, _ error) {
			d.lost(r.Context(), o)
			drain(w, r)
			refused(w, ErrAway)
		},
		Transport: o.transport, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
	}
	proxy.ServeHTTP(w, r)
	return nil
}

// answered makes an answer of another instance one of this one's, whose headers are there already.
func (d *Disks) answered(own http.Header, res *http.Response) error {
	if res.Header.Get(Header) != "" { // it doesn't believe this instance
		return ErrForged
	}
	for name := range own {
		res.Header.Del(name)
	}
	if to := res.Header.Get("Location"); to != "" {
		if i := strings.Index(to, "/api/"); i >= 0 { // this instance is below another path
			res.Header.Set("Location", to[i:])
		}
	}
	return nil
}

// What is read of a body that goes nowhere any more, so that a client which only sends gets to read why.
const (
	drainBytes = 32 << 20
	drainTime  = 2 * time.Second
)

func drain(w http.ResponseWriter, r *http.Request) {
	if r.Body != nil && r.Header.Get("Expect") == "" && http.NewResponseController(w).SetReadDeadline(time.Now().Add(drainTime)) == nil {
		_, _ = io.CopyN(io.Discard, r.Body, drainBytes)
	}
}
