package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/clock/frame"
)

// datagrams is one end of a UDP association: the best that there is for clocks.
type datagrams struct {
	*net.UDPConn
	buf [2 * frame.Size]byte
}

func (d *datagrams) Send(frame []byte) error {
	_, err := d.Write(frame)
	return err
}

func (d *datagrams) Read() ([]byte, error) {
	for {
		n, err := d.UDPConn.Read(d.buf[:])
		if err == nil || errors.Is(err, net.ErrClosed) {
			return d.buf[:n], err
		}
	}
}

// overUDP connects two sockets on loopback. A server of several devices has one socket, and tells the devices apart by
// their addresses or by a number in front of each frame.
func overUDP() (server, device end, err error) {
	here := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	free, err := net.ListenUDP("udp4", here)
	if err != nil {
		return nil, nil, err
	}
	at := free.LocalAddr().(*net.UDPAddr)
	d, err := net.DialUDP("udp4", nil, at)
	if err = errors.Join(err, free.Close()); err != nil {
		return nil, nil, err
	}
	s, err := net.DialUDP("udp4", at, d.LocalAddr().(*net.UDPAddr))
	if err != nil {
		return nil, nil, errors.Join(err, d.Close())
	}
	return &datagrams{UDPConn: s}, &datagrams{UDPConn: d}, nil
}

// messages is one end of a WebSocket that has binary messages of its own, beside which the frames go.
type messages struct {
	*websocket.Conn
	mu   sync.Mutex // gorilla/websocket wants one writer at a time
	done func()
}

func (m *messages) Send(frame []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.WriteMessage(websocket.BinaryMessage, frame)
}

func (m *messages) Read() ([]byte, error) {
	_, b, err := m.ReadMessage()
	return b, err
}

func (m *messages) Close() error {
	defer m.done()
	return m.Conn.Close()
}

// overWebSocket serves a WebSocket on loopback, and opens it.
func overWebSocket() (server, device end, err error) {
	accepted := make(chan *websocket.Conn, 1)
	upgrader := websocket.Upgrader{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			accepted <- conn
		}
	}))
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(web.URL, "http"), nil)
	if err != nil {
		web.Close()
		return nil, nil, err
	}
	return &messages{Conn: <-accepted, done: web.Close}, &messages{Conn: conn, done: func() {}}, nil
}

// stream is one end of a stream of bytes, as in a gRPC call or over TCP: each frame has its length in front.
type stream struct {
	net.Conn
	mu  sync.Mutex
	buf [256]byte
}

func (s *stream) Send(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(frame))), frame...))
	return err
}

func (s *stream) Read() ([]byte, error) {
	if _, err := io.ReadFull(s.Conn, s.buf[:2]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(s.buf[:]))
	if n > len(s.buf) {
		return nil, fmt.Errorf("a frame of %d bytes", n)
	}
	_, err := io.ReadFull(s.Conn, s.buf[:n])
	return s.buf[:n], err
}

// overStream connects two ends of a pipe.
func overStream() (server, device end, err error) {
	s, d := net.Pipe()
	return &stream{Conn: s}, &stream{Conn: d}, nil
}
