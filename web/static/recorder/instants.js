import * as wire from '../lib/wire.js'

/** @import { Session } from '../lib/session.js' */

/** What this device is asked for at an instant must not wait for anything else, ms before and after. */
const BEFORE = 400
const AFTER = 200
/** When devices are about to act. */
export class Instants {
  #session
  /** @type {Map<string, number>} */ #instants = new Map()
  /** @type {(() => void)[]} */ #undo

  /** @param {Session} session */
  constructor(session) {
    this.#session = session
    this.#undo = [
      ...wire.COMMANDS.map(name => session.on(name, ({ commandId, timestamp }) => this.#instants.set(commandId, timestamp))),
      session.on(wire.CANCELLED, ({ commandId }) => this.#instants.delete(commandId)),
    ]
  }

  /**
   * Is an instant so near that nothing else may be done?
   *
   * @param {number} [ms]  for how long that would be
   */
  near(ms = 0) {
    const now = this.#session.now()
    let near = false
    for (const [id, t] of this.#instants) {
      if (now > t + AFTER) this.#instants.delete(id)
      else near ||= now + ms > t - BEFORE
    }
    return near
  }

  close() {
    for (const off of this.#undo) off()
  }
}
