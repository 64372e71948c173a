import * as wire from '../lib/wire.js'

/** @import { Session } from '../downbeat.js' */

/** Keeps a device mute for as long as the leader wants it silent. */
export class Silence {
  #session
  #element
  #changed
  #undo
  /** Was it mute by itself before? */
  #before = false
  on = false

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   * @param {() => void} changed
   */
  constructor(session, element, changed) {
    this.#session = session
    this.#element = element
    this.#changed = changed
    const hush = () => this.on && !element.muted && (element.muted = true)
    element.addEventListener('volumechange', hush)
    this.#undo = [
      session.on(wire.DEVICE_CHANGED, ({ deviceId, silenced }) => deviceId === session.deviceId && this.#become(!!silenced)),
      session.on(wire.SESSION_JOINED, () => this.#look()),
      () => element.removeEventListener('volumechange', hush),
    ]
    this.#look()
  }

  #look() {
    const own = this.#session.session?.devices?.find(d => d.deviceId === this.#session.deviceId)
    this.#become(!!own?.silenced)
  }

  /** @param {boolean} on */
  #become(on) {
    if (on === this.on) return
    if (on) this.#before = this.#element.muted
    this.on = on
    this.#element.muted = on || this.#before
    this.#changed()
  }

  close() {
    for (const off of this.#undo) off()
    if (this.on) this.#element.muted = this.#before
  }
}
