import * as wire from '../lib/wire.js'

/** @import { Session } from '../lib/session.js' */
/** @import { Warning } from './warnings.js' */

/** How often the server hears how the device is, ms. */
const EVERY = 10_000
/** What changed is told this soon, with what else changes by then, ms. */
const SOON = 300

/** @typedef {'none' | 'off' | 'ready' | 'recording' | 'frozen' | 'covered' | 'lost' | 'refused'} CameraState */
/** @typedef {'none' | 'off' | 'ready' | 'silent' | 'lost' | 'refused'} MicrophoneState */

/**
 * What a status says besides camera and microphone; what is undefined is unknown.
 *
 * @typedef {object} More
 * @property {number} [freeBytes]
 * @property {number} [battery]
 * @property {boolean} [charging]
 * @property {number} [levelDb]
 * @property {number} [frameRate]
 * @property {number} [droppedFrames]
 * @property {Warning[]} [warnings]
 * @property {string} [uploadError]
 * @property {object} [settings]
 */

/** Tells the session how this device is. */
export class Status {
  #session
  #pending
  #more
  #timer
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #soon
  /** @type {CameraState} */ #camera = 'off'
  /** @type {MicrophoneState} */ #microphone = 'off'
  #closed = false

  /**
   * @param {Session} session
   * @param {() => number} [pending]  bytes that the server doesn't have
   * @param {() => More} [more]
   */
  constructor(session, pending = () => 0, more = () => ({})) {
    this.#session = session
    this.#pending = pending
    this.#more = more
    this.#timer = setInterval(() => void this.tell(), EVERY)
  }

  get camera() {
    return this.#camera
  }

  set camera(camera) {
    if (camera === this.#camera) return
    this.#camera = camera
    void this.tell()
  }

  get microphone() {
    return this.#microphone
  }

  set microphone(microphone) {
    if (microphone === this.#microphone) return
    this.#microphone = microphone
    this.soon()
  }

  /** Something changed that mustn't wait for the next turn. */
  soon() {
    if (this.#closed) return
    this.#soon ??= setTimeout(() => void this.tell(), SOON)
  }

  async tell() {
    clearTimeout(this.#soon)
    this.#soon = undefined
    const status = { camera: this.#camera, microphone: this.#microphone, pendingBytes: this.#pending(), ...this.#more() }
    await this.#session.request(wire.DEVICE_STATUS, status).catch(() => {}) // an older server, or none just now
  }

  close() {
    this.#microphone = 'off'
    this.camera = 'off'
    this.#closed = true
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
  }
}
