import { DeviceTake, known, within } from './devicetake.js'
import { ActiveTakes } from './activetakes.js'
import { LateStart } from './latestart.js'
import { LATE, CaptureReporter } from './capturereporter.js'
import { FallbackRecording } from './fallbackrecording.js'
import * as wire from '../lib/wire.js'

/** @import { Command, Act as Fired } from '../lib/commands.js' */
/** @import { Session } from '../lib/session.js' */
/** @import { RecorderWorker } from './recorderworker.js' */
/** @import { RecorderState } from './devicerecorder.js' */
/** @import { TakeUnderway, SessionTake } from './sessiontake.js' */
/** @import { FromRecorder } from './recorderengine.js' */

/** How often a countdown is told, ms. */
const COUNT = 100
/** A start is reported without its true time if no frame comes for this long, ms. */
const PATIENCE = 1500
/** A wider bound is worth a word, ms. */
const COARSE = 50

/**
 * @typedef {object} TakeControllerEvents
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
export class TakeController {
  #session
  #worker
  #on
  #reports
  #takes
  /** @type {(() => void)[]} */ #undo = []
  #lateStart
  #timer

  /**
   * @param {Session} session
   * @param {RecorderWorker} worker
   * @param {SessionTake} underway
   * @param {TakeControllerEvents} on
   */
  constructor(session, worker, underway, on) {
    this.#session = session
    this.#worker = worker
    this.#on = on
    this.#reports = new CaptureReporter(session, worker)
    this.#takes = new ActiveTakes(session, worker, on.state)
    this.#lateStart = new LateStart(session, underway, {
      begin: (of, id, part, device) => this.#beginLate(of, id, part, device),
      has: of => !on.able() || this.#takes.of(of.recordingId) !== undefined,
      over: () => this.#takes.endSoon(),
    })
    this.#timer = setInterval(() => this.#count(), COUNT)
  }

  open() {
    const s = this.#session
    this.#undo = [
      s.onCommand(wire.START_RECORDING, (c, fired) => this.#start(c, fired), { prepare: c => this.#prepare(c) }),
      s.onCommand(wire.STOP_RECORDING, (c, fired) => this.#stop(c, fired), { prepare: c => this.#takes.plan(c) }),
      s.on(wire.CANCELLED, ({ commandId }) => this.#takes.cancelled(commandId)),
      s.on(wire.MISSED, ({ commandId }) => this.#takes.missed(commandId)),
      s.on('clock', () => this.#clocked()),
      s.on('closed', () => this.#takes.endAll()),
    ]
    this.#lateStart.open()
  }

  /** There is something to record again: a take that goes on goes on here. */
  again() {
    this.#lateStart.again()
  }

  /** @returns {RecorderState} */
  get state() {
    return this.#takes.state
  }

  /** @param {Command} command */
  async #prepare({ commandId, payload, timestamp }) {
    const id = payload?.recordingId
    if (!id || this.#takes.of(id)) return
    const take = new DeviceTake(id, commandId, payload.postureLabel ?? '', timestamp)
    take.from = this.#session.toDevice(timestamp)
    this.#add(take)
    await take.armed.promise
  }

  /** @param {DeviceTake} take */
  #add(take) {
    this.#takes.add(take)
    this.#arm(take)
  }

  /**
   * Records what is left of a take.
   *
   * @param {TakeUnderway} of
   * @param {string} id      the recording to make
   * @param {number} part    1: this device has none of it yet
   * @param {number} device  page time from which on, ms
   */
  async #beginLate(of, id, part, device) {
    const take = Object.assign(new DeviceTake(id, of.commandId, of.label, of.at), {
      origin: of.recordingId, part, from: device, late: true, stopId: of.stopId, stopAt: of.stopAt,
    })
    if (of.stopAt < Infinity) take.to = this.#session.toDevice(of.stopAt)
    this.#add(take)
    await take.armed.promise
    if (!this.#takes.has(take)) return
    this.#takes.roll(take)
    const at = await within(take.began.promise, PATIENCE)
    this.#session.send(wire.FIRED, { commandId: of.commandId, at: at ?? this.#session.toSession(device), late: true })
  }

  /** @param {DeviceTake} take */
  #arm(take) {
    const { id, label, at, from, to, late } = take
    const notes = {
      sessionId: this.#session.sessionId, label, filename: viewOf(this.#session), proof: this.#session.server.proof,
      from: late ? this.#session.toSession(from) : at,
    }
    const prefer = this.#on.prefer()
    const stream = this.#on.stream()
    if (!stream) return this.#worker.post({ type: 'arm', id, notes, from: known(from), to, prefer })
    const filetype = FallbackRecording.typeOf(prefer.container).split(';')[0]
    const filename = `${notes.filename}.${filetype.split('/')[1]}`
    take.fallback = new FallbackRecording(stream, this.#worker, id, {
      started: (at, error) => this.#started({ id, at, error }),
      stopped: (at, error, empty) => this.#stopped({ id, at, error, empty: empty || take.empty, torn: take.torn }),
    }, prefer)
    this.#worker.post({ type: 'begin', id, notes: { ...notes, filename, filetype } })
  }

  /** @param {number | undefined} capture  of a frame, page time, ms */
  saw(capture) {
    for (const { fallback } of this.#takes.all) fallback?.saw(capture)
  }

  /**
   * At the take's instant. The session hears when the first frame was captured.
   *
   * @param {Command} command
   * @param {Fired} fired
   */
  #start({ payload }, { late, device }) {
    const take = this.#takes.of(payload?.recordingId)
    if (!take || take.late) return
    if (late) take.from = device
    if (late) this.#takes.bound(take)
    this.#takes.roll(take)
    return within(take.began.promise, PATIENCE)
  }

  /**
   * @param {Command} command
   * @param {Fired} fired
   */
  #stop({ commandId }, { late, device }) {
    const take = this.#takes.all.find(a => a.stopId === commandId)
    if (!take) return
    if (late) take.to = device
    if (late) this.#takes.bound(take)
    if (take.state === 'recording') take.state = 'finishing'
    take.fallback?.stop()
    this.#on.state()
    return within(take.ended.promise, PATIENCE)
  }

  #clocked() {
    this.#takes.refine()
    this.#reports.clocked()
  }

  #count() {
    for (const { state, at, label } of this.#takes.all) {
      const ms = at - this.#session.now()
      if (state === 'armed' && ms > 0) this.#on.countdown({ ms, timestamp: at, label })
    }
  }

  /** @param {FromRecorder} m  of takes; the rest is for others */
  receive(m) {
    switch (m.type) {
      case 'armed': case 'begun': return this.#takes.get(m.id)?.armed.tell(undefined)
      case 'started': return this.#started(m)
      case 'written': return this.#reports.written(m)
      case 'stopped': return this.#stopped(m)
      case 'refused': return this.#refused(m)
      case 'full': return this.#full(m)
      case 'examined': return this.#takes.get(m.id)?.fallback?.examined(m.empty)
      case 'trouble': return this.#on.trouble(m.code, m.error)
      case 'found': return m.found.forEach(left => this.recovered(left))
    }
  }

  /** @param {{id: string, at: number, error: number}} m */
  #started({ id, at, error }) {
    const take = this.#takes.get(id)
    if (!take) return
    if (take.state === 'armed') take.state = 'recording'
    const { timestamp, bound } = this.#reports.started(id, at, error)
    if (bound > COARSE) this.#on.trouble('coarse_clock')
    take.firstAt = at
    take.lateMs = timestamp - take.at
    if (take.part === 1) this.#on.warn('late_start', take.lateMs > LATE && take.lateMs)
    take.reported = true
    take.began.tell(timestamp)
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
    this.#takes.note(code, value)
  }

  /** @param {{id: string, at: number, error: number, empty: boolean, torn?: boolean, report?: Partial<import('./report.js').Report>}} m */
  #stopped(m) {
    const take = this.#takes.get(m.id)
    if (m.empty) {
      this.#reports.failed(m.id)
      this.#on.trouble('nothing_recorded')
    } else {
      const timestamp = this.#reports.stopped(m, take?.fallback ? 'complete' : 'note')
      take?.ended.tell(timestamp)
      if (take) this.#reports.report(take, m.at, m.report)
    }
    this.#on.warn('late_start', false)
    if (take) this.#takes.drop(take, m.empty && take.fallback !== null)
  }

  /**
   * There is no room for more of what MediaRecorder records.
   *
   * @param {{id: string, empty: boolean}} m
   */
  #full({ id, empty }) {
    const take = this.#takes.get(id)
    if (!take) return
    take.torn = true
    take.empty = empty
    take.fallback?.stop()
  }

  /** @param {{id: string, code: string, error?: string}} m */
  #refused({ id, code, error }) {
    const take = this.#takes.get(id)
    if (code === 'begun_before') return void (take && this.#goOn(take))
    this.#on.trouble(code, error)
    this.#reports.failed(id)
    if (take) this.#takes.drop(take, false)
  }

  /**
   * What this device recorded of the take was cut off, by a reload perhaps: the rest goes to
   * another file.
   *
   * @param {DeviceTake} take
   */
  async #goOn(take) {
    take.fallback = null
    const next = await this.#lateStart.part(take.origin, () => this.#takes.has(take), take.id)
    if (!this.#takes.has(take)) return
    if (!next) {
      this.#on.trouble('not_continued')
      return this.#takes.drop(take, false)
    }
    this.#takes.rename(take, next)
    this.#arm(take)
    await take.armed.promise
    if (take.state === 'recording' && this.#takes.has(take)) this.#takes.roll(take)
  }

  /** @param {{notes: any, bytes: number, interrupted: boolean}} left  by an earlier page */
  recovered(left) {
    if (left.interrupted && left.bytes) this.#on.trouble('interrupted', left.notes.label)
    this.#reports.recovered(left)
  }

  close() {
    clearInterval(this.#timer)
    this.#lateStart.close()
    for (const off of this.#undo.splice(0)) off()
    this.#takes.close()
  }
}

/**
 * A name for the file: what this device views.
 *
 * @param {Session} session
 */
function viewOf({ session, deviceId }) {
  const own = session?.devices?.find(d => d.deviceId === deviceId)
  return own?.viewType || 'recording'
}
