// Modbus with modbus-serial: modbus.js ADDRESS. It prints what it asked and was told, one JSON object a line.
'use strict';
const ModbusRTU = require('modbus-serial');

const errors = { 1: 'illegal-function', 2: 'illegal-data-address', 3: 'illegal-data-value' };
const bits = (all) => all.map(Number);

// A read's values are known when it is answered.
async function read(line, call) {
  try {
    line.values = await call();
    line.outcome = 'ok';
  } catch (e) {
    if (!e.modbusCode) throw e;
    line.type = null;
    line.outcome = 'error:' + errors[e.modbusCode];
  }
  console.log(JSON.stringify(line));
}

// A write's values are known before.
async function write(line, call) {
  try {
    await call();
    line.outcome = 'ok';
  } catch (e) {
    if (!e.modbusCode) throw e;
    line.outcome = 'error:' + errors[e.modbusCode];
  }
  console.log(JSON.stringify(line));
}

async function reads(c, unit) {
  for (const [at, n] of [[0, 1], [9, 30], [1, 120], [199, 1], [200, 1]]) {
    await read({ code: 1, unit, object: `coil:${at}`, quantity: n, type: 'bit' }, async () => bits((await c.readCoils(at, n)).data.slice(0, n)));
    await read({ code: 2, unit, object: `discrete:${at}`, quantity: n, type: 'bit' }, async () => bits((await c.readDiscreteInputs(at, n)).data.slice(0, n)));
    await read({ code: 3, unit, object: `holding:${at}`, quantity: n, type: 'u16' }, async () => (await c.readHoldingRegisters(at, n)).data);
    await read({ code: 4, unit, object: `input:${at}`, quantity: n, type: 'u16' }, async () => (await c.readInputRegisters(at, n)).data);
  }
}

async function writes(c, unit) {
  await write({ code: 5, unit, object: 'coil:11', quantity: 1, type: 'bit', values: [1] }, () => c.writeCoil(11, true));
  await write({ code: 6, unit, object: 'holding:12', quantity: 1, type: 'u16', values: [54321] }, () => c.writeRegister(12, 54321));
  await write({ code: 6, unit, object: 'holding:1000', quantity: 1, type: 'u16', values: [5] }, () => c.writeRegister(1000, 5));
  const some = [true, false, false, true, true, true, false, true, false];
  await write({ code: 15, unit, object: 'coil:80', quantity: some.length, type: 'bit', values: bits(some) }, () => c.writeCoils(80, some));
  const words = Array.from({ length: 64 }, (_, i) => (i * 999) & 0xffff);
  await write({ code: 16, unit, object: 'holding:100', quantity: words.length, type: 'u16', values: words }, () => c.writeRegisters(100, words));
  await write({ code: 22, unit, object: 'holding:12', quantity: 1, type: 'u16', values: [0xff0f, 0x0010] }, () => c.maskWriteRegister(12, 0xff0f, 0x0010));
}

(async () => {
  const c = new ModbusRTU();
  await c.connectTCP(process.argv[2], { port: 502 });
  c.setTimeout(5000);
  for (const unit of [1, 17]) {
    c.setID(unit);
    await reads(c, unit);
    await writes(c, unit);
    await reads(c, unit);
  }
  c.close(() => process.exit(0));
})().catch((e) => { console.error(e); process.exit(1); });
