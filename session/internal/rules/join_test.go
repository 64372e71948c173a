package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestJoinTransitions(t *testing.T) {
	for name, c := range map[string]struct {
		n    Newcomer
		code string
		told []string
		user string
	}{
		"a stranger": {
			n:    Newcomer{JoinRequest: JoinRequest{UserID: "cy", DeviceType: "native"}},
			told: []string{"user_joined", "device_joined"}, user: "cy",
		},
		"a stranger without an id":       {n: Newcomer{NewUserID: "u9"}, told: []string{"user_joined", "device_joined"}, user: "u9"},
		"a taken id":                     {n: Newcomer{JoinRequest: JoinRequest{UserID: "bob"}}, code: wire.CodeUserIDTaken},
		"the id of one who isn't there":  {n: Newcomer{JoinRequest: JoinRequest{UserID: "dan"}}, code: wire.CodeUserIDTaken},
		"back after a disconnection":     {n: Newcomer{JoinRequest: JoinRequest{ResumeToken: "d-dan.secret-dan"}}, told: []string{"user_joined", "device_joined"}, user: "dan"},
		"back on another connection":     {n: Newcomer{JoinRequest: JoinRequest{ResumeToken: "d-bob.secret-bob"}}, told: []string{}, user: "bob"},
		"a wrong secret":                 {n: Newcomer{JoinRequest: JoinRequest{ResumeToken: "d-bob.secret-ann"}}, code: wire.CodeBadResumeToken},
		"another's token":                {n: Newcomer{JoinRequest: JoinRequest{ResumeToken: "d-bob.secret-bob", UserID: "ann"}}, code: wire.CodeBadResumeToken},
		"a token of a device long gone":  {n: Newcomer{JoinRequest: JoinRequest{ResumeToken: "d-x.secret", UserID: "cy"}}, told: []string{"user_joined", "device_joined"}, user: "cy"},
		"a token that isn't one":         {n: Newcomer{JoinRequest: JoinRequest{ResumeToken: "nonsense", UserID: "bob"}}, code: wire.CodeUserIDTaken},
		"a token that isn't the creator": {n: Newcomer{JoinRequest: JoinRequest{CreatorToken: "wrong"}}, code: wire.CodeBadToken},
		"no place left":                  {n: Newcomer{NewUserID: "u9", MaxDevices: 2}, code: wire.CodeSessionFull},
		"no place left, but back":        {n: Newcomer{JoinRequest: JoinRequest{ResumeToken: "d-dan.secret-dan"}, MaxDevices: 2}, told: []string{"user_joined", "device_joined"}, user: "dan"},
	} {
		t.Run(name, func(t *testing.T) {
			b := studio(t)
			b.join("dan", "", after(2*time.Second))
			b.do(Disconnect(b.State, "d-dan", 1, after(3*time.Second)), nil)
			c.n.NewDeviceID, c.n.NewSecret = "d-new", "s"
			if c.n.MaxDevices == 0 {
				c.n.MaxDevices = 10
			}
			at, changes, err := Join(b.State, c.n, after(4*time.Second))
			if c.code != "" {
				b.want(err, c.code)
				return
			}
			if told := b.do(changes, err); !slices.Equal(told, c.told) {
				t.Errorf("told %v, want %v", told, c.told)
			}
			u, d := b.Device(at.DeviceID)
			if at.UserID != c.user || u == nil || u.ID != c.user || !d.Connected || d.Conn != at.Conn {
				t.Errorf("seat %+v, user %+v", at, u)
			}
			if c.n.ResumeToken != "" && strings.HasPrefix(c.n.ResumeToken, "d-") && at.DeviceID != "d-new" && at.Token != c.n.ResumeToken {
				t.Errorf("the token has become %s", at.Token)
			}
			if b.Meta.LeaderID != "ann" {
				t.Errorf("%s leads", b.Meta.LeaderID)
			}
		})
	}
}

func TestCreatorsToken(t *testing.T) {
	b := newBench(t)
	b.do([]Change{b.Put(false, &Meta{CreatorID: "ann", LeaderID: "ann", TokenHash: Hash("key"), CreatedAt: t0}, KindMeta)}, nil)
	b.join("bob", "mobile", t0)
	b.do(RequestLeadership(b.State, "bob", true, 0, t0))
	for i, id := range []string{"d1", "d2"} {
		n := Newcomer{JoinRequest: JoinRequest{CreatorToken: "key", UserID: "ignored"}, NewDeviceID: id, MaxDevices: 10}
		at, changes, err := Join(b.State, n, after(time.Second))
		told := b.do(changes, err)
		want := [][]string{{"leadership_changed", "user_joined", "device_joined"}, {"device_joined"}}[i]
		if at.UserID != "ann" || !slices.Equal(told, want) {
			t.Errorf("joined as %s, told %v", at.UserID, told)
		}
	}
	if b.Meta.LeaderID != "ann" || len(b.Users["ann"].Devices) != 2 {
		t.Errorf("leader %s, creator %+v", b.Meta.LeaderID, b.Users["ann"])
	}
	for i := 3; ; i++ {
		n := Newcomer{JoinRequest: JoinRequest{CreatorToken: "key"}, NewDeviceID: "d" + strings.Repeat("x", i), MaxDevices: 1000}
		_, changes, err := Join(b.State, n, after(time.Second))
		if err != nil {
			b.want(err, wire.CodeTooManyDevices)
			break
		}
		b.do(changes, nil)
	}
	// One that is away makes room for the next.
	dead := b.Users["ann"].Devices[7].ID
	b.do(Disconnect(b.State, b.Users["ann"].Devices[7].ID, 1, after(2*time.Second)), nil)
	b.do(Disconnect(b.State, b.Users["ann"].Devices[3].ID, 1, after(3*time.Second)), nil)
	n := Newcomer{JoinRequest: JoinRequest{CreatorToken: "key"}, NewDeviceID: "next", MaxDevices: 1000}
	_, changes, err := Join(b.State, n, after(4*time.Second))
	if told := b.do(changes, err); !slices.Equal(told, []string{"device_joined", "device_removed"}) {
		t.Errorf("told %v", told)
	}
	if u := b.Users["ann"]; u.index(dead) >= 0 || u.index("next") != maxUserDevices-1 || len(u.Devices) != maxUserDevices {
		t.Errorf("the devices are %+v", u.Devices)
	}
}

