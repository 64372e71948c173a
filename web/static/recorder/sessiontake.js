import * as wire from '../lib/wire.js'

/** @import { SessionJoined, StartRecording, Take } from '../lib/wire.js' */

/** @import { Session } from '../lib/session.js' */

/**
 * This device's part of a take that is coming or under way.
 *
 * @typedef {object} TakeUnderway
 * @property {string} commandId    of its start
 * @property {string} recordingId  of this device's first file
 * @property {string} label
 * @property {number} at           session time of the start, ms
 * @property {string} stopId       command of the stop, '' while none is issued
 * @property {number} stopAt       session time of the stop, ms; Infinity while none is issued
 */

/**
 * Follows the session's take, from before there is a camera to record it with. The commands
 * alone don't do: they aren't repeated for a page that comes in the middle of a take.
 */
export class SessionTake {
  /** @type {TakeUnderway | null} */ #take = null
  /** @type {(() => void)[]} */ #undo
  /** Called after each joining, first or again; `over`: the session has no take. */
  /** @type {(over: boolean) => void} */ joined = () => {}

  /** @param {Session} session */
  constructor(session) {
    this.#adopt(session.session?.take, session.recordingId)
    this.#undo = [
      session.on(wire.SESSION_JOINED, data => this.#rejoined(data)),
      session.on(wire.START_RECORDING, data => this.#started(data)),
      session.on(wire.STOP_RECORDING, ({ commandId, timestamp }) => this.#stopping(commandId, timestamp)),
      session.on(wire.CANCELLED, ({ commandId }) => this.#cancelled(commandId)),
    ]
  }

  /** The latest take of which this device has a part; perhaps it is over. */
  get take() {
    return this.#take
  }

  /** @param {SessionJoined} data */
  #rejoined({ session, recordingId }) {
    const told = session?.take !== undefined // older servers don't tell
    if (told) this.#adopt(session.take, recordingId)
    this.joined(told && session.take === null)
  }

  /**
   * @param {Take | null | undefined} take  the session object's
   * @param {string} [recordingId]
   */
  #adopt(take, recordingId) {
    this.#take = take && recordingId
      ? {
        commandId: take.takeId, recordingId, label: take.postureLabel ?? '', at: take.timestamp,
        stopId: take.stopCommandId ?? '', stopAt: take.stopTimestamp ?? Infinity,
      }
      : null
  }

  /** @param {StartRecording} data */
  #started({ commandId, recordingId, postureLabel = '', timestamp }) {
    if (!recordingId || this.#take?.commandId === commandId) return
    this.#take = { commandId, recordingId, label: postureLabel, at: timestamp, stopId: '', stopAt: Infinity }
  }

  /**
   * @param {string} commandId
   * @param {number} timestamp
   */
  #stopping(commandId, timestamp) {
    if (this.#take && timestamp >= this.#take.at) Object.assign(this.#take, { stopId: commandId, stopAt: timestamp })
  }

  /** @param {string} commandId */
  #cancelled(commandId) {
    if (this.#take?.commandId === commandId) this.#take = null
    else if (this.#take?.stopId === commandId) Object.assign(this.#take, { stopId: '', stopAt: Infinity })
  }

  close() {
    for (const off of this.#undo) off()
  }
}
