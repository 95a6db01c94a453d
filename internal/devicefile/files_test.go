package devicefile

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"firedoor/internal/point"
)

const drive = `$ a drive
[File]
        DescText = "A drive; with a semicolon, and a comma";
[Params]
        Param1 = 0, ,, 0x0000, 0xC7, 2, "Motor speed", "rpm", "help, with comma", 0, 65535, 0, 1, 10, 1, 0, ,,,, 1;
        Param2 = 0, ,, 0x0000, 0xCA, 4, "Current", "A", "", , , , , , , , ,,,, ; $ no scale
        Param3 = 0, ,, 0x0000, 0xC1, 1, "Running", "", "", 0, 1, 0, ,,,, ,,,, 0;
[Assembly]
        Assem1 = "Input", "20 04 24 64 30 03", 9, 0x0000, ,, 16, Param1, 32, Param2, 8, , 1, Param3, 7, ;
        Assem151 = "Output", , 2, 0, ,, , Param1;
`

const station = `<?xml version="1.0" encoding="utf-8"?>
<ISO15745Profile xmlns="http://www.profibus.com/GSDML/2003/11/DeviceProfile"><ProfileBody><ApplicationProcess>
<ModuleList><ModuleItem ID="M1"><VirtualSubmoduleList>
 <VirtualSubmoduleItem ID="S1" SubmoduleIdentNumber="0x1"><IOData>
  <Input><DataItem DataType="Unsigned16" TextId="T_LEVEL"/><DataItem DataType="OctetString" Length="3" TextId="T_RAW"/>
   <DataItem DataType="Unsigned16" UseAsBits="true" TextId="T_BITS"><BitDataItem BitOffset="0" TextId="T_RUN"/><BitDataItem BitOffset="9" TextId="T_TRIP"/></DataItem>
   <DataItem DataType="Float32" TextId="T_TEMP"/></Input>
  <Output><DataItem DataType="Integer32" TextId="T_SET"/></Output></IOData></VirtualSubmoduleItem>
</VirtualSubmoduleList></ModuleItem></ModuleList>
<ExternalTextList><PrimaryLanguage><Text TextId="T_LEVEL" Value="Level"/><Text TextId="T_RUN" Value="Running"/><Text TextId="T_TRIP" Value="Tripped"/>
<Text TextId="T_TEMP" Value="Temperature"/><Text TextId="T_SET" Value="Setpoint"/></PrimaryLanguage></ExternalTextList>
</ApplicationProcess></ProfileBody></ISO15745Profile>`

// written gives the map, after the package that uses maps has read it.
func mapOf(t *testing.T, server string, items []Item, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Write(&b, server, items); err != nil {
		t.Fatal(err)
	}
	if _, err := point.ReadNames("made.csv", bytes.NewReader(b.Bytes())); err != nil {
		t.Errorf("the map that was made cannot be read: %v", err)
	}
	_, lines, _ := strings.Cut(b.String(), "\n")
	return lines
}

