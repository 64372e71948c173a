import * as wire from '../../lib/wire.js'

/**
 * A position in a medium for people: 1:05, 1:02:05.
 *
 * @param {number} seconds
 */
export function clockTime(seconds) {
  const s = Math.max(0, Math.floor(seconds))
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0')
  const minutes = Math.floor(s / 60)
  return minutes < 60 ? `${minutes}:${two(s % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`
}

/**
 * Why joining failed and what to do, by the protocol's code; the server's own
 * words where there is nothing better to say.
 *
 * @param {string} code
 * @param {string} message
 */
export function refused(code, message) {
  switch (code) {
    case wire.CODE_KEY_NEEDED: return 'This link lacks its key. Ask for the whole link: it ends with #key= and some letters and digits.'
    case wire.CODE_BAD_KEY: return 'The key in this link isn’t valid for this session. Ask for the link again.'
    case wire.CODE_SESSION_NOT_FOUND: return 'There is no such session, or it is over. Ask for a new link.'
    case wire.CODE_SESSION_FULL: return 'The session is full. Try again when somebody has left.'
    case wire.CODE_TOKEN_NEEDED: case wire.CODE_TOKEN_EXPIRED: return 'Your link has expired. Ask for a new one.'
    case wire.CODE_TOO_MANY_ATTEMPTS: case wire.CODE_TOO_MANY_REQUESTS: case wire.CODE_TOO_MANY_CONNECTIONS: return 'Too many tries from this network. Wait a minute, then reload.'
  }
  return /[.!?]$/.test(message) ? message : message + '.'
}

/**
 * Why the page is out of the session for good, by the library's code.
 *
 * @param {string} code
 * @param {string} message
 */
export function over(code, message) {
  switch (code) {
    case wire.CODE_SESSION_NOT_FOUND: return 'The session is gone. If it comes back, this page is in it again.'
    case wire.CODE_CLOSED_REMOVED: return 'The leader took this page out of the session. Reload to come back.'
    case wire.CODE_CLOSED_ENDED: return 'The leader ended the session.'
    case wire.CODE_CLOSED_REPLACED: return 'This page was opened again in another tab or window, or the session was removed. Go on there, or reload to go on here.'
    case wire.CODE_CLOSED_TOO_MANY_FAULTY_MESSAGES: return 'The server closed the connection, because this page sent too much. Reload to come back.'
    case wire.CODE_CLOSED_LEFT: return 'This page left the session. Reload to come back.'
  }
  return refused(code, message)
}

/**
 * @typedef {object} Scene
 * @property {string} session          the session's state
 * @property {string} player           the player's state
 * @property {string} [trouble]        what the player says is the matter
 * @property {boolean} [tap]           is a tap what it needs?
 * @property {number} drift            ms
 * @property {number} position         s
 * @property {string} leader           a name
 * @property {boolean} leads           is it this user?
 * @property {string} [waits]          who everybody waits for, as "Ben"; '' or missing: nobody
 * @property {boolean} [own]           is it this device?
 * @property {boolean} [silenced]      does the leader want it mute?
 */

/** Within this a device is together with the others, ms. */
const TOGETHER = 50

/**
 * The state in a pill and in a sentence.
 *
 * @param {Scene} scene
 * @returns {[string, '' | 'good' | 'warn' | 'bad', string]}
 */
export function inWords({ session, player, trouble, tap, drift, position, leader, leads, waits, own, silenced }) {
  if (session === 'reconnecting') return ['reconnecting', 'bad', 'The server can’t be reached. What plays goes on by the last known time; trying again.']
  if (session === 'closed') return ['left', 'bad', 'This page is not in the session any more.']
  if (trouble && player !== 'playing') return [tap ? 'tap to start' : 'trouble', 'bad', trouble]
  if (waits) return ['waiting', 'warn', own ? 'The others wait for this device to load…' : `Everybody waits for ${waits} to load…`]
  switch (player) {
    case 'idle': return ['nothing loaded', '', leads ? 'Load a film or some music: everybody here will have it.' : `When ${leader} loads a film or some music, it appears here.`]
    case 'unsynced': return ['measuring', 'warn', 'Measuring this device’s clock…']
    case 'loading': return ['loading', 'warn', 'Loading…']
    case 'paused': return ['paused', '', `Paused at ${clockTime(position)}, for everybody.`]
    case 'seeking': return ['catching up', 'warn', 'Going to where the others are…']
    case 'buffering': return ['waiting', 'warn', 'Waiting for data. The others go on; this device catches up.']
    case 'ended': return ['ended', '', leads ? 'It is over. Play begins again from the start.' : 'It is over.']
    case 'playing': return playing(trouble ?? (silenced ? 'The leader has muted this device.' : undefined), drift)
  }
  return ['starting', '', 'Starting…']
}

/**
 * @param {string | undefined} trouble
 * @param {number} drift
 * @returns {[string, '' | 'good' | 'warn', string]}
 */
function playing(trouble, drift) {
  if (Number.isNaN(drift)) return ['playing', '', trouble ?? 'Playing.']
  if (Math.abs(drift) > TOGETHER) return ['catching up', 'warn', trouble ?? 'Catching up with the others…']
  return ['together', 'good', trouble ?? 'Playing together with the others.']
}
