package nats

import (
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/store"
)

const (
	// spare is what must stay free on the disk. The NATS server gives its files
	// up when a write fails for want of space; nothing is written any more before that.
	spare = 16 << 20
	// lookEvery is how often the disk is looked at.
	lookEvery = 100 * time.Millisecond
)

// space remembers for a moment how much of the disk is free.
type space struct {
	mu     sync.Mutex
	looked time.Time
	free   uint64
}

func (s *space) left(dir string) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.looked) >= lookEvery {
		free, err := freeSpace(dir)
		if err != nil {
			return 0, err
		}
		s.looked, s.free = now, free
	}
	return s.free, nil
}

// mayWrite refuses writes while the disk is full.
func (s *Store) mayWrite() error {
	if s.engine == nil {
		return nil
	}
	free, err := s.engine.space.left(s.engine.dir.path)
	if err != nil {
		return err
	}
	if free < spare {
		return store.ErrDiskFull
	}
	return nil
}
