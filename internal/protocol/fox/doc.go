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
// alive) or n (nothing). Blobs and objects tell their length: "N[bytes]".
//
// It must not read credentials, nor bodies other than those of the fox channel.
// What is asked by the server's side is passed over. Behind TLS (port 4911) there
// is nothing to read.
package fox
