package objects

import (
	"errors"
	"net/url"
	"strings"
)

// Location says where a bucket is.
type Location struct {
	Bucket    string
	Prefix    string // before the names of all objects, with a slash at its end; empty: none
	Endpoint  string // URL of the server; empty: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's
	Region    string // empty: AWS_REGION, else us-east-1
	PathStyle bool   // the bucket is the first part of the path, not of the host's name
}

var errLocation = errors.New("it is a URL such as s3://bucket/prefix?endpoint=https://s3.example&region=eu-central-1; credentials come from the AWS_… variables")

// Parse reads a URL s3://BUCKET[/PREFIX] with the parameters endpoint, region and path-style
// (true or false; true where there is an endpoint).
func Parse(s string) (Location, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil || u.Fragment != "" || u.Port() != "" {
		return Location{}, errLocation // it may have a secret: it isn't repeated
	}
	at := Location{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	if at.Prefix != "" {
		at.Prefix += "/"
	}
	parameters, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Location{}, errLocation
	}
	for name, values := range parameters {
		value := values[len(values)-1]
		switch name {
		case "endpoint":
			at.Endpoint = value
		case "region":
			at.Region = value
		case "path-style":
			if value != "true" && value != "false" {
				return Location{}, errors.New("path-style is true or false")
			}
		default:
			return Location{}, errors.New("there are the parameters endpoint, region and path-style, and no " + name)
		}
	}
	if at.Endpoint != "" && !isEndpoint(at.Endpoint) {
		return Location{}, errors.New("endpoint is a URL such as https://s3.example")
	}
	at.PathStyle = parameters.Get("path-style") == "true" || at.Endpoint != "" && parameters.Get("path-style") == ""
	return at, nil
}

func isEndpoint(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}
