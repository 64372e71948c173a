// Package takes describes the recordings of a take for those who edit them. [Of] turns a
// session's recordings into takes: whose each recording is, when it begins and ends in
// session time and how sure that is, and which file holds it.
//
// A [Writer] keeps a take next to its files, as manifest.json: with it an editor
// lays the recordings on one time line without asking the server.
// docs/manifest.md has its fields.
//
// [Timeline] and [Script] are what other programs take: an OpenTimelineIO document for
// editors, and a shell script that puts the recordings side by side with ffmpeg. Both
// are pure. Time 0 of a timeline is the first frame of the take: each file is
// placed where its own first frame was in session time, to the microsecond.
package takes
