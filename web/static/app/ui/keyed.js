/**
 * One child of a list: its node, made once, and what brings it up to date.
 *
 * @template T
 * @typedef {{node: HTMLElement, update: (item: T) => void}} Part
 */

/**
 * Keeps the children of an element in line with a list, each by its key:
 * nodes stay, and with them focus, selection and what is unfolded.
 *
 * @template T
 */
export class Keyed {
  #parent
  #make
  /** @type {Map<string, Part<T>>} */ #parts = new Map()

  /**
   * @param {HTMLElement} parent
   * @param {(item: T) => Part<T>} make
   */
  constructor(parent, make) {
    this.#parent = parent
    this.#make = make
  }

  /** @param {[string, T][]} items  by key, in their order */
  show(items) {
    const before = this.#parts
    this.#parts = new Map()
    for (const [key, item] of items) this.#parts.set(key, before.get(key) ?? this.#make(item))
    for (const [key, part] of before) if (!this.#parts.has(key)) part.node.remove()
    let next = this.#parent.firstChild
    for (const [key, item] of items) {
      const part = /** @type {Part<T>} */ (this.#parts.get(key))
      part.update(item)
      if (part.node === next) next = next.nextSibling
      else this.#parent.insertBefore(part.node, next)
    }
  }
}
