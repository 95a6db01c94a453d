// OPC UA with node-opcua: opcua.js server ADDRESS, or opcua.js client ADDRESS None|Sign|SignAndEncrypt. The client
// prints every request that it sent, and what it was told, one JSON object a line. Its certificates are made in HOME.
'use strict';
const { nodesets } = require('node-opcua-nodesets');
const ua = require('node-opcua-client');
const { OPCUACertificateManager } = require('node-opcua-certificate-manager');
const { Variant } = require('node-opcua-variant');

const { DataType, StatusCodes } = ua;
const url = (address) => `opc.tcp://${address}:4840`;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function server(address) {
  const { OPCUAServer } = require('node-opcua-server');
  const serverCertificateManager = new OPCUACertificateManager({ rootFolder: process.env.HOME + '/server', automaticallyAcceptUnknownCertificate: true });
  const s = new OPCUAServer({ host: address, hostname: address, port: 4840, nodeset_filename: [nodesets.standard], serverCertificateManager, alternateHostname: address,
    securityPolicies: [ua.SecurityPolicy.None, ua.SecurityPolicy.Basic256Sha256], buildInfo: { productName: 'Filler', buildNumber: '7' } });
  await s.initialize();
  const space = s.engine.addressSpace.getOwnNamespace();
  const line = space.addObject({ organizedBy: s.engine.addressSpace.rootFolder.objects, browseName: 'Line', nodeId: 's=Line' });
  const add = (name, dataType, value) => space.addVariable({ componentOf: line, browseName: name, nodeId: `s=Line.${name}`, dataType, valueRank: Array.isArray(value) ? 1 : -1,
    arrayDimensions: Array.isArray(value) ? [value.length] : null, value: new Variant({ dataType, value, arrayType: Array.isArray(value) ? 1 : 0 }), minimumSamplingInterval: 20 });
  add('Speed', DataType.Double, 12.5);
  add('Level', DataType.Float, -3.25);
  add('Small', DataType.SByte, -7);
  add('Mode', DataType.Byte, 3);
  add('Word', DataType.UInt16, 60000);
  add('Short', DataType.Int16, -30000);
  add('Total', DataType.UInt32, 4000000000);
  add('Offset', DataType.Int32, -2000000000);
  add('On', DataType.Boolean, true);
  add('Name', DataType.String, 'filler');
  add('List', DataType.Int32, [5, -6, 7]);
  const count = add('Count', DataType.UInt32, 0);
  let n = 0;
  setInterval(() => count.setValueFromSource(new Variant({ dataType: DataType.UInt32, value: ++n })), 60);
  const sum = space.addMethod(line, { browseName: 'Sum', nodeId: 's=Line.Sum', outputArguments: [{ name: 'c', dataType: DataType.Double }],
    inputArguments: [{ name: 'a', dataType: DataType.Double }, { name: 'b', dataType: DataType.Double }] });
  sum.bindMethod((input, _, done) => done(null, { statusCode: StatusCodes.Good, outputArguments: [new Variant({ dataType: DataType.Double, value: input[0].value + input[1].value })] }));
  await s.start();
  console.log('ready');
}

const types = { Boolean: 'bool', SByte: 'i8', Byte: 'u8', Int16: 'i16', UInt16: 'u16', Int32: 'i32', UInt32: 'u32', Float: 'f32', Double: 'f64' };
const attributes = ['', 'node-id', 'node-class', 'browse-name', 'display-name', 'description', 'write-mask', 'user-write-mask', 'is-abstract', 'symmetric', 'inverse-name',
  'contains-no-loops', 'event-notifier', 'value', 'data-type', 'value-rank', 'array-dimensions', 'access-level', 'user-access-level'];
const node = (id) => id.toString().replace(/^ns=0;/, '');
const attribute = (x) => node(x.nodeId) + (x.attributeId === 13 ? '' : '/' + attributes[x.attributeId]);
const outcome = (status) => (status.value === 0 ? 'ok' : 'error:' + status.name.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase());

// carried are a value as event lines tell it: numbers, no texts.
function carried(variants) {
  const kinds = variants.map((v) => (v ? DataType[v.dataType] : 'Null'));
  const type = types[kinds[0]];
  if (!type || kinds.some((k) => k !== kinds[0])) return {};
  return { type, values: variants.flatMap((v) => (v.value && v.value.length !== undefined ? [...v.value] : [v.value])).map(Number) };
}

const handles = new Map();

// of gives for each kind of request its lines: all but code and outcome.
const of = {
  ActivateSessionRequest: (q) => [{ object: 'user-token:' + q.userIdentityToken.constructor.name.replace('IdentityToken', '').toLowerCase() }],
  BrowseRequest: (q) => q.nodesToBrowse.map((x) => ({ object: node(x.nodeId) })),
  ReadRequest: (q, a) => q.nodesToRead.map((x, i) => ({ object: attribute(x), ...(a.results ? carried([a.results[i].value]) : {}) })),
  WriteRequest: (q) => q.nodesToWrite.map((x) => ({ object: attribute(x), ...carried([x.value.value]) })),
  CallRequest: (q) => q.methodsToCall.map((x) => ({ object: `${node(x.objectId)}/${node(x.methodId)}`, ...carried(x.inputArguments) })),
  CreateMonitoredItemsRequest: (q) => q.itemsToCreate.map((x) => {
    handles.set(`${q.subscriptionId}/${x.requestedParameters.clientHandle}`, attribute(x.itemToMonitor));
    return { object: attribute(x.itemToMonitor) };
  }),
};

const tell = (line) => console.log(JSON.stringify(line));

