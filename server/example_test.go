package server_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/downbeat-sync/downbeat/server"
)

// A server below /beat of another program's mux, with sessions in memory.
func ExampleNew() {
	ctx, stop := context.WithCancel(context.Background())
	beat, err := server.New(ctx, server.Config{Log: slog.New(slog.DiscardHandler), Prefix: "/beat", RTCAddr: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- beat.Run(ctx) }()
	mux := http.NewServeMux()
	mux.Handle("/beat/", beat)

	code := http.StatusServiceUnavailable
	for code == http.StatusServiceUnavailable { // until it runs
		time.Sleep(time.Millisecond)
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest("GET", "http://127.0.0.1/beat/downbeat.js", nil))
		code = answer.Code
	}
	fmt.Println(code)
	stop()
	fmt.Println(<-ended)

	var wrong *server.ConfigError
	_, err = server.New(context.Background(), server.Config{Log: slog.Default(), Prefix: "beat"})
	fmt.Println(errors.As(err, &wrong))
	// Output:
	// 200
	// <nil>
	// true
}
