package session

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

func (st *stage) act(kind string, p *part, command string) {
	var cmd Scheduled
	var err error
	var promised promise
	recording, take := p.recording()
	switch kind {
	case "upload":
		err = p.UploadCompleted(st.ctx, recording, 1)
		promised = isUploaded(recording, rules.UploadUploaded)
	case "failed":
		err = p.RecordingFailed(st.ctx, recording)
		promised = isUploaded(recording, rules.UploadFailed, rules.UploadUploaded, rules.UploadUploading)
	case "begun":
		_, err = p.Member.svc.UploadBegan(st.ctx, recording, Receiver{})
		promised = isUploaded(recording, rules.UploadUploading, rules.UploadUploaded)
	case "part":
		var made Part
		made, err = p.RecordingPart(st.ctx, recording)
		promised = func(s *rules.State) string { return unless(s.Recordings[made.RecordingID] != nil, "a part") }
	case "report":
		err = p.RecordingReport(st.ctx, recording, RecordingReport{Frames: new(int64(1))})
		promised = func(s *rules.State) string {
			r := s.Recordings[recording]
			return unless(r != nil && (r.Report != nil || r.Deleted), "reported")
		}
	case "mark":
		_, err = p.Member.svc.ChangeTake(st.ctx, "studio", take, TakeChange{Mark: new("good")})
		promised = func(s *rules.State) string {
			return unless(s.Takes[take] != nil && (s.Takes[take].Deleted || s.Takes[take].Mark == "good"), "marked")
		}
	case "delete":
		err = p.Member.svc.DeleteTake(st.ctx, "studio", take, time.Now().UnixMilli()%2 == 0)
		promised = func(s *rules.State) string { return unless(s.IsDeleted(take), "deleted") }
	case "schedule":
		cmd, err = p.Schedule(st.ctx, ScheduleRequest{Name: "flash"})
	case "start":
		cmd, err = p.StartRecording(st.ctx, StartRequest{Duration: 2 * time.Second})
	case "stop":
		cmd, err = p.StopRecording(st.ctx)
	case "play":
		cmd, err = p.SyncPlayback(st.ctx, PlaybackRequest{IsPlaying: time.Now().UnixMilli()%2 == 0, Position: new(float64(time.Now().Second()))})
	case "load":
		sometimes := time.Now().UnixMilli()%3 == 0
		err = p.LoadMedia(st.ctx, LoadRequest{MediaURL: "/film.mp4", MediaDuration: float64(time.Now().Second() % 2 * 5), Loop: sometimes})
	case "options":
		on := time.Now().UnixMilli()%2 == 0
		err = p.PlaybackOptions(st.ctx, OptionsRequest{Loop: &on, WaitForAll: new(time.Now().Second()%3 > 0), WaitLimit: new(2 * time.Second)})
	case "length":
		err = p.MediaInfo(st.ctx, "/film.mp4", 7)
	case "wait", "loaded":
		err = p.Buffering(st.ctx, "/film.mp4", kind == "wait")
	case "cancel":
		err = p.Cancel(st.ctx, command)
		promised = func(s *rules.State) string { return unless(st.command(command).Cancelled, "cancelled") }
	case "armed":
		err = p.Armed(st.ctx, command)
	case "fired":
		err = p.Fired(st.ctx, command, clock.SessionTime(time.Now().UnixNano()), false)
	case "lead":
		err = p.RequestLeadership(st.ctx, "")
	case "touch":
		err = p.Touch(st.ctx)
	case "hand":
		err = p.HandOver(st.ctx, st.other(p).UserID())
	case "rename":
		err = p.Rename(st.ctx, fmt.Sprint("scene ", time.Now().Second()))
	case "edit":
		if err = p.UpdateUser(st.ctx, UserUpdate{Username: new(fmt.Sprint("name ", time.Now().Second()))}); err == nil {
			err = p.UpdateDevice(st.ctx, DeviceUpdate{Records: new(time.Now().Second()%2 == 0)})
		}
	case "silence":
		err = p.UpdateDevice(st.ctx, DeviceUpdate{DeviceID: st.other(p).DeviceID(), Silenced: new(time.Now().Second()%2 == 0)})
	case "remove":
		id := st.other(p).DeviceID()
		err = p.RemoveDevice(st.ctx, id)
		promised = func(s *rules.State) string { return unless(s.Owners[id] == "", "removed") }
	}
	if c := codeOf(err); (c == wire.CodeBusy || c == wire.CodeUnavailable) && st.lives(p) {
		st.t.Errorf("%s: %v", kind, err)
	}
	if err == nil {
		st.acknowledged(cmd, promised)
	}
}

// acknowledged notes what is so from now on.
func (st *stage) acknowledged(cmd Scheduled, promised promise) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if cmd.CommandID != "" {
		st.commands = append(st.commands, cmd.CommandID)
		promised = func(s *rules.State) string {
			c := st.command(cmd.CommandID)
			return unless(c.ID != "" && c.Timestamp.Time() == cmd.Timestamp, "scheduled as "+asText(cmd))
		}
	}
	if promised != nil {
		st.promises = append(st.promises, promised)
	}
}

func unless(so bool, what string) string {
	if so {
		return ""
	}
	return "acknowledged, and not so: " + what
}

func isUploaded(recording string, as ...string) promise {
	return func(s *rules.State) string {
		r := s.Recordings[recording]
		return unless(r != nil && (r.Deleted || s.IsDeleted(r.Take) || slices.Contains(as, r.Upload)), "recording "+strings.Join(as, " or "))
	}
}

// recording returns the latest recording that the device was told to make, and its take.
func (p *part) recording() (id, take string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range slices.Backward(p.events) {
		if r, ok := e.Data.(StartRecording); ok && r.RecordingID != "" {
			return r.RecordingID, r.CommandID
		}
	}
	return "none", "none"
}

func (p *part) recordingID() string {
	id, _ := p.recording()
	return id
}
