import { holdsMedia } from './examine.js'
import { Journal } from './journal.js'
import { RecordingFile } from './recordingfile.js'
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

/**
 * A recording that an earlier page left.
 *
 * @typedef {object} Left
 * @property {Partial<Notes>} notes
 * @property {number} bytes
 * @property {boolean} interrupted  it ends where its file does
 */

/** When files that another page has open are tried again, ms: first, and at the longest. */
const LOCKED = 500
const LONGEST = 30_000

/** A recording has one file, and this one has it: of an earlier page, perhaps. */
export class BegunBefore extends Error {}

/** All recordings that are kept here, and their uploads. */
export class UploadQueue {
  #store
  #server
  #tell
  /** @type {Map<string, QueuedRecording>} */ #entries = new Map()
  /** Whose files are being made. */
  /** @type {Set<string>} */ #making = new Set()
  /** Recordings whose files an earlier page still has open, or another tab. */
  #locked = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #again

  /**
   * @param {Store} store
   * @param {import('./upload.js').Target | null} server  null: nothing is uploaded
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
   * Begins a recording. Rejects with BegunBefore when that was done before.
   *
   * @param {Partial<Notes> & {recordingId: string}} notes
   */
  async create(notes) {
    const id = notes.recordingId
    if (this.has(id) || this.#making.has(id)) throw new BegunBefore(id)
    this.#making.add(id)
    try {
      if (await this.#store.has(`${id}.log`)) throw new BegunBefore(id)
      const entry = new QueuedRecording(await this.#open(id), this.#server, this.#tell)
      this.#entries.set(id, entry)
      entry.file.note(notes)
      return entry
    } finally {
      this.#making.delete(id)
    }
  }

  /** @param {string} recordingId */
  async #open(recordingId) {
    const journal = new Journal(await this.#store.open(`${recordingId}.log`))
    try {
      return new RecordingFile(await this.#store.open(`${recordingId}.media`), journal)
    } catch (error) {
      journal.close()
      throw error
    }
  }

  /**
   * Takes up what an earlier page left, and goes on uploading it. What was
   * being recorded ends where the file does.
   *
   * @returns {Promise<Left[]>}
   */
  async recover() {
    const found = []
    this.#locked = 0
    for (const name of await this.#store.names()) {
      const id = name.endsWith('.log') ? name.slice(0, -4) : ''
      if (!id || this.has(id) || this.#making.has(id)) continue
      const file = await this.#open(id).catch(() => null) // another tab's
      if (!file) {
        this.#locked++
        continue
      }
      const interrupted = !file.complete
      const bytes = interrupted && !(await holdsMedia(file)) ? 0 : file.size
      found.push({ notes: { ...file.notes }, bytes, interrupted })
      if (!bytes || !file.notes.recordingId) await file.remove()
      else this.#takeUp(id, file)
    }
    return found
  }

  /**
   * Takes up the rest once others let go of it: the page before this one soon, another tab
   * when it is closed.
   *
   * @param {(found: Left[]) => void} tell
   * @param {number} [ms]
   */
  recoverLater(tell, ms = LOCKED) {
    if (!this.#locked) return
    this.#again = setTimeout(async () => {
      const found = await this.recover()
      if (found.length) tell(found)
      this.recoverLater(tell, Math.min(2 * ms, LONGEST))
    }, ms)
  }

  /**
   * @param {string} id
   * @param {RecordingFile} file
   */
  #takeUp(id, file) {
    const entry = new QueuedRecording(file, this.#server, this.#tell)
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
    clearTimeout(this.#again)
    for (const entry of this.#entries.values()) entry.close()
    this.#entries.clear()
  }
}

/** One of them. */
export class QueuedRecording {
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
   * @param {RecordingFile} file
   * @param {import('./upload.js').Target | null} server
   * @param {(take: TakeState) => void} tell
   */
  constructor(file, server, tell) {
    this.file = file
    this.#server = server
    this.#tell = tell
  }

  get pending() {
    return this.#gone ? 0 : this.file.size - this.#uploaded
  }

  /** Uploads from now on what there is and will be. */
  send() {
    if (!this.#server || this.#sending || this.#gone) return
    this.#sending = new Sending(this.file, this.#server, {
      progress: sent => this.#progress(sent),
      done: () => this.#done(),
      failed: (message, final) => this.#failed(message, final),
    })
  }

  /** @param {number} sent */
  #progress(sent) {
    this.#uploaded = sent
    this.#error = undefined
    if (this.file.complete) this.#state = 'uploading'
    this.tell()
  }

  async #done() {
    this.#uploaded = this.file.size
    this.#state = 'uploaded'
    this.#error = undefined
    this.tell()
    this.#gone = true
    await this.file.remove()
  }

  /**
   * @param {string} message
   * @param {boolean} final
   */
  #failed(message, final) {
    this.#error = message
    if (final) this.#state = 'failed'
    else if (this.file.complete) this.#state = 'waiting'
    this.tell()
  }

  /**
   * Nothing comes after what there is.
   *
   * @param {Partial<Notes>} notes
   */
  complete(notes) {
    this.file.flush()
    this.file.note({ ...notes, complete: true })
    if (this.#state === 'recording') this.#state = 'waiting'
    this.send()
    this.tell()
  }

  /** Removes the recording; on the server what it has of it expires. */
  async discard() {
    this.#sending?.close()
    if (!this.#gone) await this.file.remove()
    this.#gone = true
  }

  hurry() {
    this.#sending?.hurry()
  }

  tell() {
    const { recordingId = '', label = '' } = this.file.notes
    const error = this.#error
    const bytes = this.#gone ? this.#uploaded : this.file.size
    this.#tell({ recordingId, label, state: this.#state, bytes, uploadedBytes: this.#uploaded, ...(error ? { error } : {}) })
  }

  close() {
    this.#sending?.close()
    if (!this.#gone) this.file.close()
  }
}
