import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Steps } from './steps.mjs'

// start reads the command line of a walk and opens the browser. What it gives is
// what every part of a walk needs; call end when all is walked.
export async function start() {
  const { values } = parseArgs({
    options: {
      base: { type: 'string' }, link: { type: 'string', default: '' }, out: { type: 'string', default: '' },
      chromium: { type: 'string', default: '/usr/bin/chromium' },
    },
  })
  if (!values.base) throw new Error('--base http://127.0.0.1:PORT: where the console is')
  const base = values.base.replace(/\/$/, '')
  const { out, link } = values
  if (out) mkdirSync(out, { recursive: true })
  const steps = new Steps()
  const { step, check } = steps
  const browser = await chromium.launch({
    executablePath: values.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
  const asked = [] // every address the pages asked for
  const said = [] // errors in the pages' consoles

  async function open(settings = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...settings })
    context.on('request', (request) => asked.push(request.url()))
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    page.on('console', (message) => message.type() === 'error' && said.push(`${page.url()}: ${message.text()}`))
    page.on('pageerror', (error) => said.push(`${page.url()}: ${error.message}`))
    return page
  }

  // dress has a page in a theme, as when the system's changes while it is open: a room is
  // loaded once for both.
  async function dress(page, theme) {
    await page.emulateMedia({ colorScheme: theme })
    await page.locator(`html[data-mantine-color-scheme=${theme}]`).waitFor()
  }

  // signIn follows the one-time link and gives the settings of a page that has its
  // session; without a link it gives nothing.
  async function signIn() {
    if (!link) return undefined
    let storageState
    await step('the one-time link leads to the overview', async () => {
      const page = await open()
      await page.goto(link)
      await page.locator('.headline').waitFor()
      storageState = await page.context().storageState()
      await page.context().close()
    })
    return storageState && { storageState }
  }

  async function end() {
    await step('no request left the origin', () => {
      const strangers = [...new Set(asked.filter((url) => new URL(url).origin !== new URL(base).origin))]
      check(strangers.length === 0, `asked for ${strangers.join(', ')}`)
    })
    await step('no page reported an error', () => check(said.length === 0, said.slice(0, 5).join('\n')))
    await browser.close()
    process.exitCode = steps.end()
  }

  return { base, out, step, check, open, dress, said, signIn, end }
}