func TestPresence(t *testing.T) {
	b := studio(t)
	if c := Disconnect(b.State, "d-bob", 7, after(2*time.Second)); c != nil {
		t.Error("another connection's end disconnects the device")
	}
	told := b.do(Disconnect(b.State, "d-bob", 1, after(2*time.Second)), nil)
	if want := []string{"device_disconnected", "user_left"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if c := Disconnect(b.State, "d-bob", 1, after(3*time.Second)); c != nil {
		t.Error("a device is disconnected twice")
	}
	if b.Seen("ann", after(9*time.Second)) || !b.Seen("ann", after(10*time.Second)) || b.lastSeen(b.Users["ann"]) != after(10*time.Second) {
		t.Errorf("a heartbeat is taken at %v", b.lastSeen(b.Users["ann"]))
	}
	if c := Touch(b.State, time.Hour, after(59*time.Minute)); c != nil {
		t.Error("a heartbeat is stored too soon")
	}
	if told := b.do(Touch(b.State, time.Hour, after(time.Hour)), nil); len(told) != 0 || b.LastActivity() != after(time.Hour) {
		t.Errorf("a heartbeat tells %v and is stored at %v", told, b.LastActivity())
	}
	if told := b.do(Leave(b.State, "d-bob", 1, after(11*time.Second)), nil); !slices.Equal(told, []string{"device_removed"}) || b.Users["bob"] != nil {
		t.Errorf("leaving tells %v", told)
	}
}

func TestLeadership(t *testing.T) {
	const grace = 10 * time.Second
	b := studio(t)
	b.join("cy", "", after(2*time.Second))
	_, err := RequestLeadership(b.State, "cy", false, 10*time.Second, after(3*time.Second))
	b.want(err, wire.CodeLeaderConnected)

	gone := after(5 * time.Second)
	b.do(Disconnect(b.State, "d-ann", 1, gone), nil)
	if due, ok := transferDue(b.State, grace); !ok || due != gone.Add(grace) {
		t.Errorf("due %v, %v", due, ok)
	}
	if c := transfer(b.State, grace, gone.Add(grace-1)); c != nil {
		t.Error("passed on too soon")
	}
	if told := b.do(transfer(b.State, grace, gone.Add(grace)), nil); !slices.Equal(told, []string{"leadership_changed"}) {
		t.Errorf("told %v", told)
	}
	if b.Meta.LeaderID != "bob" {
		t.Errorf("%s leads, not the longest joined", b.Meta.LeaderID)
	}
	// Leaving hands over at once, to whoever is connected.
	b.do(Leave(b.State, "d-bob", 1, gone.Add(grace)), nil)
	if b.Meta.LeaderID != "cy" || b.Users["bob"] != nil {
		t.Errorf("%s leads", b.Meta.LeaderID)
	}
	// With nobody there, nobody takes over.
	b.do(Leave(b.State, "d-cy", 1, gone.Add(grace)), nil)
	if _, ok := transferDue(b.State, grace); ok || b.Meta.LeaderID != "cy" {
		t.Error("somebody takes over in an empty session")
	}
	_, changes, err := Join(b.State, Newcomer{JoinRequest: JoinRequest{ResumeToken: "d-ann.secret-ann"}, MaxDevices: 1}, after(time.Minute))
	b.do(changes, err)
	b.do(RequestLeadership(b.State, "ann", false, 10*time.Second, after(time.Minute)))
	if b.Meta.LeaderID != "ann" {
		t.Errorf("%s leads after ann asked for it", b.Meta.LeaderID)
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
		if got := codeOf(c.q.Validate()); got != c.code {
			t.Errorf("%+.60v: got %q, want %q", c.q, got, c.code)
		}
	}
	fine := JoinRequest{SessionID: "Studio_1-a", UserID: "a.b:c@d", Username: "Zoë Ångström 👋", DeviceType: "mobile", ViewType: "front"}
	if err := fine.Validate(); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"auth0|5f7c8ec7c33c6c004bbafe82", "kim+film@example.org", "https://id.example/users/7?x=1", "{1F2}"} {
		if err := (&JoinRequest{SessionID: "s", Admission: Admission{UserID: id}}).Validate(); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("ann", "a.b:c@d")
	f.Add("=", "../é\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		session, k, ids, err := ParseKey(KeyOf("studio", KindReport, a, b))
		if err != nil || session != "studio" || k != KindReport || !slices.Equal(ids, []string{a, b}) {
			t.Errorf("%q, %q came back as %q, %v", a, b, ids, err)
		}
	})
}