function answered(q, a) {
  const name = q.constructor.name;
  const lines = of[name] ? of[name](q, a) : [{}];
  const each = Array.isArray(a.results) && a.results.length === lines.length && of[name] && q.constructor.name !== 'ActivateSessionRequest';
  lines.forEach((line, i) => {
    let status = a.responseHeader.serviceResult;
    if (each) status = a.results[i].statusCode || a.results[i];
    tell({ code: q.schema.encodingDefaultBinary.value, item: lines.length > 1 ? i + 1 : 0, outcome: outcome(status), ...line });
  });
  for (const d of (a.notificationMessage && a.notificationMessage.notificationData) || []) {
    for (const x of d.monitoredItems || []) tell({ kind: 'sample', code: 811, outcome: '', object: handles.get(`${a.subscriptionId}/${x.clientHandle}`), ...carried([x.value.value]) });
  }
}

let policy = 'None';

// heard makes a client that prints what it asks and is told.
function heard(options) {
  const clientCertificateManager = new OPCUACertificateManager({ rootFolder: process.env.HOME + '/client', automaticallyAcceptUnknownCertificate: true });
  const c = ua.OPCUAClient.create({ endpointMustExist: false, clientCertificateManager, connectionStrategy: { maxRetry: 0 }, keepSessionAlive: false, ...options });
  const sent = new Map();
  c.on('send_request', (q) => sent.set(q.requestHeader.requestHandle, q));
  const hear = (a) => {
    const q = sent.get(a.responseHeader.requestHandle);
    sent.delete(a.responseHeader.requestHandle);
    answered(q, a);
  };
  c.on('receive_response', hear);
  const perform = c.performMessageTransaction;
  c.performMessageTransaction = function (q, done) {
    perform.call(this, q, (e, a) => {
      if (e && e.response && sent.has(e.response.responseHeader.requestHandle)) hear(e.response); // a fault
      done(e, a);
    });
  };
  const connect = c.connect;
  c.connect = async (to) => {
    await connect.call(c, to);
    tell({ code: 446, outcome: 'ok', object: 'policy:' + policy }); // before one can listen
  };
  const disconnect = c.disconnect;
  c.disconnect = async () => {
    await disconnect.call(c);
    for (const q of sent.values()) tell({ code: q.schema.encodingDefaultBinary.value, outcome: q.constructor.name === 'CloseSecureChannelRequest' ? 'ok' : 'no-response' });
  };
  return c;
}

async function client(address, mode) {
  const first = heard({});
  await first.connect(url(address));
  const endpoints = await first.getEndpoints();
  await first.disconnect();
  if (mode !== 'None') policy = 'Basic256Sha256';
  const { serverCertificate } = endpoints.find((e) => e.securityMode === ua.MessageSecurityMode[mode]);
  const c = heard({ securityMode: ua.MessageSecurityMode[mode], securityPolicy: ua.SecurityPolicy[policy], serverCertificate });
  await c.connect(url(address));
  const s = await c.createSession();
  await work(s);
  await s.close();
  await c.disconnect();
}

async function work(s) {
  const id = (name) => `ns=1;s=Line.${name}`;
  const all = ['Speed', 'Level', 'Small', 'Mode', 'Word', 'Short', 'Total', 'Offset', 'On', 'Name', 'List', 'None'];
  await s.browse('i=85');
  await s.browse(['ns=1;s=Line', 'ns=1;s=Nothing'].map((nodeId) => ({ nodeId, browseDirection: 0, includeSubtypes: true, resultMask: 63 })));
  for (let i = 0; i < 3; i++) await s.read(all.map((name) => ({ nodeId: id(name), attributeId: 13 })));
  for (const name of all) await s.read({ nodeId: id(name), attributeId: 13 });
  await s.read([2, 3, 4, 14, 15, 17].map((attributeId) => ({ nodeId: id('Speed'), attributeId })));
  const write = (list) => s.write(list.map(([name, dataType, value]) => ({ nodeId: id(name), attributeId: 13, value: { value: { dataType, value, arrayType: Array.isArray(value) ? 1 : 0 } } })));
  await write([['Speed', DataType.Double, 99.125]]);
  await write([['Level', DataType.Float, 1.5], ['Small', DataType.SByte, 100], ['Word', DataType.UInt16, 1], ['List', DataType.Int32, [1, 2, 3]], ['Name', DataType.String, 'capper'],
    ['On', DataType.Double, 1.25], ['None', DataType.Boolean, true]]);
  await s.read(all.map((name) => ({ nodeId: id(name), attributeId: 13 })));
  const number = (value) => ({ dataType: DataType.Double, value });
  await s.call({ objectId: 'ns=1;s=Line', methodId: id('Sum'), inputArguments: [number(2.5), number(-8)] });
  await s.call([1, 2].map((x) => ({ objectId: 'ns=1;s=Line', methodId: id(x === 1 ? 'Sum' : 'Nothing'), inputArguments: [number(x), number(x)] })));
  const subscription = await s.createSubscription2({ requestedPublishingInterval: 100, requestedLifetimeCount: 1000, requestedMaxKeepAliveCount: 10, publishingEnabled: true, maxNotificationsPerPublish: 100 });
  for (const name of ['Count', 'Speed', 'Level', 'On']) {
    await subscription.monitor({ nodeId: id(name), attributeId: 13 }, { samplingInterval: 50, queueSize: 10, discardOldest: true }, ua.TimestampsToReturn.Both);
  }
  await pause(1000);
  await write([['Speed', DataType.Double, -1]]);
  await pause(500);
  await subscription.terminate();
}

({ server, client })[process.argv[2]](process.argv[3], process.argv[4]).then(() => process.argv[2] === 'server' || process.exit(0), (e) => { console.error(e); process.exit(1); });
