package objects_test

import (
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/objects"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]objects.Location{
		"s3://beat":     {Bucket: "beat"},
		"s3://beat/":    {Bucket: "beat"},
		"s3://beat/a/b": {Bucket: "beat", Prefix: "a/b/"},
		"s3://beat?endpoint=http://127.0.0.1:7070":                          {Bucket: "beat", Endpoint: "http://127.0.0.1:7070", PathStyle: true},
		"s3://beat/a?endpoint=https://s3.example&region=x&path-style=false": {Bucket: "beat", Prefix: "a/", Endpoint: "https://s3.example", Region: "x"},
		"s3://beat?path-style=true":                                         {Bucket: "beat", PathStyle: true},
	} {
		if got, err := objects.Parse(s); err != nil || got != want {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "beat", "/srv/files", "http://beat", "s3://", "s3://key:hidden@beat", "s3://beat:80", "s3://beat#a", "s3://beat?endpont=x",
		"s3://beat?endpoint=s3.example", "s3://beat?endpoint=http://key:hidden@s3.example", "s3://beat?path-style=1", "s3://beat?a;b",
	} {
		if got, err := objects.Parse(s); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %+v, %v", s, got, err)
		}
	}
}
