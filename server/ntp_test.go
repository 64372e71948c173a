package server

import (
	"encoding/binary"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/signaling"
)

// serveNTP answers NTP queries on loopback by a clock that is ahead of this machine's.
func serveNTP(t *testing.T, ahead time.Duration) string {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	testutil.Check(t, err)
	stamp := func(b []byte, t time.Time) {
		binary.BigEndian.PutUint64(b, uint64(t.Unix()+2208988800)<<32|uint64(t.Nanosecond())<<32/1e9)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for query := make([]byte, 512); ; {
			n, from, err := conn.ReadFromUDP(query)
			if err != nil {
				return
			}
			now := time.Now().Add(ahead)
			answer := make([]byte, 48)
			answer[0], answer[1], answer[2], answer[3] = 4<<3|4, 2, 6, 0xec
			stamp(answer[16:], now.Add(-time.Minute))
			copy(answer[24:], query[40:n])
			stamp(answer[32:], now)
			stamp(answer[40:], now)
			_, _ = conn.WriteToUDP(answer, from)
		}
	})
	t.Cleanup(func() { _ = conn.Close(); serving.Wait() })
	return conn.LocalAddr().String()
}

func timeStatus(t *testing.T, url string) api.TimeStatus {
	t.Helper()
	resp, err := http.Get(url + "/api/info")
	testutil.Check(t, err)
	defer resp.Body.Close()
	var info struct{ Time api.TimeStatus }
	testutil.Check(t, json.NewDecoder(resp.Body).Decode(&info))
	return info.Time
}

// TestNTP: session time is at UTC, as two of three servers tell it, before anything
// is served, and isn't stepped any more once a device has come.
func TestNTP(t *testing.T) {
	const ahead = 10 * time.Second
	svc, url := started(t, Config{Addr: "127.0.0.1:0", NTP: []string{serveNTP(t, ahead), serveNTP(t, ahead), serveNTP(t, -ahead)}})
	st := timeStatus(t, url)
	if st.State != "ntp" || st.Used != 2 || st.Servers != 3 || st.RootDistanceMs == nil {
		t.Fatalf("%+v", st)
	}
	now := time.Now()
	off := svc.clock.At(now).Sub(clock.SessionTime(now.Add(ahead).UnixNano()))
	if distance := ms(svc.ntp.Status().RootDistance); ms(off.Abs()) > distance {
		t.Errorf("session time is %v off, root distance %v ms", off, distance)
	}
	svc.devices.open("a", signaling.Line{})
	if svc.devices.beforeFirst(func() { t.Error("stepped") }) {
		t.Error("session time may be stepped although a device has come")
	}
}

// TestNoNTPServerAnswers: the service goes on by the local clock, and says so.
func TestNoNTPServerAnswers(t *testing.T) {
	_, url := started(t, Config{Addr: "127.0.0.1:0", NTP: []string{"127.0.0.1:9"}})
	if st := timeStatus(t, url); st.State != "local" || st.Why == "" || st.RootDistanceMs != nil {
		t.Errorf("%+v", st)
	}
}
