package signaling

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// TestExchangesOnRequest: who asks gets them to the last bit; nobody else costs anything.
func TestExchangesOnRequest(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		plain := w.Join(t, `{"sessionId":"studio"}`)
		if w.peer(plain.Seat.DeviceID).line.OnExchange != nil {
			t.Error("exchanges are told without being asked for")
		}
		c := w.Join(t, `{"sessionId":"studio","exchanges":true}`)
		x := clock.Exchange{T1: 1795431600000000001, T2: math.MinInt64, T3: -1, T4: math.MaxInt64}
		w.peer(c.Seat.DeviceID).line.OnExchange("udp", x)
		m := c.Next("exchange")
		want := `{"path":"udp","t1":"1795431600000000001","t2":"-9223372036854775808","t3":"-1","t4":"9223372036854775807"}`
		if string(m.Data) != want {
			t.Errorf("told %s", m.Data)
		}
		var got Exchange
		must(t, json.Unmarshal(m.Data, &got))
		if got.Stamps() != x {
			t.Errorf("%+v became %+v", x, got.Stamps())
		}
	})
}
