import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import test from 'node:test'
import { WebStorage } from '../static/lib/webstorage.js'
import { serverURL, socketURL } from '../static/lib/signaling.js'

const root = new URL('../static/', import.meta.url)

/** What is ours of the static files, by name. */
const files = new Map(/** @type {string[]} */ (readdirSync(root, { recursive: true }))
  .filter(name => /\.(js|html)$/.test(name) && !name.startsWith('vendor'))
  .map(name => [name, readFileSync(new URL(name, root), 'utf8')]))

/** @param {string} text */
function uncommented(text) {
  return text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}

test('nothing is asked for at the root of the host: the server may be below a path', () => {
  for (const [name, text] of files) {
    for (const [found] of uncommented(text).matchAll(/['"`]\/(?![/'"` ])[a-z][\w.\/-]*/g)) assert.fail(`${name}: ${found}`)
  }
})

test('web storage is used where its refusal is caught, and nowhere else', () => {
  for (const [name, text] of files) {
    if (name !== 'lib/webstorage.js') assert.doesNotMatch(uncommented(text), /(local|session)Storage/, name)
  }
})

test('what a browser refuses to keep lasts as long as the page', () => {
  const kept = new WebStorage(() => {
    throw new Error('SecurityError')
  })
  assert.equal(kept.get('a'), null)
  assert.equal(kept.set('a', '{"b":1}'), false)
  assert.equal(kept.get('a'), '{"b":1}')
  assert.deepEqual(kept.read('a'), { b: 1 })
  kept.remove('a')
  assert.equal(kept.get('a'), null)
  kept.set('a', 'no JSON')
  assert.equal(kept.read('a'), null)
})

test('a full storage keeps the old value for nobody: the newest counts', () => {
  const area = new Map([['a', 'old']])
  let full = true
  const kept = new WebStorage(() => /** @type {any} */ ({
    getItem: (/** @type {string} */ key) => area.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => {
      if (full) throw new Error('QuotaExceededError')
      area.set(key, value)
    },
    removeItem: (/** @type {string} */ key) => area.delete(key),
  }))
  kept.set('a', 'new')
  assert.equal(kept.get('a'), 'new')
  full = false
  assert.equal(kept.set('a', 'newer'), true)
  assert.equal(kept.get('a'), 'newer')
  assert.equal(area.get('a'), 'newer')
})

test('a server’s address keeps its path', () => {
  for (const [url, base, socket] of [
    ['https://h', 'https://h/', 'wss://h/ws'],
    ['https://h/beat', 'https://h/beat/', 'wss://h/beat/ws'],
    ['https://h/beat/?a=b#c', 'https://h/beat/', 'wss://h/beat/ws'],
    ['http://h:8080/a/b/', 'http://h:8080/a/b/', 'ws://h:8080/a/b/ws'],
  ]) {
    Object.assign(globalThis, { location: new URL('https://page.example/x') })
    assert.equal(serverURL(url), base)
    assert.equal(socketURL(url), socket)
  }
  assert.equal(socketURL('/beat'), 'wss://page.example/beat/ws')
})

test('a page’s folder takes from app/ui and from none of the other pages, and app/ui from no page', () => {
  for (const [name, text] of files) {
    const [, of] = name.match(/^app\/(\w+)\//) ?? []
    if (!of) continue
    const others = ['console', 'device', 'watch'].filter(page => page !== of).join('|')
    assert.doesNotMatch(text, new RegExp(`'\\.\\./(${others})/`), name)
  }
})

/** What of the libraries' inner modules pages may take, beside what the libraries themselves export. */
const INNER = new Map([
  ['lib/webstorage.js', 'what a page keeps is caught where storage is refused, as the library’s own is'],
  ['lib/wire.js', 'names and codes of the protocol'],
  ['lib/wakelock.js', 'pages keep the screen on without a recorder'],
  ['recorder/devicestatus.js', 'a device without a camera tells how it is; /recorder.js brings all that films'],
  ['recorder/camera.js', 'the camera is asked for while all that films is still loading'],
])

test('pages use the libraries as everybody does: by what these export', () => {
  const used = new Set()
  for (const [name, text] of files) {
    if (!name.startsWith('app/')) continue
    for (const [, to] of text.matchAll(/'(?:\.\.\/)+((?:lib|player|recorder)\/[\w-]+\.js)'/g)) {
      assert.ok(INNER.has(to), `${name} takes ${to}`)
      used.add(to)
    }
  }
  assert.deepEqual([...INNER.keys()].filter(to => !used.has(to)), [])
})

test('a file’s name says which file it is: none occurs twice', () => {
  const names = [...files.keys()].map(name => name.replace(/^.*\//, ''))
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), [])
})
