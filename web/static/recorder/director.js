import { Act } from './act.js'
import { Reports } from './reports.js'
import { Tape } from './tape.js'

/** @import { Command, Act as Fired } from '../lib/commands.js' */
/** @import { Session } from '../lib/session.js' */
/** @import { Desk } from './desk.js' */
/** @import { RecorderState } from './recorder.js' */

/** How often a countdown is told, ms. */
const COUNT = 100
/** A start is reported without its true time if no frame comes for this long, ms. */
const PATIENCE = 1500
/** A wider bound is worth a word, ms. */
const COARSE = 50

/**
 * @typedef {object} DirectorEvents
 * @property {() => void} state
 * @property {(count: {ms: number, timestamp: number, label: string}) => void} countdown
 * @property {(code: string, detail?: string) => void} trouble
 */

/** Carries out the session's commands, and tells the session what came of them. */
export class Director {
  #session
  #desk
  #on
  #reports
  /** @type {Map<string, Act>} */ #acts = new Map()
  /** The take that a stop is for. */
  /** @type {Act | null} */ #current = null
  /** @type {(() => void)[]} */ #undo = []
  #timer
  /** What MediaRecorder is to record; null: the worker has the frames. */
  /** @type {MediaStream | null} */ stream = null

  /**
   * @param {Session} session
   * @param {Desk} desk
   * @param {DirectorEvents} on
   */
  constructor(session, desk, on) {
    this.#session = session
    this.#desk = desk
    this.#on = on
    this.#reports = new Reports(session, desk)
    this.#timer = setInterval(() => this.#count(), COUNT)
  }

  open() {
    const s = this.#session
    this.#undo = [
      s.onCommand('start_recording', (c, act) => this.#start(c, act), { prepare: c => this.#prepare(c) }),
      s.onCommand('stop_recording', (c, act) => this.#stop(c, act), { prepare: c => this.#prepareStop(c) }),
      s.on('cancelled', ({ commandId }) => this.#cancelled(commandId)),
      s.on('clock', () => this.#refine()),
    ]
  }

  /** @returns {RecorderState} */
  get state() {
    const states = [...this.#acts.values()].map(act => act.state)
    for (const state of /** @type {const} */ (['recording', 'armed', 'finishing'])) if (states.includes(state)) return state
    return 'ready'
  }

  /** @param {Command} command */
  async #prepare({ commandId, payload, timestamp }) {
    const id = payload?.recordingId
    if (!id || this.#acts.has(id)) return
    const act = new Act(id, commandId, payload.postureLabel ?? '', timestamp)
    act.from = this.#session.toDevice(timestamp)
    this.#acts.set(id, act)
    this.#current = act
    this.#on.state()
    this.#arm(act)
    await act.armed.promise
  }

  /** @param {Act} act */
  #arm(act) {
    const { id, label, from, to } = act
    const notes = { sessionId: this.#session.sessionId, label, filename: this.#view }
    if (!this.stream) return this.#desk.post({ type: 'arm', id, notes, from: known(from), to })
    const filetype = Tape.type.split(';')[0]
    const filename = `${notes.filename}.${filetype.split('/')[1]}`
    act.tape = new Tape(this.stream, this.#desk, id, {
      started: (at, error) => this.#started({ id, at, error }),
      stopped: (at, error, empty) => this.#stopped({ id, at, error, empty: empty || act.empty, torn: act.torn }),
    })
    this.#desk.post({ type: 'begin', id, notes: { ...notes, filename, filetype } })
  }

  /** A name for the file: how this device looks on. */
  get #view() {
    const { session, deviceId } = this.#session
    const own = session?.devices?.find((/** @type {any} */ d) => d.deviceId === deviceId)
    return own?.viewType || 'recording'
  }

  /** @param {number | undefined} capture  of a frame, page time, ms */
  saw(capture) {
    for (const { tape } of this.#acts.values()) tape?.saw(capture)
  }

  /**
   * At the take's instant. The session hears when the first frame was captured.
   *
   * @param {Command} command
   * @param {Fired} fired
   */
  #start({ payload }, { late, device }) {
    const act = this.#acts.get(payload?.recordingId)
    if (!act) return
    if (late) act.from = device
    if (late) this.#bound(act)
    if (act.state === 'armed') act.state = 'recording'
    act.tape?.start()
    this.#on.state()
    return within(act.began.promise, PATIENCE)
  }

  /** @param {Command} command */
  #prepareStop({ commandId, timestamp }) {
    const act = this.#current
    if (!act || timestamp < act.at) return
    act.stopId = commandId
    act.stopAt = timestamp
    act.to = this.#session.toDevice(timestamp)
    this.#bound(act)
  }

  /**
   * @param {Command} command
   * @param {Fired} fired
   */
  #stop({ commandId }, { late, device }) {
    const act = [...this.#acts.values()].find(a => a.stopId === commandId)
    if (!act) return
    if (late) act.to = device
    if (late) this.#bound(act)
    if (act.state === 'recording') act.state = 'finishing'
    act.tape?.stop()
    this.#on.state()
    return within(act.ended.promise, PATIENCE)
  }

  /** @param {string} commandId */
  #cancelled(commandId) {
    for (const act of this.#acts.values()) {
      if (act.commandId === commandId && act.state === 'armed') this.#drop(act, true)
      if (act.stopId !== commandId) continue
      act.stopId = ''
      act.stopAt = act.to = Infinity
      this.#bound(act)
    }
  }

