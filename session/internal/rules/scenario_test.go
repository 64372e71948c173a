package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestScenarios plays the files of testdata: requests and the passing of time in, changes of
// entries and events out. Each begins with no session, at 0s. What a directive takes is in scenario.directives;
// testdata/README.md explains how to read them, and `go test -run Scenarios -rewrite` writes what comes out.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s := &scenario{bench: newBench(t), now: t0, stored: map[string][]byte{}}
			datadriven.RunTest(t, file, s.run)
		})
	}
}

const (
	scenarioGrace = 10 * time.Second
	scenarioLead  = 100 * time.Millisecond
)

// scenario is a session of which a file tells the story.
type scenario struct {
	*bench
	now    Instant
	issued int
	stored map[string][]byte
	out    strings.Builder
}

// ask is a directive with its arguments.
type ask struct {
	*datadriven.TestData
	s *scenario
}

// who returns the first argument, a user's or a command's id.
func (a ask) who() string {
	if len(a.CmdArgs) == 0 {
		a.s.Fatalf("%s: %s of whom?", a.Pos, a.Cmd)
	}
	return a.CmdArgs[0].Key
}

func (a ask) get(key string) string {
	v := ""
	a.MaybeScanArgs(a.s.T, key, &v)
	return v
}

func (a ask) duration(key string) time.Duration {
	if a.get(key) == "" {
		return 0
	}
	d, err := time.ParseDuration(a.get(key))
	if err != nil {
		a.s.Fatalf("%s: %v", a.Pos, err)
	}
	return d
}

func (a ask) number(key string) (x float64) {
	a.MaybeScanArgs(a.s.T, key, &x)
	return x
}

