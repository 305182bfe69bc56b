package main

import (
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
	conn, err := websocket.Dial(os.Args[1], "", "http://localhost/")
	if err != nil {
		os.Exit(1)
	}
	defer conn.Close()
	for {
		var m message
		if codec.Receive(conn, &m) != nil || codec.Send(conn, &m) != nil {
			return
		}
	}
}
