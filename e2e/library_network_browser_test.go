package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// throughRelay makes a page's WebRTC go to the relay's port instead of the server's.
func (u user) throughRelay(r *relay) {
	u.t.Helper()
	u.do(fmt.Sprintf(`(() => {
		const real = RTCPeerConnection.prototype.setRemoteDescription
		RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
			const lines = sdp.split('\r\n').filter(line => !/^a=candidate:.* tcp /i.test(line))
			const moved = lines.map(line => line.replace(/^(a=candidate:\S+ \d+ udp \d+ \S+) \d+/i, '$1 %d'))
			return real.call(this, { type, sdp: moved.join('\r\n') })
		}
	})()`, r.port()))
}

// relayed is a room behind a relay, and a page in it that has joined.
func relayed(t *testing.T, loss float64) (*room, *relay, user) {
	t.Helper()
	room := newRoom(t, nil)
	r := newRelay(t, room.rig.URL, room.rig.Server.RTCAddr())
	r.setLoss(loss)
	room.url = r.url
	u := room.open()
	room.browser.startTrace(t, u.ctx)
	u.throughRelay(r)
	u.join(nil)
	return room, r, u
}

// TestBrowserOnALossyPath: every fifth packet of WebRTC is lost, each way.
func TestBrowserOnALossyPath(t *testing.T) {
	room, _, u := relayed(t, 0.2)
	u.do(`until(() => s.path === 'udp', 19000)`)
	u.do(`until(() => s.bound < 1)`)
	u.do(`(async () => {
		const acted = new Promise(done => s.onCommand('flash', (command, act) => done(act.lateness)))
		await s.schedule('flash')
		if (Math.abs(await acted) > 1000) throw new Error('acted too late')
	})()`)
	t.Logf("clock off by %v at most, bound %.2f ms", room.honest(u)[0], ask[float64](u, `s.bound`))
}

// TestBrowserNetworkAway: the network goes away without a word and comes back as another
// one. Meanwhile session time goes on, by an honest bound; then the device is there again, as itself.
func TestBrowserNetworkAway(t *testing.T) {
	room, r, u := relayed(t, 0)
	u.do(`until(() => s.path === 'udp')`)
	device := ask[string](u, `s.deviceId`)
	u.offline(true)
	r.take()
	pause(t.Context(), 2*time.Second) // what is still being slewed counts in the bound
	before := ask[float64](u, `s.bound`)
	pause(t.Context(), 2*time.Second)
	if after := ask[float64](u, `s.bound`); after <= before {
		t.Errorf("offline the bound went from %v to %v", before, after)
	}
	r.giveBack()
	u.offline(false)
	u.do(`until(() => heard.some(([name]) => name === 'reconnecting'))`)
	u.do(`until(() => s.state === 'synced' && s.path === 'udp')`)
	if again := ask[string](u, `s.deviceId`); again != device {
		t.Errorf("came back as %s, not as %s", again, device)
	}
	room.honest(u)
}

// offline tells the page that there is no network, or is again.
func (u user) offline(is bool) {
	u.t.Helper()
	_, err := chromedp.Run(u.ctx, call(network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1}))
	check(u.t, err)
}

// TestBrowserOverTCP: UDP is blocked, so that WebRTC goes over TCP.
func TestBrowserOverTCP(t *testing.T) {
	room := newRoom(t, nil)
	u := room.open()
	u.do(`(() => {
		const real = RTCPeerConnection.prototype.setRemoteDescription
		RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
			const lines = sdp.split('\r\n').filter(line => !/^a=candidate:.* udp /i.test(line))
			return real.call(this, { type, sdp: lines.join('\r\n') })
		}
	})()`)
	u.join(nil)
	u.do(`until(() => s.path === 'tcp', 19000)`)
	u.do(`until(() => s.state === 'synced')`)
}
