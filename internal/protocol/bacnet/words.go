package bacnet

import (
	"strconv"

	"firedoor"
)

// Where the numbers of an operation's code begin, for what is no confirmed service.
const (
	codeUnconfirmed = 0x100
	codeLink        = 0x200
	codeLink6       = 0x280
	codeNetwork     = 0x300
)

// form is how a service's parameters are laid out.
type form uint8

const (
	formOther     form = iota // told without its parameters
	formProperty              // one property, with what the service adds
	formSeveral               // several objects
	formFile                  // a file, and a part of it
	formObject                // an object identifier in the given tag
	formControl               // a state to go into, and a password
	formAddressee             // vendor and service of a private transfer; device of a text
	formCall                  // who is, who has
	formReport                // a notification: told as samples
	formAnnounce              // i am, i have: told as facts
)

// service is what is known of a service choice (ASHRAE 135, 21).
type service struct {
	name   string
	verb   firedoor.Verb
	form   form
	theirs string // the function when the flow's server asks
}

// Confirmed services that are read further.
const (
	acknowledgeAlarm     = 0
	covNotification      = 1
	eventNotification    = 2
	subscribeCOV         = 5
	readFile             = 6
	writeFile            = 7
	addListElement       = 8
	removeListElement    = 9
	createObject         = 10
	deleteObject         = 11
	readProperty         = 12
	readMultiple         = 14
	writeProperty        = 15
	writeMultiple        = 16
	communicationControl = 17
	privateTransfer      = 18
	textMessage          = 19
	reinitialize         = 20
	vtClose              = 22
	readRange            = 26
	lifeSafety           = 27
	subscribeProperty    = 28
	eventInformation     = 29
	subscribeMultiple    = 30
	covMultiple          = 31
	auditNotification    = 32
)

// Unconfirmed services.
const (
	iAm          = 0
	iHave        = 1
	unCOV        = 2
	unEvent      = 3
	unPrivate    = 4
	unText       = 5
	whoHas       = 7
	whoIs        = 8
	writeGroup   = 10
	unCOVMany    = 11
	unAudit      = 12
	whoAmI       = 13
	youAre       = 14
	lastService  = 33 // confirmed
	lastUnasked  = 14 // unconfirmed
	wordsAskedOf = ", asked of the client"
)

// confirmed services by choice. One that nobody defines may do anything: it
// counts as configuring.
var confirmed = serviceTable("service ", map[uint8]service{
	acknowledgeAlarm:     {name: "acknowledge alarm", verb: firedoor.VerbControl, form: formObject},
	covNotification:      {name: "confirmed cov notification", verb: firedoor.VerbRead, form: formReport},
	eventNotification:    {name: "confirmed event notification", verb: firedoor.VerbRead, form: formReport},
	3:                    {name: "get alarm summary", verb: firedoor.VerbRead},
	4:                    {name: "get enrollment summary", verb: firedoor.VerbRead},
	subscribeCOV:         {name: "subscribe cov", verb: firedoor.VerbRead, form: formObject},
	readFile:             {name: "atomic read file", verb: firedoor.VerbRead, form: formFile},
	writeFile:            {name: "atomic write file", verb: firedoor.VerbProgram, form: formFile},
	addListElement:       {name: "add list element", verb: firedoor.VerbConfigure, form: formProperty},
	removeListElement:    {name: "remove list element", verb: firedoor.VerbConfigure, form: formProperty},
	createObject:         {name: "create object", verb: firedoor.VerbConfigure, form: formObject},
	deleteObject:         {name: "delete object", verb: firedoor.VerbConfigure, form: formObject},
	readProperty:         {name: "read property", verb: firedoor.VerbRead, form: formProperty},
	13:                   {name: "read property conditional", verb: firedoor.VerbRead},
	readMultiple:         {name: "read property multiple", verb: firedoor.VerbRead, form: formSeveral},
	writeProperty:        {name: "write property", verb: firedoor.VerbWrite, form: formProperty},
	writeMultiple:        {name: "write property multiple", verb: firedoor.VerbWrite, form: formSeveral},
	communicationControl: {name: "device communication control", verb: firedoor.VerbControl, form: formControl},
	privateTransfer:      {name: "confirmed private transfer", verb: firedoor.VerbConfigure, form: formAddressee},
	textMessage:          {name: "confirmed text message", verb: firedoor.VerbWrite, form: formAddressee},
	reinitialize:         {name: "reinitialize device", verb: firedoor.VerbControl, form: formControl},
	21:                   {name: "vt open", verb: firedoor.VerbSession},
	vtClose:              {name: "vt close", verb: firedoor.VerbSession},
	23:                   {name: "vt data", verb: firedoor.VerbConfigure},
	24:                   {name: "authenticate", verb: firedoor.VerbSession},
	25:                   {name: "request key", verb: firedoor.VerbSession},
	readRange:            {name: "read range", verb: firedoor.VerbRead, form: formProperty},
	lifeSafety:           {name: "life safety operation", verb: firedoor.VerbControl, form: formObject},
	subscribeProperty:    {name: "subscribe cov property", verb: firedoor.VerbRead, form: formObject},
	eventInformation:     {name: "get event information", verb: firedoor.VerbRead, form: formObject},
	subscribeMultiple:    {name: "subscribe cov property multiple", verb: firedoor.VerbRead, form: formSeveral},
	covMultiple:          {name: "confirmed cov notification multiple", verb: firedoor.VerbRead, form: formReport},
	auditNotification:    {name: "confirmed audit notification", verb: firedoor.VerbRead, form: formReport},
	lastService:          {name: "audit log query", verb: firedoor.VerbRead},
})

