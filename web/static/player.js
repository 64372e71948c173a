/**
 * A media element that follows a session's timeline.
 *
 *     import { join } from '/downbeat.js'
 *     import { Player } from '/player.js'
 *     const session = await join({ sessionId: 'cinema', username: 'Ada' })
 *     const player = new Player(session, document.querySelector('video'))
 *     player.addEventListener('drift', () => console.log(player.drift))
 */
import { TrimmedTime } from './player/trimmedtime.js'
import { PlaybackCommands } from './player/playbackcommands.js'
import { LOOK } from './player/transitions.js'
import { PlayerController } from './player/playercontroller.js'
import { Silence } from './player/silence.js'
import { Starter } from './player/starter.js'
import { PlayerStatus } from './player/playerstatus.js'
import { MediaReporter } from './player/mediareporter.js'
import { Subtitles } from './player/subtitles.js'
import { BufferingReporter } from './player/bufferingreporter.js'
import * as wire from './lib/wire.js'

/** @import { Session } from './downbeat.js' */
/** @import { Title } from './player/subtitles.js' */

/**
 * `idle`: nothing is loaded. `unsynced`: session time isn't known yet.
 * `blocked`: the browser wants a tap. `failed`: `trouble` says why.
 *
 * @typedef {'idle' | 'unsynced' | 'loading' | 'paused' | 'playing' | 'seeking' | 'buffering' | 'blocked' | 'ended' | 'failed' | 'closed'} PlayerState
 */

/**
 * @typedef {object} PlayerOptions
 * @property {number} [trimMs]        see `trimMs`; the session's `audioTrim` by default
 * @property {boolean} [muteIfNeeded] where the browser refuses to play with sound, play without
 */

/**
 * Keeps a media element where the session's timeline is. Dispatches `drift`
 * some times a second while it plays, `state` when `state`, `trouble`, `silenced` or
 * `subtitles` changed, `trouble` with the Trouble as `detail`. Tells the session how it is doing.
 *
 * It owns the element's source, rate, position and pausing until `close`.
 */
export class Player extends EventTarget {
  #session
  #time
  #status = new PlayerStatus(event => this.dispatchEvent(event))
  #starter
  #controller
  #subtitles
  #silence
  #ending = new AbortController()

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   * @param {PlayerOptions} [options]
   */
  constructor(session, element, { trimMs = session.audioTrim, muteIfNeeded = false } = {}) {
    super()
    const { signal } = this.#ending
    element.preload = 'auto'
    this.#session = session
    this.#time = new TrimmedTime(session, trimMs)
    this.#starter = new Starter(element, this.#time, this.#status, muteIfNeeded)
    this.#controller = new PlayerController(element, this.#time, this.#status, this.#starter, (position, d) => this.#desync(position, d), signal)
    new PlaybackCommands(session, this.#time, this.#controller, signal)
    const changed = () => this.#status.state !== 'closed' && this.dispatchEvent(new Event('state'))
    this.#subtitles = new Subtitles(session, element, changed)
    this.#silence = new Silence(session, element, changed)
    this.#report(element, signal)
    element.addEventListener('play', () => (this.#starter.blocked = false), { signal }) // by the browser's own controls
    this.#listen(signal)
    this.#controller.look()
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const undo = [
      this.#session.on('timeline', () => this.#controller.look()),
      this.#session.on(wire.MEDIA_LOADED, () => this.#controller.loadedAnew()),
    ]
    const timer = setInterval(() => this.#controller.look(), LOOK)
    document.addEventListener('visibilitychange', () => this.#controller.forget(), { signal }) // browsers may have paused it
    signal.addEventListener('abort', () => {
      clearInterval(timer)
      for (const off of undo) off()
    })
  }

  /**
   * What it looks at and tells besides.
   *
   * @param {HTMLMediaElement} element
   * @param {AbortSignal} signal
   */
  #report(element, signal) {
    const buffering = new BufferingReporter(this.#session, element, this.#status)
    const reporter = new MediaReporter(this.#session, element, this.#status)
    const timer = setInterval(() => {
      const d = performance.now()
      buffering.look(d)
      reporter.look(d)
      this.#subtitles.look()
    }, LOOK)
    signal.addEventListener('abort', () => {
      clearInterval(timer)
      this.#subtitles.close()
      this.#silence.close()
    })
  }

  /**
   * The answer is an event that the timeline learns from.
   *
   * @param {number} position  s
   * @param {number} d         device time, ms
   */
  #desync(position, d) {
    this.#session.reportDesync(position, this.#session.toSession(d)).catch(() => {}) // there will be another
  }

  /** Media position less the timeline's, ms: positive is ahead. NaN while it doesn't play. */
  get drift() {
    return this.#status.drift
  }

  get state() {
    return this.#status.state
  }

  /** What is the matter now, or null. */
  get trouble() {
    return this.#status.trouble
  }

  /** Seeks that were made to correct a drift, not those that the leader asked for. */
  get seeks() {
    return this.#controller.rateControl.seeks.count
  }

  /** Does the leader want this device mute? */
  get silenced() {
    return this.#silence.on
  }

  /** @type {Title[]} */
  get subtitles() {
    return this.#subtitles.titles
  }

  /** Which of `subtitles` is shown; -1: none. Remembered by its language. */
  get subtitle() {
    return this.#subtitles.chosen
  }

  set subtitle(index) {
    this.#subtitles.choose(index)
  }

  /**
   * By how much later than the browser believes this device is heard or seen,
   * ms: it plays ahead by that. Set by ear; remembered as the session's `audioTrim`.
   */
  get trimMs() {
    return this.#time.trimMs
  }

  set trimMs(ms) {
    this.#session.audioTrim = ms
    this.#time.trimMs = this.#session.audioTrim
    this.#controller.look()
  }

  /**
   * Call from a tap or key, where `trouble` asks for one: plays with sound
   * from then on, or without. Resolves to whether the browser allows it.
   *
   * @param {{muted?: boolean}} [options]
   */
  async unlock({ muted = false } = {}) {
    const allowed = await this.#starter.unlock(muted)
    this.#controller.forget()
    return allowed
  }

  /** Gives the element back, paused; no event comes after it. */
  close() {
    if (this.#status.state === 'closed') return
    this.#status.become('closed')
    this.#ending.abort()
  }
}
