import { choose } from './codecs.js'
import { Running } from './running.js'
import { BegunBefore, Shelf } from './shelf.js'
import { Clocks, pump } from './source.js'
import { openStore } from './store.js'

/** @import { Choice } from './codecs.js' */
/** @import { Notes } from './journal.js' */

/** How often to look at the time, ms. */
const TICK = 100
/** A camera without a frame for this long has frozen, ms. */
const FROZEN = 1000
/** How long to wait for the first frame and sample, ms. */
const COMING = 1500
/** Frames a second where the camera doesn't say. */
const USUAL = 30
/** The first frames may come at once: an encoder refuses what no camera does. */
const FASTEST = 120

/**
 * The part of the recorder that mustn't wait for a busy page: frames, encoders,
 * files and uploads. Runs in the worker; both ends are plain messages with a `type`.
 */
export class Studio {
  #post
  /** @type {Shelf | null} */ #shelf = null
  /** @type {Clocks | null} */ #clocks = null
  /** @type {Map<string, Running>} */ #running = new Map()
  /** @type {Map<string, {from: number, to: number}>} */ #bounds = new Map()
  /** @type {{close: () => void}[]} */ #pumps = []
  /** @type {{width: number, height: number} | null} */ #picture = null
  /** @type {{sampleRate: number, numberOfChannels: number} | null} */ #sound = null
  #wants = { video: false, audio: false }
  /** How to encode what these tracks give; asking the browser takes too long for a take to wait for. */
  /** @type {Promise<Choice | null> | null} */ #choice = null
  #frozen = false
  #settled = false
  #timer

  /** @param {(message: any, transfer?: Transferable[]) => void} post  to the page */
  constructor(post) {
    this.#post = post
    this.#timer = setInterval(() => this.#tick(), TICK)
  }

  /**
   * A message from the page.
   *
   * @param {any} m
   */
  receive(m) {
    switch (m.type) {
      case 'probe': return this.#post({ type: 'probe', id: m.id, answered: performance.now(), origin: performance.timeOrigin })
      case 'open': return void this.#open(m)
      case 'tracks': return this.#tracks(m)
      case 'saw': return this.#clocks?.saw(m.sights)
      case 'arm': return void this.#arm(m)
      case 'bounds': return this.#setBounds(m.id, m)
      case 'cancel': return void this.#cancel(m.id)
      case 'note': return this.#shelf?.get(m.id)?.kept.note(m.notes)
      case 'begin': return void this.#begin(m)
      case 'append': return this.#append(m)
      case 'complete': return this.#shelf?.get(m.id)?.complete(m.notes)
      case 'hurry': return this.#shelf?.hurry()
      case 'discard': return void this.#shelf?.discard(m.id)
      case 'file': return this.#handOut(m.id)
      case 'close': return this.#close()
    }
  }

