package container_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/downbeat-sync/downbeat/container"
)

// What is no recording, or is whole already, stays as it is.
func ExampleRewrite() {
	notes := "bring the tripod"
	err := container.Rewrite(io.Discard, strings.NewReader(notes), int64(len(notes)), container.Info{Title: "plank"})
	fmt.Println(errors.Is(err, container.ErrAsItIs))
	// Output: true
}
