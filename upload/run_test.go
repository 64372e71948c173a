package upload

import (
	"testing"
	"time"
)

// TestHeldIsLookedAtAgain: a complete upload that is held while the server sweeps, by a question for its
// offset as the server starts, doesn't wait for the next sweep but one.
func TestHeldIsLookedAtAgain(t *testing.T) {
	u := &upload{turn: newTurn()}
	s := &Server{all: map[string]*upload{"u": u}, keep: &disk{}}
	release, ok := u.turn.try()
	if !ok {
		t.Fatal("it is held already")
	}
	for _, c := range []struct {
		sha256 string
		told   bool
		want   time.Duration
	}{{"", false, sweepEvery}, {"hash", false, settleAgain}, {"hash", true, sweepEvery}} {
		u.rec.SHA256, u.rec.Told = c.sha256, c.told
		if next := s.sweep(t.Context()); next != c.want {
			t.Errorf("%+v: due again in %v", c, next)
		}
	}
	release()
}
