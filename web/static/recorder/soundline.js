import { SoundRun } from './soundrun.js'

/** @import { Piece } from './soundclock.js' */

/** Silence is handed out in blocks of at most this many samples. */
const BLOCK = 4800

/**
 * The sound of a take as an encoder needs it, which counts samples and looks
 * at no stamps: without a gap, at one rate, the n-th sample at n / rate after
 * the first. Where samples are missing there is silence, what comes twice is
 * left out, and sound whose clock runs fast or slow is resampled.
 */
export class SoundLine {
  #from
  #rate
  #channels
  #emit
  /** Samples handed out, and those of silence among them for want of sound. */
  #made = 0
  #filled = 0
  /** @type {SoundRun | null} */ #run = null
  /** Nothing is handed out from here on, page time, ms. */
  to = Infinity

  /**
   * @param {number} from      when the first sample is to be of, page time, ms
   * @param {number} rate      samples a second
   * @param {number} channels
   * @param {(planes: Float32Array[], index: number, filled: boolean) => void} emit
   */
  constructor(from, rate, channels, emit) {
    this.#from = from
    this.#rate = rate
    this.#channels = channels
    this.#emit = emit
  }

  /** Until when all has been handed out, page time, ms. */
  get at() {
    return this.#timeOf(this.#made)
  }

  /** How much of it is silence for want of sound, ms. */
  get filledMs() {
    return (this.#filled / this.#rate) * 1000
  }

  /** How much of it came from the microphone, ms. */
  get heardMs() {
    return ((this.#made - this.#filled) / this.#rate) * 1000
  }

  /** @param {number} n */
  #timeOf(n) {
    return this.#from + (n / this.#rate) * 1000
  }

  /**
   * How many samples are to be handed out for the line to reach t.
   *
   * @param {number} t
   */
  #until(t) {
    return Math.ceil((Math.min(t, this.to) - this.#from) * this.#rate / 1000 - 1e-6)
  }

  /** @param {Piece} piece  none of which begins before the one before it */
  push(piece) {
    if (piece.start + piece.frames * piece.step <= this.at && !this.#run) return
    if (this.#run && !this.#run.continues(piece)) this.#endRun()
    this.#run ??= new SoundRun(piece, this.#rate, this.#channels)
    this.#run.add(piece)
    this.#read(this.#run)
  }

  /** @param {SoundRun} run */
  #read(run) {
    this.#silence(this.#until(run.start))
    const count = this.#until(run.ready) - this.#made
    if (count <= 0) return
    const planes = run.read(this.at, 1000 / this.#rate, count)
    this.#hand(planes, count, false)
  }

  #endRun() {
    const run = this.#run
    this.#run = null
    run?.close()
    if (run) this.#read(run)
  }

  /**
   * No sound from before t comes any more.
   *
   * @param {number} t  page time, ms
   */
  silence(t) {
    if (this.#run && this.#run.end < t) this.#endRun()
    if (!this.#run) this.#silence(this.#until(t))
  }

  /** @param {number} until  samples */
  #silence(until) {
    while (this.#made < until) {
      const count = Math.min(BLOCK, until - this.#made)
      this.#filled += count
      this.#hand(Array.from({ length: this.#channels }, () => new Float32Array(count)), count, true)
    }
  }

  /**
   * @param {Float32Array[]} planes
   * @param {number} count
   * @param {boolean} filled
   */
  #hand(planes, count, filled) {
    const index = this.#made
    this.#made += count
    this.#emit(planes, index, filled)
  }

  /**
   * Hands out all until t, and nothing after it.
   *
   * @param {number} t  page time, ms
   */
  end(t) {
    this.to = Math.min(this.to, t)
    this.#endRun()
    this.silence(t)
  }
}
