package mpv

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// callTime is how long mpv may take to answer.
	callTime = 5 * time.Second
	// maxLine bounds a line of mpv's in bytes: it answers with short ones.
	maxLine = 1 << 20
)

// message is one of mpv's: an event, or the answer to a request.
type message struct {
	Event     string          `json:"event"`
	Name      string          `json:"name"` // of a property
	Data      json.RawMessage `json:"data"`
	Reason    string          `json:"reason"`     // of end-file
	FileError string          `json:"file_error"` // of end-file
	Entry     int64           `json:"playlist_entry_id"`

	Error     string `json:"error"`
	RequestID int64  `json:"request_id"`

	at time.Time // when it was read
}

// number is the data, as far as it is one.
func (m message) number() (v float64, ok bool) {
	var p *float64
	if json.Unmarshal(m.Data, &p) != nil || p == nil {
		return 0, false
	}
	return *p, true
}

// conn is a connection to an mpv. Its methods are safe for concurrent use.
type conn struct {
	net    net.Conn
	events chan message // closed when nothing comes any more
	done   chan struct{}

	mu      sync.Mutex
	last    int64
	waiting map[int64]chan message
}

// dial connects to the socket of an mpv that was started with --input-ipc-server.
func dial(ctx context.Context, socket string) (*conn, error) {
	var d net.Dialer
	n, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	c := &conn{net: n, events: make(chan message, 1024), done: make(chan struct{}), waiting: map[int64]chan message{}}
	go c.read()
	return c, nil
}

// close ends the connection, and waits until nothing is read any more.
func (c *conn) close() {
	_ = c.net.Close()
	for range c.events {
	}
	<-c.done
}

func (c *conn) read() {
	defer close(c.done)
	defer close(c.events)
	lines := bufio.NewScanner(c.net)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		m := message{at: time.Now()}
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			continue
		}
		if m.Event != "" {
			c.events <- m
			continue
		}
		c.mu.Lock()
		answer := c.waiting[m.RequestID]
		delete(c.waiting, m.RequestID)
		c.mu.Unlock()
		if answer != nil {
			answer <- m
		}
	}
	_ = c.net.Close()
}

// call has mpv carry out a command and returns what it answers with.
func (c *conn) call(command ...any) (json.RawMessage, error) {
	answer := make(chan message, 1)
	c.mu.Lock()
	c.last++
	id := c.last
	c.waiting[id] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, id)
	}()
	b, err := json.Marshal(struct {
		Command   []any `json:"command"`
		RequestID int64 `json:"request_id"`
	}{command, id})
	if err != nil {
		return nil, err
	}
	_ = c.net.SetWriteDeadline(time.Now().Add(callTime))
	if _, err := c.net.Write(append(b, '\n')); err != nil {
		return nil, gone(err)
	}
	timeout := time.NewTimer(callTime)
	defer timeout.Stop()
	select {
	case m := <-answer:
		if m.Error != "success" {
			return nil, refused(fmt.Sprintf("%v: %s", command[0], m.Error))
		}
		return m.Data, nil
	case <-c.done:
		return nil, gone(io.EOF)
	case <-timeout.C:
		return nil, gone(errors.New("it doesn't answer"))
	}
}

func (c *conn) set(property string, value any) error {
	_, err := c.call("set_property", property, value)
	return err
}

// refused is an error that mpv answers with.
type refused string

func (e refused) Error() string { return string(e) }

// gone is the error of an mpv that isn't there any more, or doesn't answer.
func gone(err error) error { return fmt.Errorf("mpv: %w", err) }
