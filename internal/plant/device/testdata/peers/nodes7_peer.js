// Reads and writes an S7 CPU with nodes7; prints what it saw as JSON.
const NodeS7 = require(process.argv[3] + '/nodes7');
const plc = new NodeS7({ silent: true });
const tags = {
  RUN: 'DB1,X0.0', CLEAN: 'DB1,X0.3', 'RATE.SP': 'DB1,INT2', 'WEIGHT.SP': 'DB1,WORD4', GOOD: 'DB1,DINT6',
  'LEVEL.SP': 'DB1,REAL10', WEIGHT: 'DB1,REAL14', FORMAT: 'DB20,INT0', DOOR: 'I4.1', STEP: 'MI10',
};
const fail = (what, err) => { console.error(what, err); process.exit(1); };
setTimeout(() => fail('no answer in time', ''), 20000).unref();
plc.initiateConnection({ port: Number(process.argv[2]), host: '127.0.0.1', rack: 0, slot: 2, timeout: 5000 }, (err) => {
  if (err) fail('connect', err);
  plc.setTranslationCB((tag) => tags[tag]);
  plc.addItems(Object.keys(tags));
  plc.readAllItems((bad, seen) => {
    if (bad) fail('read', JSON.stringify(seen));
    plc.writeItems(['CLEAN', 'RATE.SP', 'GOOD', 'LEVEL.SP', 'STEP'], [true, -77, 987654, 12.5, 9], (badWrite) => {
      if (badWrite) fail('write', badWrite);
      seen['WEIGHT.SP'] /= 10;
      console.log(JSON.stringify(seen));
      plc.dropConnection(() => process.exit(0));
    });
  });
});
