#include <QCoreApplication>
#include <QHostAddress>
#include <QWebSocket>
#include <QWebSocketServer>

int main(int argc, char **argv) {
  QCoreApplication app(argc, argv);
  QWebSocketServer server("echo", QWebSocketServer::NonSecureMode);
  QObject::connect(&server, &QWebSocketServer::newConnection, [&] {
    while (QWebSocket *socket = server.nextPendingConnection()) {
      QObject::connect(socket, &QWebSocket::textMessageReceived, [=](const QString &text) { socket->sendTextMessage(text); });
      QObject::connect(socket, &QWebSocket::binaryMessageReceived, [=](const QByteArray &bytes) { socket->sendBinaryMessage(bytes); });
      QObject::connect(socket, &QWebSocket::disconnected, socket, &QWebSocket::deleteLater);
    }
  });
  if (!server.listen(QHostAddress::LocalHost, QString(argv[1]).toUShort())) return 1;
  return app.exec();
}
