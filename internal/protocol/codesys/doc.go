// Package codesys reads the protocol of CODESYS V3 controllers (TCP 11740-11743
// with a block driver of its own, UDP 1740-1743): the naming service by which
// devices are found, channels, and the services that travel in them: logins,
// applications that are started, stopped and loaded, files, variables.
//
// It is made from public descriptions. Seen on a wire here were only the eight octets
// by which a node looks for addresses (UDP 1740 to 1743): the header of the datagram layer
// with the service of that name, no receiver, and as sender the number of the port among the
// four and the end of the IP address. They take a flow where every octet is so. The sources: the
// manufacturer's manual of the runtime (layers), the constants of its library
// DatasourceApplicationV3 and of the interface files of its runtime (numbers of
// services and tags), Microsoft's ICS forensics tools (layout of each layer), a
// dissector in Lua (names of services), and a client that its author made after
// recordings of CODESYS 3.5.18 (xy585/codesysV3: wide channels, login in two steps, traces).
//
// The golden files were read against Microsoft's tools and that client: block,
// datagram, naming with the device's texts, both forms of a channel's messages, the head of a
// service, tags, the groups of services by number, and the tags of logins, files and traces.
// The commands of the other groups were not held against their source again, and that a
// result stands where applications are started and stopped no second source says.
//
// Services are told by their first block; those that move files are put together and
// the file is hashed. How a download packs its content is public in part: a sum is
// told where the size fits that of the start.
//
// It must not keep what a service moves, must not read a password or a challenge,
// and must not guess: an answer counts as ok unless it is one whose result is
// publicly known and says something else. Applications that are loaded as such, and
// not as files, are not hashed: their services have public names, and nobody has
// described their tags (the dissector shows every tag as octets).
package codesys
