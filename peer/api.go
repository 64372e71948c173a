package peer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"math/big"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"
)

const (
	// retransmission of DTLS flights. pion's default of 1 s is what a lost
	// handshake packet costs; at 5 % loss this halves the joining time's p90.
	dtlsRetransmission = 100 * time.Millisecond

	maxControl      = 64 << 10  // bytes of one control message; a power of 2
	maxReceive      = 256 << 10 // bytes that SCTP holds of one device
	maxBufferedSend = 1 << 20   // bytes that wait on one control channel
)

// settings are those that both halves share.
func settings(net transport.Net, log *slog.Logger) webrtc.SettingEngine {
	var e webrtc.SettingEngine
	e.LoggerFactory = logFactory{log}
	if net != nil {
		e.SetNet(net)
	}
	e.DetachDataChannels()
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetIncludeLoopbackCandidate(true)
	e.SetDTLSRetransmissionInterval(dtlsRetransmission)
	e.EnableSctpSnap(true)
	e.SetSCTPMaxReceiveBufferSize(maxReceive)
	e.SetSCTPMaxMessageSize(maxControl)
	return e
}

// newAPI has neither codecs nor interceptors: without media they would only
// cost goroutines and memory for each device.
func newAPI(e webrtc.SettingEngine) *webrtc.API {
	return webrtc.NewAPI(
		webrtc.WithSettingEngine(e),
		webrtc.WithMediaEngine(&webrtc.MediaEngine{}),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{}),
	)
}

// newCertificate makes a self-signed one that outlives any process: pion's own
// lasts a month, after which no device could join a server that still runs.
func newCertificate() (webrtc.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("peer: making a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("peer: making a serial number: %w", err)
	}
	cert, err := webrtc.NewCertificate(key, x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "downbeat"},
		NotBefore:    time.Now().AddDate(0, 0, -1),
		NotAfter:     time.Now().AddDate(10, 0, 0),
	})
	if err != nil {
		return webrtc.Certificate{}, fmt.Errorf("peer: making a certificate: %w", err)
	}
	return *cert, nil
}
