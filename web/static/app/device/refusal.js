import { alertUser, byId, setPill } from '../ui/ui.js'
import { refused } from '../ui/sessionwords.js'
import * as wire from '../../lib/wire.js'

/** Codes that say that what was chosen for this device can't be. */
/** @type {Record<string, 'name' | 'view' | undefined>} */
const NOT_SO = { [wire.CODE_BAD_USERNAME]: 'name', [wire.CODE_BAD_VIEW_TYPE]: 'view' }

/**
 * What of a choice the server refuses, if that is why it didn't let this device in.
 *
 * @param {string} code
 * @returns {'name' | 'view' | undefined}
 */
export function refusedChoice(code) {
  return NOT_SO[code]
}

/**
 * The page of a device that isn't in the session: why, and every way on.
 *
 * @param {string} code
 * @param {string} message
 */
export function showOutside(code, message) {
  setPill(byId('state'), 'not joined', 'bad')
  for (const id of ['choose', 'live', 'finder', 'camera-trouble', 'name']) byId(id).hidden = true
  byId('here').hidden = false
  byId('rejoin').hidden = code === wire.CODE_SESSION_NOT_FOUND // the form does it
  byId('words').textContent = code === wire.CODE_SESSION_NOT_FOUND ? '' : 'This device is not in the session.'
  alertUser(code === wire.CODE_SESSION_NOT_FOUND
    ? 'There is no such session on this server. Look at the ID below, or scan the code again.'
    : refused(code, message))
  byId('enter').hidden = code !== wire.CODE_SESSION_NOT_FOUND
}

/**
 * Why a device that was in the session isn't any more.
 *
 * @param {string} code
 * @param {string} message
 */
export function goneWords(code, message) {
  switch (code) {
    case '': return 'This device left the session.'
    case wire.CODE_CLOSED_REMOVED: return 'The leader removed this device from the session. If that was a mistake, join again.'
    case wire.CODE_CLOSED_ENDED: case wire.CODE_SESSION_NOT_FOUND: return 'The session has ended. What was recorded here and isn’t sent yet stays on this device.'
  }
  return message
}
