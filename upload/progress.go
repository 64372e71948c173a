package upload

// Progress is how much of a recording has arrived, in bytes.
type Progress struct {
	Offset int64 // on the disk
	Length int64 // of the whole; -1 while it isn't known
}

// Progress tells how far the uploads of a session's recordings are, by the
// recording's id; of several of one recording it is the farthest, and parts of one file
// count together. Recordings of which no upload is known any more are not in it.
func (s *Server) Progress(session string) map[string]Progress {
	of, inParts := map[string]Progress{}, map[string]Progress{}
	farthest := func(id string, p Progress) {
		if before, ok := of[id]; !ok || p.Offset > before.Offset {
			of[id] = p
		}
	}
	for _, u := range s.list() {
		switch rec := u.record(); {
		case rec.Session != session:
		case rec.Concat == isPart:
			p := inParts[rec.RecordingID]
			inParts[rec.RecordingID] = Progress{p.Offset + rec.Offset, p.Length + max(rec.Size, rec.Offset)}
		default:
			farthest(rec.RecordingID, Progress{rec.Offset, rec.Size})
		}
	}
	for id, p := range inParts {
		farthest(id, p)
	}
	return of
}
