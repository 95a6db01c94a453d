package coap

import "firedoor"

// resources are told by their path.
var resources = firedoor.Space{Name: "resource"}

type word struct {
	name string
	verb firedoor.Verb
}

const (
	codeGet   = 1
	codeFetch = 5
)

// methods by their code (12.1.1, RFC 8132).
var methods = [...]word{
	1: {"get", firedoor.VerbRead},
	2: {"post", firedoor.VerbWrite},
	3: {"put", firedoor.VerbWrite},
	4: {"delete", firedoor.VerbConfigure},
	5: {"fetch", firedoor.VerbRead},
	6: {"patch", firedoor.VerbWrite},
	7: {"ipatch", firedoor.VerbWrite},
}

func method(code byte) word {
	if int(code) < len(methods) && code > 0 {
		return methods[code]
	}
	return word{"unassigned method", firedoor.VerbWrite}
}

// answer is the outcome of a code (12.1.2); class 2 is success.
func answer(code byte) firedoor.Outcome {
	if code>>5 == 2 {
		return firedoor.OK
	}
	return firedoor.Failed(uint32(code), bad(code))
}

// exists tells whether a code of an answer is one: 2.01 to 2.05, 2.31, or an error.
func exists(code byte) bool {
	return code >= 0x41 && code <= 0x45 || code == 0x5f || bad(code) != ""
}

func bad(code byte) string {
	switch code {
	case 0x80:
		return "bad-request"
	case 0x81:
		return "unauthorized"
	case 0x82:
		return "bad-option"
	case 0x83:
		return "forbidden"
	case 0x84:
		return "not-found"
	case 0x85:
		return "method-not-allowed"
	case 0x86:
		return "not-acceptable"
	case 0x88:
		return "request-entity-incomplete"
	case 0x89:
		return "conflict"
	case 0x8c:
		return "precondition-failed"
	case 0x8d:
		return "request-entity-too-large"
	case 0x8f:
		return "unsupported-content-format"
	case 0x96:
		return "unprocessable-entity"
	case 0x9d:
		return "too-many-requests"
	case 0xa0:
		return "internal-server-error"
	case 0xa1:
		return "not-implemented"
	case 0xa2:
		return "bad-gateway"
	case 0xa3:
		return "service-unavailable"
	case 0xa4:
		return "gateway-timeout"
	case 0xa5:
		return "proxying-not-supported"
	case 0xa8:
		return "hop-limit-reached"
	}
	return ""
}
