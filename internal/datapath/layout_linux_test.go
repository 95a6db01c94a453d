package datapath

import (
	"strings"
	"testing"
)

// TestNoKeyTwice holds that an entry that is there twice is named.
func TestNoKeyTwice(t *testing.T) {
	keys := []gatewayPairKey{{Client: 1, Server: 2}, {Client: 2, Server: 1}}
	if err := once(keys); err != nil {
		t.Error(err)
	}
	if err := once(append(keys, keys[0])); err == nil || !strings.HasPrefix(err.Error(), "entry 2 (") || !strings.Contains(err.Error(), "Client:1 Server:2}): is there twice") {
		t.Error(err)
	}
}
