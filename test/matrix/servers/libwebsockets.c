#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

/* Collects a message, and sends it before more is read. */
struct session {
  unsigned char *bytes;
  size_t length;
  int whole, binary;
};

static void forget(struct session *session) {
  free(session->bytes);
  session->bytes = NULL;
  session->length = 0;
  session->whole = 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length) {
  struct session *session = user;
  switch (reason) {
  case LWS_CALLBACK_RECEIVE:
    session->bytes = realloc(session->bytes, LWS_PRE + session->length + length + 1);
    memcpy(session->bytes + LWS_PRE + session->length, in, length);
    session->length += length;
    session->binary = lws_frame_is_binary(wsi);
    if (!lws_is_final_fragment(wsi) || lws_remaining_packet_payload(wsi)) return 0;
    session->whole = 1;
    lws_rx_flow_control(wsi, 0);
    lws_callback_on_writable(wsi);
    return 0;
  case LWS_CALLBACK_SERVER_WRITEABLE: {
    if (!session->whole) return 0;
    int written = lws_write(wsi, session->bytes + LWS_PRE, session->length, session->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
    forget(session);
    lws_rx_flow_control(wsi, 1);
    return written < 0 ? -1 : 0;
  }
  case LWS_CALLBACK_CLOSED:
    forget(session);
    return 0;
  default:
    return 0;
  }
}

static struct lws_protocols protocols[] = {
    {"http", lws_callback_http_dummy, 0, 0}, {"echo", on_event, sizeof(struct session), 65536}, {NULL, NULL, 0, 0}};

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate; client_no_context_takeover"}, {NULL, NULL, NULL}};

/* A request without a subprotocol goes to this protocol. */
static const struct lws_protocol_vhost_options is_default = {NULL, NULL, "default", "1"};
static const struct lws_protocol_vhost_options protocol_options = {NULL, &is_default, "echo", ""};

int main(int argc, char **argv) {
  struct lws_context_creation_info info;
  memset(&info, 0, sizeof info);
  info.port = atoi(argv[1]);
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  info.pvo = &protocol_options;
  if (argc > 2) info.extensions = extensions;
  lws_set_log_level(0, NULL);
  struct lws_context *context = lws_create_context(&info);
  if (!context) return 1;
  while (lws_service(context, 0) >= 0) {
  }
}
