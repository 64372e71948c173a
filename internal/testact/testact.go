// Package testact is for the tests of the packages below acts: a server, and a device that has another
// program act.
package testact

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testserver"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
)

// Program is one that a device has act.
type Program interface {
	Configure(*device.Config)
	Run(context.Context, *device.Device) error
}

// Stage is a session with one device, which leads it and has a program act.
type Stage struct {
	*device.Device
	URL string // of the server

	t       testing.TB
	stop    context.CancelFunc
	running sync.WaitGroup
}

// New starts a server, and a device with a program; both end with the test.
func New(t testing.TB, p Program) *Stage {
	t.Helper()
	server, err := testserver.StartIn(t.TempDir())
	testutil.Check(t, err)
	s := Join(t, server.URL, p)
	t.Cleanup(func() {
		s.Stop()
		testutil.Check(t, server.Close())
	})
	return s
}

// Join has a device join the session of a server that runs. It ends with Stop, or with the test.
func Join(t testing.TB, url string, p Program) *Stage {
	t.Helper()
	cfg := device.Config{URL: url, SessionID: "studio", Create: true}
	p.Configure(&cfg)
	ctx, stop := context.WithCancel(context.Background())
	s := &Stage{Device: device.New(cfg), URL: url, t: t, stop: stop}
	s.running.Go(func() { s.check(p.Run(ctx, s.Device)) })
	s.running.Go(func() { s.check(s.Run(ctx)) })
	t.Cleanup(s.Stop)
	testutil.Eventually(t, "the device's clock", func() bool {
		_, known := s.Clock().Now()
		return known
	})
	return s
}

func (s *Stage) check(err error) {
	if err != nil {
		s.t.Error(err)
	}
}

// Stop ends device and program, and waits for both.
func (s *Stage) Stop() {
	s.stop()
	s.running.Wait()
}

// AwaitStatus waits until the device says of itself what is wanted.
func (s *Stage) AwaitStatus(what string, is func(session.DeviceStatus) bool) {
	s.t.Helper()
	testutil.Eventually(s.t, what, func() bool {
		var answer struct{ Devices []session.DeviceSync }
		s.Get("/sync", &answer)
		for _, d := range answer.Devices {
			if d.DeviceID == s.Seat().DeviceID && d.Status != nil {
				return is(*d.Status)
			}
		}
		return false
	})
}

// AwaitRecording waits for a recording of which something holds.
func (s *Stage) AwaitRecording(what string, is func(session.Recording) bool) (r session.Recording) {
	s.t.Helper()
	testutil.Eventually(s.t, what, func() bool {
		var answer struct{ Recordings []session.Recording }
		s.Get("/recordings", &answer)
		for _, r = range answer.Recordings {
			if is(r) {
				return true
			}
		}
		return false
	})
	return r
}

// Get asks the server something of the session.
func (s *Stage) Get(path string, answer any) {
	s.t.Helper()
	r, err := http.Get(s.URL + "/api/sessions/studio" + path)
	testutil.Check(s.t, err)
	defer r.Body.Close()
	testutil.Check(s.t, json.NewDecoder(r.Body).Decode(answer))
}
