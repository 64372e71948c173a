import { authorization } from '../ui/keys.js'
import { at } from '../ui/server.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Roster } from './roster.js' */

/** How often a console that doesn't lead looks at the clocks, ms. */
const LOOK = 2000
/** Events after which the session's state is asked for, once for all of them, ms later. */
const MEMBERS = [
  'user_joined', 'user_left', 'user_changed', 'device_joined', 'device_disconnected', 'device_removed', 'device_changed',
  'leadership_changed', 'session_changed', 'camera_settings', 'start_recording',
]
const MEMBERS_AFTER = 100

/**
 * Keeps the roster: members as they come and go, their clocks each second.
 *
 * @param {Session} s
 * @param {Roster} roster
 * @param {(session: any) => void} seen  with each session object
 * @param {() => void} changed
 */
export function follow(s, roster, seen, changed) {
  const takeSession = (/** @type {any} */ data) => {
    const session = data?.session ?? data
    roster.take(session)
    seen(session)
    changed()
  }
  const takeSync = (/** @type {any} */ status) => {
    roster.takeSync(status)
    changed()
  }
  takeSession(s.session)
  s.on('session_joined', takeSession)
  s.on('session_state', takeSession)
  s.on('sync_status', takeSync)
  let asking = 0
  for (const event of MEMBERS) s.on(event, () => {
    clearTimeout(asking)
    asking = setTimeout(() => s.send('request_session_state'), MEMBERS_AFTER)
  })
  setInterval(() => s.isLeader || look(s).then(takeSync, () => {}), LOOK)
}

/**
 * The clocks' state, for a console that doesn't lead and so isn't told.
 *
 * @param {Session} s
 */
async function look(s) {
  const response = await fetch(at(`api/sessions/${encodeURIComponent(s.sessionId)}/sync`), { headers: authorization() })
  return response.ok ? response.json() : null
}

