package session

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
)

// check asks both instances: they must agree, on one leader among others.
func (st *stage) check() (faults []string) {
	services := [2]*Service{st.instance(0), st.instance(1)}
	for _, svc := range services { // whoever has to do with the session does what is due
		r, err := svc.enter(st.ctx, "studio")
		if err != nil {
			return []string{err.Error()}
		}
		defer svc.exit(r)
	}
	synctest.Wait()
	var seen [2]Snapshot
	for i, svc := range services {
		snap, err := svc.Snapshot(st.ctx, "studio")
		if codeOf(err) == wire.CodeSessionNotFound {
			return nil
		}
		if err != nil {
			return []string{err.Error()}
		}
		seen[i] = snap
		leaders := 0
		for _, u := range snap.Users {
			if u.IsLeader {
				leaders++
			}
		}
		if snap.LeaderID == "" || leaders > 1 {
			faults = append(faults, fmt.Sprintf("%d leaders, %q", leaders, snap.LeaderID))
		}
	}
	faults = append(faults, st.checkKept(seen[0])...)
	faults = append(faults, st.checkTimeline(services[0])...)
	for i := range seen { // each hears its own devices' heartbeats
		seen[i].LastActivity, seen[i].Users = 0, slices.Clone(seen[i].Users)
		for j := range seen[i].Users {
			seen[i].Users[j].LastSeen = 0
		}
	}
	if a, b := asText(seen[0]), asText(seen[1]); a != b {
		faults = append(faults, "the instances differ:\n"+a+"\n"+b)
	}
	return faults
}

// checkKept: what was acknowledged to a member is still so.
func (st *stage) checkKept(snap Snapshot) (faults []string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, p := range st.slots {
		if p == nil || p.ended() || !slices.Contains(st.svc[:], p.Member.svc) {
			continue
		}
		here := slices.ContainsFunc(snap.Devices, func(d rules.DeviceState) bool {
			return d.DeviceID == p.DeviceID() && d.IsConnected
		})
		if !here {
			faults = append(faults, p.DeviceID()+" has joined, but isn't there")
		}
	}
	for _, promised := range st.promises {
		if fault := promised(st.all); fault != "" {
			faults = append(faults, fault)
		}
	}
	return faults
}

// checkTimeline: where the media is follows from what was told.
func (st *stage) checkTimeline(svc *Service) []string {
	var steps []PlaybackSync
	for _, e := range st.ref.told() {
		switch d := e.Data.(type) {
		case MediaLoaded:
			steps = []PlaybackSync{{PlaybackState: rules.PlaybackState{
				MediaURL: d.MediaURL, LastUpdateTime: d.Timestamp, PlaybackRate: 1, Loop: d.Loop, MediaDuration: d.MediaDuration,
			}}}
		case MediaInfo:
			steps = informed(steps, d)
		case PlaybackSync:
			steps = append(slices.DeleteFunc(steps, func(p PlaybackSync) bool { return p.LastUpdateTime >= d.Timestamp }), d)
		case Cancelled:
			steps = slices.DeleteFunc(steps, func(p PlaybackSync) bool { return p.CommandID == d.CommandID })
		}
	}
	now := svc.cfg.Now()
	want := rules.PlaybackState{PlaybackRate: 1}
	for _, p := range steps {
		if p.LastUpdateTime <= now {
			want = timelineOf(p.PlaybackState).Settled(rules.InstantOf(now)).Wire()
		}
	}
	snap, err := svc.Snapshot(st.ctx, "studio")
	if err != nil || snap.PlaybackState != want {
		return []string{fmt.Sprintf("the media are at %+v, told was %+v (%v)", snap.PlaybackState, want, err)}
	}
	return nil
}

func timelineOf(p rules.PlaybackState) rules.Timeline {
	return rules.Timeline{
		MediaURL: p.MediaURL, MediaID: p.MediaID, Length: p.MediaDuration, Position: p.Position, IsPlaying: p.IsPlaying,
		Rate: p.PlaybackRate, Since: rules.InstantOf(p.LastUpdateTime), Loop: p.Loop,
	}
}

// informed takes a media_info in as a client does: what holds then goes on from where it is.
func informed(steps []PlaybackSync, d MediaInfo) []PlaybackSync {
	steps = slices.Clone(steps)
	i := len(steps) - 1
	for i > 0 && steps[i].LastUpdateTime > d.Timestamp {
		i--
	}
	if i >= 0 && steps[i].MediaURL == d.MediaURL && steps[i].Loop != d.Loop && steps[i].LastUpdateTime < d.Timestamp {
		goesOn := steps[i]
		goesOn.PlaybackState = timelineOf(steps[i].PlaybackState).At(rules.InstantOf(d.Timestamp)).Wire()
		goesOn.LastUpdateTime = d.Timestamp
		steps = slices.Insert(steps, i+1, goesOn)
	}
	for i := range steps {
		if steps[i].MediaURL == d.MediaURL {
			steps[i].MediaDuration = d.MediaDuration
			steps[i].Loop = steps[i].Loop && steps[i].LastUpdateTime < d.Timestamp || d.Loop && steps[i].LastUpdateTime >= d.Timestamp
		}
	}
	return steps
}

// checkTakes: no take began before the one before it was stopped.
func (st *stage) checkTakes() (faults []string) {
	synctest.Wait()
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, a := range st.all.Commands {
		stop := st.all.StopOf(a.ID)
		for _, b := range st.all.Commands {
			// One that was issued and cancelled at the very instant at which a was issued came before it.
			later := b.IssuedAt > a.IssuedAt || b.IssuedAt == a.IssuedAt && !b.Cancelled
			if a != b && a.Event == wire.StartRecording && b.Event == a.Event && later && !a.Cancelled && (stop == nil || b.IssuedAt < stop.Timestamp) {
				faults = append(faults, fmt.Sprintf("take %+v began during %+v", b, a))
			}
		}
	}
	return faults
}

