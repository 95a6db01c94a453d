package opcua

import "firedoor"

// service is one pair of request and answer (OPC 10000-4, 5), known by the numbers
// of their binary encodings (OPC 10000-6, A.3).
type service struct {
	request, response uint32
	verb              firedoor.Verb
	name              string
	// ask reads the request behind its header and emits the operations in it; nil
	// where nothing in it has a name. answer does so for the answer.
	ask    func(p *parser, q *request, r *walk)
	answer func(p *parser, q *request, r *walk)
}

// codeFault is the answer that any service may get instead of its own.
const codeFault = 397

const (
	codeOpen  = 446
	codeClose = 452
)

var (
	unknownService = service{verb: firedoor.VerbControl, name: "unknown service"} // it could do anything
	faultService   = service{request: codeFault, verb: firedoor.VerbSession, name: "service fault"}
	openService    = service{request: codeOpen, verb: firedoor.VerbSession, name: "open secure channel"}
	closeService   = service{request: codeClose, verb: firedoor.VerbSession, name: "close secure channel"}
)

// services is in the order of the requests' numbers.
var services = [...]service{
	{410, 413, firedoor.VerbDiagnose, "test stack", nil, nil},
	{416, 419, firedoor.VerbDiagnose, "test stack ex", nil, nil},
	{422, 425, firedoor.VerbIdentify, "find servers", askFindServers, answerServers},
	{428, 431, firedoor.VerbIdentify, "get endpoints", askFindServers, answerEndpoints},
	{437, 440, firedoor.VerbIdentify, "register server", askRegisterServer, answerNothing},
	{461, 464, firedoor.VerbSession, "create session", askCreateSession, answerCreateSession},
	{467, 470, firedoor.VerbSession, "activate session", askActivateSession, answerActivateSession},
	{473, 476, firedoor.VerbSession, "close session", askCloseSession, answerNothing},
	{479, 482, firedoor.VerbSession, "cancel", askNumber, answerNumber},
	{488, 491, firedoor.VerbConfigure, "add nodes", askAddNodes, answerAddNodes},
	{494, 497, firedoor.VerbConfigure, "add references", askAddReferences, answerStatuses},
	{500, 503, firedoor.VerbConfigure, "delete nodes", askDeleteNodes, answerStatuses},
	{506, 509, firedoor.VerbConfigure, "delete references", askDeleteReferences, answerStatuses},
	{527, 530, firedoor.VerbRead, "browse", askBrowse, answerBrowse},
	{533, 536, firedoor.VerbRead, "browse next", askBrowseNext, answerBrowse},
	{554, 557, firedoor.VerbRead, "translate browse paths to node ids", askTranslate, answerTranslate},
	{560, 563, firedoor.VerbSession, "register nodes", askNodes, answerRegistered},
	{566, 569, firedoor.VerbSession, "unregister nodes", askNodes, answerNothing},
	{615, 618, firedoor.VerbRead, "query first", nil, nil},
	{621, 624, firedoor.VerbRead, "query next", askQueryNext, nil},
	{631, 634, firedoor.VerbRead, "read", askRead, answerRead},
	{664, 667, firedoor.VerbRead, "history read", askHistoryRead, answerHistoryRead},
	{673, 676, firedoor.VerbWrite, "write", askWrite, answerStatuses},
	{700, 703, firedoor.VerbWrite, "history update", askHistoryUpdate, answerHistoryUpdate},
	{712, 715, firedoor.VerbControl, "call", askCall, answerCall},
	{751, 754, firedoor.VerbRead, "create monitored items", askMonitor, answerMonitored},
	{763, 766, firedoor.VerbSession, "modify monitored items", askModifyItems, answerModified},
	{769, 772, firedoor.VerbSession, "set monitoring mode", askMonitoringMode, answerOneOfMany},
	{775, 778, firedoor.VerbSession, "set triggering", askTriggering, answerTriggering},
	{781, 784, firedoor.VerbSession, "delete monitored items", askDeleteItems, answerOneOfMany},
	{787, 790, firedoor.VerbSession, "create subscription", askCreateSubscription, answerCreateSubscription},
	{793, 796, firedoor.VerbSession, "modify subscription", askModifySubscription, answerModifySubscription},
	{799, 802, firedoor.VerbSession, "set publishing mode", askPublishingMode, answerOneOfMany},
	{826, 829, firedoor.VerbSession, "publish", askPublish, answerPublish},
	{832, 835, firedoor.VerbSession, "republish", askRepublish, answerRepublish},
	{841, 844, firedoor.VerbSession, "transfer subscriptions", askTransfer, answerTransferred},
	{847, 850, firedoor.VerbSession, "delete subscriptions", askDeleteSubscriptions, answerDeleteSubscriptions},
	{12208, 12209, firedoor.VerbIdentify, "find servers on network", askServersOnNetwork, nil},
	{12211, 12212, firedoor.VerbIdentify, "register server 2", askRegisterServer, nil},
}

// find returns the service a number belongs to, and which half of it it is.
func find(code uint32) (*service, half) {
	low, high := 0, len(services)
	for low < high {
		if middle := (low + high) / 2; services[middle].request <= code {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return nil, neither
	}
	switch s := &services[low-1]; code {
	case s.request:
		return s, asks
	case s.response:
		return s, answers
	}
	return nil, neither
}
