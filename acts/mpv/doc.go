// Package mpv has an mpv play a session's media on its timeline, by mpv's JSON IPC: it is told to load, to seek, to
// play and to pause, and its speed is changed a little as long as it isn't where the timeline is. It is handed to a device in
// two steps: Configure before the device is made, Run beside it.
package mpv
