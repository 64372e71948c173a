package e2e

// checkPage looks for what shuts people out, as far as a script can see it:
// controls without a name, ids that are there twice, headings that skip a
// level, text that is hard to read, and a page that is wider than its window.
func checkPage(h *hall, where string) {
	h.t.Helper()
	var faults []string
	evaluate(h.t, h.page, pageFaults, &faults)
	for _, fault := range faults {
		h.t.Errorf("%s: %s", where, fault)
	}
}

const pageFaults = `(() => {
  const faults = []
  const shown = e => e.checkVisibility({ visibilityProperty: true }) && !e.closest('[aria-hidden=true]')
  const what = e => e.outerHTML.slice(0, 90)
  const ids = new Set()
  for (const { id } of document.querySelectorAll('[id]')) {
    if (ids.has(id)) faults.push('twice the id ' + id)
    ids.add(id)
  }
  for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
    for (const name of ['aria-labelledby', 'aria-describedby'])
      for (const id of (e.getAttribute(name) ?? '').split(' ').filter(Boolean)) if (!ids.has(id)) faults.push(name + ' of nothing: ' + what(e))
  const name = e => e.getAttribute('aria-label') ||
    [...(e.labels ?? [])].map(l => l.textContent).join('') ||
    (/^(BUTTON|A|SUMMARY)$/.test(e.tagName) ? e.textContent + [...e.querySelectorAll('img')].map(i => i.alt).join('') : '')
  for (const e of document.querySelectorAll('button, a[href], input, select, textarea, summary, progress'))
    if (shown(e) && !name(e).trim()) faults.push('no name: ' + what(e))
  for (const e of document.querySelectorAll('img:not([alt]), svg[role=img]:not([aria-label])')) faults.push('no text: ' + what(e))
  let level = 0
  for (const e of document.querySelectorAll('h1, h2, h3, h4')) {
    if (!shown(e)) continue
    const l = Number(e.tagName[1])
    if (l > level + 1) faults.push('a level is skipped before ' + what(e))
    level = l
  }
  if ([...document.querySelectorAll('h1')].filter(shown).length !== 1) faults.push('there must be one h1')
  const wide = document.documentElement.scrollWidth - innerWidth
  if (wide > 0) faults.push('wider than the window by ' + wide + ' px: ' + [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5).slice(0, 3).map(what).join(' | '))
  faults.push(...contrasts(shown, what))
  return faults

  function contrasts(shown, what) {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
    const rgba = css => {
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = css
      canvas.fillRect(0, 0, 1, 1)
      return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
    const ground = e => {
      for (; e; e = e.parentElement) {
        const c = rgba(getComputedStyle(e).backgroundColor)
        if (c[3] === 255) return c
      }
      return [255, 255, 255]
    }
    const found = []
    for (const e of document.querySelectorAll('body *')) {
      const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
      if (!own || !shown(e) || e.matches(':disabled, :disabled *, option, noscript, title')) continue
      const style = getComputedStyle(e)
      const [a, b] = [light(rgba(e.closest('svg') ? style.fill : style.color)), light(ground(e))]
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
      const size = parseFloat(style.fontSize)
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      if (ratio < (large ? 3 : 4.5)) found.push('contrast ' + ratio.toFixed(2) + ': ' + what(e))
    }
    return found
  }
})()`
