import { Holder } from './holder.js'
import { SEEK_ABOVE } from './law.js'
import { Manoeuvre } from './manoeuvre.js'
import { buffered, ready, seek, sleep, until } from './media.js'
import { Learnt } from './memory.js'
import { Source } from './source.js'
import { BEHIND } from './trouble.js'

/** @import { PlaybackState } from '../lib/timeline.js' */
/** @import { Heard } from './heard.js' */
/** @import { Starter } from './starter.js' */
/** @import { Status } from './status.js' */
/** @import { Trouble } from './trouble.js' */

/** How often to look, ms. */
export const LOOK = 100
/** Time to spare between a seek's end and the start that follows it, ms. */
const MARGIN = 40
/** A start that is missed by less is made at once; the rate does the rest, ms. */
const MISSED = 60
const ATTEMPTS = 3
/** Seeks and loads that take longer are not waited for, ms. */
const PATIENCE = 8000
/** A seek that takes longer waits for data, as people see it, ms. */
const SLOW = 700
/** A stalled medium whose place isn't loaded yet gets this long, ms. */
const STALLED = 3000
/** A paused medium is put right when it is further off than the one, s; the other, if it was so already. */
const EXACT = 0.00002
const MOVED = 0.05
/** A medium that ends may do so this much before the others, s. */
const LAST = 0.5

/** Brings a media element to where the timeline is, by whatever it takes now. */
export class Pilot {
  #element
  #time
  #status
  #starter
  #desync
  #source
  #manoeuvre = new Manoeuvre(() => this.look())
  #seekCost = new Learnt('seek', 120, 5000)
  /** The state of the timeline that the element is brought to, or in. */
  /** @type {PlaybackState | null} */ #followed = null
  #stalledAt = NaN
  holder
  /** Told when the medium does what the timeline asks: since when. */
  /** @type {(since: number) => void} */ acted = () => {}

  /**
   * @param {HTMLMediaElement} element
   * @param {Heard} time
   * @param {Status} status
   * @param {Starter} starter
   * @param {(position: number, d: number) => void} desync  it was at `position`, s, at device time `d`, and can't be held
   * @param {AbortSignal} signal  ends it
   */
  constructor(element, time, status, starter, desync, signal) {
    this.#element = element
    this.#time = time
    this.#status = status
    this.#starter = starter
    this.#desync = desync
    this.#source = new Source(element, trouble => this.#failed(trouble))
    this.holder = new Holder(element)
    this.#listen(signal)
  }

