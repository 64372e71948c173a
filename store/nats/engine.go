package nats

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// engine is the NATS server inside the process, with its directory.
type engine struct {
	dir    *dataDir
	log    *slog.Logger
	server *server.Server // replaced by mend only
	space  space
}

func (s *Store) openEngine(ctx context.Context) (*link, error) {
	if err := verify(filepath.Join(s.dir.path, storeDir)); err != nil {
		return nil, fmt.Errorf("the data directory %s can't be used: %w; restore it from a copy, or give another directory", s.dir.path, err)
	}
	s.engine = &engine{dir: s.dir, log: s.cfg.Log}
	return s.engine.start(ctx)
}

// start starts the server and connects to it.
func (e *engine) start(ctx context.Context) (*link, error) {
	srv, err := server.NewServer(&server.Options{
		ServerName: "downbeat", DontListen: true, JetStream: true, SyncAlways: true,
		StoreDir: filepath.Join(e.dir.path, storeDir), JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 1 << 40,
		NoSigs: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("start the store in %s: %w", e.dir.path, err)
	}
	srv.SetLoggerV2(natsLog{e.log.With("library", "nats")}, false, false, false)
	srv.Start()
	l, err := e.connect(ctx, srv)
	if err != nil {
		stop(srv)
		return nil, err
	}
	e.server = srv
	return l, nil
}

func (e *engine) connect(ctx context.Context, srv *server.Server) (*link, error) {
	if !srv.ReadyForConnections(openWithin) || !srv.JetStreamEnabled() {
		return nil, fmt.Errorf("the store in %s doesn't start", e.dir.path)
	}
	conn, err := nats.Connect("", nats.InProcessServer(srv), nats.ReconnectBufSize(-1), nats.NoReconnect())
	if err != nil {
		return nil, fmt.Errorf("connect to the store in %s: %w", e.dir.path, err)
	}
	l, err := newLink(ctx, conn, 1)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("open the store in %s: %w", e.dir.path, err)
	}
	return l, nil
}

func stop(srv *server.Server) {
	srv.Shutdown()
	srv.WaitForShutdown()
}

func (e *engine) close() {
	if e.server != nil {
		stop(e.server)
	}
}

// patience is how many writes may go unanswered in a row.
const patience = 3

// failed notes that a write wasn't answered.
func (s *Store) failed() {
	if s.failures.Add(1) < patience {
		return
	}
	select {
	case s.ailing <- struct{}{}:
	default:
	}
}

// mendAll starts the server inside the process anew when it has given up: after
// an error of a file it takes no more writes, even when the disk works again.
func (s *Store) mendAll(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.ailing:
		}
		s.cfg.Log.Warn("store_restarted")
		if err := s.mend(ctx); err != nil {
			s.cfg.Log.Warn("store_restart_failed", "err", err)
		}
		s.failures.Store(0)
	}
}

func (s *Store) mend(ctx context.Context) error {
	s.link.Load().conn.Close()
	if s.engine.server != nil {
		stop(s.engine.server)
		s.engine.server = nil
	}
	l, err := s.engine.start(ctx)
	if err != nil {
		return err
	}
	s.link.Store(l)
	return nil
}

// natsLog passes on what the server says. Most of it is of no interest to who runs Downbeat.
type natsLog struct{ log *slog.Logger }

func (l natsLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l natsLog) Warnf(format string, v ...any)   { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l natsLog) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l natsLog) Fatalf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l natsLog) Debugf(string, ...any)           {}
func (l natsLog) Tracef(string, ...any)           {}
