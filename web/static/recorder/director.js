import { Act, known, within } from './act.js'
import { Acts } from './acts.js'
import { Latecomer } from './latecomer.js'
import { LATE, Reports } from './reports.js'
import { Tape } from './tape.js'
import * as wire from '../lib/wire.js'

/** @import { Command, Act as Fired } from '../lib/commands.js' */
/** @import { Session } from '../lib/session.js' */
/** @import { Desk } from './desk.js' */
/** @import { RecorderState } from './recorder.js' */
/** @import { TakeUnderway, Underway } from './underway.js' */

/** How often a countdown is told, ms. */
const COUNT = 100
/** A start is reported without its true time if no frame comes for this long, ms. */
const PATIENCE = 1500
/** A wider bound is worth a word, ms. */
const COARSE = 50

/**
 * @typedef {object} DirectorEvents
 * @property {() => void} state
 * @property {() => void} begun  another take has its first frame
 * @property {(code: string, value: number | boolean) => void} warn
 * @property {() => import('./codecs.js').Prefer} prefer  how to encode
 * @property {() => MediaStream | null} stream  that MediaRecorder is to record; null: the worker has the frames
 * @property {() => boolean} able  is there something to record?
 * @property {(count: {ms: number, timestamp: number, label: string}) => void} countdown
 * @property {(code: string, detail?: string) => void} trouble
 */

/** Carries out the session's commands, and tells the session what came of them. */
export class Director {
  #session
  #desk
  #on
  #reports
  #acts
  /** @type {(() => void)[]} */ #undo = []
  #latecomer
  #timer

