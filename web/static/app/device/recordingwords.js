import { el } from '../ui/ui.js'

/** @import { TakeState } from '../../recorder.js' */

/**
 * What is becoming of a recording, in words.
 *
 * @param {TakeState} take
 */
export function takeWords({ state, bytes, uploadedBytes, error }) {
  switch (state) {
    case 'recording': return `recording, ${size(bytes)} so far`
    case 'waiting': return error ?? 'waits for the network'
    case 'uploading': return error ?? `${size(uploadedBytes)} of ${size(bytes)} sent`
    case 'uploaded': return `sent, ${size(bytes)}`
    default: return error ?? 'could not be sent'
  }
}

/**
 * What is on this device and nowhere else, in words; empty where nothing is.
 *
 * @param {TakeState[]} takes
 * @param {boolean} lasting  does it survive the page?
 */
export function keptWords(takes, lasting) {
  const kept = takes.filter(({ state }) => state !== 'uploaded')
  if (!kept.length) return takes.length ? 'Everything is on the server. Nothing is kept on this device.' : ''
  const bytes = kept.reduce((sum, take) => sum + take.bytes, 0)
  return `${size(bytes)} kept on this device until the server has it. ` +
    (lasting ? 'It is still here after a reload.' : 'Don’t close this page before it is sent.')
}

/**
 * @param {number} bytes
 */
export function size(bytes) {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/**
 * How long a take has been running: 0:07, 12:30, 1:02:03.
 *
 * @param {number} ms
 */
export function running(ms) {
  const s = Math.max(0, Math.floor(ms / 1000))
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0')
  const hours = Math.floor(s / 3600)
  const minutes = Math.floor(s / 60) % 60
  return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`
}

/**
 * The list, the latest first. Items stay the same elements, so that a button
 * keeps the focus.
 *
 * @param {HTMLElement} list
 * @param {TakeState[]} takes
 * @param {(take: TakeState) => void} save
 */
export function showTakes(list, takes, save) {
  for (const take of takes) {
    const item = [...list.children].find(child => child.id === `take-${take.recordingId}`) ?? newItem(take)
    if (!item.parentElement) list.prepend(item)
    const [head, bar, words, button] = /** @type {any[]} */ ([...item.children])
    head.textContent = take.label || 'Take'
    bar.value = take.bytes ? take.uploadedBytes / take.bytes : 0
    bar.hidden = take.state === 'uploaded'
    const said = takeWords(take)
    if (words.textContent !== said) words.textContent = said
    button.hidden = take.state !== 'waiting' && take.state !== 'failed'
    button.onclick = () => save(take)
    item.className = `take ${take.state}`
  }
}

/** @param {TakeState} take */
function newItem({ recordingId, label }) {
  const name = label || 'Take'
  return el('li', { id: `take-${recordingId}` },
    el('b', {}, name), el('progress', { max: 1, value: 0, ariaLabel: `${name}: how much is sent` }), el('span', { className: 'take-words' }),
    el('button', { type: 'button' }, 'Save a copy'))
}
