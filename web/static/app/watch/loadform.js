import { Films } from '../ui/films.js'
import { alertError, alertUser, byId } from '../ui/ui.js'
import { titleOf } from './transport.js'

/** @import { Session } from '../../downbeat.js' */

/** What who leads can load, and how it is played for everybody. */
export class LoadForm {
  #session
  #loop = /** @type {HTMLInputElement} */ (byId('loop'))
  #wait = /** @type {HTMLInputElement} */ (byId('wait-for-all'))

  /** @param {Session} session */
  constructor(session) {
    this.#session = session
    const url = /** @type {HTMLInputElement} */ (byId('url'))
    const films = new Films(session, url, byId('films'))
    byId('load').onsubmit = event => {
      event.preventDefault()
      const media = films.find(url.value.trim())
      if (!media) return alertUser('That is no address: give one that every device can open, such as https://example.org/film.mp4.')
      session.loadMedia({ ...media, mediaTitle: media.mediaTitle || titleOf(media.mediaUrl) }).catch(alertError)
    }
    this.#loop.onchange = () => void session.playbackOptions({ loop: this.#loop.checked }).catch(alertError)
    this.#wait.onchange = () => void session.playbackOptions({ waitForAll: this.#wait.checked }).catch(alertError)
    byId('go-on').onclick = () => void session.syncPlayback({ isPlaying: true }).catch(alertError)
  }

  /** Brings what is shown up to date. */
  show() {
    const { isLeader, timeline } = this.#session
    const { loop, waitForAll, waitingFor } = timeline.info
    byId('lead').hidden = !isLeader
    this.#loop.disabled = this.#wait.disabled = !timeline.at(this.#session.now()).mediaUrl
    if (this.#loop.checked !== loop) this.#loop.checked = loop
    if (this.#wait.checked !== waitForAll) this.#wait.checked = waitForAll
    byId('go-on').hidden = waitingFor.length === 0
  }
}
