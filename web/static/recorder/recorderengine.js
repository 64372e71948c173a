import { holdsMedia } from './examine.js'
import { Inputs } from './inputs.js'
import { Running } from './running.js'
import { BegunBefore, UploadQueue } from './uploadqueue.js'
import { LEFT } from './captureclocks.js'
import { openStore } from './store.js'

/** @import { Choice, Prefer } from './codecs.js' */
/** @import { Notes } from './journal.js' */
/** @import { Tags } from './muxing.js' */

/** @import { Settings, Tracks } from './inputs.js' */

/**
 * What the page says to the engine.
 *
 * @typedef {{type: 'probe' | 'cancel' | 'examine' | 'discard' | 'file', id: string}
 *   | {type: 'open', server: import('./upload.js').Target | null}
 *   | Tracks & {type: 'tracks'}
 *   | {type: 'sound', audio: ReadableStream<AudioData>, settings?: Settings}
 *   | {type: 'captures', times: Parameters<import('./captureclocks.js').CaptureClocks['saw']>[0]}
 *   | {type: 'choose', prefer: Prefer}
 *   | {type: 'preview', on: boolean, picture: boolean}
 *   | {type: 'arm', id: string, notes: Partial<Notes>, from: number, to: number, prefer?: Prefer, tags?: Tags}
 *   | {type: 'bounds', id: string, from: number, to: number}
 *   | {type: 'note' | 'begin' | 'complete', id: string, notes: Partial<Notes>}
 *   | {type: 'append', id: string, bytes: ArrayBuffer}
 *   | {type: 'hurry' | 'close'}} ToRecorder
 */

/**
 * What the engine says of takes.
 *
 * @typedef {{type: 'armed' | 'begun', id: string}
 *   | {type: 'started' | 'written', id: string, at: number, error: number}
 *   | {type: 'stopped', id: string, at: number, error: number, empty: boolean, torn?: boolean, report?: Partial<import('./report.js').Report>}
 *   | {type: 'refused', id: string, code: string, error?: string}
 *   | {type: 'full' | 'examined', id: string, empty: boolean}
 *   | {type: 'trouble', id?: string, code: string, error?: string}
 *   | {type: 'found', found: {notes: Notes, bytes: number, interrupted: boolean}[]}} OfTakes
 */

/**
 * What the engine says to the page, or the page's end of the worker of its end.
 *
 * @typedef {OfTakes
 *   | {type: 'take', take: import('./uploadqueue.js').TakeState}
 *   | {type: 'file', id: string, blob: Blob}
 *   | {type: 'frozen' | 'flowing' | 'settled' | 'ready' | 'closed'}
 *   | {type: 'broken', error?: string}
 *   | {type: 'opened', lasting: boolean, found: {notes: Notes, bytes: number, interrupted: boolean}[]}
 *   | import('./health.js').HealthNews
 *   | {type: 'chosen', container: 'mp4' | 'webm', bitRate?: number}
 *   | import('./preview.js').PreviewData & {type: 'preview'}} FromRecorder
 */

/** How often to look at the time, ms. */
const TICK = 100

/**
 * The part of the recorder that mustn't wait for a busy page: frames, encoders,
 * files and uploads. Runs in the worker; both ends are plain messages with a `type`.
 */
export class RecorderEngine {
  #post
  /** @type {UploadQueue | null} */ #queue = null
  /** @type {Map<string, Running>} */ #running = new Map()
  /** @type {Map<string, {from: number, to: number}>} */ #bounds = new Map()
  #inputs
  #timer

  /** @param {(message: any, transfer?: Transferable[]) => void} post  to the page */
  constructor(post) {
    this.#post = post
    this.#inputs = new Inputs(post, () => this.#takes)
    this.#timer = setInterval(() => this.#tick(), TICK)
  }

  /**
   * A message from the page.
   *
   * @param {ToRecorder} m
   */
  receive(m) {
    switch (m.type) {
      case 'probe': return this.#post({ type: 'probe', id: m.id, answered: performance.now(), origin: performance.timeOrigin })
      case 'open': return void this.#open(m)
      case 'tracks': return this.#inputs.open(m)
      case 'sound': return this.#inputs.renewSound(m)
      case 'captures': return this.#inputs.clocks?.saw(m.times)
      case 'choose': return void this.#tellChoice(m.prefer)
      case 'preview': return this.#inputs.preview(m)
      case 'arm': return void this.#arm(m)
      case 'bounds': return this.#setBounds(m.id, m)
      case 'cancel': return void this.#cancel(m.id)
      case 'note': return this.#queue?.get(m.id)?.file.note(m.notes)
      case 'begin': return void this.#begin(m)
      case 'append': return this.#append(m)
      case 'complete': return this.#queue?.get(m.id)?.complete(m.notes)
      case 'examine': return void this.#examine(m.id)
      case 'hurry': return this.#queue?.hurry()
      case 'discard': return void this.#queue?.discard(m.id)
      case 'file': return this.#handOut(m.id)
      case 'close': return this.#close()
    }
  }

