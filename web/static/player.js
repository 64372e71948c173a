/**
 * A media element that follows a session's timeline.
 *
 *     import { join } from '/downbeat.js'
 *     import { Player } from '/player.js'
 *     const session = await join({ sessionId: 'cinema', username: 'Ada' })
 *     const player = new Player(session, document.querySelector('video'))
 *     player.addEventListener('drift', () => console.log(player.drift))
 *
 * Make it in the same turn in which `join` resolved: what is scheduled comes
 * right after that.
 */
import { Timeline } from './lib/timeline.js'
import { Complaint, Corrector, SEEK_ABOVE, Seeks } from './player/law.js'
import { began, buffered, ready, seek, sleep, until } from './player/media.js'
import { Learnt, recallTrim, rememberTrim, trimmed } from './player/memory.js'
import { Position } from './player/position.js'
import { BEHIND, MUTED, REFUSED, explain, foresee, unplayable } from './player/trouble.js'

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
 * @property {number} [trimMs]        see `trimMs`; what was set on this device before by default
 * @property {boolean} [muteIfNeeded] where the browser refuses to play with sound, play without
 */

/** How often to look, and how often to correct the rate, ms. */
const LOOK = 100
const CORRECT = 250
/** Time to spare between a seek's end and the start that follows it, ms. */
const MARGIN = 40
/** A start that is missed by less is made at once; the rate does the rest, ms. */
const MISSED = 60
const ATTEMPTS = 3
/** Seeks and loads that take longer are not waited for, ms. */
const PATIENCE = 8000
/** A stalled medium whose place isn't loaded yet gets this long, ms. */
const STALLED = 3000
/** A network error is tried again after this, doubling up to the second, ms. */
const RETRY = 1000
const LONGEST_RETRY = 30000

/**
 * Keeps a media element where the session's timeline is. Dispatches `drift`
 * some times a second while it plays, `state` when `state` or `trouble`
 * changed, `trouble` with the Trouble as `detail`.
 *
 * It owns the element's source, position, rate and pausing until `close`.
 */
