package signaling

import (
	"bufio"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	// maxMessage bounds a message to the server in bytes, an SDP offer included.
	maxMessage = 64 << 10
	// maxAnswer bounds one to a client: a session of a thousand devices.
	maxAnswer = 8 << 20
	// maxDropped is how much of a message that is too large is read on, so that
	// its sender can read why the connection ends.
	maxDropped = 1 << 20
	// queueLen is how many messages may wait for a slow reader, and queueBytes how many bytes
	// they may cost. One that costs more may still wait alone.
	queueLen   = 256
	queueBytes = 1 << 20
	// chunkBytes is how much of a large message is written under one deadline.
	chunkBytes = 32 << 10

	joinTimeout = 5 * time.Second
	// pingEvery is how often it is looked whether the other side was heard; where it wasn't, it is pinged.
	pingEvery    = 3 * time.Second
	silenceLimit = 3 * pingEvery // so a ping has three seconds for its answer, at least
	writeTimeout = 5 * time.Second
	// closeWait is how long the other side may take to answer a close: what it
	// hasn't read when the socket closes may be lost to it, the code included.
	closeWait = time.Second
)

var (
	errBusy     = errors.New("signaling: the connection is being written to")
	errTooLarge = errors.New("signaling: the message is too large")
)

// conn is one WebSocket: whoever has a message queues it, one goroutine writes.
type conn struct {
	ws      *websocket.Conn
	limit   int64 // of what is read, in bytes
	queue   *queue[session.JSON]
	waiting atomic.Int64 // bytes that the queue costs
	spare   *spare
	pongs   chan string // answers to the other side's pings
	done    chan struct{}
	silence time.Duration // that ends the connection, once it counts; the reader's own
	spoke   atomic.Bool   // the other side did, since the last ping was due
	busy    atomic.Uint64 // with which request the reader is, and answers nothing meanwhile; 0: with none
	word    func() []byte // says so where one takes long, to those who can't see pings; nil: nothing does

	reading sync.Once
	ended   chan struct{} // closed when nothing is read any more

	write sync.Mutex // one writer at a time, as gorilla asks

	closing   sync.Once
	closeCode int
	closeText string
}

func newConn(ws *websocket.Conn, limit int64) *conn {
	c := &conn{
		ws: ws, limit: limit, queue: newQueue[session.JSON](queueLen), spare: newSpare(), pongs: make(chan string, 1),
		done: make(chan struct{}), ended: make(chan struct{}),
	}
	ws.SetPingHandler(c.pinged)
	ws.SetPongHandler(func(data string) error {
		c.heard()
		c.spare.answered(data)
		return nil
	})
	return c
}

// pinged leaves the answer to the writer: two readers that wrote to each other
// would wait for each other.
func (c *conn) pinged(data string) error {
	c.heard()
	select {
	case c.pongs <- data:
	default:
	}
	return nil
}

// heed makes silence count from now on. Reader only.
func (c *conn) heed() {
	c.silence = silenceLimit
	c.heard()
}

// heard moves the read deadline: the other side is there. Reader only.
func (c *conn) heard() {
	c.spoke.Store(true)
	if c.silence > 0 {
		c.alive(c.silence)
	}
}

// read returns the next message. After an error there is none.
func (c *conn) read() (kind int, b []byte, err error) {
	kind, r, err := c.ws.NextReader()
	if err == nil {
		b, err = io.ReadAll(io.LimitReader(heeded{c, r}, c.limit+1))
	}
	if err == nil && int64(len(b)) > c.limit {
		_, _ = io.CopyN(io.Discard, r, maxDropped)
		err = errTooLarge
	}
	if err != nil {
		c.reading.Do(func() { close(c.ended) })
	}
	return kind, b, err
}

// heeded is a message that is read: each part of it says that the other side is there.
type heeded struct {
	conn *conn
	io.Reader
}

func (h heeded) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	if n > 0 {
		h.conn.heard()
	}
	return n, err
}

// send queues one text message; a reader too slow for the queue is closed.
func (c *conn) send(m session.JSON) {
	cost := int64(m.Cost())
	if all := c.waiting.Add(cost); all > queueBytes && all > cost {
		c.end(wire.CloseSlowReader)
		return
	}
	if !c.queue.put(m) && !c.closed() {
		c.end(wire.CloseSlowReader)
	}
}

