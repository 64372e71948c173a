import { tab } from '../../lib/webstorage.js'
import { ask } from '../ui/ask.js'
import { attempt, complain, settle } from '../ui/attempt.js'
import * as format from '../ui/format.js'
import { follow, phase, reading, takeIn } from './currenttake.js'
import { byId, reveal, say } from '../ui/ui.js'
import * as wire from '../../lib/wire.js'

/** @import { DownbeatError, Session } from '../../downbeat.js' */
/** @import { Painter } from '../ui/painter.js' */
/** @import { Together } from './readiness.js' */
/** @import { Roster } from './roster.js' */
/** @import { Take } from './currenttake.js' */
/** @import { TakeEvent } from './currenttake.js' */
/** @import { Snapshot } from '../../lib/wire.js' */

/** Where label, duration and countdown are kept, for this tab. */
const KEPT = 'downbeat:take'
/** What is said once a take has ended, however short it was. */
const OVER = 'The take is over. Its recordings are below.'
const FIELDS = ['take-label', 'take-duration', 'take-countdown']

/** The big button: records, calls off while the countdown runs, stops. */
export class RecordPanel {
  #session
  #painter
  #roster
  #verdict
  /** @type {Take | null} */ #take = null
  #timer = 0
  /** In which phase something was asked that isn't answered yet: what comes of it is often seen before. */
  /** @type {import('./currenttake.js').Phase | null} */ #asked = null
  #outcome = ''
  #button = /** @type {HTMLButtonElement} */ (byId('record'))

  /**
   * @param {Session} session
   * @param {Painter} painter
   * @param {Roster} roster
   * @param {() => Together} verdict  on a take
   */
  constructor(session, painter, roster, verdict) {
    this.#session = session
    this.#painter = painter
    this.#roster = roster
    this.#verdict = verdict
    this.#button.onclick = () => this.press()
    byId('record-form').onsubmit = event => event.preventDefault()
    field('take-duration').oninput = () => settle('duration')
    recallFields()
  }

  /** What the button does now. */
  press() {
    const now = this.#phase()
    if (this.#button.disabled || this.#asked === now) return
    this.#asked = now
    attempt('record', this.#act()).finally(() => {
      if (this.#asked === now) this.#asked = null
      this.#painter.ask('record', () => this.draw())
    })
  }

  /** Calls the take off, if its instant is still to come. */
  callOff() {
    if (this.#phase() === 'counting') this.press()
  }

  /** @param {string} event @param {TakeEvent} data */
  heard(event, data) {
    settle('too late')
    const calledOff = event === wire.CANCELLED && data.commandId === this.#take?.commandId
    this.#take = follow(this.#take, event, data)
    if (event === wire.START_RECORDING) this.#outcome = OVER
    if (calledOff) this.#outcome = 'Called off: nobody recorded.'
    this.#tick()
  }

  /**
   * What goes on as the server knows it: after joining, coming back, a reload.
   *
   * @param {Snapshot | null} session
   */
  seen(session) {
    this.#take = takeIn(session)
    if (this.#take) this.#outcome = OVER
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
    const seconds = lengthOf(field('take-duration').value)
    if (Number.isNaN(seconds)) return complain('duration', 'The length of a take is a number of seconds such as 90 or 2.5, or minutes and seconds such as 1:30. Without one it records until you stop it.')
    const { state, reasons } = this.#verdict()
    if (state === 'stop' && !(await ask('Not everything is ready', reasons, 'Record anyway'))) return
    keepFields()
    const delay = Number(field('take-countdown').value) * 1000
    const devices = this.#roster.chosen
    await this.#session.startRecording(field('take-label').value.trim(), Math.round(seconds * 1000), { ...(delay ? { delay } : {}), ...(devices ? { devices } : {}) })
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
    const films = this.#roster.filming.length > 0
    this.#button.dataset.phase = p
    document.body.dataset.phase = p
    this.#button.disabled = !s.isLeader || !joined(s) || (p === 'none' && !films)
    say(byId('record-word'), { none: 'Record', counting: 'Call off', recording: 'Stop' }[p])
    const length = (this.#take?.stop ?? 0) - (this.#take?.start ?? 0)
    const clock = clockWords(p, seconds, length)
    say(byId('record-clock'), clock)
    reveal(byId('record-clock'), clock !== '')
    say(byId('film-now'), { none: '', counting: `in ${seconds} s`, recording: format.clock(seconds) }[p])
    reveal(byId('film-now'), p !== 'none' && clock !== '')
    for (const id of FIELDS) field(id).disabled = p !== 'none' || !s.isLeader
    say(byId('record-note'), this.#note(p, films))
  }

  /**
   * @param {import('./currenttake.js').Phase} p
   * @param {boolean} films  there is a device that would record
   */
  #note(p, films) {
    const label = this.#take?.label ? ` “${this.#take.label}”` : ''
    const who = this.#take?.devices?.length ?? this.#roster.recorders.filter(d => d.isConnected).length
    if (p === 'counting') return `The take${label} is about to begin on ${format.count(who, 'device')}.`
    if (p === 'recording') return `${format.count(who, 'device')} ${who === 1 ? 'records' : 'record'}${label}.`
    if (films || this.#outcome) return this.#outcome
    return this.#roster.recorders.length ? 'No device is chosen to record: tick one below.' : 'Nothing here can record yet: add a camera.'
  }
}

/**
 * @param {import('./currenttake.js').Phase} p
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
    if (/** @type {DownbeatError} */ (error).code !== wire.CODE_COMMAND_PAST) throw error
    complain('too late', 'It was too late to call the take off: it has started. Press Stop.')
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

/** @param {string} text  seconds; nothing: until stopped */
function lengthOf(text) {
  return text.trim() === '' ? 0 : format.parseClock(text)
}

function keepFields() {
  tab.set(KEPT, JSON.stringify(FIELDS.map(id => field(id).value)))
}

function recallFields() {
  const kept = tab.read(KEPT) ?? []
  FIELDS.forEach((id, i) => kept[i] != null && (field(id).value = kept[i]))
}
