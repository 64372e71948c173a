/** After so long without a move the controls hide, ms. */
const STILL = 3000

/** Hides an element's controls while nobody moves: its class `still`. */
export class AutoHide {
  #stage
  #busy
  #timer = 0

  /**
   * @param {HTMLElement} stage
   * @param {() => boolean} busy  they may not hide now
   */
  constructor(stage, busy) {
    this.#stage = stage
    this.#busy = busy
    for (const event of ['pointermove', 'focusin', 'keydown']) stage.addEventListener(event, () => this.wake())
    stage.addEventListener('pointerdown', event => this.#pressed(event))
    stage.addEventListener('pointerleave', ({ pointerType }) => pointerType === 'mouse' && this.#rest())
    this.wake()
  }

  get #still() {
    return this.#stage.classList.contains('still')
  }

  wake() {
    this.#stage.classList.remove('still')
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#rest(), STILL)
  }

  #rest() {
    if (this.#busy()) this.wake()
    else this.#stage.classList.add('still')
  }

  /**
   * A finger on the film shows the controls, and hides them again.
   *
   * @param {PointerEvent} event
   */
  #pressed({ pointerType, target }) {
    const film = target instanceof HTMLMediaElement
    if (pointerType !== 'touch' || !film || this.#still) return this.wake()
    clearTimeout(this.#timer)
    this.#rest()
  }
}
