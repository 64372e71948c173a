package takes_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
)

var noon = clock.SessionTime(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).UnixNano())

// made is a recording of d that began after the first one.
func made(id, view, file, fileType string, after, d time.Duration) session.Recording {
	start, stop, bound, size := noon.Add(after), noon.Add(after+d), 0.25, int64(7)
	return session.Recording{
		RecordingID: id, SessionID: "studio", TakeID: "1", PostureLabel: "plank", TakeTimestamp: noon, DeviceID: id + "-e798", ViewType: view,
		StartTimestamp: &start, StartBoundMs: &bound, StopTimestamp: &stop, StopBoundMs: &bound, UploadStatus: "uploaded",
		File: "recordings/studio/1/" + file, FileType: fileType, SHA256: "ab", FileSizeBytes: &size,
	}
}

func takeOf(list ...session.Recording) takes.Take { return takes.Of(list)[0] }

// schema has the fields of each object, as OpenTimelineIO's "Serialized Data" lists
// them, and children, which that leaves out.
var schema = map[string][]string{
	"Timeline.1":          {"global_start_time", "metadata", "name", "tracks"},
	"Stack.1":             {"children", "effects", "enabled", "markers", "metadata", "name", "source_range"},
	"Track.1":             {"children", "effects", "enabled", "kind", "markers", "metadata", "name", "source_range"},
	"Gap.1":               {"effects", "enabled", "markers", "metadata", "name", "source_range"},
	"Clip.2":              {"active_media_reference_key", "effects", "enabled", "markers", "media_references", "metadata", "name", "source_range"},
	"ExternalReference.1": {"available_image_bounds", "available_range", "metadata", "name", "target_url"},
	"TimeRange.1":         {"duration", "start_time"},
	"RationalTime.1":      {"rate", "value"},
}

// within says what may be in each field that has objects.
var within = map[string][]string{
	"Timeline.1.global_start_time": {"RationalTime.1"}, "Timeline.1.tracks": {"Stack.1"}, "Stack.1.children": {"Track.1"},
	"Track.1.children": {"Gap.1", "Clip.2"}, "Gap.1.source_range": {"TimeRange.1"}, "Clip.2.source_range": {"TimeRange.1"},
	"Clip.2.media_references": {"ExternalReference.1"}, "ExternalReference.1.available_range": {"TimeRange.1"},
	"TimeRange.1.start_time": {"RationalTime.1"}, "TimeRange.1.duration": {"RationalTime.1"},
}

// object is one of OpenTimelineIO's.
type object map[string]any

func (o object) at(field string) object { return o[field].(map[string]any) }

// strict checks an object and all that is in it against the schema.
func strict(t *testing.T, o object) {
	t.Helper()
	kind, _ := o["OTIO_SCHEMA"].(string)
	fields := slices.Sorted(maps.Keys(o))
	want := append([]string{"OTIO_SCHEMA"}, schema[kind]...)
	if schema[kind] == nil || !slices.Equal(fields, slices.Sorted(slices.Values(want))) {
		t.Fatalf("%s has %v, wants %v", kind, fields, want)
	}
	for field, v := range o {
		checkField(t, kind, field, v)
		for _, inner := range objects(field, v) {
			if allowed := within[kind+"."+field]; !slices.Contains(allowed, inner["OTIO_SCHEMA"].(string)) {
				t.Errorf("%s.%s has a %v", kind, field, inner["OTIO_SCHEMA"])
			}
			strict(t, inner)
		}
	}
}

// checkField checks the types of what isn't an object.
func checkField(t *testing.T, kind, field string, v any) {
	t.Helper()
	good := true
	switch field {
	case "name", "kind", "target_url", "active_media_reference_key":
		_, good = v.(string)
	case "rate", "value":
		n, ok := v.(json.Number)
		good = ok && bytes.Contains([]byte(n), []byte(".")) // a double
	case "enabled":
		good = v == true
	case "effects", "markers":
		list, ok := v.([]any)
		good = ok && len(list) == 0
	case "metadata":
		_, good = v.(map[string]any)
	}
	if !good {
		t.Errorf("%s.%s is %v", kind, field, v)
	}
}

