package nats_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/store/nats"
)

// A store in a directory, with a NATS server inside this process.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	s, err := nats.Open(ctx, nats.Config{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()

	revision, err := s.Put(ctx, "studio.meta", []byte("v1"), 0)
	if err != nil {
		log.Fatal(err)
	}
	_, err = s.Put(ctx, "studio.meta", []byte("v2"), 0) // whoever doesn't know v1
	fmt.Println(errors.Is(err, store.ErrConflict))
	_, err = s.Put(ctx, "studio.meta", []byte("v2"), revision)
	fmt.Println(err)

	stop()
	fmt.Println(errors.Join(<-ran, s.Close()))
	// Output:
	// true
	// <nil>
	// <nil>
}
