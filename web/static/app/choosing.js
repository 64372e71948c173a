import { insecureWords } from './checks.js'
import { byId } from './ui.js'

/** @import { Choice } from './choice.js' */

/**
 * Asks what the device is to be: one tap, where it looks from; the name is there
 * already. Resolves once that is said.
 *
 * @param {Choice} choice  what is known already
 * @returns {Promise<Choice>}
 */
export function choosing(choice) {
  return new Promise(resolve => new Choosing(choice, resolve))
}

class Choosing {
  #choice
  #done
  #name = /** @type {HTMLInputElement} */ (byId('own-name'))
  #view = /** @type {HTMLInputElement} */ (byId('own-view'))
  #camera = /** @type {HTMLButtonElement} */ (byId('use-camera'))

  /**
   * @param {Choice} choice
   * @param {(choice: Choice) => void} done
   */
  constructor(choice, done) {
    this.#choice = { ...choice }
    this.#done = done
    byId('choose').hidden = false
    this.#name.value = choice.name
    byId('no-camera').onclick = () => this.#finish(false)
    for (const chip of this.#chips) chip.onclick = () => this.#look(chip.dataset.view ?? '')
    byId('choose').onsubmit = event => this.#submit(event)
    this.#show()
    this.#withoutCamera(isSecureContext ? 'Pages don’t record yet: this device flashes and sounds.' : insecureWords())
  }

  get #chips() {
    return /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('#choose [data-view]'))
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault()
    this.#look(this.#view.value.trim())
  }

  /** @param {string} words */
  #withoutCamera(words) {
    byId('camera-words').textContent = words
    this.#camera.disabled = true
    this.#camera.className = ''
    byId('no-camera').className = 'primary'
  }

  /** @param {string} view */
  #look(view) {
    this.#choice.view = view
    this.#show()
    this.#finish(false)
  }

  #show() {
    const { view } = this.#choice
    for (const chip of this.#chips) chip.setAttribute('aria-pressed', String(chip.dataset.view === view))
    const own = ![...this.#chips].some(chip => chip.dataset.view === view)
    this.#view.value = own ? view : ''
  }

  /** @param {boolean} camera */
  #finish(camera) {
    byId('choose').hidden = true
    this.#done({ name: this.#name.value.trim() || this.#choice.name, view: this.#choice.view, camera })
  }
}
