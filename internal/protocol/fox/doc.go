// Package fox reads Niagara Fox (TCP port 1911), the protocol between stations and
// workbenches of Tridium's building automation: who both sides are (hello), who
// logs in and whether he may, and the commands by channel with their outcome.
//
// The format has no public specification; it is read as the open tools for it and
// published captures have it. A message is a line and a body of tuples:
//
//	fox TYPE NUMBER REPLY CHANNEL COMMAND
//	{
//	key=type:value
//	};;
//
// TYPE is a (goes one way), s (wants a reply), r (reply), e (error), k (keep
// alive), n (reply that holds nothing) or c (close). REPLY is a number that a request
// chose and its reply repeats, -1 if none. Blobs and objects tell their length:
// "N[bytes]"; texts have what is no ASCII as "#", hexadecimal digits, ";".
//
// The golden files were read against M. Tommasini's dissector in Lua and a published
// reading of Niagara 4's own classes, which a login to a controller confirmed: types of
// message, numbers, types of value, escapes, the order of a login. Of requests and
// replies after it no recording was at hand.
//
// It must not read credentials, nor bodies other than those of the fox channel.
// What is asked by the server's side is passed over. Behind TLS (port 4911) there
// is nothing to read.
package fox
