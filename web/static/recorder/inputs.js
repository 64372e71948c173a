import { Choices } from './codecs.js'
import { Preview } from './preview.js'
import { Health } from './health.js'
import { CaptureClocks, pump } from './captureclocks.js'

/** @import { Choice, Prefer } from './codecs.js' */
/** @import { Still } from './picture.js' */
/** @import { Piece } from './soundclock.js' */
/** @import { Take } from './take.js' */

/** A camera without a frame for this long has frozen, ms. */
const FROZEN = 1000
/** So has one whose first frame takes that much longer, ms. */
const FIRST = 1000
/** How long to wait for the first frame, ms. */
const COMING = 1500
/** Frames a second where the camera doesn't say. */
const USUAL = 30
/** The first frames may come at once: an encoder refuses what no camera does. */
const FASTEST = 120
/** A device with more frames before its encoder makes nothing else. */
const BUSY = 3
/** Channels of a microphone that says nothing yet: both are there whatever comes. */
const STEREO = 2

/**
 * What the tracks say of themselves.
 *
 * @typedef {object} Settings
 * @property {number} [frameRate]
 * @property {number} [channelCount]
 *
 * @typedef {object} Tracks
 * @property {ReadableStream<VideoFrame>} [video]
 * @property {ReadableStream<AudioData>} [audio]
 * @property {number} step  the smallest step of performance.now(), ms
 * @property {{shift: number, error: number}} relation  of the two threads' clocks
 * @property {Settings} [settings]
 */

/** Camera and microphone on their way to the takes. */
export class Inputs {
  #post
  #takes
  #health
  #preview
  #choices = new Choices()
  /** @type {{kind: string, p: {close: () => void}}[]} */ #pumps = []
  #wants = { video: false, audio: false }
  /** @type {Settings} */ #settings = {}
  /** From when on frames should come, page time, ms. */
  #openedAt = NaN
  #frozen = false
  #settled = false
  /** @type {CaptureClocks | null} */ clocks = null
  /** @type {{width: number, height: number} | null} */ picture = null
  /** The newest frame, in case that no other comes. */
  /** @type {Still | null} */ still = null

  /**
   * @param {(message: any) => void} post  to the page
   * @param {() => Iterable<Take>} takes   that want frames and sound
   */
  constructor(post, takes) {
    this.#post = post
    this.#takes = takes
    this.#health = new Health(post)
    this.#preview = new Preview(previewed => post({ type: 'preview', ...previewed }))
  }

  get wants() {
    return this.#wants
  }

  /** @param {Tracks} tracks  in the place of those of before */
  open({ video, audio, step, relation, settings = {} }) {
    this.close()
    this.clocks = new CaptureClocks(step, relation)
    this.#openedAt = this.clocks.now() + FIRST
    this.#wants = { video: !!video, audio: !!audio }
    this.#settings = settings
    if (video) this.#pump('video', pump(video, frame => this.#frame(frame), e => this.#broken(e)))
    if (audio) this.#hear(audio)
  }

