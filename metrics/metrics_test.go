package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/ntpserver"
)

// sample is an instance in which something is going on.
func sample() *Metrics {
	m := New(Config{
		Version: "test",
		Devices: func() []Device {
			return []Device{
				{clock.Estimate{State: clock.Tracking, Bound: 30 * time.Microsecond, Hard: time.Millisecond, Delay: 2 * time.Millisecond}, "udp"},
				{clock.Estimate{State: clock.Tracking, Bound: 3 * time.Millisecond, Hard: 4 * time.Millisecond, Delay: 9 * time.Millisecond}, "udp"},
				{clock.Estimate{}, ""},
			}
		},
		Sessions: func(context.Context) (int, error) { return 7, nil },
		Time: func() utc.Status {
			return utc.Status{
				State: utc.NTP, RootDistance: 4 * time.Millisecond, Offset: -time.Millisecond, Reachable: 2, Used: 1,
				Servers: []utc.ServerStatus{
					{Answers: 3, Refused: map[utc.Reason]uint64{utc.ReasonTimeout: 2}},
					{Falseticker: true, Answers: 4, Refused: map[utc.Reason]uint64{utc.ReasonTimeout: 1}},
				},
			}
		},
		Disk:        func() (Disk, error) { return Disk{Open: 2, Free: 1 << 40, Reserve: 1 << 30}, nil },
		NTPClients:  func() map[ntpserver.Outcome]uint64 { return map[ntpserver.Outcome]uint64{ntpserver.Limited: 5} },
		Connections: func() Connections { return Connections{Open: 9, WebSockets: 7, Refused: 3, Closed: 4} },
	})
	m.Exchange("")
	m.Exchange(clock.ReasonSuspect)
	m.Acted(-300*time.Microsecond, false)
	m.Acted(2*time.Second, true)
	m.Reported("command", 5, 3, 1, 1, 40*time.Microsecond)
	m.Reported("command", 2, 2, 0, 0, 40*time.Microsecond)
	m.Reported("start_recording", 0, 0, 0, 0, 0)
	m.Cancelled("command")
	m.Issued("command")
	m.Joined("")
	m.Joined("member")
	m.Left(4005, true)
	m.Left(4999, false)
	m.Refused("bad_key", "http")
	m.Created()
	m.Removed("idle")
	m.LeadChanged()
	m.Recorded(true)
	m.UploadStarted()
	m.UploadGivenUp()
	m.Received(1000)
	m.Stored("put", time.Millisecond, true)
	return m
}

