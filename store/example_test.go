package store_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/downbeat-sync/downbeat/store"
)

// Of two writers that have read the same revision the second one learns that it is too late.
func Example() {
	ctx, s := context.Background(), store.NewMemory()
	read, err := s.Put(ctx, "s.studio.leader", []byte("ann"), 0)
	if err != nil {
		log.Fatal(err)
	}
	_, first := s.Put(ctx, "s.studio.leader", []byte("ben"), read)
	_, second := s.Put(ctx, "s.studio.leader", []byte("eve"), read)
	now, err := s.Get(ctx, "s.studio.leader")
	fmt.Println(first, errors.Is(second, store.ErrConflict), string(now.Value), err)
	// Output: <nil> true ben <nil>
}
