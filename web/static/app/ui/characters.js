/** Names that people give have at most as many characters as they see. */
export const NAME_LENGTH = 64

/**
 * A text without what is beyond its first characters as people count them: an emoji is one,
 * whatever it is made of. The server refuses longer ones.
 *
 * @param {string} text
 * @param {number} [length]
 */
export function cut(text, length = NAME_LENGTH) {
  const graphemes = 'Segmenter' in Intl ? [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment) : [...text]
  return graphemes.slice(0, length).join('')
}