export class Player extends EventTarget {
  #session
  #element
  #timeline
  #position
  #corrector = new Corrector()
  #seeks = new Seeks()
  #complaint = new Complaint()
  #starts
  #seekCosts = new Learnt('seek', 120, 5000)
  #muteIfNeeded
  #trimMs
  #ending = new AbortController()
  /** @type {AbortController | null} */ #manoeuvre = null
  /** What is being followed. */
  /** @type {PlaybackState | null} */ #followed = null
  #url = ''
  /** @type {PlayerState} */ #state = 'idle'
  /** @type {Trouble | null} */ #trouble = null
  #drift = NaN
  #corrected = -Infinity
  #stalledAt = NaN
  #blocked = false
  #mutedByUs = false
  #retry = RETRY
  /** Commands whose act is under way, and who waits for its time. */
  /** @type {Map<string, {at: number, resolve: (t: number) => void}>} */ #acting = new Map()
  /** @type {Map<string, () => void>} */ #armed = new Map()
  #forbidden = ''

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   * @param {PlayerOptions} [options]
   */
  constructor(session, element, { trimMs, muteIfNeeded = false } = {}) {
    super()
    this.#session = session
    this.#element = element
    this.#trimMs = trimmed(trimMs ?? recallTrim())
    this.#muteIfNeeded = muteIfNeeded
    this.#starts = { sound: new Learnt('start', 70, 1000), silent: new Learnt('start-muted', 40, 1000) }
    this.#timeline = new Timeline()
    this.#timeline.receive('session_joined', { session: session.session })
    this.#position = new Position(element)
    element.preload = 'auto'
    this.#listen()
    const timer = setInterval(() => this.#look(), LOOK)
    this.#ending.signal.addEventListener('abort', () => clearInterval(timer))
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
    return this.#seeks.count
  }

  /** Title and length as the leader gave them. */
  get info() {
    return this.#timeline.info
  }

  /** The session's playback state as of now. */
  get playback() {
    return this.#timeline.at(this.#session.now())
  }

  /** Where the timeline is now, s. */
  get position() {
    return this.#timeline.position(this.#session.now())
  }

  /**
   * How much later than others this device is heard or seen, ms: it plays
   * ahead by that. Set by ear, remembered on this device.
   */
  get trimMs() {
    return this.#trimMs
  }

  set trimMs(ms) {
    this.#trimMs = trimmed(ms)
    rememberTrim(this.#trimMs)
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
    this.#mutedByUs = false
    this.#followed = null
    const allowed = await this.#element.play().then(() => true, error => error.name !== 'NotAllowedError')
    this.#blocked = !allowed
    if (allowed) this.#solved('autoplay_refused', 'muted')
    this.#look()
    return allowed
  }

  /** Gives the element back, paused; no event comes after it. */
  close() {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#ending.abort()
    this.#manoeuvre?.abort()
    for (const off of this.#armed.values()) off()
    this.#armed.clear()
    this.#acting.clear()
    this.#position.close()
    this.#element.pause()
    this.#element.playbackRate = 1
    this.#element.preservesPitch = true
  }

  // What is heard of the session and the element.

  #listen() {
    const { signal } = this.#ending
    const session = this.#session
    for (const event of ['session_joined', 'session_state', 'media_loaded', 'playback_sync', 'cancelled', 'desync_recovery']) {
      const off = session.on(event, data => this.#told(event, data))
      signal.addEventListener('abort', off)
    }
    const off = session.onCommand('playback_sync', command => this.#act(command), { prepare: command => this.#prepare(command) })
    signal.addEventListener('abort', off)
    const on = (/** @type {string} */ name, /** @type {() => void} */ fn) => this.#element.addEventListener(name, fn, { signal })
    on('waiting', () => (this.#stalledAt = performance.now()))
    for (const name of ['playing', 'canplay', 'seeked']) on(name, () => this.#flows())
    on('play', () => (this.#blocked = false)) // by the browser's own controls
    on('error', () => void this.#failed())
    document.addEventListener('securitypolicyviolation', e => e.effectiveDirective === 'media-src' && (this.#forbidden = e.blockedURI), { signal })
    document.addEventListener('visibilitychange', () => this.#look(), { signal })
  }

  /**
   * @param {string} event
   * @param {any} data
   */
  #told(event, data) {
    if (event === 'cancelled') this.#disarm(data.commandId)
    if (event === 'media_loaded' && this.#state === 'failed') this.#url = ''
    const changed = this.#timeline.receive(event, data)
    if (changed && event !== 'playback_sync') this.#interrupt()
    if (changed) this.#look()
  }

  /** @param {string} commandId */
  #disarm(commandId) {
    this.#armed.get(commandId)?.()
    this.#armed.delete(commandId)
    this.#acting.delete(commandId)
  }

  #flows() {
    if (ready(this.#element)) this.#stalledAt = NaN
  }

  // Commands.

  /**
   * Makes ready for a change; what begins then begins early by what this
   * device's starts take.
   *
   * @param {Command} command
   */
  async #prepare({ commandId, timestamp, payload }) {
    this.#timeline.receive('playback_sync', payload)
    const after = this.#timeline.at(timestamp)
    this.#armed.set(commandId, this.#at(timestamp, () => this.#look()))
    const before = this.#timeline.at(this.#now())
    const starts = after.isPlaying && !before.isPlaying && after.commandId === commandId && after.mediaUrl === this.#url
    if (!starts || this.#blocked || this.#now() >= timestamp) return
    await this.#prime(after)
  }

  /**
   * Resolves when the medium stands ready at its place, to start by itself.
   *
   * @param {PlaybackState} state
   */
  #prime(state) {
    this.#followed = state
    return new Promise(resolve => this.#run(async signal => {
      const position = this.#within(state.position)
      if (!(await until(this.#element, () => this.#element.readyState >= 1, signal, PATIENCE))) return
      const took = await seek(this.#element, position, signal, PATIENCE)
      if (Number.isNaN(took)) return
      resolve(undefined)
      if (this.#now() < state.lastUpdateTime) await this.#start(state.lastUpdateTime, position, state, signal)
    }))
  }

  /**
   * Resolves with the session time at which the medium did what was asked.
   *
   * @param {Command} command
   * @returns {Promise<number>}
   */
  #act({ commandId, timestamp }) {
    this.#armed.delete(commandId)
    const done = new Promise(resolve => this.#acting.set(commandId, { at: timestamp, resolve }))
    if (!this.#manoeuvre) this.#look()
    return done
  }

  /**
   * The medium is where the timeline wants it.
   *
   * @param {number} t  since when, in the player's time
   */
  #acted(t) {
    if (!Number.isFinite(t)) return
    for (const [id, { at, resolve }] of this.#acting) {
      if (at > this.#now() + MISSED) continue
      this.#acting.delete(id)
      resolve(t)
    }
  }

  // Time.

  /** Session time of what is played now, going by when it is heard or seen. */
  #now() {
    return this.#session.now() + this.#trimMs
  }

  /**
   * @param {number} t  in the player's time
   * @param {() => void} fn
   */
  #at(t, fn) {
    return this.#session.at(t - this.#trimMs, fn)
  }

  /** @param {number} position */
  #within(position) {
    const { duration } = this.#element
    return Number.isFinite(duration) ? Math.min(position, duration) : position
  }

  // What to do.

  /** @returns {void} */
  #look() {
    if (this.#state === 'closed') return
    const t = this.#now()
    if (Number.isNaN(t)) return this.#become('unsynced')
    const state = this.#timeline.at(t)
    if (state.mediaUrl !== this.#url) return this.#load(state.mediaUrl)
    if (!this.#url) return this.#become('idle')
    if (this.#manoeuvre) return this.#watchManoeuvre(state)
    if (this.#trouble?.fatal || this.#trouble?.code === 'network') return this.#become('failed')
    if (this.#element.readyState < 1) return this.#become('loading')
    const { duration } = this.#element
    const over = Number.isFinite(duration) && this.#timeline.position(t) >= duration
    if (state.isPlaying && !over) this.#hold(state)
    else this.#rest(state, over)
  }

  /**
   * What is under way may have been overtaken.
   *
   * @param {PlaybackState} state
   * @returns {void}
   */
  #watchManoeuvre(state) {
    const next = this.#timeline.next(this.#now())
    if (state !== this.#followed && (!next || next !== this.#followed)) {
      this.#interrupt()
      return this.#look()
    }
    const d = performance.now()
    const position = this.#element.currentTime
    if (state.isPlaying && this.#element.readyState) this.#complain(position, position - this.#timeline.position(this.#now()), d)
  }

  #interrupt() {
    this.#manoeuvre?.abort()
    this.#manoeuvre = null
  }

  /**
   * Does one thing at a time; whatever was under way is broken off.
   *
   * @param {(signal: AbortSignal) => Promise<void>} fn
   */
  #run(fn) {
    this.#interrupt()
    const own = (this.#manoeuvre = new AbortController())
    const { signal } = own
    fn(signal).catch(error => signal.aborted || reportError(error)).finally(() => {
      if (this.#manoeuvre !== own) return
      this.#manoeuvre = null
      this.#look()
    })
  }

  /**
   * Stands at a place, exactly.
   *
   * @param {PlaybackState} state
   * @param {boolean} over  at the end
   */
  #rest(state, over) {
    const element = this.#element
    const stopped = !element.paused
    if (stopped) element.pause()
    const at = this.#now()
    if (stopped || this.#followed !== state) this.#position.reset()
    const news = this.#followed !== state || stopped
    this.#followed = state
    this.#tellDrift(NaN)
    const position = over ? element.duration : this.#within(state.position)
    if (news && Math.abs(element.currentTime - position) > 0.0005 || Math.abs(element.currentTime - position) > 0.05) {
      return this.#run(async signal => {
        element.currentTime = position
        await until(element, () => !element.seeking, signal, PATIENCE)
        this.#acted(stopped ? at : this.#now())
      })
    }
    this.#acted(at)
    this.#become(over ? 'ended' : 'paused')
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
    if (element.paused) return this.#enter(state)
    this.#position.read()
    if (!this.#position.settled) return
    const d = performance.now()
    const drift = this.#position.at(d) - this.#timeline.position(this.#session.toSession(d) + this.#trimMs)
    this.#tellDrift(drift)
    this.#complain(this.#position.at(d), drift, d)
    if (!Number.isNaN(this.#stalledAt)) return this.#stalled(state, drift, d)
    this.#become('playing')
    if (news && Math.abs(drift) > SEEK_ABOVE) return this.#enter(state)
    if (this.#seeks.worth(drift, d)) return this.#reseek(state, d)
    this.#acted(this.#now())
    this.#correct(state, drift, d)
  }

  /** @param {PlaybackState} state */
  #follow(state) {
    this.#followed = state
    this.#seeks.forgive()
    this.#corrector.reset()
    this.#setRate(state.playbackRate, 0)
    this.#corrected = -Infinity
  }

  /**
   * @param {PlaybackState} state
   * @param {number} drift
   * @param {number} d
   */
  #correct({ playbackRate }, drift, d) {
    if (d - this.#corrected < CORRECT) return
    this.#corrected = d
    this.#setRate(playbackRate, this.#corrector.correct(drift, d))
  }

  /**
   * At its own rate the pitch follows the corrections: they are too small to
   * be heard, while keeping the pitch costs Chromium 20 ms each time that it
   * leaves the rate 1, and the position wavers by milliseconds.
   *
   * @param {number} base
   * @param {number} correction
   */
  #setRate(base, correction) {
    const rate = Math.max(1 / 16, Math.min(16, base * (1 + correction)))
    this.#element.preservesPitch = base !== 1
    if (this.#element.playbackRate === rate) return
    this.#element.playbackRate = rate
    this.#position.runs(rate)
  }

  /**
   * Waits for data. The others go on; so this goes to where they are as soon
   * as that is there, or if it takes long.
   *
   * @param {PlaybackState} state
   * @param {number} drift
   * @param {number} d
   */
  #stalled(state, drift, d) {
    this.#become('buffering')
    const there = buffered(this.#element, this.#timeline.position(this.#now()))
    if ((there || d - this.#stalledAt > STALLED) && this.#seeks.worth(drift, d)) this.#reseek(state, d)
  }

  /**
   * @param {PlaybackState} state
   * @param {number} d
   */
  #reseek(state, d) {
    this.#seeks.made(d)
    this.#enter(state)
  }

  /**
   * Goes to where the timeline will be by the time that a seek takes here,
   * and starts from there on the instant.
   *
   * @param {PlaybackState} state
   */
  #enter(state) {
    this.#followed = state
    this.#become('seeking')
    this.#run(async signal => {
      this.#element.pause()
      this.#position.reset()
      let lead = this.#seekCosts.high + this.#start0.median + MARGIN
      for (let attempt = 1; ; attempt++, lead *= 2) {
        const t = this.#now() + lead
        const position = this.#within(this.#timeline.position(t))
        if (position >= this.#element.duration) return sleep(LOOK, signal)
        const took = await seek(this.#element, position, signal, PATIENCE)
        this.#seekCosts.add(took)
        const late = this.#now() + this.#start0.median - t
        if (late < MISSED || attempt === ATTEMPTS) return this.#start(t, position, state, signal)
      }
    })
  }

  /** What this device's starts take: with sound it is longer. */
  get #start0() {
    return this.#element.muted ? this.#starts.silent : this.#starts.sound
  }

  /**
   * Starts a medium that stands at `position`, so that it leaves there at `t`.
   *
   * @param {number} t         in the player's time
   * @param {number} position  s
   * @param {PlaybackState} state
   * @param {AbortSignal} signal
   */
  async #start(t, position, state, signal) {
    this.#follow(state)
    this.#position.reset()
    const latency = this.#start0
    await this.#instant(t - latency.median, signal)
    const told = performance.now()
    this.#stalledAt = NaN
    if (!(await this.#play()) || signal.aborted) return
    const since = await began(this.#element, position, state.playbackRate, signal)
    latency.add(since - told)
    this.#position.runs(state.playbackRate)
    this.#acted(this.#session.toSession(since) + this.#trimMs)
  }

  /**
   * @param {number} t
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
    const refused = (/** @type {DOMException} */ error) => error.name === 'NotAllowedError'
    let error = await element.play().catch(error => error)
    if (error && refused(error) && this.#muteIfNeeded && !element.muted) {
      element.muted = this.#mutedByUs = true
      error = await element.play().catch(error => error)
      if (!error) this.#complainOf(MUTED)
    }
    if (error && refused(error)) this.#refused()
    return !error
  }

  #refused() {
    this.#blocked = true
    if (this.#mutedByUs) this.#element.muted = this.#mutedByUs = false
    this.#complainOf(REFUSED)
  }

  // Loading, and what can go wrong.

  /** @param {string} mediaUrl */
  #load(mediaUrl) {
    this.#interrupt()
    this.#url = mediaUrl
    this.#followed = null
    this.#stalledAt = NaN
    this.#forbidden = ''
    this.#position.reset()
    this.#tellDrift(NaN)
    this.#solved()
    const element = this.#element
    element.pause()
    if (!mediaUrl) {
      element.removeAttribute('src')
      element.load()
      return this.#become('idle')
    }
    const trouble = foresee(mediaUrl, location.href) ?? unplayable(mediaUrl, type => element.canPlayType(type))
    if (trouble) return this.#complainOf(trouble)
    element.src = new URL(mediaUrl, location.href).href
    element.load()
    this.#become('loading')
  }

  async #failed() {
    const { error } = this.#element
    if (!error || !this.#url) return
    this.#interrupt()
    const url = new URL(this.#url, location.href).href
    const sameOrigin = new URL(url).origin === location.origin
    const status = sameOrigin ? await statusOf(url) : undefined
    if (error !== this.#element.error) return // something else is loaded meanwhile
    const trouble = explain(error, { url, sameOrigin, status, policy: this.#forbidden !== '' })
    this.#complainOf(trouble)
    if (!trouble.fatal) this.#again()
  }

  #again() {
    const url = this.#url
    const timer = setTimeout(() => {
      if (this.#url === url && this.#trouble?.code === 'network') this.#load(url)
    }, this.#retry)
    this.#retry = Math.min(LONGEST_RETRY, this.#retry * 2)
    this.#ending.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }

  /**
   * Tells the server of a drift that lasts. Its answer is an event like the others.
   *
   * @param {number} position  s
   * @param {number} drift     s
   * @param {number} d         ms
   */
  #complain(position, drift, d) {
    if (!this.#complaint.due(drift, d)) return void (Math.abs(drift) < 0.1 && this.#solved('behind'))
    const reportedTime = this.#session.toSession(d)
    this.#session.request('report_desync', { reportedPosition: position, reportedTime }).catch(() => {})
    if (!this.#trouble) this.#complainOf(BEHIND)
  }

  /** @param {Trouble} trouble */
  #complainOf(trouble) {
    if (this.#state === 'closed') return
    this.#trouble = trouble
    if (trouble.fatal || trouble.code === 'network') this.#state = 'failed'
    if (trouble === REFUSED) this.#state = 'blocked'
    this.dispatchEvent(new CustomEvent('trouble', { detail: trouble }))
    this.dispatchEvent(new Event('state'))
  }

  /** @param {string[]} codes  any, if none is given */
  #solved(...codes) {
    if (!this.#trouble || (codes.length && !codes.includes(this.#trouble.code))) return
    this.#trouble = null
    this.dispatchEvent(new Event('state'))
  }

  /** @param {PlayerState} state */
  #become(state) {
    if (state === 'playing') this.#retry = RETRY
    if (this.#state === state || this.#state === 'closed') return
    this.#state = state
    this.dispatchEvent(new Event('state'))
  }

  /** @param {number} drift  s */
  #tellDrift(drift) {
    if (Number.isNaN(drift) && Number.isNaN(this.#drift)) return
    this.#drift = drift * 1000
    this.dispatchEvent(new Event('drift'))
  }
}

/**
 * What this server answers for a file; undefined where it doesn't.
 *
 * @param {string} url
 * @returns {Promise<number | undefined>}
 */
async function statusOf(url) {
  const response = await fetch(url, { method: 'HEAD' }).catch(() => null)
  return response?.status
}
