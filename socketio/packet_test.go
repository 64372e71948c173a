package socketio

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPackets: what a packet is read as, and what is none.
func TestPackets(t *testing.T) {
	for _, text := range []string{
		"0", `0{"key":"k"}`, "0/custom,", `0/custom,{"a":1}`, "1", "1/custom,", `2["a"]`, `2["a",{"b":[1]}]`, `212["a"]`, `2/custom,12["a",1]`,
		`312[]`, `51-["a",{"_placeholder":true,"num":0}]`, `62-7[1]`,
	} {
		p, err := parsePacket([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := string(p.append(nil)); got != text {
			t.Errorf("%s is written as %s", text, got)
		}
	}
	for _, text := range []string{
		"", "7", "abc", "2", "2{}", "2[]", "2[1]", `2["a"`, `2["connect"]`, `2["disconnect",1]`, "0[]", "0null", "01", "1{}", `4{"message":"x"}`, "3[]", "5[]",
		`50-["a"]`, `517-["a"]`, `5-1-["a"]`, `2abc["a"]`, `299999999999999999999["a"]`, "2[\"\xff\"]", "2/" + strings.Repeat("n", 80) + `,["a"]`, `2["` + strings.Repeat("e", 65) + `"]`,
	} {
		if p, err := parsePacket([]byte(text)); err == nil {
			t.Errorf("%q is taken as %+v", text, p)
		}
	}
}

// TestParts: binary parts take their places in base64, and one that isn't there is refused.
func TestParts(t *testing.T) {
	got, err := asText(json.RawMessage(`{"image":{"_placeholder":true,"num":0},"n":[1]}`), [][]byte{{1, 2, 3}})
	if err != nil || string(got) != `{"image":"AQID","n":[1]}` {
		t.Error(string(got), err)
	}
	for _, bad := range []string{`{"_placeholder":true,"num":1}`, `{"_placeholder":true,"num":-1}`, `{"_placeholder":true,"num":0.5}`, `{"_placeholder":true}`} {
		if got, err := asText(json.RawMessage(bad), [][]byte{{1}}); err == nil {
			t.Errorf("%s became %s", bad, got)
		}
	}
}

// FuzzPacket: what is read as a packet is written so that it is read as the same.
func FuzzPacket(f *testing.F) {
	for _, s := range []string{"0", `2["a",1]`, `51-/x,3["a",{"_placeholder":true,"num":0}]`, "1/x", `431["ok"]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePacket(b)
		if err != nil {
			return
		}
		again, err := parsePacket(p.append(nil))
		if err != nil || string(again.append(nil)) != string(p.append(nil)) {
			t.Errorf("%q is written as %q: %v", b, p.append(nil), err)
		}
	})
}
