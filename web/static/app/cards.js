import * as format from './format.js'
import { Keyed } from './keyed.js'
import { cameraWords, percent, share, verdict } from './ready.js'
import { acts } from './roster.js'
import { outOfStep } from './step.js'
import { byId, el, reveal, say } from './ui.js'

/** @import { Wanted } from './ready.js' */
/** @import { Device, Roster } from './roster.js' */

/** A card for each device; what changes is changed in place. */
export class Cards {
  #roster
  #wanted
  #now
  #changed
  #list

  /**
   * @param {Roster} roster
   * @param {() => Wanted} wanted
   * @param {() => number} now  session ms
   * @param {() => void} changed  a device was set aside, or back
   */
  constructor(roster, wanted, now, changed) {
    this.#roster = roster
    this.#wanted = wanted
    this.#now = now
    this.#changed = changed
    this.#list = new Keyed(byId('devices'), device => this.#card(device))
  }

  draw() {
    const { devices } = this.#roster
    const there = devices.filter(d => d.isConnected).length
    say(byId('devices-sum'), devices.length ? `${there} of ${devices.length} connected` : '')
    reveal(byId('devices-empty'), devices.length === 0)
    this.#list.show(devices.map(d => [d.deviceId, d]))
  }

  /**
   * @param {Device} device
   * @returns {import('./keyed.js').Part<Device>}
   */
  #card({ deviceId }) {
    const name = el('h3', { className: 'card-name' })
    const light = el('span', { className: 'light' })
    const kind = el('p', { className: 'card-kind' })
    const bound = el('span')
    const why = el('p', { className: 'card-why' })
    const note = el('p', { className: 'card-kind' })
    const rows = new Rows()
    const aside = el('button', { type: 'button', className: 'quiet', onclick: () => this.#setAside(deviceId) })
    const node = el('li', { className: 'card' },
      el('div', { className: 'card-head' }, name, light), kind,
      el('p', { className: 'card-bound' }, bound, el('span', { className: 'card-unit' }, 'clock, 99 %')),
      why, rows.node, note, aside)
    const update = (/** @type {Device} */ device) => {
      const isAside = this.#roster.isAside(deviceId)
      const { go, reasons } = verdict(device, this.#wanted())
      const label = this.#roster.name(deviceId)
      say(name, label)
      if (name.title !== label) name.title = label
      say(kind, this.#roster.kind(device))
      const sync = measured(device)
      reveal(/** @type {HTMLElement} */ (bound.parentElement), !!sync)
      say(bound, sync ? `± ${format.span(sync.boundMs)}` : '—')
      setClass(node, ['card', device.isConnected ? '' : 'away', isAside ? 'aside' : ''])
      setLight(light, !acts(device) ? '' : isAside ? 'aside' : go ? 'go' : 'stop')
      say(why, acts(device) && !isAside ? reasons.join(' · ') : '')
      rows.update(factsOf(device, this.#now()))
      say(note, device.status?.note ?? '')
      reveal(aside, acts(device) && (isAside || !go))
      say(aside, isAside ? 'Wait for it again' : 'Don’t wait for it')
      aside.setAttribute('aria-label', `${aside.textContent}: ${label}`)
    }
    return { node, update }
  }

  /** @param {string} deviceId */
  #setAside(deviceId) {
    this.#roster.setAside(deviceId, !this.#roster.isAside(deviceId))
    this.draw()
    this.#changed()
  }
}

/** A description list whose rows are always the same; empty ones aren't shown. */
class Rows {
  node = el('dl', { className: 'facts' })
  /** @type {Map<string, [HTMLElement, HTMLElement]>} */ #rows = new Map()

  /** @param {[string, string][]} rows */
  update(rows) {
    for (const [name, value] of rows) {
      const [row, dd] = this.#rows.get(name) ?? this.#add(name)
      say(dd, value)
      reveal(row, value !== '')
    }
  }

  /**
   * @param {string} name
   * @returns {[HTMLElement, HTMLElement]}
   */
  #add(name) {
    const dd = el('dd')
    const row = el('div', {}, el('dt', {}, name), dd)
    this.node.append(row)
    this.#rows.set(name, [row, dd])
    return [row, dd]
  }
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
 * @param {number} now  session ms
 * @returns {[string, string][]}
 */
function factsOf(device, now) {
  const out = outOfStep(device, now)
  const sync = measured(device)
  const status = device.isConnected ? device.status : null
  const of = (/** @type {string} */ text) => sync ? text : ''
  return [
    ['Clock', device.isConnected ? clockWords(sync?.state) : 'away'],
    ['Delay', of(format.span(sync?.delayMs))],
    ['Skew', of(format.ppm(sync?.skewPpm))],
    ['Path', of(format.path(sync?.path))],
    ['Page', sync && device.deviceType !== 'native' ? (sync.hidden ? 'in background' : 'in front') : ''],
    ['Battery', batteryWords(status)],
    ['Camera', status?.camera ? cameraWords(status.camera) : ''],
    ['Storage', status?.freeBytes != null ? `${format.bytes(status.freeBytes)} free` : ''],
    ['To send', status?.pendingBytes ? format.bytes(status.pendingBytes) : ''],
    ['Media', sync && out !== null ? `out of step, ${format.signed(out)}` : ''],
    ['Offset', of(format.seconds(sync?.offsetMs))],
  ]
}

/** @param {string | undefined} state */
function clockWords(state) {
  /** @type {Record<string, string>} */
  const words = { tracking: 'tracking', settling: 'settling', holdover: 'holdover' }
  return words[state ?? ''] ?? 'measuring'
}

/** @param {any} status */
function batteryWords(status) {
  const battery = share(status?.battery)
  if (battery == null) return status?.charging ? 'charging' : ''
  return status.charging ? `${percent(battery)}, charging` : percent(battery)
}

/**
 * @param {HTMLElement} node
 * @param {string[]} names
 */
function setClass(node, names) {
  const name = names.filter(Boolean).join(' ')
  if (node.className !== name) node.className = name
}

/**
 * A light tells by its word and its sign, not by colour alone.
 *
 * @param {HTMLElement} light
 * @param {'' | 'go' | 'stop' | 'aside'} state
 */
export function setLight(light, state) {
  reveal(light, state !== '')
  say(light, { '': '', go: 'Go', stop: 'No-go', aside: 'Set aside' }[state])
  if (light.dataset.state !== state) light.dataset.state = state
}
