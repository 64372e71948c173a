import { Films } from '../ui/films.js'
import * as format from '../ui/format.js'
import { lengthOf, subtitlesOf } from './mediafacts.js'
import { alertUser, byId } from '../ui/ui.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { Painter } from '../ui/painter.js' */

const url = /** @type {HTMLInputElement} */ (byId('media-url'))
const title = /** @type {HTMLInputElement} */ (byId('media-title'))
const length = /** @type {HTMLInputElement} */ (byId('media-length'))
const subtitles = /** @type {HTMLTextAreaElement} */ (byId('media-subtitles'))
const button = /** @type {HTMLButtonElement} */ (byId('load'))

/** The form that puts another film on. */
export class PlaybackLoad {
  #session
  #films
  #changed
  #busy = false

  /**
   * @param {Session} session
   * @param {Painter} painter
   * @param {() => void} changed  draw it again
   */
  constructor(session, painter, changed) {
    this.#session = session
    this.#films = new Films(session, url, byId('films'), draw => painter.ask('films', draw))
    this.#changed = changed
  }

  /** @param {boolean} may */
  enable(may) {
    for (const control of [url, title, length, subtitles]) control.disabled = !may
    button.disabled = !may || this.#busy
  }

  /** Loads what the form says. */
  async load() {
    const media = this.#films.find(url.value.trim())
    if (!media) return alertUser('That is no address: give one that every device can open, such as https://example.org/film.mp4.')
    const typed = length.value.trim() ? format.parseClock(length.value) : 0
    if (Number.isNaN(typed)) return alertUser('The length must be like 1:30 or 90.')
    const texts = subtitlesOf(subtitles.value, location.href)
    if (!texts) return alertUser('Subtitles are addresses of WebVTT files, one on a line, eight at most.')
    if (this.#busy) return
    this.#busy = true
    this.#changed()
    try {
      const mediaDuration = typed || await lengthOf(media.mediaUrl)
      await this.#session.loadMedia({
        ...media, mediaTitle: title.value.trim() || media.mediaTitle, ...(mediaDuration ? { mediaDuration } : {}), ...(texts.length ? { subtitles: texts } : {}),
      })
      title.value = length.value = subtitles.value = '' // they were this film's
    } finally {
      this.#busy = false
      this.#changed()
    }
  }
}
