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
/** @typedef {import('./lib/at.js').Instant} Instant */
/** @typedef {import('./lib/calls.js').Scheduled} Scheduled */
/** @typedef {import('./lib/calls.js').PlaybackChange} PlaybackChange */
/** @typedef {import('./lib/calls.js').DeviceStatus} DeviceStatus */
/** @typedef {import('./lib/calls.js').MediaStatus} MediaStatus */
/** @typedef {import('./lib/timeline.js').MediaInfo} MediaInfo */
/** @typedef {import('./lib/timeline.js').PlaybackState} PlaybackState */
/** @typedef {import('./lib/timeline.js').Timeline} Timeline */
/** @typedef {import('./lib/provider.js').TimingProvider} TimingProvider */
/** @typedef {import('./lib/session.js').State} State */

export { Session }
export { DownbeatError } from './lib/signaling.js'

/**
 * @typedef {object} JoinOptions
 * @property {string} sessionId
 * @property {string} [url]         of the server; the page's own by default
 * @property {string[]} [urls]      of (further) instances of the same service: the next one is tried where one doesn't answer
 * @property {string} [userId]
 * @property {string} [username]
 * @property {string} [avatar]
 * @property {string} [deviceType]  `desktop`, `mobile`; without one joins as a user
 * @property {string} [viewType]    `front`, `side`, or any label
 * @property {string} [key]         of the session's link, where the server asks for one
 * @property {string} [token]       the creator's, or a JSON Web Token
 * @property {boolean} [create]     false: only a session that exists, else `session_not_found`
 * @property {boolean} [records]    false: a device that acts, and is no part of takes
 * @property {string} [resumeToken] of a device, to be it again; kept for the browser by default
 * @property {string} [userToken]   of a user, to be a further device; pages without a deviceType are one user by default
 * @property {boolean | 'tab'} [resume]  false: always join as a new device of a new user; 'tab': as
 *   somebody else than the browser's other pages, who is known to this tab alone
 * @property {string | URL} [actions]  a module whose exports run in the worker
 * @property {number} [timeout]     ms after which `join` rejects with `timeout`; by default it waits for the server
 * @property {AbortSignal} [signal] makes `join` give up
 */

/**
 * Joins a session, creating it where the server allows that. Resolves once
 * the server has let the device in; session time follows a few round trips
 * later (`state` becomes `synced`). Rejects with a DownbeatError.
 *
 * @param {JoinOptions} options
 * @returns {Promise<Session>}
 */
export async function join(options) {
  const session = new Session(options)
  await session.enter()
  return session
}
