require 'em-websocket'

EM.run do
  EM::WebSocket.run(host: '127.0.0.1', port: ARGV[0].to_i) do |socket|
    socket.onmessage { |text| socket.send_text(text) }
    socket.onbinary { |bytes| socket.send_binary(bytes) }
  end
end
