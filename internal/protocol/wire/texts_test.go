package wire

import (
	"bytes"
	"testing"

	"firedoor"
)

func TestSecretive(t *testing.T) {
	for _, name := range []string{"Password", "user.PASSWD", "db_pwd", "Wifi/Passphrase", "ApiKey", "x-api-key", "client_secret", "Token2", "wpa-PSK", "{\"password\":"} {
		if !Secretive([]byte(name)) {
			t.Errorf("%q is told", name)
		}
	}
	for _, name := range []string{"", "Bypass", "Passage", "Key", "Valve/State", "pw", "p", "tok", "Sekret", "ÄPFEL"} {
		if Secretive([]byte(name)) {
			t.Errorf("%q is taken for a secret", name)
		}
	}
}

func TestLegible(t *testing.T) {
	for text, want := range map[string]bool{"": false, "run": true, "läuft\r\n\t": true, "a\x00": false, "\x7f": false, "l\xe4uft": false} {
		if Legible([]byte(text)) != want {
			t.Errorf("%q is text: %v", text, !want)
		}
	}
}

// TestTextsAreBounded: one more than is written is kept, so that it shows.
func TestTextsAreBounded(t *testing.T) {
	var all Texts
	if all.List() != nil {
		t.Error("nothing is a list")
	}
	for i := range firedoor.MaxTexts + 5 {
		if room := all.Add([]byte{byte(i)}); room != (i < firedoor.MaxTexts) {
			t.Errorf("room behind %d: %v", i, room)
		}
	}
	if list := all.List(); len(list) != firedoor.MaxTexts+1 || !bytes.Equal(list[firedoor.MaxTexts], []byte{firedoor.MaxTexts}) {
		t.Errorf("%d texts", len(list))
	}
	if all.One([]byte("pwd"), []byte("x")) != nil || len(all.One([]byte("name"), []byte("x"))) != 1 {
		t.Error("a single text is told by its name")
	}
}
