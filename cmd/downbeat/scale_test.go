package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"
)

// TestScaleOfTheDocument: the tables of docs/scale.md follow from the costs in it. With DOWNBEAT_WRITE=1 they are written.
func TestScaleOfTheDocument(t *testing.T) {
	const name = "../../docs/scale.md"
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	was := string(b)
	c := costsIn(t, was)
	is := between(t, was, "scale", c.table())
	is = between(t, is, "distance", distances())
	if os.Getenv("DOWNBEAT_WRITE") != "" {
		if err := os.WriteFile(name, []byte(is), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if is != was {
		t.Errorf("docs/scale.md doesn't follow from its costs; by them it has\n%s\n%s", c.table(), distances())
	}
}

// costs are the values of the document's first table, by their rows.
type costs map[string]float64

func costsIn(t *testing.T, doc string) costs {
	t.Helper()
	_, rows, _ := strings.Cut(doc, "<!-- costs -->\n")
	rows, _, found := strings.Cut(rows, "<!-- end -->")
	c := costs{}
	for row := range strings.Lines(rows) {
		cells := strings.Split(row, "|")
		if len(cells) < 4 {
			continue
		}
		if v, err := strconv.ParseFloat(strings.TrimSpace(cells[2]), 64); err == nil {
			c[strings.TrimSpace(cells[1])] = v
		}
	}
	if !found || len(c) != 12 {
		t.Fatalf("the document has %d costs", len(c))
	}
	return c
}

// between puts a table in the place of the one between two comments.
func between(t *testing.T, doc, name, table string) string {
	t.Helper()
	before, rest, ok := strings.Cut(doc, "<!-- "+name+" -->\n")
	_, after, ended := strings.Cut(rest, "<!-- end -->")
	if !ok || !ended {
		t.Fatalf("docs/scale.md has no place for the table %s", name)
	}
	return before + "<!-- " + name + " -->\n" + table + "<!-- end -->" + after
}

// table says what so many devices need, in all.
func (c costs) table() string {
	perSecond := c["commands of a session"] / 60
	core := (c["a device over WebRTC at rest"] + c["a command to one device"]*perSecond) / 1000 // of a core, for a device
	bytes := c["a ping with its pong"]/c["between pings on a quiet path"] + c["ICE's checks"]
	each := c["cores of an instance"] * c["of them planned to be used"] / 100 / core // devices of an instance
	var b strings.Builder
	b.WriteString("| devices | sessions | cores busy | instances | memory of devices | lines, all instances | NATS writes | index in each instance |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, n := range []float64{10_000, 100_000, 1_000_000} {
		sessions := n / c["devices of a session"]
		fmt.Fprintf(&b, "| %s | %s | %.1f | %.0f | %s | %s/s | %.0f/s | %s |\n", humanize.Comma(int64(n)), humanize.Comma(int64(sessions)),
			n*core, math.Ceil(n/each), size(n*c["its memory"]*1e6), size(n*bytes), sessions*perSecond*c["writes to NATS of one command"], size(sessions*c["a session of others, in each instance"]))
	}
	fmt.Fprintf(&b, "\nOne instance: %s devices, %s, %s/s.\n", humanize.Comma(int64(each)), size(each*c["its memory"]*1e6), size(each*bytes))
	return b.String()
}

func size(bytes float64) string { return humanize.Bytes(uint64(bytes)) }

// distances says what the least bound over a distance is.
func distances() string {
	const kmEachMs = 200 // of light in fibre
	var b strings.Builder
	b.WriteString("| distance | round trip, at least | hard bound, at least |\n|--:|--:|--:|\n")
	for _, km := range []float64{1, 100, 1000, 5000, 15000} {
		fmt.Fprintf(&b, "| %s km | %g ms | ± %g ms |\n", humanize.Comma(int64(km)), 2*km/kmEachMs, km/kmEachMs)
	}
	return b.String()
}
