import { at } from './at.js'

/** @import { Instant } from './at.js' */
/** @import { SessionClock } from './clockmap.js' */

/**
 * A command as its handler gets it: `command`, `start_recording`,
 * `stop_recording` and `playback_sync` alike.
 *
 * @typedef {object} Command
 * @property {string} commandId
 * @property {string} name       the command's own, or the event's
 * @property {any} payload       a command's payload, or the event's data
 * @property {number} timestamp  session time of the act, ms
 */

/**
 * @typedef {Instant & {late: boolean}} Act
 *   `late`: it came after its timestamp
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
 * The command in a message, or null.
 *
 * @param {string} event
 * @param {any} data
 * @returns {Command | null}
 */
export function commandOf(event, data) {
  if (!data || typeof data.commandId !== 'string' || typeof data.timestamp !== 'number') return null
  const { commandId, timestamp } = data
  if (event === 'command') return { commandId, timestamp, name: String(data.name), payload: data.payload }
  if (event !== 'start_recording' && event !== 'stop_recording' && event !== 'playback_sync') return null
  return { commandId, timestamp, name: event, payload: data }
}

/**
 * A report goes this long after the act, ms: not at once, since others, on the
 * same machine perhaps, are about to act, and not all at the same time.
 */
const REPORT_AFTER = 5
const REPORT_SPREAD = 15

/** Marks kept for developer tools. */
const MARKS = 256

/** Commands that wait for a handler, at most. */
const UNHANDLED = 64

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
  /** Names whose commands somebody else handles, or nobody any more. */
  /** @type {Set<string>} */ #elsewhere = new Set()
  /** @type {string[]} */ #marks = []

  /**
   * @param {SessionClock} clock
   * @param {(event: string, data: object) => void} send
   */
  constructor(clock, send) {
    this.#clock = clock
    this.#send = send
  }

  /**
   * Sets the handler of a command; `fn` null takes it away. What came before it and still
   * lies ahead is its own: a page that is slow to start misses nothing.
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
   * @param {any} data
   */
  receive(event, data) {
    if (event === 'cancelled') return this.cancel(data?.commandId)
    const command = commandOf(event, data)
    const handler = command && this.#handlers.get(command.name)
    if (command && handler) this.#arm(command, handler.fn, handler.prepare)
    else if (command && !this.#elsewhere.has(command.name)) this.#keep(command)
  }

  /** @param {Command} command  without a handler */
  #keep(command) {
    this.#early.set(command.commandId, command)
    for (const [id, kept] of this.#early) if (this.#isPast(kept) || this.#early.size > UNHANDLED) this.#early.delete(id)
  }

  /**
   * @param {Command} command
   * @param {CommandHandler} fn
   * @param {((command: Command) => unknown) | undefined} prepare
   */
  #arm(command, fn, prepare) {
    const { commandId, timestamp } = command
    const late = this.#isPast(command)
    const fire = (/** @type {Instant} */ instant) => {
      const act = { ...instant, late }
      try {
        report(this.#send, commandId, act, fn(command, act)).catch(reportError)
      } finally {
        this.#mark('downbeat:fired:' + commandId, instant.device)
        this.#armed.delete(commandId)
      }
    }
    this.#armed.set(commandId, at(this.#clock, timestamp, fire))
    if (prepare) this.#prepare(command, prepare).catch(reportError)
    else this.#send('armed', { commandId })
  }

  /**
   * @param {Command} command
   * @param {(command: Command) => unknown} prepare
   */
  async #prepare(command, prepare) {
    await prepare(command)
    this.#send('armed', { commandId: command.commandId })
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
 * @param {(event: string, data: object) => void} send
 * @param {string} commandId
 * @param {Act} act
 * @param {unknown} result  of the handler
 */
async function report(send, commandId, { time, late }, result) {
  const waited = new Promise(resolve => setTimeout(resolve, REPORT_AFTER + REPORT_SPREAD * Math.random()))
  const [value] = await Promise.all([result, waited])
  const at = typeof value === 'number' && Number.isFinite(value) ? value : time
  send('fired', late ? { commandId, at, late } : { commandId, at })
}
