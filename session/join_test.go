package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestJoinTransitions(t *testing.T) {
	for name, c := range map[string]struct {
		n    newcomer
		code string
		told []string
		user string
	}{
		"a stranger": {
			n:    newcomer{JoinRequest: JoinRequest{UserID: "cy", DeviceType: "native"}},
			told: []string{"user_joined", "device_joined"}, user: "cy",
		},
		"a stranger without an id":       {n: newcomer{userID: "u9"}, told: []string{"user_joined", "device_joined"}, user: "u9"},
		"a taken id":                     {n: newcomer{JoinRequest: JoinRequest{UserID: "bob"}}, code: wire.CodeUserIDTaken},
		"the id of one who isn't there":  {n: newcomer{JoinRequest: JoinRequest{UserID: "dan"}}, code: wire.CodeUserIDTaken},
		"back after a disconnection":     {n: newcomer{JoinRequest: JoinRequest{ResumeToken: "d-dan.secret-dan"}}, told: []string{"user_joined", "device_joined"}, user: "dan"},
		"back on another connection":     {n: newcomer{JoinRequest: JoinRequest{ResumeToken: "d-bob.secret-bob"}}, told: []string{}, user: "bob"},
		"a wrong secret":                 {n: newcomer{JoinRequest: JoinRequest{ResumeToken: "d-bob.secret-ann"}}, code: wire.CodeBadResumeToken},
		"another's token":                {n: newcomer{JoinRequest: JoinRequest{ResumeToken: "d-bob.secret-bob", UserID: "ann"}}, code: wire.CodeBadResumeToken},
		"a token of a device long gone":  {n: newcomer{JoinRequest: JoinRequest{ResumeToken: "d-x.secret", UserID: "cy"}}, told: []string{"user_joined", "device_joined"}, user: "cy"},
		"a token that isn't one":         {n: newcomer{JoinRequest: JoinRequest{ResumeToken: "nonsense", UserID: "bob"}}, code: wire.CodeUserIDTaken},
		"a token that isn't the creator": {n: newcomer{JoinRequest: JoinRequest{CreatorToken: "wrong"}}, code: wire.CodeBadToken},
		"no place left":                  {n: newcomer{userID: "u9", maxDevices: 2}, code: wire.CodeSessionFull},
		"no place left, but back":        {n: newcomer{JoinRequest: JoinRequest{ResumeToken: "d-dan.secret-dan"}, maxDevices: 2}, told: []string{"user_joined", "device_joined"}, user: "dan"},
	} {
		t.Run(name, func(t *testing.T) {
			b := studio(t)
			b.join("dan", "", after(2*time.Second))
			b.do(disconnect(b.state, "d-dan", 1, after(3*time.Second)), nil)
			c.n.deviceID, c.n.secret = "d-new", "s"
			if c.n.maxDevices == 0 {
				c.n.maxDevices = 10
			}
			at, changes, err := join(b.state, c.n, after(4*time.Second))
			if c.code != "" {
				b.want(err, c.code)
				return
			}
			if told := b.do(changes, err); !slices.Equal(told, c.told) {
				t.Errorf("told %v, want %v", told, c.told)
			}
			u, d := b.device(at.deviceID)
			if at.userID != c.user || u == nil || u.ID != c.user || !d.Connected || d.Conn != at.conn {
				t.Errorf("seat %+v, user %+v", at, u)
			}
			if c.n.ResumeToken != "" && strings.HasPrefix(c.n.ResumeToken, "d-") && at.deviceID != "d-new" && at.token != c.n.ResumeToken {
				t.Errorf("the token has become %s", at.token)
			}
			if b.meta.LeaderID != "ann" {
				t.Errorf("%s leads", b.meta.LeaderID)
			}
		})
	}
}

