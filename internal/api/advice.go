package api

// explanation is what a kind of alert means and what to do about it.
type explanation struct{ why, advice string }

// explain gives the texts of a kind of alert. Kinds of a newer sensor get words
// that are true of every alert.
func explain(kind string) (why, advice string) {
	e, ok := explanations[kind]
	if !ok {
		return "This is something the sensor did not see while it learned, or that is wrong by itself.",
			"Read the sentence and look at the frames that prove it. If nobody looks, nothing is stopped: the console only watches."
	}
	return e.why, e.advice
}

// explanations by kind: docs/formats/alerts.md says when each is raised.
var explanations = map[string]explanation{
	"new-device": {
		"This device was not on the network while normal was learned, and now it asks other devices for things. Plants rarely gain devices unannounced; somebody who looks around before acting begins like this.",
		"Find out whose device it is and who plugged it in: its MAC and the switch port lead there. If it is a technician's laptop, acknowledge and say so. If nobody looks and it is an intruder, the next step is usually a change on one of the devices it asked.",
	},
	"new-devices": {
		"Devices appeared that were not there while normal was learned. So far none of them asked anything that reads or changes a device.",
		"Compare with what was installed lately. If it fits, acknowledge. If nobody looks, devices that nobody knows stay on the network, and each can begin to speak at any time; that would be an alert of its own.",
	},
	"flood": {
		"Far more new senders appeared at once than a plant can have. Either addresses are forged, or a network loop or a scan is under way. They are counted together so that they do not hide other alerts.",
		"Find the switch port that the traffic comes from and disconnect it after talking to the line. Known devices stay watched. If nobody acts, the load can slow switches and controllers until the line stops.",
	},
	"new-conversation": {
		"These two never spoke this protocol with each other while normal was learned. Plant networks say the same things for years, so a new pair is a change somebody made, or somebody trying a new way in.",
		"Ask who set this up: a new display, a new report, a maintenance job. If it was planned, acknowledge. If nobody knows of it, look at the client first. Left alone, a reader learns what the server does, and reading is often followed by writing.",
	},
	"new-operation": {
		"A known device asked for something that it never asked for while normal was learned. How grave this is follows from how rare the question is in the whole plant.",
		"Ask whoever runs the client whether something was changed in it. If it was, acknowledge. If nobody knows, check that device for strangers: a taken-over device often betrays itself by its questions before it changes anything.",
	},
	"new-writer": {
		"This client changed, or tried to change, a device that it never changed while normal was learned. Only clients that were seen doing so have that right; neither a role nor the habits of others lend it.",
		"Call the line at once and ask whether somebody is working on this device on purpose. If not, have the process watched by a person and the client taken off the network. If nobody acts, the device goes on with what was written or loaded: wrong setpoints, a stopped or a changed controller.",
	},
	"new-object": {
		"The client may change this device, but never changed this register, tag or block, or never in this way, while normal was learned.",
		"Ask the operator or the engineer whether this was meant: a new recipe or a new screen looks like this. If not, put the value back and look at the client. If nobody looks, the changed value stays in force.",
	},
	"value-outside": {
		"The value that was written lies outside the range that was seen for exactly this client, device and register while normal was learned.",
		"Ask the operator whether the setpoint was meant. If it was a typing error or nobody did it, set the learned value again. If nobody looks, the process follows the new value.",
	},
	"grave-command": {
		"This command stops, restarts or reprograms a controller. No normal was learned here yet, so nobody can tell whether this client may do so; the command is grave whoever sends it.",
		"Ask the line whether it was planned. Then let the sensor learn, so that planned work is told apart from the rest. If nobody looks and it was not planned, the controller may be stopped or run a program that nobody checked.",
	},
	"identity-change": {
		"The device now says something else of itself than before: other firmware, another module, another name. Devices do so after an update or an exchange, and after somebody tampered with them.",
		"Compare with the maintenance log. If an update was made, acknowledge and note it. If not, treat the device as changed by a stranger and compare its program with the known-good copy. If nobody looks, it may run firmware that nobody chose.",
	},
	"device-replaced": {
		"Another device took over the address of one that was known, and the one before fell silent. That is what an exchange of hardware looks like, and also somebody taking its place.",
		"Ask whether the device was exchanged. If it was, acknowledge. If not, go and look: the others now trust whatever answers at this address, and will until somebody notices.",
	},
	"address-contradiction": {
		"Two devices use one address at the same time. Either an address was given twice by mistake, or somebody placed a device in between that reads, and can change, what the others say to each other.",
		"Go and find both devices, by their MACs and switch ports, and disconnect the one that does not belong there. If nobody acts, connections break at random, or somebody goes on reading and changing values unseen by the operators.",
	},
	"malformed": {
		"Messages broke the rules of their protocol. Healthy devices do not send such messages; broken ones do, and people who look for weaknesses.",
		"Look at the sender: is it faulty, misconfigured or unknown? Update or exchange it, or take it off the network. If nobody acts, such messages can make controllers fail.",
	},
	"table-full": {
		"A limit of this product was reached. What was known is still watched, but new things of this kind are only counted, so something may stay unseen.",
		"Check whether a scan or a flood filled it; its own alert then says so. If the plant is simply larger than the limit, split it over several sensors. If nobody acts, what is new goes unseen.",
	},
	"too-many-alerts": {
		"There were causes for more alerts than are kept. Alerts that are there still grow; new causes are only counted.",
		"Work through the gravest ones first; often one cause made most of them. If normal was learned from a bad moment, learn it again. If nobody acts, a new and grave cause would only be counted.",
	},
}

// techniqueName is the name that MITRE ATT&CK for ICS has for an id; empty for
// one that is not known here.
func techniqueName(id string) string { return techniqueNames[id] }

var techniqueNames = map[string]string{
	"T0800": "Activate Firmware Update Mode",
	"T0803": "Block Command Message",
	"T0806": "Brute Force I/O",
	"T0809": "Data Destruction",
	"T0814": "Denial of Service",
	"T0816": "Device Restart/Shutdown",
	"T0821": "Modify Controller Tasking",
	"T0830": "Adversary-in-the-Middle",
	"T0831": "Manipulation of Control",
	"T0832": "Manipulation of View",
	"T0835": "Manipulate I/O Image",
	"T0836": "Modify Parameter",
	"T0838": "Modify Alarm Settings",
	"T0839": "Module Firmware",
	"T0843": "Program Download",
	"T0845": "Program Upload",
	"T0846": "Remote System Discovery",
	"T0848": "Rogue Master",
	"T0855": "Unauthorized Command Message",
	"T0856": "Spoof Reporting Message",
	"T0857": "System Firmware",
	"T0858": "Change Operating Mode",
	"T0861": "Point & Tag Identification",
	"T0868": "Detect Operating Mode",
	"T0878": "Alarm Suppression",
	"T0880": "Loss of Safety",
	"T0885": "Commonly Used Port",
	"T0886": "Remote Services",
	"T0888": "Remote System Information Discovery",
	"T0889": "Modify Program",
}
