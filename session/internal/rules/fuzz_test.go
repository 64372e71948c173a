package rules

import (
	"encoding/json"
	"testing"
)

// claim is what a device or a leader says in many fields.
type claim interface{ Validate() error }

// FuzzClaims: whatever is accepted is bounded, and accepted again as it was understood.
func FuzzClaims(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"image":"/9j/","width":1,"peakDb":-3}`, `{"settings":{"cameras":[{"id":"a","label":"b\u0000"}],"refused":["torch"]},"levelDb":3}`,
		`{"frames":3,"sound":"ok","codec":"avc1\n","warnings":[{"code":"hot","value":1}]}`, `{"width":1920,"torch":true,"orientation":"any"}`,
		`{"media":{"state":"idle","error":"\u202e"},"uploadError":"\n","note":"e\u0301"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, two := range [][2]claim{
			{new(Still), new(Still)}, {new(DeviceStatus), new(DeviceStatus)}, {new(RecordingReport), new(RecordingReport)},
			{new(CameraSettings), new(CameraSettings)}, {new(TakeChange), new(TakeChange)},
		} {
			first, second := two[0], two[1]
			if json.Unmarshal(b, first) != nil || first.Validate() != nil {
				continue
			}
			told, err := Encode(first)
			if err != nil || len(told) > 24<<10 {
				t.Fatalf("%T: %d bytes are accepted, %v", first, len(told), err)
			}
			if err := json.Unmarshal(told, second); err != nil {
				t.Fatal(err)
			}
			if err := second.Validate(); err != nil {
				t.Fatalf("%s was accepted, and now isn't: %v", told, err)
			}
			if again, _ := Encode(second); string(again) != string(told) {
				t.Fatalf("%s became %s", told, again)
			}
		}
	})
}
