import { UNKNOWN, at } from './at.js'
import * as wire from './wire.js'

/** @import { Instant } from './at.js' */
/** @import { SessionClock } from './clockmap.js' */
/** @import { RequestData } from './wire.js' */

/**
 * A command as its handler gets it: `command`, `start_recording`,
 * `stop_recording` and `playback_sync` alike.
 *
 * @typedef {object} Command
 * @property {string} commandId
 * @property {string} name       the command's own, or the event's
 * @property {any} payload       a command's payload, which is the application's own, or the event's data
 * @property {number} timestamp  session time of the act, ms
 * @property {number} maxLate    who would act later than this after it doesn't, ms; Infinity: however late
 */

/**
 * @typedef {Instant & {late: boolean}} Act
 *   `late`: its timestamp had passed when the device could first tell
 */

/**
 * Called at the command's timestamp. A number that it returns (or resolves
 * to) is the session time at which it really acted, for acts that begin later
 * than the call, as sound does.
 *
 * @typedef {(command: Command, act: Act) => unknown} CommandHandler
 */

/**
 * @typedef {object} Prepared
 * @property {(command: Command) => unknown} [prepare]
 *   called, and awaited, as soon as the command is known; only then it is armed
 */

/**
 * The command in a message, or null. The start of a take is worth while as long as the take
 * lasts; a stop always is, and a change of playback is joined where it has come to.
 *
 * @param {string} event
 * @param {unknown} told  its data
 * @returns {Command | null}
 */
export function commandOf(event, told) {
  const data = /** @type {Partial<wire.Command & wire.StartRecording>} */ (told ?? {})
  if (typeof data.commandId !== 'string' || typeof data.timestamp !== 'number') return null
  const { commandId, timestamp, maxLateMs = MAX_LATE, duration } = data
  if (event === wire.COMMAND) return { commandId, timestamp, name: String(data.name), payload: data.payload, maxLate: maxLateMs }
  if (event !== wire.START_RECORDING && event !== wire.STOP_RECORDING && event !== wire.PLAYBACK_SYNC) return null
  return { commandId, timestamp, name: event, payload: data, maxLate: (event === wire.START_RECORDING && duration) || Infinity }
}

/** How late a command is carried out that doesn't say so, ms. */
const MAX_LATE = 1000

/** What makes an event pointless once it is due. */
const OVERTAKEN_BY = /** @type {Record<string, string>} */ ({ [wire.START_RECORDING]: wire.STOP_RECORDING, [wire.PLAYBACK_SYNC]: wire.PLAYBACK_SYNC })

/**
 * A report goes this long after the act, ms: not at once, since others, on the
 * same machine perhaps, are about to act, and not all at the same time.
 */
const REPORT_AFTER = 5
const REPORT_SPREAD = 15

/** No lateness is told that is more, ms. */
const DAY = 864e5

/** Marks kept for developer tools. */
const MARKS = 256

/** Commands that wait for a handler, or may make another one pointless, at most. */
const KEPT = 64

/**
 * Arms commands, fires them on the instant, and says so to the server. Every
 * command must be given once.
 */
export class Commands {
  #clock
  #send
  /** @type {Map<string, {fn: CommandHandler, prepare?: (command: Command) => unknown}>} */ #handlers = new Map()
  /** @type {Map<string, () => void>} */ #armed = new Map()
  /** Commands that came before their handler. */
  /** @type {Map<string, Command>} */ #early = new Map()
  /** The last ones that may take another one's place. */
  /** @type {Command[]} */ #recent = []
  /** Names whose commands somebody else handles, or nobody any more. */
  /** @type {Set<string>} */ #elsewhere = new Set()
  /** @type {string[]} */ #marks = []

  /**
   * @param {SessionClock} clock
   * @param {<E extends keyof RequestData>(event: E, data: RequestData[E]) => void} send
   */
  constructor(clock, send) {
    this.#clock = clock
    this.#send = send
  }

