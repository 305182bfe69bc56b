package main

import (
	"net/http"
	"os"

	"golang.org/x/net/websocket"
)

type message struct {
	data []byte
	kind byte
}

// The codecs of the package determine the type; this one preserves it.
var codec = websocket.Codec{
	Marshal: func(v interface{}) ([]byte, byte, error) {
		m := v.(*message)
		return m.data, m.kind, nil
	},
	Unmarshal: func(data []byte, kind byte, v interface{}) error {
		*v.(*message) = message{data, kind}
		return nil
	},
}

func main() {
	echo := func(ws *websocket.Conn) {
		defer ws.Close()
		for {
			var m message
			if codec.Receive(ws, &m) != nil || codec.Send(ws, &m) != nil {
				return
			}
		}
	}
	accept := func(*websocket.Config, *http.Request) error { return nil }
	http.Handle("/", websocket.Server{Handler: echo, Handshake: accept})
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
