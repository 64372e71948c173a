package api

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// maxBody bounds a request's JSON body in bytes.
const maxBody = 64 << 10

// uploadIdle is how long nothing of an upload's body may come. What takes uploads may have a
// shorter time of its own.
const uploadIdle = 2 * time.Minute

// route is a call of the HTTP API.
type route struct {
	pattern string
	act     access.Act // what its caller must be allowed to do
	serve   http.HandlerFunc
	signed  bool // whether a signed link is permission enough
	passed  bool // whether another instance may pass it on, which has asked for permission
}

// anybody may call what needs no permission.
const anybody access.Act = -1

// api lists the calls that openapi.json describes.
func (s *Server) api() []route {
	return []route{
		{pattern: "GET /livez", act: anybody, serve: func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, ok{true}) }},
		{pattern: "GET /readyz", act: anybody, serve: s.ready},
		{pattern: "GET /api/info", act: anybody, serve: s.info},
		{pattern: "GET /api/openapi.json", act: anybody, serve: describe},
		{pattern: "POST /api/sessions", act: access.Rule, serve: s.createSession},
		{pattern: "GET /api/sessions", act: access.Rule, serve: s.listSessions},
		{pattern: "GET /api/sessions/{id}", act: access.See, serve: s.getSession},
		{pattern: "PATCH /api/sessions/{id}", act: access.Command, serve: s.patchSession},
		{pattern: "DELETE /api/sessions/{id}", act: access.Command, serve: s.deleteSession},
		{pattern: "GET /api/sessions/{id}/sync", act: access.Look, serve: s.getSync},
		{pattern: "GET /api/sessions/{id}/recordings", act: access.Look, serve: s.getRecordings},
		{pattern: "GET /api/sessions/{id}/recordings/{recording}/file", act: access.Look, serve: s.getFile, signed: true, passed: true},
		{pattern: "GET /api/sessions/{id}/takes/{take}/manifest", act: access.Look, serve: s.getManifest, signed: true},
		{pattern: "GET /api/sessions/{id}/takes/{take}/timeline.otio", act: access.Look, serve: s.getTimeline, signed: true},
		{pattern: "GET /api/sessions/{id}/takes/{take}/ffmpeg.sh", act: access.Look, serve: s.getScript, signed: true},
		{pattern: "GET /api/sessions/{id}/takes/{take}/take.zip", act: access.Look, serve: s.getZip, signed: true},
		{pattern: "PATCH /api/sessions/{id}/takes/{take}", act: access.Command, serve: s.patchTake},
		{pattern: "DELETE /api/sessions/{id}/takes/{take}", act: access.Command, serve: s.deleteTake},
		{pattern: "POST /api/sessions/{id}/commands", act: access.Command, serve: s.postCommand},
		{pattern: "GET /api/sessions/{id}/commands", act: access.Look, serve: s.getCommands},
		{pattern: "GET /api/sessions/{id}/media", act: access.Command, serve: s.getFilms},
		{pattern: "GET /api/sessions/{id}/commands/{command}", act: access.Look, serve: s.getReport},
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	if s.cfg.WebSocket != nil {
		mux.HandleFunc("GET /ws", s.serveWebSocket)
	}
	if s.cfg.SocketIO != nil {
		mux.HandleFunc(socketIOAt, s.serveSocketIO)
	}
	for _, r := range s.api() {
		mux.HandleFunc(r.pattern, s.guard(r))
	}
	uploads := httplimit.Upload(uploadIdle, http.HandlerFunc(s.serveUploads))
	mux.Handle("/api/uploads", uploads)
	mux.Handle("/api/uploads/", uploads)
	mux.HandleFunc("GET "+disks.ProbePath, s.probe)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, http.StatusNotFound, &session.Error{Code: wire.CodeNotFound, Message: "there is no such call"})
	})
	mux.HandleFunc("GET "+filmsAt+"{name...}", s.getFilm)
	if s.cfg.Metrics != nil {
		mux.Handle("GET /metrics", s.cfg.Metrics)
	}
	if s.cfg.Pages != nil {
		mux.Handle("/", s.cfg.Pages)
	}
	return mux
}

// guard lets those through to a route who may do what it does.
func (s *Server) guard(to route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var err error
		switch {
		case to.act == anybody:
		case to.passed && isPassedOn(r):
		case to.signed && s.byLink(r):
			err = s.opened(r)
		default:
			err = s.permitted(r, to.act)
		}
		if err != nil {
			writeError(w, 0, err)
			return
		}
		to.serve(w, r)
	}
}

