import * as wire from './wire.js'

/** @import { Media, MediaLoaded, PlaybackSync, Snapshot, Told } from './wire.js' */

/**
 * What the media does from `lastUpdateTime` on, until the next such state:
 * the protocol's playback state, and the command that brought it, if any.
 *
 * @typedef {object} PlaybackState
 * @property {string} mediaUrl       '' where there is no media
 * @property {string} mediaId
 * @property {number} position       s, at `lastUpdateTime`
 * @property {boolean} isPlaying
 * @property {number} lastUpdateTime session time, ms
 * @property {number} playbackRate   seconds of media in a second
 * @property {boolean} loop          at its end it begins again, once the length is known
 * @property {number} mediaDuration  s; 0 while nobody has told it
 * @property {string} [commandId]
 */

/** @type {PlaybackState} */
const NOTHING = { mediaUrl: '', mediaId: '', position: 0, isPlaying: false, lastUpdateTime: -Infinity, playbackRate: 1, loop: false, mediaDuration: 0 }

/** @typedef {{url: string, label: string, language: string}} Subtitle */

/**
 * What is known of the media, and how it is played for everybody.
 *
 * @typedef {object} MediaInfo
 * @property {string} mediaUrl
 * @property {string} title
 * @property {number} duration        s; 0 where nobody said
 * @property {Subtitle[]} subtitles
 * @property {boolean} loop
 * @property {boolean} waitForAll
 * @property {number} waitLimitMs
 * @property {string[]} waitingFor    devices that have to load before it goes on
 */

/** @type {MediaInfo} */
const UNKNOWN = { mediaUrl: '', title: '', duration: 0, subtitles: [], loop: false, waitForAll: false, waitLimitMs: 0, waitingFor: [] }

/**
 * Where the media is at every session time, now and as far as it is
 * scheduled. Takes the session's events in, in their order. Positions are in
 * seconds of the media, times in ms of session time.
 */
export class Timeline {
  /** What holds, and what is to follow, by `lastUpdateTime`. */
  /** @type {PlaybackState[]} */ #states = [NOTHING]
  /** @type {MediaInfo} */ #info = UNKNOWN
  /** How a state goes on when the media has come to its end. */
  /** @type {WeakMap<PlaybackState, PlaybackState>} */ #ended = new WeakMap()

  /** @type {MediaInfo} */
  get info() {
    return this.#info
  }

  /**
   * The state that holds at session time `t`; of media that is over: standing at its end.
   *
   * @param {number} t  Infinity: what was issued last
   * @returns {PlaybackState}
   */
  at(t) {
    const state = this.#issued(t)
    return t < Infinity && endOf(state) <= t ? this.#over(state) : state
  }

  /** @param {number} t */
  #issued(t) {
    for (let i = this.#states.length - 1; i > 0; i--) {
      if (this.#states[i].lastUpdateTime <= t) return this.#states[i]
    }
    return this.#states[0]
  }

  /**
   * What is scheduled, as far as that is known at session time `t`: what
   * another change builds on.
   *
   * @param {number} t  NaN: unknown
   */
  planned(t) {
    const last = this.#states[this.#states.length - 1]
    return t >= last.lastUpdateTime ? this.at(t) : last
  }

  /**
   * The media's position at session time `t`, s.
   *
   * @param {number} t
   */
  position(t) {
    return positionIn(this.at(t), t)
  }

  /**
   * The first change that is scheduled after session time `t`, or null.
   *
   * @param {number} t
   * @returns {PlaybackState | null}
   */
  next(t) {
    return this.#states.find((s, i) => i > 0 && s.lastUpdateTime > t) ?? null
  }

