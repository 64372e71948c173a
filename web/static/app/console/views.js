import { browser } from '../../lib/webstorage.js'
import { byId, reveal } from '../ui/ui.js'

/** @import { Purpose } from './readiness.js' */

/** The three jobs of a session, each with a view of the page. */
const VIEWS = /** @type {const} */ (['film', 'act', 'watch'])
/** Where the last one is kept, for this browser. */
const KEPT = 'downbeat:view'

/** Which job the page is for: film, act together, watch together. The address keeps it. */
export class Views {
  /** @type {Purpose} */ #current
  #changed
  #onPop = () => this.#turn(wanted())

  /** @param {(view: Purpose) => void} changed */
  constructor(changed) {
    this.#changed = changed
    this.#current = wanted()
    for (const view of VIEWS) byId(`view-${view}`).onclick = event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return // in another tab or window
      event.preventDefault()
      this.show(view)
    }
    addEventListener('popstate', this.#onPop)
    byId('views').hidden = false
    this.#draw()
  }

  get current() {
    return this.#current
  }

  /**
   * Shows a view, so that whoever presses a key sees what it did.
   *
   * @param {Purpose} view
   */
  show(view) {
    if (view === this.#current) return
    history.pushState(null, '', address(view))
    browser.set(KEPT, view)
    this.#turn(view)
  }

  close() {
    removeEventListener('popstate', this.#onPop)
  }

  /** @param {Purpose} view */
  #turn(view) {
    this.#current = view
    this.#draw()
    this.#changed(view)
  }

  #draw() {
    document.body.dataset.view = this.#current
    for (const view of VIEWS) {
      const link = /** @type {HTMLAnchorElement} */ (byId(`view-${view}`))
      link.href = address(view)
      if (view === this.#current) link.setAttribute('aria-current', 'page')
      else link.removeAttribute('aria-current')
    }
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-views]'))) {
      reveal(section, (section.dataset.views ?? '').split(' ').includes(this.#current))
    }
  }
}

/** @returns {Purpose} */
function wanted() {
  const named = new URLSearchParams(location.search).get('view') ?? browser.get(KEPT)
  return VIEWS.find(view => view === named) ?? 'film'
}

/** @param {Purpose} view */
function address(view) {
  const url = new URL(location.href)
  url.searchParams.set('view', view)
  return url.href
}
