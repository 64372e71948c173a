// Package verify places films on session time by the light that they show, and holds what
// their manifest says against it. ffmpeg and ffprobe decode them.
package verify