// unconfirmed services by choice.
var unconfirmed = serviceTable("unconfirmed service ", map[uint8]service{
	iAm:        {name: "i am", verb: firedoor.VerbIdentify, form: formAnnounce},
	iHave:      {name: "i have", verb: firedoor.VerbIdentify, form: formAnnounce},
	unCOV:      {name: "unconfirmed cov notification", verb: firedoor.VerbRead, form: formReport},
	unEvent:    {name: "unconfirmed event notification", verb: firedoor.VerbRead, form: formReport},
	unPrivate:  {name: "unconfirmed private transfer", verb: firedoor.VerbConfigure, form: formAddressee},
	unText:     {name: "unconfirmed text message", verb: firedoor.VerbWrite, form: formAddressee},
	6:          {name: "time synchronization", verb: firedoor.VerbConfigure},
	whoHas:     {name: "who has", verb: firedoor.VerbIdentify, form: formCall},
	whoIs:      {name: "who is", verb: firedoor.VerbIdentify, form: formCall},
	9:          {name: "utc time synchronization", verb: firedoor.VerbConfigure},
	writeGroup: {name: "write group", verb: firedoor.VerbWrite, form: formSeveral},
	unCOVMany:  {name: "unconfirmed cov notification multiple", verb: firedoor.VerbRead, form: formReport},
	unAudit:    {name: "unconfirmed audit notification", verb: firedoor.VerbRead, form: formReport},
	whoAmI:     {name: "who am i", verb: firedoor.VerbIdentify, form: formCall},
	youAre:     {name: "you are", verb: firedoor.VerbConfigure, form: formCall},
})

// linkFunctions are those of BVLC that ask for something (annex J.2).
var linkFunctions = serviceTable("bvlc function ", map[uint8]service{
	linkResult:         {name: "bvlc result", verb: firedoor.VerbSession},
	linkWritePeers:     {name: "write broadcast distribution table", verb: firedoor.VerbConfigure},
	linkReadPeers:      {name: "read broadcast distribution table", verb: firedoor.VerbRead},
	linkRegister:       {name: "register foreign device", verb: firedoor.VerbSession},
	linkReadForeign:    {name: "read foreign device table", verb: firedoor.VerbRead},
	linkDeleteForeign:  {name: "delete foreign device table entry", verb: firedoor.VerbConfigure},
	linkDistribute:     {name: "distribute broadcast to network", verb: firedoor.VerbSession},
	linkReadPeersAck:   {name: "read broadcast distribution table", verb: firedoor.VerbRead},
	linkReadForeignAck: {name: "read foreign device table", verb: firedoor.VerbRead},
})

