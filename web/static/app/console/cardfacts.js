import * as format from '../ui/format.js'
import { cameraWords, microphoneWords, percent, share } from './readinesswords.js'
import { outOfStep } from './step.js'
import { el, reveal, say } from '../ui/ui.js'

/** @import { Device } from './roster.js' */
/** @import { DeviceStatus } from '../../lib/wire.js' */

/** A description list whose rows are always the same; empty ones aren't shown. */
export class CardFacts {
  node = el('dl', { className: 'facts' })
  /** @type {Map<string, [HTMLElement, HTMLElement]>} */ #rows = new Map()

  /**
   * @param {Device} device
   * @param {number} now  session ms
   */
  update(device, now) {
    for (const [name, value] of rowsOf(device, now)) {
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
 * @param {Device} device
 * @param {number} now  session ms
 * @returns {[string, string][]}
 */
export function rowsOf(device, now) {
  const out = outOfStep(device, now)
  const sync = device.isConnected && device.sync?.state !== 'unsynced' ? device.sync : undefined
  const status = device.isConnected ? device.status : null
  const of = (/** @type {string} */ text) => sync ? text : ''
  const measured = (/** @type {string} */ text) => sync?.state === 'none' ? '' : of(text)
  return [
    ['Clock', device.isConnected ? clockWords(sync?.state) : 'not connected'],
    ['Error, 99 %', measured(`± ${format.span(sync?.boundMs)}`)],
    ['Delay', of(format.span(sync?.delayMs))],
    ['Skew', measured(format.ppm(sync?.skewPpm))],
    ['Path', of(format.path(sync?.path))],
    ['Page', sync && sync.state !== 'none' && device.deviceType !== 'native' ? (sync.hidden ? 'not in front' : 'in front') : ''],
    ['Battery', batteryWords(status)],
    ['Camera', status?.camera ? cameraWords(status.camera) : ''],
    ['Microphone', status?.microphone ? microphoneWords(status.microphone) : ''],
    ['Frames a second', status?.frameRate ? String(Number(status.frameRate.toFixed(1))) : ''],
    ['Storage', status?.freeBytes != null ? `${format.bytes(status.freeBytes)} free` : ''],
    ['Still to send', status?.pendingBytes ? format.bytes(status.pendingBytes) : ''],
    ['Upload', status?.uploadError ?? ''],
    ['Left behind', sync ? behindWords(sync) : ''],
    ['Film', sync && out !== null ? `out of step, ${format.signed(out)}` : ''],
    ['Clock’s offset', measured(format.seconds(sync?.offsetMs))],
  ]
}

/** @param {string | undefined} state */
function clockWords(state) {
  /** @type {Record<string, string>} */
  const words = { none: 'none of its own: it does what it hears, when it hears it', tracking: 'followed', settling: 'settling', holdover: 'alone, no answers' }
  return words[state ?? ''] ?? 'being measured'
}

/** @param {{leftBehind?: string[], leadMs?: number}} sync */
export function behindWords({ leftBehind = [], leadMs }) {
  return [
    leftBehind.includes('lead') ? `the others don’t wait for it: it needs ${format.span(leadMs)} to be ready. A countdown gives it the time.` : '',
    leftBehind.includes('buffering') ? 'the film goes on without it: it has kept the others waiting for long.' : '',
  ].filter(Boolean).join(' ')
}

/** @param {Partial<DeviceStatus> | null | undefined} status */
function batteryWords(status) {
  const battery = share(status?.battery)
  if (battery == null) return status?.charging ? 'charging' : ''
  return status?.charging ? `${percent(battery)}, charging` : percent(battery)
}
