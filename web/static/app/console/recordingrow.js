import * as format from '../ui/format.js'
import { progress, statusWords } from './takestate.js'
import { el, reveal, say, setPill } from '../ui/ui.js'
import { warningsIn } from './warningwords.js'

/** @import { Listed } from './takestate.js' */

const AFTER = 'After the one before'

/** A device's recording as a row of its take's table. */
export class RecordingRow {
  #name = el('span')
  #why = el('ul', { className: 'card-warn' })
  #after = cell(AFTER)
  #length = cell('Length')
  #state = el('span', { className: 'pill' })
  #bar = /** @type {HTMLProgressElement} */ (el('progress', { max: 1, hidden: true }))
  #far = el('span', { className: 'far' })
  #status = cell('Upload', this.#state, this.#bar, this.#far)
  #file = cell('File')
  #nameOf
  node = el('tr', {}, el('th', { scope: 'row' }, this.#name, this.#why), this.#after, this.#length, this.#status, this.#file)

  /** @param {(recording: Listed) => string} nameOf */
  constructor(nameOf) {
    this.#nameOf = nameOf
  }

  /** @param {Listed} r */
  update(r) {
    const name = this.#nameOf(r)
    say(this.#name, name)
    this.#warn(warningsIn(r.report?.warnings).map(({ text }) => text))
    say(this.#after, afterWords(r))
    say(this.#length, r.startTimestamp == null || r.stopTimestamp == null ? '—' : format.span(r.stopTimestamp - r.startTimestamp))
    setPill(this.#state, ...statusWords(r))
    const done = progress(r)
    reveal(this.#bar, done != null && done < 1)
    if (done != null && this.#bar.value !== done) this.#bar.value = done
    this.#bar.setAttribute('aria-label', `Upload of ${name}`)
    say(this.#far, farWords(r))
    fillFile(this.#file, r, name)
  }

  /** @param {string[]} texts  what went wrong with it */
  #warn(texts) {
    if (this.#why.dataset.text === texts.join()) return
    this.#why.dataset.text = texts.join()
    this.#why.replaceChildren(...texts.map(text => el('li', {}, text)))
  }
}

/** @param {HTMLElement} rows */
export function tableOf(rows) {
  const heads = ['Device', AFTER, 'Length', 'Upload', 'File'].map(text => el('th', { scope: 'col' }, text))
  return el('table', { className: 'recordings' }, el('thead', {}, el('tr', {}, ...heads)), rows)
}

/**
 * @param {string} label  shown next to it where the table is narrow
 * @param {HTMLElement[]} children
 */
function cell(label, ...children) {
  const td = el('td', {}, ...children)
  td.dataset.label = label
  return td
}

/** @param {Listed} r */
function afterWords({ startTimestamp, diffMs, diffBoundMs }) {
  if (startTimestamp == null) return '—'
  return diffMs == null ? 'first' : `+${format.span(diffMs)} ± ${format.span(diffBoundMs)}`
}

/** @param {Listed} r */
function farWords({ uploadStatus, uploadedBytes, uploadLength }) {
  if (uploadStatus !== 'uploading' || uploadedBytes == null) return ''
  return uploadLength && uploadLength > 0 ? `${format.bytes(uploadedBytes)} of ${format.bytes(uploadLength)}` : format.bytes(uploadedBytes)
}

/**
 * @param {HTMLElement} box
 * @param {Listed} r
 * @param {string} device
 */
function fillFile(box, { uploadStatus, fileUrl, fileSizeBytes }, device) {
  const key = [uploadStatus, fileUrl, fileSizeBytes].join()
  if (box.dataset.key === key) return
  box.dataset.key = key
  if (uploadStatus !== 'uploaded') return box.replaceChildren('—')
  if (!fileUrl) return box.replaceChildren(`${format.bytes(fileSizeBytes)}, not on this server`)
  const link = el('a', { href: fileUrl, download: '' }, `Download ${format.bytes(fileSizeBytes)}`)
  link.setAttribute('aria-label', `Download the recording of ${device}, ${format.bytes(fileSizeBytes)}`)
  box.replaceChildren(link)
}
