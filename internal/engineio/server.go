package engineio

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Config sets a Server up. Only Open is required.
type Config struct {
	PingInterval time.Duration // what clients are told: a ping comes at least as often; default 25 s
	PingTimeout  time.Duration // how long the answer to a ping may take; default 20 s
	PingEvery    time.Duration // how often a ping really comes; default PingInterval
	MaxPayload   int           // bytes of one message or one POST to the server; default 64 KiB

	// Open makes what takes the messages of a new socket. The request is its first one.
	Open func(s *Socket, r *http.Request) Handler
	// Claim says whether one more socket may be opened; release is called when it is closed. nil: it may.
	Claim func(r *http.Request) (release func(), err error)
	// Refuse answers a request that Claim has refused. Required with Claim.
	Refuse func(w http.ResponseWriter, err error)
}

// Handler takes what a client sends. Its methods are called one at a time.
type Handler interface {
	Message(data []byte, binary bool)
	Closed(reason string) // once, last
}

// Server is an [http.Handler]; safe for concurrent use.
type Server struct {
	cfg      Config
	upgrader websocket.Upgrader
	running  sync.WaitGroup // of sockets

	mu      sync.Mutex
	sockets map[string]*Socket
	closing bool
}

// New returns a Server that has started nothing.
func New(cfg Config) *Server {
	cfg.PingInterval = cmp.Or(cfg.PingInterval, 25*time.Second)
	cfg.PingTimeout = cmp.Or(cfg.PingTimeout, 20*time.Second)
	cfg.PingEvery = cmp.Or(cfg.PingEvery, cfg.PingInterval)
	cfg.MaxPayload = cmp.Or(cfg.MaxPayload, 64<<10)
	return &Server{
		cfg: cfg, sockets: map[string]*Socket{},
		upgrader: websocket.Upgrader{
			CheckOrigin: func(*http.Request) bool { return true }, HandshakeTimeout: upgradeTime,
			ReadBufferSize: 2048, WriteBufferSize: 2048,
			Error: func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { refuse(w, badRequest) },
		},
	}
}

// Len returns how many sockets are open.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets)
}

// Close closes all sockets and waits until their handlers know. New ones are refused.
func (s *Server) Close() {
	s.mu.Lock()
	s.closing = true
	all := make([]*Socket, 0, len(s.sockets))
	for _, socket := range s.sockets {
		all = append(all, socket)
	}
	s.mu.Unlock()
	for _, socket := range all {
		socket.Close("shutdown")
	}
	s.running.Wait()
}

// refusal is the body of an answer to a request that can't be: codes and words are Engine.IO's.
type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

var (
	unknownTransport = refusal{0, "Transport unknown"}
	unknownSession   = refusal{1, "Session ID unknown"}
	badMethod        = refusal{2, "Bad handshake method"}
	badRequest       = refusal{3, "Bad request"}
	oldProtocol      = refusal{5, "Unsupported protocol version: this is Engine.IO 4, of Socket.IO clients 3 and 4"}
)

func refuse(w http.ResponseWriter, why refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(why)
}

// ServeHTTP answers a handshake, a poll or a POST, or serves a WebSocket until it ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	via, id := q.Get("transport"), q.Get("sid")
	switch {
	case via != "polling" && via != "websocket":
		refuse(w, unknownTransport)
	case q.Get("EIO") != "4":
		refuse(w, oldProtocol)
	case id == "" && r.Method != http.MethodGet:
		refuse(w, badMethod)
	case via == "websocket" && !websocket.IsWebSocketUpgrade(r):
		refuse(w, badRequest)
	case id == "":
		s.handshake(w, r, via)
	default:
		s.proceed(w, r, via, id)
	}
}

// proceed goes on with a socket that there is.
func (s *Server) proceed(w http.ResponseWriter, r *http.Request, via, id string) {
	s.mu.Lock()
	socket := s.sockets[id]
	s.mu.Unlock()
	switch {
	case socket == nil:
		refuse(w, unknownSession)
	case via == "websocket":
		if ws, err := s.upgrader.Upgrade(hijacking{w}, r, nil); err == nil {
			socket.probe(ws)
		}
	case r.Method == http.MethodGet:
		socket.poll(w, r)
	case r.Method == http.MethodPost:
		socket.post(w, r)
	default:
		refuse(w, badMethod)
	}
}

// opening is the data of the first packet.
type opening struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int64    `json:"pingInterval"` // ms
	PingTimeout  int64    `json:"pingTimeout"`  // ms
	MaxPayload   int      `json:"maxPayload"`
}

func (s *Server) handshake(w http.ResponseWriter, r *http.Request, via string) {
	release := func() {}
	if s.cfg.Claim != nil {
		var err error
		if release, err = s.cfg.Claim(r); err != nil {
			s.cfg.Refuse(w, err)
			return
		}
	}
	var ws *websocket.Conn
	if via == "websocket" {
		var err error
		if ws, err = s.upgrader.Upgrade(hijacking{w}, r, nil); err != nil {
			release()
			return
		}
	}
	socket := s.open(r, ws, release)
	switch {
	case socket == nil && ws != nil:
		_ = ws.Close()
	case socket == nil:
		refuse(w, badRequest)
	case ws != nil:
		socket.serve(ws)
	default:
		socket.poll(w, r)
	}
}

// open makes a socket, unless the server is closing.
func (s *Server) open(r *http.Request, ws *websocket.Conn, release func()) *Socket {
	socket := &Socket{id: rand.Text(), server: s, wake: make(chan struct{}, 1), done: make(chan struct{}), ws: ws}
	hello := opening{socket.id, []string{}, s.cfg.PingInterval.Milliseconds(), s.cfg.PingTimeout.Milliseconds(), s.cfg.MaxPayload}
	if ws == nil {
		hello.Upgrades = []string{"websocket"}
	}
	b, _ := json.Marshal(hello) // of plain fields
	socket.enqueue(packet{kind: typeOpen, data: b})
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		release()
		return nil
	}
	s.sockets[socket.id] = socket
	s.running.Add(1)
	s.mu.Unlock()
	socket.handler = s.cfg.Open(socket, r)
	go socket.keep(release)
	return socket
}

func (s *Server) forget(socket *Socket) {
	s.mu.Lock()
	delete(s.sockets, socket.id)
	s.mu.Unlock()
}
