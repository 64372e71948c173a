package utc_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/utc"
)

// Session time that follows the majority of three servers, and says how far UTC can lie from it.
func Example() {
	source := clock.NewSource(time.Now)
	d, err := utc.New(utc.Config{
		Servers: []string{"ntp1.example", "ntp2.example", "ntp3.example"}, Source: source, Now: time.Now,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	go d.Run(ctx)
	select {
	case <-d.Synced():
		fmt.Println(source.Now(), "±", d.Status().RootDistance)
	case <-ctx.Done():
		fmt.Println("on its own:", d.Status().Why)
	}
}
