package session_test

import (
	"context"
	"fmt"
	"log"

	"github.com/downbeat-sync/downbeat/session"
)

func Example() {
	svc, err := session.New(session.Config{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- svc.Run(ctx) }()

	told := make(chan session.Event, 16)
	member, joined, err := svc.Join(ctx, session.JoinRequest{SessionID: "studio", UserID: "ann"}, func(e session.Event) { told <- e })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("leads:", joined.SessionJoined.IsLeader)
	if _, err := member.Schedule(ctx, session.ScheduleRequest{Name: "flash"}); err != nil {
		log.Fatal(err)
	}
	e := <-told
	fmt.Println(e.Name, e.Data.(session.Command).Name)

	stop()
	<-done
	// Output:
	// leads: true
	// command flash
}
