// Tells when alerts appear on the Overview: it prints "seen TEXT MILLISECONDS" for
// each part of the page's text that matches a pattern, once, with the machine's
// clock at the moment the page showed it.
//
//   node test/latency.mjs --base http://127.0.0.1:PORT --pattern REGEXP --count N
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values: options } = parseArgs({
  options: { base: { type: 'string' }, pattern: { type: 'string' }, count: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' } },
})
const browser = await chromium.launch({
  executablePath: options.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
})
const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } })
let left = Number(options.count)
const done = new Promise((resolve) => {
  page.on('console', (message) => {
    if (!message.text().startsWith('seen ')) return
    console.log(message.text())
    if (--left === 0) resolve()
  })
})
await page.goto(options.base + '/')
await page.getByText('Live', { exact: true }).first().waitFor()
await page.evaluate((pattern) => {
  const known = new Set()
  const look = () => {
    for (const [text] of document.body.innerText.matchAll(new RegExp(pattern, 'g'))) {
      if (known.has(text)) continue
      known.add(text)
      console.log(`seen ${text.replaceAll(' ', '_')} ${Date.now()}`)
    }
  }
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
  look()
}, options.pattern)
console.log('ready')
await done
await browser.close()
