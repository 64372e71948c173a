/**
 * Downbeat in the browser: devices that act at one instant.
 *
 *     import { join } from '/downbeat.js'
 *     const s = await join({ sessionId: 'rehearsal', deviceType: 'mobile' })
 *     s.onCommand('flash', () => document.body.classList.add('lit'))
 *     s.at(s.now() + 500, ({ lateness }) => console.log(lateness))
 *
 * Times are milliseconds: session time since the Unix epoch, device time as
 * the page's performance.now().
 */
import { Session } from './lib/session.js'

/** @typedef {import('./lib/commands.js').Command} Command */
/** @typedef {import('./lib/commands.js').Act} Act */

export { Session }
export { DownbeatError } from './lib/signaling.js'

/**
 * Joins a session, creating it where the server allows that. Resolves once
 * the server has let the device in; session time follows a few round trips
 * later (`state` becomes `synced`). Rejects with a DownbeatError.
 *
 * @param {import('./lib/session.js').JoinOptions} options
 * @returns {Promise<Session>}
 */
export async function join(options) {
  const session = new Session(options)
  await session.enter()
  return session
}
