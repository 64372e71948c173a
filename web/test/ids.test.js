import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'

/** Ids are a contract between pages and modules that no type checker reads. */

const root = new URL('../static/', import.meta.url)
/** @param {string} name */
const read = name => readFileSync(new URL(name, root), 'utf8')

/** Each page with the module that it begins with. */
const PAGES = /** @type {const} */ ([['index.html', 'app/console/console.js'], ['device.html', 'app/device/device.js'], ['watch.html', 'app/watch/watch.js']])

/** Ids that the browser tests alone ask for. */
const OF_TESTS = ['session-tools']

/** @param {string} text */
function uncommented(text) {
  return text.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')
}

/** The strings that a pattern's first group finds. @param {string} text @param {RegExp} pattern */
const found = (text, pattern) => [...text.matchAll(pattern)].map(([, it]) => it)
/** @param {string} text */
const literals = text => found(text, /'([\w-]+)'/g)

/**
 * A page's modules that know it, by name: all of app/ that its first one leads to.
 *
 * @param {string} first
 * @returns {Map<string, string>}
 */
function modulesOf(first) {
  const modules = new Map()
  const look = (/** @type {string} */ name) => {
    if (modules.has(name) || !name.startsWith('app/')) return
    const text = uncommented(read(name))
    modules.set(name, text)
    for (const to of found(text, /(?:from|import)\s*\(?\s*'(\.[^']+)'/g)) look(new URL(to, new URL(name, 'file:///')).pathname.slice(1))
  }
  look(first)
  return modules
}

/**
 * What a name stands for where a module asks by it: the items of the list that it runs through.
 * Null: nobody can tell.
 *
 * @param {string} text  of the module
 * @param {string} name
 */
function valuesOf(text, name) {
  const [list] = found(text, new RegExp(`for \\(const ${name} of (\\[[^\\]]*\\]|\\w+)\\)`, 'g'))
  if (!list) return null
  const [items] = list.startsWith('[') ? [list] : found(text, new RegExp(`const ${list} = \\s*\\(?(\\[[^\\]]*\\])`, 'g'))
  return items ? literals(items) : null
}

/**
 * The ids that a module asks for; those with a part that is only known when it runs have a
 * `*` in that place. `helpers` are functions that take an id before all else.
 *
 * @param {string} text
 * @param {Set<string>} helpers
 */
function askedIn(text, helpers) {
  const ids = new Set(found(text, /querySelector(?:All)?\('#([\w-]+)/g))
  const names = [...helpers].join('|')
  for (const id of found(text, new RegExp(`\\b(?:${names})\\(\\s*'([^']+)'`, 'g'))) ids.add(id)
  for (const [, before, part, after] of text.matchAll(/\bbyId\(`([\w-]*)\$\{([^}]+)\}([\w-]*)`/g)) {
    for (const value of valuesOf(text, part) ?? ['*']) ids.add(before + value + after)
  }
  for (const name of found(text, /\bbyId\(([^'`)][^)]*)\)/g)) {
    const values = valuesOf(text, name) ?? []
    assert.ok(values.length || name === 'id', `an id that nobody can tell: byId(${name})`)
    for (const value of values) ids.add(value)
  }
  return ids
}

/**
 * The functions of modules whose first parameter is an id.
 *
 * @param {Map<string, string>} modules
 */
function helpersIn(modules) {
  const text = [...modules.values()].join('\n')
  return new Set(['byId', ...found(text, /function (\w+)\(id\b/g), ...found(text, /const (\w+) = \(id\) =>/g)])
}

/** @param {string} page  its text */
function idsOf(page) {
  return found(page, /\sid="([^"]+)"/g)
}

/**
 * Ids that are asked for and aren't there, and those that are there and that nobody names: no
 * module, no label or link of the page, no style.
 *
 * @param {string} page
 * @param {Map<string, string>} modules
 * @param {string} styles
 */
function compare(page, modules, styles) {
  const ids = new Set(idsOf(page))
  const helpers = helpersIn(modules)
  const missing = []
  const named = new Set([...OF_TESTS, ...found(page, /\s(?:for|list|form|aria-\w+)="([^"]+)"/g).flatMap(it => it.split(' ')), ...found(page, /href="#([^"]+)"/g), ...found(styles, /#([a-z][\w-]*)/g)])
  for (const [name, text] of modules) {
    for (const asked of askedIn(text, helpers)) {
      const pattern = new RegExp(`^${asked.replace('*', '.+')}$`)
      const fits = [...ids].filter(id => pattern.test(id))
      if (!fits.length) missing.push(`${name}: ${asked}`)
      for (const id of fits) named.add(id)
    }
  }
  return { missing, unused: [...ids].filter(id => !named.has(id)) }
}

/** @param {string} page @param {string} first */
function load(page, first) {
  const text = read(page)
  return { text, modules: modulesOf(first), styles: found(text, /<link rel="stylesheet" href="([^"]+)"/g).map(read).join('\n') }
}

for (const [page, first] of PAGES) {
  test(`ids of ${page}: each is there once, every one that is asked for is there, and somebody asks for every one`, () => {
    const { text, modules, styles } = load(page, first)
    const ids = idsOf(text)
    assert.deepEqual(ids.filter((id, i) => ids.indexOf(id) !== i), [])
    assert.ok(modules.size > 10 && ids.length > 20, `${modules.size} modules, ${ids.length} ids`)
    assert.deepEqual(compare(text, modules, styles), { missing: [], unused: [] })
  })
}

test('an id that no page has, and one that nobody asks for, are found in whichever way they are written', () => {
  const { text, modules, styles } = load('index.html', 'app/console/console.js')
  for (const [code, missing] of [
    ["byId('made-up')", 'made-up'], ["for (const id of ['state', 'made-up']) byId(id)", 'made-up'],
    ["const MADE = ['made-up']\nfor (const id of MADE) byId(id).hidden = true", 'made-up'],
    ["for (const it of ['up']) byId(`made-${it}`)", 'made-up'], ['byId(`made-${this.up}`)', 'made-*'],
    ["function helper(id) { byId(id) }\nhelper('made-up')", 'made-up'], ["document.querySelector('#made-up b')", 'made-up'],
  ]) {
    assert.deepEqual(compare(text, new Map([...modules, ['a.js', code]]), styles), { missing: [`a.js: ${missing}`], unused: [] })
  }
  assert.deepEqual(compare(text.replace('<main', '<main id="made-up"'), modules, styles).unused, ['made-up'])
  assert.throws(() => compare(text, new Map([['a.js', 'byId(name + 1)']]), styles), /an id that nobody can tell: byId\(name \+ 1\)/)
})
