#include <cstdlib>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

struct DeflateConfig : websocketpp::config::asio {
  struct permessage_deflate_config {};
  typedef websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config> permessage_deflate_type;
};

template <typename Config> int run(int port) {
  typedef websocketpp::server<Config> Server;
  Server server;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.clear_error_channels(websocketpp::log::elevel::all);
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_message_handler([&](websocketpp::connection_hdl handle, typename Server::message_ptr message) {
    websocketpp::lib::error_code error;
    server.send(handle, message->get_payload(), message->get_opcode(), error);
  });
  server.listen(boost::asio::ip::tcp::v4(), port);
  server.start_accept();
  server.run();
  return 0;
}

int main(int, char **argv) {
  int port = std::atoi(argv[1]);
  return argv[2] ? run<DeflateConfig>(port) : run<websocketpp::config::asio>(port);
}
