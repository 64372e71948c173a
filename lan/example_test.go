package lan_test

import (
	"fmt"
	"log"
	"os"

	"github.com/downbeat-sync/downbeat/lan"
)

// The authority is made once, and is the same from then on: devices install its certificate.
func ExampleOpenAuthority() {
	dir, err := os.MkdirTemp("", "downbeat")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	made, err := lan.OpenAuthority(dir, lan.LocalNames("studio.local"))
	if err != nil {
		log.Fatal(err)
	}
	kept, err := lan.ReadAuthority(dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kept.Fingerprint() == made.Fingerprint(), kept.ServersAlone())
	// Output: true true
}
