import * as wire from '../lib/wire.js'

/** @import { Session } from '../lib/session.js' */
/** @import { DeviceTake } from './devicetake.js' */
/** @import { RecorderWorker } from './recorderworker.js' */
/** @import { Report } from './report.js' */

/** The server takes no bound that is wider, ms. */
const WIDEST = 60_000
/** What a crash or a full storage may cost of the end, ms. */
const LOST = 1500

/** A first frame that is later than this is late, ms: several frames. */
export const LATE = 250
/** A recording that lacks less of its take isn't short, ms. */
const SHORT = 500

/**
 * What an earlier page left.
 *
 * @typedef {{notes: Partial<import('./journal.js').Notes>, bytes: number, interrupted: boolean}} Left
 */

/** Tells the session when frames were captured, and the journal of the recording, in case that the page ends. */
export class CaptureReporter {
  #session
  #worker
  /** Session times of first frames, by recording: a refined clock mustn't put an end before them. */
  /** @type {Map<string, number>} */ #begun = new Map()
  /** Recordings of which nobody knows when they began, and session time isn't known yet. */
  /** @type {Left[]} */ #undated = []

  /**
   * @param {Session} session
   * @param {RecorderWorker} worker
   */
  constructor(session, worker) {
    this.#session = session
    this.#worker = worker
  }

  /**
   * The first frame.
   *
   * @param {string} recordingId
   * @param {number} at     when it was captured, page time, ms
   * @param {number} error  of that, ms
   */
  started(recordingId, at, error) {
    const { timestamp, bound } = this.#time(at, error)
    this.#begun.set(recordingId, timestamp)
    this.#session.send(wire.RECORDING_STARTED, { recordingId, timestamp, bound })
    this.#worker.post({ type: 'note', id: recordingId, notes: { started: timestamp, startBound: bound } })
    return { timestamp, bound }
  }

  /**
   * Remembers where the file ends, in case that it ends there.
   *
   * @param {{id: string, at: number, error: number}} m
   */
  written({ id, at, error }) {
    const { timestamp, bound } = this.#time(at, error)
    this.#worker.post({ type: 'note', id, notes: { stopped: timestamp, stopBound: bound + LOST } })
  }

  /**
   * The last frame, the file is whole.
   *
   * @param {{id: string, at: number, error: number, torn?: boolean}} m  torn: its end is lacking
   * @param {'note' | 'complete'} type  complete: and nobody else says so
   */
  stopped({ id, at, error, torn = false }, type) {
    const { timestamp: end, bound } = this.#time(at, error + (torn ? LOST : 0))
    const timestamp = Math.max(end, this.#begun.get(id) ?? end)
    this.#begun.delete(id)
    this.#session.send(wire.RECORDING_STOPPED, { recordingId: id, timestamp, bound })
    this.#worker.post({ type, id, notes: { stopped: timestamp, stopBound: bound } })
    return timestamp
  }

  /**
   * How well a recording was made.
   *
   * @param {DeviceTake} take
   * @param {number} lastAt  page time of its last frame, ms
   * @param {Partial<Report>} [made]  by the worker's own account
   */
  report(take, lastAt, made = {}) {
    const durationMs = lastAt - take.firstAt
    for (const { code, value } of made.warnings ?? []) take.warningLog.note(code, value)
    if (take.part === 1) this.#noteInstants(take, durationMs)
    const report = { durationMs: finite(durationMs), ...made, lateMs: finite(take.lateMs), warnings: take.warningLog.all }
    this.#session.send(wire.RECORDING_REPORT, { recordingId: take.id, report })
  }

  /**
   * How the first file of a take lies in it; the others begin and end where they can.
   *
   * @param {DeviceTake} take
   * @param {number} durationMs
   */
  #noteInstants({ warningLog, lateMs, at, stopAt }, durationMs) {
    if (lateMs > LATE) warningLog.note('late_start', lateMs)
    const missing = stopAt - at - durationMs
    if (stopAt === Infinity) warningLog.note('short_take')
    else if (missing > SHORT) warningLog.note('short_take', missing / 1000)
  }

  /** @param {string} recordingId  of which there is nothing */
  failed(recordingId) {
    this.#session.send(wire.RECORDING_FAILED, { recordingId })
  }

  /**
   * What an earlier page left: it never said when that ended, and perhaps not
   * that it began.
   *
   * @param {Left} left
   */
  recovered(left) {
    const { notes: { recordingId, sessionId, started, startBound = WIDEST, stopped, stopBound }, bytes, interrupted } = left
    if (sessionId !== this.#session.sessionId || !recordingId) return
    if (!bytes) return void (interrupted && this.failed(recordingId))
    if (started === undefined) return this.#date(left)
    this.#session.send(wire.RECORDING_STARTED, { recordingId, timestamp: started, bound: startBound })
    const end = stopped ?? started
    this.#session.send(wire.RECORDING_STOPPED, { recordingId, timestamp: end, bound: stopBound ?? Math.min(WIDEST, startBound + LOST) })
  }

  /**
   * The page ended before it could note the first frame: all of the file lies between the instant
   * from which it recorded and now.
   *
   * @param {Left} left
   */
  #date(left) {
    const { recordingId, from } = left.notes
    if (from === undefined || !recordingId) return
    const now = this.#session.now()
    if (Number.isNaN(now)) return void this.#undated.push(left)
    const half = Math.max(0, now - from) / 2
    const timestamp = from + Math.min(half, WIDEST)
    const bound = bounded(half + this.#session.bound)
    this.#session.send(wire.RECORDING_STARTED, { recordingId, timestamp, bound })
    this.#session.send(wire.RECORDING_STOPPED, { recordingId, timestamp, bound })
  }

  /** Session time is known, or known better. */
  clocked() {
    for (const left of this.#undated.splice(0)) this.#date(left)
  }

  /**
   * Session time of an instant on this page's clock, and how wrong that may be.
   *
   * @param {number} at     ms
   * @param {number} error  of `at`, ms
   */
  #time(at, error) {
    return { timestamp: this.#session.toSession(at), bound: bounded(this.#session.bound + error) }
  }
}

/**
 * A bound that the server takes.
 *
 * @param {number} ms
 */
function bounded(ms) {
  return Number.isNaN(ms) ? WIDEST : Math.min(WIDEST, ms)
}

/** @param {number} ms */
function finite(ms) {
  return Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : undefined
}
