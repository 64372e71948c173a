package reference

import (
	"errors"
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Packet takes a packet in that has just been read, and reports whether it claims to be a frame
// between instances; others are left alone. A question of one of ours is answered by reply, which
// must not keep its argument and must not block, if this instance is the reference.
func (k *Keeper) Packet(b []byte, reply func(answer []byte)) bool {
	at := k.cfg.Source.Steady()
	if !Is(b) {
		return false
	}
	k.mu.Lock()
	secret := k.secret
	k.mu.Unlock()
	f, err := parse(b, secret)
	switch {
	case secret == nil:
	case errors.Is(err, errForged):
		k.refuse()
	case err != nil:
	case f.kind == kindAnswer:
		k.answered(f, at)
	case reply != nil:
		if answer, ok := k.answer(f, at, secret); ok {
			reply(answer)
		}
	}
	return true
}

// Answer is Packet for a way that brings the answer back by itself; nil where there is none.
func (k *Keeper) Answer(question []byte) (answer []byte) {
	k.Packet(question, func(b []byte) { answer = b })
	return answer
}

func (k *Keeper) refuse() {
	k.mu.Lock()
	k.refused++
	first := k.refused == 1
	k.mu.Unlock()
	if first {
		k.cfg.Log.Warn("reference_forged", "reason", "frames came that no instance on this store has sent")
	}
}

// answer returns the reference's answer to a question that arrived at t2; false when this isn't it.
func (k *Keeper) answer(q frame, t2 clock.SessionTime, secret []byte) ([]byte, bool) {
	now := k.cfg.Now()
	k.mu.Lock()
	holds, term := k.holds(now), k.lease.Term
	if holds && q.from != k.id {
		k.askers.note(q, now)
	}
	k.mu.Unlock()
	if !holds || q.from == k.id || q.term != term {
		return nil, false
	}
	f := frame{kind: kindAnswer, path: q.path, term: term, nonce: q.nonce, from: k.id, t2: t2, course: course(k.cfg.Source, t2)}
	f.stratum, f.distance = k.cfg.UTC()
	b := make([]byte, 0, FrameSize)
	f.t3 = k.cfg.Source.Steady()
	return f.append(b, secret), true
}

// course returns session time over the steady clock from an instant on, as far as it is known.
func course(s *clock.Source, at clock.SessionTime) (c [lines]clock.Line) {
	for i := range c {
		l := s.Line(at)
		c[i] = clock.Line{Steady: at, Session: l.At(at), Rate: l.Rate}
		at = l.Until
		if at == math.MaxInt64 { // nothing follows: the same one again, so much later that it doesn't matter
			at = c[i].Steady.Add(time.Hour)
		}
	}
	return c
}

// answered takes the reference's answer in.
func (k *Keeper) answered(f frame, t4 clock.SessionTime) {
	now := k.cfg.Now()
	k.mu.Lock()
	if f.term != k.lease.Term || k.holding {
		k.stale++
		k.mu.Unlock()
		return
	}
	ok := int(f.path) < len(k.follow.paths) && k.follow.paths[f.path].take(f, t4)
	k.mu.Unlock()
	if ok {
		k.steer(now)
		k.wake()
	}
}
