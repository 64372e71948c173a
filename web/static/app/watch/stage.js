import { byId, say } from '../ui/ui.js'
import { AutoHide } from './autohide.js'

/** @import { Player } from '../../player.js' */

/**
 * The film and its controls, which go to the full screen together and hide while
 * nothing moves: sound, subtitles, full screen, for everybody.
 */
export class Stage {
  #player
  #element
  #stage = byId('stage')
  #full = byId('full')
  #titles = /** @type {HTMLSelectElement} */ (byId('titles'))
  #mute = byId('mute')
  #still

  /**
   * @param {Player} player
   * @param {HTMLMediaElement} element
   */
  constructor(player, element) {
    this.#player = player
    this.#element = element
    this.#still = new AutoHide(this.#stage, () => this.#busy())
    const volume = /** @type {HTMLInputElement} */ (byId('volume'))
    volume.oninput = () => (element.volume = Number(volume.value))
    this.#mute.onclick = () => this.mute()
    element.addEventListener('volumechange', () => this.show())
    this.#titles.onchange = () => (player.subtitle = Number(this.#titles.value))
    this.#full.onclick = () => this.fill()
    element.ondblclick = () => this.fill()
    for (const event of ['fullscreenchange', 'webkitfullscreenchange']) document.addEventListener(event, () => this.show())
    this.show()
  }

  /** May the controls not hide? Not while nothing plays, or somebody is at them. */
  #busy() {
    const { state } = this.#player
    const plays = state === 'playing' || state === 'buffering' || state === 'seeking'
    return !plays || !byId('tap').hidden || byId('controls').matches(':hover, :has(:focus-visible)')
  }

  mute() {
    if (!this.#player.silenced) this.#element.muted = !this.#element.muted
  }

  /** Shows the next one of the subtitles, after the last none. */
  nextTitle() {
    const { subtitle, subtitles } = this.#player
    this.#player.subtitle = subtitle + 1 < subtitles.length ? subtitle + 1 : -1
  }

  get #filled() {
    return document.fullscreenElement === this.#stage || this.#stage.classList.contains('filled')
  }

  /** To the full screen, or back; where a browser has none for this, over the whole window. */
  async fill() {
    if (document.fullscreenElement) return document.exitFullscreen()
    if (this.#stage.classList.contains('filled') || !document.fullscreenEnabled) this.#stage.classList.toggle('filled')
    else await this.#stage.requestFullscreen({ navigationUI: 'hide' }).catch(() => this.#stage.classList.add('filled'))
    this.show()
  }

  /** Brings what is shown up to date. */
  show() {
    const { muted } = this.#element
    this.#mute.setAttribute('aria-pressed', String(muted))
    say(this.#mute, this.#player.silenced ? 'Silenced' : muted ? 'Muted' : 'Mute')
    say(this.#full, this.#filled ? 'Exit' : 'Full screen')
    this.#full.setAttribute('aria-label', this.#filled ? 'Leave full screen' : 'Full screen')
    this.#showTitles()
  }

  #showTitles() {
    const { subtitles, subtitle } = this.#player
    this.#titles.hidden = subtitles.length === 0
    const words = ['No subtitles', ...subtitles.map(({ label, state }) => (state === 'failed' ? `${label} (failed)` : label))]
    if (this.#titles.dataset.words !== words.join('\n')) {
      this.#titles.dataset.words = words.join('\n')
      this.#titles.replaceChildren(...words.map((word, i) => new Option(word, String(i - 1))))
    }
    this.#titles.value = String(subtitle)
  }

  /** What can only be said on the film itself while that fills the screen; '' for nothing. */
  /** @param {string} words */
  words(words) {
    const shown = byId('stage-say')
    shown.hidden = words === '' || !this.#filled
    if (shown.textContent !== words) shown.textContent = words
  }

  /** Somebody did something: the controls are there again. */
  wake() {
    this.#still.wake()
  }
}