  /** @param {ReadableStream<AudioData>} audio */
  #hear(audio) {
    this.#pump('audio', pump(audio, data => this.#sound(data), e => this.#broken(e)))
  }

  /**
   * Another microphone, or the same come back: takes under way go on with it.
   *
   * @param {{audio: ReadableStream<AudioData>, settings?: Settings}} m
   */
  renewSound({ audio, settings }) {
    for (const { kind, p } of this.#pumps) if (kind === 'audio') p.close()
    this.#pumps = this.#pumps.filter(({ kind }) => kind !== 'audio')
    for (const piece of this.clocks?.renewSound() ?? []) this.#place(piece)
    this.#wants.audio = true
    this.#settings.channelCount = settings?.channelCount ?? this.#settings.channelCount
    this.#hear(audio)
  }

  /** @param {unknown} error  of a frame or some sound, which is lost */
  #broken(error) {
    this.#post({ type: 'trouble', code: 'frame_failed', error: String(error) })
  }

  /**
   * @param {'video' | 'audio'} kind
   * @param {{ended: Promise<void>, close: () => void}} p
   */
  #pump(kind, p) {
    const pumped = { kind, p }
    this.#pumps.push(pumped)
    p.ended.then(() => {
      if (!this.#pumps.includes(pumped)) return // on purpose
      if (kind === 'video') this.#frozen = true // the page knows that it is more than that
      if (kind === 'video' || !this.#wants.video) for (const take of this.#takes()) take.close()
    })
  }

  /** @param {VideoFrame} frame */
  #frame(frame) {
    const at = /** @type {CaptureClocks} */ (this.clocks).captured(frame.timestamp)
    const before = this.still
    if (!this.picture) this.#pictured(frame)
    if (this.#frozen) this.#post({ type: 'flowing' })
    this.#frozen = false
    this.still = { frame: frame.clone(), at }
    try {
      for (const take of this.#takes()) take.frame(frame, at, before)
    } finally {
      before?.frame.close()
    }
    this.#health.frame(frame)
    this.#preview.frame(frame)
  }

  /**
   * What passes, for somebody who watches from elsewhere.
   *
   * @param {{on: boolean, picture: boolean}} m
   */
  preview({ on, picture }) {
    const busy = [...this.#takes()].some(({ queued }) => queued > BUSY)
    if (on) this.#preview.ask(picture && !busy)
    else this.#preview.close()
  }

  /** @param {VideoFrame} frame  the first */
  #pictured(frame) {
    this.picture = { width: frame.displayWidth, height: frame.displayHeight }
    void this.choose({}) // what a take will ask for, most likely
  }

  /** @param {AudioData} data */
  #sound(data) {
    this.#settings.channelCount ??= data.numberOfChannels
    for (const piece of this.clocks?.sound(data) ?? []) this.#place(piece)
  }

  /** @param {Piece} piece  of sound */
  #place(piece) {
    this.#health.sound(piece, this.clocks?.now() ?? 0)
    this.#preview.sound(piece)
    for (const take of this.#takes()) take.sound(piece)
  }

  /**
   * How to encode what comes, as soon as a frame comes; null if none does. Sound
   * may come late: it is encoded as the track's settings or earlier sound tell.
   *
   * @param {Prefer} prefer
   * @returns {Promise<Choice | null>}
   */
  async choose(prefer) {
    const { video, audio } = this.#wants
    const since = performance.now()
    while (video && !this.picture && performance.now() - since < COMING) await new Promise(resolve => setTimeout(resolve, 10))
    if (video ? !this.picture : !audio) return null
    const { frameRate, channelCount } = this.#settings
    const framerate = Math.round(Math.max(1, Math.min(FASTEST, frameRate || this.clocks?.rate || USUAL)))
    return this.#choices.of(this.picture && { ...this.picture, framerate }, audio ? { channels: channelCount || STEREO } : null, prefer)
  }

  /**
   * Looks at the time.
   *
   * @param {number} dropped  frames that the take under way lacks
   */
  tick(dropped) {
    const { clocks } = this
    if (!clocks) return
    if (clocks.settled && !this.#settled) this.#post({ type: 'settled' })
    this.#settled = clocks.settled
    for (const piece of clocks.certain()) this.#place(piece)
    this.#health.tick(clocks, this.#wants.audio, dropped)
    if (!this.#wants.video || this.#frozen || clocks.now() - (clocks.arrivedAt || this.#openedAt) <= FROZEN) return
    this.#frozen = true
    this.#post({ type: 'frozen' })
  }

  close() {
    this.#preview.close()
    for (const { p } of this.#pumps.splice(0)) p.close()
    this.still?.frame.close()
    this.picture = this.still = null
    this.#frozen = this.#settled = false
  }
}
