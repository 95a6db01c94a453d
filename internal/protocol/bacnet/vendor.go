package bacnet

// vendors are numbers that ASHRAE assigned to makers one meets in buildings and
// plants; others are told by number.
var vendors = [...]struct {
	number uint32
	name   string
}{
	{2, "Trane"}, {3, "Daikin Applied"}, {5, "Johnson Controls"}, {6, "ABB"}, {7, "Siemens"}, {8, "Delta Controls"},
	{9, "Siemens"}, {10, "Schneider Electric"}, {11, "TAC"}, {13, "Teletrol"}, {14, "Cimetrics"}, {16, "Carrier"},
	{17, "Honeywell"}, {18, "Alerton"}, {22, "Siemens"}, {24, "Automated Logic"}, {26, "Phoenix Controls"},
	{28, "KMC Controls"}, {32, "Simplex"}, {34, "Notifier"}, {35, "Reliable Controls"}, {36, "Tridium"},
	{39, "Kieback & Peter"}, {42, "Acuity Brands"}, {50, "MBS"}, {51, "Samson"}, {52, "Badger Meter"}, {53, "Daikin"},
	{56, "Liebert"}, {77, "Carel"}, {80, "Sauter"}, {82, "Mitsubishi Electric"}, {84, "Xylem"}, {89, "Saia-Burgess"},
	{90, "Hitachi"}, {91, "Trend"}, {95, "Richards-Zeta"}, {98, "Toshiba"}, {105, "Priva"}, {109, "Neuberger"},
	{113, "Vertiv"}, {123, "SCADA Engine"}, {127, "ABB"}, {133, "Veris"}, {140, "Viconics"}, {141, "Yaskawa"},
	{142, "DEOS"}, {148, "Temco Controls"}, {150, "Advantech"}, {160, "Rockwell Automation"}, {163, "SysMik"},
	{169, "Vacon"}, {171, "Cylon"}, {176, "Lutron"}, {178, "Loytec"}, {187, "Softing"}, {188, "Lynxspring"},
	{190, "Danfoss"}, {191, "Eaton"}, {196, "Yokogawa"}, {197, "Bosch"}, {205, "Cimon"}, {208, "Control Solutions"},
	{220, "Control Techniques"}, {222, "WAGO"}, {226, "Phoenix Contact"}, {227, "Grundfos"}, {233, "Red Lion"},
	{245, "Contemporary Controls"}, {246, "HMS"}, {251, "Wilo"}, {255, "Lennox"}, {260, "BACnet Stack"},
	{264, "Regin"}, {284, "Belimo"}, {287, "Parker"}, {294, "Legrand"}, {300, "Swegon"}, {310, "OSIsoft"},
	{313, "Siemens"}, {316, "Janitza"},
}
