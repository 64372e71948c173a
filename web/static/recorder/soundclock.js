import { soundBase } from './calibrate.js'
import { Envelope, clamp } from './envelope.js'

/** Stamps that are off by less than this are scatter, ms. */
const SCATTER = 8
/** How long blocks wait until it is clear whether samples are missing, ms. */
const WAIT = 600
/** Blocks that wait at most. */
const MOST = 2000
/** How fast a difference is taken up: a part of it each, ms. */
const SETTLE = 10_000
/** Nobody hears a pitch that is off by this. */
const FASTEST = 2e-3

/**
 * @typedef {object} Block  of sound, as it comes from the microphone
 * @property {Float32Array[]} planes
 * @property {number} frames
 * @property {number} rate     samples a second, by the sound card's word
 * @property {number} stamp    of the first sample, on whatever clock, ms
 * @property {number} arrival  page time, ms
 *
 * @typedef {object} Piece  of sound, with its place on the page's clock
 * @property {Float32Array[]} planes
 * @property {number} frames
 * @property {number} rate
 * @property {number} start  when its first sample was captured, page time, ms
 * @property {number} step   from one sample to the next, ms
 *
 * @typedef {object} Waiting
 * @property {Block} block
 * @property {number} before  the sum of lengths of all sound before it, ms
 */

/**
 * When each sample was captured. Stamps scatter, come in bursts and jump, and
 * sound cards run fast or slow; so a block begins where the last one ended
 * unless samples are missing, and the length of a sample follows the stamps
 * slowly. Samples are missing when stamps and arrivals both moved for good:
 * late delivery moves them for a moment, and a jump of the stamps alone doesn't
 * move the arrivals.
 */
export class SoundClock {
  /** @type {Waiting[]} */ #waiting = []
  /** Lengths of all sound so far by the card's own rate, missing samples included, ms. */
  #sum = 0
  /** When the next sample was captured if none is missing, page time, ms. */
  #next = NaN
  /** Added to stamps that jumped, ms. */
  #shift = 0
  #base = 0
  #pace = 0
  #rate = 0
  #channels = 0
  #stamps = new Envelope()
  #arrivals = new Envelope()
  #lags = new Envelope()
  #since = NaN
  /** What the place of sound may be wrong by, ms. */
  error = Infinity

  /** How much faster than session time the card runs, millionths; NaN while unknown. */
  get ppm() {
    return this.#stamps.known ? -this.#stamps.slope * 1e6 : NaN
  }

