"""Reads and writes a Modbus server with pymodbus; prints what it saw as JSON."""
import json
import struct
import sys

from pymodbus.client import ModbusTcpClient

client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]))
if not client.connect():
    sys.exit("no connection")
unit = 1
seen = {}


def words(answer):
    if answer.isError():
        sys.exit("error: %s" % answer)
    return answer.registers


holding = words(client.read_holding_registers(100, 8, slave=unit))
seen["TIC101.SP"] = struct.unpack(">h", struct.pack(">H", holding[0]))[0] / 10
seen["SIC101.SP"] = holding[1]
seen["FQ101"] = struct.unpack(">i", struct.pack(">HH", *holding[2:4]))[0]
seen["PIC101.SP"] = struct.unpack(">f", struct.pack(">HH", *holding[4:6]))[0]
pv = words(client.read_input_registers(30, 3, slave=unit))
seen["TIC101.PV"] = struct.unpack(">h", struct.pack(">H", pv[0]))[0] / 10
seen["WT"] = struct.unpack(">f", struct.pack(">HH", *pv[1:3]))[0]
seen["XV101"] = int(client.read_coils(0, 3, slave=unit).bits[0])
seen["ZS101"] = int(client.read_discrete_inputs(5, 2, slave=unit).bits[0])

ok = True
ok &= not client.write_register(100, 815, slave=unit).isError()
ok &= not client.write_registers(102, list(struct.unpack(">HH", struct.pack(">i", -42))), slave=unit).isError()
ok &= not client.write_coil(1, True, slave=unit).isError()
ok &= not client.write_coils(0, [False, True], slave=unit).isError()
ok &= not client.mask_write_register(101, 0x00FF, 0x0100, slave=unit).isError()
both = client.readwrite_registers(read_address=100, read_count=1, write_address=106, write_registers=[0], slave=unit)
ok &= not both.isError() and both.registers == [815]
seen["written"] = ok
refused = client.read_holding_registers(9, 1, slave=unit)
seen["exception"] = getattr(refused, "exception_code", 0)

from pymodbus.mei_message import ReadDeviceInformationRequest

info = client.execute(ReadDeviceInformationRequest(read_code=1, slave=unit))
seen["vendor"] = info.information[0].decode()
client.close()
print(json.dumps(seen))
