// BACnet/IP with node-bacnet: bacnet.js server, or bacnet.js client SERVER. The client prints what it asked and was
// told, one JSON object a line.
'use strict';
const Bacnet = require('node-bacnet');
const { ObjectType, PropertyIdentifier: Property, ApplicationTag: Tag, ErrorClass, ErrorCode, ConfirmedServiceChoice: Service } = Bacnet.enum;

const device = 4711;
const words = { 0: 'analog-input', 1: 'analog-output', 2: 'analog-value', 5: 'binary-value', 8: 'device', 19: 'multi-state-value' };
const names = { [Property.PRESENT_VALUE]: 'present-value', [Property.OBJECT_NAME]: 'object-name', [Property.OUT_OF_SERVICE]: 'out-of-service', [Property.UNITS]: 'units',
  [Property.PRIORITY]: 'priority', [Property.SYSTEM_STATUS]: 'system-status', [Property.VENDOR_NAME]: 'vendor-name', [Property.HIGH_LIMIT]: 'high-limit' };
const types = { [Tag.REAL]: 'f32', [Tag.DOUBLE]: 'f64', [Tag.UNSIGNED_INTEGER]: 'u32', [Tag.SIGNED_INTEGER]: 'i32', [Tag.ENUMERATED]: 'u32', [Tag.BOOLEAN]: 'bool' };
const key = (o, p) => `${o.type}/${o.instance}/${p}`;

function memory() {
  const m = new Map();
  const put = (type, instance, property, tag, ...values) => m.set(key({ type, instance }, property), values.map((value) => ({ type: tag, value })));
  for (let i = 0; i < 10; i++) {
    put(ObjectType.ANALOG_INPUT, i, Property.PRESENT_VALUE, Tag.REAL, i * 1.25 - 3);
    put(ObjectType.ANALOG_INPUT, i, Property.UNITS, Tag.ENUMERATED, 62);
    put(ObjectType.ANALOG_INPUT, i, Property.OUT_OF_SERVICE, Tag.BOOLEAN, i % 2 === 0);
    put(ObjectType.ANALOG_INPUT, i, Property.OBJECT_NAME, Tag.CHARACTER_STRING, `TI${i}`);
    put(ObjectType.ANALOG_VALUE, i, Property.PRESENT_VALUE, Tag.REAL, 100 + i);
    put(ObjectType.BINARY_VALUE, i, Property.PRESENT_VALUE, Tag.ENUMERATED, i % 2);
    put(ObjectType.MULTI_STATE_VALUE, i, Property.PRESENT_VALUE, Tag.UNSIGNED_INTEGER, i * 1000);
  }
  put(ObjectType.DEVICE, device, Property.VENDOR_NAME, Tag.CHARACTER_STRING, 'Acme');
  put(ObjectType.DEVICE, device, Property.SYSTEM_STATUS, Tag.ENUMERATED, 0);
  return m;
}

function server() {
  const s = new Bacnet({ broadcastAddress: '10.98.7.255' });
  const m = memory();
  s.on('error', (e) => { console.error(e); process.exit(1); });
  s.on('listening', () => console.log('ready'));
  s.on('whoIs', () => s.iAmResponse(null, device, 3, 999));
  s.on('readProperty', ({ header, invokeId, payload: { objectId, property } }) => {
    const value = m.get(key(objectId, property.id));
    if (value) s.readPropertyResponse(header.sender, invokeId, objectId, property, value);
    else s.errorResponse(header.sender, Service.READ_PROPERTY, invokeId, ErrorClass.PROPERTY, ErrorCode.UNKNOWN_PROPERTY);
  });
  s.on('readPropertyMultiple', ({ header, invokeId, payload: { properties } }) => {
    s.readPropertyMultipleResponse(header.sender, invokeId, properties.map((o) => ({ objectId: o.objectId, values: o.properties.map((p) => ({ property: p, value: m.get(key(o.objectId, p.id)) })) })));
  });
  s.on('writeProperty', ({ header, invokeId, payload: { objectId, value } }) => {
    if (!m.has(key(objectId, value.property.id))) return s.errorResponse(header.sender, Service.WRITE_PROPERTY, invokeId, ErrorClass.PROPERTY, ErrorCode.WRITE_ACCESS_DENIED);
    m.set(key(objectId, value.property.id), value.value);
    s.simpleAckResponse(header.sender, Service.WRITE_PROPERTY, invokeId);
  });
  s.on('writePropertyMultiple', ({ header, invokeId }) => s.simpleAckResponse(header.sender, Service.WRITE_PROPERTY_MULTIPLE, invokeId));
  s.on('subscribeCov', ({ header, invokeId, payload }) => {
    s.simpleAckResponse(header.sender, Service.SUBSCRIBE_COV, invokeId);
    const id = payload.monitoredObjectId;
    const values = [{ property: { id: Property.PRESENT_VALUE }, value: m.get(key(id, Property.PRESENT_VALUE)) }];
    setTimeout(() => s.unconfirmedCOVNotification(header.sender.address || header.sender, payload.subscriberProcessId, device, id, 60, values), 50);
  });
}

