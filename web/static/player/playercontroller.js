import { DriftReport } from './driftreport.js'
import { RateControl } from './ratecontrol.js'
import { SEEK_ABOVE, WIDE_CORRECTION } from './controllaw.js'
import { buffered, ready } from './media.js'
import { Transitions } from './transitions.js'
import { driftOf, endOf, isOver, loops, seamless } from './place.js'
import { SeekRange } from './seekrange.js'
import { Seam } from './seam.js'
import { MediaLoader } from './medialoader.js'
import { LIVE } from './playertroubles.js'

/** @import { PlaybackState } from '../lib/timeline.js' */
/** @import { TrimmedTime } from './trimmedtime.js' */
/** @import { Starter } from './starter.js' */
/** @import { PlayerStatus } from './playerstatus.js' */
/** @import { Trouble } from './playertroubles.js' */

/** A seek that takes longer waits for data, as people see it, ms. */
const LONG = 700
/** A stalled medium whose place isn't loaded yet gets this long, ms. */
const STALLED = 3000
/** A paused medium is put right when it is further off than the one, s; the other, if it was so already. */
const EXACT = 0.00002
const MOVED = 0.05
/** A medium that can't be brought to its place, and is further off, deserves a word, s. */
const ASIDE = 0.25
/** A medium that ends may do so this much before the others, s. */
const LAST = 0.5

/** Brings a media element to where the timeline is, by whatever it takes now. */
export class PlayerController {
  #element
  #time
  #status
  #starter
  #driftReport
  #loader
  #seekRange
  #transitions
  #seam
  #stalledAt = NaN
  rateControl
  /** Told when the medium does what the timeline asks: since when. */
  /** @type {(since: number) => void} */ acted = () => {}

