require 'em-websocket'

EM.run do
  EM::WebSocket.run(host: '127.0.0.1', port: ARGV[0].to_i) do |socket|
    # After a Close, sending raises an error that would end the process.
    socket.onmessage { |text| socket.send_text(text) if socket.state == :connected }
    socket.onbinary { |bytes| socket.send_binary(bytes) if socket.state == :connected }
  end
end
