import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { PAGE, gridOf, lit, pictureOf, slotOf } from '../static/app/light/code.js'
import { Ticks } from '../static/app/light/ticks.js'

const { refreshes } = JSON.parse(readFileSync(new URL('../../docs/light-vectors.json', import.meta.url), 'utf8'))

for (const { page, phase, period, index, time, slot, cells, bar, flash } of refreshes) {
  test(`light: page ${page}, refresh ${index}`, () => {
    const grid = { phase, period }
    const picture = pictureOf(page, grid, index)
    assert.equal(slotOf(page, grid, index), slot)
    assert.equal(picture.cells.map(white => (white ? '1' : '0')).join(''), cells)
    assert.equal(picture.bar, bar)
    assert.equal(picture.flash, flash)
    assert.ok(Math.abs(page * PAGE + lit(grid, index) - Number(time) / 1e6) < 0.001)
  })
}

test('refreshes are numbered through pages, whatever the jitter of their times', () => {
  const ticks = new Ticks()
  const period = 1000 / 60
  let noise = 1
  let before = 0
  for (let i = 0; i < 900; i++) {
    if (i === 500 || i === 501) continue // the browser left two out
    noise = (noise * 16807) % 2147483647
    const truth = 1795588765989 + i * period
    const shown = ticks.next(truth + (noise / 2147483647 - 0.5) * 0.4)
    if (!shown) continue
    const time = shown.page * PAGE + lit(shown.grid, shown.index)
    assert.ok(Math.abs(time - truth) < 0.6, `${i}: ${time - truth}`)
    assert.ok(time > before)
    before = time
  }
  assert.ok(before > 0)
  assert.ok(Math.abs(ticks.period - period) < 0.02)
})

test('a grid has an eighth of a ms, and 512ths', () => assert.deepEqual(gridOf(3.3, 16.667), { phase: 26, period: 8534 }))
