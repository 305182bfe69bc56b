#include <libsoup/soup.h>

static GMainLoop *loop;

static void on_message(SoupWebsocketConnection *connection, gint type, GBytes *message, gpointer data) {
  soup_websocket_connection_send_message(connection, type, message);
}

static void on_connected(GObject *session, GAsyncResult *result, gpointer data) {
  SoupWebsocketConnection *connection = soup_session_websocket_connect_finish(SOUP_SESSION(session), result, NULL);
  if (!connection) {
    g_main_loop_quit(loop);
    return;
  }
  g_signal_connect(connection, "message", G_CALLBACK(on_message), NULL);
  g_signal_connect_swapped(connection, "closed", G_CALLBACK(g_main_loop_quit), loop);
}

int main(int argc, char **argv) {
  loop = g_main_loop_new(NULL, FALSE);
  SoupSession *session = soup_session_new();
  SoupMessage *message = soup_message_new("GET", argv[1]);
  if (!message) return 1;
  soup_session_websocket_connect_async(session, message, NULL, NULL, G_PRIORITY_DEFAULT, NULL, on_connected, NULL);
  g_main_loop_run(loop);
}
