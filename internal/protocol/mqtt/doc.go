// Package mqtt reads MQTT: 3.1 (IBM and Eurotech, 2010), 3.1.1 (OASIS, 2014) and
// 5.0 (OASIS, 2019), whose clauses comments cite, and inside it the payloads of
// Sparkplug B (Eclipse Sparkplug 3.0) on its topics.
//
// A connection is a flow from a client to its broker. What the client asks are
// operations: connecting (and the will it leaves), subscribing to each filter,
// publishing to a topic, asking whether the broker lives. What the broker
// publishes to it are samples. A payload that is nothing but a number or a truth
// value in text has a value: numbers are always 64-bit reals, so that a topic
// keeps its type whether 21 or 21.5 is told. A short payload that is any other text
// has that text beside it, unless it speaks of a secret.
//
// Of Sparkplug each metric of births, deaths and data is a sample under its own
// name, also where a client publishes it: that is its report and not a command.
// The publishing itself is one operation on the topic. Each metric of a command is
// an operation. Aliases and types are learned from births.
//
// It must not read passwords, authentication data or user properties, must not
// look into payloads for more than one value, and must not guess: a topic or
// metric known only by an alias whose meaning was not seen is told as partial, or
// by its number.
//
// # Numbers and words
//
// The code of an operation is the type of its packet; the will has that of the
// packet that carries it. A connection seen from its middle on does not say its
// version: it is concluded from the first packet that is sound in only one.
package mqtt
