package session

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/downbeat-sync/downbeat/clock"
)

// Random interleavings of everything that members do, on two instances of one
// store, several of the acts at the same moment: however they race, there is
// one leader, a command is told once to each connection, and every member
// hears the same events in the same order.

// deed is one random act: of the device in a slot, at the time of others.
type deed struct {
	slot, kind, pick int
	pause            time.Duration // before it; 0 = together with the one before
}

var deeds = []string{
	"join", "resume", "disconnect", "leave", "schedule", "schedule", "cancel", "armed", "fired", "start", "stop",
	"lead", "play", "touch", "upload", "upload", "failed", "begun", "crash",
}

func deedGen() *rapid.Generator[deed] {
	return rapid.Custom(func(t *rapid.T) deed {
		return deed{
			slot: rapid.IntRange(0, 4).Draw(t, "slot"),
			kind: rapid.IntRange(0, len(deeds)-1).Draw(t, "kind"),
			pick: rapid.IntRange(0, 5).Draw(t, "pick"),
			pause: time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 40, 300, 4000}).Draw(t, "pause")) *
				time.Millisecond,
		}
	})
}

// stage runs deeds. A slot is a device that comes and goes.
type stage struct {
	t   *testing.T
	ctx context.Context
	svc [2]*Service
	ref *part // hears what the entries mean, all of it, as they come out of the store

	mu       sync.Mutex
	slots    [5]*part
	tokens   [5]string
	all      []*part
	commands []string
	jumps    []string
}

func TestRandomInterleavings(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(deedGen(), 40, 60).Draw(rt, "script")
		var faults []string
		synctest.Test(t, func(t *testing.T) { faults = perform(t, script) })
		for _, f := range faults {
			rt.Error(f)
		}
	})
}

func perform(t *testing.T, script []deed) (faults []string) {
	ctx, stop := context.WithCancel(t.Context())
	st := &stage{t: t, ctx: ctx}
	store := NewMemory()
	var running sync.WaitGroup
	for i := range st.svc {
		st.svc[i], _ = New(Config{Store: store, Now: clock.NewSource(time.Now).Now, LeaderGrace: 3 * time.Second})
		running.Go(func() { _ = st.svc[i].Run(ctx) })
	}
	st.ref = &part{w: &world{t: t}}
	running.Go(func() { st.follow(store) })
	synctest.Wait()

	for slot := range 3 {
		st.do(deed{slot: slot, pick: slot})
	}
	var acting sync.WaitGroup
	for _, d := range script {
		if d.pause > 0 {
			acting.Wait()
			faults = append(faults, st.check()...)
			time.Sleep(d.pause)
		}
		acting.Go(func() { st.do(d) })
	}
	acting.Wait()
	time.Sleep(10 * time.Second) // grace periods and reports are over then
	faults = append(faults, st.check()...)
	faults = append(faults, st.checkSettled()...)
	faults = append(faults, st.checkHeard()...)
	faults = append(faults, st.checkCompleted()...)
	faults = append(faults, st.jumps...)
	stop()
	running.Wait()
	return faults
}

// follow derives the events from the store's entries.
func (st *stage) follow(store Store) {
	s := newState("studio")
	_ = store.Watch(st.ctx, filterOf("studio"), func(e Entry) {
		d, _, err := s.apply(e)
		if err != nil {
			st.t.Error(err)
		}
		st.noteJump(d)
		for _, n := range derive(s, d) {
			st.ref.hear(n.to(&device{}))
		}
	}, func() {})
}

// noteJump looks whether a change of the timeline that lies ahead has moved it already.
func (st *stage) noteJump(d diff) {
	before, _ := d.before.(*playback)
	after, _ := d.after.(*playback)
	now := instantOf(clock.SessionTime(time.Now().UnixNano()))
	if before == nil || after == nil || after.Change != "sync" || now >= after.Since {
		return
	}
	was, is := before.at(now).at(now), after.at(now).at(now)
	if math.Abs(was.Position-is.Position) > 1e-6 || was.IsPlaying != is.IsPlaying {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.jumps = append(st.jumps, fmt.Sprintf("the timeline jumped from %+v to %+v", was, is))
	}
}

func (st *stage) enter(instance int, q JoinRequest) *part {
	p := &part{w: &world{t: st.t}}
	q.SessionID = "studio"
	m, joined, err := st.svc[instance].Join(st.ctx, q, p.hear)
	if err != nil {
		return nil
	}
	p.Member, p.joined = m, joined
	st.mu.Lock()
	defer st.mu.Unlock()
	st.all = append(st.all, p)
	return p
}

func (st *stage) do(d deed) {
	st.mu.Lock()
	p, token, command := st.slots[d.slot], st.tokens[d.slot], "none"
	if n := len(st.commands); n > 0 {
		command = st.commands[max(0, n-1-d.pick)]
	}
	st.mu.Unlock()
	switch kind := deeds[d.kind]; {
	case kind == "join" && p == nil:
		st.sit(d, JoinRequest{UserID: fmt.Sprintf("user%d", d.slot), ResumeToken: token, DeviceType: []string{"", "mobile"}[d.pick%2]})
	case kind == "resume" && token != "":
		st.sit(d, JoinRequest{ResumeToken: token})
	case p == nil:
	case kind == "disconnect", kind == "leave":
		st.rise(d, p, kind == "leave")
	case slices.Contains([]string{"schedule", "start", "stop", "play", "cancel"}, kind) && d.pick > 0:
		st.act(kind, st.leader(p), command)
	default:
		st.act(kind, p, command)
	}
}

