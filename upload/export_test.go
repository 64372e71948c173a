package upload

import "context"

// Sweep does one round of Run.
func (s *Server) Sweep(ctx context.Context) { s.sweep(ctx) }

// ParseMetadata and the others are the decoders of headers.
var (
	ParseMetadata = parseMetadata
	ParseSize     = parseSize
	SafeName      = safeName
)
