import { tab } from '../lib/kept.js'
import { ask } from './ask.js'
import * as format from './format.js'
import { follow, phase, reading, takeIn } from './take.js'
import { alertError, alertUser, byId, reveal, say } from './ui.js'

/** @import { DownbeatError, Session } from '../downbeat.js' */
/** @import { Painter } from './painter.js' */
/** @import { Take } from './take.js' */

/** Where label, duration and countdown are kept, for this tab. */
const KEPT = 'downbeat:take'
const FIELDS = ['take-label', 'take-duration', 'take-countdown']

/** The big button: records, calls off while the countdown runs, stops. */
export class RecordPanel {
  #session
  #painter
  #verdict
  /** @type {Take | null} */ #take = null
  #timer = 0
  #asked = false
  #outcome = ''
  #button = /** @type {HTMLButtonElement} */ (byId('record'))

  /**
   * @param {Session} session
   * @param {Painter} painter
   * @param {() => {go: boolean, reasons: string[], words: string}} verdict
   */
  constructor(session, painter, verdict) {
    this.#session = session
    this.#painter = painter
    this.#verdict = verdict
    this.#button.onclick = () => this.press()
    byId('record-form').onsubmit = event => event.preventDefault()
    recallFields()
  }

  /** What the button does now. */
  press() {
    if (this.#button.disabled || this.#asked) return
    this.#asked = true
    this.#act().catch(alertError).finally(() => {
      this.#asked = false
      this.#painter.ask('record', () => this.draw())
    })
  }

  /** Calls the take off, if its instant lies ahead. */
  callOff() {
    if (this.#phase() === 'counting') this.press()
  }

  /** @param {string} event  start_recording, stop_recording or cancelled @param {any} data */
  heard(event, data) {
    const calledOff = event === 'cancelled' && data.commandId === this.#take?.commandId
    this.#take = follow(this.#take, event, data)
    if (calledOff) this.#outcome = 'Called off: nobody recorded.'
    this.#tick()
  }

  /**
   * What goes on as the server knows it: after joining, coming back, a reload.
   *
   * @param {any} session  the session object
   */
  seen(session) {
    this.#take = takeIn(session)
    this.#tick()
  }

  close() {
    clearTimeout(this.#timer)
  }

  #phase() {
    return phase(this.#take, this.#session.now())
  }

  async #act() {
    const s = this.#session
    switch (this.#phase()) {
      case 'counting': return callOff(s, this.#take?.commandId ?? '')
      case 'recording': return s.stopRecording()
      default: return this.#start()
    }
  }

  async #start() {
    const durationMs = fieldNumber('take-duration') * 1000
    if (!(durationMs >= 0)) return alertUser('The duration must be a number of seconds; 0 records until stopped.')
    const { go, reasons, words } = this.#verdict()
    if (!go && !(await ask('Not everything is ready', reasons.length ? reasons : [words], 'Record anyway'))) return
    keepFields()
    const delay = fieldNumber('take-countdown') * 1000
    await this.#session.startRecording(field('take-label').value.trim(), Math.round(durationMs), delay ? { delay } : {})
  }

  /** Session time may be known now: a take's clock goes on by it. */
  timed() {
    if (this.#take && !this.#timer) this.#tick()
  }

  /** Draws now and whenever the reading changes. */
  #tick() {
    clearTimeout(this.#timer)
    this.#timer = 0
    this.#painter.ask('record', () => this.draw())
    const now = this.#session.now()
    const { changesAt } = reading(this.#take, now)
    if (!Number.isFinite(changesAt)) return
    this.#timer = setTimeout(() => this.#tick(), Math.max(20, changesAt - now + 5))
  }

  /** Brings the button and its words up to date. */
  draw() {
    const s = this.#session
    const { phase: p, seconds } = reading(this.#take, s.now())
    this.#button.dataset.phase = p
    this.#button.disabled = !s.isLeader || !joined(s)
    say(byId('record-word'), { none: 'Record', counting: 'Call off', recording: 'Stop' }[p])
    const length = (this.#take?.stop ?? 0) - (this.#take?.start ?? 0)
    say(byId('record-clock'), clockWords(p, seconds, length))
    reveal(byId('record-clock'), p !== 'none' && !Number.isNaN(seconds))
    for (const id of FIELDS) field(id).disabled = p !== 'none' || !s.isLeader
    if (p !== 'none') this.#outcome = 'The take is over. Its recordings are below.'
    say(byId('record-note'), this.#note(p))
  }

  /** @param {import('./take.js').Phase} p */
  #note(p) {
    const label = this.#take?.label ? ` “${this.#take.label}”` : ''
    if (p === 'counting') return `The take${label} is about to begin on every device.`
    if (p === 'recording') return `Every device records${label}.`
    return this.#outcome
  }
}

/**
 * @param {import('./take.js').Phase} p
 * @param {number} seconds
 * @param {number} length  ms; Infinity until stopped
 */
function clockWords(p, seconds, length) {
  if (Number.isNaN(seconds)) return ''
  if (p === 'counting') return String(seconds)
  if (p === 'recording') return Number.isFinite(length) ? `${format.clock(seconds)} of ${format.clock(length / 1000)}` : format.clock(seconds)
  return ''
}

/**
 * @param {Session} s
 * @param {string} commandId
 */
async function callOff(s, commandId) {
  try {
    await s.cancel(commandId)
  } catch (error) {
    if (/** @type {DownbeatError} */ (error).code !== 'command_past') throw error
    alertUser('It was too late to call the take off: it has started. Press Stop.')
  }
}

/** @param {Session} s */
function joined(s) {
  return s.state === 'synced' || s.state === 'syncing'
}

/**
 * @param {string} id
 * @returns {HTMLInputElement}
 */
function field(id) {
  return byId(id)
}

/** @param {string} id */
function fieldNumber(id) {
  const { value } = field(id)
  return value.trim() === '' ? 0 : Number(value)
}

function keepFields() {
  tab.set(KEPT, JSON.stringify(FIELDS.map(id => field(id).value)))
}

function recallFields() {
  const kept = tab.read(KEPT) ?? []
  FIELDS.forEach((id, i) => kept[i] != null && (field(id).value = kept[i]))
}