// networkMessages are those of the network layer (6.4).
var networkMessages = serviceTable("network message ", map[uint8]service{
	networkWhoIsRouter:  {name: "who is router to network", verb: firedoor.VerbIdentify},
	networkBusy:         {name: "router busy to network", verb: firedoor.VerbControl},
	networkAvailable:    {name: "router available to network", verb: firedoor.VerbControl},
	networkInitialize:   {name: "initialize routing table", verb: firedoor.VerbConfigure},
	networkInitialized:  {name: "initialize routing table", verb: firedoor.VerbConfigure},
	networkEstablish:    {name: "establish connection to network", verb: firedoor.VerbControl},
	networkDisconnect:   {name: "disconnect connection to network", verb: firedoor.VerbControl},
	networkWhatIsNumber: {name: "what is network number", verb: firedoor.VerbIdentify},
})

func serviceTable(prefix string, known map[uint8]service) *[256]service {
	var all [256]service
	for i := range all {
		s, ok := known[uint8(i)]
		if !ok {
			s = service{name: prefix + strconv.Itoa(i), verb: firedoor.VerbConfigure}
		}
		s.theirs = s.name + wordsAskedOf
		all[i] = s
	}
	return &all
}

// function is the function's words.
func (s *service) function(theirs bool) string {
	if theirs {
		return s.theirs
	}
	return s.name
}

// writes are the words of a write by service, asker, null, and priority (0: none said).
var writes = writeWords()

type writeTable [2][2][2][maxPriority + 1]string

const maxPriority = 16

func writeWords() *writeTable {
	var all writeTable
	for multiple, name := range [...]string{"write property", "write property multiple"} {
		for theirs, end := range [...]string{"", wordsAskedOf} {
			for priority := range maxPriority + 1 {
				plain, null := "", " (null)"
				if priority > 0 {
					plain = " (priority " + strconv.Itoa(priority) + ")"
					null = " (null, priority " + strconv.Itoa(priority) + ")"
				}
				all[multiple][theirs][0][priority] = name + plain + end
				all[multiple][theirs][1][priority] = name + null + end
			}
		}
	}
	return &all
}

// written is the function of a write with the marks of its object.
func written(choice uint8, marks uint32) string {
	multiple, theirs, null := 0, 0, 0
	if choice == writeMultiple {
		multiple = 1
	}
	if marks&markTheirs != 0 {
		theirs = 1
	}
	if marks&markNull != 0 {
		null = 1
	}
	return writes[multiple][theirs][null][min(marks&markPriority, maxPriority)]
}

// States of reinitialize device and of device communication control (16.4, 16.1).
var (
	reinitializeStates  = stateWords("reinitialize device: ", "coldstart", "warmstart", "start backup", "end backup", "start restore", "end restore", "abort restore", "activate changes")
	communicationStates = stateWords("device communication control: ", "enable", "disable", "disable initiation")
)

// States in which the program is changed.
const (
	firstRestore = 4
	lastRestore  = 6
)

func stateWords(prefix string, words ...string) [2][]string {
	var all [2][]string
	for _, w := range words {
		all[0] = append(all[0], prefix+w)
		all[1] = append(all[1], prefix+w+wordsAskedOf)
	}
	return all
}

// word is the word of a number, "" where it has none.
func word(words []string, n uint32) string {
	if n < uint32(len(words)) && words[n] != "-" {
		return words[n]
	}
	return ""
}

// linkOutcomes are the results of BVLC requests by request (J.2.1).
func linkOutcome(code uint16) firedoor.Outcome {
	switch code {
	case 0:
		return firedoor.OK
	case 0x10:
		return firedoor.Failed(uint32(code), "write-broadcast-distribution-table-nak")
	case 0x20:
		return firedoor.Failed(uint32(code), "read-broadcast-distribution-table-nak")
	case 0x30:
		return firedoor.Failed(uint32(code), "register-foreign-device-nak")
	case 0x40:
		return firedoor.Failed(uint32(code), "read-foreign-device-table-nak")
	case 0x50:
		return firedoor.Failed(uint32(code), "delete-foreign-device-table-entry-nak")
	case 0x60:
		return firedoor.Failed(uint32(code), "distribute-broadcast-to-network-nak")
	}
	return firedoor.Failed(uint32(code), "")
}
