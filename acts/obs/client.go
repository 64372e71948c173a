package obs

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Operations of obs-websocket 5.
const (
	opHello      = 0
	opIdentify   = 1
	opIdentified = 2
	opEvent      = 5
	opRequest    = 6
	opResponse   = 7
)

const (
	rpcVersion = 1
	// outputs are the events about recordings and streams.
	outputs = 1 << 6
	// callTime is how long OBS may take to answer.
	callTime = 5 * time.Second
	// maxMessage bounds a message of OBS's in bytes.
	maxMessage = 1 << 20
	// badPassword is the close code of a client whose password is wrong.
	badPassword = 4009
)

// message is one of obs-websocket's.
type message struct {
	Op   int             `json:"op"`
	Data json.RawMessage `json:"d"`
}

// event is what happened in OBS.
type event struct {
	Type string `json:"eventType"`
	Data struct {
		Active bool   `json:"outputActive"`
		State  string `json:"outputState"`
		Path   string `json:"outputPath"`
	} `json:"eventData"`
	at time.Time // when it was read
}

// response answers a request.
type response struct {
	ID     string `json:"requestId"`
	Status struct {
		OK      bool   `json:"result"`
		Code    int    `json:"code"`
		Comment string `json:"comment"`
	} `json:"requestStatus"`
	Data json.RawMessage `json:"responseData"`
}

// refused is an error that OBS answers with.
type refused string

func (e refused) Error() string { return string(e) }

// conn is a connection to an OBS. Its methods are safe for concurrent use.
type conn struct {
	ws     *websocket.Conn
	events chan event // closed when nothing comes any more
	done   chan struct{}
	err    error // why; to be read once done is closed

	mu      sync.Mutex
	last    int
	waiting map[string]chan response
}

// dial connects to an OBS and identifies itself.
func dial(ctx context.Context, url, password string) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	d := websocket.Dialer{Subprotocols: []string{"obswebsocket.json"}}
	ws, _, err := d.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	if err := identify(ws, password); err != nil {
		_ = ws.Close()
		return nil, err
	}
	c := &conn{ws: ws, events: make(chan event, 64), done: make(chan struct{}), waiting: map[string]chan response{}}
	go c.read()
	return c, nil
}

// identify answers OBS's greeting.
func identify(ws *websocket.Conn, password string) error {
	_ = ws.SetReadDeadline(time.Now().Add(callTime))
	var m message
	if err := ws.ReadJSON(&m); err != nil {
		return err
	}
	var hello struct {
		Authentication *struct{ Challenge, Salt string }
	}
	if err := json.Unmarshal(m.Data, &hello); err != nil || m.Op != opHello {
		return errors.New("that isn't obs-websocket 5")
	}
	identity := map[string]any{"rpcVersion": rpcVersion, "eventSubscriptions": outputs}
	if a := hello.Authentication; a != nil {
		identity["authentication"] = answerTo(a.Challenge, a.Salt, password)
	}
	if err := ws.WriteJSON(map[string]any{"op": opIdentify, "d": identity}); err != nil {
		return err
	}
	err := ws.ReadJSON(&m)
	switch {
	case websocket.IsCloseError(err, badPassword):
		return errors.New("the password is wrong")
	case err != nil:
		return err
	case m.Op != opIdentified:
		return errors.New("that isn't obs-websocket 5")
	}
	return ws.SetReadDeadline(time.Time{})
}

// answerTo proves that the password is known.
func answerTo(challenge, salt, password string) string {
	secret := sha256.Sum256([]byte(password + salt))
	proof := sha256.Sum256([]byte(base64.StdEncoding.EncodeToString(secret[:]) + challenge))
	return base64.StdEncoding.EncodeToString(proof[:])
}

// close ends the connection, and waits until nothing is read any more.
func (c *conn) close() {
	_ = c.ws.Close()
	for range c.events {
	}
	<-c.done
}

func (c *conn) read() {
	defer close(c.done)
	defer close(c.events)
	for {
		var m message
		if c.err = c.ws.ReadJSON(&m); c.err != nil {
			_ = c.ws.Close()
			return
		}
		at := time.Now()
		switch m.Op {
		case opEvent:
			e := event{at: at}
			if json.Unmarshal(m.Data, &e) == nil {
				c.events <- e
			}
		case opResponse:
			var r response
			if json.Unmarshal(m.Data, &r) == nil {
				c.answered(r)
			}
		}
	}
}

func (c *conn) answered(r response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer := c.waiting[r.ID]; answer != nil {
		answer <- r
		delete(c.waiting, r.ID)
	}
}

// call has OBS carry out a request.
func (c *conn) call(request string) error {
	answer := make(chan response, 1)
	c.mu.Lock()
	c.last++
	id := strconv.Itoa(c.last)
	c.waiting[id] = answer
	_ = c.ws.SetWriteDeadline(time.Now().Add(callTime))
	err := c.ws.WriteJSON(map[string]any{"op": opRequest, "d": map[string]string{"requestType": request, "requestId": id}})
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.waiting, id)
	}()
	if err != nil {
		return err
	}
	timeout := time.NewTimer(callTime)
	defer timeout.Stop()
	select {
	case r := <-answer:
		if !r.Status.OK {
			return refused(fmt.Sprintf("%s: %s (%d)", request, r.Status.Comment, r.Status.Code))
		}
		return nil
	case <-c.done:
		return errors.New("OBS has gone")
	case <-timeout.C:
		return fmt.Errorf("%s isn't answered", request)
	}
}
