import { explain, foresee, unplayable } from './playertroubles.js'

/** @import { Trouble } from './playertroubles.js' */

/** A network error is tried again after this, doubling up to the second, ms. */
const RETRY = 1000
const LONGEST_RETRY = 30000

/**
 * What a media element has loaded, and why it could not. A medium is asked
 * for again by itself as long as that may help.
 */
export class MediaLoader {
  #element
  #address
  #on
  #retry = RETRY
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer
  #forbidden = false
  #ending = new AbortController()
  /** As the leader gave it; '' where nothing is loaded. */
  url = ''

  /**
   * @param {HTMLMediaElement} element
   * @param {(url: string) => string} address  where a medium is
   * @param {(trouble: Trouble) => void} on  it can't be loaded, or broke off
   */
  constructor(element, address, on) {
    this.#element = element
    this.#address = address
    this.#on = on
    const { signal } = this.#ending
    element.addEventListener('error', () => void this.#failed(), { signal })
    element.addEventListener('playing', () => (this.#retry = RETRY), { signal })
    document.addEventListener('securitypolicyviolation', event => {
      if (event.effectiveDirective === 'media-src') this.#forbidden = true
    }, { signal })
  }

  /** @param {string} mediaUrl  '' for nothing */
  load(mediaUrl) {
    clearTimeout(this.#timer)
    this.url = mediaUrl
    this.#forbidden = false
    this.#element.pause()
    if (!mediaUrl) return this.#empty()
    const trouble = foresee(mediaUrl, location.href) ?? unplayable(mediaUrl, type => this.#element.canPlayType(type))
    if (!trouble) this.#element.src = this.#address(mediaUrl) // begins to load
    else this.#empty()
    if (trouble) this.#on(trouble)
  }

  #empty() {
    this.#element.removeAttribute('src')
    this.#element.load()
  }

  async #failed() {
    const { error } = this.#element
    if (!error || !this.url) return
    const { href, origin } = new URL(this.#address(this.url))
    const sameOrigin = origin === location.origin
    const status = sameOrigin ? await statusOf(href) : undefined
    if (error !== this.#element.error || this.#ending.signal.aborted) return // overtaken
    const trouble = explain(error, { url: href, sameOrigin, status, policy: this.#forbidden })
    if (!trouble.fatal) this.#again()
    this.#on(trouble)
  }

  #again() {
    this.#timer = setTimeout(() => this.load(this.url), this.#retry)
    this.#retry = Math.min(LONGEST_RETRY, this.#retry * 2)
  }

  close() {
    clearTimeout(this.#timer)
    this.#ending.abort()
  }
}

/**
 * What this server answers for a file; undefined where it doesn't.
 *
 * @param {string} url
 * @returns {Promise<number | undefined>}
 */
async function statusOf(url) {
  const response = await fetch(url, { method: 'HEAD' }).catch(() => null)
  return response?.status
}
