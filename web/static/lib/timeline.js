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
 * @property {string} [commandId]
 */

/** @type {PlaybackState} */
const NOTHING = { mediaUrl: '', mediaId: '', position: 0, isPlaying: false, lastUpdateTime: -Infinity, playbackRate: 1 }

/** Title and length as `load_media` gave them; 0 s where nobody said. */
/** @typedef {{mediaUrl: string, title: string, duration: number}} MediaInfo */

/**
 * Where the media is at every session time, now and as far as it is
 * scheduled. Takes the session's events in, in their order. Positions are in
 * seconds of the media, times in ms of session time.
 */
export class Timeline {
  /** What holds, and what is to follow, by `lastUpdateTime`. */
  /** @type {PlaybackState[]} */ #states = [NOTHING]
  /** @type {MediaInfo} */ #info = { mediaUrl: '', title: '', duration: 0 }

  /** @type {MediaInfo} */
  get info() {
    return this.#info
  }

  /**
   * The state that holds at session time `t`.
   *
   * @param {number} t
   * @returns {PlaybackState}
   */
  at(t) {
    for (let i = this.#states.length - 1; i > 0; i--) {
      if (this.#states[i].lastUpdateTime <= t) return this.#states[i]
    }
    return this.#states[0]
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
   * Takes an event of the session in; true when the timeline changed.
   *
   * @param {string} event
   * @param {any} data
   */
  receive(event, data) {
    switch (event) {
      case 'session_joined': return this.#session(data?.session)
      case 'session_state': return this.#session(data)
      case 'desync_recovery': return this.#holds(data?.authoritativeState)
      case 'media_loaded': return this.#loaded(data)
      case 'playback_sync': return this.#scheduled(data)
      case 'cancelled': return this.#cancelled(data?.commandId)
    }
    return false
  }

  /** @param {any} session */
  #session(session) {
    if (session?.media) this.#described(session.media)
    return this.#holds(session?.playbackState)
  }

  /** @param {any} media */
  #described({ mediaUrl, mediaTitle = '', mediaDuration = 0 }) {
    this.#info = { mediaUrl, title: mediaTitle, duration: mediaDuration }
  }

  /**
   * The server says what holds now. What is scheduled stays: the server
   * doesn't name it here.
   *
   * @param {any} data  a playback state
   */
  #holds(data) {
    if (!data) return false
    const state = stateOf(data)
    const known = this.#states.find(s => alike(s, state))
    if (known && known === this.#states[0]) return false
    this.#states = [known ?? state, ...this.#states.filter(s => s.lastUpdateTime > state.lastUpdateTime)]
    return true
  }

  /** @param {any} data */
  #loaded(data) {
    this.#described(data)
    this.#states = [stateOf({ ...data, position: 0, isPlaying: false, lastUpdateTime: data.timestamp, playbackRate: 1 })]
    return true
  }

  /**
   * What was issued last is what holds, whatever had been planned for later.
   *
   * @param {any} data
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
}

/** As many commands as may lie ahead, and what holds before them. */
const LONGEST = 65

/**
 * The media's position in one state, s.
 *
 * @param {PlaybackState} state
 * @param {number} t  session time, ms
 */
export function positionIn({ position, isPlaying, lastUpdateTime, playbackRate }, t) {
  return isPlaying && t > lastUpdateTime ? position + ((t - lastUpdateTime) / 1000) * playbackRate : position
}

/**
 * @param {any} data
 * @returns {PlaybackState}
 */
function stateOf({ mediaUrl, mediaId, position, isPlaying, lastUpdateTime, playbackRate, commandId }) {
  return { mediaUrl, mediaId, position, isPlaying, lastUpdateTime, playbackRate, commandId }
}

/**
 * The same state, whether it came with its command or without?
 *
 * @param {PlaybackState} a
 * @param {PlaybackState} b
 */
function alike(a, b) {
  return a.lastUpdateTime === b.lastUpdateTime && a.mediaUrl === b.mediaUrl && a.position === b.position &&
    a.isPlaying === b.isPlaying && a.playbackRate === b.playbackRate
}
