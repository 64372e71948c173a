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

const MOST_SUBTITLES = 8

/**
 * Addresses of subtitles, one on a line; null where a line is none. What language each
 * is in, its name tells: film.pt-BR.vtt.
 *
 * @param {string} text
 * @param {string} base
 * @returns {{url: string, label: string, language: string}[] | null}
 */
export function subtitlesOf(text, base) {
  const lines = text.split('\n').map(line => line.trim()).filter(Boolean)
  if (lines.length > MOST_SUBTITLES || !lines.every(line => URL.canParse(line, base))) return null
  return lines.map(line => {
    const url = new URL(line, base)
    const language = /\.([a-z]{2,3}(?:-[a-z0-9]{2,8})?)\.vtt$/i.exec(url.pathname)?.[1] ?? ''
    return { url: url.href, label: (languageName(language) || fileName(url.href)).slice(0, 64), language }
  })
}

/** @param {string} language */
function languageName(language) {
  try {
    return new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  } catch {
    return language
  }
}
