package access_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
)

// With --access link each session has three keys, which follow from the admin key.
func ExamplePolicy() {
	p, err := access.New(access.Config{Mode: access.Link, AdminKey: "0123456789abcdef"})
	if err != nil {
		log.Fatal(err)
	}
	watch := p.Keys("studio").Watch
	admission, err := p.Join(access.Claim{SessionID: "studio", Key: watch})
	fmt.Println(admission.Role, err)

	_, err = p.Join(access.Claim{SessionID: "another", Key: watch})
	var refused *session.Error
	fmt.Println(errors.As(err, &refused), refused.Code)
	// Output:
	// watcher <nil>
	// true bad_key
}
