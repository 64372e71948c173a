/** @import { Session } from '../lib/session.js' */

/** How often the server hears how the device is, ms; sooner when the camera's state changes. */
const EVERY = 10000

/** @typedef {'off' | 'ready' | 'recording' | 'frozen' | 'lost' | 'refused'} CameraState */

/** Tells the session how this device is. */
export class Status {
  #session
  #pending
  #timer
  /** @type {CameraState} */ #camera = 'off'
  /** @type {any} */ #battery = null
  #closed = false

  /**
   * @param {Session} session
   * @param {() => number} pending  bytes that the server doesn't have
   */
  constructor(session, pending) {
    this.#session = session
    this.#pending = pending
    this.#timer = setInterval(() => void this.tell(), EVERY)
    const { getBattery } = /** @type {any} */ (navigator) // not in every browser
    getBattery?.call(navigator).then((/** @type {any} */ battery) => (this.#battery = battery), () => {})
  }

  get camera() {
    return this.#camera
  }

  set camera(camera) {
    if (camera === this.#camera) return
    this.#camera = camera
    void this.tell()
  }

  async tell() {
    /** @type {StorageEstimate} */
    const { quota = NaN, usage = NaN } = (await navigator.storage?.estimate().catch(() => null)) ?? {}
    if (this.#closed) return
    const free = Math.max(0, quota - usage)
    const { level, charging } = this.#battery ?? {}
    const status = {
      camera: this.#camera, pendingBytes: this.#pending(),
      ...(Number.isNaN(free) ? {} : { freeBytes: free }),
      ...(level === undefined ? {} : { battery: level, charging }),
    }
    await this.#session.request('device_status', status).catch(() => {}) // an older server, or none just now
  }

  close() {
    this.camera = 'off'
    this.#closed = true
    clearInterval(this.#timer)
  }
}
