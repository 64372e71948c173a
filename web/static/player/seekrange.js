import { reaches } from './media.js'

/** Further than this from where a seek should have led, it led elsewhere, s. */
const ELSEWHERE = 1
/** Going back to the beginning is worth it if it brings the medium so much nearer, s. */
const NEARER = 1
/** Places this close together are the same, s. */
const HERE = 0.001

/**
 * What a medium allows: going to a place needs a server that sends ranges, and a
 * stream that is live has no places at all.
 */
export class SeekRange {
  #element
  /** A seek led elsewhere: another one would as well. */
  #stuck = false
  /** Of media without a length: does their server send ranges, so that they are files? */
  #file = false
  /** The media's length as the session knows it, s; 0: it doesn't. */
  known = 0

  /** @param {HTMLMediaElement} element */
  constructor(element) {
    this.#element = element
  }

  /** Another medium is being loaded. */
  forget() {
    this.#stuck = this.#file = false
  }

  /**
   * Can the medium be brought to `position`?
   *
   * @param {number} position  s
   */
  has(position) {
    if (Math.abs(this.#element.currentTime - position) < HERE) return true
    return !this.#stuck && !this.live && reaches(this.#element, position)
  }

  /**
   * The place to go to when `position` is wanted, s; NaN: stay. Without ranges the
   * beginning is all there is: it is better where it is nearer.
   *
   * @param {number} position  s
   */
  nearest(position) {
    if (this.has(position)) return position
    const { currentTime } = this.#element
    return position + NEARER < Math.abs(currentTime - position) && this.has(0) ? 0 : NaN
  }

  /**
   * A seek has led somewhere.
   *
   * @param {number} position  s, where it should have
   */
  sought(position) {
    const { seeking, currentTime } = this.#element
    if (!seeking && Math.abs(currentTime - position) > ELSEWHERE) this.#stuck = true
  }

  /** A medium without a length is live, unless its length is known or it is a file. */
  get live() {
    return this.#element.duration === Infinity && !(this.known > 0) && !this.#file
  }

  /** Media without a length may be files that lack it: a server that sends a range has the whole. */
  async look() {
    const { duration, src } = this.#element
    if (duration !== Infinity || new URL(src).origin !== location.origin) return
    const response = await fetch(src, { headers: { Range: 'bytes=0-0' } }).catch(() => null)
    if (src === this.#element.src) this.#file = response?.status === 206 && /\/\d+$/.test(response.headers.get('Content-Range') ?? '')
    response?.body?.cancel().catch(() => {})
  }
}