  /**
   * Sets the handler of a command; `fn` null takes it away. What came before it and still
   * is still to come is its own: a page that is slow to start misses nothing.
   *
   * @param {string} name
   * @param {CommandHandler | null} fn
   * @param {Prepared} [options]
   */
  handle(name, fn, { prepare } = {}) {
    const early = [...this.#early.values()].filter(command => command.name === name)
    for (const { commandId } of early) this.#early.delete(commandId)
    if (!fn) {
      this.#handlers.delete(name)
      return void this.#elsewhere.add(name)
    }
    this.#elsewhere.delete(name)
    this.#handlers.set(name, { fn, prepare })
    for (const command of early) if (!this.#isPast(command)) this.#arm(command, fn, prepare)
  }

  /** @param {Command} command */
  #isPast({ timestamp }) {
    return this.#clock.valid && this.#clock.toSession(this.#clock.read()) > timestamp
  }

  /**
   * Takes a message in; anything but a command is left alone.
   *
   * @param {string} event
   * @param {unknown} data
   */
  receive(event, data) {
    if (event === wire.CANCELLED) return this.cancel(/** @type {wire.Cancelled | undefined} */ (data)?.commandId ?? '')
    const command = commandOf(event, data)
    if (command && event !== wire.COMMAND) this.#recent = [...this.#recent.slice(1 - KEPT), command]
    const handler = command && this.#handlers.get(command.name)
    if (command && handler) this.#arm(command, handler.fn, handler.prepare)
    else if (command && !this.#elsewhere.has(command.name)) this.#keep(command)
  }

  /** @param {Command} command  without a handler */
  #keep(command) {
    this.#early.set(command.commandId, command)
    for (const [id, kept] of this.#early) if (this.#isPast(kept) || this.#early.size > KEPT) this.#early.delete(id)
  }

  /**
   * @param {Command} command
   * @param {CommandHandler} fn
   * @param {((command: Command) => unknown) | undefined} prepare
   */
  #arm(command, fn, prepare) {
    if (!this.#wait(command, fn, 'arrived_late')) return
    if (prepare) this.#prepare(command, prepare).catch(reportError)
    else this.#send(wire.ARMED, { commandId: command.commandId })
  }

  /**
   * Waits for the instant; false when it is too late already.
   *
   * @param {Command} command
   * @param {CommandHandler} fn
   * @param {string} why  it would be too late now
   */
  #wait(command, fn, why) {
    const { commandId, timestamp } = command
    const clock = this.#clock
    if (!clock.valid) {
      this.#armed.set(commandId, clock.after(UNKNOWN, () => void this.#wait(command, fn, 'no_clock')))
      return true
    }
    const now = clock.toSession(clock.read())
    if (this.#misses(command, now, why)) return false
    const late = now > timestamp
    this.#armed.set(commandId, at(clock, timestamp, instant => {
      if (!this.#misses(command, instant.time, 'woke_late')) this.#fire(commandId, { ...instant, late }, act => fn(command, act))
    }))
    return true
  }

  /**
   * Says that a command isn't carried out, if it would be pointless now.
   *
   * @param {Command} command
   * @param {number} now  session time, ms
   * @param {string} reason  if it is too late
   */
  #misses({ commandId, name, timestamp, maxLate }, now, reason) {
    const lateMs = now - timestamp
    if (lateMs <= maxLate) {
      if (!this.#recent.some(c => c.name === OVERTAKEN_BY[name] && c.timestamp > timestamp && c.timestamp <= now)) return false
      reason = 'overtaken'
    }
    this.#armed.delete(commandId)
    pause().then(() => this.#send(wire.MISSED, { commandId, lateMs: Math.min(lateMs, DAY), reason }))
    return true
  }

  /**
   * @param {string} commandId
   * @param {Act} act
   * @param {(act: Act) => unknown} fn
   */
  #fire(commandId, act, fn) {
    try {
      report(this.#send, commandId, act, fn(act)).catch(reportError)
    } finally {
      this.#mark('downbeat:fired:' + commandId, act.device)
      this.#armed.delete(commandId)
    }
  }

  /**
   * @param {Command} command
   * @param {(command: Command) => unknown} prepare
   */
  async #prepare(command, prepare) {
    await prepare(command)
    this.#send(wire.ARMED, { commandId: command.commandId })
  }

  /**
   * Marks the instant for developer tools. Making a mark takes a tenth of a
   * millisecond, so it is made afterwards and set back to when the act began.
   *
   * @param {string} name
   * @param {number} startTime
   */
  #mark(name, startTime) {
    performance.mark(name, { startTime })
    this.#marks.push(name)
    if (this.#marks.length > MARKS) performance.clearMarks(this.#marks.shift())
  }

  /** @param {string} commandId */
  cancel(commandId) {
    this.#early.delete(commandId)
    this.#recent = this.#recent.filter(c => c.commandId !== commandId)
    this.#armed.get(commandId)?.()
    this.#armed.delete(commandId)
  }

  cancelAll() {
    this.#early.clear()
    for (const off of this.#armed.values()) off()
    this.#armed.clear()
  }
}

/**
 * @param {<E extends keyof RequestData>(event: E, data: RequestData[E]) => void} send
 * @param {string} commandId
 * @param {Act} act
 * @param {unknown} result  of the handler
 */
async function report(send, commandId, { time, late }, result) {
  const [value] = await Promise.all([result, pause()])
  const at = typeof value === 'number' && Number.isFinite(value) ? value : time
  send(wire.FIRED, late ? { commandId, at, late } : { commandId, at })
}

function pause() {
  return new Promise(resolve => setTimeout(resolve, REPORT_AFTER + REPORT_SPREAD * Math.random()))
}
