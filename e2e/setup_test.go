package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// bucket is the store as somebody else's program sees it.
func (n *natsServer) bucket() jetstream.KeyValue {
	n.t.Helper()
	conn, err := nats.Connect(n.url())
	check(n.t, err)
	n.t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	check(n.t, err)
	kv, err := js.KeyValue(n.t.Context(), "downbeat")
	check(n.t, err)
	return kv
}

// TestOtherKeys: instances on one store with other keys, or another access mode, say so, both of them; with the same
// keys they don't.
func TestOtherKeys(t *testing.T) {
	nats := newNATS(t).url()
	said := map[*instance]*written{}
	with := func(flags ...string) *instance {
		errs := &written{}
		i := (&instance{t: t, errs: errs}).begin(append([]string{"--nats", nats}, flags...)...)
		said[i] = errs
		return i
	}
	one := with("--access", "link", "--admin-key", studioKey)
	two := with("--access", "link", "--admin-key", studioKey)
	three := with("--access", "link", "--admin-key", "another-key-of-the-studio")
	says := func(i *instance, word string) func() bool {
		return func() bool { return strings.Contains(said[i].String(), word) }
	}
	for _, i := range []*instance{one, two, three} {
		eventually(t, "an instance to say that another one has other keys", says(i, "access_differs"))
	}
	if all := said[two].String(); strings.Count(all, "access_differs") != 1 || strings.Contains(all, studioKey) {
		t.Errorf("the second said\n%s", all)
	}
	four := with("--access", "open")
	eventually(t, "it to say that its mode is another", says(four, "access=open others_access=link"))
	eventually(t, "the others to say so", says(one, "access=link others_access=open"))
}

// TestNewerStore: an instance doesn't start on a store that a newer version uses, and isn't ready once one does.
func TestNewerStore(t *testing.T) {
	n := newNATS(t)
	old := newInstance(t, "--nats", n.url())
	_, err := n.bucket().PutString(t.Context(), "instances.setup", `{"format":2,"instance":"newer","access":"open"}`)
	check(t, err)
	eventually(t, "it not to be ready", func() bool {
		status, b, err := old.do("GET", "/readyz", "")
		return err == nil && status == http.StatusServiceUnavailable && strings.Contains(string(b), "a newer version of Downbeat uses the store")
	})
	_, stderr, code := finish(t, "", "serve", "--addr", "127.0.0.1:0", "--nats", n.url())
	if code != 1 || !strings.Contains(stderr, "--nats: a newer version of Downbeat uses the store (format 2, this one knows 1)") {
		t.Errorf("status %d, said %q", code, stderr)
	}
}

// TestUnknownEntries: entries of a kind that isn't known, and fields, don't stop a session; what can't be read is said.
func TestUnknownEntries(t *testing.T) {
	n := newNATS(t)
	said := &written{}
	server := (&instance{t: t, errs: said}).begin("--nats", n.url())
	ann := server.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann"})
	kv := n.bucket()
	meta, err := kv.Get(t.Context(), "s.studio.meta")
	check(t, err)
	var fields map[string]any
	check(t, json.Unmarshal(meta.Value(), &fields))
	fields["hologram"] = true
	b, err := json.Marshal(fields)
	check(t, err)
	for key, value := range map[string]string{"s.studio.meta": string(b), "s.studio.hologram.1": "{}", "s.studio.command.torn": "{"} {
		_, err := kv.PutString(t.Context(), key, value)
		check(t, err)
	}
	var cmd session.Scheduled
	m, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "flash"})
	check(t, err)
	check(t, json.Unmarshal(m.Data, &cmd))
	server.get("/api/sessions/studio/commands/"+cmd.CommandID, &struct{}{})
	for _, key := range []string{"s.studio.hologram.1", "s.studio.command.torn"} {
		eventually(t, "the log to name "+key, func() bool {
			return strings.Contains(said.String(), "store_entry_unread") && strings.Contains(said.String(), "key="+key)
		})
	}
}
