package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestDeviceStatusOnTheWire: what a device says of itself is what the others read.
func TestDeviceStatusOnTheWire(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
	c.Send(message("device_status", `{"battery":0.25,"charging":false,"camera":"lost","pendingBytes":7,"freeBytes":0,"note":"no light"}`, 5))
	if m := c.Next("ok"); m.ReplyTo != 5 {
		t.Errorf("answered %+v", m)
	}
	for _, bad := range []struct{ data, code string }{
		{`{"battery":2}`, wire.CodeBadStatus}, {`{"camera":"on"}`, wire.CodeBadStatus}, {`{"pendingBytes":-1}`, wire.CodeBadStatus},
		{`{"charging":"yes"}`, "bad_field"}, {`{"freeBytes":1.5}`, "bad_field"}, {`[]`, "bad_field"},
	} {
		c.Send(message("device_status", bad.data, 6))
		c.WantError(bad.code, "device_status")
	}
	var devices []map[string]any
	must(t, json.Unmarshal(w.call(t, http.MethodGet, "/api/sessions/studio/sync", "", nil).Devices, &devices))
	s, _ := devices[0]["status"].(map[string]any)
	if len(s) != 7 || s["battery"] != 0.25 || s["charging"] != false || s["camera"] != "lost" || s["freeBytes"] != 0.0 || s["timestamp"].(float64) < 1e12 {
		t.Errorf("status %v", s)
	}
	var status struct{ Devices []session.DeviceSync }
	must(t, c.Next("sync_status").Decode(&status))
	if s := status.Devices[0].Status; s == nil || s.Note != "no light" || *s.PendingBytes != 7 {
		t.Errorf("sync_status %+v", s)
	}
}
