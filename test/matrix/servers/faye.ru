require 'faye/websocket'
require 'permessage_deflate' if ENV['DEFLATE']

run lambda { |env|
  next [400, {}, []] unless Faye::WebSocket.websocket?(env)

  socket = Faye::WebSocket.new(env)
  socket.on(:message) { |event| socket.send(event.data) }
  socket.rack_response
}
