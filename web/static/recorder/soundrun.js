import { Resampler } from './resampler.js'

/** @import { Piece } from './soundclock.js' */

/** Where sound begins and ends within silence it comes and goes in this time, ms. */
const FADE = 3
/** Pieces that follow on fit to this, ms. */
const FIT = 0.05
/** Room for samples at first. */
const ROOM = 1 << 14

/** Sound without a gap, of one rate, to be read at any instant. */
export class SoundRun {
  #rate
  #resampler
  /** @type {Float32Array[]} */ #planes
  /** Samples in the planes, those of silence before the first one included. */
  #length
  /** @type {{index: number, start: number, step: number}[]} */ #spans = []
  #closed = false
  start
  end

  /**
   * @param {Piece} first
   * @param {number} rate      at which it will be read, samples a second
   * @param {number} channels  what it is to have
   */
  constructor(first, rate, channels) {
    this.#rate = first.rate
    this.#resampler = new Resampler(rate / first.rate)
    this.#planes = Array.from({ length: channels }, () => new Float32Array(ROOM))
    this.#length = this.#resampler.reach
    this.start = this.end = first.start
  }

  /** @param {Piece} piece */
  continues({ rate, start }) {
    return rate === this.#rate && Math.abs(start - this.end) < FIT
  }

  /** @param {Piece} piece */
  add({ planes, frames, start, step }) {
    this.#spans.push({ index: this.#length, start, step })
    this.#makeRoom(frames + 2 * this.#resampler.reach)
    mix(planes, this.#planes, this.#length)
    this.#length += frames
    this.end = start + frames * step
  }

  /** @param {number} more */
  #makeRoom(more) {
    const drop = Math.max(0, this.#spans[0].index - 2 * this.#resampler.reach)
    const room = this.#planes[0].length
    if (this.#length + more <= room) return
    const wider = Math.max(room, 2 * (this.#length - drop + more))
    this.#planes = this.#planes.map(plane => {
      const next = new Float32Array(wider)
      next.set(plane.subarray(drop, this.#length))
      return next
    })
    this.#length -= drop
    for (const span of this.#spans) span.index -= drop
  }

  /** Until when it can be read by now, ms: around each instant there must be enough. */
  get ready() {
    const { step } = this.#spans[this.#spans.length - 1]
    return this.#closed ? this.end : this.end - FADE - (this.#resampler.reach + 2) * step
  }

  /** Nothing follows: it can be read to its end. */
  close() {
    this.#closed = true
  }

  /**
   * Reads samples; what was before them is forgotten.
   *
   * @param {number} from   ms
   * @param {number} step   ms
   * @param {number} count
   * @returns {Float32Array[]}
   */
  read(from, step, count) {
    const out = this.#planes.map(() => new Float32Array(count))
    for (let i = 0, k = 0; i < count; i++) {
      const t = from + i * step
      while (k + 1 < this.#spans.length && this.#spans[k + 1].start <= t) k++
      const { index, start, step: own } = this.#spans[k]
      const place = index + (t - start) / own
      const gain = this.#gain(t)
      for (let c = 0; c < out.length; c++) out[c][i] = gain * this.#resampler.at(this.#planes[c], place)
    }
    this.#forget(from + count * step)
    return out
  }

  /** @param {number} t */
  #gain(t) {
    const rise = Math.min(1, (t - this.start) / FADE)
    return this.#closed ? Math.max(0, Math.min(rise, (this.end - t) / FADE)) : rise
  }

  /** @param {number} t */
  #forget(t) {
    while (this.#spans.length > 1 && this.#spans[1].start <= t) this.#spans.shift()
  }
}

/**
 * One channel to all, or all to one, or each to its own.
 *
 * @param {Float32Array[]} from
 * @param {Float32Array[]} to
 * @param {number} at
 */
function mix(from, to, at) {
  if (from.length > 1 && to.length === 1) return average(from, to[0].subarray(at, at + from[0].length))
  for (let c = 0; c < to.length; c++) to[c].set(from[Math.min(c, from.length - 1)], at)
}

/**
 * @param {Float32Array[]} from
 * @param {Float32Array} to
 */
function average(from, to) {
  for (let i = 0; i < to.length; i++) {
    let sum = 0
    for (const plane of from) sum += plane[i]
    to[i] = sum / from.length
  }
}
