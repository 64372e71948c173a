package obs

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testact"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
)

func TestMain(m *testing.M) { testutil.Main(m) }

const password = "the test's own"

// TestAnswer: the rule of obs-websocket's documentation ("Creating an authentication string"), worked out by other programs.
func TestAnswer(t *testing.T) {
	got := answerTo("+IxH4CnCiqpX1rM9scsNynZzbOe4KhDeYcTNS3PDaeY=", "lM1GncleQOaCu9lT1yeUZhFYnqhsLLP1G5lAGo3ixaI=", "supersecretpassword")
	if got != "1Ct943GAT+6YQUUX47Ia/ncufilbe6+oD6lY+5kaCu4=" {
		t.Errorf("the answer is %s", got)
	}
}

// script is an OBS of the test's: it speaks the protocol, and records nothing.
type script struct {
	t  *testing.T
	mu sync.Mutex
	ws *websocket.Conn

	records  bool
	requests chan string
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{Subprotocols: []string{"obswebsocket.json"}}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	const challenge, salt = "a challenge", "some salt"
	_ = ws.WriteJSON(json.RawMessage(`{"op":0,"d":{"obsWebSocketVersion":"5.1.0","rpcVersion":1,"authentication":{"challenge":"` + challenge + `","salt":"` + salt + `"}}}`))
	var hello struct {
		D struct{ Authentication string }
	}
	if err := ws.ReadJSON(&hello); err != nil {
		return
	}
	if hello.D.Authentication != answerTo(challenge, salt, password) {
		_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(badPassword, "Authentication failed."), time.Now().Add(time.Second))
		return
	}
	_ = ws.WriteJSON(json.RawMessage(`{"op":2,"d":{"negotiatedRpcVersion":1}}`))
	s.mu.Lock()
	s.ws = ws
	s.mu.Unlock()
	for {
		var m struct {
			D struct{ RequestType, RequestID string }
		}
		if err := ws.ReadJSON(&m); err != nil {
			return
		}
		s.answer(ws, m.D.RequestType, m.D.RequestID)
	}
}

func (s *script) answer(ws *websocket.Conn, request, id string) {
	starts, status, state := request == "StartRecord", `{"result":true,"code":100}`, "STOPPED"
	if starts {
		state = "STARTED"
	}
	again := starts == s.records
	if again {
		status = `{"result":false,"code":500,"comment":"an output is running already"}`
	}
	s.records = starts
	_ = ws.WriteJSON(json.RawMessage(`{"op":7,"d":{"requestType":"` + request + `","requestId":"` + id + `","requestStatus":` + status + `}}`))
	if !again {
		_ = ws.WriteJSON(json.RawMessage(`{"op":5,"d":{"eventType":"RecordStateChanged","eventIntent":64,"eventData":{"outputActive":true,"outputState":"OBS_WEBSOCKET_OUTPUT_` + state + `","outputPath":"/films/one.mkv"}}}`))
	}
	s.requests <- request
}

func newStage(t testing.TB, to, secret string) *testact.Stage {
	t.Helper()
	r, err := New(to, secret, nil)
	testutil.Check(t, err)
	return testact.New(t, r)
}

// take records a take of some length, and returns the instant of its start.
func take(t testing.TB, st *testact.Stage, length time.Duration) clock.SessionTime {
	t.Helper()
	start, err := st.StartRecording(t.Context(), device.Recording{Label: "take"})
	testutil.Check(t, err)
	st.AwaitStatus("that OBS records", func(d session.DeviceStatus) bool { return d.Camera == "recording" })
	testutil.Pause(t.Context(), length)
	_, err = st.StopRecording(t.Context())
	testutil.Check(t, err)
	return start.Timestamp
}

// TestRecords: an OBS is asked at the instants, what it refuses is said, and when it comes back it is asked again.
func TestRecords(t *testing.T) {
	s := &script{t: t, requests: make(chan string, 10)}
	server := httptest.NewServer(s)
	defer server.Close()
	st := newStage(t, "ws"+strings.TrimPrefix(server.URL, "http"), password)
	st.AwaitStatus("that OBS is there", func(d session.DeviceStatus) bool { return d.Camera == "ready" })
	take(t, st, 0)
	st.AwaitStatus("which file it wrote", func(d session.DeviceStatus) bool {
		return d.Camera == "ready" && strings.Contains(d.Note, "/films/one.mkv")
	})
	if one, two := <-s.requests, <-s.requests; one != "StartRecord" || two != "StopRecord" {
		t.Errorf("it was asked for %s and %s", one, two)
	}
	s.mu.Lock()
	_ = s.ws.Close()
	s.mu.Unlock()
	st.AwaitStatus("that OBS is back", func(d session.DeviceStatus) bool { return d.Camera == "ready" && d.Note == "" })
	s.records = true // somebody started it by hand
	_, err := st.StartRecording(t.Context(), device.Recording{})
	testutil.Check(t, err)
	st.AwaitStatus("what OBS refused", func(d session.DeviceStatus) bool {
		return len(d.Warnings) == 1 && d.Warnings[0].Code == "program_failed" && strings.Contains(d.Note, "running already")
	})
}

