package lan

import (
	"github.com/google/uuid"
	"howett.net/plist"
)

// profile is a configuration profile of Apple's: what iOS asks for to install a
// certificate. Its ids follow from the certificate, so that installing it
// again replaces it.
type profile struct {
	PayloadContent           []payload
	PayloadDisplayName       string
	PayloadDescription       string
	PayloadIdentifier        string
	PayloadOrganization      string
	PayloadRemovalDisallowed bool
	PayloadType              string
	PayloadUUID              string
	PayloadVersion           int
}

// payload is the certificate in a profile; PayloadContent is its DER.
type payload struct {
	PayloadCertificateFileName string
	PayloadContent             []byte
	PayloadDescription         string
	PayloadDisplayName         string
	PayloadIdentifier          string
	PayloadType                string
	PayloadUUID                string
	PayloadVersion             int
}

// Profile returns the certificate as a configuration profile for iOS.
func (a *Authority) Profile() ([]byte, error) {
	name := a.cert.Subject.CommonName
	id := func(part string) string {
		return uuid.NewSHA1(uuid.NameSpaceOID, append([]byte(part), a.cert.Raw...)).String()
	}
	return plist.MarshalIndent(profile{
		PayloadContent: []payload{{
			PayloadCertificateFileName: "downbeat-ca.crt", PayloadContent: a.cert.Raw,
			PayloadDescription: "The certificate authority of a Downbeat server. It is valid for local names and private networks only.",
			PayloadDisplayName: name, PayloadIdentifier: "downbeat.ca." + id("root"), PayloadType: "com.apple.security.root",
			PayloadUUID: id("root"), PayloadVersion: 1,
		}},
		PayloadDisplayName: name, PayloadIdentifier: "downbeat." + id("profile"), PayloadOrganization: "Downbeat",
		PayloadDescription: "Lets this device open a Downbeat server in its own network. Remove it when you don't use that any more.",
		PayloadType:        "Configuration", PayloadUUID: id("profile"), PayloadVersion: 1,
	}, plist.XMLFormat, "  ")
}
