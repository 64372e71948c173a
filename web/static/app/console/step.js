import { mayWatch } from './kinds.js'
import { signed, span } from '../ui/format.js'

/** @import { MediaStatus } from '../../lib/wire.js' */
/** @import { Device } from './roster.js' */

/** A player says how it is every 3 to 5 s: what is older isn't known any more, ms. */
const FRESH = 15_000
/** Within the one a device is together with the others, beyond the other it isn't, ms. */
const TOGETHER = 50
const APART = 250

/** What keeps a player from playing as it should, for who leads. */
/** @type {Record<string, string>} */
const REASONS = {
  not_found: 'there is no such file (404)',
  not_allowed: 'its server refuses to send it (401 or 403)',
  unsupported: 'the browser can’t play that kind of file',
  broken: 'the browser can’t decode it',
  unloadable: 'it is missing, of a kind that the browser can’t play, or its server doesn’t let other pages use it (CORS)',
  bad_url: 'that is no address that a browser can load media from',
  mixed_content: 'the page came over https, the film over plain http',
  forbidden: 'the page may not load media from there',
  network: 'the connection to its server broke off',
  autoplay_refused: 'the browser waits for a tap on the page',
  muted: 'without sound until somebody taps the page',
  slow: 'the film comes too slowly',
  behind: 'the device is too slow for it',
  no_ranges: 'its server doesn’t let players jump (no ranges)',
  live: 'a live stream: it has no place to be held at',
}

/** @param {string | undefined} code */
function reason(code) {
  return code ? REASONS[code] ?? code : ''
}

/**
 * What a device's player said of itself lately, else null: what isn't told isn't known.
 *
 * @param {Device} device
 * @param {number} now  session ms
 * @returns {(MediaStatus & {ageMs: number}) | null}
 */
export function told({ status }, now) {
  const { media, timestamp = NaN } = status ?? {}
  if (!media || !(now - timestamp < FRESH)) return null
  return { ...media, ageMs: Math.max(0, now - timestamp) }
}

/** A player that is out of step says so every 5 s: after twice that it isn't any more, ms. */
const LATELY = 10_000

/**
 * By how much a device's media is out of step, ms, positive: ahead; null when
 * it hasn't complained lately.
 *
 * @param {Device} device
 * @param {number} now  session ms
 */
export function outOfStep({ sync }, now) {
  const desync = sync?.desync
  return desync && now - (desync.timestamp ?? NaN) < LATELY ? desync.lastMs ?? null : null
}

/**
 * Does it watch, as far as this console can tell? Whoever neither acts nor leads may;
 * of the others only who speaks of media.
 *
 * @param {Device} device
 */
export function watches(device) {
  return device.isConnected && (mayWatch(device) || !!device.sync?.desync || !!device.status?.media)
}

/** @typedef {{word: string, kind: '' | 'good' | 'warn' | 'bad', words: string}} Step */

/**
 * How a device's player is doing, in a word, and what that is known by.
 *
 * @param {Device} device
 * @param {number | undefined} errorMs  when it followed the last play or pause, against the instant
 * @param {number} now  session ms
 * @returns {Step}
 */
export function step(device, errorMs, now) {
  const media = told(device, now)
  if (!media) return { word: 'not told', kind: '', words: device.status?.media ? 'nothing heard of its player lately' : 'nothing heard of a player there' }
  const is = how(media)
  const parts = [is.words, ago(media.ageMs)]
  if (errorMs !== undefined && is.kind === 'good') parts.push(`last play or pause at ${signed(errorMs)}`)
  return { ...is, words: parts.filter(Boolean).join('; ') }
}

/**
 * @param {MediaStatus} media
 * @returns {Step}
 */
function how({ state, error, driftMs }) {
  switch (state) {
    case 'idle': return { word: 'nothing loaded', kind: '', words: '' }
    case 'loading': return { word: 'loading', kind: 'warn', words: '' }
    case 'ready': return { word: 'ready', kind: '', words: reason(error) }
    case 'paused': return { word: 'paused', kind: '', words: reason(error) }
    case 'ended': return { word: 'ended', kind: '', words: '' }
    case 'seeking': return { word: 'catching up', kind: 'warn', words: reason(error) }
    case 'buffering': return { word: 'buffering', kind: 'warn', words: reason(error) || 'waits for data' }
    case 'blocked': return { word: 'needs a tap', kind: 'bad', words: reason('autoplay_refused') }
    case 'failed': return { word: 'failed', kind: 'bad', words: reason(error) }
  }
  return plays(error, driftMs)
}

/**
 * @param {string | undefined} error
 * @param {number | undefined} driftMs
 * @returns {Step}
 */
function plays(error, driftMs) {
  if (driftMs === undefined) return { word: 'plays', kind: '', words: reason(error) || 'where is not known yet' }
  const size = Math.abs(driftMs)
  const off = `${span(size)} ${driftMs > 0 ? 'ahead' : 'behind'}`
  const words = [off, reason(error)].filter(Boolean).join(', ')
  if (size <= TOGETHER) return { word: 'in step', kind: 'good', words }
  return size <= APART ? { word: 'catching up', kind: 'warn', words } : { word: 'out of step', kind: 'bad', words }
}

/** @param {number} ms */
function ago(ms) {
  return ms < 1500 ? 'just now' : `${Math.round(ms / 1000)} s ago`
}

/**
 * What the leader must know of the film itself; '' when all is well.
 *
 * @param {Device[]} devices  that watch
 * @param {string} mediaUrl   that is loaded
 * @param {number} now        session ms
 */
export function filmWarning(devices, mediaUrl, now) {
  const heard = devices.map(d => told(d, now)).filter(m => m?.mediaUrl !== undefined && mediaUrl.startsWith(m.mediaUrl))
  const failed = heard.filter(m => m?.state === 'failed')
  if (failed.length) {
    const why = [...new Set(failed.map(m => reason(m?.error)))].join('; ')
    if (failed.length < heard.length) return `${failed.length} of ${heard.length} can’t load this film: ${why}.`
    return `Nobody can load this film${heard.length > 1 ? '' : ' (one device tried)'}: ${why}.`
  }
  if (heard.some(m => m?.error === 'no_ranges')) {
    return 'The server of this film doesn’t let players jump (no ranges): who is elsewhere in it, or comes late, can’t be brought to the others. Start it from the beginning with everybody there, or use another server.'
  }
  return ''
}
