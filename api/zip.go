package api

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/session"
)

// entry is a file of a ZIP: a document that is made, or a recording.
type entry struct {
	name string
	size int64
	body []byte             // of a document
	rec  *session.Recording // whose file it is otherwise
}

// getZip sends all that there is of a take as one ZIP, without a copy of it on the disk.
// What isn't there yet is named in a text in it.
func (s *Server) getZip(w http.ResponseWriter, r *http.Request) {
	take, err := s.take(r)
	var entries []entry
	if err == nil {
		entries, err = s.zipOf(r.Context(), take)
	}
	if err != nil {
		writeError(w, 0, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Length", strconv.FormatInt(zipSize(entries), 10))
	h.Set("Accept-Ranges", "none")
	h.Set("Cache-Control", "no-store")
	asAttachment(h, s.zipName(take))
	if r.Method == http.MethodHead {
		return
	}
	if err := s.writeZip(r.Context(), httplimit.Stream(w, pieceTime), entries); err != nil {
		s.log.Warn("zip_broken_off", "take", r.PathValue("take"), "err", err)
		panic(http.ErrAbortHandler) // so that nobody takes what was sent for the whole
	}
}

// zipName is what the ZIP is called: as the take's other documents are.
func (s *Server) zipName(take []session.Recording) string {
	doc, err := s.cfg.Exports.Manifest(take)
	if err != nil {
		return "take.zip"
	}
	return strings.TrimSuffix(doc.Name, path.Ext(doc.Name)) + ".zip"
}

// zipOf lists what there is of a take: the files that are reached, and what is made of it.
func (s *Server) zipOf(ctx context.Context, take []session.Recording) (entries []entry, err error) {
	var missing []string
	taken := map[string]bool{}
	for i := range take {
		rec := &take[i]
		f, err := s.openFile(ctx, *rec)
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s, part %d (%s): %s", deviceWords(rec), rec.Part, rec.RecordingID, lacking(rec, err)))
			continue
		}
		_ = f.Close() // it is opened again when its turn comes
		entries = append(entries, entry{name: freeName(taken, s.fileName(*rec)), size: *rec.FileSizeBytes, rec: rec})
	}
	docs, err := s.zipDocuments(take, missing)
	return append(docs, entries...), err
}

// zipDocuments makes the manifest, the exports where something can be placed, and a text for people.
func (s *Server) zipDocuments(take []session.Recording, missing []string) (docs []entry, err error) {
	add := func(name string, make func([]session.Recording) (Document, error)) {
		doc, failed := make(take)
		if failed != nil {
			err = failed
			return
		}
		docs = append(docs, entry{name: name, size: int64(len(doc.Body)), body: doc.Body})
	}
	add("manifest.json", s.cfg.Exports.Manifest)
	if slices.ContainsFunc(take, placed) {
		add("timeline.otio", s.cfg.Exports.Timeline)
		add("make-film.sh", s.cfg.Exports.Script)
	}
	readme := []byte(readmeOf(take[0], missing))
	return append([]entry{{name: "README.txt", size: int64(len(readme)), body: readme}}, docs...), err
}

func readmeOf(take session.Recording, missing []string) string {
	var b strings.Builder
	title := "A take"
	if take.PostureLabel != "" {
		title = "The take “" + take.PostureLabel + "”"
	}
	fmt.Fprintf(&b, "%s, begun at %s (UTC).\n\n", title, time.Unix(0, int64(take.TakeTimestamp)).UTC().Format("2006-01-02 15:04:05"))
	b.WriteString("Each video or sound file is one device's recording.\n" +
		"manifest.json  when each of them began and ended, to the microsecond, and how sure that is\n" +
		"timeline.otio  for editors that read OpenTimelineIO: every recording in its place\n" +
		"make-film.sh   makes one film of all, side by side in sync: run it with sh; it needs ffmpeg\n")
	if len(missing) > 0 {
		b.WriteString("\nNot in here:\n  " + strings.Join(missing, "\n  ") + "\n")
	}
	return b.String()
}

func deviceWords(rec *session.Recording) string {
	words := strings.Join(slices.DeleteFunc([]string{rec.ViewType, rec.Username}, func(s string) bool { return s == "" }), ", ")
	if words == "" {
		return "device " + rec.DeviceID
	}
	return words
}

// lacking says why a recording isn't in the ZIP.
func lacking(rec *session.Recording, err error) string {
	switch {
	case rec.UploadStatus == "failed":
		return "nothing was recorded"
	case err == notUploaded:
		return "it isn't uploaded yet (" + rec.UploadStatus + "); fetch this ZIP again later"
	}
	var e *session.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// freeName keeps two files from having one name.
func freeName(taken map[string]bool, name string) string {
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = strings.TrimSuffix(name, path.Ext(name)) + "-" + strconv.Itoa(n) + path.Ext(name)
	}
	taken[strings.ToLower(free)] = true
	return free
}

// writeZip writes the entries as they are, without compressing what is compressed already.
func (s *Server) writeZip(ctx context.Context, w io.Writer, entries []entry) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		to, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Store})
		if err != nil {
			return err
		}
		if err := s.writeEntry(ctx, to, e); err != nil {
			return err
		}
	}
	return z.Close()
}

func (s *Server) writeEntry(ctx context.Context, w io.Writer, e entry) error {
	if e.rec == nil {
		_, err := w.Write(e.body)
		return err
	}
	f, err := s.openFile(ctx, *e.rec)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return copyAll(w, f, e.size)
}

// copyAll copies a file that must be as long as it was said to be.
func copyAll(w io.Writer, f io.Reader, size int64) error {
	n, err := io.Copy(w, io.LimitReader(f, size))
	if err == nil && n != size {
		err = fmt.Errorf("a file of %d bytes has %d", size, n)
	}
	return err
}

// Sizes of what a ZIP has besides its files (APPNOTE.TXT 4.3), in bytes.
const (
	localHeader, centralHeader, zipEnd      = 30, 46, 22
	descriptor, descriptor64                = 16, 24
	centralExtra64, zipEnd64, zipEndLocator = 28, 56, 20
	max32, max16                            = 1<<32 - 1, 1<<16 - 1
)

// zipSize is how long the ZIP of some entries is, as writeZip writes it: what has 4 GiB, or lies
// behind so many, is told in numbers of 64 bits.
func zipSize(entries []entry) int64 {
	var at, directory int64
	for _, e := range entries {
		directory += centralHeader + int64(len(e.name))
		if e.size >= max32 || at >= max32 {
			directory += centralExtra64
		}
		at += localHeader + int64(len(e.name)) + e.size + descriptor
		if e.size >= max32 {
			at += descriptor64 - descriptor
		}
	}
	if len(entries) >= max16 || directory >= max32 || at >= max32 {
		directory += zipEnd64 + zipEndLocator
	}
	return at + directory + zipEnd
}
