import { Observer } from './observer.js'

/**
 * `currentTime` is the finer clock where the browser computes it whenever it
 * is asked; where it only moves with each frame or now and then, readings
 * scatter by more than this, s, and the frames themselves tell more.
 */
const COARSE = 0.005

/**
 * The position of a medium that plays: from `currentTime`, and from the
 * frames that are shown where that is the better source.
 */
export class Position {
  #element
  #clock = new Observer()
  #frames = new Observer()
  /** @type {number | undefined} */ #callback

  /** @param {HTMLMediaElement} element */
  constructor(element) {
    this.#element = element
    this.#watchFrames()
  }

  #watchFrames() {
    const video = /** @type {HTMLVideoElement} */ (this.#element)
    if (!video.requestVideoFrameCallback) return // sound, or an older browser
    this.#callback = video.requestVideoFrameCallback((_now, frame) => {
      if (!video.paused && !video.seeking) this.#frames.add(frame.expectedDisplayTime, frame.mediaTime)
      this.#watchFrames()
    })
  }

  get #source() {
    const frames = this.#frames
    const better = this.#clock.jitter > COARSE && frames.jitter < this.#clock.jitter
    return better && frames.settled && frames.fresh(performance.now()) ? frames : this.#clock
  }

  get settled() {
    return this.#source.settled
  }

  /** Reads the element's clock; call some times a second. */
  read() {
    const before = performance.now()
    const position = this.#element.currentTime
    this.#clock.add((before + performance.now()) / 2, position)
  }

  /**
   * From now on it runs at `rate`.
   *
   * @param {number} rate
   */
  runs(rate) {
    const d = performance.now()
    this.#clock.runs(d, rate)
    this.#frames.runs(d, rate)
  }

  reset() {
    this.#clock.reset()
    this.#frames.reset()
  }

  /**
   * The position at device time `d`, s.
   *
   * @param {number} d  performance.now(), ms
   */
  at(d) {
    return this.#source.at(d)
  }

  close() {
    const video = /** @type {HTMLVideoElement} */ (this.#element)
    if (this.#callback !== undefined) video.cancelVideoFrameCallback(this.#callback)
  }
}
