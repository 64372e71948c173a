package osc

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testact"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/session"
)

func TestMain(m *testing.M) { testutil.Main(m) }

func listen(t testing.TB, addr string) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp", addr)
	testutil.Check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	testutil.Check(t, conn.SetReadDeadline(time.Now().Add(time.Minute)))
	return conn
}

func receive(t testing.TB, conn net.PacketConn) Message {
	t.Helper()
	buf := make([]byte, mostPacket)
	n, _, err := conn.ReadFrom(buf)
	testutil.Check(t, err)
	list, err := Parse(buf[:n])
	testutil.Check(t, err)
	return list[0]
}

// await receives the next message to an address.
func await(t testing.TB, conn net.PacketConn, address string) Message {
	t.Helper()
	for {
		if m := receive(t, conn); m.Address == address {
			return m
		}
	}
}

func sender(t testing.TB, to net.Addr) *testact.Stage {
	t.Helper()
	s, err := NewSender("udp://"+to.String(), nil)
	testutil.Check(t, err)
	return testact.New(t, s)
}

// TestTells: each act twice: ahead with its instant, and at its instant.
func TestTells(t *testing.T) {
	conn := listen(t, "127.0.0.1:0")
	s := sender(t, conn.LocalAddr())
	ctx := t.Context()
	soon := device.When{Delay: 500 * time.Millisecond}
	_, err := s.Schedule(ctx, device.Command{Name: "far", When: device.When{Delay: time.Hour}})
	testutil.Check(t, err)
	for _, c := range []struct {
		name, args string
		request    func() (session.Scheduled, error)
	}{
		{"command/flash", "[1 0.5 red true [1]]", func() (session.Scheduled, error) {
			return s.Schedule(ctx, device.Command{Name: "flash", Payload: []any{1, 0.5, "red", true, []int{1}}, When: soon})
		}},
		{"command/gong", "[]", func() (session.Scheduled, error) {
			return s.Schedule(ctx, device.Command{Name: "gong", When: soon})
		}},
		{"record", "[plank 60]", func() (session.Scheduled, error) {
			return s.StartRecording(ctx, device.Recording{Label: "plank", Duration: time.Minute, When: soon})
		}},
		{"stop", "[]", func() (session.Scheduled, error) { return s.StopRecording(ctx) }},
	} {
		cmd, err := c.request()
		testutil.Check(t, err)
		before := Message{Address: "/downbeat/at/stop", At: TagOf(cmd.Timestamp)}
		if c.name != "stop" { // which may come too late for it on a busy machine
			before = await(t, conn, "/downbeat/at/"+c.name)
		}
		after := await(t, conn, "/downbeat/act/"+c.name)
		now, _ := s.Clock().Now()
		if before.At != TagOf(cmd.Timestamp) || after.At != Immediately || now < cmd.Timestamp {
			t.Errorf("told %+v and %+v of %+v", before, after, cmd)
		}
		if got := fmt.Sprint(after.Args); got != c.args || fmt.Sprint(before.Args) != c.args {
			t.Errorf("%s is told with %s, not %s", c.name, got, c.args)
		}
	}
}

// TestPlaybackIsTold: where the media are, and how fast.
func TestPlaybackIsTold(t *testing.T) {
	conn := listen(t, "127.0.0.1:0")
	s := sender(t, conn.LocalAddr())
	testutil.Check(t, s.LoadMedia(t.Context(), device.Media{URL: "film.mp4"}))
	_, err := s.PlayFrom(t.Context(), 90*time.Second)
	testutil.Check(t, err)
	if m := await(t, conn, "/downbeat/act/play"); fmt.Sprint(m.Args) != "[90 1]" {
		t.Errorf("told %+v", m)
	}
	_, err = s.PauseAt(t.Context(), time.Second)
	testutil.Check(t, err)
	if m := await(t, conn, "/downbeat/act/pause"); fmt.Sprint(m.Args) != "[1 1]" {
		t.Errorf("told %+v", m)
	}
}

// TestNobodyListens: the session hears so, and hears when somebody does.
func TestNobodyListens(t *testing.T) {
	addr := testutil.FreeAddr(t)
	s, err := NewSender("udp://"+addr, nil)
	testutil.Check(t, err)
	st := testact.New(t, s)
	flash := func() {
		t.Helper()
		_, err := st.Schedule(t.Context(), device.Command{Name: "flash"})
		testutil.Check(t, err)
	}
	flash()
	st.AwaitStatus("that nobody listens", func(d session.DeviceStatus) bool {
		return len(d.Warnings) == 1 && d.Warnings[0].Code == "program_away" && strings.Contains(d.Note, addr)
	})
	listen(t, addr)
	flash()
	st.AwaitStatus("that somebody does", func(d session.DeviceStatus) bool { return len(d.Warnings) == 0 })
}

