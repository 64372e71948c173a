import { decibels } from './level.js'

/** @import { Health } from './healthwarnings.js' */

/** How often it tells, ms. */
const TELL = 1000
/** Samples that are looked at: the latest two thirds of a second at 48 kHz. */
const WINDOW = 32768

/** What comes from a stream that MediaRecorder records, where no worker sees it. */
export class StreamMeter {
  #timer
  #frames = 0
  #sawAt = performance.now()
  /** @type {AudioContext | null} */ #ctx = null
  /** @type {AnalyserNode | null} */ #analyser = null
  #samples = new Float32Array(WINDOW)

  /**
   * @param {MediaStream} stream
   * @param {(health: Health) => void} tell
   */
  constructor(stream, tell) {
    if (stream.getAudioTracks().length) this.#listen(stream)
    this.#timer = setInterval(() => tell(this.#health), TELL)
  }

  /** @param {MediaStream} stream */
  #listen(stream) {
    this.#ctx = new AudioContext()
    this.#analyser = new AnalyserNode(this.#ctx, { fftSize: WINDOW })
    this.#ctx.createMediaStreamSource(stream).connect(this.#analyser)
    this.#ctx.resume().catch(() => {})
  }

  saw() {
    this.#frames++
    this.#sawAt = performance.now()
  }

  /** A page that isn't shown isn't told of frames. */
  get #health() {
    const shown = document.visibilityState === 'visible'
    const frameRate = (this.#frames * 1000) / TELL
    this.#frames = 0
    return { ...(shown ? { frameRate, frozenMs: performance.now() - this.#sawAt } : {}), ...this.levels }
  }

  /** @returns {{peakDb?: number, rmsDb?: number}} */
  get levels() {
    if (!this.#analyser || this.#ctx?.state !== 'running') return {}
    this.#analyser.getFloatTimeDomainData(this.#samples)
    let peak = 0
    let sum = 0
    for (const x of this.#samples) {
      peak = Math.max(peak, Math.abs(x))
      sum += x * x
    }
    return { peakDb: decibels(peak), rmsDb: decibels(Math.sqrt(sum / WINDOW)) }
  }

  close() {
    clearInterval(this.#timer)
    this.#ctx?.close().catch(() => {})
  }
}
