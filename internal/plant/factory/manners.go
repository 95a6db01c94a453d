package factory

import "firedoor/internal/plant/lan"

// manners are the network stacks of the devices' kinds. Robot and safety have
// their own, but hang on what they are and not on who built them.
var manners = map[manner]func() *lan.Manners{
	windows: lan.Windows, server: lan.WindowsServer, linux: lan.Linux, controller: lan.VxWorks, veteran: lan.OldPLC, siemens: lan.SiemensCPU,
	embedded: lan.SmallStack, rockwell: lan.RockwellAdapter, switching: lan.NetworkDevice, printing: lan.Printer,
	camera: lan.Camera, drive: lan.Drive, robot: lan.Robot, safety: lan.SafetyPLC,
}
