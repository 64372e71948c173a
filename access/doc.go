// Package access decides who may do what. There are three modes.
//
//	open    anybody may do everything
//	link    one secret, the admin key, creates and lists sessions. Each session's
//	        three keys follow from it, HMAC-SHA256(admin key, session id): the one of
//	        its link for devices, for watchers, and for those who direct
//	token   everybody brings a JSON Web Token (RFC 7519) with exp, sub, session
//	        and role, signed by whoever runs the application around Downbeat
//
// A [Policy] is asked once for each call over HTTP and once for each join. What
// a member may do after that is the session's affair: its role is on its device.
package access

import (
	"github.com/downbeat-sync/downbeat/session"
)

// Mode says how a Policy decides.
type Mode string

// The modes of a Policy.
const (
	Open  Mode = "open"
	Link  Mode = "link"
	Token Mode = "token"
)

func refuse(code, message string) error { return &session.Error{Code: code, Message: message} }
