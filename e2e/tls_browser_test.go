package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// home is a home directory whose browsers trust an authority, as those of a user
// who has installed its certificate do.
func home(t *testing.T, authority string) chromedp.ExecAllocatorOption {
	t.Helper()
	dir := t.TempDir()
	if authority != "" {
		db := filepath.Join(dir, ".pki", "nssdb")
		check(t, os.MkdirAll(db, 0o700))
		for _, args := range [][]string{
			{"-N", "-d", "sql:" + db, "--empty-password"},
			{"-A", "-d", "sql:" + db, "-t", "C,,", "-n", "downbeat", "-i", authority},
		} {
			if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
				t.Fatalf("certutil: %v: %s (run `make setup`)", err, out)
			}
		}
	}
	return chromedp.Env("HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir)
}

// TestTLSLocalInABrowser goes the way of a phone: the unencrypted page says that
// the server isn't trusted; once its authority is, the page goes on by itself to the
// device page that the link named, which is encrypted, isolated, has a camera, and joins over wss.
func TestTLSLocalInABrowser(t *testing.T) {
	data := t.TempDir()
	i := newTLSInstance(t, "--tls", "local", "--data", data)
	var info struct{ SetupURL string }
	i.get("/api/info", &info)
	link := info.SetupURL + "#/device?session=lan&name=Phone&view=front"

	stranger := newChromium(t, home(t, ""))
	defer stranger.close()
	page := stranger.tab(t, link)
	var said string
	evaluate(t, page, `new Promise(done => {
		const result = document.querySelector('#result'), look = () => result.dataset.state === 'looking' ? setTimeout(look, 20) : done(result.dataset.state + ' ' + document.querySelector('#words').textContent)
		look()
	})`, &said)
	if !strings.HasPrefix(said, "waiting Not ready") {
		t.Errorf("a browser that doesn't trust the server is told %q", said)
	}
	_, err := chromedp.Run(page, call(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
	}))
	check(t, err)
	check(t, chromedp.Do(page, chromedp.Navigate(info.SetupURL)))
	shoot(t, page, 390, 844, false, "setup-phone.png")
	shoot(t, page, 1280, 800, true, "setup-desktop-dark.png")

	guest := newChromium(t, home(t, filepath.Join(data, "tls", "ca.crt")),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))
	defer guest.close()
	page = guest.tab(t, link)
	lands(t, page, fmt.Sprintf("location.href.startsWith(%q)", i.url+"/device?"))
	var at string
	evaluate(t, page, `location.href`, &at)
	if !strings.HasSuffix(at, "session=lan&name=Phone&view=front") {
		t.Errorf("went on to %s", at)
	}
	var got struct {
		Secure, Isolated bool
		Camera           int
		Resolution       float64
	}
	evaluate(t, page, `(async () => {
		const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true })
		const camera = stream.getTracks().length
		for (const track of stream.getTracks()) track.stop()
		return { secure: isSecureContext, isolated: crossOriginIsolated, camera }
	})()`, &got)
	if !got.Secure || !got.Isolated || got.Camera != 2 {
		t.Errorf("the page has %+v", got)
	}
	joinedOverTLS(t, page)
	console := guest.tab(t, i.url+"/?session=lan")
	lands(t, console, fmt.Sprintf("document.querySelector('#link').href.startsWith(%q)", info.SetupURL+"#/device?session=lan"))
	lands(t, console, `/certificate first/.test(document.querySelector('#join-note').textContent)`)
}

// joinedOverTLS: the library takes wss from the page's address.
func joinedOverTLS(t *testing.T, page context.Context) {
	t.Helper()
	var path string
	evaluate(t, page, `(async () => {
		const { join } = await import('/downbeat.js')
		const s = await join({ sessionId: 'wss', resume: false })
		while (!/udp|tcp/.test(s.path)) await new Promise(next => s.addEventListener('clock', next, { once: true }))
		const path = s.path
		s.close()
		return path
	})()`, &path)
	if path != "udp" && path != "tcp" {
		t.Errorf("clock frames come by %q", path)
	}
}

// shoot keeps a picture of a page as a screen of that size shows it.
func shoot(t *testing.T, page context.Context, width, height int64, dark bool, name string) {
	t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Run(page, call(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600}))
	check(t, err)
	_, err = chromedp.Run(page, call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}))
	check(t, err)
	picture, err := chromedp.Run(page, chromedp.CaptureScreenshot())
	check(t, err)
	artefact(t, name, picture)
}
