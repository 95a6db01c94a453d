"""Modbus with pymodbus: modbus.py server|client ADDRESS. The client prints what it asked and was told, one JSON object a line."""
import json
import struct
import sys

from pymodbus.client import ModbusTcpClient
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartTcpServer
from pymodbus import diag_message, mei_message, other_message, register_read_message, register_write_message


def server(address):
    def block(f):
        return ModbusSequentialDataBlock(1, [f(i) for i in range(200)])

    units = {unit: ModbusSlaveContext(di=block(lambda i: i % 3 == 0), co=block(lambda i: i % 2 == 0), hr=block(lambda i: i * 301 % 65536), ir=block(lambda i: 65535 - i))
             for unit in (1, 17)}
    who = ModbusDeviceIdentification(info_name={"VendorName": "Acme", "ProductCode": "M1", "MajorMinorRevision": "1.2"})
    print("ready", flush=True)
    StartTcpServer(context=ModbusServerContext(slaves=units, single=False), identity=who, address=(address, 502))


def tell(code, unit, object="", quantity=None, values=None, type=None, outcome="ok", item=0):
    print(json.dumps({"code": code, "unit": unit, "object": object, "quantity": quantity, "values": [int(v) for v in values] if values is not None else None,
                      "type": type, "outcome": outcome, "item": item}))


names = {1: "illegal-function", 2: "illegal-data-address", 3: "illegal-data-value"}


def outcome(answer):
    return "error:" + names[answer.exception_code] if answer.isError() else "ok"


def reads(c, unit):
    for code, call, table, kind in ((1, c.read_coils, "coil", "bit"), (2, c.read_discrete_inputs, "discrete", "bit"),
                                    (3, c.read_holding_registers, "holding", "u16"), (4, c.read_input_registers, "input", "u16")):
        for address, count in ((0, 1), (3, 19), (40, 125), (150, 51), (65535, 1)):
            a = call(address, count, slave=unit)
            got = None if a.isError() else (a.bits if kind == "bit" else a.registers)[:count]
            tell(code, unit, "%s:%d" % (table, address), count, got, kind if got else None, outcome(a))


def writes(c, unit):
    for address, on in ((5, True), (6, False), (300, True)):
        tell(5, unit, "coil:%d" % address, 1, [on], "bit", outcome(c.write_coil(address, on, slave=unit)))
    for address, value in ((7, 0), (8, 65535), (300, 1)):
        tell(6, unit, "holding:%d" % address, 1, [value], "u16", outcome(c.write_register(address, value, slave=unit)))
    some = [i % 5 == 0 for i in range(21)]
    tell(15, unit, "coil:30", len(some), some, "bit", outcome(c.write_coils(30, some, slave=unit)))
    real = list(struct.unpack(">HH", struct.pack(">f", -12.75)))
    for address, words in ((50, real), (60, list(range(1000, 1100))), (190, [1] * 20)):
        tell(16, unit, "holding:%d" % address, len(words), words, "u16", outcome(c.write_registers(address, words, slave=unit)))
    a = c.execute(register_read_message.ReadWriteMultipleRegistersRequest(read_address=50, read_count=2, write_address=70, write_registers=[11, 12, 13], unit=unit))
    tell(23, unit, "holding:50", 2, a.registers, "u16", outcome(a), item=1)
    tell(23, unit, "holding:70", 3, [11, 12, 13], "u16", outcome(a), item=2)
    a = c.execute(register_write_message.MaskWriteRegisterRequest(7, 0xF2F2, 0x2525, unit=unit))
    tell(22, unit, "holding:7", 1, [0xF2F2, 0x2525], "u16", outcome(a))


def others(c, unit):
    a = c.execute(diag_message.ReturnQueryDataRequest([0xA537], unit=unit))
    tell(8, unit, "diagnostic:0", None, a.message, "u16", outcome(a))
    a = c.execute(diag_message.ReturnBusMessageCountRequest(unit=unit))
    tell(8, unit, "diagnostic:11", None, a.message, "u16", outcome(a))
    a = c.execute(other_message.ReadExceptionStatusRequest(unit=unit))
    tell(7, unit, "", None, [a.status >> i & 1 for i in range(8)], "bit", outcome(a))
    a = c.execute(other_message.GetCommEventCounterRequest(unit=unit))
    tell(11, unit, "", None, [0 if a.status else 0xFFFF, a.count], "u16", outcome(a))
    a = c.execute(other_message.ReportSlaveIdRequest(unit=unit))
    tell(17, unit, outcome=outcome(a))
    a = c.execute(mei_message.ReadDeviceInformationRequest(1, 0, unit=unit))
    tell(43, unit, "device-id:0", outcome=outcome(a))


def client(address):
    c = ModbusTcpClient(address, timeout=60)  # a machine may stand still
    if not c.connect():
        sys.exit("no connection")
    for unit in (1, 17):
        reads(c, unit)
        writes(c, unit)
        reads(c, unit)
        others(c, unit)
    c.close()


{"server": server, "client": client}[sys.argv[1]](sys.argv[2])
