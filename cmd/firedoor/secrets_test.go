package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"firedoor/internal/plant"
)

// forms are the ways in which a secret could stand in an output.
func forms(secret string) map[string]string {
	var numbers, spaced []string
	for _, b := range []byte(secret) {
		numbers = append(numbers, fmt.Sprint(b))
		spaced = append(spaced, fmt.Sprintf("%02x", b))
	}
	var words []string // as registers would show it
	for i := 0; i+1 < len(secret); i += 2 {
		words = append(words, fmt.Sprint(int(secret[i])<<8|int(secret[i+1])))
	}
	return map[string]string{
		"itself":    secret,
		"lower":     strings.ToLower(secret),
		"upper":     strings.ToUpper(secret),
		"base64":    strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
		"url":       strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(secret)), "="),
		"hex":       hex.EncodeToString([]byte(secret)),
		"hex:":      strings.Join(spaced, ":"),
		"hex ":      strings.Join(spaced, " "),
		"numbers":   strings.Join(numbers, ","),
		"registers": strings.Join(words, ","),
		"reversed":  reversed(secret),
	}
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// pieces are a secret's parts of eight bytes: half a password is one, too.
func pieces(secret string) (out []string) {
	const size = 8
	for i := 0; i+size <= len(secret); i += 4 {
		out = append(out, secret[i:i+size])
	}
	return out
}

// TestNoSecretGetsOut looks for every password of a capture full of logins, in
// every form, in everything the product writes.
func TestNoSecretGetsOut(t *testing.T) {
	var b bytes.Buffer
	secrets, err := plant.WriteSecrets(&b)
	if err != nil {
		t.Fatal(err)
	}
	if len(secrets) < 10 {
		t.Fatalf("only %d secrets in the capture", len(secrets))
	}
	whole := b.Bytes()
	captures := mirrored(whole)
	captures["whole"] = whole
	captures["headers"] = headersFlipped(whole)
	captures["backwards"] = reordered(whole, func(i int) int { return len(records(whole)) - 1 - i })
	for name, capture := range captures {
		path := write(t, name+".pcap", capture)
		for _, learn := range []string{"1%", "100%"} {
			for file, text := range everything(t, path, learn) {
				leaks(t, name+" "+file, text, secrets)
			}
		}
	}
}

// everything is all that a replay writes, by place.
func everything(t *testing.T, path, learn string) folder {
	t.Helper()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	m := Main{Args: []string{"replay", "--learn", learn, "--out", dir, "--events", filepath.Join(dir, "lines"), path},
		Stdout: &stdout, Stderr: &stderr, Terminal: true}
	if status := m.Run(context.Background()); status > exitDamaged {
		t.Fatalf("%s: exit status %d: %s", path, status, stderr.String())
	}
	got := readFolder(t, dir)
	got["standard output"], got["standard error"] = stdout.Bytes(), stderr.Bytes()
	return got
}

func leaks(t *testing.T, where string, text []byte, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		for form, s := range forms(secret) {
			if bytes.Contains(text, []byte(s)) {
				t.Errorf("%s has the secret %q (%s)", where, secret, form)
			}
		}
		for _, s := range pieces(secret) {
			if bytes.Contains(text, []byte(s)) {
				t.Errorf("%s has %q, a part of the secret %q", where, s, secret)
			}
		}
	}
}

// TestSecretsAreThere holds that the capture really has what the test above looks
// for: some of it in one piece.
func TestSecretsAreThere(t *testing.T) {
	var b bytes.Buffer
	secrets, err := plant.WriteSecrets(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if !strings.Contains(b.String(), secret) && !strings.Contains(b.String(), base64.StdEncoding.EncodeToString([]byte("admin:"+secret))) {
			t.Errorf("the capture has no %q: it proves nothing about it", secret)
		}
	}
}
