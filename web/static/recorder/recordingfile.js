/** @import { Box } from './store.js' */
/** @import { Journal, Notes } from './journal.js' */

/** A recording that is kept here until the server has it: its file and what is known of it. */
export class RecordingFile {
  #box
  #journal

  /**
   * @param {Box} box
   * @param {Journal} journal
   */
  constructor(box, journal) {
    this.#box = box
    this.#journal = journal
  }

  get notes() {
    return this.#journal.notes
  }

  get size() {
    return this.#box.size
  }

  /** Nothing comes after what there is. */
  get complete() {
    return this.notes.complete === true
  }

  /** @param {Partial<Notes>} more */
  note(more) {
    this.#journal.add(more)
  }

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  append(bytes) {
    this.#box.append(bytes)
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  read(from, to) {
    return this.#box.read(from, to)
  }

  flush() {
    this.#box.flush()
  }

  close() {
    this.#box.close()
    this.#journal.close()
  }

  async remove() {
    await this.#box.remove()
    await this.#journal.remove()
  }
}
