import { acts } from './roster.js'
import { signed, span } from './format.js'

/** @import { Device } from './roster.js' */

/** A player that is out of step says so every 5 s: after twice that it is in step again, ms. */
const LATELY = 10_000

/**
 * By how much a device's media is out of step, ms, positive: ahead; null when
 * it hasn't said so lately.
 *
 * @param {Device} device
 * @param {number} now  session ms
 */
export function outOfStep({ sync }, now) {
  const desync = sync?.desync
  return desync && now - desync.timestamp < LATELY ? /** @type {number} */ (desync.lastMs) : null
}

/**
 * Does it watch, as far as this console can tell? Whoever doesn't act may;
 * of the others only who speaks of media.
 *
 * @param {Device} device
 */
export function watches(device) {
  return device.isConnected && (!acts(device) || !!device.sync?.desync)
}

/**
 * Whether a device's media is in step, in a word, and what that is known by.
 * Players speak up only when they can't hold the timeline.
 *
 * @param {Device} device
 * @param {number | undefined} errorMs  when it followed the last play or pause, against the instant
 * @param {number} now  session ms
 * @returns {{word: string, kind: '' | 'good' | 'bad', words: string}}
 */
export function step(device, errorMs, now) {
  const out = outOfStep(device, now)
  if (out !== null) return { word: 'out of step', kind: 'bad', words: `${span(Math.abs(out))} ${out > 0 ? 'ahead' : 'behind'}` }
  const before = device.sync?.desync
  const rest = before ? `; was out by up to ${span(before.maxMs)} before` : ''
  if (errorMs !== undefined) return { word: 'in step', kind: 'good', words: `last play or pause at ${signed(errorMs)}${rest}` }
  return before ? { word: 'in step', kind: 'good', words: `again${rest}` } : { word: 'not told', kind: '', words: 'nothing heard of a player there yet' }
}
