package signaling

import (
	"errors"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// admitted answers join_session and lets the events go that came meanwhile.
func (l *link) admitted(joined session.Joined, id int64) {
	l.deliver.Lock()
	defer l.deliver.Unlock()
	l.reply(wire.SessionJoined, joined.SessionJoined, id)
	if joined.JoinedSession != nil {
		l.reply(wire.JoinedSession, joined.JoinedSession, 0)
	}
	l.joined = true
	for _, e := range l.waiting {
		l.pass(e)
	}
	l.waiting = nil
}

// event is called by the session, in order.
func (l *link) event(e session.Event) {
	l.deliver.Lock()
	defer l.deliver.Unlock()
	if !l.joined {
		if e.Source != "" {
			return
		}
		l.waiting = append(l.waiting, e)
		return
	}
	l.pass(e)
}

func encodeEvent(e session.Event) ([]byte, error) { return encode(e.Name, e.Data, 0) }

func (l *link) pass(e session.Event) {
	b, err := e.Encoded(session.ForWebSocket, encodeEvent)
	if err != nil {
		l.server.log.Error("event_not_encoded", "event", e.Name, "err", err)
		return
	}
	if e.Source != "" {
		l.conn.spare.offer(e.Source, b)
		return
	}
	l.conn.send(session.Whole(b))
	if wire.EventOf(e.Name).TwoWays {
		_ = l.peer.SendControl(b) // the other way may be closed or full
	}
}

func (l *link) reply(event string, data any, id int64) {
	m, err := answerTo(event, data, id)
	if err != nil {
		l.server.log.Error("event_not_encoded", "event", event, "err", err)
		return
	}
	l.conn.send(m)
}

// answerTo writes an answer. One with a session in it shares that with the others'.
func answerTo(event string, data any, id int64) (session.JSON, error) {
	switch d := data.(type) {
	case session.Snapshot:
		b, err := encode(event, d.Hollow(), id)
		return d.Fill(b), err
	case session.SessionJoined:
		snapshot := d.Session
		d.Session = snapshot.Hollow()
		b, err := encode(event, d, id)
		return snapshot.Fill(b), err
	}
	b, err := encode(event, data, id)
	return session.Whole(b), err
}

// ErrorData is the data of an error event.
type ErrorData struct {
	Message string `json:"message"`
	Code    string `json:"code"`
	Event   string `json:"event,omitempty"` // the request that it is about
	Retry   bool   `json:"retry"`
}

// ErrorOf is what a client is told of an error. One that isn't a *session.Error is the server's own, of
// which a client hears no more than that.
func ErrorOf(err error) *session.Error {
	e := &session.Error{Code: wire.CodeInternal, Message: "the server could not do that", Retry: true}
	_ = errors.As(err, &e)
	return e
}

// fail answers with an error.
func (l *link) fail(m Message, err error) {
	e := ErrorOf(err)
	if !errors.As(err, new(*session.Error)) {
		l.server.log.Error("request_failed", "event", m.Event, "err", err)
	}
	l.tellRefused(e.Code)
	l.reply(wire.Error, ErrorData{e.Message, e.Code, m.Event, e.Retry}, m.ID)
}

// fault is fail, and counts: whoever sends nothing else is closed.
func (l *link) fault(m Message, err error) {
	l.fail(m, err)
	if !l.faults.Allow() {
		l.conn.end(wire.CloseAbuse)
	}
}
