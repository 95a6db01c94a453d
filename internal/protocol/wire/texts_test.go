package wire

import (
	"bytes"
	"testing"
	"unsafe"

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

// TestTextsTakeWhatTheyNeed: a flow that never tells a text has no room for it, one
// that tells one at a time has room for one, and whoever had many takes no more.
func TestTextsTakeWhatTheyNeed(t *testing.T) {
	all := &Texts{}
	if cap(all.List()) != 0 || unsafe.Sizeof(*all) > 24 {
		t.Errorf("no text takes %d and %d bytes", unsafe.Sizeof(*all), cap(all.List()))
	}
	word := []byte("w")
	for range 3 {
		if got := cap(all.One(nil, word)); got != 1 {
			t.Errorf("one text has room for %d", got)
		}
	}
	fill := func() {
		for all.Reset(); all.Add(word); {
		}
	}
	fill()
	if got := cap(all.List()); got != maxTexts {
		t.Errorf("room for %d texts, not %d", got, maxTexts)
	}
	if n := testing.AllocsPerRun(10, fill); n != 0 {
		t.Errorf("%v allocations for texts that had room", n)
	}
}
