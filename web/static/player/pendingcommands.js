/** Commands that are being carried out, and those who wait to hear when they were. */
export class PendingCommands {
  /** @type {Map<string, {at: number, resolve: (t: number) => void}>} */ #under = new Map()

  /**
   * Resolves with the session time at which the command was carried out.
   *
   * @param {string} commandId
   * @param {number} at  its own session time, ms
   * @returns {Promise<number>}
   */
  begun(commandId, at) {
    return new Promise(resolve => this.#under.set(commandId, { at, resolve }))
  }

  /**
   * What was asked until `t` is so since `since`, both session time.
   *
   * @param {number} since  NaN: it isn't so
   * @param {number} t
   */
  done(since, t) {
    if (Number.isNaN(since)) return
    for (const [id, { at, resolve }] of this.#under) {
      if (at > t) continue
      this.#under.delete(id)
      resolve(since)
    }
  }

  /** @param {string} commandId */
  forget(commandId) {
    this.#under.delete(commandId)
  }
}
