/**
 * A media element that follows a session's timeline.
 *
 *     import { join } from '/downbeat.js'
 *     import { Player } from '/player.js'
 *     const session = await join({ sessionId: 'cinema', username: 'Ada' })
 *     const player = new Player(session, document.querySelector('video'))
 *     player.addEventListener('drift', () => console.log(player.drift))
 */
import { Acts } from './player/acts.js'
import { Holder } from './player/holder.js'
import { SEEK_ABOVE } from './player/law.js'
import { Manoeuvre } from './player/manoeuvre.js'
import { began, buffered, ready, seek, sleep, until } from './player/media.js'
import { Learnt } from './player/memory.js'
import { Source } from './player/source.js'
import { BEHIND, MUTED, REFUSED } from './player/trouble.js'

/** @import { Session } from './downbeat.js' */
/** @import { Command } from './lib/commands.js' */
/** @import { PlaybackState } from './lib/timeline.js' */
/** @import { Trouble } from './player/trouble.js' */

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

/** How often to look, ms. */
const LOOK = 100
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
const EXACT = 0.0005
const MOVED = 0.05

/**
 * Keeps a media element where the session's timeline is. Dispatches `drift`
 * some times a second while it plays, `state` when `state` or `trouble`
 * changed, `trouble` with the Trouble as `detail`.
 *
 * It owns the element's source, rate, position and pausing until `close`.
 */
export class Player extends EventTarget {
  #session
  #element
  #source
  #holder
  #acts = new Acts()
  #manoeuvre = new Manoeuvre(() => this.#look())
  #sounding = new Learnt('start', 70, 1000)
  #silent = new Learnt('start-muted', 40, 1000)
  #seekCost = new Learnt('seek', 120, 5000)
  #muteIfNeeded
  #trimMs
  #ending = new AbortController()
  /** The state of the timeline that the element is brought to, or in. */
  /** @type {PlaybackState | null} */ #followed = null
  /** @type {PlayerState} */ #state = 'idle'
  /** @type {Trouble | null} */ #trouble = null
  #drift = NaN
  #stalledAt = NaN
  #blocked = false
  /** @type {Map<string, () => void>} */ #armed = new Map()

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   * @param {PlayerOptions} [options]
   */
  constructor(session, element, { trimMs, muteIfNeeded = false } = {}) {
    super()
    this.#session = session
    this.#element = element
    this.#trimMs = trimMs ?? session.audioTrim
    this.#muteIfNeeded = muteIfNeeded
    this.#source = new Source(element, trouble => this.#failed(trouble))
    this.#holder = new Holder(element)
    element.preload = 'auto'
    this.#listen()
    this.#look()
  }

  /** Media position less the timeline's, ms: positive is ahead. NaN while it doesn't play. */
  get drift() {
    return this.#drift
  }

  get state() {
    return this.#state
  }

  /** What is the matter now, or null. */
  get trouble() {
    return this.#trouble
  }

  /** Seeks that were made to correct a drift, not those that the leader asked for. */
  get seeks() {
    return this.#holder.seeks.count
  }

  /**
   * By how much later than the browser believes this device is heard or seen,
   * ms: it plays ahead by that. Set by ear; remembered as the session's `audioTrim`.
   */
  get trimMs() {
    return this.#trimMs
  }

  set trimMs(ms) {
    this.#session.audioTrim = ms
    this.#trimMs = this.#session.audioTrim
    this.#look()
  }

  /**
   * Call from a tap or key, where `trouble` asks for one: plays with sound
   * from then on, or without. Resolves to whether the browser allows it.
   *
   * @param {{muted?: boolean}} [options]
   */
  async unlock({ muted = false } = {}) {
    this.#element.muted = muted
    this.#followed = null
    const allowed = await this.#element.play().then(() => true, error => error.name !== 'NotAllowedError')
    this.#blocked = !allowed
    if (allowed) this.#solved(REFUSED, MUTED)
    this.#look()
    return allowed
  }

