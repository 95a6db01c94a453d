// policy walks the room of the gateways and what the map says of doors, and gives the
// places to judge and to take pictures of. Without a gateway it holds that the room
// says how to connect one.
export async function policy({ base, open, step, check, out }) {
  const { gateways } = await (await fetch(base + '/api/policy')).json()
  const page = await open()
  if (gateways.length === 0) {
    await step('policy: without a gateway the room says how to connect one', async () => {
      await page.goto(base + '/policy')
      await page.getByText('This console shows no gateway').waitFor()
      await page.getByText('firedoor run --gateway DIR').waitFor()
    })
    await page.context().close()
    return [['policy', '/policy', '.state']]
  }

  await step('policy: the state, what is isolated, and what did not fit stand first', async () => {
    await page.goto(base + '/policy')
    await page.getByText(/^If it hangs$/).waitFor()
    await page.locator('.isolations li').filter({ hasText: 'no-write' }).getByText(/left$/).waitFor()
    await page.locator('.finding').first().waitFor()
    await page.getByText(/^Would have stopped 12 writes of hmi-filler to filler/).waitFor()
    check((await page.getByText(/firedoor isolate/).count()) === 1, 'it does not say how to act')
  })

  await step('policy: whom no worker judges, why, and the command that releases a client', async () => {
    const [told] = gateways
    const [barred] = told.barred
    const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Not judged by a worker' }) })
    await panel.locator('.barred').filter({ hasText: barred.name }).getByText(/^2 workers died on its frames/).waitFor()
    check((await panel.locator('pre').innerText()).trim() === `firedoor release ${barred.client} --data ${told.folder}`, 'it does not say how to release the client')
    await panel.getByText(/^In conduit screens-to-line/).waitFor()
    await page.getByText('2 workers took the place of another', { exact: false }).waitFor()
    await page.locator('.state-line.odd').getByText(/^1 client is barred/).waitFor()
  })

  await step('policy: by keyboard to the rules, in sentences, with what each stopped', async () => {
    const rules = page.getByRole('button', { name: 'Rules' })
    await rules.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/view=rules/)
    await page.getByText('Never blocked', { exact: true }).waitFor()
    await page.locator('.mode.enforce').waitFor()
    await page.locator('.mode.test').waitFor()
    await page.locator('.rule-count').filter({ hasText: 'stopped 4' }).waitFor()
  })

  await step('policy: a zone says at which port of the gateway its devices are, where the policy does', async () => {
    const sides = ['inside', 'outside', '']
    await page.route('**/api/policy', async (route) => {
      const response = await route.fetch()
      const json = await response.json()
      json.gateways[0].policy.zones.forEach((z, i) => (z.at = sides[i % sides.length]))
      await route.fulfill({ response, json })
    })
    await page.goto(base + '/policy?view=rules')
    await page.locator('.zones li').first().waitFor()
    const lines = await page.locator('.zones li').allInnerTexts()
    check(lines.length === gateways[0].policy.zones.length && lines.length > 1, 'not each zone is listed')
    lines.forEach((line, i) => {
      const side = /at the (inside|outside) of the gateway/.exec(line)?.[1] ?? ''
      check(side === sides[i % sides.length], `a zone that is at "${sides[i % sides.length]}" says: ${line}`)
    })
    await page.unroute('**/api/policy')
  })

  await step('policy: from a finding to its single stops, and a filter in the address', async () => {
    await page.goto(base + '/policy')
    const finding = page.locator('.finding').filter({ hasText: 'holding:90' })
    await finding.getByRole('link', { name: 'Single stops' }).click()
    await page.waitForURL(/view=stops.*conduit=screens-to-mixing/)
    await page.locator('.stops tbody tr').first().waitFor()
    check((await page.locator('.stops tbody tr').count()) === 4, 'the list is not that of the finding')
    await page.getByRole('button', { name: 'By any' }).click()
    await page.getByLabel('Conduit').selectOption('')
    await page.waitForFunction(() => document.querySelectorAll('.stops tbody tr').length > 4)
    await page.getByLabel('What became of them').selectOption('test')
    await page.waitForFunction(() => document.querySelectorAll('.stops tbody tr').length === 12)
    await page.reload()
    await page.locator('.stops tbody tr').first().waitFor()
    check((await page.locator('.stops tbody tr').count()) === 12, 'the filter is gone after a reload')
  })

  await step('what if: a policy that is wrong is told with its line', async () => {
    await page.goto(base + '/policy?view=whatif')
    await page.getByRole('textbox', { name: 'A policy' }).fill('policy: 1\nzoness: {}\n')
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.getByText('What is wrong with it').waitFor()
    await page.getByText('Line 2:').first().waitFor()
  })

  await step('what if: the policy in force is held against the journal', async () => {
    await page.getByRole('button', { name: 'Try what is in force' }).first().click()
    await page.getByText(/would have been stopped\.$/).first().waitFor({ timeout: 40_000 })
    check((await page.locator('.trial-answer .finding').count()) > 0, 'nothing is listed')
    await page.waitForFunction(() => document.activeElement?.classList.contains('trial-answer'))
    if (out) await page.screenshot({ path: `${out}/policy-tried-1280-light.png` })
  })

  const never = gateways.find((g) => g.heard_wall === '')
  if (never) {
    await step('policy: of a gateway that was never heard nothing is said to be in order', async () => {
      await page.goto(base + '/policy')
      await page.getByRole('button', { name: never.name, exact: true }).click()
      await page.getByText('Nothing is known: the gateway was never heard.').waitFor()
      await page.getByText(/^Nobody has answered in/).waitFor()
      check((await page.getByText('Nothing is isolated').count()) === 0, 'it says that nothing is isolated')
      await page.getByRole('button', { name: 'Rules' }).click()
      await page.getByText('has not told its policy so far').waitFor()
    })
  }

  const { map } = await (await fetch(base + '/api/map')).json()
  const shut = map.edges.find((e) => e.door === 'shut' && !e.door_test)
  const tested = map.edges.find((e) => e.door === 'guarded' && e.door_test)
  await step('map: lines have doors, and beside the map stands by which rule', async () => {
    check(shut && tested, 'there is no shut line, or none that is tested')
    await page.goto(base + '/map')
    await page.locator('.legend .door-mark').first().waitFor()
    await page.goto(`${base}/map?edge=${encodeURIComponent(tested.key)}`)
    await page.locator('.passages li').getByText(/Conduit .* has mode test/).first().waitFor()
    await page.locator('.passages li').getByText(/Who asks is at the outside, who is asked is at the inside: what comes in at the other side .* is told, and passes\./).first().waitFor()
    await page.goto(`${base}/map?edge=${encodeURIComponent(shut.key)}`)
    await page.locator('.passages li').getByText(/Nothing passes/).first().waitFor()
    await page.locator('.passages a').first().click()
    await page.waitForURL(/\/policy\?view=rules/)
  })
  await page.context().close()
  return [
    ['policy', '/policy', '.finding'],
    ...(never ? [['policy-never', `/policy?gateway=${encodeURIComponent(never.name)}`, '.state-line.odd']] : []),
    ['policy-rules', '/policy?view=rules', '.rules'],
    ['policy-stops', '/policy?view=stops', '.stops tbody tr'],
    ['policy-whatif', '/policy?view=whatif', '.trial'],
    ['map-door', `/map?edge=${encodeURIComponent(tested.key)}`, '.passages li'],
  ]
}