// objects lists the objects in a field.
func objects(field string, v any) (list []object) {
	switch v := v.(type) {
	case map[string]any:
		if _, is := v["OTIO_SCHEMA"]; is {
			return []object{v}
		}
		if field == "media_references" {
			for _, inner := range v {
				list = append(list, inner.(map[string]any))
			}
		}
	case []any:
		for _, inner := range v {
			list = append(list, inner.(map[string]any))
		}
	}
	return list
}

func timelineOf(t *testing.T, take takes.Take, names takes.Names) object {
	t.Helper()
	b, err := takes.Timeline(take, names)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	strict(t, o)
	return o
}

// lasts checks a range: from 0, as many frames.
func lasts(t *testing.T, what string, r object, frames, rate string) {
	t.Helper()
	start, d := r.at("start_time"), r.at("duration")
	if start["value"] != json.Number("0.0") || d["value"] != json.Number(frames) || d["rate"] != json.Number(rate) || start["rate"] != d["rate"] {
		t.Errorf("%s: from %v for %v", what, start, d)
	}
}

// filmedAt is a recording of so many frames a second.
func filmedAt(r session.Recording, fps float64, sound string) session.Recording {
	r.Report = &session.RecordingReport{FrameRate: &fps, Sound: sound}
	return r
}

// TestTimeline: each file begins at the frame that is nearest to its own first one, its sound beside it.
func TestTimeline(t *testing.T) {
	missing := made("d", "", "", "", time.Second, time.Second)
	missing.File = ""
	timeless := made("e", "", "e.webm", "video/webm", 0, 0)
	timeless.StopTimestamp = nil
	front := filmedAt(made("a", "front", "a-'; rm -rf ~; '.webm", "video/webm", 123*time.Microsecond, 2*time.Second+time.Microsecond), 24.96, "ok")
	front.Username = "Kim"
	o := timelineOf(t, takeOf(
		timeless, front, made("b", "side", "b.webm", "audio/webm;codecs=opus", 7_000_001*time.Microsecond, 24*time.Hour), missing,
		filmedAt(made("f", "top", "f.mp4", "video/mp4;codecs=avc1", 30*time.Millisecond, time.Second), 25.01, ""),
	), takes.Kept)
	if start := o.at("global_start_time"); start["value"] != json.Number("1080000.0") || start["rate"] != json.Number("25.0") {
		t.Errorf("starts at %v", start)
	}
	tracks := objects("children", o.at("tracks")["children"])
	var is []string
	for _, track := range tracks {
		is = append(is, track["kind"].(string)+" "+track["name"].(string))
	}
	if want := []string{"Video front (Kim)", "Video top", "Audio front (Kim)", "Audio side"}; !slices.Equal(is, want) {
		t.Fatalf("tracks %v, want %v", is, want)
	}
	first, top, second := objects("children", tracks[0]["children"]), objects("children", tracks[1]["children"]), objects("children", tracks[3]["children"])
	if len(first) != 1 || len(objects("children", tracks[2]["children"])) != 1 {
		t.Fatal("a gap of less than half a frame")
	}
	lasts(t, "first clip", first[0].at("source_range"), "50.0", "25.0")
	lasts(t, "its sound", objects("children", tracks[2]["children"])[0].at("source_range"), "50.0", "25.0")
	lasts(t, "a gap of 30 ms", top[0].at("source_range"), "1.0", "25.0")
	lasts(t, "the clip behind it", top[1].at("source_range"), "25.0", "25.0")
	lasts(t, "second gap", second[0].at("source_range"), "175.0", "25.0")
	lasts(t, "second clip", second[1].at("source_range"), "2160000.0", "25.0")
	file := first[0].at("media_references").at("DEFAULT_MEDIA")
	lasts(t, "file", file.at("available_range"), "50.0", "25.0")
	target, _ := url.Parse(file["target_url"].(string))
	if target == nil || target.Path != "a-'; rm -rf ~; '.webm" || target.IsAbs() {
		t.Errorf("file at %v", file["target_url"])
	}
	said := first[0].at("metadata").at("downbeat")
	if said["sha256"] != "ab" || said["startBoundMs"] != json.Number("0.25") || said["startTimestamp"] != json.Number("1795608000000.123") {
		t.Errorf("the clip says %v", said)
	}
	said = o.at("metadata").at("downbeat")
	left := objects("leftOut", said["leftOut"])
	if len(left) != 2 || left[0]["why"] != "no times" || left[1]["why"] != "no file" || said["firstTimestamp"] != json.Number("1795608000000") {
		t.Errorf("the timeline says %v", said)
	}
}