// checkHistory: both instances list every command that was acknowledged, once, the latest first.
func (st *stage) checkHistory() (faults []string) {
	var lists [2]string
	for i := range lists {
		list, _, err := st.instance(i).Commands(st.ctx, "studio", MaxListed, "")
		if err != nil {
			return nil // the session is gone
		}
		ids := map[string]bool{}
		for k, c := range list {
			if ids[c.CommandID] || k > 0 && c.Timestamp > list[k-1].Timestamp {
				faults = append(faults, fmt.Sprintf("command %s is listed twice, or in the wrong place", c.CommandID))
			}
			ids[c.CommandID] = true
		}
		for _, id := range st.commands {
			if !ids[id] {
				faults = append(faults, "the history doesn't have "+id)
			}
		}
		lists[i] = asText(list)
	}
	if lists[0] != lists[1] {
		faults = append(faults, "the histories differ:\n"+lists[0]+"\n"+lists[1])
	}
	return faults
}

// checkSettled: when all grace periods are over, the leader is connected.
func (st *stage) checkSettled() (faults []string) {
	snap, err := st.instance(0).Snapshot(st.ctx, "studio")
	connected := slices.ContainsFunc(snap.Users, func(u rules.UserState) bool { return u.IsConnected })
	leads := slices.ContainsFunc(snap.Users, func(u rules.UserState) bool { return u.IsConnected && u.IsLeader })
	if err == nil && connected && !leads {
		return []string{"no connected user leads"}
	}
	return nil
}

// checkCompleted: the session says that it is completed if, and only if,
// all is uploaded, and has been told so once for each set at most.
func (st *stage) checkCompleted() (faults []string) {
	list, err := st.instance(0).Recordings(st.ctx, "studio")
	if err != nil {
		return nil // the session is gone
	}
	uploaded, missing := 0, 0
	for _, r := range list {
		switch r.UploadStatus {
		case rules.UploadUploaded:
			uploaded++
		case rules.UploadFailed:
		default:
			missing++
		}
	}
	snap, err := st.instance(0).Snapshot(st.ctx, "studio")
	if err != nil {
		return []string{err.Error()}
	}
	told := 0
	for _, e := range st.ref.told() {
		if e.Name == "session_completed" {
			told++
		}
	}
	st.mu.Lock()
	sets := 0 // each upload makes another set of what is uploaded, and a deletion none
	for _, r := range st.all.Recordings {
		if r.Upload == rules.UploadUploaded {
			sets++
		}
	}
	st.mu.Unlock()
	whole := uploaded > 0 && missing == 0 && snap.Status != "recording"
	if whole != (snap.Status == "completed") || whole && told == 0 || told > sets {
		faults = append(faults, fmt.Sprintf("%s, told %d times, with %d uploaded and %d missing", snap.Status, told, uploaded, missing))
	}
	return faults
}

// told returns all that was heard so far, and keeps it.
func (p *part) told() []Event {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.events)
}

// checkHeard compares what each member heard with what the entries mean.
func (st *stage) checkHeard() (faults []string) {
	all := told(st.ref.told(), nil)
	for _, p := range st.parts {
		events := p.heard()
		heard := told(events, nil)
		if !st.lives(p) && contains(withoutCommands(all), withoutCommands(heard)) && !slices.ContainsFunc(heard, func(line string) bool { return !slices.Contains(all, line) }) {
			// An instance that crashes while it issues a command has refused it, and tells nobody
			// any more; the others find it stored.
			faults = append(faults, twice(p, events)...)
			continue
		}
		fresh := 0 // after the commands that it was told of when it joined
		for fresh < len(heard) && !contains(all, heard[fresh:]) {
			fresh++
		}
		if slices.ContainsFunc(heard[:fresh], func(line string) bool { return !isCommand(line) }) {
			faults = append(faults, fmt.Sprintf("%s heard\n%v where there was\n%v", p.DeviceID(), heard, all))
		}
		faults = append(faults, twice(p, events)...)
	}
	return faults
}

var commandEvents = []string{"command", "start_recording", "stop_recording", "playback_sync"}

func isCommand(line string) bool {
	name, _, _ := strings.Cut(line, "{")
	return slices.Contains(commandEvents, name)
}

func withoutCommands(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), isCommand)
}

// told writes events down that are the same for everybody; with only, those of these names.
func told(events []Event, only []string) (lines []string) {
	for _, e := range events {
		if e.Name == "command_report" || e.Name == "sync_status" || only != nil && !slices.Contains(only, e.Name) {
			continue
		}
		if r, ok := e.Data.(StartRecording); ok {
			r.RecordingID = ""
			e.Data = r
		}
		lines = append(lines, e.Name+asText(e.Data))
	}
	return lines
}

func twice(p *part, events []Event) (faults []string) {
	had := map[string]bool{}
	for _, line := range told(events, commandEvents) {
		if had[line] {
			faults = append(faults, fmt.Sprintf("%s was told twice: %s", p.DeviceID(), line))
		}
		had[line] = true
	}
	return faults
}

// contains reports whether part is a run of consecutive lines of all.
func contains(all, part []string) bool {
	for i := 0; i+len(part) <= len(all); i++ {
		if slices.Equal(all[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

func asText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