  /** @param {{server: import('./upload.js').Target | null}} m */
  async #open({ server }) {
    const store = await openStore()
    this.#queue = new UploadQueue(store, server, take => this.#post({ type: 'take', take }))
    const found = await this.#queue.recover()
    this.#post({ type: 'opened', lasting: store.lasting, found })
    this.#queue.recoverLater(more => this.#post({ type: 'found', found: more }))
  }

  /**
   * Prepares a take: it gets frames from now on, while its file is being made.
   *
   * @param {{id: string, notes: Partial<Notes>, from: number, to: number, prefer?: Prefer, tags?: Tags}} m
   */
  async #arm({ id, notes, from, to, prefer = {}, tags }) {
    this.#bounds.set(id, { from, to })
    if (this.#queue?.has(id)) return this.#refuse(id, 'begun_before')
    const { wants } = this.#inputs
    const choice = await this.#inputs.choose(prefer)
    if (!choice) return this.#refuse(id, wants.video ? 'no_frames' : 'microphone_silent')
    if (!choice.video && (wants.video || !choice.audio)) return this.#refuse(id, 'cannot_encode')
    if (wants.audio && !choice.audio) this.#post({ type: 'trouble', id, code: 'cannot_encode_sound' })
    const running = this.#run(id, choice, { title: notes.label || undefined, artist: notes.filename, date: new Date(), ...tags })
    if (running) await this.#file(running, { ...notes, recordingId: id })
  }

  /** @param {Prefer} prefer  how takes will be encoded with that */
  async #tellChoice(prefer) {
    const choice = await this.#inputs.choose(prefer)
    if (choice?.video) this.#post({ type: 'chosen', container: choice.container, bitRate: choice.video.bitrate })
  }

  /**
   * @param {string} id
   * @param {Choice} choice
   * @param {Tags} tags
   */
  #run(id, choice, tags) {
    const bounds = this.#bounds.get(id)
    if (!bounds) return null // cancelled meanwhile
    const running = new Running(id, choice, m => this.#message(m), () => this.#inputs.clocks, tags)
    this.#running.set(id, running)
    Object.assign(running.take.cut, bounds)
    if (this.#inputs.still) running.take.prime(this.#inputs.still)
    return running
  }

  /**
   * @param {Running} running
   * @param {Partial<Notes> & {recordingId: string}} notes
   */
  async #file(running, notes) {
    const id = notes.recordingId
    const { container, video } = running.choice
    const all = { ...notes, filename: `${notes.filename}.${container}`, filetype: `${video ? 'video' : 'audio'}/${container}` }
    try {
      const entry = await this.#queue?.create(all)
      if (!entry) return
      if (running.cancelled) await this.#queue?.discard(id)
      else running.keepIn(entry)
    } catch (error) {
      this.#running.delete(id)
      running.cancel()
      this.#refuse(id, error instanceof BegunBefore ? 'begun_before' : 'storage_failed', error)
    }
  }

  /**
   * @param {string} id
   * @param {string} code
   * @param {unknown} [error]
   */
  #refuse(id, code, error) {
    this.#bounds.delete(id)
    this.#post({ type: 'refused', id, code, error: error && String(error) })
  }

  /** @param {OfTakes} m  of a running take */
  #message(m) {
    if (m.type === 'stopped') {
      this.#running.delete(m.id)
      this.#bounds.delete(m.id)
      if (m.empty) void this.#queue?.discard(m.id)
    }
    this.#post(m)
  }

  /**
   * The instants, as the page's map tells them now.
   *
   * @param {string} id
   * @param {{from: number, to: number}} bounds
   */
  #setBounds(id, { from, to }) {
    const known = this.#bounds.get(id)
    if (known) Object.assign(known, { from, to })
    const cut = this.#running.get(id)?.take.cut
    if (cut) Object.assign(cut, cut.begun ? { to } : { from, to })
  }

  /** @param {string} id */
  async #cancel(id) {
    this.#bounds.delete(id)
    const running = this.#running.get(id)
    if (!running || running.take.cut.begun) return
    this.#running.delete(id)
    running.cancel()
    await this.#queue?.discard(id)
  }

  /**
   * A recording whose bytes come from the page.
   *
   * @param {{id: string, notes: Partial<Notes>}} m
   */
  async #begin({ id, notes }) {
    try {
      const entry = await this.#queue?.create({ ...notes, recordingId: id })
      this.#post({ type: 'begun', id })
      entry?.tell()
    } catch (error) {
      this.#refuse(id, error instanceof BegunBefore ? 'begun_before' : 'storage_failed', error)
    }
  }

  /** @param {{id: string, bytes: ArrayBuffer}} m */
  #append({ id, bytes }) {
    const entry = this.#queue?.get(id)
    if (!entry || entry.full) return
    try {
      entry.file.append(new Uint8Array(bytes))
      entry.send()
      entry.tell()
    } catch (error) {
      entry.full = true // a later piece would have a gap before it
      this.#post({ type: 'trouble', id, code: 'storage_full', error: String(error) })
      this.#post({ type: 'full', id, empty: entry.file.size === 0 })
    }
  }

  /**
   * Tells whether there is anything in a recording that comes from the page.
   *
   * @param {string} id
   */
  async #examine(id) {
    const file = this.#queue?.get(id)?.file
    this.#post({ type: 'examined', id, empty: !file || !(await holdsMedia(file)) })
  }

  /** @param {string} id */
  #handOut(id) {
    const file = this.#queue?.get(id)?.file
    const bytes = file?.read(0, file.size) ?? new Uint8Array()
    this.#post({ type: 'file', id, blob: new Blob([bytes], { type: file?.notes.filetype }) })
  }

  #tick() {
    const { clocks } = this.#inputs
    if (!clocks) return
    this.#inputs.tick(Math.max(0, ...this.#takes.map(({ counter }) => counter.dropped)))
    for (const running of this.#running.values()) running.tick(clocks.now(), this.#inputs.still)
  }

  /** Those that are prepared or under way. */
  get #takes() {
    return [...this.#running.values()].map(({ take }) => take)
  }

  #close() {
    clearInterval(this.#timer)
    this.#inputs.close()
    for (const running of this.#running.values()) running.cancel()
    this.#queue?.close()
    setTimeout(() => this.#post({ type: 'closed' }), 2 * LEFT)
  }
}
