// Walks the console in a real browser, as a person would: every room, from an
// alert to its asset and to the map, by mouse and by keyboard, on three widths
// and in both themes; judges each room with axe; and holds that no request leaves
// the machine.
//
//   npm run walk -- --base http://127.0.0.1:PORT --link URL --out DIR [--chromium PATH]
//
// It prints a line for each step and ends with "N passed, N failed". It reads, and
// acknowledges one alert if a link was given. Screenshots land in DIR.
import { judge } from './axe.mjs'
import { start } from './browser.mjs'
import { factory, factoryPlaces } from './factory.mjs'
import { figures } from './figures.mjs'
import { policy } from './policy.mjs'
import { shoot } from './shots.mjs'
import { values } from './values.mjs'

const walk = await start()
const { base, out, step, check, open, said } = walk

const simulated = (await (await fetch(base + '/api/session')).json()).simulation
const rooms = ['Overview', 'Map', 'Assets', 'Alerts', 'Policy', 'Sensors', ...(simulated ? ['Factory'] : [])]
const heading = (page, name) => page.getByRole('heading', { level: 1, name }).first().waitFor()
const at = (page, pattern) => page.waitForURL((url) => pattern.test(url.pathname + url.search))

const page = await open()

await step('the first view says whether a person is needed', async () => {
  await page.goto(base + '/')
  await page.locator('.headline h1').waitFor()
  check((await page.title()).includes('Firedoor'), `the title is "${await page.title()}"`)
  await page.getByText('Live', { exact: true }).first().waitFor()
})

for (const room of rooms) {
  await step(`room ${room}: reached from the navigation, with content`, async () => {
    await page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: new RegExp(`^${room}`) }).click()
    if (room === 'Overview') await page.locator('.headline').waitFor()
    else await heading(page, room)
    await page.locator('.loading').first().waitFor({ state: 'detached' })
    check((await page.locator('.state[role=alert]').count()) === 0, 'it shows an error')
  })
}

let alertPath = ''
await step('alert: chosen by keyboard, with sentence, advice, reason and evidence', async () => {
  await page.goto(base + '/alerts?state=open')
  const list = page.getByRole('grid', { name: 'Alerts' })
  await list.getByRole('row').nth(1).waitFor()
  await list.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('Enter')
  await at(page, /^\/alerts\/./)
  await page.locator('.alert-sentence').waitFor()
  for (const part of ['What to do', 'Why this is unusual', 'Between whom', 'What proves it']) {
    await page.getByRole('heading', { name: part }).waitFor()
  }
  alertPath = new URL(page.url()).pathname
})

await step('alert: j and k walk the list, and the detail follows', async () => {
  const rows = await page.getByRole('grid', { name: 'Alerts' }).getByRole('row').count()
  if (rows < 3) return
  await page.keyboard.press('j')
  await page.waitForFunction((before) => location.pathname !== before, alertPath)
  await page.keyboard.press('k')
  await page.waitForFunction((before) => location.pathname === before, alertPath)
})

let assetPath = ''
await step('from the alert to its asset: facts with source and evidence', async () => {
  await page.locator('.ends .asset-link').first().click()
  await at(page, /^\/assets\/./)
  assetPath = new URL(page.url()).pathname
  await page.getByRole('heading', { name: 'Recognised by' }).waitFor()
  check((await page.locator('section[aria-labelledby=identifiers] tbody tr').count()) > 0, 'it has no identifiers')
})

await step('a conversation opens to its statements in sentences', async () => {
  const first = page.locator('.conversations .conversation').first()
  await first.locator('.conversation-toggle').focus()
  await page.keyboard.press('Enter')
  await first.locator('.statements, .quiet').first().waitFor()
})

await step('from the asset to its place on the map', async () => {
  await page.getByRole('link', { name: 'Show on the map' }).click()
  await at(page, /^\/map\?node=/)
  await page.locator('.map-pane .pane-name').waitFor()
  check((await page.locator('.map-box canvas').count()) > 0, 'nothing is drawn')
})

await step('map: arrow keys walk, Escape lets go, a line opens its conversation', async () => {
  const before = page.url()
  const lines = page.locator('.map-pane .map-list button')
  if ((await lines.count()) > 0) {
    await lines.first().click()
    await at(page, /^\/map\?edge=/)
    await page.locator('.map-pane .map-list a').first().click()
    await at(page, /^\/conversations\/./)
    await page.getByRole('heading', { name: 'What is asked' }).waitFor()
    await page.goto(before)
    await page.locator('.map-pane .pane-name').waitFor()
  }
  await page.locator('.map-canvas').focus()
  for (const key of ['ArrowDown', 'ArrowUp', 'ArrowRight', 'ArrowLeft']) await page.keyboard.press(key)
  await page.keyboard.press('Escape')
  await page.locator('.map-pane.idle').waitFor()
})

