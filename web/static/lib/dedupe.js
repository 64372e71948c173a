import * as wire from './wire.js'

/** Events that carry a command and so come by every path that is open. */
const REPEATED = new Set(wire.TWO_WAYS)

/** Tells the first arrival of a command from its copies. Remembers the last `limit`. */
export class Dedupe {
  /** @type {Set<string>} */ #seen = new Set()
  #limit

  constructor(limit = 1024) {
    this.#limit = limit
  }

  /**
   * True when this message is new; always so for events that aren't repeated.
   *
   * @param {string} event
   * @param {unknown} data
   */
  fresh(event, data) {
    const id = /** @type {{commandId?: unknown} | null | undefined} */ (data)?.commandId
    if (!REPEATED.has(event) || typeof id !== 'string') return true
    const key = event + ' ' + id
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    if (this.#seen.size > this.#limit) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest)
        break
      }
    }
    return true
  }
}