  /**
   * @param {Session} session
   * @param {Desk} desk
   * @param {Underway} underway
   * @param {DirectorEvents} on
   */
  constructor(session, desk, underway, on) {
    this.#session = session
    this.#desk = desk
    this.#on = on
    this.#reports = new Reports(session, desk)
    this.#acts = new Acts(session, desk, on.state)
    this.#latecomer = new Latecomer(session, underway, {
      begin: (take, id, part, device) => this.#beginLate(take, id, part, device),
      has: take => !on.able() || this.#acts.of(take.recordingId) !== undefined,
      over: () => this.#acts.endSoon(),
    })
    this.#timer = setInterval(() => this.#count(), COUNT)
  }

  open() {
    const s = this.#session
    this.#undo = [
      s.onCommand(wire.START_RECORDING, (c, act) => this.#start(c, act), { prepare: c => this.#prepare(c) }),
      s.onCommand(wire.STOP_RECORDING, (c, act) => this.#stop(c, act), { prepare: c => this.#acts.plan(c) }),
      s.on(wire.CANCELLED, ({ commandId }) => this.#acts.cancelled(commandId)),
      s.on(wire.MISSED, ({ commandId }) => this.#acts.missed(commandId)),
      s.on('clock', () => this.#acts.refine()),
      s.on('closed', () => this.#acts.endAll()),
    ]
    this.#latecomer.open()
  }

  /** There is something to record again: a take that goes on goes on here. */
  again() {
    this.#latecomer.again()
  }

  /** @returns {RecorderState} */
  get state() {
    return this.#acts.state
  }

  /** @param {Command} command */
  async #prepare({ commandId, payload, timestamp }) {
    const id = payload?.recordingId
    if (!id || this.#acts.of(id)) return
    const act = new Act(id, commandId, payload.postureLabel ?? '', timestamp)
    act.from = this.#session.toDevice(timestamp)
    this.#add(act)
    await act.armed.promise
  }

  /** @param {Act} act */
  #add(act) {
    this.#acts.add(act)
    this.#arm(act)
  }

  /**
   * Records what is left of a take.
   *
   * @param {TakeUnderway} take
   * @param {string} id      the recording to make
   * @param {number} part    1: this device has none of it yet
   * @param {number} device  page time from which on, ms
   */
  async #beginLate(take, id, part, device) {
    const act = Object.assign(new Act(id, take.commandId, take.label, take.at), {
      origin: take.recordingId, part, from: device, late: true, stopId: take.stopId, stopAt: take.stopAt,
    })
    if (take.stopAt < Infinity) act.to = this.#session.toDevice(take.stopAt)
    this.#add(act)
    await act.armed.promise
    if (!this.#acts.has(act)) return
    this.#acts.roll(act)
    const at = await within(act.began.promise, PATIENCE)
    this.#session.send(wire.FIRED, { commandId: take.commandId, at: at ?? this.#session.toSession(device), late: true })
  }

  /** @param {Act} act */
  #arm(act) {
    const { id, label, from, to } = act
    const notes = { sessionId: this.#session.sessionId, label, filename: viewOf(this.#session), proof: this.#session.server.proof }
    const prefer = this.#on.prefer()
    const stream = this.#on.stream()
    if (!stream) return this.#desk.post({ type: 'arm', id, notes, from: known(from), to, prefer })
    const filetype = Tape.typeOf(prefer.container).split(';')[0]
    const filename = `${notes.filename}.${filetype.split('/')[1]}`
    act.tape = new Tape(stream, this.#desk, id, {
      started: (at, error) => this.#started({ id, at, error }),
      stopped: (at, error, empty) => this.#stopped({ id, at, error, empty: empty || act.empty, torn: act.torn }),
    }, prefer)
    this.#desk.post({ type: 'begin', id, notes: { ...notes, filename, filetype } })
  }

  /** @param {number | undefined} capture  of a frame, page time, ms */
  saw(capture) {
    for (const { tape } of this.#acts.all) tape?.saw(capture)
  }

  /**
   * At the take's instant. The session hears when the first frame was captured.
   *
   * @param {Command} command
   * @param {Fired} fired
   */
  #start({ payload }, { late, device }) {
    const act = this.#acts.of(payload?.recordingId)
    if (!act || act.late) return
    if (late) act.from = device
    if (late) this.#acts.bound(act)
    this.#acts.roll(act)
    return within(act.began.promise, PATIENCE)
  }

  /**
   * @param {Command} command
   * @param {Fired} fired
   */
  #stop({ commandId }, { late, device }) {
    const act = this.#acts.all.find(a => a.stopId === commandId)
    if (!act) return
    if (late) act.to = device
    if (late) this.#acts.bound(act)
    if (act.state === 'recording') act.state = 'finishing'
    act.tape?.stop()
    this.#on.state()
    return within(act.ended.promise, PATIENCE)
  }

  #count() {
    for (const { state, at, label } of this.#acts.all) {
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
      case 'examined': return this.#acts.get(m.id)?.tape?.examined(m.empty)
      case 'trouble': return this.#on.trouble(m.code, m.error)
      case 'found': return m.found.forEach((/** @type {any} */ left) => this.recovered(left))
    }
  }

  /** @param {{id: string, at: number, error: number}} m */
  #started({ id, at, error }) {
    const act = this.#acts.get(id)
    if (!act) return
    if (act.state === 'armed') act.state = 'recording'
    const { timestamp, bound } = this.#reports.started(id, at, error)
    if (bound > COARSE) this.#on.trouble('coarse_clock')
    act.firstAt = at
    act.lateMs = timestamp - act.at
    if (act.part === 1) this.#on.warn('late_start', act.lateMs > LATE && act.lateMs)
    act.reported = true
    act.began.tell(timestamp)
    this.#on.begun()
    this.#on.state()
  }

  /**
   * A warning that holds now is one of what is recorded now.
   *
   * @param {string} code
   * @param {number} [value]
   */
  noted(code, value) {
    this.#acts.note(code, value)
  }

  /** @param {{id: string, at: number, error: number, empty: boolean, torn?: boolean, report?: import('./report.js').Report}} m */
  #stopped(m) {
    const act = this.#acts.get(m.id)
    if (m.empty) {
      this.#reports.failed(m.id)
      this.#on.trouble('nothing_recorded')
    } else {
      const timestamp = this.#reports.stopped(m, act?.tape ? 'complete' : 'note')
      act?.ended.tell(timestamp)
      if (act) this.#reports.report(act, m.at, m.report)
    }
    this.#on.warn('late_start', false)
    if (act) this.#acts.drop(act, m.empty && act.tape !== null)
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
    const act = this.#acts.get(id)
    if (code === 'begun_before') return void (act && this.#goOn(act))
    this.#on.trouble(code, error)
    this.#reports.failed(id)
    if (act) this.#acts.drop(act, false)
  }

  /**
   * What this device recorded of the take was cut off, by a reload perhaps: the rest goes to
   * another file.
   *
   * @param {Act} act
   */
  async #goOn(act) {
    act.tape = null
    const next = await this.#latecomer.part(act.origin, () => this.#acts.has(act), act.id)
    if (!this.#acts.has(act)) return
    if (!next) {
      this.#on.trouble('not_continued')
      return this.#acts.drop(act, false)
    }
    this.#acts.rename(act, next)
    this.#arm(act)
    await act.armed.promise
    if (act.state === 'recording' && this.#acts.has(act)) this.#acts.roll(act)
  }

  /** @param {{notes: any, bytes: number, interrupted: boolean}} left  by an earlier page */
  recovered(left) {
    if (left.interrupted && left.bytes) this.#on.trouble('interrupted', left.notes.label)
    this.#reports.recovered(left)
  }

  close() {
    clearInterval(this.#timer)
    this.#latecomer.close()
    for (const off of this.#undo.splice(0)) off()
    this.#acts.close()
  }
}

/**
 * A name for the file: how this device looks on.
 *
 * @param {Session} session
 */
function viewOf({ session, deviceId }) {
  const own = session?.devices?.find((/** @type {any} */ d) => d.deviceId === deviceId)
  return own?.viewType || 'recording'
}