// desk is somebody who sends messages to a receiver, and gets its answers.
type desk struct {
	t    testing.TB
	conn net.PacketConn
	to   net.Addr
	*testact.Stage
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	r, err := NewReceiver("127.0.0.1:0", nil)
	testutil.Check(t, err)
	return &desk{t, listen(t, "127.0.0.1:0"), r.Addr(), testact.New(t, r)}
}

func (d *desk) send(packet []byte) Message {
	d.t.Helper()
	_, err := d.conn.WriteTo(packet, d.to)
	testutil.Check(d.t, err)
	return receive(d.t, d.conn)
}

// TestStarts: messages start commands, and are answered.
func TestStarts(t *testing.T) {
	d := newDesk(t)
	for _, m := range []Message{
		{Address: "/downbeat/flash", Args: []any{"red", int32(3)}},
		{Address: "/downbeat/command", Args: []any{"gong"}},
		{Address: "/downbeat/record", Args: []any{"plank", float32(0.2)}},
		{Address: "/downbeat/stop"},
		{Address: "/downbeat/load", Args: []any{"film.mp4"}},
		{Address: "/downbeat/play"},
		{Address: "/downbeat/play", Args: []any{int32(7)}},
		{Address: "/downbeat/seek", Args: []any{9.5}},
		{Address: "/downbeat/rate", Args: []any{float32(1.5)}},
		{Address: "/downbeat/pause"},
		{Address: "/downbeat/pause", Args: []any{int64(3)}},
		{Address: "/downbeat/lead"},
	} {
		answer := d.send(m.Append(nil))
		if m.Address == "/downbeat/lead" { // it leads already, or a server says that somebody does
			continue
		}
		if answer.Address != "/downbeat/ok" || answer.Args[0] != m.Address {
			t.Errorf("%+v is answered by %+v", m, answer)
		}
	}
	now, _ := d.Clock().Now()
	at := now.Add(500 * time.Millisecond)
	answer := d.send(Message{Address: "/downbeat/flash"}.AppendBundle(nil, TagOf(at)))
	if got, _ := answer.Args[2].(TimeTag); len(answer.Args) != 3 || got.Session().Sub(at).Abs() > 2*time.Microsecond {
		t.Errorf("an instant of its own is answered by %+v", answer)
	}
	var history struct{ Commands []struct{ Name string } }
	d.Get("/commands", &history)
	named, others := 0, 0
	for _, c := range history.Commands {
		if c.Name != "" {
			named++
		} else {
			others++
		}
	}
	if named != 3 || others < 8 { // the take's own stop may be one more
		t.Errorf("scheduled are %+v", history)
	}
}

// TestRefused: what can't be done is said with a code, and answers aren't answered.
func TestRefused(t *testing.T) {
	d := newDesk(t)
	_, err := d.conn.WriteTo(Message{Address: "/downbeat/error", Args: []any{"x"}}.Append(nil), d.to)
	testutil.Check(t, err)
	_, err = d.conn.WriteTo(Message{Address: "/somebody/else"}.Append(nil), d.to)
	testutil.Check(t, err)
	for _, c := range []struct {
		packet []byte
		code   string
	}{
		{[]byte("nonsense"), "bad_message"},
		{Message{Address: "/downbeat/dance"}.Append(nil), "unknown_event"},
		{Message{Address: "/downbeat/stop"}.Append(nil), "not_recording"},
		{Message{Address: "/downbeat/stop", Args: []any{"now"}}.Append(nil), "bad_field"},
		{Message{Address: "/downbeat/record", Args: []any{int32(1)}}.Append(nil), "bad_field"},
		{Message{Address: "/downbeat/record", Args: []any{"x", float32(math.NaN())}}.Append(nil), "bad_field"},
		{Message{Address: "/downbeat/flash", Args: []any{float32(math.NaN())}}.Append(nil), "bad_field"},
		{Message{Address: "/downbeat/seek"}.Append(nil), "bad_field"},
		{Message{Address: "/downbeat/command", Args: []any{"not a name"}}.Append(nil), "bad_name"},
		{Message{Address: "/downbeat/flash"}.AppendBundle(nil, TagOf(clock.SessionTime(time.Hour))), "at_in_past"},
		{Message{Address: "/downbeat/play"}.AppendBundle(nil, TagOf(clock.SessionTime(time.Hour))), "bad_field"},
	} {
		if answer := d.send(c.packet); answer.Address != "/downbeat/error" || answer.Args[1] != c.code {
			t.Errorf("%q is answered by %+v, not %s", c.packet, answer, c.code)
		}
	}
}

