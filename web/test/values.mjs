// values walks the process values and programs of the device that has most of
// them: what the page shows must be what the API says.

// richest finds the devices with the most process values and the most programs.
export async function richest(base) {
  const ask = async (path) => (await fetch(base + path)).json()
  const best = { points: { total: 0, id: '' }, programs: { total: 0, id: '' } }
  for (const { id } of (await ask('/api/assets?limit=300')).assets) {
    for (const kind of Object.keys(best)) {
      const { total } = await ask(`/api/assets/${id}/${kind}?limit=1`)
      if (total > best[kind].total) best[kind] = { total, id }
    }
  }
  return best
}

export async function values({ base, out, open, step, check }) {
  const { points, programs } = await richest(base)
  const section = (page, name) => page.locator(`section[aria-labelledby=${name}]`)
  const page = await open()
  if (points.id) {
    await step('process values: all are there, and a word finds one', async () => {
      await page.goto(`${base}/assets/${points.id}`)
      const rows = section(page, 'process-values').locator('tbody tr')
      await rows.first().waitFor()
      check((await rows.count()) === Math.min(points.total, 300), `${await rows.count()} rows of ${points.total}`)
      const { points: all } = await (await fetch(`${base}/api/assets/${points.id}/points?limit=1`)).json()
      await page.getByLabel('Filter process values').fill(all[0].object)
      await page.waitForFunction((total) => document.querySelectorAll('.values tbody tr').length < total, points.total)
      check((await rows.first().innerText()).includes(all[0].object), `the first row is ${await rows.first().innerText()}`)
      await page.getByLabel('Filter process values').fill('no such thing')
      await page.getByText('No process value matches').waitFor()
    })
  }
  if (programs.id) {
    await step('programs: each content has its sum, and a change is said', async () => {
      await page.goto(`${base}/assets/${programs.id}`)
      const list = section(page, 'programs')
      await list.locator('.programs li').first().waitFor()
      const { programs: all } = await (await fetch(`${base}/api/assets/${programs.id}/programs`)).json()
      for (const { contents } of all) {
        for (const { sha256, whole } of contents) check(!whole || (await list.getByTitle(sha256).count()) > 0, `${sha256} is not there`)
      }
      const changed = all.filter((p) => new Set(p.contents.filter((c) => c.whole).map((c) => c.sha256)).size > 1).length
      check((await list.getByText(/^changed: /).count()) === changed, `${changed} programs changed, and the page does not say so`)
    })
  }
  await page.context().close()
  for (const width of out && points.id ? [390, 1280, 2560] : []) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' })
      for (const [name, { id }] of [['process-values', points], ['programs', programs.id ? programs : points]]) {
        await step(`picture: ${name}, ${width} px, ${colorScheme}`, async () => {
          await page.goto(`${base}/assets/${id}`)
          await section(page, name).locator('tbody tr, .quiet').first().waitFor()
          await section(page, name).screenshot({ path: `${out}/${name}-${width}-${colorScheme}.png` })
        })
      }
      await page.context().close()
    }
  }
  return points.id ? [['values', `/assets/${points.id}`, '.values tbody tr']] : []
}
