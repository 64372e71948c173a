import { known } from './devicetake.js'

/** @import { Command } from '../lib/commands.js' */
/** @import { Session } from '../lib/session.js' */
/** @import { DeviceTake } from './devicetake.js' */
/** @import { RecorderWorker } from './recorderworker.js' */
/** @import { RecorderState } from './devicerecorder.js' */

/** How long after joining again a stop that was missed may take to come, ms. */
const MISSED = 3000

/** The takes that are coming or under way, with their instants on this device's clock. */
export class ActiveTakes {
  #session
  #worker
  #changed
  /** @type {Map<string, DeviceTake>} */ #takes = new Map()
  /** The take that a stop is for. */
  /** @type {DeviceTake | null} */ current = null

  /**
   * @param {Session} session
   * @param {RecorderWorker} worker
   * @param {() => void} changed  the state of some
   */
  constructor(session, worker, changed) {
    this.#session = session
    this.#worker = worker
    this.#changed = changed
  }

  /** @returns {RecorderState} */
  get state() {
    const states = [...this.#takes.values()].map(take => take.state)
    for (const state of /** @type {const} */ (['recording', 'armed', 'finishing'])) if (states.includes(state)) return state
    return 'ready'
  }

  get all() {
    return [...this.#takes.values()]
  }

  /** @param {string} id  of the recording */
  get(id) {
    return this.#takes.get(id)
  }

  /** @param {DeviceTake} take */
  has(take) {
    return this.#takes.get(take.id) === take
  }

  /** @param {string} origin  the recording of the first file of a take */
  of(origin) {
    return this.all.find(take => take.origin === origin)
  }

  /** @param {DeviceTake} take */
  add(take) {
    this.#takes.set(take.id, take)
    this.current = take
    this.#changed()
  }

  /**
   * Its instant is there, or past.
   *
   * @param {DeviceTake} take
   */
  roll(take) {
    if (take.state === 'armed') take.state = 'recording'
    take.fallback?.start()
    this.#changed()
  }

  /**
   * The stop of the latest take.
   *
   * @param {Command} command
   */
  plan({ commandId, timestamp }) {
    const take = this.current
    if (!take || timestamp < take.at) return
    take.stopId = commandId
    take.stopAt = timestamp
    take.to = this.#session.toDevice(timestamp)
    this.bound(take)
  }

  /**
   * @param {DeviceTake} take
   * @param {{id: string, part: number}} next  the recording that it goes on in
   */
  rename(take, next) {
    this.#takes.delete(take.id)
    Object.assign(take, next)
    this.#takes.set(take.id, take)
  }

  /**
   * @param {DeviceTake} take
   * @param {boolean} cancel  nothing of it is kept
   */
  drop(take, cancel) {
    if (cancel) this.#worker.post({ type: take.fallback ? 'discard' : 'cancel', id: take.id })
    take.release()
    this.#takes.delete(take.id)
    if (this.current === take) this.current = null
    this.#changed()
  }

  /**
   * @param {DeviceTake} take
   * @param {number} device  page time of its end, ms
   */
  end(take, device) {
    if (take.state === 'armed') return this.drop(take, true)
    take.to = device
    this.bound(take)
    take.state = 'finishing'
    take.fallback?.stop()
    this.#changed()
  }

  /** Nobody will say when they end: the device is out of the session. */
  endAll() {
    const now = performance.now()
    for (const take of this.all) if (take.to > now) this.end(take, now)
  }

  /** The session has no take any more, and perhaps never heard of this one: its stop may still come, or never. */
  endSoon() {
    const running = this.all.filter(take => take.state === 'recording')
    setTimeout(() => {
      for (const take of running) if (this.has(take) && take.to === Infinity) this.end(take, performance.now())
    }, MISSED)
  }

  /**
   * A warning for what is recorded now.
   *
   * @param {string} code
   * @param {number} [value]
   */
  note(code, value) {
    for (const take of this.all) if (take.state === 'recording') take.warningLog.note(code, value)
  }

  /** @param {string} commandId  of a start or a stop */
  cancelled(commandId) {
    for (const take of this.all) {
      if (take.commandId === commandId && take.state === 'armed') this.drop(take, true)
      if (take.stopId !== commandId) continue
      take.stopId = ''
      take.stopAt = take.to = Infinity
      this.bound(take)
    }
  }

  /**
   * The page was too late for a start. The worker wasn't, perhaps, and says what it has by the
   * take's end; MediaRecorder has nothing.
   *
   * @param {string} commandId
   */
  missed(commandId) {
    for (const take of this.all) if (take.commandId === commandId && take.state === 'armed' && take.fallback) this.drop(take, true)
  }

  /**
   * Tells the worker the instants, where it has the frames.
   *
   * @param {DeviceTake} take
   */
  bound({ id, from, to, fallback }) {
    if (!fallback) this.#worker.post({ type: 'bounds', id, from: known(from), to: known(to) })
  }

  /** The map moved, and with it the instants on this device's clock. */
  refine() {
    for (const take of this.#takes.values()) {
      if (take.state === 'armed' && !take.late) take.from = this.#session.toDevice(take.at)
      if (take.stopAt < Infinity && take.state !== 'finishing') take.to = this.#session.toDevice(take.stopAt)
      if (take.state !== 'finishing') this.bound(take)
    }
  }

  close() {
    for (const take of this.#takes.values()) take.release()
    this.#takes.clear()
  }
}
