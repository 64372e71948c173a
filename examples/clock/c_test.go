package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/loop"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// compileC compiles the device in C.
func compileC(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		testutil.Missing(t, "a C compiler")
	}
	client := filepath.Join(t.TempDir(), "client")
	out, err := exec.Command(cc, "-O2", "-Wall", "-Wextra", "-Werror", "-o", client, "../clock-c/client.c", "-lm").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return client
}

// vectors are what the device in C is asked of docs/vectors.json.
type vectors struct {
	Pings []struct {
		Hex, Nonce string
		Map        *struct {
			Epoch                        int
			Holdover                     bool
			Device, Session, Bound, Hard string
			Rate, Growth                 float64
		}
	}
	Pongs []struct {
		Hex, Nonce          string
		Flags, ResolutionUs int
		T2, T3              string
	}
	Refused []struct{ As, Hex string }
	Follow  []struct {
		Name  string
		Steps []struct{ At, Ping, Session, Bound, Hard string }
	}
}

// commands are those of the vectors, and what is to be printed, one line each.
func (v vectors) commands() (ask, want []string) {
	add := func(a, w string) { ask, want = append(ask, strings.TrimSpace(a)), append(want, w) }
	for _, p := range v.Pings {
		w := p.Nonce + " none"
		if m := p.Map; m != nil {
			holdover := 0
			if m.Holdover {
				holdover = 1
			}
			w = fmt.Sprintln(p.Nonce, m.Epoch, holdover, m.Device, m.Session, m.Rate, m.Bound, m.Growth, m.Hard)
		}
		add("ping "+p.Hex, w)
	}
	for _, p := range v.Pongs {
		add(fmt.Sprintln("pong", p.Nonce, p.Flags, p.ResolutionUs, p.T2, p.T3), p.Hex)
	}
	for _, r := range v.Refused {
		if r.As == "ping" {
			add("ping "+r.Hex, "refused")
		}
	}
	for _, f := range v.Follow {
		ask = append(ask, "new")
		for _, s := range f.Steps {
			if s.Ping != "" {
				ask = append(ask, "follow "+s.At+" "+s.Ping)
				continue
			}
			add("read "+s.At, fmt.Sprintln(s.At, s.Session, s.Bound, s.Hard))
		}
	}
	return ask, want
}

// same reports whether two lines have the same words, but for numbers that differ by what docs/vectors.json allows.
func same(got, want string) bool {
	a, b := strings.Fields(got), strings.Fields(want)
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, err := strconv.ParseInt(a[i], 10, 64)
		y, err2 := strconv.ParseInt(b[i], 10, 64)
		if err == nil && err2 == nil && x-y <= 1000 && y-x <= 1000 {
			continue
		}
		f, err := strconv.ParseFloat(a[i], 64)
		g, err2 := strconv.ParseFloat(b[i], 64)
		if a[i] != b[i] && (err != nil || err2 != nil || f != g) {
			return false
		}
	}
	return true
}

// TestVectorsInC: the device in C reads, writes and follows as docs/vectors.json says.
func TestVectorsInC(t *testing.T) {
	client := compileC(t)
	var v vectors
	b, err := os.ReadFile("../../docs/vectors.json")
	testutil.Check(t, err)
	testutil.Check(t, json.Unmarshal(b, &v))
	ask, want := v.commands()
	out, _, code := testutil.Finish(t, exec.Command(client, "check"), strings.Join(ask, "\n")+"\n")
	got := strings.Split(strings.TrimSpace(out), "\n")
	if len(got) != len(want) || len(want) < 30 || code != 0 {
		t.Fatalf("%d lines, want %d, status %d: %s", len(got), len(want), code, out)
	}
	for i := range want {
		if !same(got[i], want[i]) {
			t.Errorf("printed %s, want %s", got[i], want[i])
		}
	}
}

// truth relates this machine's monotonic clock, which is the device's in C, to session time.
func truth(source *clock.Source) func(device int64) clock.SessionTime {
	var t unix.Timespec
	least, offset := int64(1<<62), int64(0)
	for range 100 {
		before := source.Now()
		_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
		if took := int64(source.Now() - before); took < least {
			least, offset = took, int64(before)+took/2-t.Nano()
		}
	}
	return func(device int64) clock.SessionTime { return clock.SessionTime(device + offset) }
}

// serve measures whoever sends a datagram first, until the test ends. carry, if not nil, is what becomes of each frame
// to the device: it calls send as often and as late as it likes.
func serve(t *testing.T, source *clock.Source, carry func(send func())) (address string) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	testutil.Check(t, err)
	var from netip.AddrPort
	server := loop.NewServer(loop.Config{Source: source, Send: func(b []byte) error {
		if carry != nil {
			kept := bytes.Clone(b)
			carry(func() { _, _ = conn.WriteToUDPAddrPort(kept, from) })
			return nil
		}
		_, err := conn.WriteToUDPAddrPort(b, from)
		return err
	}})
	var running sync.WaitGroup
	running.Go(func() {
		for b := make([]byte, 128); ; {
			n, at, err := conn.ReadFromUDPAddrPort(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil && !from.IsValid() {
				from = at
				running.Go(func() { server.Run(t.Context()) })
			}
			_ = server.Receive(b[:n]) // its greeting is no frame
		}
	})
	t.Cleanup(func() { _ = conn.Close(); running.Wait() })
	return conn.LocalAddr().String()
}

// TestDeviceInC: a server in Go measures the device in C, which knows session time as well as it says.
func TestDeviceInC(t *testing.T) {
	client := compileC(t)
	source := clock.NewSource(time.Now)
	honest(t, source, serve(t, source, nil), client)
}

// honest runs a device in another language, which prints what it believes, and holds that against its bounds.
func honest(t *testing.T, source *clock.Source, address string, name string, args ...string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	cmd := exec.CommandContext(t.Context(), name, append(args, host, port)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	testutil.Check(t, err)
	testutil.Check(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	at := truth(source)
	var bounds []time.Duration
	for lines := bufio.NewScanner(stdout); len(bounds) < 20 && lines.Scan(); {
		var device int64
		var told clock.SessionTime
		var bound, hard time.Duration
		if _, err := fmt.Sscan(lines.Text(), &device, &told, &bound, &hard); err != nil {
			t.Fatalf("printed %q: %v", lines.Text(), err)
		}
		if off := told.Sub(at(device)).Abs(); off > hard+10*time.Microsecond { // by so much the truth may be off here
			t.Errorf("%v off, hard bound %v", off, hard)
		}
		bounds = append(bounds, bound)
	}
	if len(bounds) < 20 {
		t.Fatalf("%d readings", len(bounds))
	}
	t.Logf("99 %% bounds from %v to %v", slices.Min(bounds), slices.Max(bounds))
}
