// Command embed is a program with Downbeat below a path of its own server: the console is at
// /beat/, everything else is the program's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/downbeat-sync/downbeat/server"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address of HTTP, and of WebRTC over UDP")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	l, err := net.Listen("tcp", *addr)
	if err == nil {
		err = serve(ctx, l)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "embed:", err)
		os.Exit(1)
	}
}

// serve serves on l until ctx ends.
func serve(ctx context.Context, l net.Listener) error {
	beat, err := server.New(ctx, server.Config{
		Log: slog.Default(), Prefix: "/beat", RTCAddr: l.Addr().String(), URLs: []string{"http://" + l.Addr().String() + "/beat"},
	})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/beat/", beat)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "This page is the program's own.") })
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	fmt.Printf("The console is at %s/#admin=%s\n", beat.URLs()[0], beat.AdminKey())

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { defer stop(); served <- web.Serve(l) }()
	err = beat.Run(ctx) // until ctx ends, or the program's own server does
	err = errors.Join(err, web.Close())
	if failed := <-served; !errors.Is(failed, http.ErrServerClosed) {
		err = errors.Join(err, failed)
	}
	return err
}
