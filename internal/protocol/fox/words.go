package fox

import "firedoor"

// commands are what is said on a channel: channel and command as on the wire.
var commands = firedoor.Space{Name: "command", Append: func(dst []byte, o *firedoor.Object) []byte {
	for _, c := range o.Text {
		if c == ' ' {
			c = '/'
		}
		dst = append(dst, c)
	}
	return dst
}}

// word is a command and what it is for.
type word struct {
	command string
	name    string
	verb    firedoor.Verb
}

const (
	identify  = firedoor.VerbIdentify
	session   = firedoor.VerbSession
	diagnose  = firedoor.VerbDiagnose
	read      = firedoor.VerbRead
	write     = firedoor.VerbWrite
	configure = firedoor.VerbConfigure
	control   = firedoor.VerbControl
	program   = firedoor.VerbProgram
)

// channel is a channel with its commands; the word without a command is for all
// others.
type channel struct {
	name     string
	commands []word
	other    word
}

var channels = [...]channel{
	{"fox", []word{{"hello", "hello", identify}}, word{"", "session command", session}},
	{"sys", []word{
		{"summary", "station summary", identify}, {"stationCall", "station call", control}, {"stationEvent", "station event", read},
		{"listLocalSpaces", "list spaces", diagnose}, {"makeBrokerChannel", "make broker channel", session},
		{"navEvent", "navigation event", read}, {"subNavEvents", "subscribe navigation events", session},
		{"unsubNavEvents", "unsubscribe navigation events", session}, {"niagaraRpc", "remote procedure call", control},
	}, word{"", "system command", configure}},
	{"file", []word{
		{"head", "read file state", diagnose}, {"list", "list files", diagnose}, {"getCrc", "read file checksum", diagnose}, {"get", "read file", read},
		{"put", "write file", program}, {"delete", "delete file", program}, {"makeFile", "make file", program}, {"makeDir", "make folder", program},
		{"move", "move file", program}, {"setLastModified", "set file time", program},
	}, word{"", "file command", program}},
	{"user", []word{
		{"fetchPrefs", "read user preferences", read}, {"setAuthenticator", "set authenticator", configure},
		{"resetSessionTimeout", "reset session timeout", session}, {"getSessionTimeRemaining", "read session time", diagnose},
	}, word{"", "user command", configure}},
	{"broker", []word{
		{"loadRoot", "load root", read}, {"load", "load component", read}, {"loadSlot", "load slot", read}, {"sub", "subscribe", session},
		{"unsub", "unsubscribe", session}, {"syncFromMaster", "synchronise from station", read}, {"syncToMaster", "synchronise to station", write},
		{"transfer", "transfer", write}, {"invoke", "invoke action", control},
	}, word{"", "component command", write}},
	{"data", []word{
		{"canExportEntities", "ask for export", diagnose}, {"resolve", "resolve", read}, {"resolveEntities", "resolve entities", read},
		{"exportEntities", "export entities", read},
	}, word{"", "data command", configure}},
	{"spy", []word{{"get", "read diagnostics", diagnose}}, word{"", "diagnostic command", diagnose}},
	{"bql", nil, word{"", "query", read}},
	{"history", nil, word{"", "history command", read}},
	{"alarm", nil, word{"", "alarm command", write}},
}

var unknown = word{"", "command", configure}

// wordOf is what a command on a channel is for. Broker channels have a number
// behind their name.
func wordOf(name, command []byte) *word {
	for i := range channels {
		c := &channels[i]
		if !onChannel(name, c.name) {
			continue
		}
		for j := range c.commands {
			if string(command) == c.commands[j].command {
				return &c.commands[j]
			}
		}
		return &c.other
	}
	return &unknown
}

func onChannel(name []byte, channel string) bool {
	if len(name) < len(channel) || string(name[:len(channel)]) != channel {
		return false
	}
	for _, c := range name[len(channel):] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
