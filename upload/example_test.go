package upload_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"

	"github.com/downbeat-sync/downbeat/upload"
)

// plank knows the recordings of one take.
type plank struct{}

func (plank) Begin(context.Context, upload.File) (upload.Place, error) {
	return upload.Place{Session: "studio", Take: "plank"}, nil
}

func (plank) Done(_ context.Context, f upload.Finished) error {
	fmt.Println(f.Size, "bytes in", f.Path)
	return nil
}

func (plank) GivenUp(context.Context, string) error { return nil }

// A client sends a file to a server, which keeps it where its recording belongs.
func Example() {
	dir, err := os.MkdirTemp("", "downbeat")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	uploads, err := upload.New(upload.Config{Dir: dir, Recordings: plank{}, Reserve: -1})
	if err != nil {
		log.Fatal(err)
	}
	defer uploads.Close()
	server := httptest.NewServer(uploads)
	defer server.Close()

	film := []byte("pictures and sounds")
	client := upload.Client{URL: server.URL, HTTP: server.Client()}
	file := upload.File{RecordingID: "front", Name: "front.webm", Type: "video/webm", Size: int64(len(film))}
	if err := client.Send(context.Background(), file, bytes.NewReader(film)); err != nil {
		log.Fatal(err)
	}
	// Output: 19 bytes in recordings/studio/plank/front-front.webm
}
