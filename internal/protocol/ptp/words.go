package ptp

import "firedoor"

// word is a function: what it is called and what it is for.
type word struct {
	words string
	verb  firedoor.Verb
}

// form is how the value of a setting is written, where it is a single number or text.
type form uint8

const (
	noForm form = iota
	formU8
	formI8
	formFlag // the lowest bit
	formU16
	formI16
	formTime // seconds (6), nanoseconds (4)
	formText
)

// formSizes are how many bytes there must be.
var formSizes = [...]int{formU8: 1, formI8: 1, formFlag: 1, formU16: 2, formI16: 2, formTime: 10, formText: 1}

// Settings that say what a clock is.
const (
	idClockDescription = 0x0001
	idUserDescription  = 0x0002
)

// setting is what a management message can be about (its managementId).
type setting struct {
	id    uint16
	name  string
	form  form
	order bool // it is commanded, not asked for and set
	// By action.
	words [actionAcknowledge + 1]word
}

// settingList are all settings, in the order of their numbers.
var settingList = []setting{
	{id: 0x0000, name: "null management"},
	{id: idClockDescription, name: "clock description"},
	{id: idUserDescription, name: "user description", form: formText},
	{id: 0x0003, name: "save in non volatile storage", order: true},
	{id: 0x0004, name: "reset non volatile storage", order: true},
	{id: 0x0005, name: "initialize", order: true, form: formU16},
	{id: 0x0006, name: "fault log"},
	{id: 0x0007, name: "fault log reset", order: true},
	{id: 0x2000, name: "default data set"},
	{id: 0x2001, name: "current data set"},
	{id: 0x2002, name: "parent data set"},
	{id: 0x2003, name: "time properties data set"},
	{id: 0x2004, name: "port data set"},
	{id: 0x2005, name: "priority1", form: formU8},
	{id: 0x2006, name: "priority2", form: formU8},
	{id: 0x2007, name: "domain", form: formU8},
	{id: 0x2008, name: "slave only", form: formFlag},
	{id: 0x2009, name: "log announce interval", form: formI8},
	{id: 0x200a, name: "announce receipt timeout", form: formU8},
	{id: 0x200b, name: "log sync interval", form: formI8},
	{id: 0x200c, name: "version number", form: formU8},
	{id: 0x200d, name: "enable port", order: true},
	{id: 0x200e, name: "disable port", order: true},
	{id: 0x200f, name: "time", form: formTime},
	{id: 0x2010, name: "clock accuracy", form: formU8},
	{id: 0x2011, name: "utc properties", form: formI16},
	{id: 0x2012, name: "traceability properties", form: formU8},
	{id: 0x2013, name: "timescale properties", form: formU8},
	{id: 0x2014, name: "unicast negotiation enable", form: formFlag},
	{id: 0x2015, name: "path trace list"},
	{id: 0x2016, name: "path trace enable", form: formFlag},
	{id: 0x2017, name: "grandmaster cluster table"},
	{id: 0x2018, name: "unicast master table"},
	{id: 0x2019, name: "unicast master max table size", form: formU16},
	{id: 0x201a, name: "acceptable master table"},
	{id: 0x201b, name: "acceptable master table enabled", form: formFlag},
	{id: 0x201c, name: "acceptable master max table size", form: formU16},
	{id: 0x201d, name: "alternate master"},
	{id: 0x201e, name: "alternate time offset enable"},
	{id: 0x201f, name: "alternate time offset name"},
	{id: 0x2020, name: "alternate time offset max key", form: formU8},
	{id: 0x2021, name: "alternate time offset properties"},
	{id: 0x3000, name: "external port configuration enabled", form: formFlag},
	{id: 0x3001, name: "master only", form: formFlag},
	{id: 0x3002, name: "holdover upgrade enable", form: formFlag},
	{id: 0x3003, name: "external port configuration port data set"},
	{id: 0x4000, name: "transparent clock default data set"},
	{id: 0x4001, name: "transparent clock port data set"},
	{id: 0x4002, name: "primary domain", form: formU8},
	{id: 0x6000, name: "delay mechanism", form: formU8},
	{id: 0x6001, name: "log min pdelay req interval", form: formI8},
}

// settingsByID finds them.
var settingsByID = func() map[uint16]*setting {
	all := make(map[uint16]*setting, len(settingList))
	for i := range settingList {
		s := &settingList[i]
		s.words[actionGet] = word{"get " + s.name, firedoor.VerbRead}
		s.words[actionSet] = word{"set " + s.name, firedoor.VerbConfigure}
		s.words[actionCommand] = word{"command " + s.name, firedoor.VerbControl}
		if s.order {
			s.words[actionCommand].words = s.name
		}
		switch s.id {
		case 0x0000:
			s.words[actionGet].verb = firedoor.VerbDiagnose
		case idClockDescription, idUserDescription:
			s.words[actionGet].verb = firedoor.VerbIdentify
		case 0x0003, 0x0004:
			s.words[actionCommand].verb = firedoor.VerbConfigure
		}
		all[s.id] = s
	}
	return all
}()

func settingOf(id uint16) *setting { return settingsByID[id] }

// otherWords are those of settings that nobody numbered, or some maker did, by action.
var otherWords = [...]string{actionGet: "get other setting", actionSet: "set other setting", actionResponse: "", actionCommand: "other command"}

var otherVerbs = [...]firedoor.Verb{actionGet: firedoor.VerbRead, actionSet: firedoor.VerbConfigure, actionCommand: firedoor.VerbControl}

// wordOf is what an action on a setting is called.
func wordOf(id uint16, action byte) word {
	if s := settingOf(id); s != nil {
		return s.words[action]
	}
	return word{otherWords[action], otherVerbs[action]}
}

// answerWords are those of an answer to what was not seen: it does not say what was asked.
var answerWords = [2]word{{"management response", firedoor.VerbRead}, {"management acknowledge", firedoor.VerbControl}}

// faults are the errors of management (managementErrorId).
var faults = map[uint16]string{1: "response-too-big", 2: "no-such-id", 3: "wrong-length", 4: "wrong-value", 5: "not-setable", 6: "not-supported", 0xfffe: "general-error"}

// settings are what management messages are about, of a port of a clock: a setting by its name, or its
// number where it has none.
var settings = firedoor.Space{Name: "setting", Append: func(dst []byte, o *firedoor.Object) []byte {
	dst = append(appendPort(dst, o), '/')
	s := settingOf(uint16(o.At[0]))
	if s == nil {
		return appendHex(append(dst, "setting:0x"...), uint64(o.At[0]), 4)
	}
	for i := range len(s.name) {
		c := s.name[i]
		if c == ' ' {
			c = '-'
		}
		dst = append(dst, c)
	}
	return dst
}}

// Words of unicast.
const (
	unicastOther = "request other unicast"
	cancelOther  = "cancel other unicast"
)

// unicastWords and cancelWords are those of asking for unicast and of calling it off, by type of message.
var (
	unicastWords = [16]string{typeSync: "request unicast sync", typePeerResponse: "request unicast peer delay response", typeDelayResponse: "request unicast delay response", typeAnnounce: "request unicast announce"}
	cancelWords  = [16]string{typeSync: "cancel unicast sync", typePeerResponse: "cancel unicast peer delay response", typeDelayResponse: "cancel unicast delay response", typeAnnounce: "cancel unicast announce"}
)

func unicastWord(element uint16, kind byte) string {
	words, other := &unicastWords, unicastOther
	if element == elementCancel {
		words, other = &cancelWords, cancelOther
	}
	if w := words[kind&0xf]; w != "" {
		return w
	}
	return other
}
