/** @import { TakeState } from './uploadqueue.js' */

/** The recordings that this page knows of. */
export class Recordings {
  #post
  #changed
  /** @type {Map<string, TakeState>} */ #takes = new Map()
  /** @type {Map<string, (blob: Blob) => void>} */ #files = new Map()

  /**
   * @param {(m: object) => void} post  to the worker
   * @param {(before?: TakeState, now?: TakeState) => void} changed
   */
  constructor(post, changed) {
    this.#post = post
    this.#changed = changed
  }

  /** The oldest first. */
  get all() {
    return [...this.#takes.values()]
  }

  /** @param {TakeState} take  as the worker says it is now */
  took(take) {
    const before = this.#takes.get(take.recordingId)
    this.#takes.set(take.recordingId, take)
    this.#changed(before, take)
  }

  /**
   * @param {string} id
   * @returns {Promise<Blob | null>}
   */
  async file(id) {
    const take = this.#takes.get(id)
    if (!take || take.state === 'uploaded') return null
    return new Promise(resolve => {
      this.#files.set(id, resolve)
      this.#post({ type: 'file', id })
    })
  }

  /** @param {{id: string, blob: Blob}} m  from the worker */
  filed({ id, blob }) {
    this.#files.get(id)?.(blob)
    this.#files.delete(id)
  }

  /** @param {string} id */
  discard(id) {
    if (this.#takes.get(id)?.state === 'recording') return
    this.#post({ type: 'discard', id })
    if (this.#takes.delete(id)) this.#changed()
  }
}