  /**
   * When media that plays at session time `t` comes to its end, if nothing else
   * is scheduled before; Infinity where it doesn't, as far as anybody knows.
   *
   * @param {number} t
   */
  end(t) {
    const end = endOf(this.#issued(t))
    return end > t && end < (this.next(t)?.lastUpdateTime ?? Infinity) ? end : Infinity
  }

  /**
   * When media that loops begins again after session time `t`; Infinity where it doesn't.
   *
   * @param {number} t
   */
  turn(t) {
    const state = this.at(t)
    if (!state.isPlaying || !loops(state)) return Infinity
    const from = Math.max(t, state.lastUpdateTime)
    return from + ((state.mediaDuration - positionIn(state, from)) / state.playbackRate) * 1000
  }

  /**
   * Takes an event of the session in; true when the timeline changed.
   *
   * @param {string} event
   * @param {unknown} data
   */
  receive(event, data) {
    const [name, told] = /** @type {Told} */ ([event, data])
    switch (name) {
      case wire.SESSION_JOINED: return this.#session(told?.session)
      case wire.SESSION_STATE: return this.#session(told)
      case wire.DESYNC_RECOVERY: return this.#holds(told?.authoritativeState)
      case wire.MEDIA_LOADED: return this.#loaded(told)
      case wire.MEDIA_INFO: return this.#informed(told)
      case wire.PLAYBACK_SYNC: return this.#scheduled(told)
      case wire.CANCELLED: return this.#cancelled(told?.commandId)
    }
    return false
  }

  /** @param {Snapshot} [session] */
  #session(session) {
    if (!session) return false
    const { media, playbackState } = session
    if (media) this.#described(media)
    for (const state of this.#states) {
      if (!media || state.mediaUrl !== media.mediaUrl || state.lastUpdateTime <= playbackState.lastUpdateTime) continue
      Object.assign(state, { loop: media.loop ?? false, mediaDuration: media.mediaDuration }) // told while this was away
    }
    return this.#holds(playbackState)
  }

  /** @param {Partial<Media> & {mediaUrl: string}} media  an older server says less */
  #described({ mediaUrl, mediaTitle = '', mediaDuration = 0, subtitles = [], loop = false, waitForAll = false, waitLimitMs = 0, waitingFor = [] }) {
    this.#info = { mediaUrl, title: mediaTitle, duration: mediaDuration, subtitles, loop, waitForAll, waitLimitMs, waitingFor }
  }

  /**
   * Length or looping are others from `timestamp` on. What loops no more, or
   * begins to, goes on from where it is then.
   *
   * @param {wire.MediaInfo} data
   */
  #informed(data) {
    const { mediaUrl, mediaDuration, loop, timestamp } = data
    const now = this.#issued(timestamp)
    if (now.mediaUrl && now.mediaUrl === mediaUrl && now.loop !== loop && now.lastUpdateTime < timestamp) {
      const goesOn = { ...this.at(timestamp), position: this.position(timestamp), lastUpdateTime: timestamp }
      this.#states.splice(this.#states.indexOf(now) + 1, 0, goesOn)
    }
    for (const state of this.#states) {
      if (state.mediaUrl !== mediaUrl || state === NOTHING) continue
      state.mediaDuration = mediaDuration
      if (state.lastUpdateTime >= timestamp) state.loop = loop
    }
    if (this.planned(NaN).mediaUrl === mediaUrl) this.#described(data)
    return true
  }

  /**
   * The server says what holds now. What is scheduled stays: the server
   * doesn't name it here.
   *
   * @param {wire.PlaybackState} [data]
   */
  #holds(data) {
    if (!data) return false
    const state = stateOf(data)
    const known = this.#states.find(s => means(s, state)) ?? this.#states.find(s => alike(this.#ended.get(s), state))
    if (known && known === this.#states[0]) return false
    this.#states = [known ?? state, ...this.#states.filter(s => s.lastUpdateTime > state.lastUpdateTime)]
    return true
  }

  /** @param {MediaLoaded} data */
  #loaded(data) {
    this.#described(data)
    this.#states = [stateOf({ ...data, position: 0, isPlaying: false, lastUpdateTime: data.timestamp, playbackRate: 1 })]
    return true
  }

  /**
   * What was issued last is what holds, whatever had been planned for later.
   *
   * @param {PlaybackSync} data
   */
  #scheduled(data) {
    if (this.#states.some(s => s.commandId && s.commandId === data.commandId)) return false // a copy
    const state = stateOf({ ...data, lastUpdateTime: data.timestamp })
    const before = this.#states.filter(s => s.lastUpdateTime < state.lastUpdateTime)
    this.#states = [...(before.length ? before : [NOTHING]).slice(-LONGEST), state]
    return true
  }

  /** @param {string} commandId */
  #cancelled(commandId) {
    const i = this.#states.findIndex((s, i) => i > 0 && s.commandId === commandId)
    if (i < 0) return false
    this.#states.splice(i, 1)
    return true
  }

  /**
   * The same object for as long as its length is the same.
   *
   * @param {PlaybackState} state
   */
  #over(state) {
    const known = this.#ended.get(state)
    if (known?.mediaDuration === state.mediaDuration) return known
    const ended = { ...state, position: state.mediaDuration, isPlaying: false, lastUpdateTime: endOf(state) }
    this.#ended.set(state, ended)
    return ended
  }
}

