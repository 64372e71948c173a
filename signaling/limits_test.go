package signaling

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
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
	there := w.Join(t, `{"sessionId":"studio"}`)
	for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
		for _, size := range []int{maxMessage + 1, 10 * maxMessage, maxDropped} {
			for _, joins := range []bool{false, true} {
				t.Run(fmt.Sprintf("kind %d, %d bytes, joined %v", kind, size, joins), func(t *testing.T) {
					c := w.Connect(t)
					if joins {
						c.Send(message("join_session", `{"sessionId":"studio"}`, 1))
						c.Joined()
					}
					must(t, c.WS.WriteMessage(kind, bytes.Repeat([]byte("x"), size)))
					c.WantError("message_too_large", "")
					c.WantClose(websocket.CloseMessageTooBig)
				})
			}
		}
	}
	there.Send(`{"event":"heartbeat","id":7}` + strings.Repeat(" ", maxMessage-28))
	there.Next("heartbeat_ack")
}

// TestJoinTimeout: whoever hasn't joined within 5 s is closed, whatever it sent.
func TestJoinTimeout(t *testing.T) {
	for _, sends := range []string{"", `{"event":"heartbeat"}`, `{`} {
		t.Run(sends, func(t *testing.T) {
			inBubble(t, session.Config{}, func(t *testing.T, w *world) {
				start := time.Now()
				c := w.Connect(t)
				if sends != "" {
					time.Sleep(4 * time.Second)
					c.Send(sends)
					c.Next("error")
				}
				c.WantError("join_timeout", "")
				c.WantClose(wire.CloseJoinTimeout)
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
		there := w.Join(t, `{"sessionId":"studio"}`)
		silent := w.Join(t, `{"sessionId":"studio"}`)
		silent.WS.SetPingHandler(func(string) error { return nil })
		silent.Send(message("heartbeat", `{}`, 1))
		silent.Next("heartbeat_ack")
		start := time.Now()
		there.Next("device_disconnected")
		if took := time.Since(start); took != silenceLimit {
			t.Errorf("disconnected after %v", took)
		}
		time.Sleep(time.Hour)
		there.Next("user_left")
		there.WantAlive()
	})
}

// TestSilentServer: a client that hears nothing any more ends after the same time.
func TestSilentServer(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		dial, dropped := w.Dial, make(chan struct{})
		w.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			server, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			near, far := net.Pipe()
			go func() { _, _ = io.Copy(server, far); _ = server.Close() }()
			go passUntil(far, server, dropped)
			return near, nil
		}
		c := w.client(t, ClientConfig{})
		c.join(t, JoinRequest{SessionID: "studio"})
		time.Sleep(time.Minute) // it stays as long as pings come
		_, err := c.Call(t.Context(), wire.Heartbeat, nil)
		must(t, err)
		close(dropped)
		start := time.Now()
		if err := <-c.ended; !isTimeout(err) {
			t.Errorf("ended with %v", err)
		}
		if took := time.Since(start); took > silenceLimit {
			t.Errorf("ended after %v", took)
		}
	})
}

// passUntil copies until dropped is closed, and swallows what comes then.
func passUntil(to io.Writer, from io.Reader, dropped <-chan struct{}) {
	b := make([]byte, 4096)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		select {
		case <-dropped:
		default:
			_, _ = to.Write(b[:n])
		}
	}
}

// TestSlowReader: who doesn't read is closed once its queue is full, and the
// others hear everything in the meantime.
func TestSlowReader(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		leader := w.Join(t, `{"sessionId":"studio"}`)
		slow := w.ConnectSilent(t)
		go func() { slow.Send(message("join_session", `{"sessionId":"studio"}`, 1)) }()
		leader.Next("device_joined")
		synctest.Wait() // for it to hear of what comes
		start := time.Now()
		const messages = queueLen + 8
		for i := range messages {
			leader.Send(message("load_media", fmt.Sprintf(`{"mediaUrl":"http://x/%d.mp4"}`, i), i+1))
			leader.Next("media_loaded")
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("the others waited %v", took)
		}
		synctest.Wait()
		slow.Read()
		slow.WantClose(wire.CloseSlowReader)
		leader.Next("user_left")
		leader.WantAlive()
	})
}

// TestStuckReader: who never reads again is given up after the write timeout.
func TestStuckReader(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		leader := w.Join(t, `{"sessionId":"studio"}`)
		stuck := w.ConnectSilent(t)
		go func() { stuck.Send(message("join_session", `{"sessionId":"studio"}`, 1)) }()
		leader.Next("device_joined")
		start := time.Now()
		leader.Next("device_disconnected")
		if took := time.Since(start); took != writeTimeout {
			t.Errorf("given up after %v", took)
		}
		leader.Next("user_left")
		leader.WantAlive()
	})
}

// TestAbuse: who sends nothing but faults is closed; one who errs once in a
// while isn't.
func TestAbuse(t *testing.T) {
	for _, joins := range []bool{false, true} {
		t.Run(fmt.Sprintf("joined %v", joins), func(t *testing.T) {
			inBubble(t, session.Config{}, func(t *testing.T, w *world) {
				there := w.Join(t, `{"sessionId":"studio"}`)
				c := w.Connect(t)
				if joins {
					c.Send(message("join_session", `{"sessionId":"studio"}`, 1))
					c.Joined()
				}
				for range maxFaults + 1 {
					c.Send(`{`)
				}
				for range maxFaults + 1 {
					c.WantError("bad_message", "")
				}
				c.WantClose(wire.CloseAbuse)
				there.Send(message("heartbeat", `{}`, 1))
				there.Next("heartbeat_ack")
			})
		})
	}
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio"}`)
		for range 10 * maxFaults {
			time.Sleep(2 * time.Second)
			c.Send(`{`)
			c.WantError("bad_message", "")
		}
		c.WantAlive()
	})
}

// TestTooManyMessages: beyond the limit each is refused, and may be sent again.
func TestTooManyMessages(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio"}`)
		for i := range messageBurst - 1 { // joining was one of them
			c.Send(message("heartbeat", `{}`, i+1))
			c.Next("heartbeat_ack")
		}
		c.Send(message("heartbeat", `{}`, messageBurst))
		if m := c.WantError("too_many_messages", "heartbeat"); m.ReplyTo != messageBurst {
			t.Errorf("replyTo is %d", m.ReplyTo)
		}
		time.Sleep(time.Second / messageRate)
		c.WantAlive()
	})
}

// TestQueueBytes: a reader too slow for few large messages is closed long before it has as many as
// may wait.
func TestQueueBytes(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		leader := w.Join(t, `{"sessionId":"studio"}`)
		slow := w.ConnectSilent(t)
		go func() { slow.Send(message("join_session", `{"sessionId":"studio"}`, 1)) }()
		leader.Next("device_joined")
		synctest.Wait()
		payload := strings.Repeat("<", 16000)
		const few = queueBytes/16000 + 2
		for i := range few {
			leader.Send(message("schedule", fmt.Sprintf(`{"name":"x","payload":%q,"delay":0}`, payload), i+1))
			leader.Next("command")
			if i%40 == 39 {
				time.Sleep(time.Second) // not so many may lie ahead
			}
		}
		synctest.Wait()
		slow.Read()
		slow.WantClose(wire.CloseSlowReader)
		leader.Send(message("heartbeat", "null", 998))
		leader.Next("heartbeat_ack")
	})
}
