package session

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"pgregory.net/rapid"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
)

// Random interleavings of everything that members do, on two instances of one
// store, several of the acts at the same moment, while instances crash: however they
// race, there is one leader and one take, what was acknowledged stays, a command
// is told once to each connection, every member hears the same events in the same
// order, and the timeline is what they were told.

// deed is one random act: of the device in a slot, at the time of others.
type deed struct {
	slot, kind, pick int
	pause            time.Duration // before it; 0 = together with the one before
}

var deeds = []string{
	"join", "resume", "disconnect", "leave", "schedule", "schedule", "cancel", "armed", "fired", "start", "stop",
	"lead", "play", "play", "load", "touch", "upload", "upload", "failed", "part", "report", "mark", "delete", "begun", "net", "crash",
	"hand", "rename", "edit", "silence", "remove", "options", "length", "wait", "wait", "loaded",
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
	t     *testing.T
	ctx   context.Context
	store store.Store
	ref   *part // hears what the entries mean, all of it, as they come out of the store

	running sync.WaitGroup
	delay   atomic.Int64 // of all devices' ways, ns

	mu       sync.Mutex
	all      *rules.State                  // what the store has
	paged    map[string]rules.PagedCommand // the commands in pages
	svc      [2]*Service
	stop     [2]context.CancelFunc
	slots    [5]*part
	tokens   [5]string
	parts    []*part
	commands []string
	promises []promise // by what was acknowledged
	jumps    []string
}

// promise says what is wrong with a state in which something that was acknowledged isn't so.
type promise func(*rules.State) string

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
	st := &stage{t: t, ctx: ctx, store: store.NewMemory(), ref: &part{w: &world{t: t}}, all: rules.NewState("studio"), paged: map[string]rules.PagedCommand{}}
	for i := range st.svc {
		st.boot(i)
	}
	st.running.Go(st.follow)
	st.running.Go(st.followPages)
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
	faults = append(faults, st.checkTakes()...)
	faults = append(faults, st.checkHistory()...)
	faults = append(faults, st.jumps...)
	stop()
	st.running.Wait()
	return faults
}

// boot starts an instance.
func (st *stage) boot(i int) {
	svc, err := New(Config{Store: st.store, Clocks: st, Now: clock.NewSource(time.Now).Now, LeaderGrace: 3 * time.Second})
	if err != nil {
		st.t.Error(err)
		return
	}
	svc.keepCommands, svc.pageCommands = 4, 2
	ctx, stop := context.WithCancel(st.ctx)
	st.running.Go(func() { _ = svc.Run(ctx) })
	st.mu.Lock()
	defer st.mu.Unlock()
	st.svc[i], st.stop[i] = svc, stop
}

// crash ends an instance without a word, and starts another in its place. The other one
// marks the members.
func (st *stage) crash(i int) {
	st.mu.Lock()
	dead, other, stop := st.svc[i], st.svc[1-i], st.stop[i]
	st.mu.Unlock()
	st.boot(i)
	stop()
	err := other.MarkDisconnected(st.ctx, func(instance string) bool { return instance == dead.Instance() })
	if err != nil && other == st.instance(1-i) {
		st.t.Errorf("marking the members: %v", err)
	}
}

func (st *stage) instance(i int) *Service {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.svc[i]
}

// lives reports whether the instance that a member is on hasn't crashed.
func (st *stage) lives(p *part) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Contains(st.svc[:], p.Member.svc)
}

func (st *stage) Quality(string) (Quality, bool) {
	return Quality{Estimate: clock.Estimate{State: clock.Tracking, Delay: time.Duration(st.delay.Load())}}, true
}

func (st *stage) Burst(string, clock.SessionTime) {}

// follow derives the events from the store's entries.
func (st *stage) follow() {
	_ = st.store.Watch(st.ctx, rules.FilterOf("studio"), func(e store.Entry) {
		st.mu.Lock()
		defer st.mu.Unlock()
		d, _, err := st.all.Apply(rules.Entry(e))
		if err != nil {
			st.t.Error(err)
		}
		st.noteJump(d)
		for _, n := range rules.Derive(st.all, d) {
			st.ref.hear(Event{Name: n.Name, Data: n.To(&rules.Device{})})
		}
	}, func() {})
}

// followPages notes which commands are in pages.
func (st *stage) followPages() {
	_ = st.store.Watch(st.ctx, rules.PagesOf("studio"), func(e store.Entry) {
		p, err := rules.Decode[rules.Page](rules.Entry(e))
		if err != nil || p == nil {
			st.t.Errorf("a page: %v", err)
			return
		}
		st.mu.Lock()
		defer st.mu.Unlock()
		for i := range p.Commands {
			c := rules.PagedCommand{Page: p, Past: &p.Commands[i]}
			if other, twice := st.paged[c.ID]; !twice || other.Weight() < c.Weight() {
				st.paged[c.ID] = c
			}
		}
	}, func() {})
}

// command returns a command, wherever it is kept. Called with mu held.
func (st *stage) command(id string) rules.CommandRecord {
	if c := st.all.Commands[id]; c != nil {
		return *c
	}
	if c, ok := st.paged[id]; ok {
		return c.CommandRecord
	}
	return rules.CommandRecord{}
}

// noteJump looks whether a change of the timeline that lies ahead has moved it already.
func (st *stage) noteJump(d rules.Diff) {
	before, _ := d.Before.(*rules.Playback)
	after, _ := d.After.(*rules.Playback)
	now := rules.InstantOf(clock.SessionTime(time.Now().UnixNano()))
	if before == nil || after == nil || after.Change != "sync" || now >= after.Since {
		return
	}
	was, is := before.At(now).At(now), after.At(now).At(now)
	if was.Length != is.Length {
		return // the film may be found to be over
	}
	if math.Abs(was.Position-is.Position) > 1e-6 || was.IsPlaying != is.IsPlaying {
		st.jumps = append(st.jumps, fmt.Sprintf("the timeline jumped from %+v to %+v", was, is))
	}
}

func (st *stage) enter(instance int, q JoinRequest) *part {
	p := &part{w: &world{t: st.t}}
	q.SessionID = "studio"
	m, joined, err := st.instance(instance).Join(st.ctx, q, p.hear)
	if err != nil {
		return nil
	}
	p.Member, p.joined = m, joined
	st.mu.Lock()
	defer st.mu.Unlock()
	st.parts = append(st.parts, p)
	return p
}

func (st *stage) do(d deed) {
	switch deeds[d.kind] {
	case "crash":
		if d.pick < 3 {
			st.crash(d.pick % 2)
		}
		return
	case "net":
		st.delay.Store(int64(d.pick) * int64(80*time.Millisecond))
		return
	}
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
	case slices.Contains([]string{"schedule", "start", "stop", "play", "load", "options", "cancel", "hand", "rename", "silence", "remove"}, kind) && d.pick > 0:
		st.act(kind, st.leader(p), command)
	default:
		st.act(kind, p, command)
	}
}

// other returns a device that somebody may do something about.
func (st *stage) other(p *part) *part {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, q := range st.slots {
		if q != nil && q != p {
			return q
		}
	}
	return p
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
