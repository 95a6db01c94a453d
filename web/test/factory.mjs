// factory walks the room of the simulated plant: reads it, opens the chart of a
// value, starts a scenario with the session of the link, and sees it under way.
// It is walked only where a plant is simulated.
export async function factory({ base, open, step, check, session, out }) {
  const page = await open()
  let name = ''

  await step('factory: the plant, its cells and values; its clock goes on', async () => {
    await page.goto(base + '/factory')
    await page.getByRole('heading', { level: 1, name: 'Factory' }).waitFor()
    await page.locator('.cell .value').first().waitFor()
    const clock = page.locator('.factory-top time').first()
    const before = await clock.getAttribute('datetime')
    await page.waitForFunction((was) => document.querySelector('.factory-top time')?.getAttribute('datetime') !== was, before)
  })

  await step('factory: a value opens its chart, in the address; Escape closes it', async () => {
    const value = page.locator('.cell .value').first()
    await value.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/factory\?controller=.+&tag=.+/)
    await page.locator('.chart canvas').waitFor()
    check((await value.getAttribute('aria-pressed')) === 'true', 'the value does not say that its chart is open')
    check(/over the last/.test((await page.locator('.chart-plot').getAttribute('aria-label')) ?? ''), 'the chart has no words')
    await page.reload()
    await page.locator('.chart canvas').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.chart').waitFor({ state: 'detached' })
  })

  await step('factory: scenarios are filtered by class and words', async () => {
    const all = await page.locator('.scenario').count()
    await page.getByRole('button', { name: 'Attack', exact: true }).click()
    await page.waitForURL(/class=malicious/)
    await page.waitForFunction((n) => document.querySelectorAll('.scenario').length < n, all)
    await page.getByLabel('Filter scenarios by text').fill('no such scenario')
    await page.getByText('No scenario matches').waitFor()
    await page.getByRole('button', { name: 'Clear the text' }).click()
    name = await page.locator('.scenario h4').first().innerText()
  })

  await step('factory: without the link nothing can be started, and the page says how', async () => {
    await page.locator('.scenarios').getByText(/open the one-time link/).waitFor()
    check((await page.getByRole('button', { name: /^Start: / }).count()) === 0, 'there is a button to start')
  })
  await page.context().close()

  if (!session) return
  await step('factory: with the link an attack is asked for once, started, and under way', async () => {
    const signed = await open({ ...session, reducedMotion: 'reduce' })
    await signed.goto(base + '/')
    await signed.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: /^Factory/ }).click()
    await signed.getByRole('button', { name: 'To the scenarios' }).click()
    await signed.waitForFunction(() => document.activeElement?.classList.contains('scenarios'))
    await signed.getByRole('button', { name: `Start: ${name}` }).click()
    const dialog = signed.getByRole('dialog', { name: 'Start this attack in the simulated plant?' })
    await dialog.getByRole('button', { name: 'Not now' }).click()
    await dialog.waitFor({ state: 'detached' })
    await signed.getByRole('button', { name: `Start: ${name}` }).click()
    await dialog.waitFor()
    if (out) await signed.screenshot({ path: `${out}/factory-ask-1280-light.png` })
    await dialog.getByRole('button', { name: 'Start it' }).click()
    await dialog.waitFor({ state: 'detached' })
    const act = signed.locator('.act:not(.over)').filter({ hasText: name })
    await act.first().waitFor()
    await act.getByText(/alert/).first().waitFor()
    await signed.waitForFunction(() => document.activeElement?.classList.contains('acts'))
    if (out) await signed.screenshot({ path: `${out}/factory-started-1280-light.png` })
    await signed.context().close()
  })
}

// factoryPlaces are the pictures of the room: as it is, and with a chart open.
export async function factoryPlaces(base) {
  const state = await (await fetch(base + '/api/simulation')).json()
  const value = (state.cells ?? []).flatMap((c) => c.values ?? [])[0]
  const places = [['factory', '/factory', '.cell .value']]
  if (value) places.push(['factory-chart', `/factory?controller=${encodeURIComponent(value.controller)}&tag=${encodeURIComponent(value.tag)}`, '.chart canvas'])
  return places
}
