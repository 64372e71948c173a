import { authorization } from './keys.js'
import { at } from './server.js'
import { el } from './ui.js'

/** @import { Session } from '../../downbeat.js' */

/** @typedef {{name: string, title: string, url: string, subtitles: {url: string, label: string, language: string}[]}} Film */

/** The list is asked for again when the field is entered, but not more often than this, ms. */
const FRESH = 5000

/** The films on the server's disk, offered in a field for addresses. */
export class Films {
  #session
  #options
  #paint
  /** @type {Map<string, Film>} */ #films = new Map()
  #asked = -Infinity

  /**
   * @param {Session} session
   * @param {HTMLInputElement} field
   * @param {HTMLElement} options  its datalist
   * @param {(draw: () => void) => void} [paint]  draws when it disturbs nobody
   */
  constructor(session, field, options, paint = draw => draw()) {
    this.#session = session
    this.#options = options
    this.#paint = paint
    field.addEventListener('focus', () => void this.look())
  }

  /** Asks for the list, where this user leads. */
  async look() {
    const now = performance.now()
    if (!this.#session.isLeader || now - this.#asked < FRESH) return
    this.#asked = now
    const url = at(`api/sessions/${encodeURIComponent(this.#session.sessionId)}/media`)
    const response = await fetch(url, { headers: authorization() }).catch(() => null)
    if (!response?.ok) return // an older server, or a key that lists nothing: addresses can be typed
    const { media } = await response.json()
    const before = [...this.#films.keys()].join('\n')
    this.#films = new Map(media.map((/** @type {Film} */ film) => [film.name, film]))
    const names = [...this.#films.keys()]
    if (names.join('\n') !== before) this.#paint(() => this.#options.replaceChildren(...names.map(name => el('option', { value: name }))))
  }

  /**
   * What to load for a text: a film of the list by its name, else an address; null where
   * it is none.
   *
   * @param {string} text
   * @returns {{mediaUrl: string, mediaTitle: string, subtitles: Film['subtitles']} | null}
   */
  find(text) {
    const film = this.#films.get(text)
    if (film) return { mediaUrl: film.url, mediaTitle: film.title, subtitles: film.subtitles }
    return URL.canParse(text, location.href) ? { mediaUrl: new URL(text, location.href).href, mediaTitle: '', subtitles: [] } : null
  }
}
