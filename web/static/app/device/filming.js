import { Recorder } from '../../recorder.js'
import { nothingToRecord } from './nocamera.js'
import { find } from './viewfinder.js'
import { keptWords, running, showTakes } from './recordingwords.js'
import { alertError, alertUser, byId, el } from '../ui/ui.js'

/** @import { Session } from '../../downbeat.js' */
/** @import { TakeState } from '../../recorder.js' */

/**
 * The device's camera on the page: preview, countdown, the sign that it records,
 * choice of camera and microphone, what became of its recordings.
 */
export class Filming {
  #session
  #recorder
  #since = NaN
  #failing = false
  /** Takes back what was said. */
  /** @type {Map<string, () => void>} */ #said = new Map()
  #timer

  /** Called when what the page says of the device may be another thing. */
  changed = () => {}

  /** @param {Session} session */
  constructor(session) {
    this.#session = session
    const recorder = (this.#recorder = new Recorder(session))
    recorder.on('state', () => this.#stateChanged())
    recorder.on('stream', () => this.#swapped())
    recorder.on('takes', () => this.#takes())
    recorder.on('countdown', count => this.#count(count))
    recorder.on('trouble', ({ code, message }) => this.#trouble(code, message))
    recorder.on('cleared', ({ code }) => this.#cleared(code))
    byId('camera-again').onclick = () => this.#again()
    for (const id of ['camera-choice', 'microphone-choice']) byId(id).onchange = () => this.#choose()
    addEventListener('beforeunload', event => this.#leaving(event))
    this.#timer = setInterval(() => this.#tick(), 250)
  }

  get state() {
    return this.#failing ? 'failed' : this.#recorder.state
  }

  async open() {
    try {
      await this.#recorder.open()
      this.#failing = false
      byId('camera-trouble').hidden = true
      byId('camera-part').hidden = false
      this.#preview()
      await this.#list()
    } catch (error) {
      this.#failed(/** @type {Error} */ (error).message)
      nothingToRecord(this.#session)
    }
    this.changed()
  }

  /** @param {string} message */
  #failed(message) {
    this.#failing = true
    byId('camera-message').textContent = message
    byId('camera-trouble').hidden = false
  }

  async #again() {
    this.#recorder.close()
    await this.open()
  }

  #preview() {
    find(/** @type {HTMLVideoElement} */ (byId('preview')), this.#recorder.stream)
    byId('finder').hidden = !this.#recorder.stream
  }

  #swapped() {
    this.#preview()
    void this.#list()
  }

  async #list() {
    const { cameras, microphones } = await this.#recorder.devices()
    const stream = this.#recorder.stream
    fill('camera-choice', cameras, stream?.getVideoTracks()[0], 'Camera')
    fill('microphone-choice', microphones, stream?.getAudioTracks()[0], 'Microphone')
  }

  async #choose() {
    const chosen = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (byId(id)).value || undefined
    try {
      await this.#recorder.choose({ videoDeviceId: chosen('camera-choice'), audioDeviceId: chosen('microphone-choice') })
    } catch (error) {
      alertError(error)
    }
  }

  #stateChanged() {
    const { state } = this.#recorder
    if (state === 'recording') this.#since = performance.now()
    document.body.classList.toggle('recording', state === 'recording')
    byId('rec').hidden = state !== 'recording'
    byId('count').hidden = state !== 'armed' || byId('count').hidden
    for (const id of ['camera-choice', 'microphone-choice']) /** @type {HTMLSelectElement} */ (byId(id)).disabled = state !== 'ready'
    this.#tick()
    this.changed()
  }

  #tick() {
    if (this.#recorder.state === 'recording') byId('rec-time').textContent = running(performance.now() - this.#since)
  }

  /** @param {{ms: number, label: string}} count */
  #count({ ms, label }) {
    byId('count').hidden = ms <= 0
    byId('count-number').textContent = String(Math.ceil(ms / 1000))
    byId('count-label').textContent = label
  }

  #takes() {
    const { takes, lasting } = this.#recorder
    byId('takes-part').hidden = !takes.length
    showTakes(byId('takes'), takes, take => this.#save(take))
    byId('kept').textContent = keptWords(takes, lasting)
  }

  /** @param {TakeState} take */
  async #save(take) {
    const file = await this.#recorder.file(take.recordingId)
    if (!file) return
    const href = URL.createObjectURL(file)
    const ending = file.type.includes('mp4') ? 'mp4' : 'webm'
    el('a', { href, download: `${take.label || 'take'}-${take.recordingId.slice(0, 8)}.${ending}` }).click()
    setTimeout(() => URL.revokeObjectURL(href), 60_000)
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  #trouble(code, message) {
    if (code !== 'camera_lost') return void this.#said.set(code, alertUser(message))
    this.#failed(message)
    this.changed()
  }

  /** @param {string} code  of what isn't wrong any more */
  #cleared(code) {
    this.#said.get(code)?.()
    this.#said.delete(code)
    if (code !== 'camera_lost') return
    this.#failing = false
    byId('camera-trouble').hidden = true
    this.changed()
  }

  /** @param {BeforeUnloadEvent} event */
  #leaving(event) {
    const { state, takes, lasting } = this.#recorder
    const busy = state === 'armed' || state === 'recording' || state === 'finishing'
    if (busy || (!lasting && takes.some(take => take.state !== 'uploaded'))) event.preventDefault()
  }

  close() {
    clearInterval(this.#timer)
    this.#recorder.close()
  }
}

/**
 * @param {string} id
 * @param {{deviceId: string, label: string}[]} devices
 * @param {MediaStreamTrack | undefined} track  the one in use
 * @param {string} word
 */
function fill(id, devices, track, word) {
  const select = /** @type {HTMLSelectElement} */ (byId(id))
  select.replaceChildren(...devices.map(({ deviceId, label }, i) => el('option', { value: deviceId }, label || `${word} ${i + 1}`)))
  select.value = track?.getSettings().deviceId ?? ''
}
