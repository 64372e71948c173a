/**
 * A device as the console shows it: what the session says of it, and, once
 * told, its part of `sync_status`.
 *
 * @typedef {object} Device
 * @property {string} deviceId
 * @property {string} userId
 * @property {string} [deviceType]
 * @property {string} [viewType]
 * @property {boolean} isConnected
 * @property {any} [sync]    its clock, as in sync_status
 * @property {any} [status]  its battery, camera and storage; null while it doesn't tell
 */

/** The devices of a session and what is known of each. */
export class Roster {
  /** @type {Map<string, Device>} */ #devices = new Map()
  /** @type {Map<string, string>} */ #users = new Map()
  /** @type {Set<string>} */ #aside = new Set()
  #own
  /** The name of whoever leads. */
  leaderName = ''
  /** Only then may somebody else take over. */
  leaderAway = false

  /** @param {string} own  the console's own device */
  constructor(own) {
    this.#own = own
  }

  /** @param {any} session  as in session_joined */
  take(session) {
    const leader = session?.users?.find((/** @type {any} */ user) => user.isLeader)
    this.leaderAway = !leader?.isConnected
    this.leaderName = leader?.username || 'Somebody else'
    for (const user of session?.users ?? []) this.#users.set(user.id, user.username)
    const before = this.#devices
    this.#devices = new Map()
    for (const device of session?.devices ?? []) {
      const { sync, status } = before.get(device.deviceId) ?? {}
      this.#devices.set(device.deviceId, { ...device, sync, status })
    }
  }

  /** @param {any} status  as in sync_status */
  takeSync(status) {
    for (const sync of status?.devices ?? []) {
      const device = this.#devices.get(sync.deviceId)
      if (device) [device.sync, device.status] = [sync, sync.status ?? null]
    }
  }

  /** The others: those that act, then those that only watch or lead, each in the order of joining. */
  get devices() {
    const others = [...this.#devices.values()].filter(d => d.deviceId !== this.#own)
    return others.sort((a, b) => Number(acts(b)) - Number(acts(a)))
  }

  /** The devices that the leader waits for. */
  get expected() {
    return this.devices.filter(d => acts(d) && !this.#aside.has(d.deviceId))
  }

  /** @param {string} deviceId */
  device(deviceId) {
    return this.#devices.get(deviceId)
  }

  /** @param {string} deviceId */
  isAside(deviceId) {
    return this.#aside.has(deviceId)
  }

  /**
   * Sets a device aside: nobody waits for it any more.
   *
   * @param {string} deviceId
   * @param {boolean} aside
   */
  setAside(deviceId, aside) {
    if (aside) this.#aside.add(deviceId)
    else this.#aside.delete(deviceId)
  }

  /** @param {string} deviceId */
  name(deviceId) {
    if (deviceId === this.#own) return 'This console'
    const device = this.#devices.get(deviceId)
    if (!device) return `device ${deviceId.slice(0, 4)}`
    const label = this.#label(device)
    const alike = [...this.#devices.values()].filter(d => this.#label(d) === label)
    return alike.length > 1 ? `${label} ${alike.indexOf(device) + 1}` : label
  }

  /** @param {Device} device */
  #label({ userId, deviceType, viewType }) {
    return (deviceType && viewType) || this.#users.get(userId) || deviceType || 'device'
  }

  /**
   * What it is, besides its name.
   *
   * @param {Device} device
   */
  kind(device) {
    const { userId, deviceType, viewType } = device
    return [deviceType && viewType && this.#users.get(userId), acts(device) ? deviceType : 'watches or leads'].filter(Boolean).join(' · ')
  }
}

/**
 * A device with a type acts and records; one without is somebody's console or screen.
 *
 * @param {Device} device
 */
export function acts(device) {
  return !!device.deviceType
}
