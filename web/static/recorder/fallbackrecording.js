/** @import { Prefer } from './codecs.js' */
/** @import { RecorderWorker } from './recorderworker.js' */

/** In the order in which they are wanted. */
const TYPES = ['video/mp4;codecs=avc1.42E01E,mp4a.40.2', 'video/webm;codecs=vp8,opus', 'video/webm', 'video/mp4']
/** How much is handed over at a time, ms. */
const SLICE = 1000
/** Frames that are remembered. */
const FRAMES = 120
/** When no frame comes, the start is as good as this tells, ms. */
const PATIENCE = 1000
/** The worker has looked at a file by then, ms. */
const LOOKING = 3000
/** A browser that doesn't tell capture times is believed to show a frame within, ms. */
const UNKNOWN = 100

/**
 * @typedef {object} FallbackEvents
 * @property {(at: number, error: number) => void} started  page time of the first frame, ms
 * @property {(at: number, error: number, empty: boolean) => void} stopped  of the last
 */

/**
 * A recording by MediaRecorder, where there is no better: it begins with the
 * first frame captured after the call, and which one that is tell the capture
 * times of the frames on the page, good to a frame.
 */
export class FallbackRecording {
  #stream
  #worker
  #id
  #on
  #prefer
  /** @type {MediaRecorder | null} */ #recorder = null
  /** @type {number[]} */ #captures = []
  /** @type {(() => void) | null} */ #first = null
  #told = false
  #bytes = 0
  #calledAt = NaN
  #stoppedAt = NaN
  #handing = Promise.resolve()
  /** @type {(empty: boolean) => void} */ examined = () => {}

  /**
   * @param {MediaStream} stream
   * @param {RecorderWorker} worker
   * @param {string} id
   * @param {FallbackEvents} on
   * @param {Prefer} [prefer]
   */
  constructor(stream, worker, id, on, prefer = {}) {
    this.#stream = stream
    this.#worker = worker
    this.#id = id
    this.#on = on
    this.#prefer = prefer
  }

  /** Can MediaRecorder record here? */
  static get possible() {
    return FallbackRecording.typeOf() !== ''
  }

  /**
   * What it will be, in the container that is preferred if there is a choice; '' where MediaRecorder can't.
   *
   * @param {string} [container]
   */
  static typeOf(container) {
    const types = TYPES.filter(type => globalThis.MediaRecorder?.isTypeSupported(type))
    return types.find(type => type.startsWith(`video/${container}`)) ?? types[0] ?? ''
  }

  /**
   * A frame came by.
   *
   * @param {number | undefined} capture  page time, ms
   */
  saw(capture) {
    const known = capture !== undefined
    this.#captures.push(known ? capture : performance.now())
    if (this.#captures.length > FRAMES) this.#captures.shift()
    if (!this.#told && known && capture >= this.#calledAt) this.#first?.()
  }

  /** Mean time between two frames, ms. */
  get #interval() {
    const { length } = this.#captures
    return length > 1 ? (this.#captures[length - 1] - this.#captures[0]) / (length - 1) : UNKNOWN
  }

  /** Once is enough. */
  start() {
    if (this.#recorder) return
    const recorder = new MediaRecorder(this.#stream, {
      mimeType: FallbackRecording.typeOf(this.#prefer.container), ...(this.#prefer.bitRate ? { videoBitsPerSecond: this.#prefer.bitRate } : {}),
    })
    this.#recorder = recorder
    recorder.ondataavailable = ({ data }) => this.#hand(data)
    recorder.onstop = recorder.onerror = () => void this.#over()
    this.#calledAt = performance.now()
    recorder.start(SLICE)
    this.#first = () => this.#tellStart()
    setTimeout(this.#first, PATIENCE)
  }

  #tellStart() {
    if (this.#told) return
    this.#told = true
    const first = this.#captures.find(t => t >= this.#calledAt)
    const interval = this.#interval
    if (first === undefined) this.#on.started(this.#calledAt + UNKNOWN / 2, UNKNOWN)
    else this.#on.started(first, interval)
  }

  /** @param {Blob} data */
  #hand(data) {
    this.#bytes += data.size
    this.#handing = this.#handing.then(async () => {
      const bytes = await data.arrayBuffer()
      if (bytes.byteLength) this.#worker.post({ type: 'append', id: this.#id, bytes }, [bytes])
    })
  }

  stop() {
    this.#stoppedAt = performance.now()
    if (this.#recorder?.state !== 'inactive') this.#recorder?.stop()
  }

  /** Nobody stopped it: the track ended. */
  async #over() {
    if (Number.isNaN(this.#stoppedAt)) this.#stoppedAt = performance.now()
    this.#tellStart()
    const last = this.#captures.findLast(t => t <= this.#stoppedAt) ?? this.#stoppedAt
    await this.#handing
    this.#on.stopped(Math.max(last, this.#calledAt), this.#interval, this.#bytes === 0 || (await this.#empty()))
  }

  /**
   * MediaRecorder writes a header whether frames came or not: the worker looks into the file.
   *
   * @returns {Promise<boolean>}
   */
  #empty() {
    return new Promise(resolve => {
      this.examined = resolve
      setTimeout(resolve, LOOKING, false)
      this.#worker.post({ type: 'examine', id: this.#id })
    })
  }
}
