#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <string>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = boost::asio::ip::tcp;

// ws://HOST:PORT/TARGET; this library has no parser of URLs. A fragment is an error (RFC 6455 §3).
int main(int argc, char **argv) {
  std::string url = argv[1];
  if (url.compare(0, 5, "ws://") != 0 || url.find('#') != std::string::npos) return 1;
  url.erase(0, 5);
  auto end = url.find_first_of("/?");
  std::string authority = url.substr(0, end), target = end == std::string::npos ? "" : url.substr(end);
  if (target.empty() || target[0] == '?') target.insert(0, "/");
  auto colon = authority.rfind(':');
  if (colon == std::string::npos) return 1;
  boost::asio::io_context context;
  websocket::stream<tcp::socket> ws{context};
  if (argc > 2) {
    websocket::permessage_deflate deflate;
    deflate.client_enable = true;
    ws.set_option(deflate);
  }
  try {
    boost::asio::connect(ws.next_layer(), tcp::resolver{context}.resolve(authority.substr(0, colon), authority.substr(colon + 1)));
    ws.handshake(authority, target);
    for (beast::flat_buffer buffer;;) {
      ws.read(buffer);
      ws.text(ws.got_text());
      ws.write(buffer.data());
      buffer.consume(buffer.size());
    }
  } catch (const std::exception &) {
    return 1;
  }
}
