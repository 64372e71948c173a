package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/server"
)

// TestChromiumDownloads: in mode link a plain link on a page saves the files and what is made of
// them under their readable names, and a page that somebody uploaded is saved, not opened.
func TestChromiumDownloads(t *testing.T) {
	r := serving(t, server.Config{
		Access: access.Config{Mode: access.Link}, Data: t.TempDir(), DiskReserve: -1, MinLead: 50 * time.Millisecond, MaxLead: time.Second, MaxDevices: 10,
	}, nil)
	url, adminKey := r.URL, r.Server.AdminKey()
	const content = `<script>document.title = 'acted'</script>`
	recordOne(t, device.Config{URL: url, SessionID: "studio", Create: true, Key: adminKey}, content, "text/html")

	c := newChromium(t)
	defer c.close()
	dir := t.TempDir()
	_, err := chromedp.Run(c.ctx, call(browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir,
	}))
	check(t, err)
	check(t, chromedp.Do(c.ctx, chromedp.Navigate(url+"/")))
	var links []string
	evaluate(t, c.ctx, fmt.Sprintf(`(async () => {
		const answer = await fetch('/api/sessions/studio/recordings', { headers: { Authorization: 'Bearer %s' } })
		const { recordings: [{ fileUrl }], takes: [{ manifestUrl, otioUrl, ffmpegUrl }] } = await answer.json()
		return [fileUrl, manifestUrl, otioUrl, ffmpegUrl]
	})()`, adminKey), &links)
	for i, ending := range []string{".bin", ".json", ".otio", ".sh"} {
		var title string
		evaluate(t, c.ctx, fmt.Sprintf(`(() => {
			const link = Object.assign(document.createElement('a'), { href: %q })
			document.body.append(link)
			link.click()
			return document.title
		})()`, links[i]), &title)
		saved := savedFile(t, dir, ending)
		if !strings.HasPrefix(filepath.Base(saved), "plank-2") || title == "acted" {
			t.Errorf("%s was saved as %s, the page's title is %q", links[i], saved, title)
		}
	}
	if got, err := os.ReadFile(savedFile(t, dir, ".bin")); err != nil || string(got) != content {
		t.Errorf("saved %q, %v", got, err)
	}
	var at string
	if evaluate(t, c.ctx, `location.pathname`, &at); at != "/" {
		t.Errorf("the page went to %s", at)
	}
}

// recordOne has a device record a take and send a file of it.
func recordOne(t *testing.T, cfg device.Config, content, fileType string) {
	t.Helper()
	acts := make(chan device.Act, 2)
	cfg.Act = func(a device.Act) { acts <- a }
	d := device.New(cfg)
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- d.Run(ctx) }()
	<-d.Connected()
	_, err := d.Call(ctx, "start_recording", map[string]any{"postureLabel": "plank", "duration": 100})
	check(t, err)
	a := <-acts
	report(t, d, "recording_started", a.RecordingID, a.At)
	report(t, d, "recording_stopped", a.RecordingID, (<-acts).At)
	check(t, d.Upload(ctx, a.RecordingID, "page.html", fileType, strings.NewReader(content), int64(len(content))))
	leave()
	check(t, <-left)
}

// savedFile waits for a file that ends so.
func savedFile(t *testing.T, dir, ending string) (name string) {
	t.Helper()
	eventually(t, "a download that ends with "+ending, func() bool {
		found, _ := filepath.Glob(filepath.Join(dir, "*"+ending))
		if len(found) > 0 {
			name = found[0]
		}
		return len(found) > 0
	})
	return name
}
