import { Journal } from './journal.js'
import { Kept } from './kept.js'
import { Sending } from './upload.js'

/** @import { Notes } from './journal.js' */
/** @import { Store } from './store.js' */

/**
 * A recording as the page hears of it.
 *
 * @typedef {object} TakeState
 * @property {string} recordingId
 * @property {string} label
 * @property {'recording' | 'waiting' | 'uploading' | 'uploaded' | 'failed'} state
 *   waiting: for the network, or for somebody who uploads
 * @property {number} bytes
 * @property {number} uploadedBytes
 * @property {string} [error]  what is in the way of uploading, in words
 */

/** All recordings that are kept here, and their uploads. */
export class Shelf {
  #store
  #server
  #tell
  /** @type {Map<string, Entry>} */ #entries = new Map()

  /**
   * @param {Store} store
   * @param {{url: string, authorization: string} | null} server  null: nothing is uploaded
   * @param {(take: TakeState) => void} tell
   */
  constructor(store, server, tell) {
    this.#store = store
    this.#server = server
    this.#tell = tell
  }

  /** @param {string} recordingId */
  has(recordingId) {
    return this.#entries.has(recordingId)
  }

  /**
   * Begins a recording. Rejects when it has been begun before.
   *
   * @param {Partial<Notes> & {recordingId: string}} notes
   */
  async create(notes) {
    if (this.has(notes.recordingId)) throw new Error('this recording has been begun before')
    const entry = new Entry(await this.#open(notes.recordingId), this.#server, this.#tell)
    this.#entries.set(notes.recordingId, entry)
    entry.kept.note(notes)
    return entry
  }

  /** @param {string} recordingId */
  async #open(recordingId) {
    const journal = new Journal(await this.#store.open(`${recordingId}.log`))
    try {
      return new Kept(await this.#store.open(`${recordingId}.media`), journal)
    } catch (error) {
      journal.close()
      throw error
    }
  }

  /**
   * Takes up what an earlier page left, and goes on uploading it. What was
   * being recorded ends where the file does.
   *
   * @returns {Promise<{notes: Partial<Notes>, bytes: number, interrupted: boolean}[]>}
   */
  async recover() {
    const found = []
    for (const name of await this.#store.names()) {
      const id = name.endsWith('.log') ? name.slice(0, -4) : ''
      const kept = id && !this.has(id) ? await this.#open(id).catch(() => null) : null // another tab's
      if (!kept) continue
      const interrupted = !kept.complete
      found.push({ notes: { ...kept.notes }, bytes: kept.size, interrupted })
      if (!kept.size || !kept.notes.recordingId) await kept.remove()
      else this.#takeUp(id, kept)
    }
    return found
  }

  /**
   * @param {string} id
   * @param {Kept} kept
   */
  #takeUp(id, kept) {
    const entry = new Entry(kept, this.#server, this.#tell)
    this.#entries.set(id, entry)
    entry.complete({})
  }

  /** @param {string} recordingId */
  get(recordingId) {
    return this.#entries.get(recordingId)
  }

  /** @param {string} recordingId */
  async discard(recordingId) {
    const entry = this.#entries.get(recordingId)
    this.#entries.delete(recordingId)
    await entry?.discard()
  }

  /** Bytes that the server doesn't have yet. */
  get pending() {
    let sum = 0
    for (const { pending } of this.#entries.values()) sum += pending
    return sum
  }

  /** The network is back, perhaps. */
  hurry() {
    for (const entry of this.#entries.values()) entry.hurry()
  }

  close() {
    for (const entry of this.#entries.values()) entry.close()
    this.#entries.clear()
  }
}

/** One of them. */
export class Entry {
  #server
  #tell
  /** @type {Sending | null} */ #sending = null
  /** @type {TakeState['state']} */ #state = 'recording'
  #uploaded = 0
  #gone = false
  /** There was no room for more. */
  full = false
  /** @type {string | undefined} */ #error

  /**
   * @param {Kept} kept
   * @param {{url: string, authorization: string} | null} server
   * @param {(take: TakeState) => void} tell
   */
  constructor(kept, server, tell) {
    this.kept = kept
    this.#server = server
    this.#tell = tell
  }

  get pending() {
    return this.#gone ? 0 : this.kept.size - this.#uploaded
  }

  /** Uploads from now on what there is and will be. */
  send() {
    if (!this.#server || this.#sending || this.#gone) return
    this.#sending = new Sending(this.kept, this.#server, {
      progress: sent => this.#progress(sent),
      done: () => this.#done(),
      failed: (message, final) => this.#failed(message, final),
    })
  }

  /** @param {number} sent */
  #progress(sent) {
    this.#uploaded = sent
    this.#error = undefined
    if (this.kept.complete) this.#state = 'uploading'
    this.tell()
  }

  async #done() {
    this.#uploaded = this.kept.size
    this.#state = 'uploaded'
    this.#error = undefined
    this.tell()
    this.#gone = true
    await this.kept.remove()
  }

  /**
   * @param {string} message
   * @param {boolean} final
   */
  #failed(message, final) {
    this.#error = message
    if (final) this.#state = 'failed'
    else if (this.kept.complete) this.#state = 'waiting'
    this.tell()
  }

  /**
   * Nothing comes after what there is.
   *
   * @param {Partial<Notes>} notes
   */
  complete(notes) {
    this.kept.flush()
    this.kept.note({ ...notes, complete: true })
    if (this.#state === 'recording') this.#state = 'waiting'
    this.send()
    this.tell()
  }

  /** Removes the recording; on the server what it has of it expires. */
  async discard() {
    this.#sending?.close()
    if (!this.#gone) await this.kept.remove()
    this.#gone = true
  }

  hurry() {
    this.#sending?.hurry()
  }

  tell() {
    const { recordingId = '', label = '' } = this.kept.notes
    const error = this.#error
    const bytes = this.#gone ? this.#uploaded : this.kept.size
    this.#tell({ recordingId, label, state: this.#state, bytes, uploadedBytes: this.#uploaded, ...(error ? { error } : {}) })
  }

  close() {
    this.#sending?.close()
    if (!this.#gone) this.kept.close()
  }
}
