import * as wire from '../lib/wire.js'

/** @import { DownbeatError } from '../lib/signaling.js' */
/** @import { Session } from '../lib/session.js' */
/** @import { TakeUnderway, SessionTake } from './sessiontake.js' */

/** The start's own handler has this long to begin a take, ms. */
const GRACE = 200
/** When another file of a take is asked for again, ms, and how often where the server errs. */
const AGAIN = 1000
const TRIES = 10

/**
 * @typedef {object} LateStartEvents
 * @property {(take: TakeUnderway, id: string, part: number, device: number) => void} begin
 *   records from page time `device` on
 * @property {(take: TakeUnderway) => boolean} has  nothing is to be begun: it is recorded already, or can't be
 * @property {() => void} over  the session has no take
 */

/** Goes on with a take whose start this page missed: it was reloaded, or came late, or its camera did. */
export class LateStart {
  #session
  #underway
  #on
  #off = () => {}
  #closed = false
  /** The starts of takes that were begun here: whatever ended them doesn't begin again by itself. */
  /** @type {Set<string>} */ #begun = new Set()

  /**
   * @param {Session} session
   * @param {SessionTake} underway
   * @param {LateStartEvents} on
   */
  constructor(session, underway, on) {
    this.#session = session
    this.#underway = underway
    this.#on = on
  }

  open() {
    this.#underway.joined = over => {
      if (over) this.#on.over()
      else this.#look()
    }
    this.#look()
  }

  /** What ended the recording of the take is gone. */
  again() {
    const take = this.#underway.take
    if (take) this.#begun.delete(take.commandId)
    this.#look()
  }

  /** Waits until session time is known and the take's instant is past, which the start's own handler is for. */
  #look() {
    const take = this.#underway.take
    this.#off()
    if (take && !this.#begun.has(take.commandId)) this.#off = this.#session.at(take.at + GRACE, ({ device }) => void this.#join(take.commandId, device))
  }

  /**
   * @param {string} commandId
   * @param {number} device
   */
  async #join(commandId, device) {
    const goesOn = () => {
      const take = this.#underway.take
      return take?.commandId === commandId && this.#session.now() < take.stopAt && !this.#on.has(take) ? take : null
    }
    this.#begun.add(commandId)
    const found = goesOn()
    const next = found && (await this.part(found.recordingId, () => goesOn() !== null))
    const take = found && goesOn() // it was told again, perhaps, with its stop
    if (take && !this.#closed) this.#on.begin(take, next?.id ?? take.recordingId, next?.part ?? 1, device)
  }

  /**
   * The recording that what is left of a take goes to; null where the server has none.
   *
   * @param {string} recordingId  of the take's first file
   * @param {() => boolean} wanted  is it still?
   * @param {string} [not]  one that has its file already, which the server hasn't heard of yet
   * @returns {Promise<{id: string, part: number} | null>}
   */
  async part(recordingId, wanted, not) {
    for (let i = 0; i < TRIES && !this.#closed && wanted(); i++) {
      try {
        const { recordingId: id, part } = await this.#session.request(wire.RECORDING_PART, { recordingId })
        if (id !== not) return { id, part }
      } catch (error) {
        if (!(/** @type {DownbeatError} */ (error).retry)) return null
        i = 0 // the take goes on, and so does this
      }
      await new Promise(resolve => setTimeout(resolve, AGAIN))
    }
    return null
  }

  close() {
    this.#closed = true
    this.#off()
    this.#underway.joined = () => {}
  }
}
