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

import "github.com/downbeat-sync/downbeat/session"

// Mode says how a Policy decides.
type Mode string

// The modes of a Policy.
const (
	Open  Mode = "open"
	Link  Mode = "link"
	Token Mode = "token"
)

// Codes of refusals.
const (
	CodeKeyNeeded      = "key_needed"      // no key came along
	CodeBadKey         = "bad_key"         // the key is none of this session's
	CodeTokenNeeded    = "token_needed"    // no token came along
	CodeTokenMalformed = "token_malformed" // not a JSON Web Token, or too long
	CodeTokenAlgorithm = "token_algorithm" // signed in another way than is agreed on, or not at all
	CodeTokenSignature = "token_signature" // signed by somebody else
	CodeTokenExpired   = "token_expired"   // exp has passed
	CodeTokenNotYet    = "token_not_yet"   // nbf or iat lies ahead
	CodeTokenClaims    = "token_claims"    // exp, sub, session or role is missing or malformed
	CodeTokenCritical  = "token_critical"  // an extension (crit) that this server doesn't know
	CodeTokenIssuer    = "token_issuer"    // iss is none of those that are taken
	CodeTokenAudience  = "token_audience"  // aud is none of those that are taken
	CodeTokenSession   = "token_session"   // of another session
	CodeTokenUser      = "token_user"      // userId isn't the token's sub
	CodeBadLink        = "bad_link"        // a signed link that isn't as it was made
	CodeLinkExpired    = "link_expired"    // a signed link that is older than an hour
	CodeNotAllowed     = "not_allowed"     // the role doesn't allow that
)

func refuse(code, message string) error { return &session.Error{Code: code, Message: message} }
