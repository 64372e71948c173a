import { openCamera } from '../../recorder/camera.js'
import { insecureWords } from './checks.js'
import { limitInputs } from '../ui/limits.js'
import { find } from './viewfinder.js'
import { byId } from '../ui/ui.js'

/** @import { Choice } from './choice.js' */

/**
 * Asks what the device is to be: three taps at most, camera, the browser's own
 * question, view; the name is there already. Resolves once that is said.
 *
 * @param {Choice} choice  what is known already
 * @returns {Promise<Choice>}
 */
export function choosing(choice) {
  return new Promise(resolve => new Setup(choice, resolve))
}

class Setup {
  #choice
  #done
  /** @type {MediaStream | null} */ #stream = null
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
    limitInputs(byId('choose'))
    this.#name.value = choice.name
    this.#camera.onclick = () => this.#useCamera()
    byId('no-camera').onclick = () => this.#finish(false)
    for (const chip of this.#chips) chip.onclick = () => this.#look(chip.dataset.view ?? '')
    byId('choose').onsubmit = event => this.#submit(event)
    this.#show()
    if (!isSecureContext) this.#withoutCamera(insecureWords())
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

  async #useCamera() {
    this.#camera.disabled = true
    byId('camera-words').textContent = 'Say yes to the browser’s question.'
    try {
      this.#stream = (await openCamera({ video: true, audio: true }, {})).stream
      this.#choice.camera = true
      this.#preview()
      if (this.#choice.view) this.#finish(true)
    } catch (error) {
      byId('camera-words').textContent = /** @type {Error} */ (error).message
      this.#camera.textContent = 'Try again'
      this.#camera.disabled = false
    }
  }

  #preview() {
    const video = /** @type {HTMLVideoElement} */ (byId('try'))
    find(video, this.#stream)
    video.hidden = false
    byId('camera-ask').hidden = true
    byId('view-words').textContent = 'One more tap: where does it look from?'
  }

  /** @param {string} view */
  #look(view) {
    this.#choice.view = view
    this.#show()
    if (this.#choice.camera) this.#finish(true)
    else byId('camera-words').textContent = 'Now the camera: with it, or without?'
  }

  #show() {
    const { view } = this.#choice
    for (const chip of this.#chips) chip.setAttribute('aria-pressed', String(chip.dataset.view === view))
    const own = ![...this.#chips].some(chip => chip.dataset.view === view)
    this.#view.value = own ? view : ''
  }

  /**
   * The camera is given back: the recorder opens it again, without a question.
   *
   * @param {boolean} camera
   */
  #finish(camera) {
    for (const track of this.#stream?.getTracks() ?? []) track.stop()
    byId('choose').hidden = true
    this.#done({ name: this.#name.value.trim() || this.#choice.name, view: this.#choice.view, camera })
  }
}
