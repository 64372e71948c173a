package ntpserver

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// asked is a query of a version and mode, of some length.
func asked(version, mode byte, size int) []byte {
	b := make([]byte, size)
	if size > 0 {
		b[0] = version<<3 | mode
	}
	if size >= Size {
		b[2] = 6
		copy(b[40:48], "transmit")
	}
	return b
}

func TestCheck(t *testing.T) {
	for mode := range byte(8) {
		want := OtherMode
		if mode == 3 {
			want = ""
		}
		if got := check(asked(4, mode, Size)); got != want {
			t.Errorf("mode %d: %q, want %q", mode, got, want)
		}
	}
	for version, want := range []Outcome{OtherVersion, "", "", "", "", OtherVersion, OtherVersion, OtherVersion} {
		if got := check(asked(byte(version), 3, Size)); got != want {
			t.Errorf("version %d: %q, want %q", version, got, want)
		}
	}
	for size, want := range map[int]Outcome{0: Short, 1: Short, 47: Short, 48: "", 49: Extended, 68: Extended, 1024: Extended} {
		if got := check(asked(4, 3, size)); got != want {
			t.Errorf("%d bytes: %q, want %q", size, got, want)
		}
	}
}

func TestAnswer(t *testing.T) {
	const at = clock.SessionTime(1_800_000_000_500_000_000)
	query := asked(3, 3, Size)
	var b [Size]byte
	answer(&b, query, Quality{Stratum: 10, Reference: [4]byte{'L', 'O', 'C', 'L'}, Dispersion: time.Second}, at)
	stampSent(&b, at.Add(time.Microsecond))
	if b[0] != 3<<3|4 || b[1] != 10 || b[2] != 6 || int8(b[3]) != -23 || string(b[12:16]) != "LOCL" || !bytes.Equal(b[24:32], query[40:]) {
		t.Errorf("%x", b)
	}
	if d := binary.BigEndian.Uint32(b[8:]); d < 1<<16 || d > 1<<16+1 {
		t.Errorf("dispersion %x", d)
	}
	if got, want := binary.BigEndian.Uint64(b[32:]), uint64(1_800_000_000+2208988800)<<32|1<<31; got != want {
		t.Errorf("received %x, want %x", got, want)
	}
	if receive, transmit := binary.BigEndian.Uint64(b[32:]), binary.BigEndian.Uint64(b[40:]); transmit-receive != 1<<32/1_000_000 {
		t.Errorf("%d units apart", transmit-receive)
	}
	answer(&b, query, Quality{}, at)
	if b[0]>>6 != 3 || b[1] != 0 || string(b[12:16]) != "INIT" {
		t.Errorf("while session time isn't known: %x", b)
	}
}

// TestShort: a dispersion is never told to be less than it is.
func TestShort(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1, time.Microsecond, 15 * time.Microsecond, 16 * time.Microsecond, time.Second, 17 * time.Hour} {
		if told := time.Duration(float64(short(d)) / 65536 * 1e9); told < d || told > max(d, 0)+46*time.Microsecond {
			t.Errorf("%v is told as %v", d, told)
		}
	}
	if short(100*time.Hour) != 1<<32-1 {
		t.Error("what is too long isn't told as the longest")
	}
}

func TestStamp(t *testing.T) {
	for at, want := range map[clock.SessionTime]uint64{
		0:                                   since1900 << 32,
		-1_000_000_000:                      (since1900 - 1) << 32,
		-500_000_000:                        (since1900-1)<<32 | 1<<31,
		(1<<32 - since1900) * 1_000_000_000: 0, // the next era, 2036
	} {
		if got := stamp(at); got != want {
			t.Errorf("%d: %x, want %x", at, got, want)
		}
	}
}

// TestWaited: a stamp of the kernel is believed only where the wall clock can't have been set meanwhile.
func TestWaited(t *testing.T) {
	now := time.Now()
	for arrived, want := range map[time.Duration]time.Duration{
		-time.Millisecond: time.Millisecond, -longest: longest, -longest - 1: 0, time.Nanosecond: 0, -time.Hour: 0,
	} {
		if got := waited(now, now.Add(arrived)); got != want {
			t.Errorf("arrived %v before: waited %v, want %v", -arrived, got, want)
		}
	}
	if got := waited(now, time.Time{}); got != 0 {
		t.Errorf("without a stamp: %v", got)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(asked(4, 3, Size), int64(1), int64(2))
	f.Add([]byte{0x23}, int64(0), int64(-1))
	f.Fuzz(func(t *testing.T, query []byte, at, dispersion int64) {
		if check(query) != "" {
			return
		}
		var b [Size]byte
		answer(&b, query, Quality{Stratum: 1, Dispersion: time.Duration(dispersion)}, clock.SessionTime(at))
		if len(b) > len(query) || b[0]&7 != modeServer || !bytes.Equal(b[24:32], query[40:48]) {
			t.Errorf("%x is answered by %x", query, b)
		}
	})
}
