import { WarningLog } from './warnings.js'

/** A promise that is kept from outside, of when something happened: session time, ms. */
class Moment {
  /** @type {(t: number | undefined) => void} */ tell = () => {}
  promise = new Promise((/** @type {(t: number | undefined) => void} */ resolve) => (this.tell = resolve))
}

/**
 * A take as the page knows it: what the session commanded, and what of it has
 * come true.
 */
export class DeviceTake {
  /** Page times before which nothing is recorded and from which on nothing is, ms. */
  from = NaN
  to = Infinity
  /** The command of its stop. */
  stopId = ''
  /** Session time of the stop, ms. */
  stopAt = Infinity
  began = new Moment()
  ended = new Moment()
  armed = new Moment()
  /** @type {'armed' | 'recording' | 'finishing'} */ state = 'armed'
  reported = false
  /** There was no room for its end, or for any of it. */
  torn = false
  empty = false
  /** @type {import('./fallbackrecording.js').FallbackRecording | null} */ fallback = null
  /** Page time of the first frame, ms. */
  firstAt = NaN
  /** From the take's instant to that, ms. */
  lateMs = NaN
  warningLog = new WarningLog()
  /** It was begun after its instant: the device came late, or came back. */
  late = false
  /** Which file of this device's recording of the take it is: 1 for the first. */
  part = 1
  /** The first file's recording. */
  origin

  /**
   * @param {string} id
   * @param {string} commandId
   * @param {string} label
   * @param {number} at  session time of the start, ms
   */
  constructor(id, commandId, label, at) {
    this.id = this.origin = id
    this.commandId = commandId
    this.label = label
    this.at = at
  }

  /** It is over, one way or the other. */
  release() {
    for (const moment of [this.began, this.ended, this.armed]) moment.tell(undefined)
  }
}

/**
 * An instant that isn't known is far away.
 *
 * @param {number} t
 */
export function known(t) {
  return Number.isNaN(t) ? Infinity : t
}

/**
 * @param {Promise<number | undefined>} promise
 * @param {number} ms
 * @returns {Promise<number | undefined>}
 */
export function within(promise, ms) {
  return Promise.race([promise, new Promise(resolve => setTimeout(resolve, ms, undefined))])
}
