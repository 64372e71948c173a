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

/** Tells the session when frames were captured, and the journal of the recording, in case that the page ends. */
export class CaptureReporter {
  #session
  #worker
  /** Session times of first frames, by recording: a refined clock mustn't put an end before them. */
  /** @type {Map<string, number>} */ #begun = new Map()

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
   * @param {{notes: any, bytes: number, interrupted: boolean}} left
   */
  recovered({ notes, bytes, interrupted }) {
    const { recordingId, sessionId, started, startBound, stopped, stopBound } = notes
    if (sessionId !== this.#session.sessionId || !recordingId) return
    if (!bytes) return void (interrupted && this.failed(recordingId))
    if (started === undefined) return
    this.#session.send(wire.RECORDING_STARTED, { recordingId, timestamp: started, bound: startBound })
    const end = stopped ?? started
    this.#session.send(wire.RECORDING_STOPPED, { recordingId, timestamp: end, bound: stopBound ?? startBound + LOST })
  }

  /**
   * Session time of an instant on this page's clock, and how wrong that may be.
   *
   * @param {number} at     ms
   * @param {number} error  of `at`, ms
   */
  #time(at, error) {
    const bound = Math.min(WIDEST, this.#session.bound + error)
    return { timestamp: this.#session.toSession(at), bound: Number.isNaN(bound) ? WIDEST : bound }
  }
}

/** @param {number} ms */
function finite(ms) {
  return Number.isFinite(ms) ? Math.round(ms * 1000) / 1000 : undefined
}
