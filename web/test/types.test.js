import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import test from 'node:test'

const root = new URL('../static/', import.meta.url)

test('few things have no type, and each says why', () => {
  const untyped = []
  for (const name of /** @type {string[]} */ (readdirSync(root, { recursive: true }))) {
    if (!name.endsWith('.js') || name.startsWith('vendor/')) continue
    for (const line of readFileSync(new URL(name, root), 'utf8').split('\n')) {
      if (line.includes('{any}')) untyped.push(`${name}: ${line.trim()}`)
    }
  }
  assert.ok(untyped.length > 0 && untyped.length <= 5, untyped.join('\n'))
  for (const line of untyped) assert.match(line, /\{any\} (\S+ +)?\w+ \w+/, line)
})
