import assert from 'node:assert/strict'
import test from 'node:test'
import { bytes, ppm, seconds, signed, span, tick } from '../static/app/ui/format.js'
import { niceReach } from '../static/app/console/errorplot.js'

/** ms, or bytes, of a unit. */
const UNITS = /** @type {Record<string, number>} */ ({ µs: 1e-3, ms: 1, s: 1e3, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, ppm: 1 })

/**
 * What a text says, as a number, and by how much it may be rounded: half of its last digit.
 *
 * @param {string} text
 */
function read(text) {
  const [, sign, whole, fraction = '', unit] = /^([+−]?)([\d\u2009]+)(?:\.(\d+))?[ \u00a0](\S+)$/.exec(text) ?? assert.fail(`“${text}” isn’t a number with its unit`)
  assert.match(whole, /^\d{1,3}(\u2009\d{3})*$/, 'thousands apart')
  const size = Number(`${whole.replaceAll('\u2009', '')}.${fraction || 0}`) * UNITS[unit]
  return { value: sign === '−' ? -size : size, half: (10 ** -fraction.length / 2) * UNITS[unit] }
}

/** Numbers of all magnitudes, round ones and others, of both signs. */
function* numbers() {
  for (let power = -4; power <= 9; power++) {
    for (const factor of [1, 1.005, 1.25, 2, 2.5, 4.444, 5, 7.5, 9.949, 9.995, 9.9996, 9.99996]) {
      yield factor * 10 ** power
      yield -factor * 10 ** power
    }
  }
}

/** @type {[string, (n: number) => string][]} */
const formats = [['span', span], ['signed', signed], ['seconds', seconds], ['ppm', ppm]]

for (const [name, format] of formats) {
  test(`${name} says the number that it got, at every magnitude`, () => {
    for (const n of numbers()) {
      const text = format(n)
      const { value, half } = read(text)
      assert.ok(Math.abs(value - n) <= half * 1.001 + Math.abs(n) * 1e-12, `${name}(${n}) is “${text}”`)
    }
  })
}

test('a mark on the axis says where it stands, at every magnitude', () => {
  for (const n of numbers()) {
    const text = tick(n)
    if (text === '0') assert.ok(Math.abs(n) < 0.0005001, `tick(${n})`)
    else {
      assert.ok(Math.abs(read(text).value - n) <= read(signed(n)).half * 1.001 + Math.abs(n) * 1e-12, `tick(${n}) is “${text}”`)
      assert.doesNotMatch(text, /\.\d*0 /, 'zeros that tell nothing')
    }
  }
})

test('marks of every axis tell the places where they are', () => {
  for (let power = -3; power < 7; power++) {
    for (const reach of [1, 2, 5].map(f => niceReach((f * 10 ** power) / 1.1))) {
      for (const part of [-1, -0.5, 0.5, 1]) {
        const text = tick(part * reach)
        assert.ok(Math.abs(read(text).value - part * reach) < reach * 0.01 || reach < 0.02, `${part * reach} is “${text}”`)
        assert.equal(tick(-part * reach), text.startsWith('+') ? `−${text.slice(1)}` : `+${text.slice(1)}`)
      }
    }
  }
  assert.deepEqual([0, 100, 250, -250, 2.5, 0.05, 20_000].map(tick), ['0', '+100 ms', '+250 ms', '−250 ms', '+2.5 ms', '+50 µs', '+20 s'])
})

test('bytes say the number that they got', () => {
  for (const n of numbers()) {
    if (n < 1) continue
    const { value, half } = read(bytes(n))
    assert.ok(Math.abs(value - n) <= half * 1.001, `bytes(${n}) is “${bytes(n)}”`)
  }
})

test('spans for people', () => {
  assert.deepEqual([0.034, 0.9999, 1.274, 88.25, 4321, null, Infinity].map(span),
    ['34 µs', '1.00 ms', '1.27 ms', '88.3 ms', '4.3 s', '—', '—'])
  assert.deepEqual([0.034, -0.034, 0].map(signed), ['+34 µs', '−34 µs', '0 µs'])
  assert.equal(ppm(-12.345), '−12.35 ppm')
})