func TestCreatorsToken(t *testing.T) {
	b := newBench(t)
	b.do([]change{b.put(false, &meta{CreatorID: "ann", LeaderID: "ann", TokenHash: hash("key"), CreatedAt: t0}, kindMeta)}, nil)
	b.join("bob", "mobile", t0)
	b.do(requestLeadership(b.state, "bob", true, 0, t0))
	for i, id := range []string{"d1", "d2"} {
		n := newcomer{JoinRequest: JoinRequest{CreatorToken: "key", UserID: "ignored"}, deviceID: id, maxDevices: 10}
		at, changes, err := join(b.state, n, after(time.Second))
		told := b.do(changes, err)
		want := [][]string{{"leadership_changed", "user_joined", "device_joined"}, {"device_joined"}}[i]
		if at.userID != "ann" || !slices.Equal(told, want) {
			t.Errorf("joined as %s, told %v", at.userID, told)
		}
	}
	if b.meta.LeaderID != "ann" || len(b.users["ann"].Devices) != 2 {
		t.Errorf("leader %s, creator %+v", b.meta.LeaderID, b.users["ann"])
	}
	for i := 3; ; i++ {
		n := newcomer{JoinRequest: JoinRequest{CreatorToken: "key"}, deviceID: "d" + strings.Repeat("x", i), maxDevices: 1000}
		_, changes, err := join(b.state, n, after(time.Second))
		if err != nil {
			b.want(err, wire.CodeTooManyDevices)
			break
		}
		b.do(changes, nil)
	}
	// One that is away makes room for the next.
	dead := b.users["ann"].Devices[7].ID
	b.do(disconnect(b.state, b.users["ann"].Devices[7].ID, 1, after(2*time.Second)), nil)
	b.do(disconnect(b.state, b.users["ann"].Devices[3].ID, 1, after(3*time.Second)), nil)
	n := newcomer{JoinRequest: JoinRequest{CreatorToken: "key"}, deviceID: "next", maxDevices: 1000}
	_, changes, err := join(b.state, n, after(4*time.Second))
	if told := b.do(changes, err); !slices.Equal(told, []string{"device_joined", "device_removed"}) {
		t.Errorf("told %v", told)
	}
	if u := b.users["ann"]; u.index(dead) >= 0 || u.index("next") != maxUserDevices-1 || len(u.Devices) != maxUserDevices {
		t.Errorf("the devices are %+v", u.Devices)
	}
}

