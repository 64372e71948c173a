import { clock, count, span, timeOfDay } from './format.js'
import { Keyed } from './keyed.js'
import { picture } from './report.js'
import { byId, el, reveal, say } from './ui.js'

/** @import { Painter } from './painter.js' */
/** @import { Roster } from './roster.js' */

/** Commands shown. */
const KEPT = 12

/**
 * @typedef {object} Entry
 * @property {string} commandId
 * @property {string} name
 * @property {number} timestamp  session ms
 * @property {any} report        as in command_report; null until it comes
 * @property {string} [cancelled]
 */

/** The last commands, and the picture of the one that is picked. */
export class History {
  /** @type {Entry[]} */ #entries = []
  #picked = ''
  #drawn = ''
  #roster
  #painter
  #leads
  #list

  /**
   * @param {Roster} roster
   * @param {Painter} painter
   * @param {() => boolean} leads  only the leader's devices are told of reports
   */
  constructor(roster, painter, leads) {
    this.#roster = roster
    this.#painter = painter
    this.#leads = leads
    this.#list = new Keyed(byId('history'), entry => this.#item(entry))
    new ResizeObserver(() => this.#soon()).observe(byId('report'))
    this.draw()
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  scheduled(event, data) {
    const { commandId, timestamp } = data
    if (this.#find(commandId)) return
    this.#entries.unshift({ commandId, name: titleOf(event, data), timestamp, report: null })
    this.#entries.length = Math.min(this.#entries.length, KEPT)
    this.#picked = commandId
    this.#soon()
  }

  /**
   * @param {string} commandId
   * @param {string} reason
   */
  cancelled(commandId, reason) {
    const entry = this.#find(commandId)
    if (entry) entry.cancelled = reason || 'cancelled'
    this.#soon()
  }

  /** @param {any} report */
  report(report) {
    const entry = this.#find(report.commandId)
    if (entry) entry.report = report
    this.#soon()
  }

  /** @param {string} commandId */
  #find(commandId) {
    return this.#entries.find(e => e.commandId === commandId)
  }

  #soon() {
    this.#painter.ask('history', () => this.draw())
  }

  /** Brings the list and the picture up to date. */
  draw() {
    this.#drawReport()
    reveal(byId('history-empty'), this.#entries.length === 0)
    this.#list.show(this.#entries.map(entry => [entry.commandId, entry]))
  }

  /**
   * @param {Entry} first
   * @returns {import('./keyed.js').Part<Entry>}
   */
  #item(first) {
    const pick = () => {
      this.#picked = first.commandId
      this.draw()
    }
    const result = el('span')
    const button = el('button', { type: 'button', onclick: pick },
      el('span', { className: 'what', title: first.name }, first.name),
      el('span', { className: 'time' }, timeOfDay(first.timestamp)), result)
    const update = (/** @type {Entry} */ entry) => {
      say(result, summary(entry))
      button.setAttribute('aria-pressed', String(entry.commandId === this.#picked))
    }
    return { node: el('li', {}, button), update }
  }

  #drawReport() {
    const entry = this.#find(this.#picked)
    say(byId('report-sum'), entry ? longSummary(entry, id => this.#roster.name(id)) : '')
    const box = byId('report')
    const rows = this.#rows(entry)
    const width = Math.max(280, box.clientWidth)
    const key = JSON.stringify([width, rows, rows.length ? '' : waiting(entry, this.#leads())])
    if (key === this.#drawn) return
    this.#drawn = key
    box.replaceChildren(rows.length ? picture(rows, width) : el('p', { className: 'empty' }, waiting(entry, this.#leads())))
  }

  /** @param {Entry | undefined} entry */
  #rows(entry) {
    return acted(entry).map(d => ({
      name: this.#roster.name(d.deviceId),
      error: d.errorMs,
      bound: d.boundMs ?? Infinity,
      late: d.late === true,
    })).sort((a, b) => a.error - b.error)
  }
}

/**
 * What a command is, for people.
 *
 * @param {string} event
 * @param {any} data
 */
export function titleOf(event, data) {
  switch (event) {
    case 'start_recording': return data.postureLabel ? `Record “${data.postureLabel}”` : 'Record'
    case 'stop_recording': return 'Stop recording'
    case 'playback_sync': return `${data.isPlaying ? 'Play' : 'Pause'} at ${clock(data.position)}${fast(data.playbackRate)}`
    default: return data.name
  }
}

/** @param {number | undefined} rate */
function fast(rate) {
  return rate === undefined || rate === 1 ? '' : `, ${rate}×`
}

/**
 * The devices of a report that acted.
 *
 * @param {{report?: any} | undefined} entry
 * @returns {any[]}
 */
function acted(entry) {
  /** @type {any[]} */
  const devices = entry?.report?.devices ?? []
  return devices.filter(d => Number.isFinite(d.errorMs))
}

/**
 * @param {Entry | undefined} entry
 * @param {boolean} leads
 */
function waiting(entry, leads) {
  if (!entry?.report && !leads) return 'Only the leader’s console is told when each device acted.'
  if (!entry) return 'Press the button: every device’s dot appears here, on an axis in milliseconds.'
  if (entry.cancelled) return `Called off: ${entry.cancelled}.`
  return entry.report ? 'No device reported that it acted.' : 'Waiting for the devices’ reports…'
}

/** @param {Entry} entry */
function summary({ report, cancelled }) {
  if (cancelled) return 'cancelled'
  if (!report) return '…'
  const there = acted({ report }).length
  if (there < 2) return there ? '1 device acted' : 'no reports'
  return `spread ${span(report.spreadMs)}`
}

/**
 * A report in a line: how far apart, how many, and who was ready but hasn't
 * told that it acted.
 *
 * @param {Entry} entry
 * @param {(deviceId: string) => string} nameOf
 */
export function longSummary(entry, nameOf) {
  const there = acted(entry).length
  if (!there) return ''
  const silent = entry.report.devices.filter((/** @type {any} */ d) => d.armed && d.at == null)
  return [
    summary(entry),
    there > 1 ? `${count(there, 'device')} acted` : '',
    silent.length ? `armed but silent: ${silent.map((/** @type {any} */ d) => nameOf(d.deviceId)).join(', ')}` : '',
  ].filter(Boolean).join(' · ')
}
