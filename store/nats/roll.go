package nats

import "time"

// roll is who was heard when. It judges nobody while it doesn't hear its own
// instance: then it is this one that is cut off.
type roll struct {
	own    string
	since  time.Time            // when it began to hear its own beats without a pause
	heard  map[string]time.Time // by instance
	called time.Time            // when the silent ones were marked last
}

func newRoll(own string, now time.Time) *roll {
	return &roll{own: own, since: now, heard: map[string]time.Time{}}
}

func (r *roll) hear(instance string, now time.Time) {
	if instance == r.own && now.Sub(r.heard[r.own]) > silentAfter/2 {
		r.since = now
	}
	r.heard[instance] = now
}

// due reports whether the silent ones are to be marked: when there is a new
// one, and otherwise from time to time.
func (r *roll) due(now time.Time) bool {
	if now.Sub(r.heard[r.own]) > silentAfter/2 || now.Sub(r.since) <= silentAfter {
		return false
	}
	if now.Sub(r.called) >= lookAgain {
		return true
	}
	for _, at := range r.heard {
		if now.Sub(at) > silentAfter {
			return true
		}
	}
	return false
}

// alone reports whether own is heard, and none of the others was lately.
func (r *roll) alone(now time.Time) bool {
	if now.Sub(r.heard[r.own]) > silentAfter/2 || now.Sub(r.since) < silentAfter/2 {
		return false
	}
	for instance, at := range r.heard {
		if instance != r.own && now.Sub(at) <= silentAfter {
			return false
		}
	}
	return true
}

// gone returns a function that tells whether an instance is silent: one that
// was never heard is.
func (r *roll) gone(now time.Time) func(instance string) bool {
	alive := map[string]bool{r.own: true}
	for instance, at := range r.heard {
		if now.Sub(at) <= silentAfter {
			alive[instance] = true
		}
	}
	return func(instance string) bool { return !alive[instance] }
}

// marked strikes those off who were silent.
func (r *roll) marked(now time.Time) {
	r.called = now
	for instance, at := range r.heard {
		if now.Sub(at) > silentAfter {
			delete(r.heard, instance)
		}
	}
}
