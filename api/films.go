package api

import (
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Films are media on the server's disk. Its methods are safe for concurrent use.
type Films interface {
	// List returns what there is, by name.
	List() ([]Film, error)
	// Open opens what has that name; it must be one that List could return, or subtitles
	// of one. Anything else doesn't exist.
	Open(name string) (f *os.File, mediaType string, err error)
}

// Film is a medium on the server's disk.
type Film struct {
	Name      string // its path below the directory, with slashes
	Title     string // for people
	Type      string // media type
	Size      int64  // bytes
	Subtitles []FilmSubtitle
}

// FilmSubtitle is a file of subtitles that lies beside a film.
type FilmSubtitle struct{ Name, Language string }

// listedFilm is a film as the leader gets it, ready for load_media.
type listedFilm struct {
	Name      string             `json:"name"`
	Title     string             `json:"title"`
	URL       string             `json:"url"`
	Type      string             `json:"type"`
	Size      int64              `json:"size"`
	Subtitles []session.Subtitle `json:"subtitles"`
}

// filmsAt is the path that films are below.
const filmsAt = "/media/"

var noFilm = &session.Error{Code: wire.CodeUnknownMedia, Message: "there is no such medium on this server"}

// getFilms lists the films for whoever leads a session.
func (s *Server) getFilms(w http.ResponseWriter, r *http.Request) {
	if err := s.cfg.Sessions.Exists(r.Context(), r.PathValue("id")); err != nil {
		writeError(w, 0, err)
		return
	}
	films := []Film{}
	if s.cfg.Films != nil {
		list, err := s.cfg.Films.List()
		if err != nil {
			s.log.Error("films_unlisted", "err", err)
			writeError(w, http.StatusInternalServerError, err)
			return
		}
		films = list
	}
	listed := make([]listedFilm, 0, len(films))
	for _, f := range films {
		listed = append(listed, s.listed(r, f))
	}
	writeJSON(w, http.StatusOK, struct {
		Success bool         `json:"success"`
		Media   []listedFilm `json:"media"`
	}{true, listed})
}

func (s *Server) listed(r *http.Request, f Film) listedFilm {
	subtitles := make([]session.Subtitle, 0, len(f.Subtitles))
	for _, sub := range f.Subtitles {
		subtitles = append(subtitles, session.Subtitle{URL: s.filmURL(r, sub.Name), Language: sub.Language})
	}
	return listedFilm{f.Name, f.Title, s.filmURL(r, f.Name), f.Type, f.Size, subtitles}
}

// filmURL is where a session's devices find a film, relative to the server.
func (s *Server) filmURL(r *http.Request, name string) string {
	u := url.URL{Path: prefixOf(r) + filmsAt + name, RawQuery: s.access.Grant(r.PathValue("id"), filmsAt+name).Encode()}
	return u.String()
}

// getFilm sends a film, or the ranges of it that are asked for.
func (s *Server) getFilm(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	granted, err := s.mayWatch(r, filmsAt+name)
	if err != nil {
		writeError(w, 0, err)
		return
	}
	f, is, mediaType, err := s.openFilm(name)
	if err != nil {
		writeError(w, http.StatusNotFound, noFilm)
		return
	}
	defer func() { _ = f.Close() }()
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("ETag", `"`+strconv.FormatInt(is.Size(), 36)+"-"+strconv.FormatInt(is.ModTime().UnixNano(), 36)+`"`)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	s.letPagesUse(h, r, granted)
	http.ServeContent(httplimit.Stream(w, standsStill), r, "", is.ModTime(), f)
}

// letPagesUse lets pages of other servers have a film, isolated ones too: all of them
// where the link itself is the permission, else the listed ones.
func (s *Server) letPagesUse(h http.Header, r *http.Request, granted bool) {
	h.Add("Vary", "Origin")
	policy := "same-origin"
	if granted || len(s.cfg.Origins) > 0 {
		policy = "cross-origin"
	}
	h.Set("Cross-Origin-Resource-Policy", policy)
	switch origin := r.Header.Get("Origin"); {
	case granted:
		h.Set("Access-Control-Allow-Origin", "*")
	case s.originListed(origin):
		h.Set("Access-Control-Allow-Origin", origin)
	}
}

// mayWatch refuses whoever has no link of a session that is there; granted is false
// where none is needed.
func (s *Server) mayWatch(r *http.Request, path string) (granted bool, err error) {
	addr := access.AskedOf(r).Addr
	if err := s.access.Patience(addr); err != nil {
		return false, err
	}
	sessionID, err := s.access.Granted(path, r.URL.Query())
	s.access.Refused(addr, err)
	if err == nil && sessionID != "" {
		err = s.cfg.Sessions.Exists(r.Context(), sessionID)
	}
	return sessionID != "", err
}

func (s *Server) openFilm(name string) (*os.File, fs.FileInfo, string, error) {
	if s.cfg.Films == nil || !fs.ValidPath(name) || strings.ContainsRune(name, 0) {
		return nil, nil, "", noFilm
	}
	f, mediaType, err := s.cfg.Films.Open(name)
	if err != nil {
		return nil, nil, "", noFilm
	}
	is, err := f.Stat()
	if err != nil || !is.Mode().IsRegular() {
		_ = f.Close()
		return nil, nil, "", noFilm
	}
	return f, is, mediaType, nil
}

// standsStill is how long a player may take nothing: one that is paused has buffered
// what it wants.
const standsStill = 15 * time.Minute
