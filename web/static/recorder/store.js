/**
 * Where recordings stay until the server has them: files of this origin
 * (OPFS), or memory where there are none. Used in a worker.
 */

/** What of FileSystemSyncAccessHandle is used. */
/**
 * @typedef {object} Handle
 * @property {(bytes: AllowSharedBufferSource, options?: {at?: number}) => number} read
 * @property {(bytes: AllowSharedBufferSource, options?: {at?: number}) => number} write
 * @property {(size: number) => void} truncate
 * @property {() => number} getSize
 * @property {() => void} flush
 * @property {() => void} close
 */

const FOLDER = 'downbeat-recordings'

export class Store {
  #folder

  /** @param {any} folder  a FileSystemDirectoryHandle, or null: in memory; TypeScript has no sync handles outside of workers */
  constructor(folder) {
    this.#folder = folder
  }

  /** Does what is stored survive the page? */
  get lasting() {
    return this.#folder !== null
  }

  /** The names of all files. */
  async names() {
    /** @type {string[]} */
    const names = []
    try {
      if (this.#folder) for await (const name of this.#folder.keys()) names.push(name)
    } catch {
      // Another tab removes files meanwhile: what was found is there, or turns out not to be.
    }
    return names
  }

  /**
   * Is there a file of that name, open in another tab or not?
   *
   * @param {string} name
   */
  async has(name) {
    if (!this.#folder) return false
    return this.#folder.getFileHandle(name).then(() => true, () => false)
  }

  /**
   * Opens a file, which nobody else can do then; rejects when another tab has it.
   *
   * @param {string} name
   */
  async open(name) {
    if (!this.#folder) return new Box(new Memory(), async () => {})
    const file = await this.#folder.getFileHandle(name, { create: true })
    return new Box(await file.createSyncAccessHandle(), () => this.#remove(name))
  }

  /**
   * Another tab may have removed it, or the user all of them: gone is gone.
   *
   * @param {string} name
   */
  async #remove(name) {
    try {
      await this.#folder.removeEntry(name)
    } catch (error) {
      if (/** @type {DOMException} */ (error).name !== 'NotFoundError') throw error
    }
  }
}

/** @returns {Promise<Store>} */
export async function openStore() {
  try {
    const root = await navigator.storage.getDirectory()
    const store = new Store(await root.getDirectoryHandle(FOLDER, { create: true }))
    const probe = await store.open(`probe-${crypto.randomUUID()}`) // synchronous access is not everywhere
    await probe.remove()
    return store
  } catch {
    return new Store(null)
  }
}

/** A file that grows at its end. */
export class Box {
  #handle
  #remove
  #size
  #open = true

  /**
   * @param {Handle} handle
   * @param {() => Promise<void>} remove
   */
  constructor(handle, remove) {
    this.#handle = handle
    this.#remove = remove
    this.#size = handle.getSize()
  }

  get size() {
    return this.#size
  }

  /**
   * Appends all or nothing; throws when there is no room.
   *
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  append(bytes) {
    const before = this.#size
    try {
      const written = this.#handle.write(bytes, { at: before })
      if (written < bytes.length) throw new DOMException('the storage is full', 'QuotaExceededError')
      this.#size = before + written
    } catch (error) {
      this.#handle.truncate(before)
      throw error
    }
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  read(from, to) {
    const bytes = new Uint8Array(to - from)
    return bytes.subarray(0, this.#handle.read(bytes, { at: from }))
  }

  flush() {
    if (this.#open) this.#handle.flush()
  }

  close() {
    if (this.#open) this.#handle.close()
    this.#open = false
  }

  /** Another tab may have done so; what can't be removed is taken up, and removed, by the next page. */
  async remove() {
    this.close()
    await this.#remove().catch(() => {})
  }
}

/** @implements {Handle} */
class Memory {
  /** @type {Uint8Array[]} */ #parts = []
  #size = 0

  getSize() {
    return this.#size
  }

  /** @param {AllowSharedBufferSource} bytes */
  write(bytes) {
    const part = bytesOf(bytes).slice()
    this.#parts.push(part)
    this.#size += part.length
    return part.length
  }

  /**
   * @param {AllowSharedBufferSource} into
   * @param {{at?: number}} [options]
   */
  read(into, { at = 0 } = {}) {
    const target = bytesOf(into)
    let position = 0
    let filled = 0
    for (const part of this.#parts) {
      const from = Math.max(0, at + filled - position)
      const piece = part.subarray(Math.min(from, part.length), from + target.length - filled)
      target.set(piece, filled)
      filled += piece.length
      position += part.length
    }
    return filled
  }

  /** @param {number} size */
  truncate(size) {
    const whole = new Uint8Array(Math.min(size, this.#size))
    this.read(whole)
    this.#parts = [whole]
    this.#size = whole.length
  }

  flush() {}

  close() {}
}

/** @param {AllowSharedBufferSource} source */
function bytesOf(source) {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source)
}
