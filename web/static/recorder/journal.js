/** @import { Box } from './store.js' */

/**
 * What is known of a recording, next to its file: enough to go on with it after
 * a reload. Times are session time, ms.
 *
 * @typedef {object} Notes
 * @property {string} recordingId
 * @property {string} sessionId
 * @property {string} label
 * @property {string} filename
 * @property {string} filetype
 * @property {number} [from]        no frame in the file was captured before
 * @property {number} [started]     the first frame
 * @property {number} [startBound]
 * @property {number} [stopped]     the last frame, or the last that is known to be in the file
 * @property {number} [stopBound]
 * @property {boolean} [complete]   nothing comes after what the file has
 * @property {string} [uploadURL]
 * @property {string} [proof]       that the recording is this device's: what it is uploaded with
 */

/** Notes as a file of lines, each of which adds to those before it; the last one may be torn. */
export class Journal {
  #box
  /** @type {Partial<Notes>} */ #notes

  /** @param {Box} box */
  constructor(box) {
    this.#box = box
    this.#notes = parse(new TextDecoder().decode(box.read(0, box.size)))
  }

  get notes() {
    return this.#notes
  }

  /** @param {Partial<Notes>} more */
  add(more) {
    Object.assign(this.#notes, more)
    const line = new TextEncoder().encode(JSON.stringify(more) + '\n')
    try {
      this.#box.append(line)
      this.#box.flush()
    } catch {
      // The storage is full: what was recorded is there, and goes up from here.
    }
  }

  close() {
    this.#box.close()
  }

  remove() {
    return this.#box.remove()
  }
}

/**
 * @param {string} text
 * @returns {Partial<Notes>}
 */
export function parse(text) {
  const notes = {}
  for (const line of text.split('\n')) {
    try {
      Object.assign(notes, JSON.parse(line))
    } catch {
      continue // torn
    }
  }
  return notes
}
