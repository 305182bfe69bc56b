package main

import (
	"os"

	"github.com/gorilla/websocket"
)

func main() {
	dialer := websocket.Dialer{EnableCompression: len(os.Args) > 2}
	conn, _, err := dialer.Dial(os.Args[1], nil)
	if err != nil {
		os.Exit(1)
	}
	defer conn.Close()
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, message) != nil {
			return
		}
	}
}