func TestPresence(t *testing.T) {
	b := studio(t)
	if c := disconnect(b.state, "d-bob", 7, after(2*time.Second)); c != nil {
		t.Error("another connection's end disconnects the device")
	}
	told := b.do(disconnect(b.state, "d-bob", 1, after(2*time.Second)), nil)
	if want := []string{"device_disconnected", "user_left"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if c := disconnect(b.state, "d-bob", 1, after(3*time.Second)); c != nil {
		t.Error("a device is disconnected twice")
	}
	if c := touch(b.state, "ann", after(9*time.Second)); c != nil {
		t.Error("a heartbeat is stored too soon")
	}
	if told := b.do(touch(b.state, "ann", after(10*time.Second)), nil); len(told) != 0 || b.users["ann"].LastSeen != after(10*time.Second) {
		t.Errorf("a heartbeat tells %v and is stored at %v", told, b.users["ann"].LastSeen)
	}
	if told := b.do(leave(b.state, "d-bob", 1, after(11*time.Second)), nil); !slices.Equal(told, []string{"device_removed"}) || b.users["bob"] != nil {
		t.Errorf("leaving tells %v", told)
	}
}

func TestLeadership(t *testing.T) {
	const grace = 10 * time.Second
	b := studio(t)
	b.join("cy", "", after(2*time.Second))
	_, err := requestLeadership(b.state, "cy", false, 10*time.Second, after(3*time.Second))
	b.want(err, wire.CodeLeaderConnected)

	gone := after(5 * time.Second)
	b.do(disconnect(b.state, "d-ann", 1, gone), nil)
	if due, ok := transferDue(b.state, grace); !ok || due != gone.add(grace) {
		t.Errorf("due %v, %v", due, ok)
	}
	if c := transfer(b.state, grace, gone.add(grace-1)); c != nil {
		t.Error("passed on too soon")
	}
	if told := b.do(transfer(b.state, grace, gone.add(grace)), nil); !slices.Equal(told, []string{"leadership_changed"}) {
		t.Errorf("told %v", told)
	}
	if b.meta.LeaderID != "bob" {
		t.Errorf("%s leads, not the longest joined", b.meta.LeaderID)
	}
	// Leaving hands over at once, to whoever is connected.
	b.do(leave(b.state, "d-bob", 1, gone.add(grace)), nil)
	if b.meta.LeaderID != "cy" || b.users["bob"] != nil {
		t.Errorf("%s leads", b.meta.LeaderID)
	}
	// With nobody there, nobody takes over.
	b.do(leave(b.state, "d-cy", 1, gone.add(grace)), nil)
	if _, ok := transferDue(b.state, grace); ok || b.meta.LeaderID != "cy" {
		t.Error("somebody takes over in an empty session")
	}
	_, changes, err := join(b.state, newcomer{JoinRequest: JoinRequest{ResumeToken: "d-ann.secret-ann"}, maxDevices: 1}, after(time.Minute))
	b.do(changes, err)
	b.do(requestLeadership(b.state, "ann", false, 10*time.Second, after(time.Minute)))
	if b.meta.LeaderID != "ann" {
		t.Errorf("%s leads after ann asked for it", b.meta.LeaderID)
	}
}

func TestJoinRequestsRefused(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, c := range []struct {
		q    JoinRequest
		code string
	}{
		{JoinRequest{}, wire.CodeBadSessionID},
		{JoinRequest{SessionID: "../etc"}, wire.CodeBadSessionID},
		{JoinRequest{SessionID: "a.b"}, wire.CodeBadSessionID},
		{JoinRequest{SessionID: strings.Repeat("a", 65)}, wire.CodeBadSessionID},
		{JoinRequest{SessionID: "s", UserID: "a b"}, wire.CodeBadUserID},
		{JoinRequest{SessionID: "s", UserID: "../x"}, wire.CodeBadUserID},
		{JoinRequest{SessionID: "s", UserID: "é"}, wire.CodeBadUserID},
		{JoinRequest{SessionID: "s", UserID: "<b>"}, wire.CodeBadUserID},
		{JoinRequest{SessionID: "s", UserID: strings.Repeat("a", 129)}, wire.CodeBadUserID},
		{JoinRequest{SessionID: "s", Username: long}, wire.CodeBadUsername},
		{JoinRequest{SessionID: "s", Username: "a\x00"}, wire.CodeBadUsername},
		{JoinRequest{SessionID: "s", Username: "\xff"}, wire.CodeBadUsername},
		{JoinRequest{SessionID: "s", Avatar: long}, wire.CodeBadAvatar},
		{JoinRequest{SessionID: "s", DeviceType: "toaster"}, wire.CodeBadDeviceType},
		{JoinRequest{SessionID: "s", ViewType: long}, wire.CodeBadViewType},
		{JoinRequest{SessionID: "s", UserAgent: long}, wire.CodeBadUserAgent},
		{JoinRequest{SessionID: "s", ResumeToken: long}, wire.CodeBadResumeToken},
	} {
		if got := codeOf(c.q.validate()); got != c.code {
			t.Errorf("%+.60v: got %q, want %q", c.q, got, c.code)
		}
	}
	fine := JoinRequest{SessionID: "Studio_1-a", UserID: "a.b:c@d", Username: "Zoë Ångström 👋", DeviceType: "mobile", ViewType: "front"}
	if err := fine.validate(); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"auth0|5f7c8ec7c33c6c004bbafe82", "kim+film@example.org", "https://id.example/users/7?x=1", "{1F2}"} {
		if err := (&JoinRequest{SessionID: "s", Admission: Admission{UserID: id}}).validate(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("ann", "a.b:c@d")
	f.Add("=", "../é\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		session, k, ids, err := parseKey(keyOf("studio", kindAck, a, b))
		if err != nil || session != "studio" || k != kindAck || !slices.Equal(ids, []string{a, b}) {
			t.Errorf("%q, %q came back as %q, %v", a, b, ids, err)
		}
	})
}
