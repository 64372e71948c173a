import { el, reveal, say } from '../ui/ui.js'

/** @import { DeviceSettings } from '../../lib/wire.js' */

/**
 * What is chosen for a camera; what isn't in it stays as the device has it.
 *
 * @typedef {Record<string, any>} CameraSettings
 */

/** What can be chosen: its name, and the values with their names; the first leaves it to the device. */
/** @type {Record<string, [label: string, options: [string, string][]]>} */
const CHOICES = {
  size: ['Picture', [['', 'automatic'], ['1280x720', '1280 × 720'], ['1920x1080', '1920 × 1080'], ['3840x2160', '3840 × 2160']]],
  frameRate: ['Frames a second', [['', 'automatic'], ['24', '24'], ['25', '25'], ['30', '30'], ['50', '50'], ['60', '60']]],
  bitRate: ['Quality', [['', 'automatic'], ['2000000', '2 Mbit/s'], ['5000000', '5 Mbit/s'], ['10000000', '10 Mbit/s'], ['20000000', '20 Mbit/s'], ['40000000', '40 Mbit/s']]],
  orientation: ['Held', [['', 'either way'], ['landscape', 'across (landscape)'], ['portrait', 'upright (portrait)']]],
  container: ['File', [['', 'automatic'], ['mp4', 'MP4'], ['webm', 'WebM']]],
  cameraId: ['Camera', [['', 'automatic']]],
}
const SWITCHES = /** @type {const} */ ([['sound', 'Sound', true], ['torch', 'Lamp', false]])

/** Settings by the names in which a device refuses them. */
/** @type {Record<string, string>} */
const REFUSED = {
  width: 'this picture size', height: 'this picture size', frameRate: 'this many frames a second', bitRate: 'this quality',
  cameraId: 'this camera', torch: 'a lamp', orientation: 'holding it that way', container: 'this kind of file', sound: 'sound',
}

/** The choices for one camera, or for all. */
export class CameraChoices {
  /** @type {Map<string, HTMLSelectElement>} */ #selects = new Map()
  /** @type {Map<string, HTMLInputElement>} */ #boxes = new Map()
  #told = el('p', { className: 'note' })
  #cannot = el('p', { className: 'card-warn' })
  #chosen = /** @type {CameraSettings} */ ({})
  #one
  node = el('div', { className: 'camera-choices' })

  /**
   * @param {(settings: CameraSettings) => void} send  all that is chosen now
   * @param {boolean} [one]  for one camera: which of a device's is a choice as well
   */
  constructor(send, one = true) {
    this.#one = one
    for (const name of Object.keys(CHOICES)) if (one || name !== 'cameraId') this.#addSelect(name, send)
    for (const [name, label] of SWITCHES) this.#addSwitch(name, label, send)
    this.node.append(this.#told, this.#cannot)
  }

  /**
   * @param {string} name
   * @param {(settings: CameraSettings) => void} send
   */
  #addSelect(name, send) {
    const [label, options] = CHOICES[name]
    const select = /** @type {HTMLSelectElement} */ (el('select', {}, ...options.map(([value, text]) => el('option', { value }, this.#one && !value && name !== 'cameraId' ? 'as for all' : text))))
    select.onchange = () => send(changed(this.#chosen, name, select.value))
    this.#selects.set(name, select)
    this.node.append(el('label', {}, label, select))
  }

  /**
   * @param {string} name
   * @param {string} label
   * @param {(settings: CameraSettings) => void} send
   */
  #addSwitch(name, label, send) {
    const box = /** @type {HTMLInputElement} */ (el('input', { type: 'checkbox' }))
    box.onchange = () => send({ ...this.#chosen, [name]: box.checked })
    this.#boxes.set(name, box)
    this.node.append(el('label', { className: 'tick' }, box, label))
  }

  /**
   * @param {CameraSettings} chosen
   * @param {DeviceSettings | null} [really]  the settings as the device tells them
   * @param {CameraSettings} [all]  what is chosen for all cameras
   */
  update(chosen, really = null, all = {}) {
    this.#chosen = chosen
    this.#fillCameras(really?.cameras ?? [])
    for (const [name, select] of this.#selects) {
      const value = valueOf(chosen, name)
      if (select.value !== value && document.activeElement !== select) select.value = value
    }
    for (const [name, , usual] of SWITCHES) {
      const box = /** @type {HTMLInputElement} */ (this.#boxes.get(name))
      const on = chosen[name] ?? all[name] ?? usual
      if (box.checked !== on) box.checked = on
    }
    say(this.#told, reallyWords(really))
    say(this.#cannot, cannotWords(really?.refused))
  }

  /** @param {{id: string, label: string}[]} cameras */
  #fillCameras(cameras) {
    const select = this.#selects.get('cameraId')
    if (!select) return
    reveal(/** @type {HTMLElement} */ (select.parentElement), cameras.length > 1)
    const key = JSON.stringify(cameras)
    if (select.dataset.key === key || document.activeElement === select) return
    select.dataset.key = key
    const [, [[none, words]]] = CHOICES.cameraId
    select.replaceChildren(el('option', { value: none }, words), ...cameras.map(({ id, label }, i) => el('option', { value: id }, label || `Camera ${i + 1}`)))
  }
}

/**
 * @param {CameraSettings} chosen
 * @param {string} name
 */
function valueOf(chosen, name) {
  if (name === 'size') return chosen.width && chosen.height ? `${chosen.width}x${chosen.height}` : ''
  const value = String(chosen[name] ?? '')
  return value === 'any' || value === 'auto' ? '' : value
}

/**
 * What is chosen after a change.
 *
 * @param {CameraSettings} chosen
 * @param {string} name   of a choice
 * @param {string} value  '' leaves it to the device
 * @returns {CameraSettings}
 */
export function changed(chosen, name, value) {
  const next = { ...chosen }
  if (name === 'size') {
    const [width, height] = value.split('x').map(Number)
    delete next.width
    delete next.height
    return value ? { ...next, width, height } : next
  }
  delete next[name]
  if (!value) return next
  return { ...next, [name]: name === 'frameRate' || name === 'bitRate' ? Number(value) : value }
}

/**
 * How the camera really records.
 *
 * @param {Partial<DeviceSettings> | null | undefined} really
 */
export function reallyWords(really) {
  if (!really) return ''
  const { width, height, frameRate, container } = really
  const parts = [
    width && height ? `${width} × ${height}` : '',
    frameRate ? `${Number(frameRate.toFixed(1))} frames a second` : '',
    container && container !== 'auto' ? container === 'mp4' ? 'MP4' : 'WebM' : '',
  ].filter(Boolean)
  return parts.length ? `It records ${parts.join(', ')}.` : ''
}

/** @param {string[] | undefined} refused */
export function cannotWords(refused) {
  const names = [...new Set((refused ?? []).map(name => REFUSED[name] ?? name))]
  return names.length ? `It can’t do ${names.join(', ')}.` : ''
}
