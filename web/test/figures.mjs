// figures measures and prints how long a person waits. It holds nothing against a
// clock: machines differ. Times are in ms, the median of several tries.
const tries = 5
const median = (list) => Math.round([...list].sort((a, b) => a - b)[Math.floor(list.length / 2)])

export async function figures({ base, open }) {
  const page = await open()
  const views = [['overview', '/', '.headline'], ['alerts', '/alerts', '.list-row'], ['assets', '/assets', '.list-row'], ['map', '/map', '.map-box canvas']]
  for (const [room, path, ready] of views) {
    const taken = []
    for (let i = 0; i < tries; i++) {
      await page.goto(base + path, { waitUntil: 'commit' })
      await page.locator(ready).first().waitFor()
      taken.push(await page.evaluate(() => performance.now()))
    }
    console.log(`      first view of ${room}: ${median(taken)} ms`)
  }
  for (const [room, words] of [['alerts', ['FILLER', '192.168', 'wrote']], ['assets', ['plc', 'siemens', '10.20']]]) {
    await page.goto(`${base}/${room}`)
    await page.locator('.list-row').first().waitFor()
    const taken = []
    for (const word of words) taken.push(await latency(page, word))
    console.log(`      filter of ${room}, from the last key to the rows on the screen: ${median(taken)} ms`)
  }
  await page.context().close()
}

// latency types a word into the filter and waits until the count and the rows are
// those of the answer; the clock is the page's own.
async function latency(page, word) {
  const filter = page.locator('input[data-filter]')
  await filter.fill('')
  await page.waitForFunction(() => !location.search.includes('q='))
  await page.waitForTimeout(300)
  return page.evaluate(async (text) => {
    const input = document.querySelector('input[data-filter]')
    const count = document.querySelector('.room-count')
    const before = count.textContent
    const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
    const start = performance.now()
    setter.call(input, text)
    input.dispatchEvent(new Event('input', { bubbles: true }))
    while (count.textContent === before && performance.now() - start < 5000) await new Promise(requestAnimationFrame)
    await new Promise(requestAnimationFrame)
    return performance.now() - start
  }, word)
}