  /** Gives the element back, paused; no event comes after it. */
  close() {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#ending.abort()
    this.#manoeuvre.breakOff()
    for (const off of this.#armed.values()) off()
    this.#acts.forget()
    this.#source.close()
    this.#element.pause()
    this.#holder.close()
  }

  // What is heard of the session, the element and the page.

  #listen() {
    const { signal } = this.#ending
    const element = this.#element
    const undo = [
      this.#session.on('timeline', () => this.#look()),
      this.#session.on('media_loaded', () => this.#loadedAnew()),
      this.#session.on('cancelled', ({ commandId }) => this.#disarm(commandId)),
      this.#session.onCommand('playback_sync', command => this.#act(command), { prepare: command => this.#prepare(command) }),
    ]
    const timer = setInterval(() => this.#look(), LOOK)
    signal.addEventListener('abort', () => {
      clearInterval(timer)
      for (const off of undo) off()
    })
    element.addEventListener('waiting', () => (this.#stalledAt = performance.now()), { signal })
    element.addEventListener('loadedmetadata', () => this.#loaded(), { signal })
    for (const name of ['playing', 'canplay', 'seeked']) element.addEventListener(name, () => this.#flows(), { signal })
    element.addEventListener('play', () => (this.#blocked = false), { signal }) // by the browser's own controls
    document.addEventListener('visibilitychange', () => this.#look(), { signal })
  }

  #flows() {
    if (ready(this.#element)) this.#stalledAt = NaN
  }

  /** What had failed was tried again. */
  #loaded() {
    if (this.#state !== 'failed') return
    this.#followed = null
    this.#become('loading')
    this.#solved()
  }

  /** The leader loads something, perhaps what failed before. */
  #loadedAnew() {
    if (this.#state === 'failed') this.#source.url = ''
    this.#look()
  }

  /** @param {string} commandId */
  #disarm(commandId) {
    this.#armed.get(commandId)?.()
    this.#armed.delete(commandId)
    this.#acts.forget(commandId)
  }

  // Time.

  /** Session time of what this device plays now, by when it is heard or seen. */
  #now() {
    return this.#session.now() + this.#trimMs
  }

  /**
   * @param {number} t  as `#now` tells it
   * @param {() => void} fn
   */
  #at(t, fn) {
    return this.#session.at(t - this.#trimMs, fn)
  }

  get #timeline() {
    return this.#session.timeline
  }

  /** @param {number} position */
  #within(position) {
    const { duration } = this.#element
    return Number.isFinite(duration) ? Math.min(position, duration) : position
  }

  // Commands.

  /**
   * Makes ready for a change. Only what begins can be prepared: the medium is
   * put to its place, and told to play early by what a start takes here.
   *
   * @param {Command} command
   */
  async #prepare({ commandId, timestamp }) {
    const before = this.#timeline.at(this.#now())
    const after = this.#timeline.at(timestamp)
    this.#armed.set(commandId, this.#at(timestamp, () => this.#look()))
    const begins = after.commandId === commandId && after.isPlaying && !before.isPlaying
    if (begins && after.mediaUrl === this.#source.url && !this.#blocked && this.#now() < timestamp) await this.#prime(after)
  }

  /**
   * Resolves when the medium stands ready at its place; it will start by itself.
   *
   * @param {PlaybackState} state
   */
  #prime(state) {
    this.#followed = state
    return new Promise(resolve => this.#manoeuvre.run(async signal => {
      const element = this.#element
      if (!(await until(element, () => element.readyState > 0, signal, PATIENCE))) return
      const position = this.#within(state.position)
      if (Number.isNaN(await seek(element, position, signal, PATIENCE))) return
      resolve(undefined)
      if (this.#now() < state.lastUpdateTime) await this.#start(state.lastUpdateTime, position, state, signal)
    }))
  }

  /**
   * Resolves with the session time at which the medium did what was asked.
   *
   * @param {Command} command
   */
  #act({ commandId, timestamp }) {
    this.#armed.delete(commandId)
    const done = this.#acts.begun(commandId, timestamp)
    if (!this.#manoeuvre.underWay) this.#look()
    return done
  }

  /** @param {number} since  when the medium did what the timeline asks, as `#now` tells it */
  #acted(since) {
    this.#acts.done(since, this.#now() + MISSED)
  }

  // What to do now.

  /** @returns {void} */
  #look() {
    if (this.#state === 'closed') return
    const t = this.#now()
    if (Number.isNaN(t)) return this.#become('unsynced')
    const state = this.#timeline.at(t)
    if (state.mediaUrl !== this.#source.url) return this.#load(state.mediaUrl)
    if (!state.mediaUrl) return this.#become('idle')
    if (this.#manoeuvre.underWay) return this.#watch(state)
    if (this.#state === 'failed') return
    if (!this.#element.readyState) return this.#become('loading')
    const { duration } = this.#element
    const over = Number.isFinite(duration) && this.#timeline.position(t) >= duration
    if (state.isPlaying && !over) this.#hold(state)
    else this.#rest(state, over)
  }

  /** @param {string} mediaUrl */
  #load(mediaUrl) {
    this.#manoeuvre.breakOff()
    this.#followed = null
    this.#stalledAt = NaN
    this.#holder.position.reset()
    this.#tell(NaN)
    this.#solved()
    this.#become(mediaUrl ? 'loading' : 'idle')
    this.#source.load(mediaUrl)
  }

  /**
   * What is under way may have been overtaken by the timeline.
   *
   * @param {PlaybackState} state
   */
  #watch(state) {
    const wanted = this.#followed
    if (state !== wanted && (!wanted || this.#timeline.next(this.#now()) !== wanted)) {
      this.#manoeuvre.breakOff()
      return this.#look()
    }
    if (this.#state === 'seeking' && this.#manoeuvre.age > SLOW && !ready(this.#element)) this.#become('buffering')
    const { currentTime, readyState } = this.#element
    if (state.isPlaying && readyState) this.#complain(currentTime, currentTime - this.#timeline.position(this.#now()))
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
    const stopped = this.#now()
    this.#followed = state
    this.#holder.position.reset()
    this.#tell(NaN)
    const position = over ? element.duration : this.#within(state.position)
    if (Math.abs(element.currentTime - position) > (news ? EXACT : MOVED)) return this.#put(position, stopped)
    this.#acted(stopped)
    this.#become(over ? 'ended' : 'paused')
  }

  /**
   * @param {number} position  s
   * @param {number} stopped   as `#now` told it
   */
  #put(position, stopped) {
    this.#manoeuvre.run(async signal => {
      this.#element.currentTime = position
      await until(this.#element, () => !this.#element.seeking, signal, PATIENCE)
      this.#acted(stopped)
    })
  }

  /**
   * Plays, and is kept in place.
   *
   * @param {PlaybackState} state
   */
  #hold(state) {
    if (this.#blocked) return this.#become('blocked')
    const element = this.#element
    const news = this.#followed !== state
    if (news) this.#follow(state)
    if (element.ended && this.#timeline.position(this.#now()) > element.duration - 0.5) return // a moment before the others
    if (element.paused) return this.#enter()
    const { position } = this.#holder
    position.read()
    if (!position.settled) return
    const d = performance.now()
    const drift = position.at(d) - this.#timeline.position(this.#session.toSession(d) + this.#trimMs)
    this.#tell(drift)
    this.#complain(position.at(d), drift)
    this.#steer(state, drift, news, d)
  }

  /**
   * @param {PlaybackState} state
   * @param {number} drift  s
   * @param {boolean} news  the timeline has just come to this state
   * @param {number} d      device time, ms
   */
  #steer(state, drift, news, d) {
    if (!Number.isNaN(this.#stalledAt)) return this.#stalled(drift, d)
    this.#become('playing')
    if (news && Math.abs(drift) > SEEK_ABOVE) return this.#enter()
    if (this.#holder.seeks.worth(drift, d)) return this.#reseek(d)
    this.#acted(this.#now())
    this.#holder.correct(state.playbackRate, drift, d)
  }

  /** @param {PlaybackState} state */
  #follow(state) {
    this.#followed = state
    this.#holder.follow(state.playbackRate)
  }

  /**
   * Waits for data. The others go on; so this goes to where they are as soon
   * as that is there, or if it takes long.
   *
   * @param {number} drift  s
   * @param {number} d      device time, ms
   */
  #stalled(drift, d) {
    this.#become('buffering')
    const there = buffered(this.#element, this.#timeline.position(this.#now()))
    if ((there || d - this.#stalledAt > STALLED) && this.#holder.seeks.worth(drift, d)) this.#reseek(d)
  }

  /** @param {number} d */
  #reseek(d) {
    this.#holder.seeks.made(d)
    this.#enter()
  }

  /**
   * Goes to where the timeline will be by the time that a seek takes here,
   * and starts from there on the instant.
   */
  #enter() {
    this.#become('seeking')
    this.#manoeuvre.run(async signal => {
      this.#element.pause()
      this.#holder.position.reset()
      let lead = this.#seekCost.high + this.#starts.median + MARGIN
      for (let attempt = 1; ; attempt++, lead *= 2) {
        const t = this.#now() + lead
        const position = this.#timeline.position(t)
        if (position >= this.#element.duration) return sleep(LOOK, signal)
        this.#seekCost.add(await seek(this.#element, position, signal, PATIENCE))
        const late = this.#now() + this.#starts.median - t
        if (late < MISSED || attempt === ATTEMPTS) return this.#start(t, position, this.#timeline.at(t), signal)
      }
    })
  }

  /** What this device's starts take: with sound it is longer. */
  get #starts() {
    return this.#element.muted ? this.#silent : this.#sounding
  }

  /**
   * Starts a medium that stands at `position`, so that it leaves there at `t`.
   *
   * @param {number} t         as `#now` tells it
   * @param {number} position  s
   * @param {PlaybackState} state
   * @param {AbortSignal} signal
   */
  async #start(t, position, state, signal) {
    this.#follow(state)
    this.#holder.position.reset()
    const starts = this.#starts
    await this.#instant(t - starts.median, signal)
    const told = performance.now()
    this.#stalledAt = NaN
    if (!(await this.#play()) || signal.aborted) return
    const since = await began(this.#element, position, state.playbackRate, signal)
    starts.add(since - told)
    this.#acted(this.#session.toSession(since) + this.#trimMs)
  }

  /**
   * @param {number} t  as `#now` tells it
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  #instant(t, signal) {
    return new Promise((resolve, reject) => {
      const off = this.#at(t, () => resolve())
      signal.addEventListener('abort', () => {
        off()
        reject(signal.reason)
      }, { once: true })
    })
  }

  /** False when the browser doesn't allow it. */
  async #play() {
    const element = this.#element
    const play = () => element.play().then(() => null, error => error)
    let error = await play()
    if (error?.name === 'NotAllowedError' && this.#muteIfNeeded && !element.muted) {
      element.muted = true
      error = await play()
      if (error) element.muted = false
      else this.#say(MUTED)
    }
    if (error?.name === 'NotAllowedError') this.#refused()
    return !error
  }

  #refused() {
    this.#blocked = true
    this.#become('blocked')
    this.#say(REFUSED)
  }

  // What is told.

  /**
   * Tells the server of a drift that lasts. Its answer changes the timeline, if that was wrong here.
   *
   * @param {number} position  s
   * @param {number} drift     s
   */
  #complain(position, drift) {
    const d = performance.now()
    if (Math.abs(drift) < SEEK_ABOVE) this.#solved(BEHIND)
    if (!this.#holder.complains(drift, d)) return
    this.#session.reportDesync(position, this.#session.toSession(d)).catch(() => {}) // there will be another
    if (!this.#trouble) this.#say(BEHIND)
  }

  /** @param {Trouble} trouble */
  #failed(trouble) {
    this.#manoeuvre.breakOff()
    this.#become('failed')
    this.#say(trouble)
  }

  /** @param {Trouble} trouble */
  #say(trouble) {
    this.#trouble = trouble
    this.dispatchEvent(new CustomEvent('trouble', { detail: trouble }))
    this.dispatchEvent(new Event('state'))
  }

  /** @param {Trouble[]} troubles  any, if none is given */
  #solved(...troubles) {
    if (!this.#trouble || (troubles.length && !troubles.includes(this.#trouble))) return
    this.#trouble = null
    this.dispatchEvent(new Event('state'))
  }

  /** @param {PlayerState} state */
  #become(state) {
    if (this.#state === state) return
    this.#state = state
    this.dispatchEvent(new Event('state'))
  }

  /** @param {number} drift  s */
  #tell(drift) {
    if (Number.isNaN(drift) && Number.isNaN(this.#drift)) return
    this.#drift = drift * 1000
    this.dispatchEvent(new Event('drift'))
  }
}
