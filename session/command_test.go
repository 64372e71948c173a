package session

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestRequestsRefused(t *testing.T) {
	big := json.RawMessage(`"` + strings.Repeat("x", rules.MaxPayload) + `"`)
	for code, err := range map[string]error{
		wire.CodeBadName:         (&ScheduleRequest{Name: "two words"}).Validate(),
		wire.CodePayloadTooLarge: (&ScheduleRequest{Name: "x", Payload: big}).Validate(),
		wire.CodeBadPayload:      (&ScheduleRequest{Name: "x", Payload: json.RawMessage(`{`)}).Validate(),
		wire.CodeBadMaxLate:      (&ScheduleRequest{Name: "x", MaxLate: new(time.Microsecond)}).Validate(),
		wire.CodeBadDelay:        (&ScheduleRequest{Name: "x", Delay: new(time.Duration(-1))}).Validate(),
		wire.CodeBadLabel:        (&StartRequest{PostureLabel: "a\nb"}).Validate(),
		wire.CodeBadDuration:     (&StartRequest{Duration: -1}).Validate(),
		wire.CodeBadMedia:        (&LoadRequest{}).Validate(),
		wire.CodeBadPlayback:     (&PlaybackRequest{Position: new(float64(-1))}).Validate(),
		wire.CodeBadUserID:       (&CreateRequest{CreatorID: "a b"}).validate(),
		wire.CodeBadUsername:     (&CreateRequest{CreatorName: "\x7f"}).validate(),
	} {
		if got := codeOf(err); got != code {
			t.Errorf("got %q, want %q", got, code)
		}
	}
	wantCode(t, (&ScheduleRequest{Name: "x", Payload: json.RawMessage("\"\xff\"")}).Validate(), wire.CodeBadPayload)
	for _, name := range []string{"", ".", "a/b", strings.Repeat("n", 65)} {
		if got := codeOf((&ScheduleRequest{Name: name}).Validate()); got != wire.CodeBadName {
			t.Errorf("name %q: %q", name, got)
		}
	}
}
