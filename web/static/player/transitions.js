import { Operation } from './operation.js'
import { seek, sleep, until } from './media.js'
import { LearnedDelay } from './learneddelay.js'

/** @import { PlaybackState } from '../lib/timeline.js' */
/** @import { TrimmedTime } from './trimmedtime.js' */
/** @import { RateControl } from './ratecontrol.js' */
/** @import { SeekRange } from './seekrange.js' */
/** @import { Starter } from './starter.js' */

/** How often to look, ms. */
export const LOOK = 100
/** Time to spare between a seek's end and the start that follows it, ms. */
const MARGIN = 40
/** A start that is missed by less is made at once; the rate does the rest, ms. */
const MISSED = 60
const ATTEMPTS = 3
/** Seeks and loads that take longer are not waited for, ms. */
const PATIENCE = 8000
/** A loop that is about to begin again is entered there, s. */
const SEAM = 0.5

/** What takes a while to be done with a media element: seeks and starts, one at a time. */
export class Transitions {
  #element
  #time
  #starter
  #rateControl
  #seekRange
  #operation
  #seekCost = new LearnedDelay('seek', 120, 5000)
  /** The state of the timeline that the element is brought to, or in. */
  /** @type {PlaybackState | null} */ followed = null
  /** Told when the medium does what the timeline asks: since when. */
  /** @type {(since: number) => void} */ acted = () => {}
  /** Told when a medium stands ready and is about to start. */
  starts = () => {}

  /**
   * @param {HTMLMediaElement} element
   * @param {TrimmedTime} time
   * @param {Starter} starter
   * @param {RateControl} rateControl
   * @param {SeekRange} seekRange
   * @param {() => void} after  called when a move has ended by itself
   */
  constructor(element, time, starter, rateControl, seekRange, after) {
    this.#element = element
    this.#time = time
    this.#starter = starter
    this.#rateControl = rateControl
    this.#seekRange = seekRange
    this.#operation = new Operation(after)
  }

  get underWay() {
    return this.#operation.underWay
  }

  /** For how long a move has been under way, ms. */
  get age() {
    return this.#operation.age
  }

  breakOff() {
    this.#operation.breakOff()
  }

  /** Length of the medium, s; Infinity where it has none. */
  get length() {
    const { duration } = this.#element
    return Number.isFinite(duration) ? duration : Infinity
  }

  /** @param {PlaybackState} state */
  follow(state) {
    this.followed = state
    this.#rateControl.follow(state.playbackRate)
  }

  /**
   * Puts a paused medium to a place, exactly.
   *
   * @param {number} position  s
   * @param {number} stopped   when it stopped, ms
   */
  put(position, stopped) {
    this.#operation.run(async signal => {
      this.#element.currentTime = position
      await until(this.#element, () => !this.#element.seeking, signal, PATIENCE)
      this.#seekRange.sought(position)
      this.acted(stopped)
    })
  }

  /**
   * Goes to where the timeline will be by the time that a seek takes here,
   * and starts from there on the instant; where the medium can't be brought there, it
   * plays from where it is, or from its beginning if that is nearer.
   */
  enter() {
    this.#operation.run(async signal => {
      let lead = this.#seekCost.high + this.#starter.latency + MARGIN
      for (let attempt = 1; ; attempt++, lead *= 2) {
        const [t, wanted] = this.#place(this.#time.now() + lead)
        if (wanted >= this.length) return sleep(LOOK, signal)
        const position = this.#seekRange.nearest(wanted)
        if (Number.isNaN(position)) return this.#stay(signal)
        this.#element.pause()
        this.#seekCost.add(await seek(this.#element, position, signal, PATIENCE))
        this.#seekRange.sought(position)
        if (!this.#seekRange.has(position)) return this.#stay(signal)
        const late = this.#time.now() + this.#starter.latency - t
        if (late < MISSED || attempt === ATTEMPTS) return this.#start(t, position, this.#time.timeline.at(t), signal)
      }
    })
  }

  /**
   * Where the timeline is at `t` or, shortly before a loop begins again, then.
   *
   * @param {number} t  ms
   * @returns {[number, number]}
   */
  #place(t) {
    const { timeline } = this.#time
    const turn = timeline.turn(t)
    if (turn - t < SEAM * 1000) return [turn, 0]
    return [t, timeline.position(t)]
  }

  /** @param {AbortSignal} signal */
  #stay(signal) {
    if (!this.#element.paused) return sleep(LOOK, signal)
    const t = this.#time.now() + this.#starter.latency + MARGIN
    return this.#start(t, this.#element.currentTime, this.#time.timeline.at(t), signal)
  }

  /**
   * Resolves when the medium stands ready where `state` begins; it will start
   * by itself. Never, if it can't be made ready.
   *
   * @param {PlaybackState} state
   * @returns {Promise<void>}
   */
  prime(state) {
    this.followed = state
    return new Promise(resolve => this.#operation.run(async signal => {
      const position = await this.#ready(state.position, signal)
      if (!Number.isNaN(position)) resolve()
      if (this.#time.now() < state.lastUpdateTime) await this.#start(state.lastUpdateTime, position, state, signal)
      else this.followed = null // missed
    }))
  }

  /**
   * Resolves with the place where the medium stands ready, s; NaN if it doesn't.
   *
   * @param {number} wanted  s
   * @param {AbortSignal} signal
   */
  async #ready(wanted, signal) {
    if (!(await until(this.#element, () => this.#element.readyState > 0, signal, PATIENCE))) return NaN
    const there = Math.min(wanted, this.length)
    const position = this.#seekRange.has(there) ? there : this.#element.currentTime
    const took = await seek(this.#element, position, signal, PATIENCE)
    return Number.isNaN(took) ? NaN : position
  }

  /**
   * @param {number} t         ms
   * @param {number} position  s
   * @param {PlaybackState} state
   * @param {AbortSignal} signal
   */
  async #start(t, position, state, signal) {
    this.follow(state)
    this.#rateControl.position.reset()
    this.starts()
    this.acted(await this.#starter.start(t, position, state.playbackRate, signal))
  }
}