// directives are what a file may ask for; a user bob has the device d-bob.
var directives = map[string]func(s *scenario, a ask) ([]Change, error){
	"join": func(s *scenario, a ask) ([]Change, error) {
		q := JoinRequest{UserID: a.who(), DeviceType: a.get("type"), Admission: Admission{Role: Role(a.get("role"))}}
		return s.seat(a.who(), q)
	},
	"resume": func(s *scenario, a ask) ([]Change, error) {
		return s.seat(a.who(), JoinRequest{ResumeToken: tokenOf("d-"+a.who(), "secret-"+a.who())})
	},
	"disconnect": func(s *scenario, a ask) ([]Change, error) {
		_, d := s.Device("d-" + a.who())
		return Disconnect(s.State, d.ID, d.Conn, s.now), nil
	},
	"leave": func(s *scenario, a ask) ([]Change, error) {
		_, d := s.Device("d-" + a.who())
		return Leave(s.State, d.ID, d.Conn, s.now), nil
	},
	"lead": func(s *scenario, a ask) ([]Change, error) {
		return RequestLeadership(s.State, a.who(), false, scenarioGrace, s.now)
	},
	"hand-over": func(s *scenario, a ask) ([]Change, error) {
		return HandOverTo(s.State, a.get("by"), a.who(), s.now)
	},
	"schedule": func(s *scenario, a ask) ([]Change, error) {
		c := CommandRecord{ID: s.nextID(), Event: wire.Command, By: a.get("by"), Name: a.who()}
		delay := a.duration("in")
		return Schedule(s.State, c, When{Delay: &delay, Lead: s.lead()}, s.now)
	},
	"cancel": func(s *scenario, a ask) ([]Change, error) { return Cancel(s.State, a.get("by"), a.who(), s.now) },
	"armed": func(s *scenario, a ask) ([]Change, error) {
		return s.said(a, func(device string) (*Ack, error) { return Armed(s.State, device, a.who(), s.now) })
	},
	"save": func(s *scenario, a ask) ([]Change, error) { return Save(s.State, a.who()), nil },
	"fired": func(s *scenario, a ask) ([]Change, error) {
		at := s.now
		if c := s.Commands[a.who()]; c != nil {
			at = c.Timestamp.Add(a.duration("off"))
		}
		return s.said(a, func(device string) (*Ack, error) { return Fired(s.State, device, a.who(), Act{At: at.Time()}) })
	},
	"report": func(s *scenario, a ask) ([]Change, error) {
		rep := ReportOn(s.State, s.Commands[a.who()])
		devices := rep.Devices
		rep.Devices = nil
		s.print("", rep)
		for _, d := range devices {
			s.print("  ", d)
		}
		return nil, nil
	},
	"start": func(s *scenario, a ask) ([]Change, error) {
		c := CommandRecord{ID: s.nextID(), Event: wire.StartRecording, By: a.get("by"), Label: a.who(), Duration: a.duration("duration")}
		return Start(s.State, c, When{Lead: s.lead()}, s.now)
	},
	"stop": func(s *scenario, a ask) ([]Change, error) {
		_, changes, err := Stop(s.State, a.get("by"), s.lead(), s.now)
		return changes, err
	},
	"first-frame": func(s *scenario, a ask) ([]Change, error) {
		return Recorded(s.State, "d-"+a.get("by"), a.recording(a.get("by")), true, Reading{At: s.now, Bound: time.Millisecond})
	},
	"last-frame": func(s *scenario, a ask) ([]Change, error) {
		return Recorded(s.State, "d-"+a.get("by"), a.recording(a.get("by")), false, Reading{At: s.now, Bound: time.Millisecond})
	},
	"uploaded": func(s *scenario, a ask) ([]Change, error) {
		f := UploadedFile{RecordingID: a.recording(a.get("of")), Size: int64(a.number("size")), Path: "recordings/" + a.get("of"), SHA256: "5a"}
		return Uploaded(s.State, f, s.now)
	},
	"failed": func(s *scenario, a ask) ([]Change, error) {
		return Failed(s.State, "d-"+a.get("by"), a.recording(a.get("by")))
	},
	"load": func(s *scenario, a ask) ([]Change, error) {
		return Load(s.State, a.get("by"), LoadRequest{MediaURL: a.who(), MediaDuration: a.number("length"), Loop: a.HasArg("loop")}, s.now)
	},
	"play":  func(s *scenario, a ask) ([]Change, error) { return s.play(a, true) },
	"pause": func(s *scenario, a ask) ([]Change, error) { return s.play(a, false) },
	"wait-for-all": func(s *scenario, a ask) ([]Change, error) {
		return SetOptions(s.State, a.get("by"), OptionsRequest{WaitForAll: new(true)}, s.lead(), s.now)
	},
	"loading": func(s *scenario, a ask) ([]Change, error) {
		return Buffering(s.State, "d-"+a.who(), s.Playback.MediaURL, true, s.lead(), s.now)
	},
	"loaded": func(s *scenario, a ask) ([]Change, error) {
		return Buffering(s.State, "d-"+a.who(), s.Playback.MediaURL, false, s.lead(), s.now)
	},
	"position": func(s *scenario, a ask) ([]Change, error) {
		s.print("", s.Playback.At(s.now).At(s.now).Wire())
		return nil, nil
	},
	"session": func(s *scenario, a ask) ([]Change, error) {
		snap := s.Snapshot(s.now)
		s.print("", map[string]any{"leader": snap.LeaderID, "status": snap.Status})
		for _, d := range snap.Devices {
			s.print("  ", d)
		}
		return nil, nil
	},
	"wait": func(s *scenario, a ask) ([]Change, error) {
		d, err := time.ParseDuration(a.who())
		if err == nil {
			s.wait(d)
		}
		return nil, err
	},
}

// recording names what a user's device records of the take that comes first in the directive.
func (a ask) recording(user string) string { return RecordingID(a.who(), "d-"+user) }

