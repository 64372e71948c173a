import { trim } from './samplerange.js'

/**
 * Where a take begins and ends, by capture times in page time (ms): with the
 * first frame captured at `from` or after, and with the last one before `to`.
 * Sound begins with the sample captured at the first frame's instant.
 */
export class Cut {
  from = Infinity
  to = Infinity
  /** When the first and the last frame (or sample) was captured; NaN before. */
  first = NaN
  last = NaN

  get begun() {
    return !Number.isNaN(this.first)
  }

  /**
   * What is to become of a frame.
   *
   * @param {number} at  when it was captured, ms
   * @returns {'before' | 'first' | 'within' | 'after'}
   */
  frame(at) {
    if (at >= this.to) return 'after'
    if (this.begun) {
      this.last = at
      return 'within'
    }
    if (at < this.from) return 'before'
    this.first = this.last = at
    return 'first'
  }

  /**
   * Which samples of a block belong to the take. Without a picture sound is
   * what tells when it began.
   *
   * @param {number} start  when the first sample was captured, ms
   * @param {number} count
   * @param {number} rate
   * @param {boolean} alone  no picture
   */
  sound(start, count, rate, alone) {
    const from = this.begun ? this.first : alone ? this.from : Infinity
    const { skip, keep } = trim(start, count, rate, from, this.to)
    if (alone && keep) {
      if (!this.begun) this.first = start + (skip / rate) * 1000
      this.last = start + ((skip + keep - 1) / rate) * 1000
    }
    return { skip, keep }
  }
}
