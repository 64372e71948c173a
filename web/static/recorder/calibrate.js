/**
 * Frames bear stamps of an origin of their own; what is wanted is the page's
 * performance.now() at which they were captured. Stamps and page time differ
 * by a constant, the base: page time = stamp + base, all in ms.
 *
 * Two things tell it: a frame can't have arrived before it was captured, so
 * that the least of arrival − stamp is a ceiling; and the browser may tell
 * when frames were captured (`requestVideoFrameCallback`), though not which
 * ones. Which is found by what occurs again and again: the difference of a stamp and a media
 * time, which are finer than capture times, so that the little by which a
 * camera's frames are early or late tells them apart; or, failing that, the
 * difference of a capture time and a stamp.
 *
 * @typedef {object} CaptureTime
 * @property {number} capture  page time, ms
 * @property {number} media    the same frame's time on the medium's own line, ms
 *
 * @typedef {object} Base
 * @property {number} base   ms
 * @property {number} error  ms, at most
 * @property {'capture' | 'arrival'} by  what told it
 */

/** Frames and capture times that are looked at. */
const FRAMES = 150
const CAPTURES = 60
/** Capture times that have to agree before they are believed. */
const AGREE = 4
/** Stamps and media times are to the microsecond, but for steps of the browser's clock, ms. */
const EXACT = 0.002
/** How far behind the ceiling the base is looked for, ms: the slowest camera. */
const SLOWEST = 1000
/** Another base is as good as the best from this part of its agreement on. */
const ALIKE = 0.7

export class Calibration {
  #slack
  #step
  /** @type {number[]} */ #stamps = []
  /** @type {number[]} */ #lags = []
  /** @type {CaptureTime[]} */ #captures = []

  /**
   * @param {number} step   the smallest step of performance.now(), ms
   * @param {number} slack  what arrivals may be wrong by, ms
   */
  constructor(step, slack) {
    this.#step = step
    this.#slack = slack + 2 * step
  }

  /**
   * A frame arrived.
   *
   * @param {number} stamp  ms
   * @param {number} at     page time, ms
   */
  arrived(stamp, at) {
    this.#stamps.push(stamp)
    this.#lags.push(at - stamp)
    if (this.#stamps.length > FRAMES) this.#stamps.shift()
    if (this.#lags.length > FRAMES) this.#lags.shift()
  }

  /**
   * Some frame was captured then, by the browser's word.
   *
   * @param {CaptureTime} time
   */
  saw(time) {
    this.#captures.push(time)
    if (this.#captures.length > CAPTURES) this.#captures.shift()
  }

  /** Mean time between two frames, ms; NaN while unknown. */
  get interval() {
    const n = this.#stamps.length - 1
    return n < 1 ? NaN : (this.#stamps[n] - this.#stamps[0]) / n
  }

  /**
   * Null before the first frame.
   *
   * @returns {Base | null}
   */
  get result() {
    if (this.#stamps.length === 0) return null
    const ceiling = Math.min(...this.#lags)
    const interval = this.interval || 0
    const found = agreed(this.#stamps, this.#captures, ceiling + this.#slack, this.#step)
    if (!found) return { base: ceiling, error: this.#slack + Math.max(interval, 5), by: 'arrival' }
    return { base: found.base, error: found.width + this.#step + (found.unsure ? interval : 0), by: 'capture' }
  }
}

/**
 * The base on which most capture times agree with some stamp. Of several that are as
 * good, as with a camera whose frames are exactly periodic, the one closest to
 * the ceiling: `unsure`, since a slow camera may be a frame further.
 *
 * @param {number[]} stamps
 * @param {CaptureTime[]} captures
 * @param {number} ceiling
 * @param {number} step  of the browser's clock, ms
 */
export function agreed(stamps, captures, ceiling, step) {
  const width = 0.05 + 2 * step
  const pairs = captures
    .flatMap(({ capture, media }) => stamps.map(stamp => ({ base: capture - stamp, constant: stamp - media })))
    .filter(({ base }) => base <= ceiling && base > ceiling - SLOWEST)
  const least = Math.max(2, Math.min(AGREE, captures.length))
  const byMedia = gather(pairs, ({ constant }) => constant, EXACT + 2 * step)
  const groups = fullest(byMedia) >= least ? byMedia : gather(pairs, ({ base }) => base, width)
  const most = fullest(groups)
  if (most < least) return null
  const good = groups.filter(g => g.length >= ALIKE * most).map(g => g.map(({ base }) => base).sort((a, b) => a - b))
  const best = good.reduce((a, b) => (middle(b) > middle(a) ? b : a))
  const unsure = good.some(g => middle(best) - middle(g) > 2 * width)
  return { base: middle(best), width: best[best.length - 1] - best[0], unsure }
}

/** @param {unknown[][]} groups */
function fullest(groups) {
  return Math.max(0, ...groups.map(g => g.length))
}

/** @param {number[]} sorted */
function middle(sorted) {
  return sorted[sorted.length >> 1]
}

/**
 * Things in groups whose keys lie no further apart than `width`, the fullest
 * first picked: each is in one group.
 *
 * @template T
 * @param {T[]} things
 * @param {(thing: T) => number} key
 * @param {number} width
 */
function gather(things, key, width) {
  const sorted = [...things].sort((a, b) => key(a) - key(b))
  const keys = sorted.map(key)
  /** @type {T[][]} */
  const groups = []
  for (let i = 0; i < sorted.length;) {
    let best = i
    // A group that begins a little later may hold more.
    for (let k = i; k < keys.length && keys[k] - keys[i] <= width; k++) {
      if (reach(keys, k, width) > reach(keys, best, width)) best = k
    }
    const size = reach(keys, best, width)
    groups.push(sorted.slice(best, best + size))
    i = best + size
  }
  return groups
}

/**
 * How many numbers from the i-th on lie within `width`.
 *
 * @param {number[]} sorted
 * @param {number} i
 * @param {number} width
 */
function reach(sorted, i, width) {
  let n = 0
  while (i + n < sorted.length && sorted[i + n] - sorted[i] <= width) n++
  return n
}

/**
 * The base of sound: its stamps have one of few origins, the one by which it
 * arrived soonest after it was captured. Where none fits, the ceiling.
 *
 * @param {number} ceiling  least of arrival − stamp, ms
 * @param {number[]} origins  bases that are known to occur
 */
export function soundBase(ceiling, origins) {
  const lags = origins.map(base => ceiling - base).filter(lag => lag > -1 && lag < SLOWEST)
  return lags.length ? ceiling - Math.min(...lags) : ceiling
}
