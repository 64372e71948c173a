// Package light measures cameras by what they saw: a screen shows session time as a moving
// picture, and whoever filmed it can be placed on session time from the film alone.
//
// A screen shows a new [Picture] with each refresh ([Refresh.Picture]; docs/cameras.md has the
// layout). [Read] finds the picture in a frame and says in words why it can't. [Film] collects
// what was read of frames with their stamps; [Film.Fit] finds
//
//	capture = Offset + Rate · (stamp − Middle)
//
// in session time, the exposure and the delay from row to row, by least squares between what rows
// saw and what the light showed, integrated over the exposure. Bounds are of 99 %: what the film
// says too little of has a wide one.
//
// The package is pure: it reads no clock, no file, and starts nothing.
package light