/** As many commands as may be scheduled, and what holds before them. */
const LONGEST = 65

/** @param {PlaybackState} state */
function loops({ loop, mediaDuration }) {
  return loop && mediaDuration > 0
}

/**
 * When a state comes to the end of its media, ms of session time; Infinity
 * where it doesn't, as far as anybody knows.
 *
 * @param {PlaybackState} state
 */
function endOf({ isPlaying, loop, mediaDuration, position, playbackRate, lastUpdateTime }) {
  if (!isPlaying || loop || !(mediaDuration > 0)) return Infinity
  return lastUpdateTime + (Math.max(0, mediaDuration - position) / playbackRate) * 1000
}

/**
 * The media's position in one state, s.
 *
 * @param {PlaybackState} state
 * @param {number} t  session time, ms
 */
export function positionIn(state, t) {
  const { position, isPlaying, lastUpdateTime, playbackRate, mediaDuration } = state
  const raw = isPlaying && t > lastUpdateTime ? position + ((t - lastUpdateTime) / 1000) * playbackRate : position
  if (loops(state) && isPlaying) return raw % mediaDuration
  return endOf(state) <= t ? mediaDuration : raw
}

/**
 * @param {wire.PlaybackState & {commandId?: string}} data
 * @returns {PlaybackState}
 */
function stateOf({ mediaUrl, mediaId, position, isPlaying, lastUpdateTime, playbackRate, loop = false, mediaDuration = 0, commandId }) {
  return { mediaUrl, mediaId, position, isPlaying, lastUpdateTime, playbackRate, loop, mediaDuration, commandId }
}

/**
 * Does `b` say of its time what `a` said before? The authority tells where the media is
 * now, which must not look like a change.
 *
 * @param {PlaybackState} a
 * @param {PlaybackState} b
 */
function means(a, b) {
  if (a.lastUpdateTime > b.lastUpdateTime || endOf(a) <= b.lastUpdateTime) return alike(a, b)
  const there = Math.abs(positionIn(a, b.lastUpdateTime) - b.position) < 0.001
  return there && alike(a, { ...b, position: a.position, lastUpdateTime: a.lastUpdateTime })
}

/**
 * The same state, whether it came with its command or without? Ends are told to the microsecond.
 *
 * @param {PlaybackState | undefined} a
 * @param {PlaybackState} b
 */
function alike(a, b) {
  return !!a && Math.abs(a.lastUpdateTime - b.lastUpdateTime) < 0.002 && a.mediaUrl === b.mediaUrl && a.position === b.position &&
    a.isPlaying === b.isPlaying && a.playbackRate === b.playbackRate && a.loop === b.loop && a.mediaDuration === b.mediaDuration
}