const tell = (line) => console.log(JSON.stringify({ outcome: 'ok', ...line }));
const outcome = (e) => (e ? 'error:' + Object.keys(ErrorCode).find((k) => ErrorCode[k] === e.bacnetErrorCode).toLowerCase().replace(/_/g, '-') : 'ok');
const object = (o, p) => `${words[o.type]}:${o.instance}/${names[p]}`;

// carried are values as event lines tell them: numbers, no texts.
function carried(values) {
  const type = values && values.length > 0 && types[values[0].type];
  return type ? { type, values: values.map((v) => Number(v.value)) } : {};
}

async function client(c, to) {
  const ask = (call) => new Promise((done) => call((e, v) => { if (e && e.message === 'ERR_TIMEOUT') throw e; done([e, v]); }));
  const seen = new Promise((done) => c.on('iAm', (m) => done(m.payload.deviceId)));
  c.whoIs();
  if ((await seen) !== device) throw new Error('not the device');
  tell({ code: 0x108, function: 'who is' });

  const read = async (o, p) => {
    const [e, v] = await ask((next) => c.readProperty(to, o, p, next));
    tell({ code: 12, object: object(o, p), outcome: outcome(e), ...carried(v && v.values) });
  };
  const write = async (o, p, values, priority) => {
    const [e] = await ask((next) => c.writeProperty(to, o, p, values, priority ? { priority } : {}, next));
    tell({ code: 15, function: 'write property' + (priority ? ` (priority ${priority})` : ''), object: object(o, p), outcome: outcome(e), ...carried(values) });
  };
  const several = async (list) => {
    const [e, v] = await ask((next) => c.readPropertyMultiple(to, list, next));
    if (e) throw e;
    let item = 0;
    const many = list.reduce((n, x) => n + x.properties.length, 0) > 1;
    for (const o of v.values) for (const p of o.values) tell({ code: 14, item: many ? ++item : 0, object: object(o.objectId, p.id), ...carried(p.value) });
  };
  const of = (type, instance) => ({ type, instance });
  for (let i = 0; i < 11; i++) {
    for (const p of [Property.PRESENT_VALUE, Property.UNITS, Property.OUT_OF_SERVICE, Property.OBJECT_NAME, Property.HIGH_LIMIT]) await read(of(ObjectType.ANALOG_INPUT, i), p);
    await read(of(ObjectType.BINARY_VALUE, i), Property.PRESENT_VALUE);
    await read(of(ObjectType.MULTI_STATE_VALUE, i), Property.PRESENT_VALUE);
  }
  await read(of(ObjectType.DEVICE, device), Property.VENDOR_NAME);
  await read(of(ObjectType.DEVICE, device), Property.SYSTEM_STATUS);
  for (let i = 0; i < 11; i++) await write(of(ObjectType.ANALOG_VALUE, i), Property.PRESENT_VALUE, [{ type: Tag.REAL, value: i * 0.5 }], i);
  await write(of(ObjectType.BINARY_VALUE, 3), Property.PRESENT_VALUE, [{ type: Tag.ENUMERATED, value: 1 }], 8);
  await write(of(ObjectType.MULTI_STATE_VALUE, 4), Property.PRESENT_VALUE, [{ type: Tag.UNSIGNED_INTEGER, value: 70000 }]);
  await write(of(ObjectType.ANALOG_INPUT, 4), Property.OBJECT_NAME, [{ type: Tag.CHARACTER_STRING, value: 'level' }]);
  for (let i = 0; i < 5; i++) {
    await several([0, 1, 2].map((k) => ({ objectId: of(ObjectType.ANALOG_INPUT, i + k), properties: [{ id: Property.PRESENT_VALUE }, { id: Property.UNITS }, { id: Property.OBJECT_NAME }] })));
    await several([{ objectId: of(ObjectType.ANALOG_VALUE, i), properties: [{ id: Property.PRESENT_VALUE }] }]);
  }
  const all = [1].map((k) => ({ objectId: of(ObjectType.ANALOG_VALUE, k), values: [{ property: { id: Property.PRESENT_VALUE, index: 0xffffffff }, value: [{ type: Tag.REAL, value: 7.5 * k }], priority: 9 }] }));
  const [e] = await ask((next) => c.writePropertyMultiple(to, all, next));
  all.forEach((x) => tell({ code: 16, object: object(x.objectId, Property.PRESENT_VALUE), outcome: outcome(e), ...carried(x.values[0].value) }));

  const told = new Promise((done) => c.on('covNotifyUnconfirmed', (m) => done(m.payload || m)));
  const [bad] = await ask((next) => c.subscribeCov(to, of(ObjectType.ANALOG_INPUT, 2), 7, false, false, 60, next));
  tell({ code: 5, object: 'analog-input:2', outcome: outcome(bad) });
  for (const v of (await told).values) tell({ kind: 'sample', code: 0x102, outcome: '', object: object(of(ObjectType.ANALOG_INPUT, 2), v.property.id), ...carried(v.value) });
}

if (process.argv[2] === 'server') server();
else {
  const c = new Bacnet({ broadcastAddress: '10.98.7.255' });
  setTimeout(() => { console.error('not done in time'); process.exit(1); }, 30000).unref();
  c.on('error', (e) => { console.error(e); process.exit(1); });
  c.on('listening', () => client(c, process.argv[3]).then(() => process.exit(0), (e) => { console.error(e); process.exit(1); }));
}