  /** @param {{server: {url: string, authorization: string} | null}} m */
  async #open({ server }) {
    const store = await openStore()
    this.#shelf = new Shelf(store, server, take => this.#post({ type: 'take', take }))
    const found = await this.#shelf.recover()
    this.#post({ type: 'opened', lasting: store.lasting, found })
    this.#shelf.recoverLater(more => this.#post({ type: 'found', found: more }))
  }

  /** @param {{video?: ReadableStream<VideoFrame>, audio?: ReadableStream<AudioData>, step: number, relation: {shift: number, error: number}}} m */
  #tracks({ video, audio, step, relation }) {
    this.#stopTracks()
    this.#clocks = new Clocks(step, relation)
    this.#wants = { video: !!video, audio: !!audio }
    if (video) this.#pump('video', pump(video, frame => this.#frame(frame)))
    if (audio) this.#pump('audio', pump(audio, data => this.#heard(data)))
    this.#choice = this.#choose()
  }

  /**
   * @param {'video' | 'audio'} kind
   * @param {{ended: Promise<void>, close: () => void}} p
   */
  #pump(kind, p) {
    this.#pumps.push(p)
    p.ended.then(() => {
      if (!this.#pumps.includes(p)) return // on purpose
      if (kind === 'video') this.#frozen = true // the page knows that it is more than that
      if (kind === 'video' || !this.#picture) for (const { take } of this.#running.values()) take.end()
    })
  }

  #stopTracks() {
    const pumps = this.#pumps
    this.#pumps = []
    for (const p of pumps) p.close()
    this.#picture = this.#sound = null
    this.#frozen = this.#settled = false
  }

  /** @param {VideoFrame} frame */
  #frame(frame) {
    const clocks = /** @type {Clocks} */ (this.#clocks)
    const at = clocks.captured(frame.timestamp)
    this.#picture ??= { width: frame.displayWidth, height: frame.displayHeight }
    if (this.#frozen) this.#post({ type: 'flowing' })
    this.#frozen = false
    for (const { take } of this.#running.values()) take.frame(frame, at)
    frame.close()
  }

  /** @param {AudioData} data */
  #heard(data) {
    const clocks = /** @type {Clocks} */ (this.#clocks)
    const start = clocks.heard(data)
    this.#sound ??= { sampleRate: data.sampleRate, numberOfChannels: data.numberOfChannels }
    for (const { take } of this.#running.values()) take.sound(data.clone(), start)
    data.close()
  }

  /**
   * How to encode what comes, as soon as something comes; null if nothing does.
   *
   * @returns {Promise<Choice | null>}
   */
  async #choose() {
    const { video, audio } = this.#wants
    const since = performance.now()
    const missing = () => (video && !this.#picture) || (audio && !this.#sound)
    while (missing() && performance.now() - since < COMING) await new Promise(resolve => setTimeout(resolve, 10))
    if (video ? !this.#picture : !this.#sound) return null
    const framerate = Math.round(Math.max(1, Math.min(FASTEST, this.#clocks?.rate || USUAL)))
    return choose(this.#picture && { ...this.#picture, framerate }, this.#sound)
  }

  /**
   * Prepares a take: it gets frames from now on, while its file is being made.
   *
   * @param {{id: string, notes: Partial<Notes>, from: number, to: number}} m
   */
  async #arm({ id, notes, from, to }) {
    this.#bounds.set(id, { from, to })
    if (this.#shelf?.has(id)) return this.#refuse(id, 'begun_before')
    const choice = (await this.#choice) ?? (await (this.#choice = this.#choose()))
    if (!choice) return this.#refuse(id, this.#wants.video ? 'no_frames' : 'microphone_silent')
    if (!choice.video && (this.#picture || !choice.audio)) return this.#refuse(id, 'cannot_encode')
    if (this.#wants.audio && !choice.audio) this.#post({ type: 'trouble', id, code: 'microphone_silent' })
    const running = this.#run(id, choice)
    if (running) await this.#file(running, { ...notes, recordingId: id })
  }

  /**
   * @param {string} id
   * @param {Choice} choice
   */
  #run(id, choice) {
    const bounds = this.#bounds.get(id)
    if (!bounds) return null // cancelled meanwhile
    const running = new Running(id, choice, m => this.#message(m), () => this.#clocks)
    this.#running.set(id, running)
    Object.assign(running.take.cut, bounds)
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
      const entry = await this.#shelf?.create(all)
      if (!entry) return
      if (running.cancelled) await this.#shelf?.discard(id)
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

  /** @param {any} m  of a running take */
  #message(m) {
    if (m.type === 'stopped') {
      this.#running.delete(m.id)
      this.#bounds.delete(m.id)
      if (m.empty) void this.#shelf?.discard(m.id)
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
    await this.#shelf?.discard(id)
  }

  /**
   * A recording whose bytes come from the page.
   *
   * @param {{id: string, notes: Partial<Notes>}} m
   */
  async #begin({ id, notes }) {
    try {
      const entry = await this.#shelf?.create({ ...notes, recordingId: id })
      this.#post({ type: 'begun', id })
      entry?.tell()
    } catch (error) {
      this.#refuse(id, error instanceof BegunBefore ? 'begun_before' : 'storage_failed', error)
    }
  }

  /** @param {{id: string, bytes: ArrayBuffer}} m */
  #append({ id, bytes }) {
    const entry = this.#shelf?.get(id)
    if (!entry || entry.full) return
    try {
      entry.kept.append(new Uint8Array(bytes))
      entry.send()
      entry.tell()
    } catch (error) {
      entry.full = true // a later piece would have a gap before it
      this.#post({ type: 'trouble', id, code: 'storage_full', error: String(error) })
      this.#post({ type: 'full', id, empty: entry.kept.size === 0 })
    }
  }

  /** @param {string} id */
  #handOut(id) {
    const kept = this.#shelf?.get(id)?.kept
    const bytes = kept?.read(0, kept.size) ?? new Uint8Array()
    this.#post({ type: 'file', id, blob: new Blob([bytes], { type: kept?.notes.filetype }) })
  }

  #tick() {
    const clocks = this.#clocks
    if (!clocks) return
    const now = clocks.now()
    if (clocks.settled && !this.#settled) this.#post({ type: 'settled' })
    this.#settled = clocks.settled
    for (const running of this.#running.values()) running.tick(now)
    if (this.#picture && !this.#frozen && now - clocks.arrivedAt > FROZEN) {
      this.#frozen = true
      this.#post({ type: 'frozen' })
    }
  }

  #close() {
    clearInterval(this.#timer)
    this.#stopTracks()
    for (const running of this.#running.values()) running.cancel()
    this.#shelf?.close()
    this.#post({ type: 'closed' })
  }
}