  /**
   * @param {Act} act
   * @param {boolean} cancel  nothing of it is kept
   */
  #drop(act, cancel) {
    if (cancel) this.#desk.post({ type: act.tape ? 'discard' : 'cancel', id: act.id })
    act.release()
    this.#acts.delete(act.id)
    if (this.#current === act) this.#current = null
    this.#on.state()
  }

  /** The map moved, and with it the instants on this device's clock. */
  #refine() {
    for (const act of this.#acts.values()) {
      if (act.state === 'armed') act.from = this.#session.toDevice(act.at)
      if (act.stopAt < Infinity && act.state !== 'finishing') act.to = this.#session.toDevice(act.stopAt)
      if (act.state !== 'finishing') this.#bound(act)
    }
  }

  /** @param {Act} act */
  #bound({ id, from, to, tape }) {
    if (!tape) this.#desk.post({ type: 'bounds', id, from: known(from), to: known(to) })
  }

  #count() {
    for (const { state, at, label } of this.#acts.values()) {
      const ms = at - this.#session.now()
      if (state === 'armed' && ms > 0) this.#on.countdown({ ms, timestamp: at, label })
    }
  }

  /** @param {any} m  of a take, from the worker */
  receive(m) {
    switch (m.type) {
      case 'armed': case 'begun': return this.#acts.get(m.id)?.armed.tell(undefined)
      case 'started': return this.#started(m)
      case 'written': return this.#reports.written(m)
      case 'stopped': return this.#stopped(m)
      case 'refused': return this.#refused(m)
      case 'full': return this.#full(m)
      case 'trouble': return this.#on.trouble(m.code, m.error)
    }
  }

  /** @param {{id: string, at: number, error: number}} m */
  #started({ id, at, error }) {
    const act = this.#acts.get(id)
    if (!act) return
    if (act.state === 'armed') act.state = 'recording'
    const { timestamp, bound } = this.#reports.started(id, at, error)
    if (bound > COARSE) this.#on.trouble('coarse_clock')
    act.reported = true
    act.began.tell(timestamp)
    this.#on.state()
  }

  /** @param {{id: string, at: number, error: number, empty: boolean, torn?: boolean}} m */
  #stopped(m) {
    const act = this.#acts.get(m.id)
    if (m.empty) {
      this.#reports.failed(m.id)
      this.#on.trouble('nothing_recorded')
    } else {
      const timestamp = this.#reports.stopped(m, act?.tape ? 'complete' : 'note')
      act?.ended.tell(timestamp)
    }
    if (act) this.#drop(act, m.empty && act.tape !== null)
  }

  /**
   * There is no room for more of what MediaRecorder records.
   *
   * @param {{id: string, empty: boolean}} m
   */
  #full({ id, empty }) {
    const act = this.#acts.get(id)
    if (!act) return
    act.torn = true
    act.empty = empty
    act.tape?.stop()
  }

  /** @param {{id: string, code: string, error?: string}} m */
  #refused({ id, code, error }) {
    this.#on.trouble(code, error)
    if (code !== 'begun_before') this.#reports.failed(id)
    const act = this.#acts.get(id)
    if (act) this.#drop(act, false)
  }

  /** @param {{notes: any, bytes: number, interrupted: boolean}} left  by an earlier page */
  recovered(left) {
    if (left.interrupted && left.bytes) this.#on.trouble('interrupted', left.notes.label)
    this.#reports.recovered(left)
  }

  close() {
    clearInterval(this.#timer)
    for (const off of this.#undo.splice(0)) off()
    for (const act of this.#acts.values()) act.release()
    this.#acts.clear()
  }
}

/**
 * An instant that isn't known is far away.
 *
 * @param {number} t
 */
function known(t) {
  return Number.isNaN(t) ? Infinity : t
}

/**
 * @param {Promise<number | undefined>} promise
 * @param {number} ms
 * @returns {Promise<number | undefined>}
 */
function within(promise, ms) {
  return Promise.race([promise, new Promise(resolve => setTimeout(resolve, ms, undefined))])
}
