package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// conversation is a session of a leader and a member, and of further connections that may
// say anything. A second instance reads of the same store what the first one stores.
type conversation struct {
	*world
	t      *testing.T
	second *session.Service
	of     map[byte]*socket      // who a line is from: l, m, n
	member session.SessionJoined // how the member has joined

	command, recording string // the latest that anybody was told of
}

// maxLines bounds what is said in one conversation.
const maxLines = 16

// FuzzConversation says lines to a server: "l{…}" by the leader, "m{…}" by a member, "n{…}" by one who
// has only connected, "w500" waits for 500 ms. Whatever they are, each request is answered once, a
// refusal has a code and changes nothing, and the session stays one.
func FuzzConversation(f *testing.F) {
	for _, script := range conversations {
		f.Add([]byte(script))
	}
	for _, cases := range [][]badInput{notMessages, wrongTypes, wrongValues, notTheirs} {
		for _, c := range cases {
			f.Add([]byte("l" + c.text + "\nm" + c.text))
		}
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		entries := store.NewMemory()
		inBubble(t, session.Config{Store: entries}, func(t *testing.T, w *world) {
			c := &conversation{world: w, t: t}
			c.begin(entries)
			for i, line := range strings.Split(string(script), "\n") {
				if i < maxLines && line != "" {
					c.line(line)
				}
			}
			c.check()
			time.Sleep(15 * time.Second) // what was scheduled, and what follows from it, is over then
			c.check()
		})
	})
}

