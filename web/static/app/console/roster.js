import { acts, kindOf, mayLead, records } from './kinds.js'
import { watches } from './step.js'

/** @import { Purpose } from './readiness.js' */
/** @import { CameraSettings, DeviceStatus, DeviceSync } from '../../lib/wire.js' */

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
 * @property {boolean} [records]   false: it is no part of takes
 * @property {boolean} [silenced]  it makes no sound
 * @property {CameraSettings | null} [camera]        what was chosen for its camera
 * @property {Partial<Omit<DeviceSync, 'desync' | 'status'>> & {desync?: Partial<DeviceSync['desync']>}} [sync]    its clock, as in sync_status
 * @property {Partial<DeviceStatus> | null} [status]  its battery, camera and storage; null while it doesn't tell
 */

/** @typedef {{id: string, username: string, isConnected: boolean, isLeader?: boolean}} User */

/**
 * Of the session object; an older server's has less.
 *
 * @typedef {{users?: User[], devices?: Device[], name?: string, camera?: CameraSettings | null}} Members
 */

/** The devices of a session and what is known of each. */
export class Roster {
  /** @type {Map<string, Device>} */ #devices = new Map()
  /** @type {Map<string, User>} */ #users = new Map()
  /** @type {Set<string>} */ #aside = new Set()
  /** Devices that could record, and are to leave the next take to others. */
  /** @type {Set<string>} */ #out = new Set()
  #own
  /** The name of the leader. */
  leaderName = ''
  /** Only then may somebody else take over. */
  leaderAway = false
  /** The session's name; empty: it has none. */
  sessionName = ''
  /** What was chosen for all cameras. */
  /** @type {CameraSettings} */ camera = {}

  /** @param {string} own  the console's own device */
  constructor(own) {
    this.#own = own
  }

  /** @param {Members | null} session */
  take(session) {
    const leader = session?.users?.find(user => user.isLeader)
    this.leaderAway = !leader?.isConnected
    this.leaderName = leader?.username || 'Somebody else'
    this.sessionName = session?.name ?? ''
    this.camera = session?.camera ?? {}
    this.#users = new Map((session?.users ?? []).map(user => [user.id, user]))
    const before = this.#devices
    this.#devices = new Map()
    for (const device of session?.devices ?? []) {
      const { sync, status } = before.get(device.deviceId) ?? {}
      this.#devices.set(device.deviceId, { ...device, sync, status })
    }
  }

  /** @param {{devices?: (Partial<Omit<DeviceSync, 'status'>> & {deviceId: string, status?: Partial<DeviceStatus> | null})[]}} status */
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

  /** @param {string} deviceId */
  device(deviceId) {
    return this.#devices.get(deviceId)
  }

  /** Who could lead: the others that have a console or a screen here, not only devices that act. */
  get people() {
    const own = this.#devices.get(this.#own)?.userId
    const here = new Set(this.devices.filter(mayLead).map(d => d.userId))
    return [...this.#users.values()].filter(u => here.has(u.id) && u.id !== own)
  }

  /**
   * The devices that are meant, and waited for.
   *
   * @param {Purpose} purpose
   */
  expected(purpose) {
    return this.devices.filter(d => this.means(d, purpose) && !this.#aside.has(d.deviceId))
  }

  /**
   * Is this a device that would do it?
   *
   * @param {Device} device
   * @param {Purpose} purpose
   */
  means(device, purpose) {
    if (purpose === 'film') return records(device) && !this.#out.has(device.deviceId)
    return purpose === 'act' ? acts(device) : watches(device)
  }

  /** The devices that can record, chosen or not. */
  get recorders() {
    return this.devices.filter(records)
  }

  /** The devices that are to record the next take. */
  get filming() {
    return this.devices.filter(d => this.means(d, 'film'))
  }

  /** The ids of those that record the next take; undefined: all that can, those too that come later. */
  get chosen() {
    const all = this.recorders
    const chosen = all.filter(d => !this.#out.has(d.deviceId))
    return chosen.length === all.length ? undefined : chosen.map(d => d.deviceId)
  }

  /** @param {string} deviceId */
  isOut(deviceId) {
    return this.#out.has(deviceId)
  }

  /**
   * Leaves a device out of the next takes, or has it record again.
   *
   * @param {string} deviceId
   * @param {boolean} out
   */
  leaveOut(deviceId, out) {
    if (out) this.#out.add(deviceId)
    else this.#out.delete(deviceId)
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

  /**
   * Is a take of this device to have sound?
   *
   * @param {Device} device
   */
  sound({ camera }) {
    return (camera?.sound ?? this.camera.sound) !== false
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
    return (deviceType && viewType) || this.userName(userId) || deviceType || 'device'
  }

  /** @param {string} userId */
  userName(userId) {
    return this.#users.get(userId)?.username ?? ''
  }

  /**
   * What it is, besides its name.
   *
   * @param {Device} device
   */
  kind(device) {
    const { userId, deviceType, viewType, silenced } = device
    return [deviceType && viewType && this.userName(userId), kindOf(device), silenced ? 'silenced' : ''].filter(Boolean).join(' · ')
  }
}
