package session

import (
	"context"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// Recordings returns a session's recordings: by take, the devices that have started
// first and by their first frame, each with its parts.
func (s *Service) Recordings(ctx context.Context, sessionID string) (list []Recording, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		list = r.state.RecordingList(s.now())
		return nil
	})
	return list, err
}

// RecordingPart returns the recording that what is left of the take under way goes to, for a
// device whose recording was cut off: the first one, from the one given on, of which
// nothing is known yet. It is created if need be; asking again returns the same.
func (m *Member) RecordingPart(ctx context.Context, recordingID string) (p Part, err error) {
	err = m.update(ctx, func(s *rules.State, now rules.Instant) (changes []rules.Change, err error) {
		p, changes, err = rules.NextPart(s, m.deviceID, recordingID, now)
		return changes, err
	})
	return p, err
}

// RecordingReport notes how well the device made a recording. The latest word
// counts until the recording is uploaded, and from then on the first.
func (m *Member) RecordingReport(ctx context.Context, recordingID string, q RecordingReport) error {
	if err := q.Validate(); err != nil {
		return err
	}
	return m.update(ctx, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) {
		return rules.ReportRecording(s, m.deviceID, recordingID, &q)
	})
}
