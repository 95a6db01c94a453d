"""A pymodbus client that writes what it may not, and polls in between, on one connection: refused.py ADDRESS N. Prints one JSON object."""
import json
import sys
import time

from pymodbus.client import ModbusTcpClient

address, n = sys.argv[1], int(sys.argv[2])
c = ModbusTcpClient(address, timeout=60)  # a machine may stand still
if not c.connect():
    sys.exit("no connection")
port = c.socket.getsockname()[1]
out = {"refused": 0, "other": [], "failed_polls": 0, "changed": 0, "reconnects": 0, "allowed": 0}
before = c.read_holding_registers(40, 20, slave=1).registers


def poll():
    began = time.perf_counter()
    answer = c.read_holding_registers(40, 20, slave=1)
    took = time.perf_counter() - began
    if answer.isError():
        out["failed_polls"] += 1
    elif answer.registers != before:
        out["changed"] += 1
    return took * 1000


def at(times, q):
    return round(sorted(times)[min(int(q * len(times)), len(times) - 1)], 3)


alone = [poll() for _ in range(n)]
after = []
for i in range(n):
    call = [lambda: c.write_register(40 + i % 20, 9999, slave=1), lambda: c.write_registers(40, [1, 2, 3], slave=1), lambda: c.write_coil(30, True, slave=1)][i % 3]
    answer = call()
    if answer.isError() and getattr(answer, "exception_code", 0) == 2 and answer.function_code == [0x86, 0x90, 0x85][i % 3]:
        out["refused"] += 1
    else:
        out["other"].append(str(answer))
    after.append(poll())
    if c.socket is None or c.socket.getsockname()[1] != port:
        out["reconnects"] += 1
        port = c.socket.getsockname()[1] if c.socket else 0
answer = c.write_register(5, 77, slave=1)
out["allowed"] = int(not answer.isError() and c.read_holding_registers(5, 1, slave=1).registers == [77])
out.update(alone_p50=at(alone, 0.5), alone_p99=at(alone, 0.99), after_p50=at(after, 0.5), after_p99=at(after, 0.99))
print(json.dumps(out))