  /** @param {AbortSignal} signal */
  #listen(signal) {
    const on = (/** @type {string} */ event, /** @type {() => void} */ fn) => this.#element.addEventListener(event, fn, { signal })
    on('waiting', () => (this.#stalledAt = performance.now()))
    for (const event of ['playing', 'canplay', 'seeked']) on(event, () => this.#flows())
    on('loadedmetadata', () => this.#loaded())
    signal.addEventListener('abort', () => this.#close())
  }

  #flows() {
    if (ready(this.#element)) this.#stalledAt = NaN
  }

  /** What had failed may have been tried again. */
  #loaded() {
    if (this.#status.state !== 'failed') return
    this.#followed = null
    this.#status.become('loading')
    this.#status.solved()
  }

  /** @param {Trouble} trouble */
  #failed(trouble) {
    this.#manoeuvre.breakOff()
    this.#status.become('failed')
    this.#status.say(trouble)
  }

  /** The leader loads something, perhaps what failed before. */
  loadedAnew() {
    if (this.#status.state === 'failed') this.#source.url = ''
    this.look()
  }

  /** Whatever was known of the element isn't so any more. */
  forget() {
    this.#followed = null
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
    if (state.mediaUrl !== this.#source.url) return this.#load(state.mediaUrl)
    if (!state.mediaUrl) return this.#status.become('idle')
    if (this.#manoeuvre.underWay) return this.#watch(state)
    if (this.#status.state === 'failed') return
    if (!this.#element.readyState) return this.#status.become('loading')
    const over = this.#time.timeline.position(t) >= this.#length
    if (state.isPlaying && !over) this.#hold(state)
    else this.#rest(state, over)
  }

  /** s */
  get #length() {
    const { duration } = this.#element
    return Number.isFinite(duration) ? duration : Infinity
  }

  /** @param {string} mediaUrl */
  #load(mediaUrl) {
    this.#manoeuvre.breakOff()
    this.#followed = null
    this.#stalledAt = NaN
    this.holder.position.reset()
    this.#status.drifts(NaN)
    this.#status.solved()
    this.#status.become(mediaUrl ? 'loading' : 'idle')
    this.#source.load(mediaUrl)
    if (mediaUrl && this.#status.state !== 'failed') void this.#starter.probe()
  }

  /**
   * What is under way may have been overtaken by the timeline.
   *
   * @param {PlaybackState} state
   * @returns {void}
   */
  #watch(state) {
    const wanted = this.#followed
    if (state !== wanted && (!wanted || this.#time.timeline.next(this.#time.now()) !== wanted)) {
      this.#manoeuvre.breakOff()
      return this.look()
    }
    if (this.#status.state === 'seeking' && this.#manoeuvre.age > SLOW && !ready(this.#element)) this.#status.become('buffering')
    const { currentTime, readyState } = this.#element
    if (state.isPlaying && readyState) this.#complain(currentTime, currentTime - this.#time.position())
  }

  /**
   * Stands at a place, exactly.
   *
   * @param {PlaybackState} state
   * @param {boolean} over  at the end
   */
  #rest(state, over) {
    const element = this.#element
    const news = !element.paused || this.#followed !== state
    if (!element.paused) element.pause()
    const stopped = this.#time.now()
    this.#followed = state
    this.holder.position.reset()
    this.#status.drifts(NaN)
    const position = over ? this.#length : Math.min(state.position, this.#length)
    if (Math.abs(element.currentTime - position) > (news ? EXACT : MOVED)) return this.#put(position, stopped)
    this.acted(stopped)
    this.#status.become(over ? 'ended' : 'paused')
  }

  /**
   * @param {number} position  s
   * @param {number} stopped   when it stopped, ms
   */
  #put(position, stopped) {
    this.#manoeuvre.run(async signal => {
      this.#element.currentTime = position
      await until(this.#element, () => !this.#element.seeking, signal, PATIENCE)
      this.acted(stopped)
    })
  }

  /**
   * Plays, and is kept in place.
   *
   * @param {PlaybackState} state
   */
  #hold(state) {
    if (this.#starter.blocked) return this.#status.become('blocked')
    const element = this.#element
    const news = this.#followed !== state
    if (news) this.#follow(state)
    if (element.ended && this.#time.position() > this.#length - LAST) return
    if (element.paused) return news ? this.#enter() : this.#resume()
    const { position } = this.holder
    position.read()
    if (!position.settled) return
    const d = performance.now()
    const drift = position.at(d) - this.#time.timeline.position(this.#time.at(d))
    this.#status.drifts(drift)
    this.#complain(position.at(d), drift)
    this.#steer(state, drift, news, d)
  }

  /**
   * Somebody else paused it, or it didn't start: not again and again, for some
   * browsers pause what isn't seen.
   */
  #resume() {
    const d = performance.now()
    if (this.holder.seeks.worth(Infinity, d)) this.#reseek(d)
    else this.#status.become('buffering')
  }

  /** @param {PlaybackState} state */
  #follow(state) {
    this.#followed = state
    this.holder.follow(state.playbackRate)
  }

  /**
   * @param {PlaybackState} state
   * @param {number} drift  s
   * @param {boolean} news  the timeline has just come to this state
   * @param {number} d      device time, ms
   */
  #steer(state, drift, news, d) {
    if (!Number.isNaN(this.#stalledAt)) return this.#stalled(drift, d)
    this.#status.become('playing')
    if (news && Math.abs(drift) > SEEK_ABOVE) return this.#enter()
    if (this.holder.seeks.worth(drift, d)) return this.#reseek(d)
    this.acted(this.#time.now())
    this.holder.correct(state.playbackRate, drift, d)
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
    const there = buffered(this.#element, this.#time.position())
    if ((there || d - this.#stalledAt > STALLED) && this.holder.seeks.worth(drift, d)) this.#reseek(d)
  }

  /** @param {number} d */
  #reseek(d) {
    this.holder.seeks.made(d)
    this.#enter()
  }

  /**
   * Goes to where the timeline will be by the time that a seek takes here,
   * and starts from there on the instant.
   */
  #enter() {
    this.#status.become('seeking')
    this.#manoeuvre.run(async signal => {
      this.#element.pause()
      let lead = this.#seekCost.high + this.#starter.latency + MARGIN
      for (let attempt = 1; ; attempt++, lead *= 2) {
        const t = this.#time.now() + lead
        const position = this.#time.timeline.position(t)
        if (position >= this.#length) return sleep(LOOK, signal)
        this.#seekCost.add(await seek(this.#element, position, signal, PATIENCE))
        const late = this.#time.now() + this.#starter.latency - t
        if (late < MISSED || attempt === ATTEMPTS) return this.#start(t, position, this.#time.timeline.at(t), signal)
      }
    })
  }

  /**
   * Resolves when the medium stands ready where `state` begins; it will start
   * by itself. Never, if it can't be made ready.
   *
   * @param {PlaybackState} state
   * @returns {Promise<void>}
   */
  async prime(state) {
    if (state.mediaUrl !== this.#source.url || this.#starter.blocked) return
    this.#followed = state
    return new Promise(resolve => this.#manoeuvre.run(async signal => {
      const position = await this.#ready(state.position, signal)
      if (!Number.isNaN(position)) resolve()
      if (this.#time.now() < state.lastUpdateTime) await this.#start(state.lastUpdateTime, position, state, signal)
      else this.#followed = null // missed
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
    const position = Math.min(wanted, this.#length)
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
    this.#follow(state)
    this.holder.position.reset()
    this.#stalledAt = NaN
    this.acted(await this.#starter.start(t, position, state.playbackRate, signal))
  }

  /**
   * Tells of a drift that lasts.
   *
   * @param {number} position  s
   * @param {number} drift     s
   */
  #complain(position, drift) {
    const d = performance.now()
    if (Math.abs(drift) < SEEK_ABOVE) this.#status.solved(BEHIND)
    if (!this.holder.complains(drift, d)) return
    this.#desync(position, d)
    if (!this.#status.trouble) this.#status.say(BEHIND)
  }

  #close() {
    this.#manoeuvre.breakOff()
    this.#source.close()
    this.#element.pause()
    this.holder.close()
  }
}
