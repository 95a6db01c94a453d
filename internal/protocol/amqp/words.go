package amqp

import "firedoor"

// Objects, by their names on the wire.
var (
	queues    = firedoor.Space{Name: "queue"}
	exchanges = firedoor.Space{Name: "exchange"}
	keys      = firedoor.Space{Name: "key"} // routing key
	hosts     = firedoor.Space{Name: "host"}
	channels  = firedoor.Space{Name: "channel", Passing: true}
)

// Versions of a connection.
const (
	nine = 9
	one  = 1
)

// Who may send a method.
const (
	either = iota
	client
	server
)

// What the arguments of a method begin with, as far as they are read: the object.
const (
	plain    = iota
	inHost   // short text
	inQueue  // reserved (2), queue
	inName   // reserved (2), exchange
	inKey    // reserved (2), exchange, routing key
	inTag    // consumer's tag, delivery's tag (8), redelivered (1), exchange, routing key
	inChange // the channel of its frame
)

// method is one of a class (1.4 and on). One with an answer tells the method that is.
type method struct {
	class, number uint16
	from          byte
	form          byte
	answer        uint16
	verb          firedoor.Verb // 0: tells nothing
	name          string
}

const (
	session   = firedoor.VerbSession
	read      = firedoor.VerbRead
	write     = firedoor.VerbWrite
	configure = firedoor.VerbConfigure
)

const (
	classConnection = 10
	classChannel    = 20
	classBasic      = 60

	connStart   = 10
	connStartOK = 11
	connTune    = 30
	connOpenOK  = 41
	connClose   = 50
	connCloseOK = 51
	chanClose   = 40
	getEmpty    = 72
	deliver     = 60
	returned    = 50
	answered    = 0xffff // an answer: no method answers it
)

var methods = [...]method{
	{10, connStart, server, plain, 0, 0, "start"},
	{10, connStartOK, client, plain, connTune, session, "start ok"},
	{10, 20, server, plain, 0, 0, "secure"},
	{10, 21, client, plain, 0, 0, "secure ok"},
	{10, connTune, server, plain, answered, 0, "tune"},
	{10, 31, client, plain, 0, 0, "tune ok"},
	{10, 40, client, inHost, connOpenOK, session, "open connection"},
	{10, connOpenOK, server, plain, answered, 0, "open ok"},
	{10, connClose, either, plain, connCloseOK, session, "close connection"},
	{10, connCloseOK, either, plain, answered, 0, "close ok"},
	{10, 60, either, plain, 0, 0, "blocked"},
	{10, 61, either, plain, 0, 0, "unblocked"},
	{20, 10, client, inChange, 11, session, "open channel"},
	{20, 11, server, plain, answered, 0, "open ok"},
	{20, 20, either, plain, 21, session, "flow"},
	{20, 21, either, plain, answered, 0, "flow ok"},
	{20, chanClose, either, inChange, 41, session, "close channel"},
	{20, 41, either, plain, answered, 0, "close ok"},
	{40, 10, client, inName, 11, configure, "declare exchange"},
	{40, 11, server, plain, answered, 0, "declare ok"},
	{40, 20, client, inName, 21, configure, "delete exchange"},
	{40, 21, server, plain, answered, 0, "delete ok"},
	{40, 30, client, inName, 31, configure, "bind exchange"},
	{40, 31, server, plain, answered, 0, "bind ok"},
	{40, 40, client, inName, 51, configure, "unbind exchange"},
	{40, 51, server, plain, answered, 0, "unbind ok"},
	{50, 10, client, inQueue, 11, configure, "declare queue"},
	{50, 11, server, plain, answered, 0, "declare ok"},
	{50, 20, client, inQueue, 21, configure, "bind queue"},
	{50, 21, server, plain, answered, 0, "bind ok"},
	{50, 30, client, inQueue, 31, configure, "purge queue"},
	{50, 31, server, plain, answered, 0, "purge ok"},
	{50, 40, client, inQueue, 41, configure, "delete queue"},
	{50, 41, server, plain, answered, 0, "delete ok"},
	{50, 50, client, inQueue, 51, configure, "unbind queue"},
	{50, 51, server, plain, answered, 0, "unbind ok"},
	{60, 10, client, plain, 11, session, "quality of service"},
	{60, 11, server, plain, answered, 0, "quality of service ok"},
	{60, 20, client, inQueue, 21, read, "consume"},
	{60, 21, server, plain, answered, 0, "consume ok"},
	{60, 30, either, plain, 31, session, "cancel"},
	{60, 31, either, plain, answered, 0, "cancel ok"},
	{60, 40, client, inKey, 0, write, "publish"},
	{60, returned, server, plain, 0, 0, "return"},
	{60, deliver, server, inTag, 0, 0, "deliver"},
	{60, 70, client, inQueue, 71, read, "get"},
	{60, 71, server, plain, answered, 0, "get ok"},
	{60, getEmpty, server, plain, answered, 0, "get empty"},
	{60, 80, either, plain, 0, session, "acknowledge"},
	{60, 90, client, plain, 0, session, "reject"},
	{60, 100, client, plain, 0, session, "recover without an answer"},
	{60, 110, client, plain, 111, session, "recover"},
	{60, 111, server, plain, answered, 0, "recover ok"},
	{60, 120, either, plain, 0, session, "negative acknowledge"},
	{85, 10, client, plain, 11, session, "confirm publishing"},
	{85, 11, server, plain, answered, 0, "confirm ok"},
	{90, 10, client, plain, 11, session, "use transactions"},
	{90, 11, server, plain, answered, 0, "use ok"},
	{90, 20, client, plain, 21, session, "commit"},
	{90, 21, server, plain, answered, 0, "commit ok"},
	{90, 30, client, plain, 31, session, "roll back"},
	{90, 31, server, plain, answered, 0, "roll back ok"},
}

func find(class, number uint16) *method {
	for i := range methods {
		if m := &methods[i]; m.class == class && m.number == number {
			return m
		}
	}
	return nil
}

// reason names a reply code (1.2).
func reason(code uint16) firedoor.Outcome {
	name := ""
	switch code {
	case 200:
		return firedoor.OK
	case 311:
		name = "content-too-large"
	case 313:
		name = "no-consumers"
	case 320:
		name = "connection-forced"
	case 402:
		name = "invalid-path"
	case 403:
		name = "access-refused"
	case 404:
		name = "not-found"
	case 405:
		name = "resource-locked"
	case 406:
		name = "precondition-failed"
	case 501:
		name = "frame-error"
	case 502:
		name = "syntax-error"
	case 503:
		name = "command-invalid"
	case 504:
		name = "channel-error"
	case 505:
		name = "unexpected-frame"
	case 506:
		name = "resource-error"
	case 530:
		name = "not-allowed"
	case 540:
		name = "not-implemented"
	case 541:
		name = "internal-error"
	}
	return firedoor.Failed(uint32(code), name)
}

// performatives of 1.0, from descriptor 0x10 (2.7); those of SASL tell nothing.
var performatives = [...]struct {
	name string
	verb firedoor.Verb
}{{"open", session}, {"begin", session}, {"attach", session}, {"flow", session}, {"transfer", write}, {"disposition", session}, {"detach", session}, {"end", session}, {"close", session}}

const (
	performative = 0x10
	transfer     = 0x14
)
