import { PendingCommands } from './pendingcommands.js'
import * as wire from '../lib/wire.js'

/** @import { Session } from '../downbeat.js' */
/** @import { Command } from '../lib/commands.js' */
/** @import { TrimmedTime } from './trimmedtime.js' */
/** @import { PlayerController } from './playercontroller.js' */

/** A change counts as done when it is so this long before its instant: starts are early or late, ms. */
const EARLY = 60

/** Takes the session's changes of playback as commands: arms them, and reports when they were carried out. */
export class PlaybackCommands {
  #time
  #controller
  #pending = new PendingCommands()
  /** @type {Map<string, () => void>} */ #armed = new Map()

  /**
   * @param {Session} session
   * @param {TrimmedTime} time
   * @param {PlayerController} controller
   * @param {AbortSignal} signal  ends it
   */
  constructor(session, time, controller, signal) {
    this.#time = time
    this.#controller = controller
    controller.acted = since => this.#pending.done(since, time.now() + EARLY)
    const undo = [
      ...[wire.CANCELLED, wire.MISSED].map(event => session.on(event, ({ commandId }) => this.#forget(commandId))),
      session.onCommand(wire.PLAYBACK_SYNC, command => this.#act(command), { prepare: command => this.#prepare(command) }),
    ]
    signal.addEventListener('abort', () => {
      for (const off of [...undo, ...this.#armed.values()]) off()
    })
  }

  /**
   * Makes ready for a change. Only what begins can be prepared.
   *
   * @param {Command} command
   */
  async #prepare({ commandId, timestamp }) {
    const before = this.#time.state()
    const after = this.#time.timeline.at(timestamp)
    this.#armed.set(commandId, this.#time.when(timestamp, () => this.#controller.look()))
    const begins = after.commandId === commandId && after.isPlaying && !before.isPlaying
    if (begins && this.#time.now() < timestamp) await this.#controller.prime(after)
  }

  /**
   * Resolves with the session time at which the medium did what was asked.
   *
   * @param {Command} command
   */
  #act({ commandId, timestamp }) {
    this.#armed.delete(commandId)
    const done = this.#pending.begun(commandId, timestamp)
    this.#controller.look()
    return done
  }

  /** @param {string} commandId */
  #forget(commandId) {
    this.#armed.get(commandId)?.()
    this.#armed.delete(commandId)
    this.#pending.forget(commandId)
  }
}
