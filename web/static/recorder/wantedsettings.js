import { merged } from './settings.js'
import * as wire from '../lib/wire.js'

/** @import { Session } from '../lib/session.js' */
/** @import { CameraSettings } from './settings.js' */

/** What the page and the leader want of this device's camera: the leader's word for this device counts most. */
export class WantedSettings {
  #session
  #changed
  /** @type {CameraSettings} */ #page = {}
  /** @type {CameraSettings | null | undefined} */ #all
  /** @type {CameraSettings | null | undefined} */ #own

  /**
   * @param {Session} session
   * @param {() => void} changed
   */
  constructor(session, changed) {
    this.#session = session
    this.#changed = changed
    this.#read()
    for (const event of [wire.SESSION_JOINED, wire.SESSION_STATE]) {
      session.on(event, () => {
        this.#read()
        changed()
      })
    }
    session.on(wire.CAMERA_SETTINGS, ({ deviceId, settings }) => this.#told(deviceId, settings))
  }

  /** What the session object has. */
  #read() {
    const { session, deviceId } = this.#session
    this.#all = session?.camera
    this.#own = session?.devices?.find(d => d.deviceId === deviceId)?.camera
  }

  /**
   * @param {string | null} deviceId  null: all
   * @param {CameraSettings | null} settings  in the place of those of before
   */
  #told(deviceId, settings) {
    if (!deviceId) this.#all = settings
    else if (deviceId === this.#session.deviceId) this.#own = settings
    else return
    this.#changed()
  }

  /** @param {CameraSettings} settings  of the page's own */
  set page(settings) {
    this.#page = settings
    this.#changed()
  }

  /** @returns {CameraSettings} */
  get settings() {
    return merged(this.#page, this.#all, this.#own)
  }
}