// TestTimelineOfParts: what a device recorded in pieces is one track, with gaps as long as it recorded nothing.
func TestTimelineOfParts(t *testing.T) {
	part := func(id string, n int, after, d time.Duration) session.Recording {
		r := made(id, "front", id+".mp4", "video/mp4", after, d)
		r.DeviceID, r.Part = "a-e798", n
		return r
	}
	o := timelineOf(t, takeOf(part("a", 1, 0, 1990*time.Millisecond), part("b", 2, 3500*time.Millisecond, time.Second), part("c", 3, 4510*time.Millisecond, time.Second)), takes.Kept)
	tracks := objects("children", o.at("tracks")["children"])
	if len(tracks) != 1 {
		t.Fatalf("%d tracks", len(tracks))
	}
	var names []string
	total := 0.0
	for _, item := range objects("children", tracks[0]["children"]) {
		names = append(names, item["name"].(string))
		n, err := item.at("source_range").at("duration")["value"].(json.Number).Float64()
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if want := []string{"front", "", "front, part 2", "front, part 3"}; !slices.Equal(names, want) || total != 165 { // 5.5 s at 30
		t.Errorf("%q, %v frames", names, total)
	}
}

// TestRates: measured rates are those that editors know.
func TestRates(t *testing.T) {
	for measured, want := range map[float64]string{
		29.6: "30.0", 29.97: "30.0", 30.2: "30.0", 24.02: "24.0", 25: "25.0", 14.9: "24.0", 59.3: "60.0", 50.4: "50.0", 119.7: "120.0", 240: "120.0",
	} {
		o := timelineOf(t, takeOf(filmedAt(made("a", "", "a.mp4", "", 0, time.Second), measured, "")), takes.Kept)
		if got := o.at("global_start_time")["rate"]; got != json.Number(want) {
			t.Errorf("%v frames/s: a rate of %v, want %v", measured, got, want)
		}
	}
	o := timelineOf(t, takeOf(
		filmedAt(made("a", "", "a.mp4", "", 0, time.Second), 59.8, ""), filmedAt(made("b", "", "b.mp4", "", 0, time.Second), 30, ""),
		filmedAt(made("c", "", "c.mp4", "", 0, time.Second), 29.8, "")), takes.Kept)
	if got := o.at("global_start_time")["rate"]; got != json.Number("30.0") {
		t.Errorf("two at 30 and one at 60: %v", got)
	}
}

func TestDownloadedNames(t *testing.T) {
	o := timelineOf(t, takeOf(made("a", "front", "a-x.webm", "video/webm", 0, time.Second)), takes.Downloaded)
	children := objects("children", objects("children", o.at("tracks")["children"])[0]["children"])
	if len(children) != 1 || children[0].at("media_references").at("DEFAULT_MEDIA")["name"] != "plank-20261125T120000Z-front-a.webm" {
		t.Errorf("children %v", children)
	}
}

func TestNothing(t *testing.T) {
	missing := made("a", "", "", "", 0, time.Second)
	missing.File = ""
	if _, err := takes.Timeline(takeOf(missing), takes.Kept); !errors.Is(err, takes.ErrNothing) {
		t.Errorf("got %v", err)
	}
	if _, err := takes.Script(takeOf(missing), takes.Kept); !errors.Is(err, takes.ErrNothing) {
		t.Errorf("got %v", err)
	}
}
