// Package lan encrypts a server in a network that no public certificate
// authority knows: an authority of its own, whose certificate phones install
// once, a page that leads them through that, and the name downbeat.local.
//
//	ca, err := lan.OpenAuthority("data/tls", names)
//	certs, err := lan.NewCertificates(lan.CertificatesConfig{Authority: ca, Names: func() lan.Names { … }})
//	go certs.Run(ctx)
//	l = tls.NewListener(l, certs.TLS())
//
// A browser gives camera, microphone and fine timers only to pages that came
// encrypted. The authority is constrained by name: what it signs is valid for
// local names and for addresses of private networks alone, so that a phone that
// trusts it doesn't trust its key's finder with any place on the Internet.
package lan
