// Walks the room of the simulated plant alone, as walk.mjs does among the others:
//
//   node test/walk-factory.mjs --base http://127.0.0.1:PORT --link URL --out DIR [--chromium PATH]
import { judge } from './axe.mjs'
import { start } from './browser.mjs'
import { factory, factoryPlaces } from './factory.mjs'
import { shoot } from './shots.mjs'

const walk = await start()
const session = await walk.signIn()
await factory({ ...walk, session })
const places = await factoryPlaces(walk.base)
await judge({ ...walk, places })
await shoot({ ...walk, places })
await walk.end()