// serveWebSocket lets a page connect that may: what follows isn't this package's.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if !s.originAllowed(r) {
		writeError(w, 0, badOrigin(r))
		return
	}
	s.cfg.WebSocket.ServeHTTP(w, r)
}

type ok struct {
	Success bool `json:"success"`
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.cfg.Sessions.Ready(r.Context()); err != nil {
		writeError(w, http.StatusServiceUnavailable, err)
		return
	}
	if s.cfg.Unready != nil {
		if why := s.cfg.Unready(); why != "" {
			writeError(w, http.StatusServiceUnavailable, &session.Error{Code: wire.CodeUnavailable, Message: why, Retry: true})
			return
		}
	}
	if s.cfg.DiskFull != nil && s.cfg.DiskFull() {
		writeError(w, http.StatusServiceUnavailable, diskFull)
		return
	}
	writeJSON(w, http.StatusOK, ok{true})
}

// noTime says that session time isn't what it should be here.
func noTime(why string) error {
	return &session.Error{Code: wire.CodeUnavailable, Message: "session time: " + why, Retry: true}
}

// timed refuses what needs session time until it is known.
func (s *Server) timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		needs := r.URL.Path == "/ws" || r.URL.Path == socketIOAt || strings.HasPrefix(r.URL.Path, "/api/") && r.URL.Path != "/api/info"
		if needs && s.cfg.Starting != nil && s.cfg.Starting() {
			writeError(w, http.StatusServiceUnavailable, noTime("it isn't known here yet"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

var diskFull = &session.Error{Code: wire.CodeDiskFull, Message: "less space is free on the disk than uploads must leave"}

func (s *Server) info(w http.ResponseWriter, r *http.Request) {
	urls := s.urls(r)
	setup := ""
	if s.cfg.SetupURL != nil {
		setup = s.cfg.SetupURL()
	}
	followed := TimeStatus{State: "local"}
	if s.cfg.Time != nil {
		followed = s.cfg.Time()
	}
	writeJSON(w, http.StatusOK, struct {
		Success bool       `json:"success"`
		Version string     `json:"version"`
		URLs    []string   `json:"urls"`
		Setup   string     `json:"setupUrl,omitempty"`
		Access  string     `json:"access"`
		Time    TimeStatus `json:"time"`
	}{true, s.cfg.Version, urls, setup, string(s.access.Mode()), followed})
}

// TimeStatus tells what session time follows.
type TimeStatus struct {
	State          string   `json:"state"`          // local, ntp, holdover
	Why            string   `json:"why,omitempty"`  // of not following NTP
	OffsetMs       *float64 `json:"offsetMs"`       // UTC − session time, still to be taken up; none while local
	RootDistanceMs *float64 `json:"rootDistanceMs"` // farthest that UTC can lie from session time; none while local
	Servers        int      `json:"servers"`        // asked
	Reachable      int      `json:"reachable"`
	Used           int      `json:"used"` // the majority

	Reference *ReferenceStatus `json:"reference,omitempty"` // none where no other instance can be on the store
}

// ReferenceStatus tells how an instance's session time is that of the others on its store.
type ReferenceStatus struct {
	Instance  string  `json:"instance"`      // that is the reference; empty: none is
	Self      bool    `json:"self"`          // this one is
	Stratum   int     `json:"stratum"`       // of this instance: the reference's plus one; 0: it isn't heard
	Path      string  `json:"path"`          // udp or nats: over which the reference is asked; empty: it doesn't answer, or this is it
	BoundMs   float64 `json:"boundMs"`       // by how much session time may be off the reference's, 99 %
	HardMs    float64 `json:"hardMs"`        // what causality alone guarantees
	BehindMs  float64 `json:"behindMs"`      // that is still to be taken up
	Followers int     `json:"followers"`     // other instances that follow this one
	Why       string  `json:"why,omitempty"` // of what isn't as it should be
}

func (s *Server) createSession(w http.ResponseWriter, r *http.Request) {
	var q struct {
		CreatorID   string `json:"creatorId"`
		CreatorName string `json:"creatorName"`
		Name        string `json:"name"`
	}
	if !readJSON(w, r, &q) {
		return
	}
	info, err := s.cfg.Sessions.Create(r.Context(), session.CreateRequest{CreatorID: q.CreatorID, CreatorName: q.CreatorName, Name: q.Name})
	if err != nil {
		writeError(w, 0, err)
		return
	}
	writeJSON(w, http.StatusCreated, struct {
		Success   bool   `json:"success"`
		SessionID string `json:"sessionId"`
		CreatorID string `json:"creatorId"`
		Message   string `json:"message"`
		Token     string `json:"token"`
		JoinKey   string `json:"joinKey,omitempty"`

		Keys *session.Keys `json:"keys,omitempty"`
	}{true, info.SessionID, info.CreatorID, "session created", info.Token, s.access.JoinKey(info.SessionID), s.access.Keys(info.SessionID)})
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) {
	q := session.ListRequest{Cursor: r.URL.Query().Get("cursor")}
	var err error
	if q.Limit, err = limitOf(r, session.DefaultPage, session.MaxPage); err != nil {
		writeError(w, 0, err)
		return
	}
	switch order := r.URL.Query().Get("order"); order {
	case "", "oldest":
	case "newest":
		q.Newest = true
	default:
		writeError(w, 0, &session.Error{Code: wire.CodeBadField, Message: "order must be oldest or newest"})
		return
	}
	list, err := s.cfg.Sessions.List(r.Context(), q)
	answer(w, http.StatusOK, struct {
		Success       bool              `json:"success"`
		Sessions      []session.Summary `json:"sessions"`
		TotalSessions int               `json:"totalSessions"`
		NextCursor    string            `json:"nextCursor,omitempty"`
	}{true, list.Sessions, list.Total, list.Next}, err)
}

func (s *Server) getSession(w http.ResponseWriter, r *http.Request) {
	snapshot, err := s.cfg.Sessions.Snapshot(r.Context(), r.PathValue("id"))
	if err != nil {
		writeError(w, 0, err)
		return
	}
	hollow, err := plainjson.Marshal(struct {
		Success bool             `json:"success"`
		Session session.Snapshot `json:"session"`
	}{true, snapshot.Hollow()})
	if err != nil {
		writeError(w, 0, err)
		return
	}
	writeText(w, http.StatusOK, snapshot.Fill(hollow))
}

func (s *Server) getSync(w http.ResponseWriter, r *http.Request) {
	devices, err := s.cfg.Sessions.Sync(r.Context(), r.PathValue("id"))
	answer(w, http.StatusOK, struct {
		Success bool                 `json:"success"`
		Devices []session.DeviceSync `json:"devices"`
	}{true, devices}, err)
}

func (s *Server) postCommand(w http.ResponseWriter, r *http.Request) {
	var q signaling.ScheduleData
	if !readJSON(w, r, &q) {
		return
	}
	scheduled, err := s.cfg.Sessions.Schedule(r.Context(), r.PathValue("id"), q.Request())
	answer(w, http.StatusAccepted, scheduled, err)
}

func (s *Server) getReport(w http.ResponseWriter, r *http.Request) {
	report, err := s.cfg.Sessions.Report(r.Context(), r.PathValue("id"), r.PathValue("command"))
	answer(w, http.StatusOK, report, err)
}

func answer(w http.ResponseWriter, status int, v any, err error) {
	if err != nil {
		writeError(w, 0, err)
		return
	}
	writeJSON(w, status, v)
}

// readJSON reads a body; it has answered when it returns false.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(httplimit.BodyTime)) // as far as there is one to be set
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refuseBody(w, err)
		return false
	}
	if err := plainjson.Decode(b, v); err != nil {
		writeError(w, http.StatusBadRequest, err)
		return false
	}
	return true
}

func refuseBody(w http.ResponseWriter, err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		writeError(w, http.StatusRequestEntityTooLarge, &session.Error{Code: wire.CodeMessageTooLarge, Message: "a body may have 64 KiB"})
		return
	}
	writeError(w, http.StatusBadRequest, &session.Error{Code: wire.CodeBadBody, Message: "the body ended early"})
}

// writeError answers with an error; status 0 is that of its code.
func writeError(w http.ResponseWriter, status int, err error) {
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	b := body{wire.CodeInternal, "the server could not do that"}
	var e *session.Error
	if errors.As(err, &e) {
		b = body{e.Code, e.Message}
	}
	tellRefusal(w, b.Code)
	status = cmp.Or(status, wire.StatusOf(b.Code))
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	writeJSON(w, status, struct {
		Success bool `json:"success"`
		Error   body `json:"error"`
	}{false, b})
}
