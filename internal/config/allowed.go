package config

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"firedoor/internal/spelling"
)

// allowed holds a value against the range and oneof tags of its field.
func allowed(f field) error {
	if text, ok := f.value.Interface().(string); ok {
		return oneOf(text, f.tag.Get("oneof"))
	}
	if list, ok := f.value.Interface().([]string); ok && len(list) > mostItems(f) {
		return fmt.Errorf("is too long a list: at most %d", mostItems(f))
	}
	least, most, ok := strings.Cut(f.tag.Get("range"), "..")
	if !ok {
		return nil
	}
	switch v := f.value.Interface().(type) {
	case int:
		return within(v, least, most, strconv.Atoi)
	case float64:
		return within(v, least, most, func(s string) (float64, error) { return strconv.ParseFloat(s, 64) })
	case time.Duration:
		return within(v, least, most, ParseDuration)
	case Size:
		return within(v, least, most, ParseSize)
	}
	return nil
}

// mostItems is how many items a list may hold.
func mostItems(f field) int {
	n, err := strconv.Atoi(f.tag.Get("most"))
	if err != nil {
		panic("config: " + f.key + " has no tag that bounds it")
	}
	return n
}

func within[T cmp.Ordered](v T, least, most string, parse func(string) (T, error)) error {
	lo, errLo := parse(least)
	hi, errHi := parse(most)
	switch {
	case errLo != nil || errHi != nil:
		panic("config: range tag " + least + ".." + most + " is wrong")
	case v < lo:
		return fmt.Errorf("is too small: give %s to %s", least, most)
	case v > hi:
		return fmt.Errorf("is too large: give %s to %s", least, most)
	}
	return nil
}

// oneOf holds a word against those that are allowed, separated by commas.
func oneOf(text, words string) error {
	if words == "" {
		return nil
	}
	list := strings.Split(words, ",")
	for _, w := range list {
		if w == text {
			return nil
		}
	}
	return fmt.Errorf("is not one of %s", strings.Join(list, ", "))
}

// didYouMean names the keys that an unknown one may stand for: one of the same
// section that is spelt almost so, or the same key of another section.
func didYouMean(key string, siblings []field, path string) string {
	best, distance := "", 3
	if len(key) <= 4 {
		distance = 2
	}
	for _, f := range siblings {
		if n := spelling.Slips(strings.ToLower(key), f.key, distance-1); n < distance {
			best, distance = join(path, f.key), n
		}
	}
	if best != "" {
		return "; did you mean " + best + "?"
	}
	var elsewhere []string
	c := Default()
	eachKey(sectionOf(&c), "", func(name string, f field) {
		if f.key == key {
			elsewhere = append(elsewhere, name)
		}
	})
	if len(elsewhere) > 0 {
		return "; did you mean " + strings.Join(elsewhere, " or ") + "?"
	}
	return ""
}

// eachKey calls do for every section and value, in the order of the structs.
func eachKey(fields []field, path string, do func(name string, f field)) {
	for _, f := range fields {
		name := join(path, f.key)
		do(name, f)
		if f.isSection() {
			eachKey(sectionOf(f.value.Addr().Interface()), name, do)
		}
	}
}