// leader returns the device in a slot that leads, or else p.
func (st *stage) leader(p *part) *part {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, q := range st.slots {
		if q != nil && q.IsLeader() {
			return q
		}
	}
	return p
}

func (st *stage) sit(d deed, q JoinRequest) {
	p := st.enter(d.pick%2, q)
	if p == nil {
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.slots[d.slot], st.tokens[d.slot] = p, p.joined.SessionJoined.ResumeToken
}

func (st *stage) rise(d deed, p *part, leave bool) {
	if leave {
		_ = p.Leave(st.ctx)
	} else {
		_ = p.Disconnect(st.ctx)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.slots[d.slot] == p {
		st.slots[d.slot] = nil
	}
}

func (st *stage) act(kind string, p *part, command string) {
	var cmd Scheduled
	var err error
	switch kind {
	case "upload":
		err = p.UploadCompleted(st.ctx, p.recording(), 1)
	case "failed":
		err = p.RecordingFailed(st.ctx, p.recording())
	case "begun":
		_, err = p.svc.UploadBegan(st.ctx, p.recording())
	case "crash": // of nobody who is there: it must do nothing
		err = p.svc.MarkDisconnected(st.ctx, func(instance string) bool { return instance == "gone" })
	case "schedule":
		cmd, err = p.Schedule(st.ctx, ScheduleRequest{Name: "flash"})
	case "start":
		cmd, err = p.StartRecording(st.ctx, StartRequest{Duration: 2 * time.Second})
	case "stop":
		cmd, err = p.StopRecording(st.ctx)
	case "play":
		cmd, err = p.SyncPlayback(st.ctx, PlaybackRequest{IsPlaying: true})
	case "cancel":
		err = p.Cancel(st.ctx, command)
	case "armed":
		err = p.Armed(st.ctx, command)
	case "fired":
		err = p.Fired(st.ctx, command, clock.SessionTime(time.Now().UnixNano()), false)
	case "lead":
		err = p.RequestLeadership(st.ctx)
	case "touch":
		err = p.Touch(st.ctx)
	}
	if err == nil && cmd.CommandID != "" {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.commands = append(st.commands, cmd.CommandID)
	}
	if c := codeOf(err); c == CodeBusy || c == CodeUnavailable {
		st.t.Errorf("%s: %v", kind, err)
	}
}

// check asks both instances: they must agree, on one leader among others.
func (st *stage) check() (faults []string) {
	for _, svc := range st.svc { // whoever has to do with the session does what is due
		r, err := svc.enter(st.ctx, "studio")
		if err != nil {
			return []string{err.Error()}
		}
		defer svc.exit(r)
	}
	synctest.Wait()
	var seen [2]Snapshot
	for i, svc := range st.svc {
		snap, err := svc.Snapshot(st.ctx, "studio")
		if codeOf(err) == CodeSessionNotFound {
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
	if a, b := text(seen[0]), text(seen[1]); a != b {
		faults = append(faults, "the instances differ:\n"+a+"\n"+b)
	}
	return faults
}

// checkKept: what was acknowledged to a member is still so.
func (st *stage) checkKept(snap Snapshot) (faults []string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, p := range st.slots {
		if p == nil || p.ended() {
			continue
		}
		here := slices.ContainsFunc(snap.Devices, func(d DeviceState) bool {
			return d.DeviceID == p.DeviceID() && d.IsConnected
		})
		if !here {
			faults = append(faults, p.DeviceID()+" has joined, but isn't there")
		}
	}
	return faults
}

// checkSettled: when all grace periods are over, the leader is connected.
func (st *stage) checkSettled() (faults []string) {
	snap, err := st.svc[0].Snapshot(st.ctx, "studio")
	connected := slices.ContainsFunc(snap.Users, func(u UserState) bool { return u.IsConnected })
	leads := slices.ContainsFunc(snap.Users, func(u UserState) bool { return u.IsConnected && u.IsLeader })
	if err == nil && connected && !leads {
		return []string{"no connected user leads"}
	}
	return nil
}

// recording returns the latest recording that the device was told to make.
func (p *part) recording() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range slices.Backward(p.events) {
		if r, ok := e.Data.(StartRecording); ok && r.RecordingID != "" {
			return r.RecordingID
		}
	}
	return "none"
}

// checkCompleted: the session says that it is completed if, and only if,
// all is uploaded, and has been told so once for each set at most.
func (st *stage) checkCompleted() (faults []string) {
	list, err := st.svc[0].Recordings(st.ctx, "studio")
	if err != nil {
		return nil // the session is gone
	}
	uploaded, missing := 0, 0
	for _, r := range list {
		switch r.UploadStatus {
		case uploadUploaded:
			uploaded++
		case uploadFailed:
		default:
			missing++
		}
	}
	snap, err := st.svc[0].Snapshot(st.ctx, "studio")
	if err != nil {
		return []string{err.Error()}
	}
	told := 0
	for _, e := range st.ref.told() {
		if e.Name == "session_completed" {
			told++
		}
	}
	whole := uploaded > 0 && missing == 0 && snap.Status != "recording"
	if whole != (snap.Status == "completed") || whole && told == 0 || told > uploaded {
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
	for _, p := range st.all {
		events := p.heard()
		heard := told(events, nil)
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
		lines = append(lines, e.Name+text(e.Data))
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

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}