func (s *scenario) run(t *testing.T, d *datadriven.TestData) string {
	s.T = t
	s.out.Reset()
	do := directives[d.Cmd]
	if do == nil {
		t.Fatalf("%s: there is no directive %s", d.Pos, d.Cmd)
	}
	changes, err := do(s, ask{d, s})
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		fmt.Fprintf(&s.out, "refused: %s\n", refusal)
	case err != nil:
		t.Fatalf("%s: %v", d.Pos, err)
	}
	s.commit(changes)
	s.wait(0) // for what is due at once
	if s.out.Len() == 0 {
		return "ok\n"
	}
	return s.readable(s.out.String())
}

// readable gives ids that follow from others a name that says from which.
func (s *scenario) readable(out string) string {
	for _, c := range s.Commands {
		for _, d := range s.DevicesByJoining() {
			out = strings.ReplaceAll(out, RecordingID(c.ID, d.ID), c.ID+"/"+d.ID)
		}
	}
	if s.Meta != nil {
		out = strings.ReplaceAll(out, "-"+strconv.FormatInt(int64(s.Meta.CreatedAt), 36)+"-", "-")
	}
	return out
}

func (s *scenario) nextID() string {
	s.issued++
	return fmt.Sprintf("c%d", s.issued)
}

func (s *scenario) lead() time.Duration { return Lead(s.State, nil, scenarioLead, time.Second) }

func (s *scenario) seat(id string, q JoinRequest) ([]Change, error) {
	_, changes, err := Join(s.State, Newcomer{
		JoinRequest: q, NewDeviceID: "d-" + id, NewUserID: id, NewSecret: "secret-" + id, MaxDevices: 10, Grace: scenarioGrace,
	}, s.now)
	return changes, err
}

func (s *scenario) play(a ask, on bool) ([]Change, error) {
	q := PlaybackRequest{IsPlaying: on}
	if a.HasArg("position") {
		q.Position = new(a.number("position"))
	}
	return Play(s.State, CommandRecord{ID: s.nextID(), Event: wire.PlaybackSync, By: a.get("by")}, q, When{Lead: s.lead()}, s.now)
}

// wait lets time pass and meets the deadlines on the way, as a session's instances do.
func (s *scenario) wait(d time.Duration) {
	end, v := s.now.Add(d), View{scenarioGrace, s.lead, nil}
	for met := 0; ; met++ {
		if met > 100 {
			s.Fatal("there is no end to the deadlines")
		}
		i, at := s.next(v)
		if i < 0 || at > end {
			break
		}
		s.now = max(s.now, at)
		changes, err := Deadlines[i].Meet(s.State, v, s.now)
		if err != nil {
			s.Fatal(err)
		}
		if d > 0 && len(changes) > 0 {
			fmt.Fprintf(&s.out, "at %v:\n", s.now.Sub(t0))
		}
		s.commit(changes)
	}
	s.now = end
}

// next returns which deadline comes first; a negative one where there is none.
func (s *scenario) next(v View) (first int, at Instant) {
	first = -1
	for i, d := range Deadlines {
		if due, ok := d.Due(s.State, v, s.now); ok && (first < 0 || due < at) {
			first, at = i, due
		}
	}
	return first, at
}

// commit applies changes and tells what they change and what the members hear of it.
func (s *scenario) commit(changes []Change) {
	for _, c := range changes {
		before := s.entry(c.Key)
		delete(s.stored, c.Key)
		if c.Record != nil {
			s.stored[c.Key] = s.encoded(c.Record)
		}
		notices := s.apply(c)
		key := strings.TrimPrefix(c.Key, "s.studio.")
		switch after := s.entry(c.Key); {
		case after == nil:
			fmt.Fprintf(&s.out, "- %s\n", key)
		case before == nil:
			fmt.Fprintf(&s.out, "+ %s%s\n", key, differences(nil, after))
		default:
			fmt.Fprintf(&s.out, "~ %s%s\n", key, differences(before, after))
		}
		for _, n := range notices {
			s.hear(n)
		}
	}
}

