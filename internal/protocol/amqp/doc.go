// Package amqp reads AMQP: 0-9-1 (and what of 0-9 is the same) by its methods, and of
// 1.0 (ISO/IEC 19464) the names of its performatives. It tells who the broker and its
// client say they are, who logs in, and what is declared, published and fetched, by
// queue, exchange or routing key. What the broker delivers are samples.
//
// It must not read passwords, nor what is in messages: bodies are passed over.
package amqp
