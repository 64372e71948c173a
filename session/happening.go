package session

import (
	"github.com/downbeat-sync/downbeat/wire"
)

// happenings tells what each of some changes means to whoever runs the server; one without
// a kind means nothing. s is the state that the changes were made from.
func happenings(s *state, changes []change) []Happening {
	all := make([]Happening, len(changes))
	for i, c := range changes {
		var h Happening
		switch after := c.record.(type) {
		case *meta:
			h = metaHappening(s.meta, after)
		case *command:
			h = commandHappening(s.commands[after.ID], after)
		case *recording:
			h = recordingHappening(s.recordings[after.ID], after)
		case *completion:
			h.Kind = TakesAreComplete
		}
		h.SessionID = s.id
		all[i] = h
	}
	return all
}

func metaHappening(before, after *meta) (h Happening) {
	switch {
	case before == nil:
		h = Happening{Kind: SessionIsCreated, UserID: after.LeaderID}
		if after.Revived {
			h.Reason = "revived"
		}
	case after.Ended != before.Ended:
		h = Happening{Kind: SessionIsRemoved, Reason: "ended"}
	case after.LeaderID != before.LeaderID:
		h = Happening{Kind: LeadIsTaken, UserID: after.LeaderID, From: before.LeaderID}
	}
	return h
}

func commandHappening(before, after *command) Happening {
	h := Happening{UserID: after.By, CommandID: after.ID, Event: after.Event, Name: after.Name, Ahead: after.Timestamp.sub(after.IssuedAt)}
	switch {
	case after.Cancelled && before != nil && !before.Cancelled:
		h.Kind, h.Reason = CommandIsOff, after.Reason
	case after.Cancelled || before != nil:
	case after.Event == wire.StartRecording:
		h.Kind, h.TakeID = TakeIsStarted, after.ID
	case after.Event == wire.StopRecording:
		h.Kind, h.TakeID = TakeIsStopped, after.Take
	case after.Event == wire.PlaybackSync:
		h.Kind, h.Reason = PlaybackIsChanged, "paused"
		if after.Play != nil && after.Play.IsPlaying {
			h.Reason = "playing"
		}
	default:
		h.Kind = CommandIsIssued
	}
	return h
}

func recordingHappening(before, after *recording) Happening {
	h := Happening{DeviceID: after.DeviceID, RecordingID: after.ID, TakeID: after.Take}
	was := ""
	if before != nil {
		was = before.Upload
	}
	switch {
	case after.Upload == was || after.Deleted:
	case after.Upload == uploadUploading:
		h.Kind = UploadIsBegun
	case after.Upload == uploadUploaded:
		h.Kind, h.Bytes = UploadIsDone, after.Size
	case after.Upload == uploadFailed:
		h.Kind = RecordingIsLost
	case was == uploadUploading:
		h.Kind = UploadIsGivenUp
	}
	return h
}

// issues reports whether a command was issued whose outcome is to be told.
func (h Happening) issues() bool {
	switch h.Kind {
	case CommandIsIssued, TakeIsStarted, TakeIsStopped, PlaybackIsChanged:
		return true
	}
	return false
}

// expect remembers the commands that are about to be stored, or forgets those that weren't:
// this instance is to tell their outcome. Called with r.mu held.
func (r *room) expect(all []Happening, stored bool) {
	for _, h := range all {
		switch {
		case h.issues() && stored:
			r.issued[h.CommandID] = true
		case h.issues():
			delete(r.issued, h.CommandID)
		}
	}
}

// tellStored passes on what has been stored, the first of some changes, and forgets the others.
func (r *room) tellStored(all []Happening, stored int) {
	for _, h := range all[:stored] {
		if h.Kind != "" {
			r.svc.cfg.Observe.Happened(h)
		}
	}
	if stored < len(all) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.expect(all[stored:], false)
	}
}

// tellOutcome passes on how a command went that this instance issued, once. Called with r.mu held.
func (r *room) tellOutcome(c *command, rep Report) {
	if !r.issued[c.ID] {
		return
	}
	delete(r.issued, c.ID)
	r.svc.cfg.Observe.Happened(Happening{
		Kind: CommandIsReported, SessionID: r.id, UserID: c.By, CommandID: c.ID, Event: c.Event, Name: c.Name, Report: outcome(r.state, rep),
	})
}
