// Package httplimit keeps clients that send nothing, or read nothing, from using an HTTP
// server up.
//
//	limited := httplimit.Listen(l, httplimit.Config{Connections: 1000, PerAddress: 700, Group: group})
//	server := httplimit.NewServer(httplimit.Unread(handler), limited)
//	err := server.Serve(limited)
//
// Every request has deadlines for its header, its body and its answer, and so has an idle
// connection ([NewServer]). A handler whose request or answer may take longer replaces them by
// deadlines that each progress renews: [Upload] and [Stream]. [Unread] answers at once
// where a handler doesn't want a body that was announced. A [Listener] bounds how many
// connections are open, in all and from one address; when there are as many, one that is doing
// nothing makes room.
package httplimit
