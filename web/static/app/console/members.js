import { authorization } from '../ui/keys.js'
import { at } from '../ui/server.js'
import * as wire from '../../lib/wire.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Roster } from './roster.js' */
/** @import { Snapshot, SyncStatus } from '../../lib/wire.js' */

/** How often a console that doesn't lead looks at the clocks, ms. */
const LOOK = 2000
/** Events after which the session's state is asked for, once for all of them, ms later. */
const MEMBERS = [
  wire.USER_JOINED, wire.USER_LEFT, wire.USER_CHANGED, wire.DEVICE_JOINED, wire.DEVICE_DISCONNECTED, wire.DEVICE_REMOVED, wire.DEVICE_CHANGED,
  wire.LEADERSHIP_CHANGED, wire.SESSION_CHANGED, wire.CAMERA_SETTINGS, wire.START_RECORDING,
]
const MEMBERS_AFTER = 100

/**
 * Keeps the roster: members as they come and go, their clocks each second.
 *
 * @param {Session} s
 * @param {Roster} roster
 * @param {(session: Snapshot | null) => void} seen  with each session object
 * @param {() => void} changed
 */
export function follow(s, roster, seen, changed) {
  const takeSession = (/** @type {Snapshot | null} */ session) => {
    roster.take(session)
    seen(session)
    changed()
  }
  const takeSync = (/** @type {Pick<SyncStatus, 'devices'>} */ status) => {
    roster.takeSync(status)
    changed()
  }
  takeSession(s.session)
  s.on(wire.SESSION_JOINED, ({ session }) => takeSession(session))
  s.on(wire.SESSION_STATE, takeSession)
  s.on(wire.SYNC_STATUS, takeSync)
  let asking = 0
  for (const event of MEMBERS) s.on(event, () => {
    clearTimeout(asking)
    asking = setTimeout(() => s.send(wire.REQUEST_SESSION_STATE), MEMBERS_AFTER)
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