// conversations are what devices really say.
var conversations = []string{
	`l{"event":"schedule","data":{"name":"flash","payload":{"color":"#fff"},"delay":500,"maxLateMs":100},"id":2}` + "\n" +
		`m{"event":"armed","data":{"commandId":"@command"},"id":2}` + "\nw600\n" +
		`m{"event":"fired","data":{"commandId":"@command","at":@now,"late":false},"id":3}` + "\n" +
		`l{"event":"missed","data":{"commandId":"@command","lateMs":120.5,"reason":"woke_late"},"id":4}`,
	`l{"event":"start_recording","data":{"sessionId":"studio","postureLabel":"plank","duration":2000,"delay":300},"id":2}` + "\nw400\n" +
		`m{"event":"recording_started","data":{"recordingId":"@recording","timestamp":@now,"bound":1.25},"id":2}` + "\n" +
		`m{"event":"recording_part","data":{"recordingId":"@recording"},"id":3}` + "\nw2500\n" +
		`m{"event":"recording_stopped","data":{"recordingId":"@recording","timestamp":@now,"bound":1.5},"id":4}` + "\n" +
		`m{"event":"recording_report","data":{"recordingId":"@recording","report":{"frames":60,"dropped":1,"sound":"ok","warnings":[{"code":"hot","value":1}]}},"id":5}` + "\n" +
		`m{"event":"upload_completed","data":{"recordingId":"@recording","fileSizeBytes":1048576},"id":6}`,
	`l{"event":"start_recording","data":{"devices":["@device"]},"id":2}` + "\n" + `l{"event":"stop_recording","data":{},"id":3}` + "\n" +
		`l{"event":"cancel","data":{"commandId":"@command"},"id":4}` + "\n" + `m{"event":"recording_failed","data":{"recordingId":"@recording"},"id":4}`,
	`l{"event":"load_media","data":{"mediaUrl":"/media/film.mp4","mediaId":"f","mediaTitle":"Film","mediaDuration":90.5,"loop":true,"subtitles":[{"url":"/media/film.en.vtt","language":"en"}]},"id":2}` + "\n" +
		`l{"event":"sync_playback","data":{"position":3.5,"isPlaying":true,"playbackRate":1.25},"id":3}` + "\n" +
		`m{"event":"report_desync","data":{"reportedPosition":4.5,"reportedTime":@now},"id":2}` + "\n" +
		`m{"event":"media_info","data":{"mediaUrl":"/media/film.mp4","mediaDuration":91.2},"id":3}` + "\n" +
		`l{"event":"playback_options","data":{"loop":false,"waitForAll":true,"waitLimitMs":2000},"id":4}` + "\n" +
		`m{"event":"buffering","data":{"mediaUrl":"/media/film.mp4","buffering":true},"id":4}` + "\nw3000\n" +
		`m{"event":"buffering","data":{"mediaUrl":"/media/film.mp4","buffering":false},"id":5}`,
	`l{"event":"hand_over","data":{"userId":"member"},"id":2}` + "\n" + `m{"event":"request_leadership","data":{"token":"x"},"id":2}` + "\n" +
		`l{"event":"update_user","data":{"username":"Kim é","avatar":"🎬"},"id":3}` + "\n" + `m{"event":"update_session","data":{"name":"Studio 5"},"id":3}`,
	`l{"event":"update_device","data":{"deviceId":"@device","viewType":"side","records":false,"silenced":true},"id":2}` + "\n" +
		`l{"event":"remove_device","data":{"deviceId":"@device"},"id":3}` + "\n" + `l{"event":"remove_device","data":{"absent":"all"},"id":4}` + "\n" +
		`l{"event":"end_session","id":5}`,
	`m{"event":"device_status","data":{"battery":0.5,"charging":true,"camera":"ready","microphone":"ready","levelDb":-20,"frameRate":29.97,"pendingBytes":5,"warnings":[{"code":"hot"}],"note":"left","media":{"mediaUrl":"/f","state":"playing","driftMs":1.5},"settings":{"width":1920,"height":1080,"cameras":[{"id":"a","label":"back"}],"refused":["torch"]}},"id":2}` + "\n" +
		`l{"event":"watch_monitor","data":{"on":true},"id":2}` + "\n" + `m{"event":"monitor","data":{"image":"/9j/4AAQ","width":160,"height":90,"peakDb":-3,"rmsDb":-20},"id":3}` + "\n" +
		`l{"event":"camera_settings","data":{"deviceId":"@device","settings":{"width":1920,"frameRate":30,"torch":true,"orientation":"landscape"}},"id":3}`,
	`m{"event":"offer","data":{"sdp":"v=0"},"id":2}` + "\n" + `m{"event":"candidate","data":{"candidate":"candidate:1 1 udp 1 10.0.0.1 9 typ host"},"id":3}` + "\n" +
		`m{"event":"resync","id":4}` + "\n" + `m{"event":"heartbeat","data":null,"id":5}` + "\n" + `m{"event":"request_session_state","id":6}` + "\n" + `m{"event":"leave_session","id":7}`,
	`n{"event":"join_session","data":{"sessionId":"studio","userId":"third","username":"T","deviceType":"native","viewType":"front","userAgent":"x","offer":"v=0","records":false,"create":false,"exchanges":true},"id":1}` + "\n" +
		`n{"event":"schedule","data":{"name":"flash","at":@now},"id":2}`,
	`n{"event":"join_session","data":{"sessionId":"studio","resumeToken":"@resume","userToken":"@user"},"id":1}` + "\n" + `n{"event":"leave_session","id":2}`,
	`n{"event":"join_session","data":{"sessionId":"other","key":"k","token":"t","avatar":"a"},"id":1}` + "\n" + `n{"event":"heartbeat","id":2}`,
}

func (c *conversation) begin(entries store.Store) {
	svc, err := session.New(session.Config{Store: entries, Now: c.now})
	must(c.t, err)
	c.second = svc
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = svc.Run(ctx) })
	c.t.Cleanup(func() {
		stop()
		running.Wait()
	})
	c.of = map[byte]*socket{
		'l': c.Join(c.t, `{"sessionId":"studio","userId":"leader","deviceType":"desktop"}`),
		'm': c.Join(c.t, `{"sessionId":"studio","userId":"member","deviceType":"mobile"}`),
		'n': c.Connect(c.t),
	}
	c.member = c.of['m'].Seat
	c.hearAll()
}

