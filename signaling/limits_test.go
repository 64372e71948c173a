package signaling

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestMessageTooLarge expects the error and then the code, on either kind of
// frame and at either side of joining, and that the largest message passes.
func TestMessageTooLarge(t *testing.T) {
	w := onSockets(t, session.Config{})
	there := w.join(t, `{"sessionId":"studio"}`)
	for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
		for _, size := range []int{maxMessage + 1, 10 * maxMessage, maxDropped} {
			for _, joins := range []bool{false, true} {
				t.Run(fmt.Sprintf("kind %d, %d bytes, joined %v", kind, size, joins), func(t *testing.T) {
					c := w.connect(t)
					if joins {
						c.send(message("join_session", `{"sessionId":"studio"}`, 1))
						c.joined()
					}
					must(t, c.ws.WriteMessage(kind, bytes.Repeat([]byte("x"), size)))
					c.wantError("message_too_large", "")
					c.wantClose(websocket.CloseMessageTooBig)
				})
			}
		}
	}
	there.send(`{"event":"heartbeat","id":7}` + strings.Repeat(" ", maxMessage-28))
	there.next("heartbeat_ack")
}

// TestJoinTimeout: whoever hasn't joined within 5 s is closed, whatever it sent.
func TestJoinTimeout(t *testing.T) {
	for _, sends := range []string{"", `{"event":"heartbeat"}`, `{`} {
		t.Run(sends, func(t *testing.T) {
			inBubble(t, session.Config{}, func(t *testing.T, w *world) {
				start := time.Now()
				c := w.connect(t)
				if sends != "" {
					time.Sleep(4 * time.Second)
					c.send(sends)
					c.next("error")
				}
				c.wantError("join_timeout", "")
				c.wantClose(wire.CloseJoinTimeout)
				if took := time.Since(start); took != 5*time.Second {
					t.Errorf("closed after %v", took)
				}
			})
		})
	}
}

// TestSilence: one who has joined and answers no ping is disconnected after
// three of them; one who answers stays.
func TestSilence(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		there := w.join(t, `{"sessionId":"studio"}`)
		silent := w.join(t, `{"sessionId":"studio"}`)
		silent.ws.SetPingHandler(func(string) error { return nil })
		silent.send(message("heartbeat", `{}`, 1))
		silent.next("heartbeat_ack")
		start := time.Now()
		there.next("device_disconnected")
		if took := time.Since(start); took != silenceLimit {
			t.Errorf("disconnected after %v", took)
		}
		time.Sleep(time.Hour)
		there.next("user_left")
		there.wantAlive()
	})
}

// TestSlowReader: who doesn't read is closed once its queue is full, and the
// others hear everything in the meantime.
func TestSlowReader(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		leader := w.join(t, `{"sessionId":"studio"}`)
		slow := w.connectSilent(t)
		go func() { slow.send(message("join_session", `{"sessionId":"studio"}`, 1)) }()
		leader.next("device_joined")
		synctest.Wait() // for it to hear of what comes
		start := time.Now()
		const messages = queueLen + 8
		for i := range messages {
			leader.send(message("load_media", fmt.Sprintf(`{"mediaUrl":"http://x/%d.mp4"}`, i), i+1))
			leader.next("media_loaded")
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("the others waited %v", took)
		}
		synctest.Wait()
		slow.read()
		slow.wantClose(wire.CloseSlowReader)
		leader.next("user_left")
		leader.wantAlive()
	})
}

// TestStuckReader: who never reads again is given up after the write timeout.
func TestStuckReader(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		leader := w.join(t, `{"sessionId":"studio"}`)
		stuck := w.connectSilent(t)
		go func() { stuck.send(message("join_session", `{"sessionId":"studio"}`, 1)) }()
		leader.next("device_joined")
		start := time.Now()
		leader.next("device_disconnected")
		if took := time.Since(start); took != writeTimeout {
			t.Errorf("given up after %v", took)
		}
		leader.next("user_left")
		leader.wantAlive()
	})
}

// TestAbuse: who sends nothing but faults is closed; one who errs once in a
// while isn't.
func TestAbuse(t *testing.T) {
	for _, joins := range []bool{false, true} {
		t.Run(fmt.Sprintf("joined %v", joins), func(t *testing.T) {
			inBubble(t, session.Config{}, func(t *testing.T, w *world) {
				there := w.join(t, `{"sessionId":"studio"}`)
				c := w.connect(t)
				if joins {
					c.send(message("join_session", `{"sessionId":"studio"}`, 1))
					c.joined()
				}
				for range maxFaults + 1 {
					c.send(`{`)
				}
				for range maxFaults + 1 {
					c.wantError("bad_message", "")
				}
				c.wantClose(wire.CloseAbuse)
				there.send(message("heartbeat", `{}`, 1))
				there.next("heartbeat_ack")
			})
		})
	}
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.join(t, `{"sessionId":"studio"}`)
		for range 10 * maxFaults {
			time.Sleep(2 * time.Second)
			c.send(`{`)
			c.wantError("bad_message", "")
		}
		c.wantAlive()
	})
}

// TestTooManyMessages: beyond the limit each is refused, and may be sent again.
func TestTooManyMessages(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.join(t, `{"sessionId":"studio"}`)
		for i := range messageBurst - 1 { // joining was one of them
			c.send(message("heartbeat", `{}`, i+1))
			c.next("heartbeat_ack")
		}
		c.send(message("heartbeat", `{}`, messageBurst))
		if m := c.wantError("too_many_messages", "heartbeat"); m.ReplyTo != messageBurst {
			t.Errorf("replyTo is %d", m.ReplyTo)
		}
		time.Sleep(time.Second / messageRate)
		c.wantAlive()
	})
}

// TestSlowBody: a body that doesn't come keeps nobody waiting.
func TestSlowBody(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c, err := w.dial(t.Context(), "tcp", "")
		must(t, err)
		defer c.Close()
		_, err = c.Write([]byte("POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"))
		must(t, err)
		began := time.Now()
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		must(t, err)
		b, err := io.ReadAll(res.Body)
		must(t, err)
		if took := time.Since(began); res.StatusCode != 400 || took != bodyTime || !strings.Contains(string(b), "bad_body") {
			t.Errorf("after %v: %s %s", took, res.Status, b)
		}
	})
}
