package session

import (
	"testing"
	"testing/synctest"
)

// TestPeoplesNames are accepted as people write them, and kept in one spelling.
func TestPeoplesNames(t *testing.T) {
	for _, name := range []string{"🏳️‍🌈 Kim", "می\u200cخواهم", "田中　太郎", "Jean\u00a0Paul", "नमस्ते", "👩🏽‍🚀"} {
		join := JoinRequest{SessionID: "s", Username: name, ViewType: name}
		start, load, status := StartRequest{PostureLabel: name}, LoadRequest{MediaURL: "/a", MediaTitle: name}, DeviceStatus{Note: name}
		create := CreateRequest{CreatorName: name}
		for what, validate := range map[string]func() error{
			"join": join.Validate, "create": create.validate, "start": start.Validate, "load": load.Validate, "status": status.Validate,
		} {
			if err := validate(); err != nil {
				t.Errorf("%s: %q is refused: %v", what, name, err)
			}
		}
	}
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "zoe", Username: "Zoe\u0308", ViewType: "Ru\u0308ckseite", DeviceType: "mobile", Avatar: "/e\u0308.png"})
		start, err := a.StartRecording(w.ctx, StartRequest{PostureLabel: "Bru\u0308cke"})
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, a.LoadMedia(w.ctx, LoadRequest{MediaURL: "/Zoe\u0308.mp4", MediaTitle: "Zoe\u0308"}), "")
		synctest.Wait()
		s := a.State()
		if s.Users[0].Username != "Zoë" || s.Devices[0].ViewType != "Rückseite" || s.Media.MediaTitle != "Zoë" {
			t.Errorf("kept as %+v", s)
		}
		if s.Media.MediaURL != "/Zoe\u0308.mp4" || s.Users[0].Avatar != "/e\u0308.png" {
			t.Errorf("URLs were changed: %q, %q", s.Media.MediaURL, s.Users[0].Avatar)
		}
		for _, e := range a.heard() {
			if d, ok := e.Data.(StartRecording); ok && (d.CommandID != start.CommandID || d.PostureLabel != "Brücke") {
				t.Errorf("told %+v", d)
			}
		}
	})
}
