/**
 * Session time over a transport of your own, which carries clock frames to and from a server that
 * measures this device (package `clock/loop`, or a Downbeat server's Socket.IO):
 *
 *     import { Clock } from '/clock.js'        // npm: 'downbeat/clock'
 *     const clock = new Clock(frame => socket.emit('clock_frame', frame))
 *     socket.on('clock_frame', frame => clock.receive(frame))
 *     clock.at(clock.now() + 500, ({ lateness }) => console.log(lateness))
 *
 * Times are milliseconds: session time since the Unix epoch, device time as performance.now().
 * The device estimates nothing: the server does, and sends what it has learnt with its next frame.
 */
import { at } from './lib/at.js'
import { Follower, hardAt } from './lib/clockmap.js'
import { Responder, resolutionOf } from './lib/responder.js'
import { SleepWatch } from './lib/sleepwatch.js'

/** @typedef {import('./lib/at.js').Instant} Instant */
/** @typedef {import('./lib/frames.js').ClockMap} ClockMap */

export class Clock {
  #send
  #responder
  #follower = new Follower()
  #sleep = new SleepWatch(Date.now(), performance.now())

  /**
   * @param {(frame: Uint8Array<ArrayBuffer>) => void} send  hands a frame, which it may keep, to the
   *   transport: at once, or not at all
   * @param {{resolution?: number}} [options]  of performance.now(), ms; found out by default
   */
  constructor(send, { resolution = resolutionOf() } = {}) {
    this.#send = send
    this.#responder = new Responder(resolution)
  }

  /**
   * Takes a frame; call it as the first thing after one came. Frames may be lost, doubled, and
   * overtake each other. False for what is no frame of the server's; what `send` throws is thrown.
   *
   * @param {ArrayBuffer | ArrayBufferView} frame
   * @returns {boolean}
   */
  receive(frame) {
    const received = performance.now()
    this.#look()
    const map = this.#responder.answer(bytesOf(frame), received, pong => this.#send(new Uint8Array(pong.slice(0))))
    if (map) this.#follower.take(map)
    else if (map === null) this.#follower.forget()
    return map !== undefined
  }

  /** Session time; NaN until it is known. */
  now() {
    return this.#follower.toSession(performance.now())
  }

  /** Error of `now()` that isn't exceeded with 99 % confidence, ms; Infinity while nothing is vouched for. */
  get bound() {
    this.#look()
    return this.#follower.bound(performance.now())
  }

  /** Error of `now()` that causality alone excludes, ms; never less than half the least round trip. */
  get hard() {
    const { course } = this.#follower
    return Number.isFinite(this.bound) && course ? hardAt(course, performance.now()) : Infinity
  }

  /** What the server knows of this device's clock; null before it does. */
  get map() {
    return this.#follower.course?.map ?? null
  }

  /**
   * Session time at a device time, NaN until it is known.
   *
   * @param {number} device
   */
  toSession(device) {
    return this.#follower.toSession(device)
  }

  /**
   * Device time at a session time, NaN until that is known.
   *
   * @param {number} session
   */
  toDevice(session) {
    return this.#follower.toDevice(session)
  }

  /**
   * Calls `fn` at session time `t`, at once if it has passed. Returns how to call it off.
   *
   * @param {number} t
   * @param {(instant: Instant) => void} fn
   */
  at(t, fn) {
    return at(this.#follower, t, fn)
  }

  /** performance.now() may have stood still, or was set: nothing is vouched for until it is measured anew. */
  stopped() {
    this.#responder.stopped = true
    this.#follower.doubt()
  }

  /** Browsers let performance.now() stand while the machine sleeps. */
  #look() {
    if (this.#sleep.stood(Date.now(), performance.now())) this.stopped()
  }
}

/**
 * A frame's own bytes: some transports hand over a view into a larger buffer.
 *
 * @param {ArrayBuffer | ArrayBufferView} frame
 */
function bytesOf(frame) {
  if (!ArrayBuffer.isView(frame)) return frame
  return new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength).slice().buffer
}
