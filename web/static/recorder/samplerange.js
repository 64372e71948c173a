/**
 * Which samples of a block lie in [from, to).
 *
 * @param {number} start  when the first sample was captured, ms
 * @param {number} count
 * @param {number} rate   samples a second
 * @param {number} from   ms
 * @param {number} to     ms
 * @returns {{skip: number, keep: number}}
 */
export function trim(start, count, rate, from, to) {
  const index = (/** @type {number} */ t) => Math.min(count, Math.max(0, Math.ceil(((t - start) * rate) / 1000 - 1e-6)))
  const skip = index(from)
  return { skip, keep: Math.max(0, index(to) - skip) }
}
