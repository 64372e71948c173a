package web

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"rsc.io/qr"
)

// maxQRText bounds what /qr.svg encodes, in bytes.
const maxQRText = 1024

// quietZone is the blank margin that a reader needs, in modules.
const quietZone = 4

// serveQR draws the query's text, or the body of a POST, as a QR code: black on white, whatever the
// page's colours, because many readers know nothing else.
func serveQR(w http.ResponseWriter, r *http.Request) {
	text := r.URL.Query().Get("text")
	if r.Method == http.MethodPost { // what isn't for logs
		b, _ := io.ReadAll(io.LimitReader(r.Body, maxQRText+1))
		text = string(b)
	}
	if text == "" || len(text) > maxQRText {
		http.Error(w, fmt.Sprintf("text must have 1 to %d bytes", maxQRText), http.StatusBadRequest)
		return
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		http.Error(w, "this text can't be drawn as a QR code", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = io.WriteString(w, drawQR(code))
}

// drawQR is the code as one path of horizontal runs, one unit a module.
func drawQR(code *qr.Code) string {
	side := code.Size + 2*quietZone
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges">`, side, side)
	fmt.Fprintf(&b, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := blackRun(code, x, y)
			if run == 0 {
				continue
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quietZone, y+quietZone, run, run)
			x += run
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String()
}

// blackRun counts the black modules from (x, y) to the right.
func blackRun(code *qr.Code, x, y int) int {
	n := 0
	for code.Black(x+n, y) {
		n++
	}
	return n
}
