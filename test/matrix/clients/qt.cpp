#include <QCoreApplication>
#include <QWebSocket>

int main(int argc, char **argv) {
  QCoreApplication app(argc, argv);
  QWebSocket socket;
  QObject::connect(&socket, &QWebSocket::textMessageReceived, [&](const QString &text) { socket.sendTextMessage(text); });
  QObject::connect(&socket, &QWebSocket::binaryMessageReceived, [&](const QByteArray &bytes) { socket.sendBinaryMessage(bytes); });
  QObject::connect(&socket, &QWebSocket::disconnected, &app, &QCoreApplication::quit, Qt::QueuedConnection);
  socket.open(QUrl(QString::fromLocal8Bit(argv[1])));
  return app.exec();
}