func TestNamesAndHelp(t *testing.T) {
	problems, err := testutil.GatherAndLint(sample().registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestValues(t *testing.T) {
	text := scrape(t, sample())
	for _, line := range []string{
		`downbeat_sessions 7`,
		`downbeat_ntp_client_packets_total{outcome="rate_limited"} 5`,
		`downbeat_devices_connected{path="udp",state="tracking"} 2`,
		`downbeat_devices_connected{path="",state="unsynced"} 1`,
		`downbeat_devices_connected{path="tcp",state="holdover"} 0`,
		`downbeat_device_bound_seconds_bucket{le="5e-05"} 1`,
		`downbeat_device_bound_seconds_bucket{le="0.005"} 2`,
		`downbeat_device_delay_seconds_count 2`,
		`downbeat_exchanges_total 1`,
		`downbeat_exchanges_rejected_total{reason="contradicts the belief"} 1`,
		`downbeat_acts_total{late="true"} 1`,
		`downbeat_act_error_seconds_bucket{le="0.0005"} 1`,
		`downbeat_command_spread_seconds_count 2`,
		`downbeat_command_results_total{event="command",result="some"} 1`,
		`downbeat_command_results_total{event="command",result="all"} 1`,
		`downbeat_command_results_total{event="command",result="cancelled"} 1`,
		`downbeat_command_results_total{event="start_recording",result="nobody"} 1`,
		`downbeat_command_results_total{event="playback_sync",result="none"} 0`,
		`downbeat_command_devices_total{outcome="acted"} 4`,
		`downbeat_command_devices_total{outcome="late"} 1`,
		`downbeat_command_devices_total{outcome="missed"} 1`,
		`downbeat_command_devices_total{outcome="silent"} 1`,
		`downbeat_commands_total{event="command"} 1`,
		`downbeat_joins_total{role="any"} 1`,
		`downbeat_joins_total{role="member"} 1`,
		`downbeat_leaves_total{by="server",code="4005"} 1`,
		`downbeat_leaves_total{by="client",code="other"} 1`,
		`downbeat_refusals_total{code="bad_key",via="http"} 1`,
		`downbeat_sessions_created_total 1`,
		`downbeat_sessions_removed_total{reason="idle"} 1`,
		`downbeat_lead_changes_total 1`,
		`downbeat_recordings_total{result="uploaded"} 1`,
		`downbeat_uploads_total{result="given_up"} 1`,
		`downbeat_upload_received_bytes_total 1000`,
		`downbeat_uploads_open 2`,
		`downbeat_disk_free_bytes 1.099511627776e+12`,
		`downbeat_connections_open{kind="websocket"} 7`,
		`downbeat_connections_refused_total{what="idle"} 4`,
		`downbeat_store_operation_seconds_count{operation="put"} 1`,
		`downbeat_store_errors_total{operation="put"} 1`,
		`downbeat_utc_state{state="ntp"} 1`,
		`downbeat_utc_state{state="local"} 0`,
		`downbeat_utc_root_distance_seconds 0.004`,
		`downbeat_utc_offset_seconds -0.001`,
		`downbeat_utc_servers{state="asked"} 2`,
		`downbeat_utc_servers{state="falseticker"} 1`,
		`downbeat_utc_answers_total 7`,
		`downbeat_utc_refused_total{reason="timeout"} 3`,
		`downbeat_utc_refused_total{reason="kiss of death"} 0`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("lacks %s", line)
		}
	}
	if !strings.Contains(text, `version="test"`) || !strings.Contains(text, "go_goroutines ") {
		t.Error("lacks what runs")
	}
}

// TestUnknown: what isn't known isn't told as 0.
func TestUnknown(t *testing.T) {
	text := scrape(t, New(Config{
		Sessions: func(context.Context) (int, error) { return 0, errors.New("no store") },
		Time:     func() utc.Status { return utc.Status{State: utc.Local} },
	}))
	for _, name := range []string{"downbeat_sessions ", "downbeat_utc_root_distance", "downbeat_utc_offset"} {
		if strings.Contains(text, name) {
			t.Errorf("tells %s", name)
		}
	}
	if bare := scrape(t, New(Config{})); !strings.Contains(bare, `downbeat_utc_state{state="local"} 1`) || strings.Contains(bare, "utc_servers") {
		t.Error("without NTP servers")
	}
}

// TestTwoInOneProcess: there is no common registry.
func TestTwoInOneProcess(t *testing.T) {
	a, b := New(Config{}), New(Config{})
	a.Exchange("")
	if strings.Contains(scrape(t, b), "downbeat_exchanges_total 1") {
		t.Error("one counts for the other")
	}
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("answered %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// TestCodesAreBounded: whatever codes there are, the number of series doesn't grow with them.
func TestCodesAreBounded(t *testing.T) {
	m := New(Config{})
	for i := range 10 * codesKept {
		m.Refused(fmt.Sprintf("code_%d", i), "http")
		m.Left(3000+i, false)
	}
	text := scrape(t, m)
	if n := strings.Count(text, "\ndownbeat_refusals_total{"); n != codesKept+1 {
		t.Errorf("%d series of refusals", n)
	}
	if n := strings.Count(text, "\ndownbeat_leaves_total{"); n > len(closeCodes)+1 {
		t.Errorf("%d series of leaves", n)
	}
}
