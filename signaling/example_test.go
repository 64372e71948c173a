package signaling_test

import (
	"context"
	"fmt"
	"log"

	"github.com/downbeat-sync/downbeat/internal/testserver"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// The client half without package device: messages alone, no clock.
func ExampleClient() {
	s, err := testserver.Start() // in the place of `downbeat serve`
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	ctx, stop := context.WithCancel(context.Background())
	heard := make(chan signaling.Message, 64)
	c, err := signaling.Dial(ctx, signaling.ClientConfig{URL: s.URL, OnMessage: func(m signaling.Message) { heard <- m }})
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()

	seat, err := c.Join(ctx, signaling.JoinRequest{SessionID: "studio", Username: "Ann"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("leads:", seat.IsLeader)
	if _, err := c.Call(ctx, wire.Schedule, map[string]any{"name": "flash"}); err != nil {
		log.Fatal(err)
	}
	for m := range heard {
		if m.Event != wire.Command {
			continue
		}
		var command struct{ Name string }
		if err := m.Decode(&command); err != nil {
			log.Fatal(err)
		}
		fmt.Println("to do:", command.Name)
		break
	}
	stop()
	fmt.Println(<-ended)
	// Output:
	// leads: true
	// to do: flash
	// context canceled
}
