import { ago, count } from '../ui/format.js'
import { refused } from '../ui/sessionwords.js'
import * as wire from '../../lib/wire.js'

/** @import { Summary } from '../../lib/wire.js' */

/**
 * Why the server doesn't let this console into the session, and what to do.
 *
 * @param {string} code
 * @param {string} message
 */
export function notJoined(code, message) {
  const words = refused(code, message)
  return code === wire.CODE_KEY_NEEDED ? `${words} Or open the link with the admin key, which the server printed when it started.` : words
}

/**
 * Who leads, and what that means for this console.
 *
 * @param {boolean} isLeader
 * @param {string} name
 * @param {boolean} away
 * @param {boolean} [rules]  this page may take the lead all the same
 */
export function leaderWords(isLeader, name, away, rules = false) {
  if (isLeader) return 'You lead this session.'
  if (away) return `${name} led this session and is away. Take the lead to control it; until then you can only look.`
  if (rules) return `${name} leads this session. You can look, or take the lead back.`
  return `${name} leads this session. You can look; only the leader can act.`
}

/**
 * What tells a session from others: who leads, how many are there, how long nothing happened.
 *
 * @param {Partial<Summary> & {idleMs?: number}} s
 */
export function factsOf({ leaderName, connectedCount, userCount, status, hasMedia, idleMs }) {
  return [
    leaderName ? `${leaderName} leads` : '',
    connectedCount === undefined ? count(userCount ?? 0, 'user') : connectedCount ? `${connectedCount} connected` : 'nobody connected',
    status === 'recording' ? 'recording now' : '',
    hasMedia ? 'a film is loaded' : '',
    idleMs !== undefined && Number.isFinite(idleMs) ? ago(idleMs) : '',
  ].filter(Boolean).join(' · ')
}
