package policyfile

import (
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestLevels holds that a level is taken as people write it, and is one word for all.
func TestLevels(t *testing.T) {
	for written, want := range map[string]string{"L2": "L2", "l2": "L2", "2": "L2", "3.5": "L3.5", "0": "L0"} {
		if got, err := levelOf(&yaml.Node{Kind: yaml.ScalarNode, Value: written}); err != nil || got != want {
			t.Errorf("%s: %q, %v", written, got, err)
		}
	}
}
