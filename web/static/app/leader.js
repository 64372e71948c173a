import { alertError, byId, reveal, say } from './ui.js'
import { refused } from './watch-words.js'

/** @import { Session } from '../downbeat.js' */
/** @import { Roster } from './roster.js' */

/** Who leads, and the way to take over. */
export class LeaderLine {
  #session
  #roster

  /**
   * @param {Session} session
   * @param {Roster} roster
   */
  constructor(session, roster) {
    this.#session = session
    this.#roster = roster
    byId('lead').onclick = () => session.requestLeadership().catch(alertError)
  }

  draw() {
    const { isLeader, state } = this.#session
    const { leaderName, leaderAway } = this.#roster
    const joined = state === 'synced' || state === 'syncing'
    reveal(byId('lead'), joined && !isLeader && leaderAway)
    say(byId('lead-line'), words(isLeader, leaderName, leaderAway))
  }
}

/**
 * Why the server doesn't let this console into the session, and what to do.
 *
 * @param {string} code
 * @param {string} message
 */
export function notJoined(code, message) {
  const words = refused(code, message)
  return code === 'key_needed' ? `${words} Or open the link with the admin key, which the server printed when it started.` : words
}

/**
 * @param {boolean} isLeader
 * @param {string} name
 * @param {boolean} away
 */
export function words(isLeader, name, away) {
  if (isLeader) return 'You lead this session.'
  if (away) return `${name} led this session and is away. Take over to control it; until then you can only look.`
  return `${name} leads this session. You can look; only the leader can act.`
}
