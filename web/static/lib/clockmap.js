import { after } from './at.js'

/** @import { ClockMap } from './frames.js' */

/** Fastest correction of the published clock within an epoch: 500 ppm. */
export const MAX_SLEW = 500e-6

/** How fast the hard bound grows: no clock that a device has is further off, ms per ms. */
const HARD_GROWTH = 200e-6

/**
 * A map may be older than the last one by less than this and still have been overtaken on
 * its way, not come from another server, ms.
 */
export const STALE = 10000

/**
 * The session clock of a device as a plain object, so that it can be posted
 * from the worker to the page: a line that makes up the difference to the
 * newest map until device time `until`, then the map itself. All in ms.
 *
 * @typedef {object} Course
 * @property {ClockMap} map
 * @property {number} from   device time at which this course began
 * @property {number} start  session time at `from`
 * @property {number} slew   extra rate between `from` and `until`
 * @property {number} until  device time at which the map is reached
 */

/**
 * Session time of a map at device time `d`.
 *
 * @param {ClockMap} map
 * @param {number} d
 */
export function mapAt(map, d) {
  const dt = d - map.device
  return map.session + (dt + dt * map.rate)
}

/**
 * Takes a new map over at device time `d`: a step where there is no course
 * yet or the epoch changed, otherwise without a jump and never backwards.
 *
 * @param {Course | null} course
 * @param {ClockMap} map
 * @param {number} d
 * @returns {Course}
 */
export function follow(course, map, d) {
  const target = mapAt(map, d)
  if (!course || course.map.epoch !== map.epoch) return { map, from: d, start: target, slew: 0, until: d }
  const start = sessionAt(course, d)
  const error = target - start
  return { map, from: d, start, slew: Math.sign(error) * MAX_SLEW, until: d + Math.abs(error) / MAX_SLEW }
}

/**
 * Session time at device time `d`.
 *
 * @param {Course} course
 * @param {number} d
 */
export function sessionAt(course, d) {
  if (d >= course.until) return mapAt(course.map, d)
  return course.start + (d - course.from) * rateAt(course, d)
}

/**
 * Device time at session time `s`, the inverse of `sessionAt`.
 *
 * @param {Course} course
 * @param {number} s
 */
export function deviceAt(course, s) {
  const { map } = course
  if (s >= mapAt(map, course.until)) return map.device + (s - map.session) / (1 + map.rate)
  const ds = s - course.start
  return course.from + ds / (1 + map.rate + (ds < 0 ? 0 : course.slew))
}

/**
 * The error in ms that is not exceeded with 99 % confidence at device time
 * `d`; what is still being slewed counts.
 *
 * @param {Course} course
 * @param {number} d
 */
export function boundAt({ map, slew, until }, d) {
  const left = Math.max(0, until - d) * Math.abs(slew)
  return map.bound + Math.abs(d - map.device) * map.growth + left
}

/**
 * The error in ms that causality alone excludes at device time `d`.
 *
 * @param {Course} course
 * @param {number} d
 */
export function hardAt({ map, slew, until }, d) {
  return map.hard + Math.abs(d - map.device) * HARD_GROWTH + Math.max(0, until - d) * Math.abs(slew)
}

/**
 * Before the course began its slew did not hold.
 *
 * @param {Course} course
 * @param {number} d
 */
function rateAt(course, d) {
  return 1 + course.map.rate + (d < course.from ? 0 : course.slew)
}

/**
 * A clock that reads session time: what `at` and the commands need of one.
 *
 * @typedef {object} SessionClock
 * @property {boolean} valid           is session time known?
 * @property {() => number} read       this thread's performance.now()
 * @property {(d: number) => number} toSession  from this thread's performance.now()
 * @property {(s: number) => number} toDevice   to this thread's performance.now()
 * @property {(ms: number, fn: () => void) => () => void} after  a timer; the result calls it off
 */

/**
 * Follows the server's maps. `shift` is the device time of the maps less this
 * thread's performance.now(): 0 in the thread that answers the pings.
 *
 * @implements {SessionClock}
 */
export class Follower {
  /** @type {Course | null} */ #course = null
  #doubted = false
  #forgotten = false
  /** Session time of the newest map. */
  #newest = -Infinity
  shift = 0
  /** What the page-to-worker relation may be wrong by, ms. */
  shiftError = 0
  after = after

  get valid() {
    return this.#course !== null
  }

  get course() {
    return this.#course
  }

  get doubted() {
    return this.#doubted
  }

  /**
   * Follows a new map; one that was overtaken by a newer one is dropped.
   *
   * @param {ClockMap} map
   */
  take(map) {
    const renewed = this.#doubted && (this.#forgotten || this.#course?.map.epoch !== map.epoch)
    const age = this.#newest - map.session
    if (!renewed && age > 0 && age < STALE) return
    this.#newest = map.session
    if (renewed) this.#doubted = this.#forgotten = false
    this.#course = follow(renewed ? null : this.#course, map, this.read() + this.shift)
  }

  /**
   * Takes over what a follower in another thread came to.
   *
   * @param {Course | null} course
   * @param {boolean} doubted
   */
  adopt(course, doubted) {
    this.#course = course
    this.#doubted = doubted
  }

  /** The clock may have stopped: nothing is vouched for until a new epoch. */
  doubt() {
    this.#doubted = this.#course !== null
  }

  /** The server has no map now: the next one is new whatever its epoch. */
  forget() {
    this.#forgotten = this.#doubted
  }

  read() {
    return performance.now()
  }

  /** @param {number} d */
  toSession(d) {
    return this.#course ? sessionAt(this.#course, d + this.shift) : NaN
  }

  /** @param {number} s */
  toDevice(s) {
    return this.#course ? deviceAt(this.#course, s) - this.shift : NaN
  }

  /** @param {number} d */
  bound(d) {
    if (!this.#course || this.#doubted) return Infinity
    return boundAt(this.#course, d + this.shift) + this.shiftError
  }
}
