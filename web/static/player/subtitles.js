import { browser } from '../lib/webstorage.js'
import { addressOf } from './trimmedtime.js'

/** @import { Session } from '../downbeat.js' */
/** @import { Subtitle } from '../lib/timeline.js' */

/** No file of subtitles is larger, bytes. */
const MOST = 4 << 20
const KEPT = 'downbeat:player:subtitles'

/**
 * A file of subtitles as this device has it.
 *
 * @typedef {object} Title
 * @property {string} label
 * @property {string} language
 * @property {'idle' | 'loading' | 'shown' | 'failed'} state
 * @property {string} [message]  why it failed, and what to do
 */

/**
 * The subtitles of what is loaded. They are fetched, since a `<track>` of another
 * server would need the film to come with CORS as well.
 */
export class Subtitles {
  #session
  #element
  #changed
  /** @type {Subtitle[]} */ #list = []
  /** @type {Title[]} */ titles = []
  /** Which is shown; -1: none. */
  chosen = -1
  /** @type {HTMLTrackElement | null} */ #track = null
  #loading = new AbortController()

  /**
   * @param {Session} session
   * @param {HTMLMediaElement} element
   * @param {() => void} changed
   */
  constructor(session, element, changed) {
    this.#session = session
    this.#element = element
    this.#changed = changed
  }

  /** Takes over what the session says of the medium now. */
  look() {
    const { info } = this.#session.timeline
    const { mediaUrl } = this.#session.timeline.at(this.#session.now())
    const list = info.mediaUrl === mediaUrl ? info.subtitles : []
    if (JSON.stringify(list) === JSON.stringify(this.#list)) return
    this.#list = list
    this.titles = list.map(({ label, language }, i) => ({ label: label || nameOf(language) || `Subtitles ${i + 1}`, language, state: 'idle' }))
    const kept = browser.get(KEPT)
    this.#show(kept ? list.findIndex(({ language, label }) => (language || label) === kept) : -1)
  }

  /**
   * Shows one of them, and remembers its language.
   *
   * @param {number} index  -1: none
   */
  choose(index) {
    const { language = '', label = '' } = this.#list[index] ?? {}
    browser.set(KEPT, language || label)
    this.#show(index)
  }

  /** @param {number} index */
  #show(index) {
    this.#clear()
    this.chosen = index in this.titles ? index : -1
    if (this.chosen >= 0) void this.#load(this.#list[index], this.titles[index])
    this.#changed()
  }

  /**
   * @param {Subtitle} subtitle
   * @param {Title} title
   */
  async #load(subtitle, title) {
    const { signal } = (this.#loading = new AbortController())
    title.state = 'loading'
    try {
      const text = await fetchTitles(new URL(addressOf(subtitle.url, this.#session.server.url, location.href)), signal)
      this.#put(URL.createObjectURL(new Blob([text], { type: 'text/vtt' })), subtitle)
      title.state = 'shown'
      delete title.message
    } catch (error) {
      if (signal.aborted) return
      title.state = 'failed'
      title.message = error instanceof Error ? error.message : String(error)
    }
    this.#changed()
  }

  /**
   * @param {string} src
   * @param {Subtitle} subtitle
   */
  #put(src, { label, language }) {
    const track = Object.assign(document.createElement('track'), { kind: 'subtitles', label, srclang: language, src })
    this.#element.append(track)
    track.track.mode = 'showing'
    this.#track = track
  }

  #clear() {
    this.#loading.abort()
    for (const title of this.titles) if (title.state !== 'failed') title.state = 'idle'
    if (!this.#track) return
    this.#track.track.mode = 'disabled'
    URL.revokeObjectURL(this.#track.src)
    this.#track.remove()
    this.#track = null
  }

  close() {
    this.#clear()
  }
}

/**
 * @param {URL} url
 * @param {AbortSignal} signal
 */
async function fetchTitles(url, signal) {
  const response = await fetch(url, { signal }).catch(() => {
    throw new Error(url.origin === location.origin ? 'The server can’t be reached.'
      : `The subtitles can’t be read from ${url.host}: its server must let other pages read them (CORS: Access-Control-Allow-Origin).`)
  })
  if (!response.ok) throw new Error(`There are no subtitles at that address (${url.host} answered ${response.status}).`)
  if (Number(response.headers.get('Content-Length')) > MOST) throw new Error('The file is too large for subtitles.')
  const text = await response.text()
  if (text.length > MOST) throw new Error('The file is too large for subtitles.')
  if (!/^\uFEFF?WEBVTT/.test(text)) throw new Error('The subtitles are not WebVTT: such a file begins with WEBVTT.')
  return text
}

/** @param {string} language */
function nameOf(language) {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  } catch {
    return language
  }
}
