/** How long the media may take to tell its length, ms. */
const PATIENCE = 3000

/**
 * The media's length in s, as this browser finds it; 0 when it can't.
 *
 * @param {string} href
 * @returns {Promise<number>}
 */
export function lengthOf(href) {
  const media = document.createElement('video')
  media.preload = 'metadata'
  media.muted = true
  return new Promise(resolve => {
    const end = () => {
      const { duration } = media
      media.removeAttribute('src')
      media.load()
      resolve(Number.isFinite(duration) ? duration : 0)
    }
    media.onloadedmetadata = media.onerror = end
    setTimeout(end, PATIENCE)
    media.src = href
  })
}

/**
 * What to call a medium without a title.
 *
 * @param {string} href
 */
export function fileName(href) {
  const name = href.split(/[?#]/)[0].split('/').pop() ?? ''
  try {
    return decodeURIComponent(name) || href
  } catch {
    return name // a lone %
  }
}