// hear tells an event: once, or for each device where each gets its own.
func (s *scenario) hear(n Notice) {
	if n.Each == nil {
		s.print("> "+n.Name, n.Data)
		return
	}
	for _, d := range s.DevicesByJoining() {
		if d.Connected {
			s.print("> "+n.Name+" to="+d.ID, n.To(d))
		}
	}
}

func (s *scenario) print(head string, data any) {
	says := leaves(s.encoded(data))
	maps.DeleteFunc(says, func(_, v string) bool { return v == `""` || v == "<nil>" })
	line := head + differences(nil, says)
	if strings.TrimSpace(head) == "" {
		line = head + strings.TrimSpace(line)
	}
	s.out.WriteString(line + "\n")
}

func (s *scenario) encoded(data any) []byte {
	b, err := Encode(data)
	if err != nil {
		s.Fatal(err)
	}
	return b
}

// entry returns the leaves of what is stored under a key, nil for nothing.
func (s *scenario) entry(key string) map[string]string {
	b := s.stored[key]
	if b == nil {
		return nil
	}
	entry := leaves(b)
	for path, v := range entry {
		if ns, err := strconv.ParseInt(v, 10, 64); err == nil && inNanoseconds[path[strings.LastIndexByte(path, '.')+1:]] {
			entry[path] = time.Duration(ns).String()
		}
	}
	return entry
}

// inNanoseconds are the fields of entries that are durations.
var inNanoseconds = map[string]bool{"duration": true, "startBound": true, "stopBound": true, "spent": true}

// leaves returns the values of a JSON object by their paths. Elements of lists go by their ids.
func leaves(b []byte) map[string]string {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		panic(err)
	}
	found := map[string]string{}
	collectLeaves(found, "", v)
	return found
}

func collectLeaves(found map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, of := range v {
			if key != "tokenHash" && key != "owner" && key != "set" { // nobody reads hashes
				collectLeaves(found, strings.TrimPrefix(path+"."+key, "."), of)
			}
		}
	case []any:
		for i, of := range v {
			name := fmt.Sprint(i)
			if m, ok := of.(map[string]any); ok {
				for _, id := range []string{"id", "deviceId"} {
					if s, ok := m[id].(string); ok {
						name = s
						delete(m, id)
					}
				}
			}
			collectLeaves(found, path+"."+name, of)
		}
	case json.Number:
		found[path] = v.String()
		if ns, err := v.Int64(); err == nil && ns >= int64(t0) { // an instant as it is stored
			found[path] = Instant(ns).Sub(t0).String()
		} else if ms, err := v.Float64(); err == nil && ms >= Millis(time.Duration(t0)) { // or as it is told
			found[path] = time.Duration(math.Round((ms-Millis(time.Duration(t0)))*1000) * 1000).String()
		}
	case string:
		found[path] = v
		if v == "" || strings.ContainsAny(v, " =") {
			found[path] = fmt.Sprintf("%q", v)
		}
	default:
		found[path] = fmt.Sprint(v)
	}
}

// differences lists what is in after and not, or otherwise, in before; what is gone has a minus.
func differences(before, after map[string]string) string {
	var list []string
	for path, v := range after {
		if before[path] != v {
			list = append(list, path+"="+v)
		}
	}
	for path := range before {
		if _, still := after[path]; !still {
			list = append(list, "-"+path)
		}
	}
	slices.Sort(list)
	if len(list) == 0 {
		return ""
	}
	return " " + strings.Join(list, " ")
}

// said takes in what a device says of a command, and prints what is known of it then.
func (s *scenario) said(a ask, word func(device string) (*Ack, error)) ([]Change, error) {
	device := "d-" + a.get("by")
	ack, err := word(device)
	if ack != nil && err == nil {
		s.Hear(a.who(), device, ack, false)
		s.print("heard "+device, ack)
	}
	return nil, err
}
