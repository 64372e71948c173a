import { span } from './format.js'
import { picture } from './report.js'
import { byId, el } from './ui.js'

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
  #roster

  /** @param {Roster} roster */
  constructor(roster) {
    this.#roster = roster
    new ResizeObserver(() => this.#drawReport()).observe(byId('report'))
    this.#draw()
  }

  /** @param {any} command */
  scheduled({ commandId, name, timestamp }) {
    this.#entries.unshift({ commandId, name, timestamp, report: null })
    this.#entries.length = Math.min(this.#entries.length, KEPT)
    this.#pick(commandId)
  }

  /**
   * @param {string} commandId
   * @param {string} reason
   */
  cancelled(commandId, reason) {
    const entry = this.#entries.find(e => e.commandId === commandId)
    if (entry) entry.cancelled = reason || 'cancelled'
    this.#draw()
  }

  /** @param {any} report */
  report(report) {
    const entry = this.#entries.find(e => e.commandId === report.commandId)
    if (entry) entry.report = report
    this.#draw()
  }

  /** @param {string} commandId */
  #pick(commandId) {
    this.#picked = commandId
    this.#draw()
  }

  #draw() {
    this.#drawReport()
    byId('history').replaceChildren(...(this.#entries.length
      ? this.#entries.map(entry => this.#item(entry))
      : [el('li', { className: 'empty' }, 'None yet.')]))
  }

  /** @param {Entry} entry */
  #item(entry) {
    const button = el('button', { type: 'button', onclick: () => this.#pick(entry.commandId) },
      el('span', { className: 'what' }, entry.name),
      el('span', {}, summary(entry)),
      el('span', { className: 'time' }, new Date(entry.timestamp).toLocaleTimeString()))
    button.setAttribute('aria-pressed', String(entry.commandId === this.#picked))
    return el('li', {}, button)
  }

  #drawReport() {
    const entry = this.#entries.find(e => e.commandId === this.#picked)
    byId('report-sum').textContent = entry ? longSummary(entry) : ''
    const box = byId('report')
    const rows = this.#rows(entry)
    box.replaceChildren(rows.length
      ? picture(rows, Math.max(280, box.clientWidth))
      : el('p', { className: 'empty' }, waiting(entry)))
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
 * The devices of a report that acted.
 *
 * @param {Entry | undefined} entry
 * @returns {any[]}
 */
function acted(entry) {
  /** @type {any[]} */
  const devices = entry?.report?.devices ?? []
  return devices.filter(d => Number.isFinite(d.errorMs))
}

/** @param {Entry | undefined} entry */
function waiting(entry) {
  if (!entry) return 'Press the button: every device’s dot appears here, on an axis in milliseconds.'
  if (entry.cancelled) return `Called off: ${entry.cancelled}.`
  return entry.report ? 'No device reported that it acted.' : 'Waiting for the devices’ reports…'
}

/** @param {Entry} entry */
function summary({ report, cancelled }) {
  if (cancelled) return 'cancelled'
  if (!report) return '…'
  return report.spreadMs == null ? 'no reports' : `spread ${span(report.spreadMs)}`
}

/** @param {Entry} entry */
function longSummary(entry) {
  const there = acted(entry).length
  if (!there) return ''
  const silent = entry.report.devices.filter((/** @type {any} */ d) => d.armed && d.at == null).length
  const rest = silent ? `, ${silent} armed but silent` : ''
  return `${summary(entry)} · ${there} device${there === 1 ? '' : 's'} acted${rest}`
}
