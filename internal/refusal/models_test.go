package refusal

import (
	"strings"
	"testing"
)

// TestSeen holds that the product's list can be read, that no model stands in it twice,
// and that each line says when and with what.
func TestSeen(t *testing.T) {
	models, err := Seen()
	if err != nil || len(models) == 0 {
		t.Fatalf("%d models, %v", len(models), err)
	}
	for i := range models {
		m := &models[i]
		if !strings.Contains(m.Seen, "20") || len(m.Seen) < 20 {
			t.Errorf("%s %s: seen %q", m.Vendor, m.Model, m.Seen)
		}
		for k := range i {
			if o := &models[k]; o.Vendor == m.Vendor && o.Model == m.Model && o.Protocol == m.Protocol && compare(o.From, m.To) <= 0 && compare(m.From, o.To) <= 0 {
				t.Errorf("%s %s stands twice for %s", m.Vendor, m.Model, m.Protocol)
			}
		}
	}
}

func TestFind(t *testing.T) {
	models, err := read(strings.NewReader("vendor,model,firmware_from,firmware_to,protocol,how,only_if,seen\nAcme,P 7,V1.9,V1.12,modbus,address,,here 2026\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ vendor, model, firmware, protocol, why string }{
		{"Acme", "P 7", "V1.9", "modbus", ""},
		{"ACME", "p 7", "1.10.3", "modbus", ""},
		{"Acme", "P 7", "V1.12", "modbus", ""},
		{"Acme", "P 7", "V1.12a", "modbus", "has V1.12a"},
		{"Acme", "P 7", "V1.2", "modbus", "firmware V1.9 to V1.12, and it has V1.2"},
		{"Acme", "P 7", "2", "modbus", "has 2"},
		{"Acme", "P 7", "", "modbus", "firmware is not known"},
		{"Acme", "P 7", "V1.9", "opcua", "never seen to refuse opcua"},
		{"Acme", "P 70", "V1.9", "modbus", "never seen"},
		{"", "P 7", "V1.9", "modbus", "not known"},
	} {
		m, why := models.Find(c.vendor, c.model, c.firmware, c.protocol)
		if (m != nil) != (c.why == "") || !strings.Contains(why, c.why) {
			t.Errorf("%+v: %v, %q", c, m != nil, why)
		}
	}
	if p := models.Protocols("Acme", "P 7", "V1.11"); len(p) != 1 || p[0] != "modbus" {
		t.Errorf("%v", p)
	}
	for _, bad := range []string{"vendor\n", "vendor,model,firmware_from,firmware_to,protocol,how,only_if,seen\nA,B,2,1,modbus,x,,y\n", "vendor,model,firmware_from,firmware_to,protocol,how,only_if,seen\nA,,1,1,modbus,x,,y\n"} {
		if _, err := read(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}
