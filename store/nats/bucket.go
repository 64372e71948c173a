package nats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The stream is a NATS key-value bucket by its name, subjects and headers, so that
// NATS's own tools can read it.
const (
	streamName    = "KV_downbeat"
	subjectPrefix = "$KV.downbeat."
)

const (
	// maxAge is how long a key stays that isn't written anew, tombstones
	// included. It is far more than a session may be idle: see MaxIdle.
	maxAge = 7 * 24 * time.Hour
	// renewAge is the age at which what is alive is written anew.
	renewAge = maxAge / 2
	// markerTTL is how long the stream says of a key that age has removed it.
	markerTTL = time.Hour
	// duplicates is how long a write may be sent again and be stored once.
	duplicates = time.Minute
)

// MaxIdle is how long a session may be idle at most before it is removed: all
// that a store loses by being switched off for long belongs to sessions that
// would have been removed meanwhile.
const MaxIdle = renewAge

func streamConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: streamName, Description: "Downbeat's sessions",
		Subjects: []string{subjectPrefix + ">"}, Storage: jetstream.FileStorage, Replicas: replicas,
		MaxMsgsPerSubject: 1, MaxAge: maxAge, Discard: jetstream.DiscardNew,
		Duplicates: duplicates, AllowMsgTTL: true, SubjectDeleteMarkerTTL: markerTTL,
		AllowRollup: true, DenyDelete: true, AllowDirect: true,
	}
}

// openStream finds the stream or makes it. Several instances may do so at once.
func openStream(ctx context.Context, js jetstream.JetStream, replicas int) (jetstream.Stream, error) {
	s, err := js.Stream(ctx, streamName)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, streamConfig(replicas))
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			s, err = js.Stream(ctx, streamName)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the bucket of sessions: %w", err)
	}
	if c := s.CachedInfo().Config; !c.AllowDirect {
		c.AllowDirect = true
		if s, err = js.UpdateStream(ctx, c); err != nil {
			return nil, fmt.Errorf("let the bucket of sessions be read directly: %w", err)
		}
	}
	return s, checkStream(s.CachedInfo().Config)
}

// checkStream refuses a bucket that would not keep what the store promises.
func checkStream(c jetstream.StreamConfig) error {
	if c.MaxMsgsPerSubject != 1 || c.MaxAge != 0 && c.MaxAge < maxAge || c.Storage != jetstream.FileStorage ||
		len(c.Subjects) != 1 || c.Subjects[0] != subjectPrefix+">" {
		return fmt.Errorf("the bucket %s is there and set up in another way than Downbeat needs", strings.TrimPrefix(streamName, "KV_"))
	}
	return nil
}
