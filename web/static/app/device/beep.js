import * as wire from '../../lib/wire.js'

/** @import { Command, Session } from '../../downbeat.js' */

/** How long a beep and a click are, s. */
const LENGTH = 0.18
const CLICK = 0.03

/** Beeps on the instant, once the page has been touched (browsers ask for that). */
export class Beeper {
  #session
  /** @type {AudioContext | null} */ #ctx = null
  #silenced = false
  /** @type {Map<string, OscillatorNode>} */ #scheduled = new Map()

  /** @param {Session} session */
  constructor(session) {
    this.#session = session
    for (const event of [wire.CANCELLED, wire.MISSED]) session.on(event, ({ commandId }) => this.#scheduled.get(commandId)?.stop())
  }

  /** Makes no sound while the leader doesn't want any; what is coming is silent as well. */
  set silenced(/** @type {boolean} */ silenced) {
    this.#silenced = silenced
    if (silenced) for (const tone of this.#scheduled.values()) tone.stop()
  }

  /** Call from a tap or key; true when there is sound now. */
  async enable() {
    if (typeof AudioContext === 'undefined') return false
    this.#ctx ??= new AudioContext({ latencyHint: 'interactive' })
    await this.#ctx.resume()
    this.#session.toAudio(this.#ctx, this.#session.now())
    return this.#ctx.state === 'running'
  }

  /**
   * Schedules the command's beep on the audio clock.
   *
   * @param {Command} command
   */
  prepare({ commandId, payload, timestamp }) {
    const tone = this.#tone(timestamp, Number(payload?.tone) || 880, LENGTH)
    if (!tone) return
    this.#scheduled.set(commandId, tone)
    tone.onended = () => this.#scheduled.delete(commandId)
  }

  /**
   * A short click, heard at session time `t`.
   *
   * @param {number} t  ms
   */
  click(t) {
    this.#tone(t, 1760, CLICK)
  }

  /**
   * @param {number} t          session time, ms
   * @param {number} frequency  Hz
   * @param {number} length     s
   */
  #tone(t, frequency, length) {
    const ctx = this.#ctx
    if (ctx?.state !== 'running' || this.#silenced) return null
    const from = Math.max(ctx.currentTime, this.#session.toAudio(ctx, t))
    if (Number.isNaN(from)) return null // session time isn't known yet
    const tone = new OscillatorNode(ctx, { frequency })
    const volume = new GainNode(ctx, { gain: 0.5 })
    volume.gain.setValueAtTime(0.5, from + length * 0.8)
    volume.gain.linearRampToValueAtTime(0, from + length)
    tone.connect(volume).connect(ctx.destination)
    tone.start(from)
    tone.stop(from + length)
    return tone
  }
}