func TestEDS(t *testing.T) {
	items, err := EDS("drive.eds", strings.NewReader(drive))
	want := `10.0.0.7,assembly:100,Motor speed,u16,dcba,0.1,,rpm
10.0.0.7,assembly:100[2],Current,f32,dcba,,,A
10.0.0.7,assembly:100[7],Running,bit.0,,,,
10.0.0.7,assembly:151,Motor speed,u16,dcba,0.1,,rpm
`
	if got := mapOf(t, "10.0.0.7", items, err); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestOddEDS: what is legal and not usual. Letters of one byte, numbers with zeros in
// front, text in pieces, assemblies in assemblies, and the header before what the
// connection's client sends.
func TestOddEDS(t *testing.T) {
	const file = "[Params]\r\n" +
		"\tParam1 = 0,,,0,0xC3,2,\"Oil \"\r\n\t\t\"temperature\",\"\xb0C\",\"\",,,,0,1,1,0;\r\n" +
		"\tPARAM2=0,,,0,0x00C6,01,\"Mode\",\"\",\"\",,,,,,,,;\r\n" +
		"[Assembly]\r\n" +
		"\tAssem1 = \"In\",\"20 04 24 65 30 03\",04,0x0000,,, 016,Param1, 8,param2, 8,;\r\n" +
		"\tAssem2 = \"All\",\"20 04 24 66 30 03\",10,0x0000,,, 08,Param2, ,Assem1, 64,Assem1, 8,Param2;\r\n" +
		"\tAssem3 = \"Out\",\"20 04 24 96 30 03\",3,0x0000,,, 8,Param2, 16,Param1;\r\n" +
		"\tAssem4 = \"Itself\",\"20 04 24 97 30 03\",3,0x0000,,, ,Assem4;\r\n" +
		"[Connection Manager]\r\n" +
		"\tConnection1 = 0x04010002,0x44640405,,3,Assem3,,4,Assem1,,,,,\"Owner\",\"\",\"20 04 24 01 2C 96 2C 65\";\r\n"
	items, err := EDS("odd.eds", strings.NewReader(file))
	want := `10.0.0.7,assembly:101,Oil temperature,i16,dcba,,,°C
10.0.0.7,assembly:101[2],Mode,u8,,,,
10.0.0.7,assembly:102,Mode,u8,,,,
10.0.0.7,assembly:102[1],Oil temperature,i16,dcba,,,°C
10.0.0.7,assembly:102[3],Mode,u8,,,,
10.0.0.7,assembly:102[5],Oil temperature,i16,dcba,,,°C
10.0.0.7,assembly:102[7],Mode,u8,,,,
10.0.0.7,assembly:102[13],Mode,u8,,,,
10.0.0.7,assembly:150[4],Mode,u8,,,,
10.0.0.7,assembly:150[5],Oil temperature,i16,dcba,,,°C
`
	if got := mapOf(t, "10.0.0.7", items, err); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestOddNames: a map that is made can be read, whatever the texts are.
func TestOddNames(t *testing.T) {
	long := strings.Repeat("Füllstand ", 30)
	odd := strings.NewReplacer(`Value="Level"`, `Value=" "`, `Value="Running"`, `Value="`+long+`"`, `Value="Tripped"`, `Value="a &quot;b&quot;, c"`, `Value="Temperature"`, `Value=""`).Replace(station)
	items, err := GSDML("s.xml", strings.NewReader(odd), Cyclic{Submodule: "S1", Object: "slot:1/subslot:0x1/input"})
	got := mapOf(t, "02:00:00:00:00:07", items, err)
	for _, want := range []string{"slot:1/subslot:0x1/input,T_LEVEL,u16", "[5],\"a \"\"b\"\", c\",bit.1", "[7],T_TEMP,f32", "Füllstand F,bit.0"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestGSDML(t *testing.T) {
	in := Cyclic{Submodule: "S1", Object: "frame:0x8001", From: 4}
	items, err := GSDML("s.xml", strings.NewReader(station), in)
	want := `02:00:00:00:00:07,frame:0x8001[4],Level,u16,,,,
02:00:00:00:00:07,frame:0x8001[10],Running,bit.0,,,,
02:00:00:00:00:07,frame:0x8001[9],Tripped,bit.1,,,,
02:00:00:00:00:07,frame:0x8001[11],Temperature,f32,,,,
`
	if got := mapOf(t, "02:00:00:00:00:07", items, err); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	in.Output, in.From = true, 0
	items, err = GSDML("s.xml", strings.NewReader(station), in)
	if got, want := mapOf(t, "02:00:00:00:00:07", items, err), "02:00:00:00:00:07,frame:0x8001,Setpoint,i32,,,,\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestGSDMLAsWritten: makers write ISO 8859-1, and types that have no length.
func TestGSDMLAsWritten(t *testing.T) {
	const head = `<ISO15745Profile><ProfileBody><ApplicationProcess><SubmoduleList><SubmoduleItem ID="S1"><IOData><Input>` +
		`<DataItem DataType="F_MessageTrailer4Byte" TextId="F"/><DataItem DataType="TimeOfDay with date indication" TextId="T"/>` +
		`<DataItem DataType="Unsigned16" TextId="K"/>%s<DataItem DataType="Unsigned8" TextId="B"/></Input></IOData></SubmoduleItem></SubmoduleList>` +
		"<ExternalTextList><PrimaryLanguage><Text TextId=\"K\" Value=\"K\xfchlung\"/></PrimaryLanguage></ExternalTextList>" +
		`</ApplicationProcess></ProfileBody></ISO15745Profile>`
	for _, k := range []struct{ item, want string }{
		{`<DataItem DataType="OctetString" Length="3" TextId="O"/>`, "02:00:00:00:00:07,frame:0x8001[10],Kühlung,u16,,,,\n02:00:00:00:00:07,frame:0x8001[15],B,u8,,,,\n"},
		{`<DataItem DataType="Later" TextId="O"/>`, "02:00:00:00:00:07,frame:0x8001[10],Kühlung,u16,,,,\n"},
	} {
		text := `<?xml version="1.0" encoding="iso-8859-1"?>` + fmt.Sprintf(head, k.item)
		items, err := GSDML("s.xml", strings.NewReader(text), Cyclic{Submodule: "S1", Object: "frame:0x8001"})
		if got := mapOf(t, "02:00:00:00:00:07", items, err); got != k.want {
			t.Errorf("%s: got\n%swant\n%s", k.item, got, k.want)
		}
	}
	_, err := GSDML("s.xml", strings.NewReader(`<?xml version="1.0" encoding="koi8-r"?><a/>`), Cyclic{Submodule: "S1"})
	if err == nil || !strings.Contains(err.Error(), `s.xml: xml: opening charset "koi8-r": the encoding "koi8-r" is not read`) {
		t.Error(err)
	}
}

func TestWrongFiles(t *testing.T) {
	for _, k := range []struct{ text, want string }{
		{"", "describes no member"},
		{"[Assembly]\nAssem1 = 1, 2", "drive.eds:2: assem1: has no end"},
		{"[Assembly", "drive.eds:1: a section's name has no end"},
		{"[Assembly]\nAssem1 = \"x\", \"20 04 24 64\", 1, 0, ,, 8, Param9;", "describes no member"},
	} {
		if _, err := EDS("drive.eds", strings.NewReader(k.text)); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%q: %v, want %q", k.text, err, k.want)
		}
	}
	for _, k := range []struct{ text, submodule, want string }{
		{station, "S2", `s.xml: has no submodule "S2" with input data; it has: S1`},
		{"<a><b></a>", "S1", "s.xml:1: "},
		{"", "S1", "s.xml: EOF"},
	} {
		if _, err := GSDML("s.xml", strings.NewReader(k.text), Cyclic{Submodule: k.submodule}); err == nil || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%.30q: %v, want %q", k.text, err, k.want)
		}
	}
}

func FuzzEDS(f *testing.F) {
	f.Add(drive)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = EDS("drive.eds", strings.NewReader(text)) })
}

func FuzzGSDML(f *testing.F) {
	f.Add(station)
	f.Fuzz(func(_ *testing.T, text string) {
		_, _ = GSDML("s.xml", strings.NewReader(text), Cyclic{Submodule: "S1", Object: "frame:0x8001"})
	})
}
