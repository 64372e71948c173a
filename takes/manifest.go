package takes

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// ManifestName is what the manifest of a take is called, next to its files.
const ManifestName = "manifest.json"

// ManifestVersion is that of the manifest's format: it grows when a field changes its
// meaning, not when one is added.
const ManifestVersion = 1

// Encode returns the content of the manifest.
func (t Take) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(t); err != nil {
		return nil, fmt.Errorf("takes: %w", err)
	}
	return b.Bytes(), nil
}
