// Package obs has an OBS Studio start and stop its recording at the instants of a session's takes, by obs-websocket 5,
// which OBS 28 and later have built in. It is handed to a device in two steps: Configure before the device is made, Run
// beside it.
package obs
