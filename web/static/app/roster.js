import * as format from './format.js'
import { el, facts, setPill } from './ui.js'

/**
 * A device as the console shows it: what the session says of it, and, once
 * measured, its part of `sync_status`.
 *
 * @typedef {object} Device
 * @property {string} deviceId
 * @property {string} userId
 * @property {string} [deviceType]
 * @property {string} [viewType]
 * @property {boolean} isConnected
 * @property {any} [sync]
 */

/** The devices of a session and what is known of each. */
export class Roster {
  /** @type {Map<string, Device>} */ #devices = new Map()
  /** @type {Map<string, string>} */ #users = new Map()
  #own
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
    for (const user of session?.users ?? []) this.#users.set(user.id, user.username)
    const before = this.#devices
    this.#devices = new Map()
    for (const device of session?.devices ?? []) {
      this.#devices.set(device.deviceId, { ...device, sync: before.get(device.deviceId)?.sync })
    }
  }

  /** @param {any} status  as in sync_status */
  takeSync(status) {
    for (const sync of status?.devices ?? []) {
      const device = this.#devices.get(sync.deviceId)
      if (device) device.sync = sync
    }
  }

  /** The others, the connected ones first. */
  get devices() {
    const others = [...this.#devices.values()].filter(d => d.deviceId !== this.#own)
    return others.sort((a, b) => Number(b.isConnected) - Number(a.isConnected))
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
    return viewType || this.#users.get(userId) || deviceType || 'device'
  }

  /**
   * What it is, besides its name.
   *
   * @param {Device} device
   */
  kind({ userId, deviceType, viewType }) {
    return [viewType && this.#users.get(userId), deviceType || 'user'].filter(Boolean).join(' · ')
  }
}

/**
 * A device's card.
 *
 * @param {Roster} roster
 * @param {Device} device
 */
export function card(roster, device) {
  const sync = measured(device)
  const pill = el('span')
  setPill(pill, ...stateOf(device))
  const name = roster.name(device.deviceId)
  return el('li', { className: device.isConnected ? 'card' : 'card away' },
    el('div', { className: 'card-head' }, el('span', { className: 'card-name', title: name }, name), pill),
    el('p', { className: 'card-kind' }, roster.kind(device)),
    el('p', { className: 'card-bound' }, sync ? `± ${format.span(sync.boundMs)}` : '—'),
    facts([
      ['Offset', format.seconds(sync?.offsetMs)],
      ['Delay', format.span(sync?.delayMs)],
      ['Skew', format.ppm(sync?.skewPpm)],
      ['Path', format.path(sync?.path)],
    ]))
}

/**
 * What was measured of a device; undefined while nothing is.
 *
 * @param {Device} device
 */
function measured({ isConnected, sync }) {
  return isConnected && sync && sync.state !== 'unsynced' ? sync : undefined
}

/**
 * @param {Device} device
 * @returns {[string, '' | 'good' | 'warn' | 'bad']}
 */
function stateOf(device) {
  const sync = measured(device)
  if (!device.isConnected) return ['away', 'bad']
  if (!sync) return ['measuring', 'warn']
  if (sync.hidden) return ['in background', 'warn']
  if (sync.state === 'holdover') return ['holding', 'warn']
  if (sync.state === 'settling') return ['settling', 'warn']
  return ['in time', 'good']
}
