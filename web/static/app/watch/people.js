import * as wire from '../../lib/wire.js'

/** @import { Snapshot, Told } from '../../lib/wire.js' */

/** What a watch page calls its view, so that it is known from a console. */
export const WATCHES = 'watch'

/** Who is in the session, from its events in their order. */
export class People {
  /** @type {Map<string, {name: string, here: boolean}>} */ #users = new Map()
  /** Devices by id: whose each is, as far as that is known, and whether it watches. */
  /** @type {Map<string, {userId: string, watches: boolean}>} */ #devices = new Map()
  #leader = ''

  /**
   * Takes an event in; true when something changed.
   *
   * @param {string} event
   * @param {unknown} told  its data
   */
  receive(event, told) {
    const [name, data] = /** @type {Told} */ ([event, told])
    switch (name) {
      case wire.SESSION_JOINED: return this.#all(data.session)
      case wire.SESSION_STATE: return this.#all(data)
      case wire.USER_JOINED: return this.#note(data.userId, data.username, true)
      case wire.USER_LEFT: return this.#note(data.userId, data.username, false)
      case wire.USER_CHANGED: return this.#note(data.userId, data.username, this.#users.get(data.userId)?.here ?? true)
      case wire.DEVICE_JOINED: return this.#device(data)
      case wire.DEVICE_DISCONNECTED: return this.#devices.delete(data.deviceId)
      case wire.LEADERSHIP_CHANGED:
        this.#leader = data.newLeaderId
        return true
    }
    return false
  }

  /** @param {Snapshot} session */
  #all(session) {
    this.#users.clear()
    this.#devices.clear()
    for (const { id, username, isConnected } of session.users) this.#note(id, username, isConnected)
    for (const device of session.devices ?? []) if (device.isConnected) this.#device(device)
    this.#leader = session.leaderId
    return true
  }

  /** @param {Pick<wire.DeviceState, 'deviceId' | 'deviceType' | 'viewType'> & {userId?: string}} device */
  #device({ deviceId, userId = '', deviceType, viewType }) {
    this.#devices.set(deviceId, { userId, watches: !deviceType && viewType === WATCHES })
    return true
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {boolean} here
   */
  #note(id, name, here) {
    this.#users.set(id, { name, here })
    return true
  }

  /** How many screens watch: no cameras, no consoles. */
  get watching() {
    let n = 0
    for (const { watches } of this.#devices.values()) if (watches) n++
    return n
  }

  /**
   * Whose device that is, for people; '' where it isn't known.
   *
   * @param {string} deviceId
   */
  nameOf(deviceId) {
    return this.#users.get(this.#devices.get(deviceId)?.userId ?? '')?.name ?? ''
  }

  get leader() {
    const user = this.#users.get(this.#leader)
    return { id: this.#leader, name: user?.name || 'somebody', here: user?.here ?? false }
  }
}
