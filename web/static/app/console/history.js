import { acted, CommandList, KEPT, longSummary, summary } from './commandlist.js'
import { timeOfDay } from '../ui/format.js'
import { Keyed } from '../ui/keyed.js'
import { authorization } from '../ui/keys.js'
import { picture } from './errorplot.js'
import { at } from '../ui/server.js'
import { byId, el, reveal, say } from '../ui/ui.js'

/** @import { Entry } from './commandlist.js' */
/** @import { Painter } from '../ui/painter.js' */
/** @import { Reported, Scheduled } from './commandlist.js' */

/** When the reports of a command that this console isn't told of are asked for, ms after its instant. */
const REPORTED = 2700
/** When the list is asked for again that couldn't be had, ms. */
const AGAIN = 3000

/** The last commands, and the picture of the one that is picked. */
export class History {
  #list = new CommandList()
  #picked = ''
  #drawn = ''
  #on
  #painter
  #items
  #url
  /** @type {Set<ReturnType<typeof setTimeout>>} */ #timers = new Set()
  #resized = new ResizeObserver(() => this.#soon())

  /**
   * @param {string} sessionId
   * @param {Painter} painter
   * @param {object} on
   * @param {(deviceId: string) => string} on.nameOf
   * @param {() => boolean} on.leads   only the leader's devices are told of reports
   * @param {() => number} on.now      session ms
   * @param {(command: {commandId: string, timestamp: number}) => void} on.pending  a command of the list is scheduled
   */
  constructor(sessionId, painter, on) {
    this.#url = at(`api/sessions/${encodeURIComponent(sessionId)}/commands?limit=${KEPT}`)
    this.#painter = painter
    this.#on = on
    this.#items = new Keyed(byId('history'), entry => this.#item(entry))
    this.#resized.observe(byId('report'))
    this.look()
    this.draw()
  }

  /** Asks the server what was issued and what came of it: this console may have missed some of it. */
  async look() {
    const response = await fetch(this.#url, { headers: authorization() }).catch(() => null)
    const answer = response?.ok ? await response.json().catch(() => null) : null
    if (!answer) return response?.status === 403 || response?.status === 401 ? undefined : this.#lookIn(AGAIN)
    this.#list.listed(answer.commands)
    const now = this.#on.now()
    for (const c of answer.commands) if (!c.cancelled && c.timestamp > now) this.#on.pending(c)
    if (!this.#list.find(this.#picked)) this.#picked = this.#list.entries.find(e => acted(e.report).length)?.commandId ?? ''
    this.#soon()
  }

  /** @param {number} ms */
  #lookIn(ms) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.look()
    }, ms)
    this.#timers.add(timer)
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#resized.disconnect()
  }

  /**
   * @param {string} event
   * @param {Scheduled} data
   */
  scheduled(event, data) {
    if (!this.#list.scheduled(event, data)) return
    this.#picked = data.commandId
    if (!this.#on.leads()) this.#lookIn(Math.max(0, data.timestamp - this.#on.now() || 0) + REPORTED)
    this.#soon()
  }

  /**
   * @param {string} commandId
   * @param {string} reason
   */
  cancelled(commandId, reason) {
    this.#list.cancelled(commandId, reason)
    this.#soon()
  }

  /** @param {Reported & {commandId: string}} report */
  report(report) {
    this.#list.reported(report)
    this.#soon()
  }

  #soon() {
    this.#painter.ask('history', () => this.draw())
  }

  /** Brings the list and the picture up to date. */
  draw() {
    this.#drawReport()
    reveal(byId('history-empty'), this.#list.entries.length === 0)
    this.#items.show(this.#list.entries.map(entry => [entry.commandId, entry]))
  }

  /**
   * @param {Entry} first
   * @returns {import('../ui/keyed.js').Part<Entry>}
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
    const entry = this.#list.find(this.#picked)
    const { nameOf } = this.#on
    say(byId('report-sum'), entry ? longSummary(entry, nameOf) : '')
    const box = byId('report')
    const rows = acted(entry?.report).map(d => ({
      name: nameOf(d.deviceId ?? ''), error: d.errorMs, bound: d.boundMs ?? Infinity, late: d.late === true,
    })).sort((a, b) => a.error - b.error)
    const width = Math.max(280, box.clientWidth)
    const key = JSON.stringify([width, rows, rows.length ? '' : waiting(entry)])
    if (key === this.#drawn) return
    this.#drawn = key
    box.replaceChildren(rows.length ? picture(rows, width) : el('p', { className: 'empty' }, waiting(entry)))
  }
}

/** @param {Entry | undefined} entry */
function waiting(entry) {
  if (!entry) return 'Press Flash: every device’s dot appears here, on an axis in milliseconds.'
  if (entry.cancelled) return `Called off: ${entry.cancelled}.`
  return entry.report ? 'No device acted, as far as is known.' : 'Waiting for the devices’ reports…'
}
