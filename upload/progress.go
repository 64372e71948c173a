package upload

import "time"

// Progress is how much of a recording has arrived, in bytes.
type Progress struct {
	Offset int64 // on the disk
	Length int64 // of the whole; -1 while it isn't known
}

// progressAge is how old what is told of uploads at other Servers may be.
const progressAge = 2 * time.Second

// Progress tells how far the uploads of a session's recordings are, by the
// recording's id; of several of one recording it is the farthest, and parts of one file
// count together. Recordings of which no upload is known any more are not in it.
func (s *Server) Progress(session string) map[string]Progress {
	if err := s.keep.renew(progressAge); err != nil {
		s.cfg.Log.Warn("uploads_not_read", "err", err)
	}
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
