import { known } from './act.js'

/** @import { Command } from '../lib/commands.js' */
/** @import { Session } from '../lib/session.js' */
/** @import { Act } from './act.js' */
/** @import { Desk } from './desk.js' */
/** @import { RecorderState } from './recorder.js' */

/** How long after joining again a stop that was missed may take to come, ms. */
const MISSED = 3000

/** The takes that are coming or under way, with their instants on this device's clock. */
export class Acts {
  #session
  #desk
  #changed
  /** @type {Map<string, Act>} */ #acts = new Map()
  /** The take that a stop is for. */
  /** @type {Act | null} */ current = null

  /**
   * @param {Session} session
   * @param {Desk} desk
   * @param {() => void} changed  the state of some
   */
  constructor(session, desk, changed) {
    this.#session = session
    this.#desk = desk
    this.#changed = changed
  }

  /** @returns {RecorderState} */
  get state() {
    const states = [...this.#acts.values()].map(act => act.state)
    for (const state of /** @type {const} */ (['recording', 'armed', 'finishing'])) if (states.includes(state)) return state
    return 'ready'
  }

  get all() {
    return [...this.#acts.values()]
  }

  /** @param {string} id  of the recording */
  get(id) {
    return this.#acts.get(id)
  }

  /** @param {Act} act */
  has(act) {
    return this.#acts.get(act.id) === act
  }

  /** @param {string} origin  the recording of the first file of a take */
  of(origin) {
    return this.all.find(act => act.origin === origin)
  }

  /** @param {Act} act */
  add(act) {
    this.#acts.set(act.id, act)
    this.current = act
    this.#changed()
  }

  /**
   * Its instant is there, or past.
   *
   * @param {Act} act
   */
  roll(act) {
    if (act.state === 'armed') act.state = 'recording'
    act.tape?.start()
    this.#changed()
  }

  /**
   * The stop of the latest take.
   *
   * @param {Command} command
   */
  plan({ commandId, timestamp }) {
    const act = this.current
    if (!act || timestamp < act.at) return
    act.stopId = commandId
    act.stopAt = timestamp
    act.to = this.#session.toDevice(timestamp)
    this.bound(act)
  }

  /**
   * @param {Act} act
   * @param {{id: string, part: number}} next  the recording that it goes on in
   */
  rename(act, next) {
    this.#acts.delete(act.id)
    Object.assign(act, next)
    this.#acts.set(act.id, act)
  }

  /**
   * @param {Act} act
   * @param {boolean} cancel  nothing of it is kept
   */
  drop(act, cancel) {
    if (cancel) this.#desk.post({ type: act.tape ? 'discard' : 'cancel', id: act.id })
    act.release()
    this.#acts.delete(act.id)
    if (this.current === act) this.current = null
    this.#changed()
  }

  /**
   * @param {Act} act
   * @param {number} device  page time of its end, ms
   */
  end(act, device) {
    if (act.state === 'armed') return this.drop(act, true)
    act.to = device
    this.bound(act)
    act.state = 'finishing'
    act.tape?.stop()
    this.#changed()
  }

  /** Nobody will say when they end: the device is out of the session. */
  endAll() {
    const now = performance.now()
    for (const act of this.all) if (act.to > now) this.end(act, now)
  }

  /** The session has no take any more, and perhaps never heard of this one: its stop may still come, or never. */
  endSoon() {
    const running = this.all.filter(act => act.state === 'recording')
    setTimeout(() => {
      for (const act of running) if (this.has(act) && act.to === Infinity) this.end(act, performance.now())
    }, MISSED)
  }

  /**
   * A warning for what is recorded now.
   *
   * @param {string} code
   * @param {number} [value]
   */
  note(code, value) {
    for (const act of this.all) if (act.state === 'recording') act.ledger.note(code, value)
  }

  /** @param {string} commandId  of a start or a stop */
  cancelled(commandId) {
    for (const act of this.all) {
      if (act.commandId === commandId && act.state === 'armed') this.drop(act, true)
      if (act.stopId !== commandId) continue
      act.stopId = ''
      act.stopAt = act.to = Infinity
      this.bound(act)
    }
  }

  /**
   * The page was too late for a start. The worker wasn't, perhaps, and says what it has by the
   * take's end; MediaRecorder has nothing.
   *
   * @param {string} commandId
   */
  missed(commandId) {
    for (const act of this.all) if (act.commandId === commandId && act.state === 'armed' && act.tape) this.drop(act, true)
  }

  /**
   * Tells the worker the instants, where it has the frames.
   *
   * @param {Act} act
   */
  bound({ id, from, to, tape }) {
    if (!tape) this.#desk.post({ type: 'bounds', id, from: known(from), to: known(to) })
  }

  /** The map moved, and with it the instants on this device's clock. */
  refine() {
    for (const act of this.#acts.values()) {
      if (act.state === 'armed' && !act.late) act.from = this.#session.toDevice(act.at)
      if (act.stopAt < Infinity && act.state !== 'finishing') act.to = this.#session.toDevice(act.stopAt)
      if (act.state !== 'finishing') this.bound(act)
    }
  }

  close() {
    for (const act of this.#acts.values()) act.release()
    this.#acts.clear()
  }
}
