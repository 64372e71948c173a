/** @import { PlaybackState } from '../lib/timeline.js' */

/** A medium that is as long as its loop, to within this, begins again by itself, s. */
const SAME = 0.25

/**
 * Does it loop, and is known where?
 *
 * @param {PlaybackState} state
 */
export function loops({ loop, mediaDuration }) {
  return loop && mediaDuration > 0
}

/**
 * Does the loop end where the medium does? Then the browser begins again by itself,
 * sooner than a seek would.
 *
 * @param {PlaybackState} state
 * @param {number} length  of the medium here, s
 */
export function seamless(state, length) {
  return loops(state) && Math.abs(length - state.mediaDuration) < SAME
}

/**
 * Where the medium ends for everybody, s.
 *
 * @param {PlaybackState} state
 * @param {number} length  of the medium here, s; Infinity: it has none
 */
export function endOf({ mediaDuration }, length) {
  return Math.min(length, mediaDuration || Infinity)
}

/**
 * Is a medium over at `position`, or, in a loop that is longer than it, for now?
 *
 * @param {PlaybackState} state
 * @param {number} position  of the timeline, s
 * @param {number} length    of the medium here, s
 */
export function isOver(state, position, length) {
  if (loops(state)) return !seamless(state, length) && position >= length
  return position >= endOf(state, length)
}

/**
 * Media position less the timeline's, s; of a loop the shorter way round.
 *
 * @param {PlaybackState} state
 * @param {number} position  of the medium, s
 * @param {number} wanted    of the timeline, s
 */
export function driftOf(state, position, wanted) {
  const drift = position - wanted
  return loops(state) ? drift - Math.round(drift / state.mediaDuration) * state.mediaDuration : drift
}
