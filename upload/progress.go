package upload

// Progress is how much of a recording has arrived, in bytes.
type Progress struct {
	Offset int64 // on the disk
	Length int64 // of the whole; -1 while it isn't known
}

// Progress tells how far the uploads of a session's recordings are, by the
// recording's id; of several of one recording it is the farthest. Recordings of
// which no upload is known any more are not in it.
func (s *Server) Progress(session string) map[string]Progress {
	of := map[string]Progress{}
	for _, u := range s.list() {
		rec := u.record()
		if before, ok := of[rec.RecordingID]; rec.Session == session && (!ok || rec.Offset > before.Offset) {
			of[rec.RecordingID] = Progress{rec.Offset, rec.Size}
		}
	}
	return of
}