await step('keyboard: g and a letter lead to every room', async () => {
  for (const [key, path] of [['o', '/'], ['m', '/map'], ['a', '/assets'], ['l', '/alerts'], ['p', '/policy'], ['s', '/sensors'], ...(simulated ? [['f', '/factory']] : [])]) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.waitForFunction((want) => location.pathname === want, path)
  }
})

await step('keyboard: / filters, ? helps, the skip link skips', async () => {
  await page.goto(base + '/assets')
  await page.getByRole('grid', { name: 'Assets' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('no such device anywhere')
  await page.getByText('No asset matches').waitFor()
  await page.getByRole('button', { name: 'Clear the text' }).click()
  await page.getByRole('grid', { name: 'Assets' }).waitFor()
  await page.keyboard.press('Escape')
  await page.locator('body').press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.reload()
  await page.getByRole('grid', { name: 'Assets' }).waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  check(await page.evaluate(() => document.activeElement?.id === 'main'), 'the focus is not on the content')
})

await step('a filter of alerts is in the address and survives a reload', async () => {
  await page.goto(base + '/alerts')
  await page.getByRole('button', { name: 'High' }).click()
  await at(page, /severity=high/)
  await page.reload()
  await page.locator('button[aria-pressed=true]').first().waitFor()
})

await step('light and dark: chosen once, kept', async () => {
  await page.getByRole('button', { name: 'Light or dark' }).click()
  await page.getByRole('menuitem', { name: 'Dark' }).click()
  await page.reload()
  check((await page.locator('html').getAttribute('data-mantine-color-scheme')) === 'dark', 'the choice is gone after a reload')
  await page.getByRole('button', { name: 'Light or dark' }).click()
  await page.getByRole('menuitem', { name: 'As the system' }).click()
})

await step('what is not there is said', async () => {
  await page.goto(base + '/assets/a-000000000000')
  await page.getByText('There is no such asset').waitFor()
  await page.goto(base + '/nowhere')
  await page.getByText('There is no such room').waitFor()
  const expected = said.filter((text) => text.includes('a-000000000000'))
  check(expected.length > 0, 'the server did not say 404')
  for (const text of expected) said.splice(said.indexOf(text), 1)
})

await step('a lost connection is told, and so is its return', async () => {
  const lone = await open()
  let cut = false
  await lone.route('**/api/**', (route) => (cut ? route.abort() : route.continue()))
  await lone.goto(base + '/')
  await lone.getByText('Live', { exact: true }).first().waitFor()
  cut = true
  await lone.reload()
  await lone.getByText(/Connection lost since/).waitFor()
  await lone.getByText('The console does not answer').waitFor()
  if (out) await lone.screenshot({ path: `${out}/lost-1280-light.png` })
  cut = false
  await lone.getByText(/Connection lost since/).waitFor({ state: 'detached', timeout: 30_000 })
  await lone.locator('.headline').waitFor()
  await lone.context().close()
  for (let i = said.length - 1; i >= 0; i--) if (said[i].includes('ERR_FAILED')) said.splice(i, 1)
})

await step('without the link an alert cannot be acknowledged, and the page says how', async () => {
  await page.goto(base + alertPath)
  await page.getByText(/open the one-time link/).waitFor()
})

const session = await walk.signIn()
if (session) {
  await step('with the link an alert is acknowledged with a comment', async () => {
    const signed = await open(session)
    await signed.goto(base + '/alerts?state=open')
    await signed.getByRole('grid', { name: 'Alerts' }).getByRole('row').nth(1).click()
    await signed.getByLabel('What was found, or what was done').fill('Checked on the line: planned work by the walk.')
    if (out) await signed.screenshot({ path: `${out}/acknowledge-1280-light.png` })
    await signed.getByRole('button', { name: 'Acknowledge', exact: true }).click()
    await signed.locator('.acknowledge blockquote').getByText('planned work by the walk').waitFor()
    await signed.reload()
    await signed.locator('.acknowledge blockquote').getByText('planned work by the walk').waitFor()
    await signed.context().close()
  })
}
if (simulated) await factory({ ...walk, session })

const guarded = await policy(walk)
const valued = await values(walk)

const places = [
  ['overview', '/', '.headline'],
  ['map', '/map', '.map-box canvas'],
  ['assets', '/assets', '.list-row'],
  ['asset', assetPath, '.strip'],
  ...valued,
  ['alerts', '/alerts', '.list-row'],
  ['alert', alertPath, '.alert-sentence'],
  ...guarded,
  ['sensors', '/sensors', '.room.page'],
  ...(simulated ? await factoryPlaces(base) : []),
]
await judge({ ...walk, places })
await shoot({ ...walk, places })
await figures(walk)
await walk.end()
