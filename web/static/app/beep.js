/** @import { Command, Session } from '../downbeat.js' */

const LENGTH = 0.18

/** Beeps on the instant, once the page has been touched (browsers ask for that). */
export class Beeper {
  #session
  /** @type {AudioContext | null} */ #ctx = null
  /** @type {Map<string, OscillatorNode>} */ #scheduled = new Map()

  /** @param {Session} session */
  constructor(session) {
    this.#session = session
    session.on('cancelled', ({ commandId }) => this.#scheduled.get(commandId)?.stop())
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
    const ctx = this.#ctx
    if (ctx?.state !== 'running') return
    const from = Math.max(ctx.currentTime, this.#session.toAudio(ctx, timestamp))
    const tone = new OscillatorNode(ctx, { frequency: Number(payload?.tone) || 880 })
    const volume = new GainNode(ctx, { gain: 0.5 })
    volume.gain.setValueAtTime(0.5, from + LENGTH - 0.03)
    volume.gain.linearRampToValueAtTime(0, from + LENGTH)
    tone.connect(volume).connect(ctx.destination)
    tone.start(from)
    tone.stop(from + LENGTH)
    this.#scheduled.set(commandId, tone)
    tone.onended = () => this.#scheduled.delete(commandId)
  }
}
