import { authorization } from '../ui/keys.js'

/**
 * Fetches with this tab's rights; rejects in plain words.
 *
 * @param {string} url
 * @param {Record<string, string>} [headers]
 */
async function get(url, headers = {}) {
  const response = await fetch(url, { headers: { ...authorization(), ...headers } }).catch(() => {
    throw new Error('The server can’t be reached. Try again when the light above is green.')
  })
  if (response.ok) return response
  const answer = await response.json().catch(() => ({}))
  throw new Error(answer.error?.message ?? `the server answered ${response.status}`)
}

/**
 * Saves a small file that needs this tab's rights, which a link can't show.
 *
 * @param {string} url
 * @param {string} name  of the file
 * @param {Record<string, string>} [headers]
 */
export async function download(url, name, headers) {
  const blob = await (await get(url, headers)).blob()
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