// next takes a message out of the queue.
func (c *conn) next() (session.JSON, bool) {
	m, ok := c.queue.take()
	if ok {
		c.waiting.Add(-int64(m.Cost()))
	}
	return m, ok
}

// sendFrame writes a clock frame at once or not at all: a frame that waits
// behind others would carry a stamp that is no longer true.
func (c *conn) sendFrame(b []byte) error {
	if !c.write.TryLock() {
		return errBusy
	}
	defer c.write.Unlock()
	return c.writeLocked(websocket.BinaryMessage, b)
}

func (c *conn) writeLocked(kind int, b []byte) error {
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return c.ws.WriteMessage(kind, b)
}

// writeLoop writes until the connection is closed, then says why it closes.
func (c *conn) writeLoop() {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	defer c.ws.Close()
	var request uint64 // that the reader was busy with before
	for {
		var err error
		select {
		case <-c.queue.wake:
			if m, ok := c.next(); ok {
				err = c.writeQueued(m)
			}
		case <-c.spare.wake:
			err = c.writeSpare()
		case data := <-c.pongs:
			err = c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeTimeout))
		case <-ping.C:
			spoke := c.spoke.Swap(false)
			before := request
			if request = c.busy.Load(); request != 0 && request == before && c.word != nil {
				err = c.writeText(session.Whole(c.word()))
			}
			if spoke || err != nil {
				break
			}
			err = c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout))
		case <-c.done:
			c.flush()
			return
		}
		if err != nil {
			c.close(websocket.CloseAbnormalClosure, "write failed")
			return
		}
	}
}

func (c *conn) writeText(m session.JSON) error {
	c.write.Lock()
	defer c.write.Unlock()
	return c.writeTextLocked(m)
}

// writeTextLocked writes a message: a large one piece by piece, so that it isn't copied for
// each of its readers, and each chunk within its time.
func (c *conn) writeTextLocked(m session.JSON) error {
	if m.Len() <= chunkBytes {
		return c.writeLocked(websocket.TextMessage, m.Bytes())
	}
	if err := c.ws.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	w, err := c.ws.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	chunks := bufio.NewWriterSize(timed{c.ws, w}, chunkBytes)
	_, err = m.WriteTo(chunks)
	return errors.Join(err, chunks.Flush(), w.Close())
}

// timed writes to a message, each time within the write timeout.
type timed struct {
	ws *websocket.Conn
	io.Writer
}

func (t timed) Write(p []byte) (int, error) {
	if err := t.ws.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return t.Writer.Write(p)
}

// writeQueued writes a message and what is queued behind it.
func (c *conn) writeQueued(m session.JSON) error {
	out, ok := c.ws.NetConn().(*batch)
	if !ok || c.queue.len() == 0 {
		return c.writeText(m)
	}
	c.write.Lock()
	defer c.write.Unlock()
	out.hold()
	for more := true; more; m, more = c.next() {
		if err := c.writeTextLocked(m); err != nil || out.full() {
			return errors.Join(err, out.release())
		}
	}
	return out.release()
}

// flush writes what was queued before the close, unless the reader is the
// reason for it, and the close frame.
func (c *conn) flush() {
	for c.closeCode != wire.CloseSlowReader {
		m, ok := c.next()
		if !ok {
			break
		}
		if c.writeText(m) != nil {
			return
		}
	}
	if c.closeCode != websocket.CloseAbnormalClosure {
		frame := websocket.FormatCloseMessage(c.closeCode, c.closeText)
		_ = c.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(closeWait))
		c.awaitEnd()
	}
}

// awaitEnd waits for the answer to a close frame, which ends the reader.
func (c *conn) awaitEnd() {
	t := time.NewTimer(closeWait)
	defer t.Stop()
	select {
	case <-c.ended:
	case <-t.C:
	}
}

// closed says whether the connection is being closed.
func (c *conn) closed() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// close ends the connection with a code; the first one given counts.
func (c *conn) close(code int, text string) {
	c.closing.Do(func() {
		c.closeCode, c.closeText = code, text
		close(c.done)
	})
}

// end closes the connection with a code of the protocol, and the reason that goes with it.
func (c *conn) end(code int) { c.close(code, wire.ReasonOf(code)) }

// alive moves the read deadline.
func (c *conn) alive(limit time.Duration) {
	_ = c.ws.SetReadDeadline(time.Now().Add(limit))
}