  /**
   * @param {Block} block
   * @param {number[]} origins  differences of page time and stamps that are known to occur
   * @returns {Piece[]}  what is certain by now
   */
  push(block, origins) {
    const length = lengthOf(block)
    const channels = block.planes.length
    const pieces = block.rate !== this.#rate || channels !== this.#channels ? this.#renew(origins) : []
    this.#rate = block.rate
    this.#channels = channels
    if (!this.#waiting.length) this.#since = block.arrival
    this.#waiting.push({ block, before: this.#sum })
    this.#sum += length
    return [...pieces, ...this.#look(block.arrival, origins)]
  }

  /**
   * Another card, perhaps: what was learnt of the old one's rate is void.
   *
   * @param {number[]} origins
   */
  #renew(origins) {
    const pieces = []
    while (this.#waiting.length) pieces.push(...this.#decide(origins))
    this.#stamps.clear()
    this.#pace = 0
    return pieces
  }

  /**
   * @param {number} now
   * @param {number[]} origins
   */
  #look(now, origins) {
    if (!Number.isNaN(this.#next) && Math.abs(this.#off(this.#waiting.length - 1)) <= SCATTER) return this.#release(this.#waiting.length, origins)
    if (now - this.#since < WAIT && this.#waiting.length < MOST) return []
    return this.#decide(origins)
  }

  /**
   * Looks at the time: what waits mustn't wait for more sound.
   *
   * @param {number} now  page time, ms
   * @param {number[]} origins
   */
  tick(now, origins) {
    return this.#waiting.length ? this.#look(now, origins) : []
  }

  /**
   * How far a waiting block's stamp is from where it would follow on, ms.
   *
   * @param {number} i
   */
  #off(i) {
    const { block, before } = this.#waiting[i]
    const ahead = before - this.#waiting[0].before
    return this.#stampOf(block) - this.#next - ahead * (1 + this.#pace)
  }

  /** @param {Block} block */
  #stampOf({ stamp }) {
    return stamp + this.#shift + this.#base
  }

  /**
   * Enough was heard to know: is something missing, or have the stamps jumped?
   *
   * @param {number[]} origins
   */
  #decide(origins) {
    if (Number.isNaN(this.#next)) this.#begin(origins)
    const off = Math.min(...this.#waiting.map((_, i) => this.#off(i)))
    if (Math.abs(off) <= SCATTER) return this.#settle(origins)
    const arrived = Math.min(...this.#waiting.map(({ block, before }) => block.arrival - before))
    const moved = arrived - this.#arrivals.at(this.#waiting[0].before)
    if (Math.abs(moved - off) <= Math.abs(moved)) this.#skip(off)
    else this.#shift -= off
    return this.#settle(origins)
  }

  /** @param {number[]} origins */
  #begin(origins) {
    const lags = this.#waiting.map(({ block }) => block.arrival - block.stamp)
    this.#settleBase(Math.min(...lags), this.#waiting[0].block, origins)
    const stamps = this.#waiting.map(({ block, before }) => this.#stampOf(block) - before)
    this.#next = Math.min(...stamps) + this.#waiting[0].before
  }

  /**
   * Samples are missing, or came twice.
   *
   * @param {number} ms
   */
  #skip(ms) {
    this.#next += ms
    this.#sum += ms
    for (const waiting of this.#waiting) waiting.before += ms
  }

  /**
   * What follows on goes out; what begins after the next such move waits on.
   *
   * @param {number[]} origins
   */
  #settle(origins) {
    const last = this.#waiting.findLastIndex((_, i) => Math.abs(this.#off(i)) <= SCATTER)
    const pieces = this.#release(Math.max(last, 0) + 1, origins)
    this.#since = this.#waiting[0]?.block.arrival
    return pieces
  }

  /**
   * @param {number} count
   * @param {number[]} origins
   */
  #release(count, origins) {
    return this.#waiting.splice(0, count).map(waiting => this.#place(waiting, origins))
  }

  /**
   * @param {Waiting} waiting
   * @param {number[]} origins
   * @returns {Piece}
   */
  #place({ block, before }, origins) {
    const { planes, frames, rate, arrival } = block
    this.#lags.add(before, arrival - block.stamp - this.#shift)
    this.#arrivals.add(before, arrival - before)
    if (this.#stamps.add(before, block.stamp + this.#shift - before)) this.#learn(block, before, origins)
    const step = (1000 / rate) * (1 + this.#pace)
    const start = this.#next
    this.#next += frames * step
    return { planes, frames, rate, start, step }
  }

  /**
   * Once a second: how fast to go on, and where the stamps' clock stands.
   *
   * @param {Block} block
   * @param {number} before
   * @param {number[]} origins
   */
  #learn(block, before, origins) {
    this.#settleBase(this.#lags.at(before), block, origins)
    const off = this.#stamps.at(before) + this.#base + before - this.#next
    this.#pace = clamp(this.#stamps.slope + off / SETTLE, FASTEST)
  }

  /**
   * The difference of page time and stamps: an origin that is known to occur,
   * or what the first arrival tells.
   *
   * @param {number} lag  least of arrival − stamp, ms
   * @param {Block} block
   * @param {number[]} origins
   */
  #settleBase(lag, block, origins) {
    const length = lengthOf(block)
    const origin = soundBase(lag, origins)
    const base = origin === lag ? lag - length : origin
    const moved = base - this.#base
    this.error = lag - origin + length
    this.#base = base
    if (Math.abs(moved) > SCATTER) this.#next += moved
  }
}

/** @param {Block} block */
function lengthOf({ frames, rate }) {
  return (frames / rate) * 1000
}
