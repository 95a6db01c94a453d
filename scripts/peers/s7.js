// S7 with nodes7: s7.js ADDRESS PORT. It prints what it asked and was told, one JSON object a line. nodes7 joins what
// is read into requests of its own choice: those it keeps, with the bytes that came, and they must hold each value.
'use strict';
const NodeS7 = require('nodes7');

const forms = { REAL: [4, (b, v) => b.writeFloatBE(v)], DINT: [4, (b, v) => b.writeInt32BE(v)], INT: [2, (b, v) => b.writeInt16BE(v)] };
const unit = 2;

// place takes an address of nodes7 apart and gives a value's bytes.
function place(address, value) {
  const [, block, form, at, bit] = address.match(/^DB(\d+),(X|REAL|DINT|INT)(\d+)(?:\.(\d+))?$/);
  if (form === 'X') return { block, at: Number(at), bit: Number(bit), value: Number(value) };
  const values = [].concat(value);
  const [size, put] = forms[form];
  const bytes = Buffer.alloc(size * values.length);
  values.forEach((v, i) => put(bytes.subarray(i * size), v));
  return { block, at: Number(at), bytes };
}

const tell = (line) => console.log(JSON.stringify({ unit, outcome: 'ok', ...line }));
const promised = (call) => new Promise((done, fail) => call((bad, seen) => (bad && bad !== true ? fail(bad) : done({ bad, seen }))));

async function read(plc, addresses) {
  const sent = [];
  const send = plc.sendReadPacket;
  plc.sendReadPacket = function () { // what it asks
    send.apply(this, arguments);
    for (const p of this.readPacketArray) if (p.sent && !sent.includes(p)) sent.push(p);
  };
  plc.addItems(addresses);
  const { seen } = await promised((done) => plc.readAllItems((bad, all) => done(bad, all)));
  plc.sendReadPacket = send;
  const got = [];
  for (const p of sent) {
    p.itemList.forEach((x, i) => {
      const ok = x.qualityBuffer[0] === 0xc0;
      const bytes = Buffer.from(x.byteBuffer.subarray(0, x.byteLength));
      got.push({ block: String(x.dbNumber), at: x.offset, bytes, ok });
      const line = { code: 4, function: 'read var', object: `DB${x.dbNumber}.DBB${x.offset}`, quantity: x.byteLength, item: p.itemList.length > 1 ? i + 1 : 0 };
      tell(ok ? { ...line, type: 'u8', values: [...bytes] } : { ...line, outcome: 'error:object-does-not-exist' });
    });
  }
  for (const address of addresses) {
    if (typeof seen[address] === 'string') continue; // refused
    const want = place(address, seen[address]);
    const whole = got.find((g) => g.block === want.block && g.at <= want.at && want.at < g.at + g.bytes.length);
    const same = want.bytes ? want.bytes.equals(whole.bytes.subarray(want.at - whole.at, want.at - whole.at + want.bytes.length)) : (whole.bytes[want.at - whole.at] >> want.bit & 1) === want.value;
    if (!same) throw new Error(`${address} is ${seen[address]}, and not in what was read`);
  }
  plc.removeItems();
}

async function write(plc, addresses, values) {
  await promised((done) => plc.writeItems(addresses, values, (bad) => done(bad)));
  let n = 0;
  for (const p of plc.writePacketArray) n += p.itemList.length;
  if (n !== addresses.length) throw new Error(`${n} items for ${addresses.length} values`);
  for (const p of plc.writePacketArray) {
    p.itemList.forEach((x, i) => {
      const want = place(x.useraddr, values[addresses.indexOf(x.useraddr)]);
      const line = { code: 5, function: 'write var', item: p.itemList.length > 1 ? i + 1 : 0, outcome: x.writeResponse === 0xff ? 'ok' : 'error:object-does-not-exist' };
      if (want.bytes) tell({ ...line, object: `DB${want.block}.DBB${want.at}`, quantity: want.bytes.length, type: 'u8', values: [...want.bytes] });
      else tell({ ...line, object: `DB${want.block}.DBX${want.at}.${want.bit}`, quantity: 1, type: 'bool', values: [want.value] });
    });
  }
}

async function work(plc) {
  tell({ protocol: 'cotp', unit: null, code: 224, object: 'tsap:0x0102' });
  tell({ protocol: 's7comm', code: 240, function: 'setup communication' });
  const all = ['DB10,X0.0', 'DB10,X2.0', 'DB10,INT4', 'DB10,REAL6', 'DB10,REAL10', 'DB10,INT14', 'DB11,INT0', 'DB11,REAL2', 'DB11,REAL10', 'DB11,REAL14',
    'DB11,REAL26', 'DB11,INT30', 'DB11,X32.0', 'DB12,DINT0', 'DB12,DINT4'];
  for (let i = 0; i < 5; i++) await read(plc, all);
  for (const address of all) await read(plc, [address]);
  await read(plc, ['DB12,DINT0', 'DB99,INT0', 'DB11,REAL2']);
  await write(plc, ['DB10,REAL6'], [88.5]);
  await write(plc, ['DB10,REAL10', 'DB10,INT14', 'DB10,X2.0'], [501.25, 7, false]);
  await write(plc, ['DB99,INT0'], [-5]);
  await read(plc, all);
}

const plc = new NodeS7({ silent: true });
const fail = (e) => { console.error(e); process.exit(1); };
plc.initiateConnection({ host: process.argv[2], port: Number(process.argv[3]), rack: 0, slot: unit, timeout: 10000 }, (e) => {
  if (e) fail(e);
  work(plc).then(() => plc.dropConnection(() => process.exit(0)), fail);
});
