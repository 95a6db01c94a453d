/* Reads and writes a Modbus server with libmodbus; prints what it saw as JSON. */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	uint16_t r[8], in[3], back[1], zero = 0;
	uint8_t bits[3], off_on[2] = {0, 1};
	modbus_t *m = modbus_new_tcp("127.0.0.1", argc > 1 ? atoi(argv[1]) : 0);
	int ok = 1, exception;

	modbus_set_slave(m, 1);
	if (modbus_connect(m) != 0 || modbus_read_registers(m, 100, 8, r) != 8 ||
	    modbus_read_input_registers(m, 30, 3, in) != 3 || modbus_read_bits(m, 0, 3, bits) != 3) {
		fprintf(stderr, "%s\n", modbus_strerror(errno));
		return 1;
	}
	printf("{\"TIC101.SP\":%g,\"SIC101.SP\":%u,\"FQ101\":%d,\"PIC101.SP\":%g,", (int16_t)r[0] / 10.0, r[1],
	       (int32_t)((uint32_t)r[2] << 16 | r[3]), modbus_get_float_abcd(r + 4));
	printf("\"TIC101.PV\":%g,\"WT\":%g,\"XV101\":%d,", (int16_t)in[0] / 10.0, modbus_get_float_abcd(in + 1), bits[0]);
	if (modbus_read_input_bits(m, 5, 2, bits) != 2)
		ok = 0;
	printf("\"ZS101\":%d,", bits[0]);
	ok &= modbus_write_register(m, 100, 815) == 1;
	r[0] = 0xffff;
	r[1] = 0xffd6;
	ok &= modbus_write_registers(m, 102, 2, r) == 2;
	ok &= modbus_write_bit(m, 1, 1) == 1 && modbus_write_bits(m, 0, 2, off_on) == 2;
	ok &= modbus_mask_write_register(m, 101, 0x00ff, 0x0100) != -1;
	ok &= modbus_write_and_read_registers(m, 106, 1, &zero, 100, 1, back) == 1 && back[0] == 815;
	modbus_read_registers(m, 9, 1, back);
	exception = errno - MODBUS_ENOBASE;
	printf("\"written\":%s,\"exception\":%d}\n", ok ? "true" : "false", exception);
	modbus_close(m);
	modbus_free(m);
	return 0;
}