  /**
   * @param {HTMLMediaElement} element
   * @param {TrimmedTime} time
   * @param {PlayerStatus} status
   * @param {Starter} starter
   * @param {(position: number, d: number) => void} desync  it was at `position`, s, at device time `d`, and can't be held
   * @param {AbortSignal} signal  ends it
   */
  constructor(element, time, status, starter, desync, signal) {
    this.#element = element
    this.#time = time
    this.#status = status
    this.#starter = starter
    this.#loader = new MediaLoader(element, url => time.address(url), trouble => this.#failed(trouble))
    this.rateControl = new RateControl(element)
    this.#driftReport = new DriftReport(element, status, this.rateControl, desync)
    this.#seekRange = new SeekRange(element)
    this.#transitions = new Transitions(element, time, starter, this.rateControl, this.#seekRange, () => this.look())
    this.#seam = new Seam(element, time)
    this.#transitions.acted = since => this.acted(since)
    this.#transitions.starts = () => (this.#stalledAt = NaN)
    this.#listen(signal)
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const on = (/** @type {string} */ event, /** @type {() => void} */ fn) => this.#element.addEventListener(event, fn, { signal })
    on('waiting', () => (this.#stalledAt = performance.now()))
    for (const event of ['playing', 'canplay', 'seeked']) on(event, () => ready(this.#element) && (this.#stalledAt = NaN))
    on('loadedmetadata', () => this.#loaded())
    on('durationchange', () => void this.#seekRange.look())
    signal.addEventListener('abort', () => this.#close())
  }

  /** What had failed may have been tried again. */
  #loaded() {
    if (this.#status.state !== 'failed') return
    this.#transitions.followed = null
    this.#status.become('loading')
    this.#status.solved()
  }

  /** @param {Trouble} trouble */
  #failed(trouble) {
    this.#transitions.breakOff()
    this.#status.become('failed')
    this.#status.say(trouble)
  }

  /** The leader loads something, perhaps what failed before. */
  loadedAnew() {
    if (this.#status.state === 'failed') this.#loader.url = ''
    this.look()
  }

  /** Whatever was known of the element isn't so any more. */
  forget() {
    this.#transitions.followed = null
    this.look()
  }

  /**
   * Does what is to be done now.
   *
   * @returns {void}
   */
  look() {
    if (this.#status.state === 'closed') return
    const t = this.#time.now()
    if (Number.isNaN(t)) return this.#status.become('unsynced')
    const state = this.#time.timeline.at(t)
    if (state.mediaUrl !== this.#loader.url) return this.#load(state.mediaUrl)
    if (!state.mediaUrl) return this.#status.become('idle')
    if (this.#transitions.underWay) return this.#watch(state)
    if (this.#status.state === 'failed') return
    if (!this.#element.readyState) return this.#status.become('loading')
    this.#seekRange.known = state.mediaDuration
    this.#turns(seamless(state, this.#transitions.length))
    const over = isOver(state, this.#time.timeline.position(t), this.#transitions.length)
    if (state.isPlaying && !over) this.#hold(state)
    else this.#rest(state, over)
  }

  /** @param {string} mediaUrl */
  #load(mediaUrl) {
    this.#transitions.breakOff()
    this.#transitions.followed = null
    this.#stalledAt = NaN
    this.#seekRange.forget()
    this.rateControl.position.reset()
    this.#status.drifts(NaN)
    this.#status.solved()
    this.#status.become(mediaUrl ? 'loading' : 'idle')
    this.#loader.load(mediaUrl)
    if (mediaUrl && this.#status.state !== 'failed') void this.#starter.probe()
  }

  /**
   * What is under way may have been overtaken by the timeline.
   *
   * @param {PlaybackState} state
   * @returns {void}
   */
  #watch(state) {
    const wanted = this.#transitions.followed
    if (state !== wanted && (!wanted || this.#time.timeline.next(this.#time.now()) !== wanted)) {
      this.#transitions.breakOff()
      return this.look()
    }
    if (this.#status.state === 'seeking' && this.#transitions.age > LONG && !ready(this.#element)) this.#status.become('buffering')
    const { currentTime, readyState } = this.#element
    if (state.isPlaying && readyState && !this.#seekRange.live) this.#driftReport.drifts(currentTime, driftOf(state, currentTime, this.#time.position()))
  }

  /**
   * Stands at a place, exactly.
   *
   * @param {PlaybackState} state
   * @param {boolean} over  at the end
   */
  #rest(state, over) {
    const element = this.#element
    const news = !element.paused || this.#transitions.followed !== state
    if (!element.paused) element.pause()
    const stopped = this.#time.now()
    this.#transitions.followed = state
    this.rateControl.position.reset()
    this.#status.drifts(NaN)
    const position = over ? endOf(state, this.#transitions.length) : Math.min(state.position, this.#transitions.length)
    const off = Math.abs(element.currentTime - position)
    if (off > (news ? EXACT : MOVED) && this.#seekRange.has(position)) return this.#transitions.put(position, stopped)
    if (!this.#seekRange.live) this.#driftReport.aside(off > ASIDE)
    this.acted(stopped)
    this.#status.become(over ? 'ended' : 'paused')
  }

  /**
   * Plays, and is kept in place.
   *
   * @param {PlaybackState} state
   */
  #hold(state) {
    if (this.#starter.blocked) return this.#status.become('blocked')
    const element = this.#element
    const news = this.#transitions.followed !== state
    if (news) this.#transitions.follow(state)
    if (element.ended && !state.loop && this.#time.position() > this.#transitions.length - LAST) return
    if (element.paused) return news || element.ended ? this.#enter() : this.#resume()
    if (element.loop) this.#seam.keep(this.#time.timeline.turn(this.#time.now()), state.playbackRate)
    if (this.#seam.turning) return this.rateControl.position.reset()
    if (this.#seekRange.live) return this.#flow()
    this.#status.solved(LIVE)
    const { position } = this.rateControl
    position.read()
    if (!position.settled) return
    const d = performance.now()
    const drift = driftOf(state, position.at(d), this.#time.timeline.position(this.#time.at(d)))
    this.#status.drifts(drift)
    this.#driftReport.drifts(position.at(d), drift)
    this.#steer(state, position.at(d), drift, news, d)
  }

  /** Plays what is live as it arrives. */
  #flow() {
    this.#status.drifts(NaN)
    if (!this.#status.trouble) this.#status.say(LIVE)
    this.#status.become(Number.isNaN(this.#stalledAt) ? 'playing' : 'buffering')
    this.acted(this.#time.now())
  }

  /**
   * Somebody else paused it, or it didn't start: not again and again, for some
   * browsers pause what isn't seen.
   */
  #resume() {
    const d = performance.now()
    if (this.rateControl.seeks.worth(Infinity, d)) this.#reseek(d)
    else this.#status.become('buffering')
  }

  /**
   * @param {PlaybackState} state
   * @param {number} position  s
   * @param {number} drift     s
   * @param {boolean} news     the timeline has just come to this state
   * @param {number} d         device time, ms
   */
  #steer(state, position, drift, news, d) {
    if (!Number.isNaN(this.#stalledAt)) return this.#stalled(drift, d)
    this.#status.become('playing')
    if (loops(state) && !this.#element.loop && position >= state.mediaDuration) return this.#enter()
    const far = Math.abs(drift) > SEEK_ABOVE
    const worth = this.rateControl.seeks.worth(drift, d)
    const jumps = !far || this.#seekRange.has(this.#time.position())
    this.#driftReport.aside(!jumps)
    if (news && far) return this.#enter()
    if (jumps && worth) return this.#reseek(d)
    this.acted(this.#time.now())
    this.rateControl.correct(state.playbackRate, drift, d, jumps ? undefined : WIDE_CORRECTION)
  }

  /**
   * Waits for data. The others go on; so this goes to where they are as soon
   * as that is there, or if it takes long.
   *
   * @param {number} drift  s
   * @param {number} d      device time, ms
   */
  #stalled(drift, d) {
    this.#status.become('buffering')
    const position = this.#time.position()
    const there = buffered(this.#element, position)
    if (!this.#seekRange.has(position)) return this.#driftReport.aside(Math.abs(drift) > ASIDE)
    if ((there || d - this.#stalledAt > STALLED) && this.rateControl.seeks.worth(drift, d)) this.#reseek(d)
  }

  /** @param {number} d */
  #reseek(d) {
    this.rateControl.seeks.made(d)
    this.#enter()
  }

  /** @param {boolean} byItself  at the end */
  #turns(byItself) {
    if (this.#element.loop !== byItself) this.#element.loop = byItself
    if (!byItself || this.#element.paused) this.#seam.forget()
  }

  /** Goes to where the timeline is, if it can. */
  #enter() {
    this.#status.become('seeking')
    this.#seam.forget()
    this.#transitions.enter()
  }

  /**
   * Resolves when the medium stands ready where `state` begins; it will start
   * by itself. Never, if it can't be made ready.
   *
   * @param {PlaybackState} state
   * @returns {Promise<void>}
   */
  async prime(state) {
    if (state.mediaUrl !== this.#loader.url || this.#starter.blocked) return
    return this.#transitions.prime(state)
  }

  #close() {
    this.#transitions.breakOff()
    this.#loader.close()
    this.#element.pause()
    this.#turns(false)
    this.rateControl.close()
  }
}