// TestAway: an OBS that isn't there, and one whose password is another, are said.
func TestAway(t *testing.T) {
	s := httptest.NewServer(&script{t: t, requests: make(chan string, 10)})
	defer s.Close()
	for to, says := range map[string]string{"ws://" + testutil.FreeAddr(t): "refused", "ws" + strings.TrimPrefix(s.URL, "http"): "the password is wrong"} {
		st := newStage(t, to, "wrong")
		st.AwaitStatus("that "+says, func(d session.DeviceStatus) bool {
			return len(d.Warnings) == 1 && d.Warnings[0].Code == "program_away" && strings.Contains(d.Note, says)
		})
		st.Stop()
	}
	for _, bad := range []string{"", "http://127.0.0.1:4455", "ws://", "ws://:secret@127.0.0.1:4455"} {
		if _, err := New(bad, "", nil); err == nil {
			t.Errorf("%q is an address", bad)
		}
	}
}

// realOBS starts OBS Studio on a screen of its own, and returns its address and where it records to.
func realOBS(t *testing.T) (addr, films string) {
	t.Helper()
	if os.Getenv("DOWNBEAT_TEST_OBS") == "" {
		t.Skip("DOWNBEAT_TEST_OBS=1 records with the OBS Studio of this machine")
	}
	for _, program := range []string{"obs", "Xvfb"} {
		if _, err := exec.LookPath(program); err != nil {
			testutil.Missing(t, program)
		}
	}
	home := t.TempDir()
	films, addr = filepath.Join(home, "films"), testutil.FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	config := filepath.Join(home, "obs-studio")
	write := func(name, text string) {
		file := filepath.Join(config, name)
		testutil.Check(t, os.MkdirAll(filepath.Dir(file), 0o700))
		testutil.Check(t, os.WriteFile(file, []byte(text), 0o600))
	}
	testutil.Check(t, os.Mkdir(films, 0o700))
	write("global.ini", "[General]\nFirstRun=true\nEnableAutoUpdates=false\n[Basic]\nProfile=Untitled\nProfileDir=Untitled\nSceneCollection=Untitled\nSceneCollectionFile=Untitled\n"+
		"[OBSWebSocket]\nFirstLoad=false\nServerEnabled=true\nServerPort="+port+"\nAuthRequired=true\nServerPassword="+password+"\n")
	write("basic/profiles/Untitled/basic.ini", "[General]\nName=Untitled\n[Output]\nMode=Simple\n[SimpleOutput]\nFilePath="+films+
		"\nRecFormat=mkv\nRecQuality=Small\nRecEncoder=x264\n[Video]\nBaseCX=320\nBaseCY=240\nOutputCX=320\nOutputCY=240\nFPSCommon=30\n")
	display := ":" + port[len(port)-3:]
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "DISPLAY="+display, "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_RUNTIME_DIR="+home, "LIBGL_ALWAYS_SOFTWARE=1")
		log, err := os.Create(filepath.Join(home, name+".log"))
		testutil.Check(t, err)
		cmd.Stdout, cmd.Stderr = log, log
		testutil.Check(t, cmd.Start())
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			_ = log.Close()
			if b, _ := os.ReadFile(log.Name()); t.Failed() {
				t.Logf("%s: %s", name, b)
			}
		})
	}
	run("Xvfb", display, "-screen", "0", "640x480x24", "-nolisten", "tcp")
	testutil.Eventually(t, "Xvfb", func() bool { _, err := os.Stat("/tmp/.X11-unix/X" + display[1:]); return err == nil })
	run("obs", "--multi", "--collection", "Untitled", "--profile", "Untitled")
	return addr, films
}

// TestRealOBS: OBS Studio records a take, as a file that is as long as the take.
func TestRealOBS(t *testing.T) {
	addr, films := realOBS(t)
	st := newStage(t, "ws://"+addr, password)
	st.AwaitStatus("that OBS is there", func(d session.DeviceStatus) bool { return d.Camera == "ready" })
	own, err := dial(t.Context(), "ws://"+addr, password)
	testutil.Check(t, err)
	defer own.close()
	start := take(t, st, 3*time.Second)
	for e := range own.events {
		if now, _ := st.Clock().Now(); e.Data.State == "OBS_WEBSOCKET_OUTPUT_STARTED" {
			t.Logf("it says that it has started %v after the instant", now.Add(-time.Since(e.at)).Sub(start))
			break
		}
	}
	st.AwaitStatus("which file it wrote", func(d session.DeviceStatus) bool { return strings.HasPrefix(d.Note, "obs: "+films) })
	files, err := filepath.Glob(filepath.Join(films, "*.mkv"))
	testutil.Check(t, err)
	if len(files) != 1 {
		t.Fatalf("it wrote %v", files)
	}
	out, err := exec.Command("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", files[0]).Output()
	testutil.Check(t, err)
	t.Logf("it recorded %s s", strings.TrimSpace(string(out)))
}
