import { tab } from '../../lib/webstorage.js'
import { leaderWords } from './consolewords.js'
import { creatorOf } from '../ui/creator.js'
import { byId, reveal, say } from '../ui/ui.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Roster } from './roster.js' */

/** Who leads, and the way to take the lead. */
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
  }

  draw() {
    const { isLeader, state, sessionId } = this.#session
    const { leaderName, leaderAway } = this.#roster
    const joined = state === 'synced' || state === 'syncing'
    const rules = mayRule(sessionId)
    reveal(byId('lead'), joined && !isLeader && (leaderAway || rules))
    say(byId('lead-line'), leaderWords(isLeader, leaderName, leaderAway, rules))
  }
}

/**
 * May this page take the lead from somebody who is there? Who created the session may, and
 * who has the server's admin key.
 *
 * @param {string} sessionId
 */
function mayRule(sessionId) {
  return !!creatorOf(sessionId).token || tab.get('downbeat:admin') !== null
}
