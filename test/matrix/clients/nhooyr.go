package main

import (
	"context"
	"os"

	"nhooyr.io/websocket"
)

func main() {
	options := &websocket.DialOptions{}
	if len(os.Args) < 3 {
		options.CompressionMode = websocket.CompressionDisabled
	}
	conn, _, err := websocket.Dial(context.Background(), os.Args[1], options)
	if err != nil {
		os.Exit(1)
	}
	for {
		kind, message, err := conn.Read(context.Background())
		if err != nil || conn.Write(context.Background(), kind, message) != nil {
			return
		}
	}
}
