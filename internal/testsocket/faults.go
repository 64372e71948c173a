package testsocket

import (
	"fmt"
	"math"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
)

// FaultsOf returns what no session may be.
func FaultsOf(s session.Snapshot) (faults []string) {
	wrong := func(is bool, format string, args ...any) {
		if is {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	leaders, users := 0, map[string]bool{}
	for _, u := range s.Users {
		wrong(users[u.ID], "user %s is there twice", u.ID)
		users[u.ID] = true
		if u.IsLeader {
			leaders++
		}
	}
	wrong(leaders > 1 || s.LeaderID == "", "%d leaders, %q", leaders, s.LeaderID)
	wrong(s.UserCount != len(users), "%d users are counted", s.UserCount)
	devices := map[string]bool{}
	for _, d := range s.Devices {
		wrong(devices[d.DeviceID], "device %s is there twice", d.DeviceID)
		devices[d.DeviceID] = true
		wrong(!users[d.UserID], "device %s is nobody's", d.DeviceID)
	}
	p := s.PlaybackState
	wrong(!(p.Position >= 0) || math.IsInf(p.Position, 0) || !(p.PlaybackRate > 0), "the media are at %+v", p)
	wrong((s.Status == "recording") && s.Take == nil, "a take without a take")
	return faults
}

// AsJSON writes what can be written.
func AsJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := plainjson.Marshal(v)
	must(t, err)
	return string(b)
}
