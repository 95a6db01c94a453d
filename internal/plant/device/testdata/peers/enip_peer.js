// Reads and writes an EtherNet/IP controller with st-ethernet-ip, outside of and on a
// connection; prints what it saw as JSON.
const root = process.argv[3] + '/st-ethernet-ip/dist';
require(root + '/config').EIP_PORT = Number(process.argv[2]);
const { Controller, Tag } = require(root);
const fail = (what, err) => { console.error(what, err); process.exit(1); };
setTimeout(() => fail('no answer in time', ''), 20000).unref();

async function visit(connected, seen) {
  const plc = new Controller(connected);
  await plc.connect('127.0.0.1', 0);
  seen.name = plc.properties.name;
  seen.listed = plc.tagList.map((t) => t.name).filter((n) => !n.startsWith('Conveyor'));
  for (const name of ['Gripper', 'Vacuum', 'Step', 'Cycles', 'Conveyor.SP']) {
    const tag = new Tag(name);
    await plc.readTag(tag);
    seen[name] = tag.value;
  }
  const step = new Tag('Step');
  await plc.readTag(step);
  step.value = seen.Step - 1;
  await plc.writeTag(step);
  const vacuum = new Tag('Vacuum');
  await plc.readTag(vacuum);
  vacuum.value = connected ? 3.5 : 2.5;
  await plc.writeTag(vacuum);
  await plc.disconnect();
}

(async () => {
  const seen = { outside: {}, connected: {} };
  await visit(false, seen.outside);
  await visit(true, seen.connected);
  console.log(JSON.stringify(seen));
  process.exit(0);
})().catch((err) => fail('failed', err));
