// Opens pages in headless Chromium: node pages.mjs CHROMIUM FOLDER. Says what a page asks for, runs, or makes hard
// to read, one line each; nothing when all is well.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const [, , executablePath, folder] = process.argv
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })

// As a reader opens it: nothing may be fetched, run or refused.
async function open(name) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
  const page = await context.newPage()
  const url = pathToFileURL(join(folder, name)).href
  page.on('request', r => r.url() !== url && console.log(`${name}: asks for ${r.url()}`))
  page.on('console', m => console.log(`${name}: the console says ${m.text()}`))
  page.on('dialog', d => { console.log(`${name}: a dialog`); d.dismiss() })
  page.on('pageerror', e => console.log(`${name}: ${e}`))
  await page.goto(url)
  const styled = await page.evaluate(() => getComputedStyle(document.querySelector('h1')).fontSize)
  if (styled !== '24px') console.log(`${name}: the style is refused`)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  if (wide > 0) console.log(`${name}: ${wide} pixels too wide for a phone`)
  await page.screenshot({ path: join(folder, name.replace(/html$/, 'phone.png')) })
  await context.close()
}

// As axe sees it, which has to run in the page, and so without the page's policy.
async function accessible(name, width) {
  const context = await browser.newContext({ bypassCSP: true, viewport: { width, height: 1200 } })
  const page = await context.newPage()
  await page.goto(pathToFileURL(join(folder, name)).href)
  await page.addScriptTag({ content: axe })
  const { violations } = await page.evaluate(() => axe.run())
  for (const v of violations) console.log(`${name}: at ${width}: ${v.impact}: ${v.id}: ${v.nodes.length} times, as ${v.nodes[0].html.slice(0, 120)}`)
  if (width > 1000 && name.startsWith('report')) await page.pdf({ path: join(folder, name.replace(/html$/, 'pdf')), format: 'A4', printBackground: true })
  if (width > 1000) await page.screenshot({ path: join(folder, name.replace(/html$/, 'png')) })
  await context.close()
}

for (const name of readdirSync(folder).filter(n => n.endsWith('.html'))) {
  await open(name)
  await accessible(name, 390)
  if (name.startsWith('report')) await accessible(name, 820)
  await accessible(name, 1200)
}
await browser.close()
