package nats

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/downbeat-sync/downbeat/internal/pause"
)

const openWithin = 15 * time.Second // in which a NATS server must answer at first

// Open opens the store that cfg tells, and makes it if there is none. The
// connection, and the NATS server inside the process, have goroutines from then
// on; Close ends them.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openWithin)
	defer cancel()
	s := &Store{cfg: cfg, interests: newInterests(), ailing: make(chan struct{}, 1), replaced: make(chan error, 1)}
	s.life, s.end = context.WithCancel(context.Background())
	if cfg.Dir != "" {
		if s.dir, err = openDataDir(cfg.Dir); err != nil {
			return nil, err
		}
	}
	var l *link
	if cfg.URL != "" {
		l, err = dial(ctx, cfg)
	} else {
		l, err = s.openEngine(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.dir.close())
	}
	s.link.Store(l)
	s.created = l.stream.CachedInfo().Created
	if s.engine != nil {
		if err := s.prove(ctx, l); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// prove reads what there is, and refuses a store that has lost what was acknowledged.
func (s *Store) prove(ctx context.Context, l *link) error {
	seen, err := s.readAll(ctx, l)
	if err != nil {
		return fmt.Errorf("read the store in %s: %w", s.dir.path, err)
	}
	j, err := openJournal(filepath.Join(s.dir.path, journalFile), s.cfg.Log)
	if err != nil {
		return err
	}
	if lost := j.lost(seen, time.Now()); len(lost) > 0 {
		err := j.lostError(s.dir.path, lost)
		if !s.cfg.AcceptLoss {
			return err
		}
		s.cfg.Log.Warn("loss_accepted", "err", err)
	}
	s.journal = j
	return j.adopt(seen)
}

// readAll reads the whole stream, and tells the newest revision of each key, deleted ones included.
func (s *Store) readAll(ctx context.Context, l *link) (map[string]acked, error) {
	if err := s.compare(ctx, l); err != nil {
		return nil, err
	}
	cfg := everything(0)
	cfg.HeadersOnly = true
	r, err := l.newReader(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer r.stop()
	seen := map[string]acked{}
	for r.pending > 0 {
		e, written, err := r.next(ctx)
		if err != nil {
			return nil, err
		}
		s.saw(e.Key, e.Revision)
		seen[e.Key] = acked{e.Revision, written, e.Deleted()}
	}
	return seen, nil
}

// Close ends what Open has begun, after Run has returned.
func (s *Store) Close() error {
	s.end()
	s.link.Load().conn.Close()
	if s.engine != nil {
		s.engine.close()
	}
	return errors.Join(s.journal.close(), s.dir.close())
}

// dial connects to a NATS server that isn't ours.
func dial(ctx context.Context, cfg Config) (*link, error) {
	where := redact(cfg.URL)
	var refused atomic.Bool // that was said
	conn, err := nats.Connect(cfg.URL, nats.Name("downbeat"), nats.Timeout(callTimeout),
		nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.ReconnectWait(250*time.Millisecond), nats.ReconnectBufSize(-1),
		nats.PingInterval(2*time.Second), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				cfg.Log.Warn("store_lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) {
			refused.Store(false)
			cfg.Log.Info("store_found", "url", c.ConnectedUrlRedacted())
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if isAuth(err) && !refused.Swap(true) {
				cfg.Log.Error("store_refuses", "url", where, "err", err)
			}
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to the NATS server at %s: %w", where, err)
	}
	l, err := newLink(ctx, conn, replicas(cfg, conn))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("the NATS server at %s: %w", where, explain(err))
	}
	return l, nil
}

// isAuth reports whether a NATS server doesn't take who one is.
func isAuth(err error) bool {
	for _, is := range []error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

func replicas(cfg Config, conn *nats.Conn) int {
	switch {
	case cfg.Replicas > 0:
		return cfg.Replicas
	case conn.ConnectedClusterName() != "":
		return 3
	}
	return 1
}

// newLink opens the stream over a connection; it tries again until ctx ends
// where a cluster has no leader yet.
func newLink(ctx context.Context, conn *nats.Conn, replicas int) (*link, error) {
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(callTimeout))
	if err != nil {
		return nil, err
	}
	for {
		stream, err := openStreamWithin(ctx, js, replicas)
		if err == nil {
			return &link{conn, js, stream}, nil
		}
		if !passing(err) || !pause.For(ctx, retryEvery) {
			return nil, err
		}
	}
}

// openStreamWithin doesn't wait long: a cluster without a leader drops what it is asked.
func openStreamWithin(ctx context.Context, js jetstream.JetStream, replicas int) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return openStream(ctx, js, replicas)
}

// passing reports whether an error may be over soon.
func passing(err error) bool {
	var api *jetstream.APIError
	if errors.As(err, &api) {
		return api.Code == 503
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders)
}

// explain says in other words what NATS says in its own.
func explain(err error) error {
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return errors.New("it has no JetStream (nats-server -js)")
	}
	return err
}

// redact takes what is secret off the addresses of servers.
func redact(urls string) string {
	list := strings.Split(urls, ",")
	for i, one := range list {
		if u, err := url.Parse(strings.TrimSpace(one)); err == nil {
			u.User = nil
			list[i] = u.String()
		}
	}
	return strings.Join(list, ",")
}
