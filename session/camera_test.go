package session

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestCameraSettings: what a leader wants is told at once, and to those who come later.
func TestCameraSettings(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		b.heard()
		all := CameraSettings{Width: new(1920), Height: new(1080), Container: "mp4", Sound: new(false)}
		own := CameraSettings{Torch: new(true), Orientation: "portrait"}
		wantCode(t, a.SetCamera(w.ctx, "", all), "")
		wantCode(t, a.SetCamera(w.ctx, b.DeviceID(), own), "")
		told := []string{}
		for _, e := range b.heard() {
			if e.Name == "camera_settings" {
				told = append(told, asText(e.Data))
			}
		}
		want := []string{
			`{"deviceId":null,"settings":{"width":1920,"height":1080,"container":"mp4","sound":false}}`,
			`{"deviceId":"` + b.DeviceID() + `","settings":{"torch":true,"orientation":"portrait"}}`,
		}
		if !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
		snap := w.join(JoinRequest{}).joined.SessionJoined.Session
		if asText(snap.Camera) != asText(all) || snap.Devices[0].Camera != nil || asText(snap.Devices[1].Camera) != asText(own) {
			t.Errorf("the session has %s, %s, %s", asText(snap.Camera), asText(snap.Devices[0].Camera), asText(snap.Devices[1].Camera))
		}
		wantCode(t, b.SetCamera(w.ctx, "", all), wire.CodeNotLeader)
		wall := w.join(JoinRequest{UserID: "ann", UserToken: a.joined.SessionJoined.UserToken, Admission: Admission{Role: RoleWatcher}})
		wantCode(t, wall.SetCamera(w.ctx, "", all), wire.CodeMayNotLead)
		wantCode(t, wall.WatchMonitor(w.ctx, true), wire.CodeMayNotLead)
		wantCode(t, a.SetCamera(w.ctx, "nobody", own), wire.CodeUnknownDevice)
		for name, q := range map[string]CameraSettings{
			"width": {Width: new(0)}, "height": {Height: new(1 << 20)}, "rate": {FrameRate: new(0.5)}, "bits": {BitRate: new(1.0)},
			"orientation": {Orientation: "up"}, "container": {Container: "avi"}, "camera": {CameraID: strings.Repeat("x", 257)},
		} {
			if got := codeOf(a.SetCamera(w.ctx, "", q)); got != wire.CodeBadSettings {
				t.Errorf("%s: code %s", name, got)
			}
		}
		// What was wanted of a device that has left is forgotten.
		_ = b.Leave(w.ctx)
		wantCode(t, a.SetCamera(w.ctx, "", CameraSettings{}), "")
		if n := len(a.room.state.Cameras); n != 1 || asText(a.State().Camera) != "{}" {
			t.Errorf("%d are remembered, %s", n, asText(a.State().Camera))
		}
	})
}

var still = Still{Image: base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff and so on")), Width: 160, Height: 90, PeakDb: new(-3.0)}

// stills returns which devices' stills were heard since the last call.
func (p *part) stills() (from []string) {
	for _, e := range p.heard() {
		if m, ok := e.Data.(Monitored); ok && e.Source == m.DeviceID {
			from = append(from, m.DeviceID)
		}
	}
	return from
}

func (p *part) wanted() (list []bool) {
	for _, e := range p.heard() {
		if m, ok := e.Data.(MonitorWanted); ok {
			list = append(list, m.On)
		}
	}
	return list
}

// TestMonitor: what devices see goes to those who lead and asked for it, and to nobody
// else; devices are told whether anybody does.
func TestMonitor(t *testing.T) {
	bubble(t, Config{LeaderGrace: time.Second}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		show := func(p *part) {
			t.Helper()
			time.Sleep(time.Second)
			wantCode(t, p.Monitor(still), "")
		}
		show(b)
		if got := a.stills(); got != nil || b.wanted() != nil {
			t.Errorf("before anybody asked: %v", got)
		}
		wantCode(t, b.WatchMonitor(w.ctx, true), wire.CodeNotLeader)
		wantCode(t, a.WatchMonitor(w.ctx, true), "")
		cy := w.join(JoinRequest{UserID: "cy", DeviceType: "mobile"})
		for _, p := range []*part{b, cy} {
			if got := p.wanted(); !slices.Equal(got, []bool{true}) {
				t.Errorf("told %v", got)
			}
			show(p)
		}
		if got := a.stills(); !slices.Equal(got, []string{b.DeviceID(), cy.DeviceID()}) || cy.stills() != nil || a.wanted() != nil {
			t.Errorf("heard %v", got)
		}
		// While another one leads nobody wants to see; the first one still does when it is back.
		_ = a.Disconnect(w.ctx)
		if got := b.wanted(); !slices.Equal(got, []bool{false}) {
			t.Errorf("told %v", got)
		}
		show(b)
		time.Sleep(time.Second)
		wantCode(t, b.WatchMonitor(w.ctx, true), "")
		if got := b.wanted(); !b.IsLeader() || !slices.Equal(got, []bool{true}) {
			t.Errorf("told %v", got)
		}
		show(cy)
		if got := b.stills(); !slices.Equal(got, []string{cy.DeviceID()}) {
			t.Errorf("heard %v", got)
		}
		cy.wanted()
		wantCode(t, b.WatchMonitor(w.ctx, false), "")
		if got := cy.wanted(); !slices.Equal(got, []bool{false}) {
			t.Errorf("told %v", got)
		}
		_ = cy.Disconnect(w.ctx)
		wantCode(t, cy.Monitor(still), wire.CodeNotJoined)
	})
}

// TestMonitorIsBounded: two a second, and images of a size and kind.
func TestMonitorIsBounded(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		wantCode(t, a.WatchMonitor(w.ctx, true), "")
		for range 1000 {
			time.Sleep(10 * time.Millisecond)
			wantCode(t, b.Monitor(still), "")
		}
		if n := len(a.stills()); n < 20 || n > 22 {
			t.Errorf("%d in ten seconds", n)
		}
		image := func(s string) Still { return Still{Image: base64.StdEncoding.EncodeToString([]byte(s))} }
		for name, q := range map[string]Still{
			"not base64": {Image: "!"}, "too large": image("\xff\xd8\xff" + strings.Repeat("x", rules.MaxStill)), "text": image("<svg>"),
			"nearly WebP": image("RIFF1234WEBM"), "width": {Width: -1}, "level": {PeakDb: new(1e9)},
		} {
			time.Sleep(time.Second)
			if got := codeOf(b.Monitor(q)); got != wire.CodeBadMonitor {
				t.Errorf("%s: code %s", name, got)
			}
		}
		for _, q := range []Still{image("RIFF1234WEBP"), image("\xff\xd8\xff" + strings.Repeat("x", rules.MaxStill-3)), {RmsDb: new(-40.0)}} {
			time.Sleep(time.Second)
			wantCode(t, b.Monitor(q), "")
		}
		if n := len(a.stills()); n != 3 {
			t.Errorf("%d of 3 came", n)
		}
	})
}