// line has one line said, and looks at what comes of it.
func (c *conversation) line(line string) {
	who, text := line[0], line[1:]
	if who == 'w' {
		ms, _ := strconv.ParseUint(text, 10, 16)
		time.Sleep(time.Duration(ms) * time.Millisecond)
		c.hearAll()
		return
	}
	from := c.of[who]
	if from == nil {
		return
	}
	at, _ := c.now().MarshalJSON()
	text = strings.NewReplacer(
		"@command", c.command, "@recording", c.recording, "@now", string(at), "@device", c.member.DeviceID,
		"@resume", c.member.ResumeToken, "@user", c.member.UserToken,
	).Replace(text)
	before := c.State(c.t, "studio")
	if from.WS.WriteMessage(websocket.TextMessage, []byte(text)) != nil {
		return // the server has ended the connection
	}
	m, err := ParseMessage([]byte(text))
	answer := c.await(who, m, err != nil)
	c.hearAll()
	if answer.Event != "error" {
		return
	}
	var e ErrorData
	must(c.t, json.Unmarshal(answer.Data, &e))
	if wire.CodeOf(e.Code).Name == "" || e.Message == "" || e.Code == wire.CodeInternal {
		c.t.Errorf("%s was refused with %+v", text, e)
	}
	if after := c.State(c.t, "studio"); after != before {
		c.t.Errorf("%s was refused with %+v, and made\n%s of\n%s", text, e, after, before)
	}
}

// await returns the answer to a message: there is exactly one to a message that asks for it, or that is refused.
func (c *conversation) await(who byte, m Message, unread bool) (answer testsocket.Message) {
	c.t.Helper()
	asks := m.ID != 0 && !unread
	for range 200 { // 20 s
		synctest.Wait()
		for _, heard := range c.hear(who, m.ID) {
			answer = heard
			asks = false
		}
		if !asks || c.of[who] == nil {
			return answer
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Errorf("%s of %c has no answer", m.Event, who)
	return answer
}

func (c *conversation) hearAll() {
	synctest.Wait()
	for _, who := range []byte("lmn") {
		c.hear(who, 0)
	}
}

// hear takes what one was sent, and returns the answers among it: to the request of that id, and errors.
func (c *conversation) hear(who byte, id int64) (answers []testsocket.Message) {
	for {
		from := c.of[who]
		if from == nil {
			return answers
		}
		select {
		case m, ok := <-from.In:
			switch {
			case !ok:
				c.ended(who, <-from.Ended)
			case m.Event == "error", id != 0 && m.ReplyTo == id:
				answers = append(answers, m)
			}
			c.note(m)
		default:
			if len(answers) > 1 {
				c.t.Errorf("one message has the answers %+v", answers)
			}
			return answers
		}
	}
}

// note remembers what later lines can speak of.
func (c *conversation) note(m testsocket.Message) {
	var about struct{ CommandID, RecordingID string }
	if m.Decode(&about) == nil {
		if about.CommandID != "" {
			c.command = about.CommandID
		}
		if about.RecordingID != "" {
			c.recording = about.RecordingID
		}
	}
}

// ended notes that a connection has ended, for a reason that the server may have.
func (c *conversation) ended(who byte, err error) {
	delete(c.of, who)
	var e *websocket.CloseError
	switch {
	case !errors.As(err, &e):
		c.t.Errorf("the connection of %c ended with %v", who, err)
	case wire.ReasonOf(e.Code) != "", e.Code == websocket.CloseMessageTooBig:
	default:
		c.t.Errorf("the connection of %c ended with %v", who, err)
	}
}

// check looks at all of the session, as two instances have it.
func (c *conversation) check() {
	c.t.Helper()
	c.hearAll()
	ctx := c.t.Context()
	first, err := c.Sessions.Snapshot(ctx, "studio")
	var gone *session.Error
	if errors.As(err, &gone) && gone.Code == wire.CodeSessionNotFound {
		return
	}
	must(c.t, err)
	second, err := c.second.Snapshot(ctx, "studio")
	must(c.t, err)
	if a, b := testsocket.AsJSON(c.t, first), testsocket.AsJSON(c.t, second); a != b {
		c.t.Errorf("two instances have\n%s\n%s", a, b)
	}
	for _, fault := range testsocket.FaultsOf(first) {
		c.t.Errorf("%s: %s", fault, testsocket.AsJSON(c.t, first))
	}
	commands, _, err := c.Sessions.Commands(ctx, "studio", session.MaxListed, "")
	must(c.t, err)
	for _, is := range commands {
		report, err := c.Sessions.Report(ctx, "studio", is.CommandID)
		must(c.t, err)
		testsocket.AsJSON(c.t, report)
	}
	recordings, err := c.Sessions.Recordings(ctx, "studio")
	must(c.t, err)
	testsocket.AsJSON(c.t, recordings)
}