// tool returns one of liblo's.
func tool(t testing.TB, name string) string {
	t.Helper()
	file, err := exec.LookPath(name)
	if err != nil {
		testutil.Missing(t, name)
	}
	return file
}

// TestOscdump: liblo reads what is told, and holds the bundle back until its instant.
func TestOscdump(t *testing.T) {
	addr := testutil.FreeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	testutil.Check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, tool(t, "oscdump"), "-L", port)
	out, err := cmd.StdoutPipe()
	testutil.Check(t, err)
	testutil.Check(t, cmd.Start())
	defer func() { stop(); _ = cmd.Wait() }()
	testutil.Eventually(t, "oscdump's socket", func() bool {
		conn, err := net.ListenPacket("udp", ":"+port)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	to, err := net.ResolveUDPAddr("udp", addr)
	testutil.Check(t, err)
	s := sender(t, to)
	flash, err := s.Schedule(t.Context(), device.Command{Name: "flash", Payload: []any{"red", 3}, When: device.When{Delay: 500 * time.Millisecond}})
	testutil.Check(t, err)
	lines := bufio.NewScanner(out)
	var told []string
	for len(told) < 2 && lines.Scan() {
		if now, _ := s.Clock().Now(); now.Sub(flash.Timestamp) < -50*time.Millisecond { // liblo goes by some 10 ms
			t.Errorf("%q came %v before its instant", lines.Text(), flash.Timestamp.Sub(now))
		}
		tag, message, _ := strings.Cut(lines.Text(), " ")
		if want := fmt.Sprintf("%08x.%08x", uint32(TagOf(flash.Timestamp)>>32), uint32(TagOf(flash.Timestamp))); strings.HasPrefix(message, "/downbeat/at/") && tag != want {
			t.Errorf("%q has not the time tag %s", lines.Text(), want)
		}
		told = append(told, message)
	}
	slices.Sort(told)
	if got := strings.Join(told, "; "); got != `/downbeat/act/command/flash si "red" 3; /downbeat/at/command/flash si "red" 3` {
		t.Errorf("oscdump says %s", got)
	}
}

// TestOscsend: liblo's messages start commands.
func TestOscsend(t *testing.T) {
	d := newDesk(t)
	host, port, err := net.SplitHostPort(d.to.String())
	testutil.Check(t, err)
	_, errs, code := testutil.Finish(t, exec.Command(tool(t, "oscsend"), host, port, "/downbeat/record", "sf", "plank", "0.5"), "")
	if code != 0 {
		t.Fatalf("oscsend: %d %s", code, errs)
	}
	d.AwaitRecording("the take", func(r session.Recording) bool { return r.PostureLabel == "plank" })
}

func TestBadAddresses(t *testing.T) {
	for _, to := range []string{"", "127.0.0.1:9000", "udp://127.0.0.1", "tcp://127.0.0.1:9", "udp://:9", "udp://127.0.0.1:9/x", "udp://127.0.0.1:99999"} {
		if _, err := NewSender(to, nil); err == nil {
			t.Errorf("%q is taken", to)
		}
	}
	if _, err := NewReceiver("nowhere", nil); err == nil {
		t.Error("nowhere is listened at")
	}
}

// BenchmarkSend: when plain messages arrive, from their instants by the device's map.
func BenchmarkSend(b *testing.B) {
	conn := listen(b, "127.0.0.1:0")
	s := sender(b, conn.LocalAddr())
	var late []float64
	for range 100 {
		cmd, err := s.Schedule(b.Context(), device.Command{Name: "flash"})
		testutil.Check(b, err)
		await(b, conn, "/downbeat/act/command/flash")
		now, _ := s.Clock().Now()
		late = append(late, testutil.Ms(now.Sub(cmd.Timestamp)))
	}
	slices.Sort(late)
	b.ReportMetric(late[len(late)/2], "p50-ms")
	b.ReportMetric(late[len(late)*99/100], "p99-ms")
	b.ReportMetric(0, "ns/op")
}
