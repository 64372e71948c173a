package ntpserver_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/netip"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/ntpserver"
)

// Session time for whoever speaks NTP.
func Example() {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	server := ntpserver.New(ntpserver.Config{
		Conn: conn, Source: clock.NewSource(time.Now), Now: time.Now,
		Quality: func() ntpserver.Quality {
			return ntpserver.Quality{Stratum: 2, Reference: [4]byte{127, 0, 0, 1}, Dispersion: 5 * time.Millisecond}
		},
		Allow: func(netip.Addr) bool { return true }, // a limit for each address belongs here
	})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go server.Run(ctx)

	answer, err := ntp.Query(conn.LocalAddr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Stratum, answer.RootDispersion.Round(time.Millisecond), answer.Validate())
	// Output: 2 5ms <nil>
}
