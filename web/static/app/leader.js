import { alertError, byId, reveal, say } from './ui.js'

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
 * @param {boolean} isLeader
 * @param {string} name
 * @param {boolean} away
 */
export function words(isLeader, name, away) {
  if (isLeader) return 'You lead this session.'
  if (away) return `${name} led this session and is away. Take over to control it; until then you can only look.`
  return `${name} leads this session. You can look; only the leader can act.`
}
