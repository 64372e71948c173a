import { join } from '../../downbeat.js'
import { creator, somebodyElse } from './creatorstore.js'
import { credentials } from './keys.js'
import { base } from './server.js'
import * as wire from '../../lib/wire.js'

/** @import { DownbeatError, JoinOptions, Session } from '../../downbeat.js' */

/** What is said meanwhile. */
export const MISSING = 'This session isn’t on the server now, though this browser was in it: the server may have been restarted. Waiting for it to come back.'

/** How often is looked whether a session that was there is there again, and for how long, ms. */
const AGAIN = 3000
const PATIENCE = 5 * 60_000

/**
 * What this page joins a session with, as far as it is the same on all pages.
 *
 * @param {string} sessionId
 */
export function entry(sessionId) {
  const resume = somebodyElse ? /** @type {const} */ ('tab') : true
  return { url: base, sessionId, create: !!creator(sessionId), resume, ...credentials() }
}

/**
 * Joins a session of this server, which must exist (a name that is mistyped is no new session), but for
 * its creator, who brings it back to a server that forgot it. One that this browser was in may come back after a restart of the server, and is waited for.
 *
 * @param {string} sessionId
 * @param {Partial<JoinOptions>} options
 * @param {() => void} [missing]  the session isn't there, and is waited for
 * @returns {Promise<Session>}
 */
export async function enterSession(sessionId, options, missing = () => {}) {
  const all = { ...entry(sessionId), ...options }
  for (const end = performance.now() + PATIENCE; ;) {
    try {
      return await join(all)
    } catch (error) {
      const { code, retry } = /** @type {DownbeatError} */ (error)
      if (code !== wire.CODE_SESSION_NOT_FOUND || !retry || performance.now() > end) throw error
    }
    missing()
    await new Promise(resolve => setTimeout(resolve, AGAIN))
  }
}
