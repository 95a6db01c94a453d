// Copyright the Firedoor authors. SPDX-License-Identifier: Apache-2.0

// Package firedoor holds the nouns that every other package speaks in: the
// event vocabulary (the only seam between parsing and judging), addresses,
// operations, assets and alerts.
//
// It must not import anything but the standard library, must not do I/O, read
// a clock or keep state: everything here is a plain value.
package firedoor
